package graph

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/graph/scalar"
)

// Bookings and availabilities tell the practice's wall-clock time with a Z that
// is not true: a booking at half past nine in July is at 09:30:00.000Z. Programs
// rely on it, so this door does the same, and this file is all of it: nothing
// below the door knows any time but the true one.

// face is a moment as the practice's clocks show it, marked Z.
func face(zone *time.Location, t time.Time) *scalar.Moment {
	if t.IsZero() {
		return nil
	}
	l := t.In(zone)
	return &scalar.Moment{
		T:    time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC),
		Form: scalar.Zulu,
	}
}

// meant is the moment a wall-clock time stands for. A time with a distance from
// UTC says its moment itself. A time that clocks skip when they go forward is
// the moment they do, and of one they show twice it is the first: the second
// can be read here and not written.
func meant(zone *time.Location, m scalar.Moment) time.Time {
	if m.Form == scalar.Offset {
		return m.T.UTC()
	}
	return diary.Wall(zone, m.T)
}

// stretch reads a stretch of the practice's wall-clock time. strict refuses a time
// without a zone, as bookings always did.
func stretch(zone *time.Location, start, end *scalar.Moment, strict bool) (from, until time.Time, err error) {
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
	return from, until, nil
}

// shown is what the practice's clocks show so many minutes into a date, marked Z.
func shown(day input.Date, minutes int) *scalar.Moment {
	return &scalar.Moment{T: day.UTC().Add(time.Duration(minutes) * time.Minute), Form: scalar.Zulu}
}

// zone is the practice's own, read once for each request, or each change.
func (d *door) zone(ctx context.Context) (*time.Location, error) {
	all := loadersOf(ctx)
	all.zoned.Do(func() {
		var g practice.Group
		if g, all.zoneErr = d.core.Practice.Group(ctx); all.zoneErr == nil {
			all.zone = g.Zone()
		}
	})
	return all.zone, all.zoneErr
}
