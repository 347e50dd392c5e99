// Package event is what happened: a fact in the past tense, kept in the
// transaction that made it true. Webhooks are told from these rows alone.
package event

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

// Event is one fact.
type Event struct {
	ID int64
	// Group is the practice group it happened in.
	Group int64
	// Type is noun and past participle, for example "appointment.confirmed".
	Type string
	// Subject is the id of the thing it happened to; 0 for news, which is counted
	// by nothing.
	Subject int64
	// Sequence counts the events of one subject: 1, 2, 3, with no gaps.
	Sequence int64
	At       time.Time
	// Data is thin: ids, states and times, never clinical text or contact
	// details.
	Data json.RawMessage
}

// Recorder keeps events in a transaction.
type Recorder interface {
	Record(ctx context.Context, e Event) error
}

// News is an event that only subscriptions of the GraphQL API are told of: its
// type is one of theirs, and its data the ids of what it is about, by noun. Ids
// of 0 are left out. It has no place among the counted events of the thing.
func News(group int64, topic string, at time.Time, ids map[string]int64) Event {
	data := make(map[string]string, len(ids))
	for noun, id := range ids {
		if id != 0 {
			data[noun+"_id"] = strconv.FormatInt(id, 10)
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // text always encodes
	}
	return Event{Group: group, Type: topic, At: at, Data: text}
}
