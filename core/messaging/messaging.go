// Package messaging is the messages to patients: sent now or later, by one channel and then by another, listed, and
// read with their history. core/dispatch hands them over to carriers.
//
//	messaging.go   the message, as kept
//	send.go        one message: what is checked before it is taken
//	gather.go      the episode a message belongs to
//	contact.go     which number or address a message goes to
//	eligible.go    whether it may go: checked when it is taken, and again when it goes
//	abroad.go      text messages to numbers of other countries
//	about.go       messages the program sends by itself about an appointment, and whether they still hold
//	read.go        messages found, and what happened to each
//	page.go        a message read in the patient's own page
//	unlock.go      a locked page unlocked; a message sent again
//	optout.go      numbers and addresses that want direct care alone
//	unsubscribe.go the same, by a link in an e-mail
package messaging

import (
	"context"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/enclosure"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/task"
)

// ID names a message within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// BatchID names a batch of messages within a practice group; 0 is none.
type BatchID int64

// String gives the id as digits.
func (id BatchID) String() string { return strconv.FormatInt(int64(id), 10) }

// State is how far a message has come.
type State string

// The states.
const (
	Scheduled  State = "scheduled"  // it waits for its time
	Queued     State = "queued"     // it waits for its turn
	Sending    State = "sending"    // it is being handed over
	Sent       State = "sent"       // a carrier has it
	Delivered  State = "delivered"  // the carrier says it arrived
	Read       State = "read"       // the patient has read it
	Failed     State = "failed"     // it will not arrive
	Cancelled  State = "cancelled"  // it was called back in time
	Expired    State = "expired"    // it was too late to send it
	Suppressed State = "suppressed" // it may not go: the patient may not be written to, or does not want it
	// Unknown is a message a carrier may or may not have: it is not sent again.
	Unknown State = "unknown"
)

// States are all the states.
var States = []State{Scheduled, Queued, Sending, Sent, Delivered, Read, Failed, Cancelled, Expired, Suppressed, Unknown}

// Waiting reports a message nothing has come of yet.
func (s State) Waiting() bool { return s == Scheduled || s == Queued || s == Sending }

// Purpose is what a message is for. Only direct care reaches a patient who has opted out.
type Purpose string

// The purposes.
const (
	DirectCare Purpose = "direct_care"
	Other      Purpose = "other"
)

// Message is one message to one patient.
type Message struct {
	ID      ID         `json:"id"`
	Patient patient.ID `json:"patient_id"`
	Batch   BatchID    `json:"batch_id,omitempty"`
	// Notice is what it is about, of a message that the program sent by itself.
	Notice NoticeID `json:"notice_id,omitempty"`
	// ShortLink is the link it carries, and LinkVersion which of its addresses stands in the text; 0 is none.
	ShortLink   link.ID `json:"short_link_id,omitempty"`
	LinkVersion int     `json:"-"`
	// Channel and Contact are how it goes first, Fallback and FallbackContact how it goes when that fails, or is not
	// read in time. Where it goes is looked up again when it goes, unless it came with the request.
	Channel         carrier.Channel `json:"channel"`
	Contact         string          `json:"-"`
	ContactSource   string          `json:"contact_source"` // request, practice, caller or pds
	Fallback        carrier.Channel `json:"fallback,omitempty"`
	FallbackContact string          `json:"-"`
	FallbackSource  string          `json:"fallback_source,omitempty"`
	Subject         string          `json:"-"`
	Content         string          `json:"-"`
	Encrypted       bool            `json:"encrypted,omitempty"`
	Purpose         Purpose         `json:"purpose"`

	// Leg is 1 for Channel and 2 for Fallback. Paired is set when a carrier has
	// been given both at once, and sees to the second by itself.
	Leg     int       `json:"leg"`
	Paired  bool      `json:"paired,omitempty"`
	State   State     `json:"state"`
	Prior   State     `json:"-"` // the state before Sending
	DueAt   time.Time `json:"-"`
	Lease   int64     `json:"-"`
	Tries   int       `json:"-"` // that failed, of this leg
	Carrier string    `json:"carrier,omitempty"`
	// Request is what the carrier knows the request by that it may have it from, while it is to be sent again.
	Request    string    `json:"-"`
	Journal    int64     `json:"-"` // notes what went out of its lease
	AskAt      time.Time `json:"-"` // when to ask about it
	ProviderID string    `json:"-"`
	Code       string    `json:"code,omitempty"`
	Reason     string    `json:"reason,omitempty"`

	Parts    int    `json:"parts,omitempty"` // of a text message
	Encoding string `json:"encoding,omitempty"`
	Cost     int    `json:"cost,omitempty"` // in pence; 0 when that is not known

	SendAt time.Time `json:"send_at"`
	SendBy time.Time `json:"send_by"` // after this it is not sent any more
	// UnreadMinutes is how long the patient has to read it before it goes by Fallback too.
	UnreadMinutes int       `json:"unread_minutes,omitempty"`
	SentAt        time.Time `json:"sent_at,omitzero"`
	DeliveredAt   time.Time `json:"delivered_at,omitzero"`
	ReadAt        time.Time `json:"read_at,omitzero"`
	EndedAt       time.Time `json:"ended_at,omitzero"`

	WriteToRecord bool `json:"write_to_record,omitempty"`
	// TaskID is the task it belongs to, 0 is none, and Assignee whom what comes of it is for.
	TaskID      int64        `json:"task_id,omitempty,string"`
	Assignee    assignee.Ref `json:"assignee,omitzero"`
	SubmittedBy string       `json:"submitted_by"`
	KeyID       access.KeyID `json:"-"`
	Link        string       `json:"-"` // the secret of its page's address
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (m Message) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "message", ID: int64(m.ID), Patient: int64(m.Patient)}
}

// LegChannel is the channel of the leg it is on.
func (m Message) LegChannel() carrier.Channel {
	if m.Leg == 2 {
		return m.Fallback
	}
	return m.Channel
}

// LegContact is where the leg it is on goes to.
func (m Message) LegContact() string {
	if m.Leg == 2 {
		return m.FallbackContact
	}
	return m.Contact
}

// Key names the leg of a message to carriers, for ever.
func (m Message) Key(group practice.ID) string {
	return strings.Join([]string{strconv.FormatInt(int64(group), 36), strconv.FormatInt(int64(m.ID), 36),
		strconv.Itoa(m.Leg)}, "-")
}

// ParseKey reads what Key wrote.
func ParseKey(key string) (group practice.ID, id ID, leg int, ok bool) {
	part := strings.Split(key, "-")
	if len(part) != 3 {
		return 0, 0, 0, false
	}
	g, err1 := strconv.ParseInt(part[0], 36, 64)
	n, err2 := strconv.ParseInt(part[1], 36, 64)
	l, err3 := strconv.Atoi(part[2])
	return practice.ID(g), ID(n), l, err1 == nil && err2 == nil && err3 == nil && (l == 1 || l == 2)
}

// Step is something that happened to a message.
type Step struct {
	ID      int64
	At      time.Time
	Leg     int
	Channel carrier.Channel
	Carrier string
	// accepted, refused, busy, unknown, delivered, read, failed, fallback, withheld, expired, cancelled, reply,
	// locked, unlocked
	What       string
	ProviderID string
	Code       string
	Reason     string
}

// The faults of messaging.
var (
	ErrNotFound = fault.New(fault.NotFound, "message_not_found", "This practice group has no such message.")
	// ErrNoContact is returned when there is nowhere to send a message to.
	ErrNoContact = fault.New(fault.Conflict, "no_contact_detail", "This patient has no contact detail for that "+
		"channel.")
	ErrNoCarrier = fault.New(fault.Conflict, "channel_not_set_up",
		"No provider for this channel is set up for this practice group.")
	ErrNotWaiting = fault.New(fault.Conflict, "message_not_waiting", "This message has gone already.")
	ErrNoTask     = task.ErrNotFound
	ErrNoLink     = enclosure.ErrNoLink
)

// AddresseeReader is what decides whether a message may go to a patient.
type AddresseeReader interface {
	// ContactsAmong is what each source says of how to reach patients.
	ContactsAmong(ctx context.Context, group practice.ID, ids []patient.ID) (map[patient.ID]contactpoint.Points, error)
	// OptedOut finds which numbers and addresses asked for nothing but direct care.
	OptedOut(ctx context.Context, group practice.ID, of []Destination) (map[Destination]bool, error)
}

// Reader is what messaging reads.
type Reader interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Message finds a message, or returns ErrNotFound.
	Message(ctx context.Context, group practice.ID, id ID) (Message, error)
	// Messages lists messages, newest first, and how many match in all, counted as input.CountTo says.
	Messages(ctx context.Context, group practice.ID, q Query) ([]Message, int, error)
	Steps(ctx context.Context, group practice.ID, id ID) ([]Step, error)
	// LinkState is how often a wrong birth date was given for a message's page, and when it was first opened.
	LinkState(ctx context.Context, group practice.ID, id ID) (wrong int, openedAt time.Time, err error)
	RecordEntryOf(ctx context.Context, group practice.ID, message int64) (record.Entry, error)
}

// Store is what messaging needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// MessageByLink finds the message of a page.
	MessageByLink(ctx context.Context, group practice.ID, link string) (Message, error)
	// Episodes puts things into episodes in the same transaction.
	Episodes(tx Tx) episode.Keeper
}

// Tx is what messaging needs inside a transaction.
type Tx interface {
	Taker
	record.Keeper
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	assignee.Finder
	// Attached returns ErrNoTask when a message names a task that does not exist.
	Attached(ctx context.Context, group practice.ID, m Message) error
	// LockMessage keeps others from changing the message, and reads it.
	LockMessage(ctx context.Context, group practice.ID, id ID) (Message, error)
	SaveMessage(ctx context.Context, group practice.ID, m Message) error
	AddStep(ctx context.Context, group practice.ID, id ID, s Step) error
	AddOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact, source string,
		at time.Time) error
	DropOptOut(ctx context.Context, group practice.ID, channel carrier.Channel, contact string) error
	LinkState(ctx context.Context, group practice.ID, id ID) (wrong int, openedAt time.Time, err error)
	SaveLinkState(ctx context.Context, group practice.ID, id ID, wrong int, openedAt time.Time) error
}

// Taker is what it needs to take a message inside a transaction.
type Taker interface {
	AddresseeReader
	Keeper
	// Addressee finds a patient with what matters to messages.
	Addressee(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Carriers gives the carriers a practice group has for a channel, the one to try first first.
type Carriers func(ctx context.Context, group practice.ID, channel carrier.Channel) ([]carrier.Carrier, error)

// Service is the messaging capability.
type Service struct {
	Store    Store
	Carriers Carriers
	Records  *record.Service
	// Enclosures finds and makes the links that messages carry; nil is that none do.
	Enclosures *enclosure.Service
	// Opened notes that a patient has read a message on its page.
	Opened func(ctx context.Context, group practice.ID, m Message, at time.Time) error
	// Box signs the addresses to unsubscribe at; nil is that there are none.
	Box func() (*seal.Box, error)
	// Pages is the address patients' own pages are below.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}
