// Package reply is what patients send back: whose it is, STOP, and what is for staff.
//
//	reply.go  the reply: kept, listed, seen to
//	answer.go what an answer asks for: STOP, YES …
//	port.go   what it needs remembered
package reply

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/episode"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/task"
	"frontdesk/core/template"
	"frontdesk/core/write"
)

// ID names a reply within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Reply is what a patient sent back, as it is kept.
type Reply struct {
	ID         ID              `json:"id"`
	Carrier    string          `json:"-"`
	ProviderID string          `json:"-"`
	Message    messaging.ID    `json:"message_id,omitempty"` // 0 when it answers none that is known
	Patient    patient.ID      `json:"patient_id,omitempty"` // 0 when it is not known whose it is
	Channel    carrier.Channel `json:"channel"`
	Contact    string          `json:"-"`
	Text       string          `json:"-"`
	At         time.Time       `json:"at"`
	// Meaning is what it asks for, when it is a word that asks for something.
	Meaning Meaning `json:"meaning,omitempty"`
	// Open is set until staff have seen to it; what the program has done by itself
	// is not open. HandledBy is who has, and when.
	Open      bool      `json:"open"`
	HandledBy string    `json:"handled_by,omitempty"`
	HandledAt time.Time `json:"handled_at,omitzero"`
	// Possible are those it may be from, when several have its number or address.
	Possible []patient.ID `json:"possible_patient_ids,omitempty"`
}

// AuditSubject says what it is in the audit trail.
func (r Reply) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "reply", ID: int64(r.ID), Patient: int64(r.Patient)}
}

// ErrNotFound is returned for a reply there is not.
var ErrNotFound = fault.New(fault.NotFound, "reply_not_found", "This practice group has no such reply.")

// maxPossible is the most patients a reply is said to be possibly from.
const maxPossible = 50

// Receive keeps what a carrier told: receipts, and what patients sent back. Duplicates and receipts for unknown
// messages are ignored. Error: dispatch.ErrEarly, with everything else kept.
func (s *Service) Receive(ctx context.Context, group practice.ID, by string, report carrier.Report) error {
	early := s.Dispatch.Receive(ctx, group, by, report)
	if early != nil && !errors.Is(early, dispatch.ErrEarly) {
		return early
	}
	for _, r := range report.Replies {
		if err := s.keep(ctx, group, by, r); err != nil {
			return err
		}
	}
	return early
}

// keep keeps what a patient sent back. STOP opts the number out for this
// practice group, START takes that back; everything else is for staff.
func (s *Service) keep(ctx context.Context, group practice.ID, by string, r carrier.Reply) error {
	var in input.Checks
	contact := messaging.Given(&in, "from", r.From, r.Channel)
	if in.Err() != nil {
		contact = r.From
	}
	id, _, err := s.Dispatch.Find(ctx, group, by, r.Key, r.ProviderID)
	if err != nil && !errors.Is(err, messaging.ErrNotFound) {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	kept := Reply{
		ID: ID(s.NewID()), Carrier: by, ProviderID: r.ID, Message: id, Channel: r.Channel, Contact: contact,
		Text: template.Clean(r.Text, messaging.MaxText),
		At:   r.At.UTC().Truncate(time.Microsecond),
	}
	kept.Meaning = Means(kept.Text)
	kept.Open = !kept.Meaning.Settles()
	if r.At.IsZero() {
		kept.At = now
	}
	if kept.Message == 0 {
		if err := s.attribute(ctx, group, &kept); err != nil {
			return err
		}
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		var to assignee.Ref
		if kept.Message != 0 {
			m, err := tx.LockMessage(ctx, group, kept.Message)
			if err != nil {
				return err
			}
			kept.Patient, to = m.Patient, m.Assignee
		}
		fresh, err := tx.AddReply(ctx, group, kept)
		if err != nil || !fresh {
			return err
		}
		switch kept.Meaning {
		case Stop:
			err = tx.AddOptOut(ctx, group, r.Channel, contact, "reply", now)
		case Start:
			err = tx.DropOptOut(ctx, group, r.Channel, contact)
		}
		raised := task.ID(0)
		if err == nil && kept.Open && !to.IsZero() {
			raised, err = s.raise(ctx, s.Store.Tasks(tx), group, kept, to, now)
		}
		if err != nil {
			return err
		}
		if err := s.recordReply(ctx, tx, group, kept, now); err != nil {
			return err
		}
		return s.gather(ctx, tx, access.System(group), kept, raised, now)
	})
}

// raise gives a task to whom a message was sent for, when its patient has replied, or to staff in general where that
// one is gone. While the task is not closed, it stands for further replies to the message, and there is none: 0.
func (s *Service) raise(
	ctx context.Context, tx Tasks, group practice.ID, r Reply, to assignee.Ref, now time.Time,
) (task.ID, error) {
	to, err := assignee.IfThere(ctx, tx, group, to)
	if err != nil {
		return 0, err
	}
	today, err := practice.Today(ctx, tx, group, now)
	if err != nil {
		return 0, err
	}
	t := task.Task{
		ID: task.ID(s.NewID()), Patient: r.Patient, Assignee: to, Kind: task.General, Priority: task.Medium, Due: today,
		Subject:  "A patient has replied to a message",
		Comments: "Replies to message " + r.Message.String() + " wait for staff.",
	}
	if there, err := tx.TaskOpen(ctx, group, t); err != nil || there {
		return 0, err
	}
	return t.ID, task.Raise(ctx, tx, access.System(group), now, t)
}

// gather puts a reply that waits for staff into the episode of its patient it belongs to, and the task it raised, where
// that is not 0.
func (s *Service) gather(
	ctx context.Context, tx Tx, who access.Caller, r Reply, raised task.ID, now time.Time,
) error {
	if !r.Open || r.Patient == 0 {
		return nil
	}
	a := episode.Arrival{Item: episode.Item{Thing: episode.Thing{Kind: episode.Reply, ID: int64(r.ID)}, At: r.At},
		Patient: r.Patient, Subject: "A reply from the patient"}
	if r.Message != 0 {
		a.Answers = []episode.Thing{{Kind: episode.Message, ID: int64(r.Message)}}
	}
	in, err := episode.Arrive(ctx, s.Store.Episodes(tx), who, now, episode.ID(s.NewID()), a)
	if err != nil || in == 0 || raised == 0 {
		return err
	}
	i := episode.Item{Thing: episode.Thing{Kind: episode.Task, ID: int64(raised)}, At: now}
	return episode.Join(ctx, s.Store.Episodes(tx), who, now, in, r.Patient, i)
}

// attribute says whose a reply is that names no message: theirs alone who has its number or address, or got the last
// message there. Where those are several, it has no patient until staff name one.
func (s *Service) attribute(ctx context.Context, group practice.ID, r *Reply) error {
	last, to, err := s.Store.LastTo(ctx, group, r.Channel, r.Contact)
	if err != nil {
		return err
	}
	holders, err := s.Store.Holders(ctx, group, r.Channel, r.Contact, maxPossible)
	if err != nil {
		return err
	}
	if to != 0 && !slices.Contains(holders, to) {
		holders = append(holders, to)
	}
	switch {
	case len(holders) > 1:
		slices.Sort(holders)
		r.Possible = holders
	case len(holders) == 1:
		r.Message, r.Patient = last, holders[0]
	}
	return nil
}

// replied is the data of the event of a reply.
type replied struct {
	Reply     string          `json:"reply_id"`
	MessageID string          `json:"message_id,omitempty"`
	PatientID string          `json:"patient_id,omitempty"`
	Channel   carrier.Channel `json:"channel"`
	State     messaging.State `json:"state"`
	At        time.Time       `json:"at"`
	Meaning   Meaning         `json:"meaning,omitempty"`
	Possible  []string        `json:"possible_patient_ids,omitempty"`
}

func (s *Service) recordReply(ctx context.Context, tx Tx, group practice.ID, r Reply, now time.Time) error {
	f := replied{Reply: r.ID.String(), Channel: r.Channel, State: "replied", At: r.At, Meaning: r.Meaning}
	if r.Message != 0 {
		f.MessageID = r.Message.String()
	}
	if r.Patient != 0 {
		f.PatientID = r.Patient.String()
	}
	for _, p := range r.Possible {
		f.Possible = append(f.Possible, p.String())
	}
	e := event.Event{Group: int64(group), Type: event.MessageReplied, Subject: int64(r.ID), Sequence: 1, At: now,
		Data: audit.Snapshot(f)}
	if r.Message == 0 {
		return tx.Record(ctx, e)
	}
	step := messaging.Step{ID: s.NewID(), At: r.At, Leg: 1, Channel: r.Channel, Carrier: r.Carrier, What: "reply",
		ProviderID: r.ProviderID}
	if err := tx.AddStep(ctx, group, r.Message, step); err != nil {
		return err
	}
	e.Subject = int64(r.Message)
	return tx.RecordMessageEvent(ctx, group, r.Message, e)
}

// shown is how many replies to one message are shown.
const shown = 100

// Of lists what came back to a message.
func (s *Service) Of(ctx context.Context, id messaging.ID) ([]Reply, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Replies(ctx, who.Group, id, shown)
	audit.Seen(ctx, found...)
	return found, err
}

// Query says which replies to list: those that wait for staff, those that do not, or all.
type Query struct {
	Open          *bool
	Offset, Limit int
}

// List lists what patients sent back, newest first, and how many there are, counted up as input.CountTo says.
func (s *Service) List(ctx context.Context, open *bool, pageIndex, pageSize int) ([]Reply, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	q := Query{Open: open, Offset: pageIndex * pageSize, Limit: pageSize}
	found, count, err := s.Store.RepliesKept(ctx, who.Group, q)
	audit.Seen(ctx, found...)
	return found, count, err
}

// Find finds one reply. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Reply, error) {
	return read.One(ctx, access.SeeMessages, id, s.Store.Reply)
}

// Change is what to set of a reply; nil leaves a thing as it is.
type Change struct {
	Patient *patient.ID // whose it is
	Open    *bool
}

var replies = write.Kind[Tx, ID, Reply]{Needs: access.SendMessages, Lock: Tx.LockReply, Save: Tx.SaveReply}

// Change says whose a reply is, or that staff have seen to it. Errors: ErrNotFound, patient.ErrNotFound.
func (s *Service) Change(ctx context.Context, id ID, c Change) (Reply, error) {
	return replies.Change(ctx, s.Now, s.Store.Do, "reply.update", id, func(e write.Edit[Tx], r *Reply) (err error) {
		before := *r
		if c.Patient != nil {
			if r.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), *c.Patient); err != nil {
				return patient.Misnamed(err, "patient")
			}
		}
		if c.Open != nil && *c.Open != r.Open {
			r.Open, r.HandledBy, r.HandledAt = *c.Open, "", time.Time{}
			if !r.Open {
				r.HandledBy, r.HandledAt = e.Who.Name(), e.Now
			}
		}
		if r.Patient == before.Patient && r.Open == before.Open {
			return write.ErrSame
		}
		if r.Patient == before.Patient {
			return nil
		}
		return s.gather(ctx, e.Tx, e.Who, *r, 0, e.Now)
	})
}
