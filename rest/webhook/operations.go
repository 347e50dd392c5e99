// Package webhook has the operations on webhooks and their deliveries.
//
//	webhook.go   webhooks
//	delivery.go  deliveries, events and replays
package webhook

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
