// Package event is what happened: a fact in the past tense, kept in the
// transaction that made it true. Webhooks deliver these rows alone.
//
//	event.go   an event, and how a change is recorded
//	type.go    the list of all types of events
//
// A change is recorded once, as one event, whatever formats it is delivered in later. Where it consists of several
// facts (a line was added to an invoice, and the invoice is paid) the finer ones are its parts. Which types a format
// delivers, and what it calls them, is the format's business.
package event

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

// Event is one change.
type Event struct {
	ID int64
	// Group is the practice group it happened in.
	Group int64
	Type  Type
	// Subject is the id of the thing it happened to; 0 for an event that no sequence counts.
	Subject int64
	// Sequence counts the events of one subject: 1, 2, 3, with no gaps.
	Sequence int64
	At       time.Time
	// Data is thin: ids, states and times, never clinical text or contact details.
	Data json.RawMessage
	// Only narrows the endpoints that get it; it is not kept.
	Only Endpoints
	// Parts are the finer facts it consists of. Each is delivered by itself, and no sequence counts it.
	Parts []Fact
}

// Endpoints are the endpoints of one partner, but for one of them. The zero value is all there are.
type Endpoints struct {
	Owner string
	But   int64
}

// IDs are the ids of what something is about, by noun. An id of 0 is left out.
type IDs map[string]int64

// Fact is a part of a change.
type Fact struct {
	Type Type
	IDs  IDs
}

// Data are its ids as an event has them.
func (f Fact) Data() json.RawMessage {
	data := make(map[string]string, len(f.IDs))
	for noun, id := range f.IDs {
		if id != 0 {
			data[noun+"_id"] = strconv.FormatInt(id, 10)
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // text always encodes
	}
	return text
}

// Of is the event of a change of which facts with ids say all. The last fact is
// the event, and those before it are its parts.
func Of(group int64, at time.Time, facts ...Fact) Event {
	parts, last := facts[:len(facts)-1], facts[len(facts)-1]
	return Event{Group: group, Type: last.Type, At: at, Data: last.Data(), Parts: parts}
}

// Recorder keeps events in a transaction.
type Recorder interface {
	Record(ctx context.Context, e Event) error
}
