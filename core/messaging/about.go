package messaging

import (
	"context"
	"errors"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/template"
)

// NoticeID names what an automatic message is about within a practice group; 0 is a message that is none.
type NoticeID int64

// String gives the id as digits.
func (id NoticeID) String() string { return strconv.FormatInt(int64(id), 10) }

// About is what an automatic message is about: an appointment as it was when the message was planned, and as it is.
type About struct {
	Notice NoticeID
	On     booking.Occasion
	// Version and Start are those of the appointment that the message speaks of.
	Version int64
	Start   time.Time
	// Now is the appointment as it is, without what is around it.
	Now booking.Appointment
	// Second is the text by the second channel, and Calendar the part that goes with an e-mail; empty is none.
	Second, Calendar string
}

// The faults of a message about an appointment that is no longer as the message says. Such a message is not sent.
var (
	ErrChanged = fault.New(fault.Conflict, "appointment_changed",
		"The appointment is no longer as this message says. No message is sent.")
	ErrPast = fault.New(fault.Conflict, "appointment_past", "The time of the appointment has come. No message is sent.")
	// ErrUnasked is returned where messages of the kind were suppressed for the appointment.
	ErrUnasked = fault.New(fault.Conflict, "suppressed", "Messages of this kind are suppressed for this appointment.")
)

// Check says whether the message may go to a patient at a moment. Errors: ErrChanged, ErrPast, ErrUnasked.
func (a About) Check(of patient.ID, now time.Time) error {
	is := a.Now
	state := booking.Booked
	switch a.On {
	case booking.OnCancelled:
		state = booking.Cancelled
	case booking.OnOffered:
		state = booking.Reserved
	}
	switch {
	case a.On == booking.OnOffered && is.Lapsed(now):
		return ErrChanged
	case is.State != state, is.Version != a.Version, !is.Start.Equal(a.Start), is.Patient != of, is.Pending:
		return ErrChanged
	case a.On == booking.OnMissed:
		if is.Journey.NoShow.IsZero() {
			return ErrChanged
		}
	case !now.Before(a.Start):
		return ErrPast
	}
	if !is.Wants(a.On) {
		return ErrUnasked
	}
	return nil
}

// Words is the text that goes by a channel: the second has its own.
func (a About) Words(m Message, text string) string {
	if m.Leg == 2 && a.Second != "" {
		return a.Second
	}
	return text
}

// Part is the calendar part that goes by a channel.
func (a About) Part(m Message) string {
	if m.LegChannel() == carrier.Email {
		return a.Calendar
	}
	return ""
}

// Automatic is a message that the program sends by itself.
type Automatic struct {
	Notice  NoticeID
	Patient patient.ID
	// Ways are the channels it may go by, the best first; Texts has a text for each.
	Ways    Ways
	Texts   map[carrier.Channel]string
	Subject string
	// SendBy is the latest time it may be sent. Urgent goes out at any time of day.
	SendBy time.Time
	Urgent bool
	// Assignee is to whom replies are given; the zero Ref is staff in general.
	Assignee assignee.Ref
	// Link is the link that stands in the texts; the zero Link is none.
	Link link.Link
}

// Ways are channels a practice group has carriers for.
type Ways struct {
	Channels []carrier.Channel
	Abroad   bool // text messages go to numbers of other countries
}

// Ways finds those of some channels that the practice group has a carrier for.
func (s *Service) Ways(ctx context.Context, group practice.ID, of []carrier.Channel) (Ways, error) {
	var w Ways
	for _, channel := range of {
		found, err := s.Carriers(ctx, group, channel)
		if err != nil {
			return w, err
		}
		if len(found) > 0 {
			w.Channels = append(w.Channels, channel)
		}
		w.Abroad = w.Abroad || channel == carrier.SMS && carrier.FirstAbroad(found) != nil
	}
	return w, nil
}

// among are those of the ways that are also wanted, as they are ordered there.
func (w Ways) among(a Addressee, m Message) ([]carrier.Channel, error) {
	if len(w.Channels) == 0 {
		return nil, ErrNoCarrier
	}
	var out []carrier.Channel
	var last error
	for _, channel := range w.Channels {
		m.Channel, m.Contact, m.ContactSource = channel, "", ""
		err := m.Check(1, a)
		if err == nil && m.Foreign(1) && !w.Abroad {
			err = ErrAbroad
		}
		if err == nil {
			out = append(out, channel)
			continue
		}
		last = err
	}
	if len(out) > 0 {
		last = nil
	}
	return out, last
}

// Automatic takes an automatic message in a transaction that has locked its patient against a merge. It goes by the
// first of its ways that the patient can be reached by and does not rule out, and by the next when that fails. Errors:
// those of patient.Reachable, ErrNoContact, ErrNotWanted, ErrAbroad, ErrNoCarrier, and a field fault where its text is
// too long.
func (s *Service) Automatic(ctx context.Context, tx Taker, who access.Caller, g practice.Group,
	a Automatic) (Message, error) {
	now := s.Now().Truncate(time.Microsecond)
	p, err := tx.Addressee(ctx, g.ID, a.Patient)
	if err != nil {
		return Message{}, err
	}
	m := Message{ID: ID(s.NewID()), Patient: a.Patient, Notice: a.Notice, Channel: carrier.SMS, Fallback: carrier.Email,
		Leg: 1, State: Queued, Purpose: DirectCare, Subject: a.Subject, SendAt: now, DueAt: now, SendBy: a.SendBy,
		SubmittedBy: who.Actor, Assignee: a.Assignee, CreatedAt: now, UpdatedAt: now, ShortLink: a.Link.ID,
		LinkVersion: a.Link.Version}
	people, err := Addressees(ctx, tx, g.ID, []Message{m}, []patient.Patient{p})
	if err != nil {
		return Message{}, err
	}
	ways, err := a.Ways.among(people[a.Patient], m)
	if err != nil {
		return Message{}, err
	}
	m.Channel, m.Fallback, m.Content = ways[0], "", template.Composed(a.Texts[ways[0]])
	var in input.Checks
	if Fits(&in, "text", m); in.Err() != nil {
		return Message{}, in.Err()
	}
	if len(ways) > 1 {
		m.Fallback, m.UnreadMinutes = ways[1], g.UnreadMinutes
		err = m.Check(2, people[a.Patient])
	}
	if err = errors.Join(err, m.Check(1, people[a.Patient])); err != nil {
		return Message{}, err
	}
	if !a.Urgent {
		m.Wait(g, now)
		m.SendBy = a.SendBy
	}
	return m, s.take(ctx, tx, who, g, &m, now)
}
