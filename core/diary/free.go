package diary

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
	sheets []*sheet // in order of practitioner
	places map[practice.LocationID]bool
	types  map[TypeID]*Type
	closed map[input.Date]bool
	now    minute       // the first minute that can still be offered
	micro  int64        // now, in microseconds since 1970
	why    *Explanation // counts what was left out, when asked
}

// lapsed reports a hold whose time is up.
func (d *diary) lapsed(t stretch) bool { return t.until != 0 && t.until <= d.micro }

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
	Blocked    int // slots in time that was taken away
	Held       int // slots that are held
	Booked     int // slots that are booked
}

// open reads what is needed to say which times are offered, and, when l.taken is set, which of them are free.
func (s *Service) open(ctx context.Context, g practice.Group, l look) (*diary, error) {
	l.group = g.ID
	var err error
	d := &diary{now: minuteOf(l.now), micro: l.now.UnixMicro(), places: map[practice.LocationID]bool{}}
	if l.now.After(d.now.time()) {
		d.now++
	}
	if d.sheets, err = s.sheets.read(ctx, s.Store, l); err != nil {
		return nil, err
	}
	places, err := s.Practice.Locations(ctx, g.ID, false)
	for _, p := range places {
		d.places[p.ID] = true
	}
	if err != nil {
		return nil, err
	}
	d.closed, err = s.closedDays(ctx, g, input.DateOf(l.from.UTC())-1, input.DateOf(l.to.UTC())+1)
	return d, err
}

// occurrences calls f for each time a session runs and touches [from, to).
func (d *diary) occurrences(s *Session, from, to minute, f func(start, end minute)) {
	zone := s.zone()
	first := input.DateOf(from.time().In(zone))
	if s.To <= s.From {
		first-- // last night's may still be running
	}
	last := input.DateOf((to - 1).time().In(zone))
	for day := max(first, s.Start); day <= last; day++ {
		if s.Until != input.NoDate && day > s.Until {
			return
		}
		if !s.Runs(s.Start, s.Until, day) {
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
		start, end := between(zone, day, s.From, s.To)
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

// each calls f for every free slot that starts in [from, to), in no order. This is the one place that decides what is
// free: lists, counts, checks and holds all ask it. A time of a practitioner, place and type is one slot, however many
// sessions offer it.
func (d *diary) each(from, to minute, f func(slot)) {
	for _, sh := range d.sheets {
		runs := d.runs(sh, from, to)
		for i := range runs {
			r := &runs[i]
			r.away = sh.away(r.session.Location, r.start, r.end)
			r.taken = sh.taken[sort.Search(len(sh.taken), func(i int) bool { return sh.taken[i].to > r.start }):]
			for _, id := range r.session.Types {
				if kind, ok := d.types[id]; ok {
					d.slots(*r, kind, from, to, f)
				}
			}
		}
	}
}

// run is one time a session runs, with what is taken and what is taken away near it, both in order and without
// overlaps.
type run struct {
	session     *Session
	start, end  minute
	taken, away []stretch
	// before are the runs at the same place that it overlaps, of sessions that come before its own: what they offer too
	// is theirs.
	before []*run
}

// runs are the times the sessions of a sheet run that touch [from, to).
func (d *diary) runs(sh *sheet, from, to minute) []run {
	var all []run
	for i := range sh.sessions {
		s := &sh.sessions[i]
		if !d.places[s.Location] {
			continue
		}
		d.count(func(e *Explanation) { e.Sessions++ })
		d.occurrences(s, from, to, func(start, end minute) {
			d.count(func(e *Explanation) { e.Days++ })
			all = append(all, run{session: s, start: start, end: end})
		})
	}
	if len(sh.sessions) < 2 {
		return all
	}
	slices.SortFunc(all, func(a, b run) int { return cmp.Compare(a.start, b.start) })
	for i := range all {
		for j := i + 1; j < len(all) && all[j].start < all[i].end; j++ {
			a, b := &all[i], &all[j]
			if a.session.Location != b.session.Location {
				continue
			}
			if a.session.ID > b.session.ID {
				a, b = b, a
			}
			b.before = append(b.before, a)
		}
	}
	return all
}

// offers reports whether the run has a slot of a type and length at a time.
func (r *run) offers(kind TypeID, at, length minute) bool {
	return at >= r.start && at+length <= r.end && (at-r.start)%minute(r.session.Step) == 0 &&
		slices.Contains(r.session.Types, kind)
}

// slots calls f for the free slots of one type in one run of a session.
func (d *diary) slots(r run, kind *Type, from, to minute, f func(slot)) {
	length, step := minute(kind.Minutes), minute(r.session.Step)
	at := r.start
	if from > at {
		at += (from - at + step - 1) / step * step
	}
	for ; at+length <= r.end && at < to; at += step {
		if slices.ContainsFunc(r.before, func(o *run) bool { return o.offers(kind.ID, at, length) }) {
			continue
		}
		if at < d.now {
			d.count(func(e *Explanation) { e.Past++ })
			continue
		}
		for len(r.away) > 0 && r.away[0].to <= at {
			r.away = r.away[1:]
		}
		for len(r.taken) > 0 && (r.taken[0].to <= at || d.lapsed(r.taken[0])) {
			r.taken = r.taken[1:]
		}
		switch {
		case len(r.away) > 0 && r.away[0].from < at+length:
			d.count(func(e *Explanation) { e.Blocked++ })
		case len(r.taken) == 0 || r.taken[0].from >= at+length:
			f(slot{r.session, kind, at})
		default:
			d.count(func(e *Explanation) {
				if r.taken[0].until != 0 {
					e.Held++
				} else {
					e.Booked++
				}
			})
		}
	}
}

// offers reports whether a session at the place offers the type at the time for the length, from the start of one of
// its steps, and none of it was taken away; held or booked, or not.
func (d *diary) offers(at practice.LocationID, kind TypeID, start, end minute) bool {
	if start < d.now || !d.places[at] {
		return false
	}
	for _, sh := range d.sheets {
		if len(sh.away(at, start, end)) > 0 {
			continue
		}
		for i := range sh.sessions {
			s := &sh.sessions[i]
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
	}
	return false
}

// free reports whether nothing is held or booked in the time.
func (d *diary) free(start, end minute) bool {
	for _, sh := range d.sheets {
		if slices.ContainsFunc(sh.taken, func(t stretch) bool { return t.from < end && t.to > start && !d.lapsed(t) }) {
			return false
		}
	}
	return true
}

// Terms are what an appointment would be of, and where.
type Terms struct {
	Group    practice.Group
	Type     Type
	Location practice.Location
}

// Terms reads what an appointment would be of, and where. Errors: ErrTypeNotFound, practice.ErrLocationNotFound.
func (s *Service) Terms(
	ctx context.Context, group practice.ID, kind TypeID, at practice.LocationID,
) (t Terms, err error) {
	if t.Group, err = s.Practice.Group(ctx, group); err != nil {
		return t, err
	}
	if t.Type, err = s.Store.AppointmentType(ctx, group, kind); err != nil {
		return t, err
	}
	t.Location, err = s.Practice.Location(ctx, group, at)
	return t, err
}

// Offered reports whether a session offers the time, held or booked or not. Error: practice.ErrPractitionerNotFound.
func (s *Service) Offered(
	ctx context.Context, t Terms, of practice.PractitionerID, start, end time.Time,
) (bool, error) {
	d, err := s.open(ctx, t.Group, look{of: []practice.PractitionerID{of}, from: start, to: end, now: s.Now()})
	if err != nil {
		return false, err
	}
	if t.Type.Active && d.offers(t.Location.ID, t.Type.ID, minuteOf(start), minuteOf(end)) {
		return true, nil
	}
	if len(d.sheets) == 0 {
		// The practitioner may not exist.
		_, err = s.Practice.Practitioner(ctx, t.Group.ID, of)
	}
	return false, err
}

// Free reports whether nothing is held or booked in the time.
func (s *Service) Free(
	ctx context.Context, g practice.Group, of practice.PractitionerID, start, end time.Time,
) (bool, error) {
	d, err := s.open(ctx, g, look{of: []practice.PractitionerID{of}, from: start, to: end, now: s.Now(), taken: true})
	return err == nil && d.free(minuteOf(start), minuteOf(end)), err
}

// closedDays are the group's bank holidays on which it is closed.
func (s *Service) closedDays(
	ctx context.Context, g practice.Group, from, to input.Date,
) (map[input.Date]bool, error) {
	holidays, err := practice.Holidays(ctx, s.Practice, g, from, to)
	if err != nil {
		return nil, err
	}
	closed := make(map[input.Date]bool, len(holidays))
	for _, h := range holidays {
		if h.Closed {
			closed[h.Day] = true
		}
	}
	return closed, nil
}
