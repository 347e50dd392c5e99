// Package selfbooking lets patients book, move and cancel by a link, without an account.
//
//	selfbooking.go  what a booking link offers, and the faults
//	make.go         booking links made, changed and listed for the practice
//	visit.go        a visitor who gave the date of birth, and what they have
//	times.go        the free times a link offers
//	take.go         a time held, confirmed and given back
//	move.go         another time for an appointment, held while the patient checks it
//
// The rules of diaries and appointments are those of core/diary and core/booking: a visitor asks there as a caller who
// may see free times and change appointments. What a link adds is which times it offers, whose they are, and how many
// one patient may take.
package selfbooking

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Offer is a booking link and what it offers.
type Offer struct {
	link.Link
	Types []diary.TypeID `json:"appointment_type_ids"`
	// Locations and Practitioners are where and with whom; none is everywhere, and with anyone.
	Locations     []practice.LocationID     `json:"location_ids,omitempty"`
	Practitioners []practice.PractitionerID `json:"practitioner_ids,omitempty"`
	// From and To are the first and the last day; NoDate is no bound but the practice's booking window.
	From input.Date `json:"from_date"`
	To   input.Date `json:"to_date"`
}

const (
	// mostOffered is how many types, places or people one link may name.
	mostOffered = 50
	// mostToCome is how many appointments of one type, made by links, a patient may have to come.
	mostToCome = 3
)

// The faults of booking by a link.
var (
	// ErrNewPatients is returned for a link that is to register new patients, and is for one patient.
	ErrNewPatients = fault.Wrong("new_patients", input.CodeChoice,
		"no `patient_id`, or false here and in `network_patients`",
		"A link for one patient registers no others.")
	// ErrEnough keeps one patient from taking the times of others.
	ErrEnough = fault.New(fault.Conflict, "too_many_appointments", "You have "+strconv.Itoa(mostToCome)+
		" appointments of this kind to come already. Cancel or move one of them.")
	// ErrNotOffered is returned for a time that the link does not offer.
	ErrNotOffered = fault.New(fault.Conflict, "not_offered_by_link", "This time cannot be booked by your link.")

	// errHeld means that a time was held for the patient at the same moment; holding is tried again.
	errHeld = fault.New(fault.Conflict, "already_holding", "Another time is being held for you. Try again.")
)

// Made is a live appointment that a patient made by a link, with what decides whether another may be made.
type Made struct {
	ID           booking.ID
	Link         link.ID
	State        booking.State
	Type         diary.TypeID
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Start        time.Time
	HeldUntil    time.Time
}

// holds reports a hold that has not run out.
func (m Made) holds(now time.Time) bool {
	return m.State == booking.Reserved && now.Before(m.HeldUntil)
}

// live reports an appointment that is confirmed or held.
func (m Made) live(now time.Time) bool { return m.State == booking.Booked || m.holds(now) }

// Reader is what selfbooking reads.
type Reader interface {
	// Offer finds a booking link, or returns link.ErrNotFound.
	Offer(ctx context.Context, group practice.ID, id link.ID) (Offer, error)
	// Made lists what a patient has made by links, held or confirmed, that starts after a time, by start.
	Made(ctx context.Context, group practice.ID, of patient.ID, after time.Time) ([]Made, error)
	// Holding counts the times that are held by a link now.
	Holding(ctx context.Context, group practice.ID, by link.ID, now time.Time) (int, error)
	// Moving lists the times that are held for appointments a patient is moving.
	Moving(ctx context.Context, group practice.ID, of patient.ID, now time.Time) ([]Made, error)
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what selfbooking needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// In is the store inside a transaction of booking.
	In(tx booking.Tx) Tx
	// Offers lists booking links, newest first, of a patient where q names one, and how many there are, counted up
	// to input.CountTo.
	Offers(ctx context.Context, group practice.ID, q Query) ([]Offer, int, error)
	// PractitionersAmong lists those of some people who are active, in no order.
	PractitionersAmong(
		ctx context.Context, group practice.ID, ids []practice.PractitionerID,
	) ([]practice.Practitioner, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// Episodes puts things into episodes in the same transaction.
	Episodes() episode.Keeper
	// LockOffer keeps others from changing a booking link or booking by it until the end of the transaction, and
	// finds it, or returns link.ErrNotFound.
	LockOffer(ctx context.Context, group practice.ID, id link.ID) (Offer, error)
	SaveOffer(ctx context.Context, group practice.ID, o Offer) error
	// LockPatientAgainstMerge finds the patient an id stands for, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Audit(ctx context.Context, e access.Entry) error
}

// Service is the self-booking capability.
type Service struct {
	Store   Store
	Link    *link.Service
	Diary   *diary.Service
	Booking *booking.Service
	Now     func() time.Time
}

// offers reports whether the link offers a time with a practitioner at a place, on a day.
func (o Offer) offers(c Choice, on input.Date) bool {
	return slices.Contains(o.Types, c.Type) &&
		(len(o.Locations) == 0 || slices.Contains(o.Locations, c.Location)) &&
		(len(o.Practitioners) == 0 || slices.Contains(o.Practitioners, c.Practitioner)) &&
		(o.From == input.NoDate || on >= o.From) && (o.To == input.NoDate || on <= o.To)
}

// days are the first and the last day of the free times that are offered now.
func (o Offer) days(g practice.Group, now time.Time) (first, last input.Date) {
	today := input.DateOf(now.In(g.Zone()))
	first, last = today, today+input.Date(g.WindowDays)-1
	if o.From != input.NoDate {
		first = max(first, o.From)
	}
	if o.To != input.NoDate {
		last = min(last, o.To)
	}
	return first, last
}
