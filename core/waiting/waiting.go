// Package waiting is the list of patients who would have a time that becomes free, alone or for a later appointment
// that they would give up.
//
//	waiting.go  an entry, an offer, and the faults
//	list.go     entries added, changed, taken off and listed
//	fit.go      which entries a free time fits, in their order
//	free.go     time that became free, and the round that offers it
//	hours.go    time that becomes free by a session or a block
//	offer.go    one time offered to one patient
//	answer.go   what the patient says to it
//	settle.go   offers that ended without an answer
//	visit.go    patients who join and leave by a page
//	record.go   the event of each change
//	port.go     what it needs remembered
//
// A time that is offered is held: it is a hold of core/booking, which runs out by itself, and everything is judged by
// that hold at the moment of acting. The message is one of core/notice, and is judged by the hold again when it is
// handed over.
package waiting

import (
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
)

// ID names an entry of the waiting list.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// OfferID names an offer.
type OfferID int64

// String gives the id as digits.
func (id OfferID) String() string { return strconv.FormatInt(int64(id), 10) }

// State is where an entry is in its life.
type State string

// The states.
const (
	Waiting State = "waiting"
	Offered State = "offered" // a time is held for the patient
	Booked  State = "booked"  // the patient has an appointment
	Removed State = "removed" // taken off the list; Reason says why
)

// States are all the states.
var States = []State{Waiting, Offered, Booked, Removed}

// Why an entry was taken off, besides the codes of faults of other areas: that its patient cannot be sent an offer.
const (
	becauseAsked     = "asked"             // by the practice
	becauseLeft      = "left"              // by the patient
	becauseOver      = "dates_over"        // the last day has passed
	becauseHas       = "booked_otherwise"  // the patient has another appointment of the type
	becauseOldIsGone = "appointment_ended" // the one to be given up was cancelled, or its time has come
)

// Entry is a patient who waits.
type Entry struct {
	ID      ID           `json:"id"`
	Patient patient.ID   `json:"patient_id"`
	Type    diary.TypeID `json:"appointment_type_id"`
	// Locations and Practitioners are where and with whom; none is anywhere, and with anyone.
	Locations     []practice.LocationID     `json:"location_ids,omitempty"`
	Practitioners []practice.PractitionerID `json:"practitioner_ids,omitempty"`
	// From and To are the first and the last day; NoDate is no bound.
	From input.Date `json:"from_date"`
	To   input.Date `json:"to_date"`
	// Weekdays are days of the week, Sunday is 0; none is any.
	Weekdays []int            `json:"weekdays,omitempty"`
	Part     selfbooking.Part `json:"part_of_day,omitempty"`
	// Priority is from 1, which comes first, to 9. Of the same priority, who joined first comes first.
	Priority int `json:"priority"`
	// Replaces is the appointment that is given up for an earlier one; 0 is none.
	Replaces booking.ID `json:"replaces_appointment_id,omitempty"`
	State    State      `json:"state"`
	Reason   string     `json:"reason,omitempty"`
	// Offer is the last time offered; 0 is none yet.
	Offer OfferID `json:"offer_id,omitempty"`
	// Appointment is what came of it.
	Appointment booking.ID `json:"appointment_id,omitempty"`
	// Link is the booking link by which the patient joined; 0 is none.
	Link   link.ID     `json:"link_id,omitempty"`
	Source access.Door `json:"source"`
	// Facts counts its events.
	Facts     int64     `json:"-"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Standing is the offer that stands, where an entry is read.
	Standing *Offer `json:"-"`
}

// AuditSubject says what it is in the audit trail.
func (e Entry) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "waiting_list", ID: int64(e.ID), Patient: int64(e.Patient)}
}

// Live reports an entry that still waits or has an offer.
func (e Entry) Live() bool { return e.State == Waiting || e.State == Offered }

// end takes an entry off the list.
func (e *Entry) end(reason string, now time.Time) {
	e.State, e.Reason, e.UpdatedAt = Removed, reason, now
}

// Verdict is how an offer ended.
type Verdict string

// The verdicts.
const (
	Held      Verdict = "held" // it stands
	Accepted  Verdict = "accepted"
	Declined  Verdict = "declined"
	Expired   Verdict = "expired"   // no answer came in time
	Withdrawn Verdict = "withdrawn" // the practice ended the hold or the entry
)

// Offer is a time offered to one patient.
type Offer struct {
	ID    OfferID `json:"id"`
	Entry ID      `json:"entry_id"`
	// Hold is the appointment that holds the time, and Link the page on which the patient answers.
	Hold         booking.ID              `json:"appointment_id"`
	Link         link.ID                 `json:"link_id"`
	Practitioner practice.PractitionerID `json:"practitioner_id"`
	Start        time.Time               `json:"start_time"`
	Until        time.Time               `json:"held_until"`
	Replaces     booking.ID              `json:"replaces_appointment_id,omitempty"`
	Verdict      Verdict                 `json:"verdict"`
	CreatedAt    time.Time               `json:"created_at"`
	UpdatedAt    time.Time               `json:"updated_at"`
}

// stands reports whether the hold of an offer still holds what was offered.
func (o Offer) stands(held booking.Appointment, now time.Time) bool {
	return o.Verdict == Held && held.State == booking.Reserved && !held.Lapsed(now) && held.Start.Equal(o.Start) &&
		held.Practitioner == o.Practitioner
}

// Source is where an appointment came from that was offered to a patient on the list.
const Source access.Door = "waiting_list"

// The faults of the waiting list.
var (
	ErrNotFound = fault.New(fault.NotFound, "waiting_list_entry_not_found",
		"This practice group has no such entry on its waiting list.")
	ErrWaits = fault.New(fault.Conflict, "already_waiting",
		"This patient is on the waiting list for this appointment type already. Change that entry instead.")
	ErrOver = fault.New(fault.Conflict, "waiting_list_entry_over",
		"This entry is no longer on the waiting list. Add a new one.")
	// ErrOfferOver is returned to a patient whose offer has ended.
	ErrOfferOver = fault.New(fault.Gone, "offer_over", "This time is no longer held for you.")
	errReplaces  = fault.Wrong("replaces", "appointment_not_replaceable",
		"a confirmed appointment of this patient and type that is to come",
		"This appointment cannot be given up for an earlier one.")
)

const (
	// mostNamed is how many places or people one entry may name.
	mostNamed = 10
	// Usual is the priority of an entry that has none of its own; 1 comes first, and lowest last.
	usual, lowest = 5, 9
)

// anyHalf is any half of any day of the week.
const anyHalf = -1

// half is the half of a day of the week a time is in: twice the day, and one more from noon on.
func half(at time.Time) int {
	h := 2 * int(at.Weekday())
	if at.Hour() >= 12 {
		h++
	}
	return h
}

// halves are those an entry would have.
func (e Entry) halves() []int {
	if len(e.Weekdays) == 0 && e.Part == selfbooking.AnyTime {
		return []int{anyHalf}
	}
	var out []int
	for h := range 14 {
		if len(e.Weekdays) > 0 && !slices.Contains(e.Weekdays, h/2) {
			continue
		}
		if e.Part == selfbooking.AnyTime || (e.Part == selfbooking.Afternoon) == (h%2 == 1) {
			out = append(out, h)
		}
	}
	return out
}

// wants reports whether an entry would have a free time.
func (e Entry) wants(sl diary.Slot, zone *time.Location) bool {
	local := sl.Start.In(zone)
	on := input.DateOf(local)
	halves := e.halves()
	return sl.Type == e.Type &&
		(len(e.Locations) == 0 || slices.Contains(e.Locations, sl.Location)) &&
		(len(e.Practitioners) == 0 || slices.Contains(e.Practitioners, sl.Practitioner)) &&
		(e.From == input.NoDate || on >= e.From) && (e.To == input.NoDate || on <= e.To) &&
		(halves[0] == anyHalf || slices.Contains(halves, half(local)))
}

// Want is a combination an entry would have, as it is kept to be found.
type Want struct {
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Half         int
}

// Combinations are all that an entry would have; none where it does not wait.
func (e Entry) Combinations() []Want {
	if e.State != Waiting {
		return nil
	}
	people, places := e.Practitioners, e.Locations
	if len(people) == 0 {
		people = []practice.PractitionerID{0}
	}
	if len(places) == 0 {
		places = []practice.LocationID{0}
	}
	var out []Want
	for _, with := range people {
		for _, at := range places {
			for _, h := range e.halves() {
				out = append(out, Want{with, at, h})
			}
		}
	}
	return out
}
