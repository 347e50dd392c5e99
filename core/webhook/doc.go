// Package webhook is the endpoints of a practice's partners: addresses that are sent
// what happened, what was delivered to them, and the log of events for those who
// would rather ask. core/courier delivers.
//
//	webhook.go    endpoints
//	port.go       what this package needs remembered
//	manage.go     endpoints created, changed, listed, switched off and deleted
//	summary.go    endpoints summed up by the type of event
//	key.go        their signing keys
//	delivery.go   what was delivered, and how each attempt went
//	replay.go     deliveries made again: one, or all that were missed
//	log.go        the log of events
//	try.go        invented events, to try an endpoint with
//	sample.go     the data of invented events
package webhook
