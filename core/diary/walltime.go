package diary

import (
	"time"

	"frontdesk/core/input"
)

// minute is an instant, in minutes since 1 January 1970 UTC.
type minute int64

func minuteOf(t time.Time) minute { return minute(t.Unix() / 60) }

func (m minute) time() time.Time { return time.Unix(int64(m)*60, 0).UTC() }

// around is further than any clock change is from the wall time it touches.
const around = 26 * 60

// instant is the first instant at which clocks in the zone show the date and
// minute of day, or later on that date. So a time that clocks skip when they
// go forward is the moment they go forward, and of a time they show twice when
// they go back, it is the first.
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

// Wall is the instant at which clocks in the zone show what face shows, whose
// own zone is not looked at. Of a time that clocks skip it is the moment they go
// forward, and of one they show twice the first.
func Wall(zone *time.Location, face time.Time) time.Time {
	day := input.DayOf(face.Date())
	past := time.Duration(face.Second())*time.Second + time.Duration(face.Nanosecond())
	return instant(zone, day, 60*face.Hour()+face.Minute()).time().Add(past)
}
