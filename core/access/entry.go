package access

import (
	"encoding/json"
	"time"
)

// Entry is one entry of the audit trail: a change, or what one call has shown.
// core/audit keeps and lists entries; they begin here because each begins with a
// caller.
type Entry struct {
	ID int64
	// Group is the practice group whose data it is about.
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

	// A call that has read is an entry too. Door is what it came through,
	// Operation the name of what it asked, Outcome "ok" or the code of what went
	// wrong, and Subjects are the things it has shown, each as what it is, a colon
	// and its id; More is how many others there were. They are empty for a change
	// that shows nothing.
	Door, Operation, Outcome string
	Subjects                 []string
	More                     int
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
