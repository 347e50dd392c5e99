package courier

import (
	"context"
	"time"

	"frontdesk/core/webhook"
)

// Parcel is one attempt at one delivery, ready to be posted.
type Parcel struct {
	// Format is the form it is delivered in; empty is Standard.
	Format webhook.Format
	// URL is the address of the endpoint.
	URL string
	// ID is the event's id: the same in every attempt and every replay, so that
	// a receiver can tell what it has had already.
	ID string
	// Attempt counts the attempts at this delivery, from 1.
	Attempt int
	// At is when the attempt is made; it is part of what is signed.
	At time.Time
	// Body is the payload as it goes out, compact JSON.
	Body []byte
	// Headers are the practice's own. They never replace ours, Host,
	// Content-Length or one that belongs to the connection.
	Headers map[string]string
	// Secrets sign it, the newest first. While a key is being changed there are
	// two, and the receiver may check with either.
	Secrets []string
	// Ed25519 are the seeds of the same keys for the asymmetric signature of
	// Standard Webhooks (v1a), the newest first; none where it is not asked for.
	Ed25519 [][]byte
}

// Answer is what an endpoint said to a parcel.
type Answer struct {
	// Status is the HTTP status, or 0 where there was no answer.
	Status int
	// Failure says why there was no answer, or why it cannot count: one of
	// its values, and empty where there was a whole answer.
	Failure webhook.Failure
	// RetryAfter is how long the endpoint asked to be left alone, or 0.
	RetryAfter time.Duration
	// Body is the beginning of its answer, as text, at most AnswerSize bytes.
	Body string
	// Took is how long it took.
	Took time.Duration
}

// AnswerSize is how much of an endpoint's answer is kept, in bytes.
const AnswerSize = 1024

// Accepted reports whether the endpoint took the parcel.
func (a Answer) Accepted() bool { return a.Failure == "" && a.Status >= 200 && a.Status < 300 }

// Poster carries parcels to endpoints. Posting the same parcel twice gives the receiver the same id twice.
type Poster interface {
	// Post makes one attempt. It does not return later than its time limit, and follows no redirect.
	Post(ctx context.Context, p Parcel) Answer
}
