// Package batch sends one text to many patients: who it is for, when it goes,
// and its results. Each of them gets a message of core/messaging.
//
//	batch.go      a batch: made, listed, told to go or stop
//	recipients.go who it is for: taken in, looked up, queued
//	carry.go      the links that go to each of them
//	results.go    the outcome for each, and what sending would do
//	port.go       what it needs remembered
package batch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/template"
	"frontdesk/core/write"
)

// Status is how far a batch has come, spelt as the contract spells it.
type Status string

// The states of a batch.
const (
	Loading   Status = "loading" // its recipients are still coming in
	Created   Status = "CREATED"
	Pending   Status = "PENDING" // told to send; its recipients are looked up
	Sending   Status = "SENDING"
	Completed Status = "COMPLETED"
)

// Statuses are the states callers see.
var Statuses = []Status{Created, Pending, Sending, Completed}

// Batch is one text for many patients.
type Batch struct {
	ID      messaging.BatchID `json:"id"`
	Name    string            `json:"name"`
	Channel carrier.Channel   `json:"channel"`
	Subject string            `json:"-"`
	Content string            `json:"-"`
	Purpose messaging.Purpose `json:"purpose"`
	// Carries is the link that goes to each recipient, as it is kept: see enclosure.Want.
	Carries string `json:"carries,omitempty"`
	Status  Status `json:"status"`
	// Paused stops it for a while; CancelledAt for good.
	Paused      bool         `json:"paused"`
	AskedAt     time.Time    `json:"asked_at,omitzero"`
	CancelledAt time.Time    `json:"cancelled_at,omitzero"`
	CompletedAt time.Time    `json:"completed_at,omitzero"`
	SubmittedBy string       `json:"submitted_by"`
	KeyID       access.KeyID `json:"-"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

// Query is one page of batches. Recipients narrows it to those that have a recipient in that state.
type Query struct {
	Recipients    RecipientStatus
	Offset, Limit int
}

// The faults of batches.
var (
	ErrNotFound  = fault.New(fault.NotFound, "batch_not_found", "This practice group has no such batch.")
	ErrCancelled = fault.New(fault.Conflict, "batch_cancelled", "This batch has been cancelled.")
	ErrDone      = fault.New(fault.Conflict, "batch_completed", "This batch is done.")
)

// New is what a batch should be.
type New struct {
	Name    string
	Channel carrier.Channel
	Subject string
	Content string
	Purpose messaging.Purpose
	// Plain puts plain characters for those that only look different.
	Plain bool
	// Carries is the link that goes to each recipient, besides what the placeholders of the content ask for.
	Carries enclosure.Want
}

func (n New) check() (Batch, error) {
	var in input.Checks
	b := Batch{Channel: n.Channel, Purpose: n.Purpose, Status: Loading}
	b.Name = in.Required("name", n.Name, 200)
	input.Choice(&in, "channel", n.Channel, []carrier.Channel{carrier.SMS, carrier.Email, carrier.NHSApp})
	b.Subject = in.Text("subject", template.Wanted(n.Subject, n.Plain), messaging.MaxSubject)
	if b.Subject == "" && n.Channel == carrier.Email {
		in.Wrong("subject", input.CodeSmall, "text that is not empty", "An e-mail needs a subject.")
	}
	b.Content = in.Lines("content", template.Wanted(n.Content, n.Plain), messaging.MaxText)
	if b.Content == "" {
		in.Wrong("content", input.CodeSmall, "text that is not empty", "This may not be empty.")
	}
	template.Check(&in, "content", b.Content, enclosure.Placeholders...)
	template.Check(&in, "subject", b.Subject)
	if b.Purpose == "" {
		b.Purpose = messaging.DirectCare
	} else {
		input.Choice(&in, "purpose", b.Purpose, []messaging.Purpose{messaging.DirectCare, messaging.Other})
	}
	return b, in.Err()
}

// MaxRecipients is the most a batch may have.
const MaxRecipients = 1_000_000

// loadChunk is how many recipients are kept in one transaction.
const loadChunk = 2000

// Load takes a batch's recipients in as they come. The batch cannot be seen before
// Finish; what is loaded and never finished is cleared away.
type Load struct {
	service *Service
	who     access.Caller
	batch   Batch
	count   int
}

// Check refuses what a batch cannot be. Errors: field faults, ErrNoCarrier, and those of enclosure.Service.Check.
func (s *Service) Check(ctx context.Context, n New) error {
	_, err := s.check(ctx, n)
	return err
}

func (s *Service) check(ctx context.Context, n New) (Batch, error) {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return Batch{}, err
	}
	b, err := n.check()
	if err != nil {
		return b, err
	}
	if err := s.carry(ctx, who.Group, &b, n.Carries); err != nil {
		return b, err
	}
	return b, s.Messages.Carried(ctx, who.Group, messaging.Message{Channel: b.Channel})
}

// Load takes the recipients of a batch in, whatever their number. Those
// that make no sense are kept as such, with the reason.
func (s *Service) Load(ctx context.Context, recipients iter.Seq2[NewRecipient, error]) (*Load, error) {
	who, err := access.Require(ctx, access.SendMessages)
	if err != nil {
		return nil, err
	}
	now := s.Now().Truncate(time.Microsecond)
	b := Batch{ID: messaging.BatchID(s.NewID()), Status: Loading, SubmittedBy: who.Actor, KeyID: who.Key, CreatedAt: now,
		UpdatedAt: now}
	l := &Load{service: s, who: who, batch: b}
	if err := s.Store.Do(ctx, func(tx Tx) error { return tx.AddBatch(ctx, who.Group, b) }); err != nil {
		return nil, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, err
	}
	if err := l.take(ctx, recipients, input.DateOf(now.UTC()), g.Sandbox); err != nil {
		return nil, errors.Join(err, l.Drop(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *Load) take(
	ctx context.Context, recipients iter.Seq2[NewRecipient, error], today input.Date, sandbox bool,
) error {
	chunk := make([]Recipient, 0, loadChunk)
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		err := l.service.Store.Do(ctx, func(tx Tx) error { return tx.AddRecipients(ctx, l.who.Group, l.batch.ID, chunk) })
		chunk = chunk[:0]
		return err
	}
	for n, err := range recipients {
		if err != nil {
			return err
		}
		if l.count == MaxRecipients {
			return fault.Wrong("recipients", input.CodeBig, fmt.Sprintf("at most %d recipients", MaxRecipients),
				"These are too many recipients for one batch.")
		}
		chunk = append(chunk, n.recipient(l.count, today, sandbox))
		if l.count++; len(chunk) == loadChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if l.count == 0 {
		return fault.Wrong("recipients", input.CodeSmall, "at least one recipient", "A batch needs at least one recipient.")
	}
	return flush()
}

// Finish says what the batch is, makes it one that callers see, and begins to
// look its recipients up. Errors: those of Check.
func (l *Load) Finish(ctx context.Context, n New) (Batch, error) {
	b, err := l.service.check(ctx, n)
	if err != nil {
		return Batch{}, err
	}
	b.ID, b.SubmittedBy, b.KeyID, b.CreatedAt, b.UpdatedAt = l.batch.ID, l.batch.SubmittedBy, l.batch.KeyID,
		l.batch.CreatedAt, l.batch.UpdatedAt
	b.Status = Created
	err = l.service.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveBatch(ctx, l.who.Group, b); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, Job(l.who.Group, b.ID)); err != nil {
			return err
		}
		return tx.Audit(ctx, l.who.Audit(b.CreatedAt, "batch.create", "batch", int64(b.ID), nil, b))
	})
	return b, err
}

// Drop clears away what was loaded.
func (l *Load) Drop(ctx context.Context) error {
	return l.service.Store.Do(ctx, func(tx Tx) error { return tx.DropBatch(ctx, l.who.Group, l.batch.ID) })
}

// loadLife is how long a batch may take to come in.
const loadLife = time.Hour

// Forget clears away batches whose recipients came in only in part.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	stale, err := s.Backlog.StaleLoads(ctx, who.Group, s.Now().Add(-loadLife))
	if err != nil {
		return err
	}
	for _, id := range stale {
		if err := s.Store.Do(ctx, func(tx Tx) error { return tx.DropBatch(ctx, who.Group, id) }); err != nil {
			return err
		}
	}
	return nil
}

// Kind is the kind of the job that looks recipients up and queues their messages.
const Kind = "message.batch"

// Job is the job of one batch.
func Job(group practice.ID, id messaging.BatchID) job.Job {
	return job.Job{Group: int64(group), Kind: Kind, Queue: messaging.Queue, Key: id.String(), Args: job.Args(int64(id))}
}

// Batches lists batches, newest first, and how many there are.
func (s *Service) Batches(ctx context.Context, status RecipientStatus, pageIndex, pageSize int) ([]Batch, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	return s.Store.Batches(ctx, who.Group, Query{Recipients: status, Offset: pageIndex * pageSize, Limit: pageSize})
}

// Batch finds one batch, with its results so far. Error: ErrNotFound.
func (s *Service) Batch(ctx context.Context, id messaging.BatchID) (Batch, Totals, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return Batch{}, Totals{}, err
	}
	b, err := s.Store.Batch(ctx, who.Group, id)
	if err == nil && b.Status == Loading {
		err = ErrNotFound
	}
	if err != nil {
		return Batch{}, Totals{}, err
	}
	t, err := totals(ctx, s.Store, who.Group, id)
	return b, t, err
}

// Totals counts a batch's recipients by their status: Created is the sum of all the others.
type Totals struct {
	Created    int `json:"created"`
	Sent       int `json:"sent"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Expired    int `json:"expired"`
	Suppressed int `json:"suppressed"`
	Waiting    int `json:"waiting"`
	Unknown    int `json:"unknown"`
	// Duplicate is how many name a patient the batch has already.
	Duplicate int `json:"duplicate"`
}

// totals counts rows, never counters.
func totals(ctx context.Context, r counter, group practice.ID, id messaging.BatchID) (Totals, error) {
	var t Totals
	recipients, messages, err := r.CountBatch(ctx, group, id)
	if err != nil {
		return t, err
	}
	for status, n := range recipients {
		t.Created += n
		switch status {
		case RecipientCreated, RecipientTracing, RecipientEnriched:
			t.Waiting += n
		case RecipientError, RecipientInvalid:
			t.Failed += n
		case RecipientDuplicate:
			t.Duplicate += n
		case RecipientCancelled:
			t.Cancelled += n
		}
	}
	ends := map[messaging.State]*int{
		messaging.Sent: &t.Sent, messaging.Delivered: &t.Sent, messaging.Read: &t.Sent, messaging.Failed: &t.Failed,
		messaging.Cancelled: &t.Cancelled, messaging.Expired: &t.Expired, messaging.Suppressed: &t.Suppressed,
		messaging.Unknown: &t.Unknown,
	}
	for state, n := range messages {
		to := ends[state]
		if to == nil {
			to = &t.Waiting
		}
		*to += n
	}
	return t, nil
}

var batches = write.Kind[Tx, messaging.BatchID, Batch]{Needs: access.SendMessages, Lock: Tx.LockBatch,
	Save: Tx.SaveBatch}

// change locks a batch, changes it, and lets its job see to what follows.
func (s *Service) change(
	ctx context.Context, id messaging.BatchID, action string, change func(b *Batch, now time.Time) error,
) (Batch, Totals, error) {
	if _, err := batches.Change(ctx, s.Now, s.Store.Do, action, id, func(e write.Edit[Tx], b *Batch) error {
		if b.Status == Loading {
			return ErrNotFound
		}
		before := *b
		if err := change(b, e.Now); err != nil {
			return err
		}
		if *b == before {
			return write.ErrSame
		}
		b.UpdatedAt = e.Now
		return e.Tx.Enqueue(ctx, Job(e.Group(), id))
	}); err != nil {
		return Batch{}, Totals{}, err
	}
	return s.Batch(ctx, id)
}

// Send lets a batch go. Letting it go twice is once. Errors: ErrNotFound, ErrCancelled.
func (s *Service) Send(ctx context.Context, id messaging.BatchID) (Batch, Totals, error) {
	return s.change(ctx, id, "batch.send", func(b *Batch, now time.Time) error {
		if !b.CancelledAt.IsZero() {
			return ErrCancelled
		}
		if b.AskedAt.IsZero() {
			b.AskedAt, b.Status = now, Pending
		}
		return nil
	})
}

// Pause stops a batch for a while; Resume lets it go on. Errors: ErrNotFound, ErrCancelled, ErrDone.
func (s *Service) Pause(ctx context.Context, id messaging.BatchID, paused bool) (Batch, Totals, error) {
	action := "batch.resume"
	if paused {
		action = "batch.pause"
	}
	return s.change(ctx, id, action, func(b *Batch, _ time.Time) error {
		switch {
		case b.Paused == paused:
		case !b.CancelledAt.IsZero():
			return ErrCancelled
		case b.Status == Completed:
			return ErrDone
		}
		b.Paused = paused
		return nil
	})
}

// Cancel calls back everything of a batch that has not gone yet.
// Cancelling twice is cancelling once. Errors: ErrNotFound, ErrDone.
func (s *Service) Cancel(ctx context.Context, id messaging.BatchID) (Batch, Totals, error) {
	return s.change(ctx, id, "batch.cancel", func(b *Batch, now time.Time) error {
		switch {
		case !b.CancelledAt.IsZero():
		case b.Status == Completed:
			return ErrDone
		default:
			b.CancelledAt = now
		}
		return nil
	})
}

// Complete ends a batch of which nothing waits any more.
func (s *Service) Complete(ctx context.Context, group practice.ID, id messaging.BatchID) error {
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		b, err := tx.LockBatch(ctx, group, id)
		if err != nil || b.Status == Completed || b.Status == Loading || b.AskedAt.IsZero() && b.CancelledAt.IsZero() {
			return err
		}
		t, err := totals(ctx, tx, group, id)
		if err != nil || t.Waiting > 0 {
			return err
		}
		before := b
		b.Status, b.CompletedAt, b.UpdatedAt = Completed, now, now
		if err := tx.SaveBatch(ctx, group, b); err != nil {
			return err
		}
		data := struct {
			BatchID string `json:"batch_id"`
			State   Status `json:"state"`
			Totals  Totals `json:"totals"`
		}{id.String(), b.Status, t}
		err = tx.RecordBatchEvent(ctx, group, id,
			event.Event{Group: int64(group), Type: event.BatchCompleted, Subject: int64(id), At: now,
				Data: audit.Snapshot(data)})
		if err != nil {
			return err
		}
		return tx.Audit(ctx, access.System(group).Audit(now, "batch.complete", "batch", int64(id), before, b))
	})
}
