package waiting

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/link"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
)

// Reader is what the waiting list reads.
type Reader interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Entry finds an entry, or returns ErrNotFound.
	Entry(ctx context.Context, group practice.ID, id ID) (Entry, error)
	// LiveEntries lists the entries of a patient that wait or have an offer, oldest first.
	LiveEntries(ctx context.Context, group practice.ID, of patient.ID) ([]Entry, error)
	// Offer finds an offer, or returns ErrNotFound.
	Offer(ctx context.Context, group practice.ID, id OfferID) (Offer, error)
}

// Store is what the waiting list needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// In is the store inside a transaction of booking.
	In(tx booking.Tx) Tx
	// OfferByLink finds the offer a link leads to, or returns ErrNotFound.
	OfferByLink(ctx context.Context, group practice.ID, id link.ID) (Offer, error)
	// Entries lists entries by id, in the order in which they joined.
	Entries(ctx context.Context, group practice.ID, q Query) ([]Entry, error)
}

// Queue is what rounds read: all of it is bounded and found through an index.
type Queue interface {
	// DueFree lists the free time that is to be looked at, the longest due first.
	DueFree(ctx context.Context, group practice.ID, at time.Time, limit int) ([]Free, error)
	// Heads lists the entries that would have a combination on a day between two, after a rank, by rank.
	Heads(ctx context.Context, group practice.ID, k Key, after Rank, limit int) ([]Rank, error)
	// OffersOf lists the offers of the times of a practitioner that start in a stretch.
	OffersOf(ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time) ([]Offer, error)
	// DueOffers lists the offers that stand and whose time to answer is over.
	DueOffers(ctx context.Context, group practice.ID, at time.Time, limit int) ([]Offer, error)
	// Outdated lists entries that wait and whose last day is before a day.
	Outdated(ctx context.Context, group practice.ID, day input.Date, limit int) ([]ID, error)
	// DropFree forgets free time that is over.
	DropFree(ctx context.Context, group practice.ID, at time.Time) error
	// Practitioners lists those who are active.
	Practitioners(ctx context.Context, group practice.ID, inactive bool) ([]practice.Practitioner, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockEntry keeps others from changing an entry until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockEntry(ctx context.Context, group practice.ID, id ID) (Entry, error)
	// SaveEntry keeps an entry, and what it would have while it waits.
	SaveEntry(ctx context.Context, group practice.ID, e Entry) error
	SaveOffer(ctx context.Context, group practice.ID, o Offer) error
	// AddFree keeps time that became free, to be looked at now.
	AddFree(ctx context.Context, group practice.ID, f Free) error
	// SaveFree keeps when free time is looked at next, unless it was woken since it was read: a zero time is when an
	// entry wakes it. Free time that is over is forgotten.
	SaveFree(ctx context.Context, group practice.ID, f Free) error
	// WakeFree has up to limit stretches of free time, the soonest first, be looked at now: those of some practitioners
	// or, with none named, of all. It reports whether there are any.
	WakeFree(ctx context.Context, group practice.ID, of []practice.PractitionerID, now time.Time, limit int) (bool, error)
	// LockPatientAgainstMerge finds the patient an id stands for, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// Appointment finds an appointment, or returns booking.ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	// ToCome lists a patient's appointments, held or booked, that start after a time, by start.
	ToCome(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]booking.ID, error)
	SaveLink(ctx context.Context, group practice.ID, l link.Link) error
	Enqueue(ctx context.Context, j job.Job) error
	Record(ctx context.Context, e event.Event) error
	Audit(ctx context.Context, e access.Entry) error
}

// Service is the capability of the waiting list.
type Service struct {
	Store   Store
	Queue   Queue
	Link    *link.Service
	Diary   *diary.Service
	Booking *booking.Service
	Notices *notice.Service
	Self    *selfbooking.Service
	Now     func() time.Time
	NewID   func() int64
}

func (s *Service) now() time.Time { return s.Now().Truncate(time.Microsecond) }
