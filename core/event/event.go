// Package event is what happened: a fact in the past tense, kept in the
// transaction that made it true. Webhooks are told from these rows alone.
package event

import (
	"encoding/json"
	"time"
)

// Event is one fact.
type Event struct {
	ID int64
	// Group is the practice group it happened in.
	Group int64
	// Type is noun and past participle, for example "appointment.confirmed".
	Type string
	// Subject is the id of the thing it happened to.
	Subject int64
	// Sequence counts the events of one subject: 1, 2, 3, with no gaps.
	Sequence int64
	At       time.Time
	// Data is thin: ids, states and times, never clinical text or contact
	// details.
	Data json.RawMessage
}
