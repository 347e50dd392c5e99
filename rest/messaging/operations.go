// Package messaging has the operations on messages, replies and batches.
//
//	messaging.go  messages, replies and opting out
//	batch.go      batches
package messaging

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
