package diary

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/recurrence"
)

// SessionID names a session.
type SessionID int64

// String gives the id as digits.
func (id SessionID) String() string { return strconv.FormatInt(int64(id), 10) }

// Session is when a practitioner sees patients at a place: from one wall-clock time to another, on one date or every
// week. Or it is a block: when they do not.
type Session struct {
	ID SessionID `json:"id"`
	// Away marks a block: time that is taken away, of a practitioner wherever they would be, or with no practitioner of
	// all at the place; on each date from Start to Until.
	Away         bool                    `json:"away,omitempty"`
	Practitioner practice.PractitionerID `json:"practitioner_id"`
	Location     practice.LocationID     `json:"location_id"`
	Types        []TypeID                `json:"appointment_type_ids"`
	// Start is the first date. The session runs from minute From of the day to minute To, which is of the next day when
	// it is not after From.
	Start input.Date `json:"start_date"`
	From  int        `json:"from"`
	To    int        `json:"to"`
	// Step is the minutes from the start of one slot to the next.
	Step int `json:"slot_length"`
	// Rule is the recurrence rule as it was given; empty means Start alone.
	Rule string `json:"recurrence"`
	recurrence.Weekly
	Until         input.Date  `json:"until"` // the last date, or NoDate
	TimeZone      string      `json:"timezone"`
	WorksHolidays bool        `json:"runs_on_bank_holidays"`
	Exceptions    []Exception `json:"exceptions"`
	Comment       string      `json:"comment,omitempty"`
	// CreatedBy and UpdatedBy are members of staff; 0 is a program.
	CreatedBy practice.PractitionerID `json:"created_by,omitempty"`
	UpdatedBy practice.PractitionerID `json:"updated_by,omitempty"`
	CreatedAt time.Time               `json:"created_at"`
	UpdatedAt time.Time               `json:"updated_at"`
}

// Exception is a range of dates, both included, on which a session does not run.
type Exception struct {
	From   input.Date `json:"start_date"`
	To     input.Date `json:"end_date"`
	Reason string     `json:"reason"`
}

// maxExceptions and maxTypes bound a session; fullDay is the midnight at the end of a day, in minutes.
const (
	fullDay       = 24 * 60
	maxExceptions = 500
	maxTypes      = 100
)

func (s *Session) zone() *time.Location { return practice.Zone(s.TimeZone) }

// between is from one minute of a date to another, which is of the next day when it is not after the first; nothing
// when clocks skip it whole.
func between(zone *time.Location, day input.Date, from, to int) (start, end minute) {
	last := day
	if to <= from {
		last++
	}
	return instant(zone, day, from), instant(zone, last, to)
}

func (s *Session) excepted(day input.Date) bool {
	return slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return day >= e.From && day <= e.To })
}

// Last is the last date, or NoDate.
func (s *Session) Last() input.Date {
	if s.Interval == 0 && !s.Away {
		return s.Start
	}
	return s.Until
}

// maxLooked is how many dates of a session's exceptions are looked at.
const maxLooked = 10_000

// Excluded are the dates it is not about, though the rest would say so.
func (s *Session) Excluded() []input.Date {
	var out []input.Date
	last, looked := s.Last(), 0
	for _, e := range s.Exceptions {
		until := e.To
		if last != input.NoDate && !s.Away {
			until = min(until, last)
		}
		from := e.From
		if !s.Away {
			from = max(from, s.Start)
		}
		for day := from; day <= until && looked < maxLooked; day++ {
			if looked++; s.Away || s.Runs(s.Start, last, day) {
				out = append(out, day)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Clock writes minutes since midnight as HH:MM.
func Clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// lastDay is after any date a session could have.
var lastDay = input.DayOf(2199, time.December, 31)

var errNoDates = fault.Wrong("end", input.CodeSmall, "a date or an instant after the start",
	"This range ends before it starts.")
