package batch

import (
	"context"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/event"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Store is what batches need remembered.
type Store interface {
	counter
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Batch finds a batch, or returns ErrNotFound.
	Batch(ctx context.Context, group practice.ID, id messaging.BatchID) (Batch, error)
	Batches(ctx context.Context, group practice.ID, q Query) ([]Batch, int, error)
	// Recipients lists a batch's recipients from an ordinal on.
	Recipients(ctx context.Context, group practice.ID, id messaging.BatchID, q RecipientQuery) ([]Recipient, error)
	// Named lists recipients not looked up yet, with the patient they name.
	Named(ctx context.Context, group practice.ID, id messaging.BatchID, limit int) ([]Enlisted, error)
	enlisted
	// CountReasons counts recipients nothing will be sent to, by why.
	CountReasons(ctx context.Context, group practice.ID, id messaging.BatchID) (map[string]int, error)
	CountRecipients(ctx context.Context, group practice.ID, id messaging.BatchID) (map[RecipientStatus]int, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

type counter interface {
	// CountBatch counts a batch's recipients and its messages, at one moment.
	CountBatch(ctx context.Context, group practice.ID, id messaging.BatchID) (map[RecipientStatus]int,
		map[messaging.State]int, error)
}

type enlisted interface {
	// Enlisted lists recipients in a state, from an ordinal on, with the patient they are. With hold, none of those
	// is merged into another patient before the end of the transaction.
	Enlisted(ctx context.Context, group practice.ID, id messaging.BatchID, status RecipientStatus,
		channel carrier.Channel, after, limit int, hold bool) ([]Enlisted, error)
}

// Backlog finds what was left undone.
type Backlog interface {
	// DueBatches lists batches that have something to do.
	DueBatches(ctx context.Context, group practice.ID) ([]messaging.BatchID, error)
	// StaleLoads lists batches that were begun before a time and never finished.
	StaleLoads(ctx context.Context, group practice.ID, before time.Time) ([]messaging.BatchID, error)
	// SendingPaused reports whether an operator has stopped all sending.
	SendingPaused(ctx context.Context) (bool, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	counter
	enlisted
	messaging.Keeper
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	AddBatch(ctx context.Context, group practice.ID, b Batch) error
	// LockBatch keeps others from changing the batch, and reads it.
	LockBatch(ctx context.Context, group practice.ID, id messaging.BatchID) (Batch, error)
	SaveBatch(ctx context.Context, group practice.ID, b Batch) error
	AddRecipients(ctx context.Context, group practice.ID, id messaging.BatchID, r []Recipient) error
	// SaveRecipients keeps changed recipients, but for those who are no longer in the state they were read in:
	// another job works on the batch too.
	SaveRecipients(ctx context.Context, group practice.ID, id messaging.BatchID, was RecipientStatus,
		r []Recipient) error
	// CancelWaiting calls back up to limit waiting messages of a batch.
	CancelWaiting(ctx context.Context, group practice.ID, id messaging.BatchID, at time.Time, limit int) (int, error)
	// Enrolled reports whether a batch has a patient as one who is known or queued, and Messaged whether it has a
	// message for them.
	Enrolled(ctx context.Context, group practice.ID, id messaging.BatchID, of patient.ID) (bool, error)
	Messaged(ctx context.Context, group practice.ID, id messaging.BatchID, of patient.ID) (bool, error)
	RecordBatchEvent(ctx context.Context, group practice.ID, id messaging.BatchID, e event.Event) error
	DropBatch(ctx context.Context, group practice.ID, id messaging.BatchID) error

	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Registrar finds and keeps a patient the national service knows.
type Registrar interface {
	Register(ctx context.Context, r demographics.Registration) (demographics.Registered, error)
}

// Service is the capability of batches.
type Service struct {
	Store    Store
	Backlog  Backlog
	Messages *messaging.Service
	Patients Registrar
	Now      func() time.Time
	NewID    func() int64

	alone job.Alone
}

// Recover asks again for the work on every batch that has something to do: after
// a restart, or when sending goes on after a pause.
func (s *Service) Recover(ctx context.Context, group practice.ID) error {
	if paused, err := s.Backlog.SendingPaused(ctx); err != nil || paused {
		return err
	}
	due, err := s.Backlog.DueBatches(ctx, group)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, id := range due {
			j := Job(group, id)
			j.Key = "" // as a server may have died with the one of that key
			if err := tx.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}
