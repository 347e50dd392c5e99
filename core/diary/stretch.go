package diary

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Stretch is a time of a practitioner at a place.
type Stretch struct {
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Start, End   time.Time
}

// longestWorkedTime is how much time WorkedTime looks at, by the practice's clocks; of whole
// dates it is one more, as a week of them is often asked for with the date after.
const longestWorkedTime = 168 * time.Hour

// maxWithout is how many appointments a search may look past.
const maxWithout = 5

// spanned checks the two ends of a time to look at.
func spanned(from, to time.Time) error {
	switch {
	case from.IsZero() || to.IsZero():
		return fault.Wrong("start", input.CodeType, "start and end", "A time to look at has a start and an end.")
	case to.Before(from):
		return errNoDates
	}
	return nil
}

// WorkedTime lists when practitioners work at a place between two instants, of one of
// them or, with 0, of all: their sessions without what was taken away, whether
// the time is held or booked, or over, or not. By start, then practitioner.
func (s *Service) WorkedTime(
	ctx context.Context, at practice.LocationID, of practice.PractitionerID, from, to time.Time,
) ([]Stretch, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, err
	}
	if err := spanned(from, to); err != nil {
		return nil, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, err
	}
	// A week in which clocks change is a week all the same.
	_, before := from.In(g.Zone()).Zone()
	_, after := to.In(g.Zone()).Zone()
	asked := to.Sub(from) + time.Duration(after-before)*time.Second
	if wholeDate(from, g.Zone()) && wholeDate(to, g.Zone()) {
		asked -= 24 * time.Hour
	}
	if asked > longestWorkedTime {
		return nil, fault.Wrong("end", input.CodeBig, "at most 168 hours", "This is too much time to look at.")
	}
	l := look{from: from, to: to, now: s.Now()}
	if of != 0 {
		l.of = []practice.PractitionerID{of}
	}
	d, err := s.open(ctx, g, l)
	if err != nil {
		return nil, err
	}
	return d.stretches(minuteOf(from), roundedUp(to),
		func(_ practice.PractitionerID, place practice.LocationID) bool { return place == at }, nil), nil
}

// wholeDate reports whether a time is the first moment of a date.
func wholeDate(t time.Time, zone *time.Location) bool {
	return t.Equal(Midnight(zone, input.DateOf(t.In(zone))))
}

// roundedUp is the first minute that is not before the time.
func roundedUp(t time.Time) minute { return minuteOf(t.Add(time.Minute - time.Nanosecond)) }

// FreeQuery is which free time to look for. Of the practitioners and at the
// locations that are named, it is that of either; where places are named too, it
// is at those alone.
type FreeQuery struct {
	Practitioners []practice.PractitionerID
	Locations     []practice.LocationID
	Places        []practice.LocationID
	// Without are appointments to look past.
	Without  []int64
	From, To time.Time // To is not in it
	input.Page
}

// ErrWhose is the fault of a search for free time that does not say whose.
var ErrWhose = fault.New(fault.Invalid, "nobody_named", "Name at least one user, room or place.")

func (q FreeQuery) wants(of practice.PractitionerID, at practice.LocationID) bool {
	either := len(q.Practitioners)+len(q.Locations) == 0 || slices.Contains(q.Practitioners, of) ||
		slices.Contains(q.Locations, at)
	return either && (len(q.Places) == 0 || slices.Contains(q.Places, at))
}

// FreeTime lists the stretches of time that are worked, not over, and neither held
// nor booked, each as long as it is; and whether more follow the page. By start,
// then practitioner.
func (s *Service) FreeTime(ctx context.Context, q FreeQuery) (found []Stretch, more bool, err error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, false, err
	}
	if err := spanned(q.From, q.To); err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	atMost(&in, "without", len(q.Without), maxWithout)
	atMost(&in, "practitioners", len(q.Practitioners), maxNamed)
	atMost(&in, "locations", len(q.Locations), maxNamed)
	atMost(&in, "places", len(q.Places), maxNamed)
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, false, err
	}
	if days := input.DateOf(q.To.In(g.Zone())) - input.DateOf(q.From.In(g.Zone())); days > practice.MaxWindowDays {
		in.Wrong("end", input.CodeBig, fmt.Sprintf("at most %d days", practice.MaxWindowDays),
			"This is too much time to look at.")
	}
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	if len(q.Practitioners)+len(q.Locations)+len(q.Places) == 0 {
		return nil, false, ErrWhose
	}
	now := s.Now()
	if q.From.Before(now) {
		q.From = now
	}
	if !q.From.Before(q.To) {
		return nil, false, nil
	}
	l := look{from: q.From, to: q.To, now: now, taken: true}
	if len(q.Locations) == 0 {
		l.of = q.Practitioners
	}
	d, err := s.open(ctx, g, l)
	if err != nil {
		return nil, false, err
	}
	var without []Taken
	if len(q.Without) > 0 {
		if without, err = s.Store.TakenBy(ctx, who.Group, q.Without); err != nil {
			return nil, false, err
		}
	}
	busy := func(sh *sheet, of practice.PractitionerID) []stretch {
		var out []stretch
		for _, t := range sh.taken {
			past := func(w Taken) bool {
				return w.Practitioner == of && minuteOf(w.Start) == t.from && minuteOf(w.End) == t.to
			}
			if !d.lapsed(t) && !slices.ContainsFunc(without, past) {
				out = append(out, stretch{from: t.from, to: t.to})
			}
		}
		return out
	}
	all := d.stretches(roundedUp(q.From), roundedUp(q.To), q.wants, busy)
	found = all[min(offset, len(all)):min(offset+size, len(all))]
	return found, offset+size < len(all), nil
}

// stretches lists the time of the sessions in [from, to) that are wanted, less
// what was taken away and, when busy gives it, less what is in the way.
func (d *diary) stretches(
	from, to minute, wanted func(practice.PractitionerID, practice.LocationID) bool,
	busy func(*sheet, practice.PractitionerID) []stretch,
) []Stretch {
	out := []Stretch{}
	for _, sh := range d.sheets {
		at := map[practice.LocationID][]stretch{}
		for i := range sh.sessions {
			s := &sh.sessions[i]
			if !d.places[s.Location] || !wanted(s.Practitioner, s.Location) {
				continue
			}
			d.occurrences(s, from, to, func(start, end minute) {
				at[s.Location] = append(at[s.Location], stretch{from: max(start, from), to: min(end, to)})
			})
		}
		for place, worked := range at {
			left := less(united(worked), sh.away(place, from, to))
			if busy != nil {
				left = less(left, busy(sh, sh.sessions[0].Practitioner))
			}
			for _, s := range left {
				out = append(out, Stretch{sh.sessions[0].Practitioner, place, s.from.time(), s.to.time()})
			}
		}
	}
	slices.SortFunc(out, func(a, b Stretch) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Practitioner, b.Practitioner),
			cmp.Compare(a.Location, b.Location))
	})
	return out
}
