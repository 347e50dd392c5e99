package diary

import (
	"fmt"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// minute is an instant, in minutes since 1 January 1970 UTC.
type minute int64

func minuteOf(t time.Time) minute { return minute(t.Unix() / 60) }

func (m minute) time() time.Time { return time.Unix(int64(m)*60, 0).UTC() }

// around is further than any clock change is from the wall time it touches.
const around = 26 * 60

// instant is the first instant at which clocks in the zone show the date and minute of day, or later on that date. So a
// time that clocks skip when they go forward is the moment they go forward, and of a time they show twice when they go
// back, it is the first.
func instant(zone *time.Location, day input.Date, at int) minute {
	naive := minute(int64(day)*1440 + int64(at))
	before, after := offset(zone, naive-around), offset(zone, naive+around)
	early := naive - before
	if before == after || offset(zone, early) == before {
		return early
	}
	late := naive - after
	if offset(zone, late) == after {
		return late
	}
	changed, _ := early.time().In(zone).ZoneBounds()
	return minuteOf(changed)
}

// offset is minutes ahead of UTC at an instant.
func offset(zone *time.Location, at minute) minute {
	_, seconds := at.time().In(zone).Zone()
	return minute(seconds / 60)
}

// Midnight is the first instant of a date in a zone.
func Midnight(zone *time.Location, d input.Date) time.Time { return instant(zone, d, 0).time() }

// Moment is a date at the practice, or an instant. The zero one is neither.
type Moment struct {
	day input.Date
	at  time.Time
	of  byte // isDate, isInstant or 0
}

const (
	isDate    = 'd'
	isInstant = 'i'
)

// On is a date as a Moment, and At an instant.
func On(d input.Date) Moment { return Moment{day: d, of: isDate} }

// At is an instant as a Moment.
func At(t time.Time) Moment { return Moment{at: t, of: isInstant} }

// Given reports whether there is a date or an instant.
func (m Moment) Given() bool { return m.of != 0 }

// Time is the instant; zero for a date.
func (m Moment) Time() time.Time { return m.at }

// Begin is the first instant of a date in a zone, and an instant itself.
func (m Moment) Begin(zone *time.Location) Moment {
	if m.of == isDate {
		return At(Midnight(zone, m.day))
	}
	return m
}

// End is the first instant after a date in a zone, and an instant itself.
func (m Moment) End(zone *time.Location) Moment {
	if m.of == isDate {
		return At(Midnight(zone, m.day+1))
	}
	return m
}

// ReadMoment reads a date or an instant as programs write them; an empty text is neither.
func ReadMoment(in *input.Checks, field, text string) Moment {
	if text == "" {
		return Moment{}
	}
	if d, ok := input.ParseDate(text); ok {
		return On(d)
	}
	t, ok := input.Instant(text)
	if !ok {
		in.Wrong(field, input.CodeDate, "a date as YYYY-MM-DD, or an instant as 2026-03-15T09:30:00Z",
			"This is neither a date nor an instant.")
	}
	return At(t)
}

// ErrSkipped is the fault of a time that clocks never show.
var ErrSkipped = fault.New(fault.Invalid, "time_does_not_exist", "That time does not exist: clocks go forward over it.")

// Shown is when clocks in the zone show what face shows, whose own zone is not looked at: in the hour they show twice,
// both times. An end may be the very moment they go forward, as they would show it. Error: ErrSkipped.
func Shown(zone *time.Location, face time.Time, isEnd bool) (first, second time.Time, err error) {
	first = Wall(zone, face)
	if !sameFace(first.In(zone), face) {
		before := first.Add(-time.Minute).In(zone)
		if isEnd && sameFace(gap(before), face) {
			return first, second, nil
		}
		return first, second, ErrSkipped.Saying(fmt.Sprintf("%s does not exist: on that day clocks go forward from "+
			"%s to %s.",
			face.Format("15:04 on Monday 2 January 2006"), gap(before).Format("15:04"), first.In(zone).Format("15:04")))
	}
	// Clocks go back by at most a day, and show the same again when they have gone.
	if _, after := first.In(zone).ZoneBounds(); !after.IsZero() {
		_, was := first.In(zone).Zone()
		_, is := after.In(zone).Zone()
		if again := first.Add(time.Duration(was-is) * time.Second); was > is && !again.Before(after) {
			second = again
		}
	}
	return first, second, nil
}

// gap is what clocks would show after their last minute before they go forward.
func gap(last time.Time) time.Time {
	return time.Date(last.Year(), last.Month(), last.Day(), last.Hour(), last.Minute()+1, 0, 0, time.UTC)
}

func sameFace(a, b time.Time) bool {
	return a.Format(minuteFace) == b.Format(minuteFace)
}

const minuteFace = "2006-01-02 15:04"

// Wall is the instant at which clocks in the zone show what face shows, whose own zone is not looked at. Of a time that
// clocks skip it is the moment they go forward, and of one they show twice the first.
func Wall(zone *time.Location, face time.Time) time.Time {
	day := input.DayOf(face.Date())
	past := time.Duration(face.Second())*time.Second + time.Duration(face.Nanosecond())
	return instant(zone, day, 60*face.Hour()+face.Minute()).time().Add(past)
}
