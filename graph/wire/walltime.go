package wire

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/graph/scalar"
)

// Bookings and availabilities have the practice's wall-clock time with a Z that
// is not true: a booking at half past nine in July is at 09:30:00.000Z. Programs
// rely on it, so this door does the same, and this file is all of it: nothing
// below the door has any time but the true one.

// Wall is a moment as the practice's clocks show it, marked Z.
func Wall(zone *time.Location, t time.Time) *scalar.Moment {
	if t.IsZero() {
		return nil
	}
	l := t.In(zone)
	return &scalar.Moment{
		T:    time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC),
		Form: scalar.Zulu,
	}
}

// meant is the moment a wall-clock time stands for. A time with an offset from UTC is
// its own moment. A time that clocks skip when they go forward is the moment they do,
// and of a time they show twice it is the first: the second can be read here and not
// written.
func meant(zone *time.Location, m scalar.Moment) time.Time {
	if m.Form == scalar.Offset {
		return m.T.UTC()
	}
	return diary.Wall(zone, m.T)
}

// Stretch reads a stretch of the practice's wall-clock time that a list is narrowed
// to, both of its ends included: a date as its end is that whole day. strict refuses
// a time without a zone, as bookings always did.
func Stretch(zone *time.Location, start, end *scalar.Moment, strict bool) (from, until time.Time, err error) {
	for _, x := range []struct {
		m  *scalar.Moment
		to *time.Time
	}{{start, &from}, {end, &until}} {
		if x.m == nil || x.m.IsZero() {
			continue
		}
		if strict && x.m.Form == scalar.Local {
			return from, until, ErrDate
		}
		*x.to = meant(zone, *x.m)
	}
	if end != nil && end.Form == scalar.Day && !end.IsZero() {
		until = lastOf(zone, end)
	}
	return from, until, nil
}

// appointed are the two times of a booking: the first where clocks show a time twice, and then
// the second too.
type appointed struct{ Start, StartTwice, End, EndTwice time.Time }

// StartAndEnd reads the two times of a booking. A time with an offset from UTC is
// its own moment; one that clocks never show is refused. An end that is shown twice
// is the second when only that is after the start.
func StartAndEnd(zone *time.Location, start, end *scalar.Moment) (a appointed, err error) {
	if a.Start, a.StartTwice, err = exact(zone, start, false); err != nil {
		return a, err
	}
	a.End, a.EndTwice, err = exact(zone, end, true)
	if !a.EndTwice.IsZero() && !a.Start.IsZero() && !a.End.After(a.Start) {
		a.End, a.EndTwice = a.EndTwice, time.Time{}
	}
	return a, err
}

func exact(zone *time.Location, m *scalar.Moment, isEnd bool) (at, twice time.Time, err error) {
	switch {
	case m == nil || m.IsZero():
		return at, twice, nil
	case m.Form == scalar.Offset:
		return m.T.UTC(), twice, nil
	}
	return diary.Shown(zone, m.T, isEnd)
}

// tick is the finest step of time that is kept.
const tick = time.Microsecond

// lastOf is the last moment of a date at the practice.
func lastOf(zone *time.Location, day *scalar.Moment) time.Time {
	return diary.Midnight(zone, DateOf(day)+1).Add(-tick)
}

// EndExclusive is the first moment after a stretch that ended with a date, for what does
// not include its end.
func EndExclusive(until time.Time, end *scalar.Moment) time.Time {
	if end != nil && end.Form == scalar.Day && !end.IsZero() {
		return until.Add(tick)
	}
	return until
}

// TrueTime is the moment that is meant where no wall clock is: a date is its
// midnight at the practice, and a time has a zone.
func TrueTime(zone *time.Location, m *scalar.Moment) (time.Time, error) {
	switch {
	case m == nil || m.IsZero():
		return time.Time{}, nil
	case m.Form == scalar.Local:
		return time.Time{}, ErrDate
	case m.Form == scalar.Day:
		return diary.Midnight(zone, DateOf(m)), nil
	}
	return m.T.UTC(), nil
}

// TrueEnd is trueTime for the end of a stretch that is in it: a date is the last
// moment of that day.
func TrueEnd(zone *time.Location, m *scalar.Moment) (time.Time, error) {
	if m != nil && m.Form == scalar.Day && !m.IsZero() {
		return lastOf(zone, m), nil
	}
	return TrueTime(zone, m)
}

// WallMinutes is what the practice's clocks show so many minutes into a date, marked Z.
func WallMinutes(day input.Date, minutes int) *scalar.Moment {
	return &scalar.Moment{T: day.UTC().Add(time.Duration(minutes) * time.Minute), Form: scalar.Zulu}
}

// Zone is the practice's own, read once for each request, or each change.
func (d *Resolver) Zone(ctx context.Context) (*time.Location, error) {
	all := loadersOf(ctx)
	all.zoned.Do(func() {
		var g practice.Group
		if g, all.zoneErr = d.Core.Practice.Group(ctx); all.zoneErr == nil {
			all.zone = g.Zone()
		}
	})
	return all.zone, all.zoneErr
}
