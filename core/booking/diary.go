package booking

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// diary is everything that decides which times are free, read once.
type diary struct {
	sessions []Session
	zones    map[string]*time.Location
	types    map[TypeID]*Type
	closed   map[input.Date]bool
	busy     map[practice.PractitionerID][]span // in order of time, never overlapping
	now      minute                             // the first minute that can still be offered
	why      *Explanation                       // counts what was left out, when asked
}

// span is a stretch of time that is occupied.
type span struct {
	from, to minute
	held     bool
}

// slot is one time that could be booked.
type slot struct {
	session *Session
	kind    *Type
	start   minute
}

func (s slot) end() minute { return s.start + minute(s.kind.Minutes) }

// Explanation counts why times in the sessions asked for were not offered.
type Explanation struct {
	Sessions   int // sessions that could run in the time
	Days       int // times a session ran
	Closed     int // times a session did not run because of a bank holiday
	Exceptions int // times a session did not run because of an exception
	Past       int // slots that have begun
	Held       int // slots somebody holds
	Booked     int // slots somebody has booked
}

// seated reads what is needed to say which times of some practitioners, or of
// all, are free between two instants. Lapsed holds do not count as busy; they
// are given back, so that a caller in a transaction can release them. One
// appointment can be left out: the one that is about to move.
func seated(ctx context.Context, r Reader, g practice.Group, of []practice.PractitionerID, from, to, now time.Time, except ID) (*diary, []Occupied, error) {
	// A day on either side: sessions have zones of their own and may run past
	// midnight.
	first, last := input.DateOf(from.UTC())-1, input.DateOf(to.UTC())+1
	sessions, err := r.Sessions(ctx, g.ID, SessionQuery{Practitioners: of, From: first, To: last, ActiveOnly: true})
	if err != nil {
		return nil, nil, err
	}
	closed, err := closedDays(ctx, r, g, first, last)
	if err != nil {
		return nil, nil, err
	}
	occupied, err := r.Occupied(ctx, g.ID, of, from, to)
	if err != nil {
		return nil, nil, err
	}
	d := &diary{
		sessions: sessions, closed: closed, zones: map[string]*time.Location{},
		busy: map[practice.PractitionerID][]span{},
	}
	d.now = minuteOf(now)
	if now.Sub(d.now.time()) > 0 {
		d.now++
	}
	for i := range sessions {
		s := &sessions[i]
		if d.zones[s.TimeZone] == nil {
			d.zones[s.TimeZone] = s.zone()
		}
	}
	var lapsed []Occupied
	for _, o := range occupied {
		if o.Appointment == except {
			continue
		}
		if o.lapsed(now) {
			lapsed = append(lapsed, o)
			continue
		}
		d.busy[o.Practitioner] = append(d.busy[o.Practitioner], span{minuteOf(o.Start), minuteOf(o.End), !o.HeldUntil.IsZero()})
	}
	for _, spans := range d.busy {
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	}
	return d, lapsed, nil
}

// occurrences calls f for each time a session runs and touches [from, to).
func (d *diary) occurrences(s *Session, from, to minute, f func(start, end minute)) {
	zone := d.zones[s.TimeZone]
	first := input.DateOf(from.time().In(zone))
	if s.To <= s.From {
		first-- // last night's may still be running
	}
	last := input.DateOf(to.time().In(zone))
	for day := max(first, s.Start); day <= last; day++ {
		if s.Until != input.NoDate && day > s.Until {
			return
		}
		if !s.runs(s.Start, s.Until, day) {
			continue
		}
		if !s.WorksHolidays && d.closed[day] {
			d.count(func(e *Explanation) { e.Closed++ })
			continue
		}
		if s.excepted(day) {
			d.count(func(e *Explanation) { e.Exceptions++ })
			continue
		}
		start, end := s.span(zone, day)
		if start < to && end > from && start < end {
			f(start, end)
		}
	}
}

func (d *diary) count(f func(*Explanation)) {
	if d.why != nil {
		f(d.why)
	}
}

// each calls f for every free slot that starts in [from, to), in no order. This
// is the one place that says what is free: lists, counts, checks and holds all
// ask it.
func (d *diary) each(from, to minute, f func(slot)) {
	for i := range d.sessions {
		s := &d.sessions[i]
		d.count(func(e *Explanation) { e.Sessions++ })
		busy := d.busy[s.Practitioner]
		d.occurrences(s, from, to, func(start, end minute) {
			d.count(func(e *Explanation) { e.Days++ })
			near := busy[sort.Search(len(busy), func(i int) bool { return busy[i].to > start }):]
			for _, id := range s.Types {
				kind, ok := d.types[id]
				if ok {
					d.slots(s, kind, start, end, from, to, near, f)
				}
			}
		})
	}
}

// slots calls f for the free slots of one type in one run of a session.
func (d *diary) slots(s *Session, kind *Type, start, end, from, to minute, busy []span, f func(slot)) {
	length, step := minute(kind.Minutes), minute(s.Step)
	at := start
	if from > at {
		at += (from - at + step - 1) / step * step
	}
	for ; at+length <= end && at < to; at += step {
		if at < d.now {
			d.count(func(e *Explanation) { e.Past++ })
			continue
		}
		for len(busy) > 0 && busy[0].to <= at {
			busy = busy[1:]
		}
		if len(busy) > 0 && busy[0].from < at+length {
			d.count(func(e *Explanation) {
				if busy[0].held {
					e.Held++
				} else {
					e.Booked++
				}
			})
			continue
		}
		f(slot{s, kind, at})
	}
}

// offers reports whether a session at the place offers the type at the time
// for the length, from the start of one of its steps; busy or not.
func (d *diary) offers(at practice.LocationID, kind TypeID, start, end minute) bool {
	if start < d.now {
		return false
	}
	for i := range d.sessions {
		s := &d.sessions[i]
		if s.Location != at || !slices.Contains(s.Types, kind) {
			continue
		}
		found := false
		d.occurrences(s, start, start+1, func(from, to minute) {
			found = found || (start >= from && end <= to && (start-from)%minute(s.Step) == 0)
		})
		if found {
			return true
		}
	}
	return false
}

// free reports whether nothing is held or booked in the time.
func (d *diary) free(who practice.PractitionerID, start, end minute) bool {
	return !slices.ContainsFunc(d.busy[who], func(b span) bool { return b.from < end && b.to > start })
}
