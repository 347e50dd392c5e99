// Package webhook tells a practice's partners what happened: endpoints they
// give, deliveries that are signed and tried until they are taken or given up,
// and the log of events for whoever would rather ask.
package webhook
