package dispatch

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/job"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
	"frontdesk/core/record"
)

// Reader is what dispatch reads.
type Reader interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// NextDue is when the next message of a batch and channel falls due; zero is never.
	NextDue(ctx context.Context, group practice.ID, batch messaging.BatchID, channel carrier.Channel) (time.Time, error)
	// SendingPaused reports whether an operator has stopped all sending.
	SendingPaused(ctx context.Context) (bool, error)
}

// Store is what dispatch needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// LostLeases lists messages whose lease ran out before a time.
	LostLeases(ctx context.Context, group practice.ID, before time.Time, limit int) ([]messaging.Message, error)
	// FindByProvider finds the message a carrier has another name for.
	FindByProvider(ctx context.Context, group practice.ID, carrier, providerID string) (messaging.Message, error)
	// DueChannels lists the batches and channels with messages that are due.
	DueChannels(ctx context.Context, group practice.ID, before time.Time) ([]Due, error)
	// AwaitingReceipt lists messages that are to be asked about.
	AwaitingReceipt(ctx context.Context, group practice.ID, before time.Time, limit int) ([]messaging.Message, error)
}

// Tx is what dispatch needs inside a transaction.
type Tx interface {
	messaging.AddresseeReader
	SendingPaused(ctx context.Context) (bool, error)
	// BatchHalted reports whether a batch is paused or cancelled.
	BatchHalted(ctx context.Context, group practice.ID, id messaging.BatchID) (bool, error)
	Steps(ctx context.Context, group practice.ID, id messaging.ID) ([]messaging.Step, error)
	RecordEntryOf(ctx context.Context, group practice.ID, message int64) (record.Entry, error)
	// LockMessage keeps others from changing the message, and reads it.
	LockMessage(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	SaveMessage(ctx context.Context, group practice.ID, m messaging.Message) error
	// Claim leases up to limit messages that are due, each with its patient as they are now.
	Claim(ctx context.Context, c Claim) ([]Outbound, error)
	// AmendMessages keeps where leased messages go to and by which carrier, and
	// whether they are handed over for both channels at once.
	AmendMessages(ctx context.Context, group practice.ID, m []messaging.Message) error
	// DueRequest is a request that is to be sent again, and its carrier; empty is none.
	DueRequest(ctx context.Context, c Claim) (request, carrier string, err error)
	// ClaimRequest leases all messages of a request that is not leased.
	ClaimRequest(ctx context.Context, c Claim, request string) ([]Outbound, error)
	// SameRequest lists the other messages that wait to be handed over again in
	// the request of one, and keeps others from changing them.
	SameRequest(ctx context.Context, group practice.ID, m messaging.Message) ([]messaging.Message, error)
	// AskAgain says when to ask about a message next, unless that has changed.
	AskAgain(ctx context.Context, group practice.ID, id messaging.ID, was, next time.Time) error
	// Settle keeps how handing over leased messages ended, with a step and an event for each.
	Settle(ctx context.Context, group practice.ID, settled []Settled) error
	AddStep(ctx context.Context, group practice.ID, id messaging.ID, s messaging.Step) error
	messaging.EventRecorder
	// Abouts finds what messages are about that the program sent by itself, as that is now.
	Abouts(ctx context.Context, group practice.ID,
		ids []messaging.NoticeID) (map[messaging.NoticeID]messaging.About, error)
	// LinksAmong finds links, as they are now.
	LinksAmong(ctx context.Context, group practice.ID, ids []link.ID) (map[link.ID]link.Link, error)
	Enqueue(ctx context.Context, j job.Job) error
}

// Service is the capability of handing over messages.
type Service struct {
	Store    Store
	Messages *messaging.Service
	// BatchDone is called when no message of a batch waits any more.
	BatchDone func(ctx context.Context, group practice.ID, id messaging.BatchID) error
	Now       func() time.Time
	NewID     func() int64
	// Timeout is the longest a carrier may take for one group of messages.
	Timeout time.Duration
	// Journal notes what goes out; without one, everything that a stopped server had leased may have gone out.
	Journal Journal

	alone job.Alone
}

// lease is how long a server has to say how handing over ended: longer than any
// carrier takes, so that no other server takes the messages meanwhile.
func (s *Service) lease() time.Duration { return 2*s.Timeout + 10*time.Second }

// Opened notes that a patient has read a message on its page: it goes by no other channel any more.
func (s *Service) Opened(ctx context.Context, group practice.ID, m messaging.Message, at time.Time) error {
	err := s.receipt(ctx, group, "page", carrier.Receipt{Key: m.Key(group), Progress: carrier.ProgressRead, At: at})
	if errors.Is(err, ErrEarly) {
		return nil // it is being handed over this moment, and is read all the same
	}
	return err
}
