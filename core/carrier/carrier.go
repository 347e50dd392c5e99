// Package carrier is what hands messages over to a provider, and what providers
// tell of them: the port every connector for messages implements.
//
//	carrier.go  the port
//	abroad.go   carriers that bring text messages to numbers of other countries
package carrier

import (
	"context"
	"time"

	"frontdesk/core/fault"
)

// Channel is a way a message reaches a patient.
type Channel string

// The channels, spelt as the contract spells message types.
const (
	Hero   Channel = "hero" // read in the patient's own page, and nowhere else
	SMS    Channel = "sms"
	Email  Channel = "email"
	NHSApp Channel = "nhs_app"
)

// Channels are all the channels.
var Channels = []Channel{Hero, SMS, Email, NHSApp}

// Outgoing is one message on its way to one carrier.
type Outgoing struct {
	// Key is this leg of this message, for ever: handing the same key over
	// twice must not reach the patient twice where Idempotent says so.
	Key     string
	Channel Channel
	// To is where it goes: +447700900123 or an e-mail address; empty for the NHS App.
	To        string
	NHSNumber string // ten digits, when known
	// FromName is the practice, as the patient knows it.
	FromName string
	Subject  string // e-mail only
	// Unsubscribe is where the patient asks for no more e-mails of the kind, with
	// one click (RFC 8058); empty for direct care.
	Unsubscribe string
	Text        string
	// Calendar is an iCalendar object with a METHOD that goes with an e-mail; empty is none. A carrier whose provider
	// takes no such part leaves it out.
	Calendar string
	// Pair is set when the carrier has been asked for both ways of the message at once, and has said that it does that.
	Pair Pair
	// Request is that of an Unanswered when it is handed over again, with all the
	// others of that request and nothing else.
	Request string
	// Recorder is told what goes out; nil records nothing.
	Recorder Recorder
}

// Recording is the message's Recorder, or one that keeps nothing.
func (m Outgoing) Recording() Recorder {
	if m.Recorder == nil {
		return noRecorder{}
	}
	return m.Recorder
}

// Recorder keeps note of what goes out to a provider and of what came of it. When the program dies it is known from
// there which messages the provider may have, and which it certainly has not.
type Recorder interface {
	// Start is called before anything of a request with these messages goes out, and returns when that is kept. request
	// is what the provider knows it by, if it takes the same request twice as one. After an error nothing may go out.
	Start(ctx context.Context, request string, keys ...string) error
	// End notes what came of a message. It is kept with the next Start or Flush.
	End(key string, r Result)
	// Flush returns when every End is kept. A carrier that has so many requests
	// open at once calls it before it lets another message go in the place of one.
	Flush(ctx context.Context)
}

// Recorded is a carrier that tells a message's Recorder whatever goes out. Of any other
// it is unknown what had gone when the program died.
type Recorded interface{ Recorded() }

// noRecorder keeps no note of anything.
type noRecorder struct{}

func (noRecorder) Start(context.Context, string, ...string) error { return nil }
func (noRecorder) End(string, Result)                             {}
func (noRecorder) Flush(context.Context)                          {}

// Pair is the second way of a message that is handed over for both at once.
type Pair struct {
	// Second is its channel; empty is none.
	Second Channel
	// To is where it goes to by that.
	To string
	// Known is whether To is what the Personal Demographics Service knows the patient by.
	Known bool
	// Unread is how long the patient has to read it before.
	Unread time.Duration
}

// Accepted is a carrier's word that it has the message.
type Accepted struct {
	// ProviderID is the carrier's own name for the message.
	ProviderID string
	// Code is the carrier's own word for how it went, for example "250" or "created".
	Code string
}

// Result is how handing over one message of several ended.
type Result struct {
	Accepted Accepted
	Err      error
}

// Carrier hands messages to one provider for one practice group. Every call has
// a deadline. A carrier says which of five things happened:
//
//   - no error: the provider has the message;
//   - a Refusal: the provider will never take this message;
//   - a Busy: the provider does not have the message, and may take it later;
//   - an Unanswered: it may have it, and may be sent the same request again;
//   - any other error: it is unknown whether the provider has it.
type Carrier interface {
	// Name is the connector's name, for example "smtp".
	Name() string
	// Idempotent reports whether handing over the same key twice reaches the patient once. Only then is a message whose
	// fate is unknown handed over again.
	Idempotent() bool
	// Together is how many messages one SendAll may have; 1 when the provider takes them singly.
	Together() int
	// Send hands over one message.
	Send(ctx context.Context, m Outgoing) (Accepted, error)
	// SendAll hands over several messages of one channel, and says how each went, in their order.
	SendAll(ctx context.Context, m []Outgoing) []Result
}

// Pairer is a carrier whose provider sees to both ways of a message by itself: what is handed over once goes by the
// second when the first fails, or has not been read in time.
type Pairer interface {
	// Pairs reports whether the provider does that for a message that goes by first. A caller that gets true hands it
	// over with the pair, and does nothing about a second way any more.
	Pairs(first Channel, p Pair) bool
}

// Refusal is a provider's final no.
type Refusal struct {
	// Code is the provider's own word, and Reason the same in plain English, without anything about the patient.
	Code, Reason string
}

// Error gives the provider's word.
func (r *Refusal) Error() string { return "refused: " + r.Code }

// Busy is a provider that does not take messages at the moment.
type Busy struct {
	// After is when to try again; 0 leaves it to us. Waiting so long is not a failed attempt.
	After time.Duration
	// Code is the provider's own word.
	Code string
	Err  error
}

// Error gives the provider's word.
func (b *Busy) Error() string { return "busy: " + b.Code }

// Unwrap gives the cause.
func (b *Busy) Unwrap() error { return b.Err }

// Unanswered is a request that the provider may or may not have, and which it takes once however often it comes. It is
// to be handed over again as it was, until there is an answer.
type Unanswered struct {
	// Request is what the provider knows it by.
	Request string
	// After is when to ask again; 0 leaves it to us.
	After time.Duration
	// Code is the provider's own word, if it said one.
	Code string
	Err  error
}

// Error gives the provider's word.
func (u *Unanswered) Error() string { return "not answered: " + u.Code }

// Unwrap gives the cause.
func (u *Unanswered) Unwrap() error { return u.Err }

// Asker is a carrier whose provider can be asked how far a message has come.
type Asker interface {
	// Status asks about a message by the provider's own name for it. The Progress is empty while there is nothing to
	// tell. Errors: a Refusal when the provider does not know the message, a Busy, and any other when it could not be
	// found out.
	Status(ctx context.Context, providerID string) (Receipt, error)
}

// Progress is how far a provider says a message has come.
type Progress string

// How far a message has come.
const (
	ProgressDelivered Progress = "delivered"
	ProgressRead      Progress = "read"
	ProgressFailed    Progress = "failed"
)

// Receipt is what a provider tells later about a message.
type Receipt struct {
	// Key is the leg's key, or ProviderID names the message where the provider does not tell our key.
	Key, ProviderID string
	Progress        Progress
	// Channel is the way of a Pair this is about, when the provider says. Whole is set when it is about the message,
	// whatever ways it goes by: only then is a failure its end.
	Channel Channel
	Whole   bool
	// Code and Reason are as in a Refusal.
	Code, Reason string
	At           time.Time
}

// Reply is what a patient sent back.
type Reply struct {
	// ID is the provider's own name for it: the same reply told twice is one.
	ID      string
	Channel Channel
	From    string // +447700900123 or an e-mail address
	Text    string
	At      time.Time
	// Key or ProviderID names the message it answers, when the provider says.
	Key, ProviderID string
}

// Callback is a call that a provider made to us.
type Callback struct {
	// Header has its headers, by their canonical names.
	Header map[string][]string
	// Query is the query of its address, as it came.
	Query string
	// Body is the whole body.
	Body []byte
}

// Report is what a provider said in one callback.
type Report struct {
	Receipts []Receipt
	Replies  []Reply
	// Status, Type and Body are the answer that the provider expects; a Status of 0 is an empty 200.
	Status int
	Type   string
	Body   string
}

// Listener is a carrier whose provider calls us back.
type Listener interface {
	// ReadCallback reads a call of the provider, and makes sure that it is one.
	// Errors: ErrNotProvider, and field faults.
	ReadCallback(ctx context.Context, c Callback) (Report, error)
}

// ErrPaced is returned to a carrier whose turn does not come in time.
var ErrPaced = fault.New(fault.Limited, "carrier_paced", "More messages are to go than the provider takes. They go "+
	"as it takes them.")

// CodeCall is the code of a field of a provider's call that is missing or wrong.
const CodeCall = "invalid"

// ErrNotProvider is returned for a call that does not prove it comes from the provider.
var ErrNotProvider = fault.New(fault.Forbidden, "not_the_provider",
	"This call does not carry the provider's signature.")
