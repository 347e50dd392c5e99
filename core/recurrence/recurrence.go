// Package recurrence reads the weekly rule of a session (RFC 5545, iCalendar RRULE), and says on which dates it runs.
package recurrence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/input"
)

// Weekly is a session's weekly rule, in a form that answers for any date at once whether the session runs on it.
type Weekly struct {
	Interval  int          // every so many weeks; 0 means the start date alone
	Days      uint8        // bit n is set when it runs on time.Weekday(n)
	WeekStart time.Weekday // where a week begins, for an Interval above 1
}

// MaxInterval and maxCount bound a rule to what a practice could mean, and the work of turning a count into a date.
const (
	MaxInterval = 52
	maxCount    = 1000
)

// Weekdays are what rules call the days of the week, by time.Weekday.
var Weekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func weekday(name string) (time.Weekday, bool) {
	n := slices.Index(Weekdays, name)
	return time.Weekday(n), n >= 0
}

// Parse reads a weekly recurrence rule (RFC 5545, section 3.3.10) with FREQ, INTERVAL, BYDAY, WKST, and COUNT or
// UNTIL. It gives the rule, the last date or NoDate, and what is wrong in a sentence. An UNTIL with a time is compared
// with the instant at which the session starts, which start gives for a date.
func Parse(text string, first input.Date, start func(input.Date) time.Time) (Weekly, input.Date, string) {
	w := Weekly{Interval: 1, WeekStart: time.Monday}
	until, count := input.NoDate, 0
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.TrimPrefix(text, "RRULE:"), ";") {
		name, value, _ := strings.Cut(part, "=")
		if seen[name] {
			return w, until, "The rule has " + name + " twice."
		}
		seen[name] = true
		var ok bool
		switch name {
		case "FREQ":
			ok = value == "WEEKLY"
		case "INTERVAL":
			w.Interval, ok = number(value, MaxInterval)
		case "COUNT":
			count, ok = number(value, maxCount)
		case "UNTIL":
			until, ok = parseUntil(value, start)
		case "WKST":
			w.WeekStart, ok = weekday(value)
		case "BYDAY":
			w.Days, ok = parseDays(value)
		default:
			return w, until, "Sessions repeat weekly; the rule has a part that is not for that."
		}
		if !ok {
			return w, until, "The rule's " + name + " is not one a weekly session can have."
		}
	}
	switch {
	case !seen["FREQ"]:
		return w, until, "The rule needs FREQ=WEEKLY."
	case seen["COUNT"] && seen["UNTIL"]:
		return w, until, "The rule may have COUNT or UNTIL, not both."
	case until != input.NoDate && until < first:
		return w, until, "The rule ends before the session starts."
	}
	if w.Days == 0 {
		w.Days = 1 << first.Weekday()
	}
	if count > 0 {
		until = w.last(first, count)
	}
	return w, until, ""
}

// parseDays reads the days of BYDAY.
func parseDays(value string) (days uint8, ok bool) {
	for _, name := range strings.Split(value, ",") {
		day, ok := weekday(name)
		if !ok {
			return 0, false
		}
		days |= 1 << day
	}
	return days, true
}

// last is the date on which a session runs for the given time.
func (w Weekly) last(first input.Date, count int) input.Date {
	for day := first; ; day++ {
		if w.Runs(first, input.NoDate, day) {
			if count--; count == 0 {
				return day
			}
		}
	}
}

func number(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= most
}

// parseUntil reads UNTIL as a date, or as an instant in UTC.
func parseUntil(value string, start func(input.Date) time.Time) (input.Date, bool) {
	if t, err := time.Parse("20060102", value); err == nil {
		return input.ParseDate(t.Format("2006-01-02"))
	}
	t, err := time.Parse("20060102T150405Z", value)
	if err != nil {
		return input.NoDate, false
	}
	last, ok := input.ParseDate(t.Format("2006-01-02"))
	// The zone may be ahead of UTC or behind it by most of a day.
	for last++; ok && start(last).After(t); {
		last--
	}
	return last, ok
}

// Runs reports whether a session with this rule runs on the date.
func (w Weekly) Runs(first, until, day input.Date) bool {
	if day < first || (until != input.NoDate && day > until) {
		return false
	}
	if w.Interval == 0 {
		return day == first
	}
	if w.Days&(1<<day.Weekday()) == 0 {
		return false
	}
	return w.Interval == 1 || (w.week(day)-w.week(first))%w.Interval == 0
}

// week numbers weeks that begin on WeekStart; 1 January 1970 was a Thursday.
func (w Weekly) week(day input.Date) int {
	days := int(day) + (int(time.Thursday)-int(w.WeekStart)+7)%7
	if days < 0 {
		return (days - 6) / 7
	}
	return days / 7
}
