package webhook

import (
	"context"
	"time"
)

// Parcel is one attempt at one delivery, ready to be posted.
type Parcel struct {
	// Style is the form it is delivered in.
	Style Style
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
	// Failure's values, and empty where there was a whole answer.
	Failure Failure
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

// Failure is why an endpoint could not be asked.
type Failure string

// The failures.
const (
	// DNS: its name leads to no public address, because there is no such name or
	// because it leads to another kind of address. Which, is not told.
	DNS Failure = "dns"
	// Refused: nobody listens there, or the network has no way to it.
	Refused Failure = "refused"
	// TLS: it could not prove that it is who its name says.
	TLS Failure = "tls"
	// Reset: the connection broke before an answer was there.
	Reset Failure = "reset"
	// TimedOut: there was no whole answer in time.
	TimedOut Failure = "timeout"
	// Forbidden: it names an address itself that deliveries may not go to.
	Forbidden Failure = "forbidden_address"
	// BadAnswer: what came was not HTTP.
	BadAnswer Failure = "bad_answer"
	// NotRead: what it was to be told could not be read here, so it was not
	// asked.
	NotRead Failure = "not_read"
)

// Poster carries parcels to endpoints. Posting the same parcel twice gives the
// receiver the same id twice.
type Poster interface {
	// Post makes one attempt. It does not return later than its time limit, and
	// follows no redirect.
	Post(ctx context.Context, p Parcel) Answer
	// Check says what is wrong with an address before anything is posted to it,
	// as a sentence for whoever gave it; empty is nothing. It asks nobody, so
	// that a name which leads to a forbidden address is only found by Post.
	Check(url string) string
	// CheckHeader says in the same way what is wrong with a header of a
	// practice's own. Post leaves such a header out.
	CheckHeader(name, value string) string
}
