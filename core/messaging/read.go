package messaging

import (
	"cmp"
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/write"
)

// Query is one search for messages. What is left empty does not narrow it.
type Query struct {
	Patient patient.ID
	States  []State
	Channel carrier.Channel
	// Ways are the channels of the leg that a message is on.
	Ways  []carrier.Channel
	Batch BatchID
	// Contact is where the first leg went; only with Channel.
	Contact  string
	From, To time.Time // made from, and before
	// Sending is when they go, or went.
	Sending       input.Span
	Offset, Limit int
	// Uncounted leaves out how many match.
	Uncounted bool
}

// Search is what a caller looks for.
type Search struct {
	Query
	Since, Until *input.Bound // nil is no bound
}

// Most is how many messages are listed at most for a caller who asks for no page.
const Most = 1000

// Messages lists messages, newest first, and how many match in all, counted up as input.CountTo says.
func (s *Service) Messages(ctx context.Context, q Search) ([]Details, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, 0, err
	}
	var in input.Checks
	find := q.Query
	if find.Limit == 0 {
		find.Limit = Most
	}
	for _, state := range find.States {
		input.Choice(&in, "status", state, States)
	}
	if find.Channel != "" {
		input.Choice(&in, "channel", find.Channel, carrier.Channels)
	}
	find.From, find.To = time.Unix(0, 0).UTC(), time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC)
	if q.Since != nil {
		find.From = in.Bound("start_date", *q.Since, g.Zone(), 0)
	}
	if q.Until != nil {
		find.To = in.Bound("end_date", *q.Until, g.Zone(), 1)
	}
	if err := in.Err(); err != nil {
		return nil, 0, err
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &find.Patient); err != nil || none {
		return nil, 0, err
	}
	found, count, err := s.Store.Messages(ctx, who.Group, find)
	if err != nil {
		return nil, 0, err
	}
	out := make([]Details, len(found))
	for i, m := range found {
		out[i] = Details{Message: m, From: m.from(g)}
	}
	audit.Seen(ctx, out...)
	return out, count, nil
}

// from is whom the patient sees a message come from.
func (m Message) from(g practice.Group) string {
	if m.LegChannel() == carrier.Email {
		return cmp.Or(g.Email, g.Name)
	}
	return g.Name
}

// Details is a message with what is around it.
type Details struct {
	Message
	// From is whom the patient sees it come from.
	From string
	// What follows is of one message that is read with its history.
	PatientName patient.Patient
	// Locked says that the patient's own page is: a wrong date of birth was given too often.
	Locked bool
	Record *record.Entry
	Steps  []Step
	// Carries is what it shows of the link it carries; nil is that it carries none.
	Carries *enclosure.Shown
}

// Message finds one message. Error: ErrNotFound.
func (s *Service) Message(ctx context.Context, id ID) (Details, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return Details{}, err
	}
	m, err := s.Store.Message(ctx, who.Group, id)
	if err != nil {
		return Details{}, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return Details{}, err
	}
	audit.Seen(ctx, m)
	return Details{Message: m, From: m.from(g)}, nil
}

// History finds one message with all that happened to it. Error: ErrNotFound.
func (s *Service) History(ctx context.Context, id ID) (Details, error) {
	d, err := s.Message(ctx, id)
	if err != nil {
		return d, err
	}
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return d, err
	}
	if d.PatientName, err = s.Store.Patient(ctx, who.Group, d.Patient); err != nil {
		return d, err
	}
	if d.Locked, err = locked(ctx, s.Store, who.Group, d.Message); err != nil {
		return d, err
	}
	if d.Steps, err = s.Store.Steps(ctx, who.Group, id); err != nil {
		return d, err
	}
	if d.ShortLink != 0 {
		l, err := s.Enclosures.Shown(ctx, who.Group, d.ShortLink)
		if err != nil {
			return d, err
		}
		d.Carries = &l
	}
	if d.WriteToRecord {
		e, err := s.Store.RecordEntryOf(ctx, who.Group, int64(id))
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return d, err
		}
		if err == nil {
			d.Record = &e
		}
	}
	return d, nil
}

// Cancel stops a message that has not gone yet. Cancelling twice is cancelling
// once. Errors: ErrNotFound, ErrNotWaiting.
func (s *Service) Cancel(ctx context.Context, id ID) (Message, error) {
	return write.Do(ctx, access.SendMessages, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Message, error) {
		return s.CallBack(ctx, e.Tx, e.Who, id, e.Now)
	})
}

// Canceller is what it needs to call a message back inside a transaction.
type Canceller interface {
	EventRecorder
	// LockMessage keeps others from changing the message, and reads it.
	LockMessage(ctx context.Context, group practice.ID, id ID) (Message, error)
	SaveMessage(ctx context.Context, group practice.ID, m Message) error
	AddStep(ctx context.Context, group practice.ID, id ID, s Step) error
	Audit(ctx context.Context, e audit.Entry) error
}

// CallBack is Cancel in a transaction.
func (s *Service) CallBack(
	ctx context.Context, tx Canceller, who access.Caller, id ID, now time.Time,
) (Message, error) {
	m, err := tx.LockMessage(ctx, who.Group, id)
	was := m.State
	switch {
	case err != nil, was == Cancelled:
		return m, err
	case !was.Waiting() || was == Sending || m.Request != "": // a carrier may have it
		return m, ErrNotWaiting
	}
	m.State, m.DueAt, m.EndedAt, m.UpdatedAt = Cancelled, time.Time{}, now, now
	if err := tx.SaveMessage(ctx, who.Group, m); err != nil {
		return m, err
	}
	if err := tx.AddStep(ctx, who.Group, id, Step{ID: s.NewID(), At: now, Leg: m.Leg, Channel: m.LegChannel(),
		What: "cancelled"}); err != nil {
		return m, err
	}
	if err := tx.RecordMessageEvent(ctx, who.Group, id, StateEvent(who.Group, m, was, now)); err != nil {
		return m, err
	}
	return m, tx.Audit(ctx, who.Audit(now, "message.cancel", "message", int64(id), was, m.State))
}
