// Package audit is the trail of who changed what: one entry for each change,
// kept in the transaction that made it.
package audit

import (
	"encoding/json"
	"time"
)

// Entry is one change.
type Entry struct {
	ID int64
	// Group is the practice group whose data changed.
	Group int64
	At    time.Time
	// Actor is who did it: a partner's name, "system" for our own jobs, or
	// "operator" for the command line.
	Actor string
	// KeyID is the API key used, and KeyGroup the group that key belongs to,
	// which is another one when a network member acts. Zero without a key.
	KeyID    int64
	KeyGroup int64
	// RequestID is the id of the request that asked for it.
	RequestID string
	// Action is what was done, for example "appointment.book".
	Action string
	// Entity and EntityID say to what.
	Entity   string
	EntityID int64
	// Before and After are the thing as JSON; Before is empty for something
	// new, After for something gone.
	Before json.RawMessage
	After  json.RawMessage

	// A call of an API is an entry too, also when it changed nothing. Door is
	// the API, Operation the name the caller gave what it asked, Outcome "ok" or
	// the code of what went wrong, and Subjects are the things it touched, each
	// as what it is, a colon and its id. They are empty for a change.
	Door, Operation, Outcome string
	Subjects                 []string
}

// Snapshot encodes a thing for Before or After; nil gives nothing.
func Snapshot(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs always encode
	}
	return b
}
