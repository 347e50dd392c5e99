package batch

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/template"
)

// RecipientStatus is how far a recipient has come, spelt as the contract spells it.
type RecipientStatus string

// The states of a recipient.
const (
	RecipientCreated  RecipientStatus = "CREATED"
	RecipientTracing  RecipientStatus = "TRACING" // the national service is asked; callers see CREATED
	RecipientEnriched RecipientStatus = "ENRICHED"
	RecipientError    RecipientStatus = "ENRICHMENT_ERROR"
	// RecipientDuplicate is a patient the batch has already, who is sent it once; callers see ENRICHMENT_ERROR.
	RecipientDuplicate RecipientStatus = "DUPLICATE"
	RecipientInvalid   RecipientStatus = "INVALID_PAYLOAD"
	RecipientQueued    RecipientStatus = "QUEUED"
	RecipientCancelled RecipientStatus = "CANCELLED"
)

// RecipientStatuses are the states callers may ask for.
var RecipientStatuses = []RecipientStatus{RecipientCreated, RecipientError, RecipientEnriched, RecipientInvalid,
	RecipientQueued, RecipientCancelled}

// NewRecipient names a person a batch is for, as the caller wrote it: by NHS
// number and date of birth, or else by the id of a patient of the group.
type NewRecipient struct{ NHSNumber, BirthDate, Patient string }

// Recipient is a person a batch is for.
type Recipient struct {
	Ordinal   int
	NHSNumber string
	BirthDate input.Date
	// Given is what the caller wrote, where it cannot be used.
	Given  NewRecipient
	Status RecipientStatus
	// Reason is why nothing will be sent, as a stable word.
	Reason string
	// Named is the patient as the caller named them, who may not exist; Patient is who they are.
	Named   patient.ID
	Patient patient.ID
	Message messaging.ID
	// Name, State, Code and Sent are of the patient and of the message, in a list that asks for them.
	Name  string
	State messaging.State
	Code  string
	Sent  time.Time
}

// RecipientQuery is a page of recipients, by ordinal.
type RecipientQuery struct {
	Status RecipientStatus // empty is all
	After  int             // ordinals above this; -1 is from the first
	Offset int
	Limit  int
	Whole  bool // with name and message
}

// recipient reads how a person was named. Only a sandbox has patients with test numbers.
func (n NewRecipient) recipient(ordinal int, today input.Date, sandbox bool) Recipient {
	r := Recipient{Ordinal: ordinal, Status: RecipientCreated, BirthDate: input.NoDate}
	wrong := func(reason string) Recipient {
		given := NewRecipient{template.Clean(n.NHSNumber, maxGiven), template.Clean(n.BirthDate, maxGiven),
			template.Clean(n.Patient, maxGiven)}
		return Recipient{Ordinal: ordinal, Status: RecipientInvalid, Reason: reason, BirthDate: input.NoDate,
			Given: given}
	}
	if n.NHSNumber == "" && n.Patient != "" {
		id, ok := input.Digits(n.Patient)
		if r.Named = patient.ID(id); !ok || id == 0 {
			return wrong("invalid_patient")
		}
		return r
	}
	var in input.Checks
	number, ok := input.ParseNHSNumber(n.NHSNumber)
	if r.NHSNumber = number; !ok || patient.TestNumber(number) && !sandbox {
		return wrong("invalid_nhs_number")
	}
	r.BirthDate = patient.BirthDate(&in, "birth_date", patient.ReadBirthDate(n.BirthDate), today)
	if in.Err() != nil {
		return wrong("invalid_birth_date")
	}
	return r
}

// maxGiven is how many characters are kept of what cannot be used.
const maxGiven = 100

// Row is which of the recipients it was, counted from 1.
func (r Recipient) Row() int { return r.Ordinal + 1 }

// repeat marks a recipient whom the batch has already.
func (r *Recipient) repeat() { r.Status, r.Reason = RecipientDuplicate, "duplicate_recipient" }

const (
	chunk = 500
	// queueChunk is how many messages are queued in one transaction: so few that those queued before are handed over
	// meanwhile, even where one transaction waits for another.
	queueChunk = 125
	traceChunk = 20
	jobFor     = 3 * time.Minute
)

// Run is the job of a batch: it looks recipients up, queues messages once
// the batch has been told to send, and calls them back when it was cancelled.
func (s *Service) Run(ctx context.Context, j job.Job) error {
	var n int64
	if err := j.Read(&n); err != nil {
		return err
	}
	return s.alone.Once(ctx, j, s.again, func() error { return s.run(ctx, practice.ID(j.Group), messaging.BatchID(n)) })
}

// again asks for another run of the job.
func (s *Service) again(ctx context.Context, j job.Job) error {
	return s.Store.Do(ctx, func(tx Tx) error { return tx.Enqueue(ctx, j) })
}

func (s *Service) run(ctx context.Context, group practice.ID, id messaging.BatchID) error {
	until := s.Now().Add(jobFor)
	for ctx.Err() == nil && s.Now().Before(until) {
		b, err := s.Store.Batch(ctx, group, id)
		if err != nil {
			return err
		}
		worked, err := s.advance(ctx, group, b)
		if err != nil {
			return err
		}
		if !worked {
			return s.Complete(ctx, group, id)
		}
	}
	return s.Store.Do(context.WithoutCancel(ctx), func(tx Tx) error { return tx.Enqueue(ctx, Job(group, id)) })
}

// advance does the next piece of a batch's work, and reports whether there was any.
func (s *Service) advance(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	if !b.CancelledAt.IsZero() {
		return s.callBack(ctx, group, b)
	}
	worked, err := s.lookUp(ctx, group, b)
	if err != nil || worked {
		return worked, err
	}
	if !b.AskedAt.IsZero() && !b.Paused {
		if worked, err = s.queue(ctx, group, b); err != nil || worked {
			return worked, err
		}
	}
	return s.trace(ctx, group, b)
}

// lookUp finds recipients among the group's own patients.
func (s *Service) lookUp(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	found, err := s.Store.Named(ctx, group, b.ID, chunk)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, s.Store.Do(ctx, func(tx Tx) error {
		recipients := make([]Recipient, len(found))
		seen := map[patient.ID]bool{}
		for i, e := range found {
			r := &recipients[i]
			*r = e.Recipient
			p, already := e.Person.Patient, e.Already
			if p.ID != 0 && !p.Live() {
				if p, already, err = merged(ctx, tx, group, b.ID, p.ID); err != nil {
					return err
				}
			}
			switch {
			case p.ID == 0 && r.Named != 0:
				r.Status, r.Reason = RecipientError, patient.ErrNotFound.Code
			case p.ID == 0:
				r.Status = RecipientTracing
			case r.Named == 0 && p.BirthDate != r.BirthDate:
				r.Status, r.Reason = RecipientError, "details_differ"
			default:
				r.enrich(p, already || seen[p.ID])
				seen[p.ID] = seen[p.ID] || r.Status == RecipientEnriched
			}
		}
		return tx.SaveRecipients(ctx, group, b.ID, RecipientCreated, recipients)
	})
}

// merged finds the patient that a patient was merged into, and whether the batch has them already;
// the zero Patient, when that record was deleted.
func merged(
	ctx context.Context, tx Tx, group practice.ID, b messaging.BatchID, id patient.ID,
) (patient.Patient, bool, error) {
	p, err := patient.Current(ctx, tx, group, id)
	if errors.Is(err, patient.ErrNotFound) {
		return patient.Patient{}, false, nil
	}
	if err != nil {
		return p, false, err
	}
	already, err := tx.Enrolled(ctx, group, b, p.ID)
	return p, already, err
}

// enrich notes who a recipient is, unless they may not be written to, or the batch has them already.
func (r *Recipient) enrich(p patient.Patient, already bool) {
	r.Patient, r.Status = p.ID, RecipientEnriched
	if err := p.Reachable(); err != nil {
		r.Status, r.Reason = RecipientError, fault.Of(err).Code
	} else if already {
		r.repeat()
	}
}

// trace asks the national service for a few recipients who are no patients yet.
func (s *Service) trace(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	found, err := s.Store.Recipients(ctx, group, b.ID,
		RecipientQuery{Status: RecipientTracing, After: -1, Limit: traceChunk})
	if err != nil || len(found) == 0 {
		return false, err
	}
	ctx = demographics.Background(access.With(ctx, access.System(group)))
	for i := range found {
		r := &found[i]
		got, err := s.Patients.Register(ctx, demographics.Registration{NHSNumber: &r.NHSNumber, BirthDate: &r.BirthDate})
		switch {
		case err != nil && fault.Later(err):
			return false, err // the job is tried again, and goes on from here
		case err != nil:
			r.Status, r.Reason = RecipientError, fault.Of(err).Code
		case got.ID == 0:
			r.Status, r.Reason = RecipientError, "details_differ"
		default:
			r.Patient = got.ID
		}
	}
	return true, s.Store.Do(ctx, func(tx Tx) error {
		seen, traced := map[patient.ID]bool{}, slices.Clone(found)
		for i := range traced {
			r := &traced[i]
			if r.Status != RecipientTracing {
				continue
			}
			p, err := tx.Patient(ctx, group, r.Patient)
			if err != nil {
				return err
			}
			already, err := tx.Enrolled(ctx, group, b.ID, p.ID)
			if err != nil {
				return err
			}
			r.enrich(p, already || seen[p.ID])
			seen[p.ID] = true
		}
		return tx.SaveRecipients(ctx, group, b.ID, RecipientTracing, traced)
	})
}

// Enlisted is a recipient with the patient they are.
type Enlisted struct {
	Recipient
	Person messaging.Addressee // no patient when ID is 0
	// Already is set when the batch has the patient besides: of a recipient who is
	// not looked up yet, as another one; of one who is, with a message.
	Already bool
}

// terms are what all messages of a batch that are made together have in common.
type terms struct {
	group  practice.Group
	plan   enclosure.Plan
	abroad bool // text messages go to numbers of other countries
	now    time.Time
}

func (s *Service) terms(ctx context.Context, group practice.ID, b Batch) (t terms, err error) {
	t.now = s.Now().Truncate(time.Microsecond)
	if t.group, err = s.Store.Group(ctx, group); err != nil {
		return t, err
	}
	if t.plan, err = s.plan(t.group, b); err != nil {
		return t, err
	}
	t.abroad, err = s.abroad(ctx, group, b)
	return t, err
}

// queue makes messages for recipients who are known, and asks for them to be sent.
func (s *Service) queue(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	t, err := s.terms(ctx, group, b)
	if err != nil {
		return false, err
	}
	worked := false
	err = s.Store.Do(ctx, func(tx Tx) error {
		// It may have been paused or cancelled this moment.
		locked, err := tx.LockBatch(ctx, group, b.ID)
		if worked = false; err != nil || locked.Paused || !locked.CancelledAt.IsZero() {
			return err
		}
		found, err := tx.Enlisted(ctx, group, b.ID, RecipientEnriched, b.Channel, -1, queueChunk, true)
		if err != nil || len(found) == 0 {
			return err
		}
		worked = true
		drafts, recipients := make([]outgoing, 0, len(found)), make([]Recipient, len(found))
		seen := map[patient.ID]bool{}
		for i := range found {
			e := &found[i]
			if !e.Person.Live() {
				if err := s.follow(ctx, tx, group, b.ID, e); err != nil {
					return err
				}
			}
			e.Already = e.Already || seen[e.Person.ID]
			m := s.draft(t, locked, e)
			if e.Status == RecipientQueued {
				drafts = append(drafts, outgoing{m, e})
				seen[e.Person.ID] = true
			}
		}
		messages, err := s.enclose(ctx, tx, t, drafts)
		if err != nil {
			return err
		}
		for i := range found {
			recipients[i] = found[i].Recipient
		}
		if err := messaging.Keep(ctx, tx, group, messages, t.now); err != nil {
			return err
		}
		if err := tx.SaveRecipients(ctx, group, b.ID, RecipientEnriched, recipients); err != nil {
			return err
		}
		if locked.Status == Pending {
			locked.Status, locked.UpdatedAt = Sending, t.now
			if err := tx.SaveBatch(ctx, group, locked); err != nil {
				return err
			}
		}
		return tx.Enqueue(ctx, messaging.DispatchJob(group, b.ID, b.Channel, t.now, t.now))
	})
	return worked, err
}

// follow puts in who a recipient's patient has become since they were looked up.
func (s *Service) follow(ctx context.Context, tx Tx, group practice.ID, b messaging.BatchID, e *Enlisted) error {
	p, err := patient.Current(ctx, tx, group, e.Person.ID)
	if errors.Is(err, patient.ErrNotFound) {
		return nil // a deleted patient is not written to
	}
	if err != nil {
		return err
	}
	e.Person.Patient = p
	e.Already, err = tx.Messaged(ctx, group, b, p.ID)
	return err
}

// draft is the message of a batch to one recipient; a recipient who cannot be reached is marked so.
func (s *Service) draft(t terms, b Batch, e *Enlisted) messaging.Message {
	p, g, now := e.Person.Patient, t.group, t.now
	if e.Patient = p.ID; e.Already && e.Status == RecipientEnriched {
		e.repeat()
		return messaging.Message{}
	}
	m := messaging.Message{
		ID: messaging.ID(s.NewID()), Patient: p.ID, Batch: b.ID, Channel: b.Channel, Leg: 1, State: messaging.Queued,
		Purpose: b.Purpose, DueAt: now,
		Subject:     template.Fill(b.Subject, p, g),
		Content:     t.plan.Sampled(template.Composed(template.Fill(b.Content, p, g))),
		SendAt:      now,
		SendBy:      now.Add(late),
		SubmittedBy: b.SubmittedBy, KeyID: b.KeyID, CreatedAt: now, UpdatedAt: now,
	}
	held := m.Check(1, e.Person)
	if held == nil && !t.abroad && m.Foreign(1) {
		held = messaging.ErrAbroad
	}
	if held != nil && !messaging.Unwanted(held) {
		e.fail(held)
		return messaging.Message{}
	}
	e.Status, e.Reason, e.Message = RecipientQueued, "", m.ID
	m.Count(m.Content, g)
	m.Wait(g, now)
	var in input.Checks
	messaging.Fits(&in, "content", m)
	switch {
	case held != nil:
		m.Suppress(held, now)
	case in.Err() != nil:
		m.State, m.DueAt, m.EndedAt, m.Code, m.Reason = messaging.Failed, time.Time{}, now, "too_long",
			"With this patient's details the message is too long."
	}
	return m
}

// abroad reports whether a batch goes to numbers of other countries, too.
func (s *Service) abroad(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	if b.Channel != carrier.SMS {
		return false, nil
	}
	return s.Messages.Abroad(ctx, group)
}

// late is how long after it was queued a message of a batch may still go:
// a large batch takes its time, and may be paused overnight.
const late = 24 * time.Hour

// callBack cancels what of a batch has not gone.
func (s *Service) callBack(ctx context.Context, group practice.ID, b Batch) (bool, error) {
	now := s.Now().Truncate(time.Microsecond)
	for _, status := range []RecipientStatus{RecipientCreated, RecipientTracing, RecipientEnriched} {
		found, err := s.Store.Recipients(ctx, group, b.ID, RecipientQuery{Status: status, After: -1, Limit: 4 * chunk})
		if err != nil {
			return false, err
		}
		if len(found) == 0 {
			continue
		}
		for i := range found {
			found[i].Status = RecipientCancelled
		}
		return true, s.Store.Do(ctx, func(tx Tx) error { return tx.SaveRecipients(ctx, group, b.ID, status, found) })
	}
	cancelled := 0
	err := s.Store.Do(ctx, func(tx Tx) (err error) {
		cancelled, err = tx.CancelWaiting(ctx, group, b.ID, now, 4*chunk)
		return err
	})
	return cancelled > 0, err
}
