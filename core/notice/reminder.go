package notice

import "time"

const day = 24 * 60 // in minutes

// lastBefore is how long before the night a reminder is sent that would come in its first part, in minutes.
const lastBefore = 60

// night reports whether a minute of the day is in the night, and whether that is before midnight.
func (s Settings) night(minute int) (asleep, evening bool) {
	from, until := *s.NightFrom, *s.NightUntil
	if from > until {
		return minute >= from || minute < until, minute >= from
	}
	return minute >= from && minute < until, false
}

func minuteOf(t time.Time) int { return 60*t.Hour() + t.Minute() }

// on is a minute of the day of a time, and some days after.
func on(t time.Time, days, minute int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, minute/60, minute%60, 0, 0, t.Location()).UTC()
}

// awake is a time, or the end of the night where it is in one.
func (s Settings) awake(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	asleep, evening := s.night(minuteOf(local))
	switch {
	case !asleep:
		return at
	case evening:
		return on(local, 1, *s.NightUntil)
	}
	return on(local, 0, *s.NightUntil)
}

// asleep is when the next night begins.
func (s Settings) asleep(at time.Time, zone *time.Location) time.Time {
	if *s.NightFrom == *s.NightUntil {
		return at.Add(day * time.Minute)
	}
	local := at.In(zone)
	if begins := on(local, 0, *s.NightFrom); begins.After(at) {
		return begins
	}
	return on(local, 1, *s.NightFrom)
}

// due is when a reminder of an appointment is due. One that would come in the first part of the night comes in the
// evening before it; one that would come in the second part comes in the morning, or where that leaves less than half
// of its time, in the evening before too.
func (s Settings) due(start time.Time, lead time.Duration, zone *time.Location) time.Time {
	at := start.Add(-lead)
	local := at.In(zone)
	asleep, evening := s.night(minuteOf(local))
	if !asleep {
		return at
	}
	last := *s.NightFrom - lastBefore
	if evening {
		return on(local, 0, last)
	}
	morning := s.awake(at, zone)
	if start.Sub(morning) >= lead/2 {
		return morning
	}
	if last < 0 {
		return on(local, -1, last+day)
	}
	if *s.NightFrom > *s.NightUntil {
		return on(local, -1, last)
	}
	return on(local, 0, last)
}
