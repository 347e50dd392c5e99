package selfbooking

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Part is a part of the day.
type Part string

// The parts of the day.
const (
	AnyTime   Part = ""
	Morning   Part = "morning"   // before noon
	Afternoon Part = "afternoon" // from noon on
)

// has reports whether a time is in the part of the day.
func (p Part) has(at time.Time) bool {
	return p == AnyTime || (at.Hour() < 12) == (p == Morning)
}

const (
	// shownDays is how many days of free times are shown at once.
	shownDays = 7
	// mostSlots is how many free times are looked through for them.
	mostSlots = 5000
)

// Ask says which free times a visitor looks for.
type Ask struct {
	Type         diary.TypeID
	Practitioner practice.PractitionerID // 0 is any
	Location     practice.LocationID     // 0 is any
	Part         Part
	// Day is the first day to show; 0 is the first one with a free time.
	Day input.Date
	// Moving is the appointment that gets the time; 0 is a new one.
	Moving booking.ID
}

// Day is a day with its free times, each start once.
type Day struct {
	Date  input.Date
	Slots []diary.Slot
}

// Times are the free times of a stretch of days.
type Times struct {
	Group practice.Group
	Ask   Ask
	Type  diary.Type
	Only  bool // the link offers no other type
	// Next is the first free time from Ask.Day on that matches, which may be after the days that are shown.
	Next *diary.Slot
	Days []Day
	// Earlier and Later are the first days of what stands before and after; NoDate where there is nothing.
	Earlier, Later input.Date
	// Practitioners and Locations are those a visitor can choose from.
	Practitioners []practice.Practitioner
	Locations     []practice.Location
	// Moving is the appointment that gets the time, if there is one.
	Moving *booking.Appointment
}

// Times finds the free times of a link. Errors: those of link.Visited, and of link.Bookable unless one is being moved;
// ErrNotOffered, booking.ErrNotFound, booking.ErrTooLate.
func (s *Service) Times(ctx context.Context, v Visit, ask Ask) (Times, error) {
	ctx, in, err := s.enter(ctx, v)
	t := Times{Group: in.group, Ask: ask}
	if err != nil {
		return t, err
	}
	if ask.Moving != 0 {
		a, err := s.movable(ctx, in, ask.Moving)
		if err != nil {
			return t, err
		}
		t.Moving, t.Ask.Type = &a, a.Type
	} else if err := in.offer.Bookable(in.now); err != nil {
		return t, err
	}
	if t.Type, err = s.kind(ctx, in, t.Ask.Type); err != nil {
		return t, err
	}
	t.Only = len(in.offer.Types) == 1
	first, last := in.offer.days(in.group, in.now)
	if t.Earlier, t.Later = input.NoDate, input.NoDate; first > last {
		return t, s.choices(ctx, in, &t, nil)
	}
	from := max(first, t.Ask.Day)
	until := min(from+shownDays-1, last)
	found, err := s.free(ctx, in, t.Ask, from, until)
	if err != nil {
		return t, err
	}
	if err := s.choices(ctx, in, &t, found); err != nil {
		return t, err
	}
	t.fill(found, in.group.Zone())
	if t.Next == nil && until < last {
		if err := s.later(ctx, in, &t, until+1, last); err != nil {
			return t, err
		}
	}
	if from > first {
		t.Earlier = max(first, from-shownDays)
	}
	if until < last {
		t.Later = until + 1
	}
	return t, nil
}

// free lists the free times of a type in a stretch of days that the link offers.
func (s *Service) free(ctx context.Context, in inside, ask Ask, from, to input.Date) ([]diary.Slot, error) {
	begin := diary.Midnight(in.group.Zone(), from)
	if begin.Before(in.now) {
		begin = in.now
	}
	end := diary.Midnight(in.group.Zone(), to+1)
	if !begin.Before(end) {
		return nil, nil
	}
	page, err := s.Diary.Slots(ctx, diary.SlotQuery{Types: []diary.TypeID{ask.Type}, Locations: in.offer.Locations,
		Practitioners: in.offer.Practitioners, From: diary.At(begin), To: diary.At(end), Size: mostSlots})
	return page.Slots, err
}

// wants reports whether a free time is one the visitor looks for.
func (a Ask) wants(sl diary.Slot, zone *time.Location) bool {
	return (a.Practitioner == 0 || sl.Practitioner == a.Practitioner) &&
		(a.Location == 0 || sl.Location == a.Location) && a.Part.has(sl.Start.In(zone))
}

// fill sorts free times into days. Of several at the same time the first is shown.
func (t *Times) fill(found []diary.Slot, zone *time.Location) {
	for i, sl := range found {
		if !t.Ask.wants(sl, zone) {
			continue
		}
		if t.Next == nil {
			t.Next = &found[i]
		}
		on := input.DateOf(sl.Start.In(zone))
		if n := len(t.Days); n == 0 || t.Days[n-1].Date != on {
			t.Days = append(t.Days, Day{Date: on})
		}
		of := &t.Days[len(t.Days)-1]
		if n := len(of.Slots); n == 0 || !of.Slots[n-1].Start.Equal(sl.Start) {
			of.Slots = append(of.Slots, sl)
		}
	}
}

// later shows the days from the next free time on, when there is none in those asked for.
func (s *Service) later(ctx context.Context, in inside, t *Times, from, last input.Date) error {
	found, err := s.free(ctx, in, t.Ask, from, last)
	if err != nil {
		return err
	}
	zone := in.group.Zone()
	at := slices.IndexFunc(found, func(sl diary.Slot) bool { return t.Ask.wants(sl, zone) })
	if at >= 0 {
		t.Next = &found[at]
	}
	return nil
}

// choices are the people and the places a visitor can choose from: those with a free time in the days that are shown,
// and those who were chosen.
func (s *Service) choices(ctx context.Context, in inside, t *Times, found []diary.Slot) error {
	places, err := s.Diary.Practice.Locations(ctx, in.group.ID, false)
	if err != nil {
		return err
	}
	who, where := map[practice.PractitionerID]bool{t.Ask.Practitioner: true},
		map[practice.LocationID]bool{t.Ask.Location: true}
	for _, sl := range found {
		who[sl.Practitioner], where[sl.Location] = true, true
	}
	t.Locations = slices.DeleteFunc(places, func(l practice.Location) bool { return !where[l.ID] })
	t.Practitioners, err = s.Store.PractitionersAmong(ctx, in.group.ID, slices.Collect(maps.Keys(who)))
	slices.SortFunc(t.Practitioners, func(a, b practice.Practitioner) int {
		return cmp.Or(cmp.Compare(a.LastName, b.LastName), cmp.Compare(a.FirstName, b.FirstName), cmp.Compare(a.ID, b.ID))
	})
	return err
}

// Named is a time with the names of what it is.
type Named struct {
	Choice
	Practitioner practice.Practitioner
	Location     practice.Location
}

// Name finds the names of a time that the link offers. Errors: those of link.Visited, ErrNotOffered, and not found for
// a place or a practitioner the group lacks.
func (s *Service) Name(ctx context.Context, v Visit, c Choice) (Named, error) {
	ctx, in, err := s.enter(ctx, v)
	n := Named{Choice: c}
	if err != nil {
		return n, err
	}
	if _, err := s.chosen(ctx, in, c); err != nil {
		return n, err
	}
	if n.Practitioner, err = s.Diary.Practice.Practitioner(ctx, in.group.ID, c.Practitioner); err != nil {
		return n, err
	}
	n.Location, err = s.Diary.Practice.Location(ctx, in.group.ID, c.Location)
	return n, err
}
