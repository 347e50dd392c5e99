package diary

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// SessionID names a session.
type SessionID int64

// String gives the id as digits.
func (id SessionID) String() string { return strconv.FormatInt(int64(id), 10) }

// Session is when a practitioner sees patients at a place: from one wall-clock
// time to another, on one date or every week. Or it is a block: when they do not.
type Session struct {
	ID SessionID `json:"id"`
	// Away marks a block: time that is taken away, of a practitioner wherever they would
	// be, or with no practitioner of all at the place; on each date from Start to Until.
	Away         bool                    `json:"away,omitempty"`
	Practitioner practice.PractitionerID `json:"practitioner_id"`
	Location     practice.LocationID     `json:"location_id"`
	Types        []TypeID                `json:"appointment_type_ids"`
	// Start is the first date. The session runs from minute From of the day to
	// minute To, which is of the next day when it is not after From.
	Start input.Date `json:"start_date"`
	From  int        `json:"from"`
	To    int        `json:"to"`
	// Step is the minutes from the start of one slot to the next.
	Step int `json:"slot_length"`
	// Rule is the recurrence rule as it was given; empty means Start alone.
	Rule string `json:"recurrence"`
	Weekly
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

// maxExceptions and maxTypes bound a session; fullDay is the midnight at the end
// of a day, in minutes.
const (
	fullDay       = 24 * 60
	maxExceptions = 500
	maxTypes      = 100
)

func (s *Session) zone() *time.Location { return practice.Zone(s.TimeZone) }

// between is from one minute of a date to another, which is of the next day when
// it is not after the first; nothing when clocks skip it whole.
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
			if looked++; s.Away || s.runs(s.Start, last, day) {
				out = append(out, day)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SessionChange is what to set of a session; nil leaves a thing as it is.
type SessionChange struct {
	Away                bool // of a new one alone: it is a block
	Practitioner        *practice.PractitionerID
	Location            *practice.LocationID
	Types               *[]TypeID
	AsOffered           bool    // of a new one alone: Types and Step are what is offered there
	StartDate, From, To *string // YYYY-MM-DD, HH:MM
	EndDate             *string // an empty one is none
	Step                *int
	Rule, TimeZone      *string
	Recurrence          *Recurrence // in place of Rule
	WorksHolidays       *bool
	Exceptions          *[]ExceptionInput
	Exclusions          []string // dates, added to the exceptions there are
	Comment             *string
}

// ExceptionInput is an exception as a caller writes it.
type ExceptionInput struct{ From, To, Reason string }

func (c SessionChange) apply(s *Session) error {
	if s.Away {
		return c.applyAway(s)
	}
	var in input.Checks
	if c.Recurrence != nil || c.EndDate != nil {
		rule := c.rule(&in, *s)
		c.Rule = &rule
	}
	if len(c.Exclusions) > 0 {
		all := c.excluding(&in, *s)
		c.Exceptions = &all
	}
	if err := in.Err(); err != nil {
		return err
	}
	set(&s.Practitioner, c.Practitioner)
	set(&s.Location, c.Location)
	set(&s.Types, c.Types)
	set(&s.Step, c.Step)
	set(&s.Rule, c.Rule)
	set(&s.TimeZone, c.TimeZone)
	set(&s.WorksHolidays, c.WorksHolidays)
	if c.Comment != nil {
		s.Comment = in.Lines("comment", *c.Comment, maxComment)
	}
	if c.StartDate != nil {
		s.Start = in.Date("start_date", *c.StartDate)
	}
	times(&in, c.From, c.To, &s.From, &s.To)
	if c.Exceptions != nil {
		s.Exceptions = exceptions(&in, *c.Exceptions)
	}
	if s.Practitioner == 0 {
		in.Wrong("practitioner", input.CodeType, "the id of a practitioner", "A session needs a practitioner.")
	}
	if s.Location == 0 {
		in.Wrong("location", input.CodeType, "the id of a location", "A session needs a location.")
	}
	if s.Start == input.NoDate && c.StartDate == nil {
		in.Wrong("start_date", input.CodeType, "a date as YYYY-MM-DD", "A session needs its first date.")
	}
	if s.From < 0 && c.From == nil {
		in.Wrong("start_time", input.CodeType, "a time as HH:MM", "A session needs a time to start.")
	}
	if s.To < 0 && c.To == nil {
		in.Wrong("end_time", input.CodeType, "a time as HH:MM", "A session needs a time to end.")
	}
	s.Types = slices.Clone(s.Types)
	slices.Sort(s.Types)
	s.Types = slices.Compact(s.Types)
	if len(s.Types) == 0 || c.Types != nil && len(s.Types) > maxTypes {
		in.Wrong("types", input.CodeSmall, fmt.Sprintf("1 to %d ids", maxTypes),
			"A session needs the appointment types it offers.")
	}
	s.Step = in.Between("step", s.Step, 1, maxMinutes)
	s.TimeZone = practice.CheckZone(&in, "timezone", s.TimeZone)
	s.Rule = strings.TrimSpace(s.Rule)
	if err := in.Err(); err != nil {
		return err // what follows needs the dates and the zone to be right
	}
	s.Weekly, s.Until = Weekly{}, input.NoDate
	if s.Rule == "" && (c.StartDate != nil || c.From != nil || c.To != nil || c.TimeZone != nil || c.Rule != nil) {
		exist(&in, s.zone(), s.Start, s.From, s.To)
	}
	if s.Rule != "" {
		zone := s.zone()
		var wrong string
		s.Weekly, s.Until, wrong = parseRule(s.Rule, s.Start,
			func(d input.Date) time.Time { return instant(zone, d, s.From).time() })
		if wrong != "" {
			in.Wrong("recurrence", input.CodeString, "a weekly RRULE, such as FREQ=WEEKLY;BYDAY=MO,WE", wrong)
		}
	}
	return in.Err()
}

// exist makes sure that clocks show both times of something on one date. What recurs
// has less time on a night in which clocks go forward.
func exist(in *input.Checks, zone *time.Location, day input.Date, from, to int) {
	last := day
	if to <= from {
		last++
	}
	for _, x := range []struct {
		field string
		day   input.Date
		at    int
		isEnd bool
	}{{"start_time", day, from, false}, {"end_time", last, to, true}} {
		if x.at == 0 {
			continue // the beginning of a date, whatever clocks show then
		}
		face := x.day.UTC().Add(time.Duration(x.at) * time.Minute)
		if _, _, err := Shown(zone, face, x.isEnd); err != nil {
			in.Wrong(x.field, ErrSkipped.Code, "a time that clocks show on that date", fault.Of(err).Message)
		}
	}
}

// clock reads a time of day as HH:MM, in minutes since midnight.
func clock(in *input.Checks, field, value string) int {
	t, err := time.Parse("15:04", value)
	if err != nil {
		in.Wrong(field, input.CodeString, "a time as HH:MM", "This is not a time of day.")
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// Clock writes minutes since midnight as HH:MM.
func Clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func exceptions(in *input.Checks, from []ExceptionInput) []Exception {
	if len(from) > maxExceptions {
		in.Wrong("exceptions", input.CodeBig, fmt.Sprintf("at most %d", maxExceptions),
			"These are too many exceptions.")
		return nil
	}
	out := make([]Exception, len(from))
	for i, e := range from {
		at := "exceptions." + strconv.Itoa(i)
		out[i].From = in.Date(at+".start_date", e.From)
		out[i].To = out[i].From
		if e.To != "" {
			out[i].To = in.Date(at+".end_date", e.To)
		}
		out[i].Reason = in.Text(at+".reason", e.Reason, 200)
		if out[i].To < out[i].From {
			in.Wrong(at+".end_date", input.CodeSmall, "a date on or after start_date",
				"This range ends before it starts.")
		}
	}
	return out
}

// lastDay is after any date a session could have.
var lastDay = input.DayOf(2199, time.December, 31)

var errNoDates = fault.Wrong("end", input.CodeSmall, "a date or an instant after the start",
	"This range ends before it starts.")
