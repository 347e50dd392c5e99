package webhook

import (
	"encoding/json"
	"strconv"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// ID names an endpoint.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Format is the form of what an endpoint is sent.
type Format string

// The formats. Their values are what the database has.
const (
	// Standard is our own body, signed by Hero's recipe and by that of Standard
	// Webhooks. An endpoint gets one type of event: one of event.Logged.
	Standard Format = "standard"
	// Semble is the body and the signature that the GraphQL API documents. An endpoint gets several types of events.
	Semble Format = "subscription"
)

// Webhook is an endpoint: an address that is sent some types of events.
type Webhook struct {
	ID     ID     `json:"id"`
	Format Format `json:"style"`
	// Types are the types of events it gets.
	Types []event.Type `json:"event_types"`
	// Owner is the partner whose key made it.
	Owner       string `json:"owner"`
	Description string `json:"description"`
	URL         string `json:"url"`
	// IncludeDetails adds names, contact details and texts to what is sent.
	IncludeDetails bool `json:"include_details"`
	// Ordered sends one thing's events in their order, each after the one before was taken or given up.
	Ordered bool `json:"ordered"`
	// Asymmetric adds an ed25519 signature.
	Asymmetric bool `json:"ed25519"`
	// HeaderNames are the names of its own headers, whose values are secrets.
	HeaderNames []string `json:"header_names,omitempty"`
	// PreviousUntil is until when the key before the present one signs too.
	PreviousUntil time.Time `json:"previous_key_until,omitzero"`
	// DisabledAt is when it was switched off, or the zero time.
	DisabledAt  time.Time `json:"disabled_at,omitzero"`
	DisabledWhy Why       `json:"disabled_reason,omitempty"`
	// FailingSince is when the first attempt failed since the last that did not.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// HeldUntil is until when it asked to be left alone.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// Replay is the last replay that was asked for.
	Replay    *Replay   `json:"replay,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	Version   int64     `json:"version"`

	// Sealed is its Secrets as they are kept.
	Sealed []byte `json:"-"`
	// Secrets are what only our own courier sees.
	Secrets Secrets `json:"-"`
}

// Type is the one type of event that an endpoint in the format Standard gets; empty for another.
func (w Webhook) Type() event.Type {
	if w.Format != Standard || len(w.Types) == 0 {
		return ""
	}
	return w.Types[0]
}

// Secrets are what an endpoint's deliveries are signed and sent with.
type Secrets struct {
	Key      Key               `json:"key"`
	Previous Key               `json:"previous,omitzero"`
	Headers  map[string]string `json:"headers,omitempty"`
}

// Why is why an endpoint is switched off.
type Why string

// The reasons.
const (
	// Asked: a caller switched it off.
	Asked Why = "requested"
	// Gone: it answered 410, which is how an endpoint says it wants no more.
	Gone Why = "gone"
	// Failing: no attempt at it succeeded for FailingFor.
	Failing Why = "failing"
)

// The faults of webhooks.
var (
	ErrNotFound = fault.New(fault.NotFound, "webhook_not_found", "No such webhook.")
	// ErrNoDelivery is returned where neither a delivery nor an event has an id.
	ErrNoDelivery = fault.New(fault.NotFound, "delivery_not_found", "No such delivery.")
	ErrTooMany    = fault.New(fault.Conflict, "too_many_webhooks",
		"This practice group has as many webhooks as it may have. Delete one that is no longer used.")
	ErrDisabled  = fault.New(fault.Conflict, "webhook_disabled", "This webhook is switched off. Enable it first.")
	ErrReplaying = fault.New(fault.Conflict, "replay_running",
		"A replay for this webhook is still running. Its progress is in the webhook.")
	ErrNotSandbox = fault.New(fault.Forbidden, "not_sandbox", "Events can be invented in a sandbox practice group only.")
	ErrCursor     = fault.Wrong("cursor", input.CodeString, "the cursor of an earlier answer",
		"This is not a cursor of the event log.")
)

// Most is how many endpoints a practice group may have.
const Most = 500

// FailingFor is how long an endpoint may fail before it is switched off.
const FailingFor = 5 * 24 * time.Hour

// Keep is how long events, and what was delivered of them, are kept.
const Keep = 30 * 24 * time.Hour

// Service is the webhook capability.
type Service struct {
	Store Store
	Log   Log
	// Addresses knows where deliveries may go.
	Addresses Addresses
	// Box gives what secrets are sealed with.
	Box func() (*seal.Box, error)
	// Stopping ends all waiting for events when it is closed.
	Stopping <-chan struct{}
	Now      func() time.Time
	NewID    func() int64
}

func about(group practice.ID, id ID) string { return group.String() + "/webhook/" + id.String() }

// Open unseals an endpoint's secrets.
func (s *Service) Open(group practice.ID, w Webhook) (Webhook, error) {
	box, err := s.Box()
	if err != nil {
		return w, err
	}
	text, err := box.Open(w.Sealed, about(group, w.ID))
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(text, &w.Secrets)
}

// sealed seals an endpoint's secrets.
func (s *Service) sealed(group practice.ID, w Webhook) (Webhook, error) {
	box, err := s.Box()
	if err != nil {
		return w, err
	}
	w.Sealed, err = box.Seal(audit.Snapshot(w.Secrets), about(group, w.ID))
	return w, err
}
