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

// TimeQuery says which working time to list: between two instants, of which To is excluded, of the practitioners named
// or at the locations named, where any are; and at the places named alone, where any are.
type TimeQuery struct {
	Practitioners []practice.PractitionerID
	Locations     []practice.LocationID
	Places        []practice.LocationID
	From, To      time.Time
	// Free leaves out what is over, held or booked, but for the time of the appointments Without. The list then comes
	// in pages, and has to name a practitioner, a location or a place.
	Free    bool
	Without []int64
	input.Page
}

// longestWorkedTime is how much time a list of all working time covers, by the practice's clocks; of whole dates it is
// one more, as a week of them is often asked for with the date after.
const longestWorkedTime = 168 * time.Hour

// maxWithout is how many appointments a search may ignore.
const maxWithout = 5

// ErrWhose is the fault of a search for free time that does not say whose.
var ErrWhose = fault.New(fault.Invalid, "nobody_named", "Name at least one user, room or place.")

// WorkingTime lists when practitioners work: their sessions less the time taken away, by start, then practitioner; and
// whether more follow the page.
func (s *Service) WorkingTime(ctx context.Context, q TimeQuery) (found []Stretch, more bool, err error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, false, err
	}
	switch {
	case q.From.IsZero() || q.To.IsZero():
		return nil, false, fault.Wrong("start", input.CodeType, "start and end", "Give a start and an end.")
	case q.To.Before(q.From):
		return nil, false, errNoDates
	}
	g, err := s.Practice.Group(ctx, who.Group)
	if err != nil {
		return nil, false, err
	}
	if !q.Free {
		if q.worked(g.Zone()) > longestWorkedTime {
			return nil, false, fault.Wrong("end", input.CodeBig, "at most 168 hours", "This range is too long.")
		}
		found, err = s.stretches(ctx, g, q)
		return found, false, err
	}
	offset, size, err := q.check(g.Zone())
	if err != nil {
		return nil, false, err
	}
	if now := s.Now(); q.From.Before(now) {
		q.From = now
	}
	if !q.From.Before(q.To) {
		return nil, false, nil
	}
	all, err := s.stretches(ctx, g, q)
	found = all[min(offset, len(all)):min(offset+size, len(all))]
	return found, offset+size < len(all), err
}

// worked is how much time the query covers: a week in which clocks change is a week all the same.
func (q TimeQuery) worked(zone *time.Location) time.Duration {
	_, before := q.From.In(zone).Zone()
	_, after := q.To.In(zone).Zone()
	asked := q.To.Sub(q.From) + time.Duration(after-before)*time.Second
	if wholeDate(q.From, zone) && wholeDate(q.To, zone) {
		asked -= 24 * time.Hour
	}
	return asked
}

// check checks a search for free time, and gives which of it to list.
func (q TimeQuery) check(zone *time.Location) (offset, size int, err error) {
	var in input.Checks
	offset, size = in.Window(q.Page)
	atMost(&in, "without", len(q.Without), maxWithout)
	atMost(&in, "practitioners", len(q.Practitioners), maxNamed)
	atMost(&in, "locations", len(q.Locations), maxNamed)
	atMost(&in, "places", len(q.Places), maxNamed)
	if days := input.DateOf(q.To.In(zone)) - input.DateOf(q.From.In(zone)); days > practice.MaxWindowDays {
		in.Wrong("end", input.CodeBig, fmt.Sprintf("at most %d days", practice.MaxWindowDays),
			"This range is too long.")
	}
	err = in.Err()
	if err == nil && len(q.Practitioners)+len(q.Locations)+len(q.Places) == 0 {
		err = ErrWhose
	}
	return offset, size, err
}

func (q TimeQuery) wants(of practice.PractitionerID, at practice.LocationID) bool {
	either := len(q.Practitioners)+len(q.Locations) == 0 || slices.Contains(q.Practitioners, of) ||
		slices.Contains(q.Locations, at)
	return either && (len(q.Places) == 0 || slices.Contains(q.Places, at))
}

// wholeDate reports whether a time is the first moment of a date.
func wholeDate(t time.Time, zone *time.Location) bool {
	return t.Equal(Midnight(zone, input.DateOf(t.In(zone))))
}

// roundedUp is the first minute that is not before the time.
func roundedUp(t time.Time) minute { return minuteOf(t.Add(time.Minute - time.Nanosecond)) }

// stretches reads the diaries of a query and lists the time it asks for.
func (s *Service) stretches(ctx context.Context, g practice.Group, q TimeQuery) ([]Stretch, error) {
	l := look{from: q.From, to: q.To, now: s.Now(), taken: q.Free}
	if len(q.Locations) == 0 {
		l.of = q.Practitioners
	}
	d, err := s.open(ctx, g, l)
	if err != nil {
		return nil, err
	}
	if !q.Free {
		return d.stretches(minuteOf(q.From), roundedUp(q.To), q.wants, nil), nil
	}
	var without []Taken
	if len(q.Without) > 0 {
		if without, err = s.Store.Taken(ctx, g.ID, TakenQuery{Appointments: q.Without}); err != nil {
			return nil, err
		}
	}
	return d.stretches(roundedUp(q.From), roundedUp(q.To), q.wants, func(sh *sheet) []stretch {
		return d.busy(sh, without)
	}), nil
}

// busy is the time of a sheet that is held or booked, but for that of some appointments.
func (d *diary) busy(sh *sheet, without []Taken) []stretch {
	var out []stretch
	for _, t := range sh.taken {
		ignored := slices.ContainsFunc(without, func(w Taken) bool {
			return w.Practitioner == sh.sessions[0].Practitioner && minuteOf(w.Start) == t.from &&
				minuteOf(w.End) == t.to
		})
		if !ignored && !d.lapsed(t) {
			out = append(out, stretch{from: t.from, to: t.to})
		}
	}
	return out
}

// stretches lists the time of the sessions in [from, to) that are wanted, less what was taken away and, when busy gives
// it, less what is in the way.
func (d *diary) stretches(
	from, to minute, wanted func(practice.PractitionerID, practice.LocationID) bool,
	busy func(*sheet) []stretch,
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
				left = less(left, busy(sh))
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
