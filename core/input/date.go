package input

import (
	"fmt"
	"strings"
	"time"
)

// Date is a calendar date, in days since 1 January 1970. It has no zone.
type Date int32

// NoDate is the lack of a date.
const NoDate = Date(-1 << 31)

// NotADate is what a door passes for a text that is no date: checks refuse it, with what else is wrong.
const NotADate = NoDate + 1

// NotAnInstant is what a door passes for a text that is no instant: checks refuse it, with what else is wrong.
var NotAnInstant = time.Unix(0, 0).UTC()

const isoDate = "2006-01-02"

// DateOf is the date a clock in the instant's own zone shows.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return DayOf(y, m, d)
}

// DayOf is the date of a year, month and day; a day past the month's end runs
// on into the next, as with time.Date.
func DayOf(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads a date as YYYY-MM-DD, from the year 1800 to 2199.
func ParseDate(s string) (Date, bool) {
	t, err := time.Parse(isoDate, s)
	if err != nil || t.Year() < 1800 || t.Year() > 2199 {
		return NoDate, false
	}
	return DateOf(t), true
}

// UTC is midnight UTC on the date.
func (d Date) UTC() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	// 1 January 1970 was a Thursday.
	return time.Weekday(((int(d)+4)%7 + 7) % 7)
}

// String gives YYYY-MM-DD, or nothing for NoDate.
func (d Date) String() string {
	if d == NoDate {
		return ""
	}
	return d.UTC().Format(isoDate)
}

// MarshalText writes the date as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a date as YYYY-MM-DD; nothing is NoDate.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = NoDate
		return nil
	}
	v, ok := ParseDate(string(text))
	if !ok {
		return fmt.Errorf("not a date: %q", text)
	}
	*d = v
	return nil
}

// Date is a calendar date as YYYY-MM-DD.
func (c *Checks) Date(field, value string) Date {
	d, ok := ParseDate(value)
	if !ok {
		c.Wrong(field, CodeDate, "a date as YYYY-MM-DD", "This is not a date.")
	}
	return d
}

// The dates that ParseDate reads: the only ones that can be kept and read again.
var firstDate, lastDate = DayOf(1800, time.January, 1), DayOf(2199, time.December, 31)

// Believed reports whether a date is one that ParseDate reads.
func (d Date) Believed() bool { return d >= firstDate && d <= lastDate }

// Day is a calendar date that was read elsewhere; NoDate is as good as one.
func (c *Checks) Day(field string, d Date) Date {
	switch {
	case d == NotADate:
		return c.Date(field, "")
	case d != NoDate && !d.Believed():
		c.Wrong(field, CodeDate, "a date from 1800-01-01 to 2199-12-31", "This date is too far away.")
	}
	return d
}

// Instant reads an instant with its zone (RFC 3339), from the year 2000 to 2199.
func Instant(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && believed(t)
}

// GivenInstant is an instant that may be left out, which is the zero time then. One outside the years 2000 to 2199 is
// refused: the zero time of another program is not a time that was left out.
func (c *Checks) GivenInstant(field string, at time.Time, given bool) time.Time {
	if !given {
		return time.Time{}
	}
	if !believed(at.UTC()) {
		c.Wrong(field, CodeDate, "an instant of the years 2000 to 2199, such as 2026-03-15T09:30:00Z",
			"This is not an instant.")
		return NotAnInstant
	}
	return at.UTC()
}

// believed reports whether an instant is of the years 2000 to 2199.
func believed(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2200 }

// Within is an instant from low to high, to the microsecond; a zero high is no
// bound. The zero time is one that is wrong.
func (c *Checks) Within(field string, at, low, high time.Time, expected string) time.Time {
	ok := believed(at)
	switch at = at.UTC().Truncate(time.Microsecond); {
	case !ok:
		c.Wrong(field, CodeDate, expected, "This is not an instant.")
	case at.Before(low):
		c.Wrong(field, CodeSmall, expected, "This time is too early.")
	case !high.IsZero() && at.After(high):
		c.Wrong(field, CodeBig, expected, "This time is too late.")
	default:
		return at
	}
	return time.Time{}
}

// Bound is an instant, or a date of which the beginning or the end is meant.
type Bound struct {
	At  time.Time
	Day Date // NoDate beside an instant
}

// ReadBound reads a date or an instant; an empty text is none, and one that is neither is refused by Checks.Bound.
func ReadBound(text string) *Bound {
	if text == "" {
		return nil
	}
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return &Bound{At: at, Day: NoDate}
	}
	if d, ok := ParseDate(text); ok {
		return &Bound{Day: d}
	}
	return &Bound{Day: NotADate}
}

// String is a bound as ReadBound reads it.
func (b Bound) String() string {
	if b.Day == NoDate {
		return b.At.UTC().Format(time.RFC3339)
	}
	return b.Day.String()
}

// Bound is the instant that a bound means: of a date the beginning or, with days 1, the end.
func (c *Checks) Bound(field string, b Bound, zone *time.Location, days int) time.Time {
	if b.Day == NoDate {
		return b.At.UTC()
	}
	if !b.Day.Believed() {
		c.Wrong(field, CodeDate, "a date such as 2026-03-15, or an instant", "This is not a date.")
		return time.Time{}
	}
	y, m, day := b.Day.UTC().Date()
	return time.Date(y, m, day+days, 0, 0, 0, 0, zone).UTC()
}
