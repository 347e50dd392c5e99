package messaging

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/episode"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/template"
)

// Limits of what can be sent, in characters, and how far ahead.
const (
	MaxText    = 20_000
	maxNHSApp  = 5_000
	MaxSubject = 200
	maxAhead   = 366 * 24 * time.Hour
	// MaxLate is how late a message may go unless the caller says otherwise.
	MaxLate = 2 * time.Hour
)

// Request is one message to send.
type Request struct {
	Patient         patient.ID
	Channel         carrier.Channel
	Text            string
	Subject         string // e-mail; empty is "A message from" the practice
	Contact         string // empty takes the patient's own
	Fallback        carrier.Channel
	FallbackContact string
	Encrypted       bool
	Purpose         Purpose // empty is DirectCare
	// Urgent goes out at any time of day. Plain puts plain characters for those that only look different.
	Urgent, Plain bool
	// SendAt is when; zero is now. SendBy is the latest time it may be sent; zero is MaxLate after that.
	SendAt, SendBy time.Time
	// PastIsNow sends at once what was to go at a time that has passed, however long ago that is.
	PastIsNow bool

	WriteToRecord, AutoWriteToRecord bool
	SnomedCode, SnomedTerm           string
	// TaskID is a task; 0 is none, and a negative one cannot be found.
	TaskID int64
	// Assignee is whom what comes of it is for.
	Assignee assignee.Ref
	// Episode is the patient's episode that it is put into; 0 is that of its task or of what it follows, if any.
	Episode episode.ID
	// Follows is the message that it is sent again of; 0 is none.
	Follows ID
	// Carries is the link that goes with it, besides what the placeholders of the text ask for.
	Carries enclosure.Want
}

// Taken is a message that was taken.
type Taken struct {
	Message
	// Record is the entry that waits for approval, if there is one.
	Record record.Proposed
	// PageURL is where the patient reads it, for hero and encrypted messages.
	PageURL string
}

// check reads a request.
func (r Request) check(now time.Time, g practice.Group, plan enclosure.Plan) (Message, record.Concept, error) {
	var in input.Checks
	m := Message{Channel: r.Channel, Leg: 1, State: Queued, Purpose: r.Purpose, Encrypted: r.Encrypted,
		Patient: r.Patient}
	input.Choice(&in, "channel", r.Channel, carrier.Channels)
	m.Content = in.Lines("text", template.Wanted(r.Text, r.Plain), MaxText)
	if m.Content == "" {
		in.Wrong("text", input.CodeSmall, "text that is not empty", "This may not be empty.")
	}
	m.Content = plan.Sampled(m.Content)
	m.Subject = in.Text("subject", template.Wanted(r.Subject, r.Plain), MaxSubject)
	if m.Subject == "" {
		m.Subject = "A message from " + g.Name
	}
	m.Contact = Given(&in, "contact", r.Contact, r.Channel)
	if r.Fallback != "" {
		m.Fallback = input.Choice(&in, "fallback", r.Fallback, []carrier.Channel{carrier.SMS,
			carrier.Email})
		m.FallbackContact = Given(&in, "fallback_contact", r.FallbackContact, r.Fallback)
		m.UnreadMinutes = g.UnreadMinutes
		if r.Fallback == r.Channel {
			in.Wrong("fallback", input.CodeChoice, "another channel than the first",
				"A message cannot fall back to the same kind.")
		}
	} else if r.FallbackContact != "" {
		in.Wrong("fallback", input.CodeSmall, "sms or email", "A fallback contact needs a fallback kind.")
	}
	if r.Purpose == "" {
		m.Purpose = DirectCare
	} else {
		input.Choice(&in, "purpose", r.Purpose, []Purpose{DirectCare, Other})
	}
	if r.PastIsNow && !r.SendAt.After(now) {
		r.SendAt = time.Time{}
	}
	times(&in, &m, r.SendAt, r.SendBy, now)
	if r.SendAt.IsZero() && !r.Urgent {
		m.Wait(g, now)
	}
	Fits(&in, "text", m)
	concept := record.Concept{}
	if r.WriteToRecord {
		m.WriteToRecord = true
		concept = record.Choose(&in, r.SnomedCode, r.SnomedTerm, string(r.Channel))
	}
	return m, concept, in.Err()
}

// Wait puts a message off until the time of day at which the practice sends.
func (m *Message) Wait(g practice.Group, now time.Time) {
	next := g.NextSend(now)
	if m.Channel == carrier.Hero || !next.After(now) {
		return
	}
	late := m.SendBy.Sub(m.SendAt)
	m.State, m.SendAt, m.DueAt, m.SendBy = Scheduled, next, next, next.Add(late)
}

// times checks when a message is to go.
func times(in *input.Checks, m *Message, sendAt, sendBy, now time.Time) {
	m.SendAt = now
	if !sendAt.IsZero() {
		at := in.Within("send_at", sendAt, now.Add(-MaxLate), now.Add(maxAhead),
			"an instant within a year, such as 2026-03-15T09:30:00Z")
		if at.After(now) {
			m.SendAt, m.State = at, Scheduled
		}
	}
	m.SendBy = m.SendAt.Add(MaxLate)
	if !sendBy.IsZero() {
		m.SendBy = in.Within("send_by", sendBy, m.SendAt.Add(time.Microsecond), time.Time{},
			"an instant after the time to send it")
	}
	m.DueAt = m.SendAt
}

// Fits refuses a text that is too long for a channel it may go by, and counts the parts of a text message.
func Fits(in *input.Checks, field string, m Message) {
	if m.Encrypted {
		return // what is sent is only a notice
	}
	for _, channel := range []carrier.Channel{m.Channel, m.Fallback} {
		switch channel {
		case carrier.SMS:
			if template.CountParts(m.Content).Parts > template.MaxParts {
				in.Wrong(field, input.CodeBig, "at most 6 text messages: 918 plain characters, or 402 with others "+
					"among them", "This is too long for a text message.")
			}
		case carrier.NHSApp:
			if len([]rune(m.Content)) > maxNHSApp {
				in.Wrong(field, input.CodeBig, "at most 5000 characters", "This is too long for the NHS App.")
			}
		}
	}
}

// Count notes how many text messages the leg it is on takes.
func (m *Message) Count(text string, g practice.Group) {
	m.Parts, m.Encoding, m.Cost = 0, "", 0
	if m.LegChannel() == carrier.SMS {
		p := template.CountParts(text)
		m.Parts, m.Encoding, m.Cost = p.Parts, p.Encoding, p.Parts*g.SMSPrice
	}
}

// Draft is a message that was checked, and is not taken yet.
type Draft struct {
	m       Message
	group   practice.Group
	plan    enclosure.Plan
	concept record.Concept
	abroad  bool // text messages go to numbers of other countries
	now     time.Time
}

// Draft checks a message: everything that can be known to be wrong without a transaction. Errors: field faults,
// ErrNoCarrier, and those of enclosure.Service.Check.
func (s *Service) Draft(ctx context.Context, r Request) (Draft, error) {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{now: s.Now().Truncate(time.Microsecond)}
	if d.group, err = s.Store.Group(ctx, who.Group); err != nil {
		return d, err
	}
	if d.plan, err = s.Enclosures.Check(ctx, d.group, r.Carries, "text", r.Text); err != nil {
		return d, err
	}
	if d.m, d.concept, err = r.check(d.now, d.group, d.plan); err != nil {
		return d, err
	}
	if d.abroad, err = s.carried(ctx, who.Group, d.m); err != nil {
		return d, err
	}
	m := &d.m
	m.ID, m.SubmittedBy, m.KeyID, m.CreatedAt, m.UpdatedAt = ID(s.NewID()), who.Actor, who.Key, d.now, d.now
	if m.Channel == carrier.Hero || m.Encrypted {
		m.Link = seal.NewToken()
	}
	return d, nil
}

// Take takes a message that was checked, in a transaction. Errors: those of patient.Reachable, ErrNoContact, ErrAbroad,
// and those of the link it carries: see enclosure.Enclosed.
func (s *Service) Take(ctx context.Context, tx Taker, who access.Caller, d Draft) (Message, error) {
	taken := d.m
	if err := s.address(ctx, tx, who.Group, &taken, d.now); err != nil {
		return taken, err
	}
	if !d.abroad && (taken.Foreign(1) || taken.Foreign(2)) {
		return taken, ErrAbroad
	}
	if err := s.enclose(ctx, tx, who, d.plan, &taken); err != nil {
		return taken, err
	}
	return taken, s.take(ctx, tx, who, d.group, &taken, d.now)
}

// Send takes one message, to go now or later. Everything that can be known to
// be wrong is refused before anything is kept. Errors: those of Draft and Take,
// assignee.ErrNotFound, ErrNoTask, episode.ErrNotFound and episode.ErrOtherPatient.
func (s *Service) Send(ctx context.Context, r Request) (Taken, error) {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return Taken{}, err
	}
	d, err := s.Draft(ctx, r)
	if err != nil {
		return Taken{}, err
	}
	out := Taken{}
	if d.m.Link != "" {
		out.PageURL = s.pageURL(who.Group, d.m)
	}
	d.m.Assignee, d.m.TaskID = r.Assignee, r.TaskID
	err = s.Store.Do(ctx, func(tx Tx) error {
		if !d.m.Assignee.IsZero() {
			if err := assignee.Check(ctx, tx, who.Group, d.m.Assignee); err != nil {
				return err
			}
		}
		if err := tx.Attached(ctx, who.Group, d.m); err != nil {
			return err
		}
		taken, err := s.Take(ctx, tx, who, d)
		if err != nil {
			return err
		}
		if out.Record, err = s.propose(ctx, tx, who, r, d.concept, taken); err != nil {
			return err
		}
		out.Message = taken
		return s.gather(ctx, tx, who, r, taken, d.now)
	})
	return out, err
}

// propose proposes a message for the patient's record, where that was asked for.
func (s *Service) propose(
	ctx context.Context, tx Tx, who access.Caller, r Request, concept record.Concept, m Message,
) (record.Proposed, error) {
	if !m.WriteToRecord {
		return record.Proposed{}, nil
	}
	p, err := s.Records.Propose(ctx, tx, who, record.Proposal{
		Patient: m.Patient, Message: int64(m.ID), Code: concept.Code, Term: concept.Term, Content: m.Content,
		Channel: string(m.Channel), Auto: r.AutoWriteToRecord && who.May(access.WriteUnapproved),
	})
	if err == nil && p.Status == record.Approved && m.State == Delivered { // a page's message has no later moment
		err = tx.Enqueue(ctx, record.WriteJob(who.Group, p.ID))
	}
	return p, err
}

// enclose puts the address of the link into a message that carries one. One that is not to be sent needs none.
func (s *Service) enclose(
	ctx context.Context, tx enclosure.Within, who access.Caller, plan enclosure.Plan, m *Message,
) error {
	if plan.None() {
		return nil
	}
	if m.State == Suppressed {
		m.Content = plan.Unsent(m.Content)
		return nil
	}
	links, err := s.Enclosures.Enclose(ctx, tx, plan, []patient.ID{m.Patient}, m.SendAt, &who)
	if err != nil {
		return err
	}
	e := links[m.Patient]
	m.Carry(plan, e)
	return e.Err
}

// Carry puts a link into a message.
func (m *Message) Carry(plan enclosure.Plan, e enclosure.Enclosed) {
	m.Content, m.ShortLink, m.LinkVersion = plan.Final(m.Content, e.URL), e.Link, e.Version
}

// Carried makes sure that a carrier is set up for each channel of a message. Error: ErrNoCarrier.
func (s *Service) Carried(ctx context.Context, group practice.ID, m Message) error {
	_, err := s.carried(ctx, group, m)
	return err
}

// carried reports, besides, whether text messages go to other countries.
func (s *Service) carried(ctx context.Context, group practice.ID, m Message) (abroad bool, err error) {
	for _, channel := range []carrier.Channel{m.Channel, m.Fallback} {
		if channel == "" || channel == carrier.Hero {
			continue
		}
		carriers, err := s.Carriers(ctx, group, channel)
		if err != nil {
			return false, err
		}
		if len(carriers) == 0 {
			return false, ErrNoCarrier.Saying("No " + providers[channel] + " provider is set up for this practice group.")
		}
		abroad = abroad || channel == carrier.SMS && carrier.FirstAbroad(carriers) != nil
	}
	return abroad, nil
}

// providers are what delivers a channel's messages, as a sentence names them.
var providers = map[carrier.Channel]string{
	carrier.SMS: "text-message", carrier.Email: "e-mail", carrier.NHSApp: "NHS App",
}

// address finds who a message is to, and where it goes. One the patient does not want is taken, and not sent.
func (s *Service) address(ctx context.Context, tx Taker, group practice.ID, m *Message, now time.Time) error {
	id, err := tx.LockPatientAgainstMerge(ctx, group, m.Patient)
	if err != nil {
		return patient.Misnamed(err, "patient")
	}
	m.Patient = id
	if m.Contact != "" {
		m.ContactSource = FromRequest
	}
	if m.FallbackContact != "" {
		m.FallbackSource = FromRequest
	}
	p, err := tx.Addressee(ctx, group, id)
	if err != nil {
		return err
	}
	people, err := Addressees(ctx, tx, group, []Message{*m}, []patient.Patient{p})
	if err != nil {
		return err
	}
	first := m.Check(1, people[id])
	if first != nil && !Unwanted(first) {
		return first
	}
	if m.Fallback != "" {
		// Whether it is wanted there is judged when its turn comes.
		if err := m.Check(2, people[id]); err != nil && !Unwanted(err) {
			return err
		}
	}
	if first != nil {
		m.Suppress(first, now)
	}
	return nil
}

// take keeps a message that may be sent, and asks for it to be sent.
func (s *Service) take(ctx context.Context, tx Taker, who access.Caller, g practice.Group, m *Message,
	now time.Time) error {
	if m.Channel == carrier.Hero && m.State != Suppressed {
		m.State, m.DueAt, m.SentAt, m.DeliveredAt = Delivered, time.Time{}, now, now
	}
	if m.Channel == carrier.Hero && m.Fallback != "" && m.State == Delivered {
		m.DueAt = now.Add(time.Duration(m.UnreadMinutes) * time.Minute)
	}
	m.Count(s.Words(who.Group, *m, g.Name), g)
	if err := Keep(ctx, tx, who.Group, []Message{*m}, now); err != nil {
		return err
	}
	if !m.DueAt.IsZero() {
		if err := tx.Enqueue(ctx, DispatchJob(who.Group, 0, m.LegChannel(), m.DueAt, now)); err != nil {
			return err
		}
	}
	return tx.Audit(ctx, who.Audit(now, "message.send", "message", int64(m.ID), nil, *m))
}

// Keeper keeps new messages.
type Keeper interface {
	EventRecorder
	AddMessages(ctx context.Context, group practice.ID, m []Message) error
}

// EventRecorder records events of messages.
type EventRecorder interface {
	// RecordMessageEvent keeps an event of a message, numbered after the last.
	RecordMessageEvent(ctx context.Context, group practice.ID, id ID, e event.Event) error
}

// Keep keeps new messages, and tells of those that are at their end already.
func Keep(ctx context.Context, tx Keeper, group practice.ID, all []Message, now time.Time) error {
	err := tx.AddMessages(ctx, group, all)
	for _, m := range all {
		if err == nil && (m.State == Suppressed || m.State == Delivered) {
			err = tx.RecordMessageEvent(ctx, group, m.ID, StateEvent(group, m, "", now))
		}
	}
	return err
}

// Words is what is sent of a message by the leg it is on: the text, or for one that is encrypted only where to read it.
func (s *Service) Words(group practice.ID, m Message, practiceName string) string {
	if !m.Encrypted {
		return m.Content
	}
	return "You have a message from " + template.Composed(practiceName) + ". To read it, open " + s.pageURL(group, m) +
		" and give your date of birth."
}

// fact is the data of a message's event.
type fact struct {
	MessageID string          `json:"message_id"`
	PatientID string          `json:"patient_id"`
	BatchID   string          `json:"batch_id,omitempty"`
	Channel   carrier.Channel `json:"channel"`
	State     State           `json:"state"`
	Previous  State           `json:"previous,omitempty"`
	At        time.Time       `json:"at"`
	Code      string          `json:"code,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}

// StateEvent is the event of a message's new state.
func StateEvent(group practice.ID, m Message, was State, now time.Time) event.Event {
	f := fact{
		MessageID: m.ID.String(), PatientID: m.Patient.String(), Channel: m.LegChannel(), State: m.State, Previous: was,
		At:   now.UTC(),
		Code: m.Code, Reason: m.Reason,
	}
	if m.Batch != 0 {
		f.BatchID = m.Batch.String()
	}
	return event.Event{Group: int64(group), Type: event.Type("message." + m.State), Subject: int64(m.ID), At: now,
		Data: audit.Snapshot(f)}
}

// DispatchKind is the kind of the job that hands over what is due, and Queue the queue it waits in.
const (
	DispatchKind = "message.dispatch"
	Queue        = "send"
)

// DispatchArgs is what the job needs to know.
type DispatchArgs struct {
	Batch   BatchID         `json:"batch"`
	Channel carrier.Channel `json:"channel"`
}

// DispatchJob is the job that hands over what is due of a batch, or of the messages in none, by one channel. There is
// one for now, and one for each minute to come.
func DispatchJob(group practice.ID, batch BatchID, channel carrier.Channel, at, now time.Time) job.Job {
	key := string(channel) + " " + batch.String()
	if at.After(now) {
		key += " " + at.UTC().Truncate(time.Minute).Format(time.RFC3339)
	} else {
		at = time.Time{}
	}
	return job.Job{Group: int64(group), Kind: DispatchKind, Queue: Queue, Key: key, RunAt: at,
		Args: job.Args(DispatchArgs{batch, channel})}
}
