package waiting

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/selfbooking"
	"frontdesk/core/write"
)

// Change is what to set of an entry; nil leaves a thing as it is.
type Change struct {
	Locations     *[]practice.LocationID
	Practitioners *[]practice.PractitionerID
	From, To      *input.Date // NoDate is no bound
	Weekdays      *[]int
	Part          *selfbooking.Part
	Priority      *int
	Replaces      *booking.ID // 0 is none
}

// apply changes an entry.
func (c Change) apply(in *input.Checks, e *Entry, today input.Date) {
	input.IDs(in, "locations", &e.Locations, c.Locations, mostNamed)
	input.IDs(in, "practitioners", &e.Practitioners, c.Practitioners, mostNamed)
	input.Set(&e.From, c.From)
	input.Set(&e.To, c.To)
	input.Set(&e.Part, c.Part)
	input.Set(&e.Priority, c.Priority)
	input.Set(&e.Replaces, c.Replaces)
	if c.Weekdays != nil {
		e.Weekdays = slices.Compact(slices.Sorted(slices.Values(*c.Weekdays)))
		for _, d := range e.Weekdays {
			if d < 0 || d > 6 {
				in.Wrong("weekdays", input.CodeBig, "0, which is Sunday, to 6", "This is not a day of the week.")
			}
		}
	}
	for field, d := range map[string]*input.Date{"from_date": c.From, "to_date": c.To} {
		if d != nil && *d != input.NoDate {
			in.Day(field, *d)
		}
	}
	if e.Part != selfbooking.AnyTime {
		input.Choice(in, "part_of_day", e.Part, []selfbooking.Part{selfbooking.Morning, selfbooking.Afternoon})
	}
	in.Between("priority", e.Priority, 1, lowest)
	switch {
	case c.To != nil && e.To != input.NoDate && e.To < today:
		in.Wrong("to_date", input.CodeSmall, "today or a later day", "The last day has passed.")
	case e.From != input.NoDate && e.To != input.NoDate && e.To < e.From:
		in.Wrong("to_date", input.CodeSmall, "`from_date` or a later day", "The last day is before the first.")
	}
}

// entries says how entries are changed.
var entries = write.Kind[Tx, ID, Entry]{Needs: access.EditBookings, Lock: Tx.LockEntry, Save: Tx.SaveEntry}

// Joining is who is to be added to the list, and what for.
type Joining struct {
	Patient patient.ID
	Type    diary.TypeID
	// Link is the booking link by which the patient joins; 0 is none.
	Link link.ID
	Change
}

// Add puts a patient on the list. Errors: field faults; not found for a patient, type, place or practitioner the group
// lacks; patient.ErrDeceased, ErrWaits.
func (s *Service) Add(ctx context.Context, j Joining) (Entry, error) {
	if err := s.known(ctx, j.Type, j.Change); err != nil {
		return Entry{}, err
	}
	id := ID(s.NewID())
	create := func(e write.Edit[Tx], n *Entry) error {
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return err
		}
		*n = Entry{ID: id, Type: j.Type, From: input.NoDate, To: input.NoDate, Priority: usual, State: Waiting,
			Link: j.Link, Source: e.Who.Door, CreatedAt: e.Now, UpdatedAt: e.Now}
		var in input.Checks
		if j.apply(&in, n, input.DateOf(e.Now.In(g.Zone()))); in.Err() != nil {
			return in.Err()
		}
		if n.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), j.Patient); err != nil {
			return patient.Misnamed(err, "patient")
		}
		return s.may(ctx, e.Tx, g, *n, e.Now)
	}
	return s.stood(ctx)(entries.Add(ctx, s.Now, s.Store.Do, "waiting_list.add", id, create))
}

// may makes sure that a patient may be put on the list: one who lives, whose link can be opened, and who is not on it.
func (s *Service) may(ctx context.Context, tx Tx, g practice.Group, n Entry, now time.Time) error {
	p, err := tx.Patient(ctx, g.ID, n.Patient)
	if err != nil {
		return err
	}
	if p.Dead() {
		return patient.ErrDeceased
	}
	if err := link.Known(ctx, tx, link.Link{Group: g.ID, Patient: n.Patient}); err != nil {
		return err
	}
	others, err := tx.LiveEntries(ctx, g.ID, n.Patient)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.Type == n.Type {
			return ErrWaits
		}
	}
	if err := replaceable(ctx, tx, n, g.ID, now); err != nil {
		return err
	}
	return wake(ctx, tx, g.ID, n, now)
}

// replaceable makes sure that the appointment an entry would give up is one that can be.
func replaceable(ctx context.Context, tx Tx, e Entry, group practice.ID, now time.Time) error {
	if e.Replaces == 0 {
		return nil
	}
	a, err := tx.Appointment(ctx, group, e.Replaces)
	if err != nil && !errors.Is(err, booking.ErrNotFound) {
		return err
	}
	if err != nil || a.State != booking.Booked || a.Patient != e.Patient || a.Type != e.Type || !a.Start.After(now) {
		return errReplaces
	}
	return nil
}

// Change changes an entry. Errors: as Add, and ErrNotFound, ErrOver.
func (s *Service) Change(ctx context.Context, id ID, c Change) (Entry, error) {
	if err := s.known(ctx, 0, c); err != nil {
		return Entry{}, err
	}
	change := func(e write.Edit[Tx], n *Entry) error {
		if !n.Live() {
			return ErrOver
		}
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return err
		}
		var in input.Checks
		if c.apply(&in, n, input.DateOf(e.Now.In(g.Zone()))); in.Err() != nil {
			return in.Err()
		}
		n.UpdatedAt = e.Now
		if c.Replaces != nil {
			if err := replaceable(ctx, e.Tx, *n, e.Group(), e.Now); err != nil {
				return err
			}
		}
		return wake(ctx, e.Tx, e.Group(), *n, e.Now)
	}
	return s.stood(ctx)(entries.Change(ctx, s.Now, s.Store.Do, "waiting_list.update", id, change))
}

// known makes sure that what an entry is to name exists.
func (s *Service) known(ctx context.Context, kind diary.TypeID, c Change) error {
	who, err := access.Require(ctx, entries.Needs)
	if err != nil {
		return err
	}
	if kind != 0 {
		t, err := s.Diary.Store.AppointmentType(ctx, who.Group, kind)
		if err == nil && !t.Active {
			err = diary.ErrTypeNotFound
		}
		if err := named(err, "type"); err != nil {
			return err
		}
	}
	if c.Locations != nil {
		for _, id := range (*c.Locations)[:min(len(*c.Locations), mostNamed)] {
			if _, err := s.Diary.Practice.Location(ctx, who.Group, id); err != nil {
				return named(err, "locations")
			}
		}
	}
	if c.Practitioners != nil {
		for _, id := range (*c.Practitioners)[:min(len(*c.Practitioners), mostNamed)] {
			if _, err := s.Diary.Practice.Practitioner(ctx, who.Group, id); err != nil {
				return named(err, "practitioners")
			}
		}
	}
	return nil
}

// named is an error of looking for something, with the field that names what there is not.
func named(err error, field string) error {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.NotFound {
		return err
	}
	missing := *f
	missing.Fields = []fault.Field{{Path: []string{field}, Code: f.Code, Expected: "ids of this practice group",
		Message: f.Message}}
	return &missing
}

// Remove takes a patient off the list, and gives back a time that is on offer. Removing twice is removing once. Error:
// ErrNotFound.
func (s *Service) Remove(ctx context.Context, id ID) (Entry, error) {
	return s.remove(ctx, id, becauseAsked)
}

func (s *Service) remove(ctx context.Context, id ID, why string) (Entry, error) {
	who, err := access.Require(ctx, entries.Needs)
	if err != nil {
		return Entry{}, err
	}
	for range tries {
		e, err := s.Store.Entry(ctx, who.Group, id)
		if err != nil || !e.Live() {
			return e, err
		}
		now := s.now()
		if e.State == Offered {
			_, err = s.end(ctx, e.Offer, Withdrawn, why)
		} else {
			err = s.Store.Do(ctx, func(tx Tx) error {
				e, err := tx.LockEntry(ctx, who.Group, id)
				if err != nil || e.State != Waiting {
					return err
				}
				return takeOff(ctx, tx, who, e, why, now)
			})
		}
		if err != nil {
			return Entry{}, err
		}
	}
	return s.Store.Entry(ctx, who.Group, id)
}

// tries is how often something is begun again because an entry was offered a time, or its offer ended, meanwhile.
const tries = 3

// Find finds an entry. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Entry, error) {
	return s.stood(ctx)(read.One(ctx, access.SeeBookings, id, s.Store.Entry))
}

// stood adds the offer that stands.
func (s *Service) stood(ctx context.Context) func(Entry, error) (Entry, error) {
	return func(e Entry, err error) (Entry, error) {
		if err != nil || e.State != Offered {
			return e, err
		}
		who, err := access.Who(ctx)
		if err != nil {
			return e, err
		}
		o, err := s.Store.Offer(ctx, who.Group, e.Offer)
		e.Standing = &o
		return e, err
	}
}

// Query is which entries to list.
type Query struct {
	Patient patient.ID   // 0 is any
	Type    diary.TypeID // 0 is any
	State   State        // empty is any
	After   ID
	Limit   int
}

// MostListed is how many entries are listed at once.
const MostListed = 200

// List lists entries in the order in which they joined, and reports whether more follow.
func (s *Service) List(ctx context.Context, q Query) ([]Entry, bool, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	if q.State != "" {
		input.Choice(&in, "state", q.State, States)
	}
	if q.Limit = in.Between("page_size", q.Limit, 1, MostListed); in.Err() != nil {
		return nil, false, in.Err()
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, false, err
	}
	size := q.Limit
	q.Limit++
	found, err := s.Store.Entries(ctx, who.Group, q)
	more := len(found) > size
	found = found[:min(len(found), size)]
	for i := range found {
		if found[i], err = s.stood(ctx)(found[i], err); err != nil {
			return nil, false, err
		}
	}
	audit.Seen(ctx, found...)
	return found, more, err
}
