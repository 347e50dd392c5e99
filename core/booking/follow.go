package booking

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Occasion is what a patient is sent a message about.
type Occasion string

// The occasions.
const (
	OnConfirmed Occasion = "confirmed"
	OnMoved     Occasion = "moved" // to another time, place, practitioner or type
	OnCancelled Occasion = "cancelled"
	OnReminder  Occasion = "reminder"
	OnMissed    Occasion = "missed" // the patient did not attend
	// OnOffered is a time that is held for a patient on the waiting list.
	OnOffered Occasion = "offered"
)

// Occasions are all the occasions.
var Occasions = []Occasion{OnConfirmed, OnMoved, OnCancelled, OnReminder, OnMissed, OnOffered}

// notices are what callers name the messages of each occasion.
var notices = map[Occasion]Notice{
	OnConfirmed: Confirming, OnMoved: Confirming, OnCancelled: Cancelling, OnReminder: Reminder, OnMissed: FollowUp,
}

// Wants reports whether the patient is to be sent a message on an occasion. Where notices were chosen, those are sent;
// where none were, all are, unless they are suppressed. A cancellation is sent unless it is suppressed, as it is no
// less true for a patient who was sent only some.
func (a Appointment) Wants(on Occasion) bool {
	if slices.Contains(a.Notices, notices[on]) {
		return true
	}
	return !a.SuppressMail && (len(a.Notices) == 0 || on == OnCancelled)
}

// FollowKind is the kind of the job that sees to the messages about a change.
const FollowKind = "booking.follow"

// Followed is a change of an appointment that its patient may be sent a message about.
type Followed struct {
	Appointment ID         `json:"appointment"`
	Patient     patient.ID `json:"patient"`
	// On is the occasion; empty is that only the reminders may be others now.
	On      Occasion  `json:"on,omitempty"`
	Version int64     `json:"version"`
	Start   time.Time `json:"start"`
}

type enqueuer interface {
	Enqueue(ctx context.Context, j job.Job) error
}

// follow asks for the messages about a change, in the transaction of the change, where the practice sends any.
func follow(ctx context.Context, tx enqueuer, group practice.ID, a Appointment, on Occasion) error {
	if !a.Announced || a.Patient == 0 {
		return nil
	}
	return tx.Enqueue(ctx, job.Job{
		Group: int64(group), Kind: FollowKind, Args: job.Args(Followed{a.ID, a.Patient, on, a.Version, a.Start}),
	})
}

// FreedKind is the kind of the job that sees to time that became free.
const FreedKind = "booking.freed"

// Freed is a stretch of a diary that became free.
type Freed struct {
	Practitioner practice.PractitionerID `json:"practitioner"`
	From         time.Time               `json:"from"`
	To           time.Time               `json:"to"`
}

// freed has the time that an appointment gives back followed, where patients wait for one. It is asked for in the
// transaction that gives it back.
func freed(ctx context.Context, tx enqueuer, group practice.ID, a Appointment) error {
	if !a.Waited {
		return nil
	}
	return tx.Enqueue(ctx, job.Job{
		Group: int64(group), Kind: FreedKind, Args: job.Args(Freed{a.Practitioner, a.Start, a.End}),
	})
}
