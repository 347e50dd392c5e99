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
	"frontdesk/core/recurrence"
)

// Recurrence is every how many weeks, and on which days of the week; without days it is the day of the first date. Or
// it is Once.
type Recurrence struct {
	Once     bool
	Interval int
	Days     []int // Sunday is 0
}

// SessionChange is what to set of a session; nil leaves a thing as it is.
type SessionChange struct {
	Away         bool // of a new one alone: it is a block
	Practitioner *practice.PractitionerID
	Location     *practice.LocationID
	Types        *[]TypeID
	AsOffered    bool // of a new one alone: Types and Step are what is offered there
	StartDate    *input.Date
	EndDate      *input.Date // NoDate is none
	From, To     *int        // minutes of the day
	Step         *int
	Rule         *string
	TimeZone     *string
	Recurrence   *Recurrence // in place of Rule
	// Exceptions are all of them, and Exclusions dates to add to those there are.
	Exceptions    *[]Exception
	Exclusions    []input.Date
	WorksHolidays *bool
	Comment       *string
}

func (c SessionChange) apply(s *Session) error {
	if s.Away {
		return c.applyAway(s)
	}
	var in input.Checks
	if c.Recurrence != nil || c.EndDate != nil {
		rule := c.rule(&in, *s)
		c.Rule = &rule
	}
	if err := in.Err(); err != nil {
		return err
	}
	input.Set(&s.Practitioner, c.Practitioner)
	input.Set(&s.Location, c.Location)
	input.Set(&s.Types, c.Types)
	input.Set(&s.Start, c.StartDate)
	input.Set(&s.Step, c.Step)
	input.Set(&s.Rule, c.Rule)
	input.Set(&s.TimeZone, c.TimeZone)
	input.Set(&s.WorksHolidays, c.WorksHolidays)
	input.Set(&s.Exceptions, c.Exceptions)
	if len(c.Exclusions) > 0 {
		s.exclude(c.Exclusions)
	}
	if c.Comment != nil {
		s.Comment = in.Lines("comment", *c.Comment, maxComment)
	}
	c.times(&in, s)
	if c.Exceptions != nil || len(c.Exclusions) > 0 {
		s.checkExceptions(&in)
	}
	c.check(&in, s)
	if err := in.Err(); err != nil {
		return err // what follows needs the dates and the zone to be right
	}
	if s.Rule == "" && (c.StartDate != nil || c.From != nil || c.To != nil || c.TimeZone != nil || c.Rule != nil) {
		exist(&in, s.zone(), s.Start, s.From, s.To)
	}
	s.recur(&in)
	return in.Err()
}

// times sets the times of day a session or a block begins and ends at.
func (c SessionChange) times(in *input.Checks, s *Session) {
	input.Set(&s.From, c.From)
	input.Set(&s.To, c.To)
	if s.From == s.To && s.To >= 0 {
		in.Wrong("end_time", input.CodeSmall, "another time than start_time",
			"The end is the same as the start.")
	}
}

// check checks what every session needs.
func (c SessionChange) check(in *input.Checks, s *Session) {
	if s.Practitioner == 0 {
		in.Wrong("practitioner", input.CodeType, "the id of a practitioner", "A session needs a practitioner.")
	}
	if s.Location == 0 {
		in.Wrong("location", input.CodeType, "the id of a location", "A session needs a location.")
	}
	if s.Start == input.NoDate {
		in.Wrong("start_date", input.CodeType, "a date as YYYY-MM-DD", "A session needs its first date.")
	}
	if s.From < 0 {
		in.Wrong("start_time", input.CodeType, "a time as HH:MM", "A session needs a time to start.")
	}
	if s.To < 0 {
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
	s.TimeZone = practice.CheckZone(in, "timezone", s.TimeZone)
	s.Rule = strings.TrimSpace(s.Rule)
}

func (s *Session) checkExceptions(in *input.Checks) {
	if len(s.Exceptions) > maxExceptions {
		in.Wrong("exceptions", input.CodeBig, fmt.Sprintf("at most %d", maxExceptions),
			"These are too many exceptions.")
		return
	}
	s.Exceptions = slices.Clone(s.Exceptions)
	for i, e := range s.Exceptions {
		at := "exceptions." + strconv.Itoa(i)
		s.Exceptions[i].Reason = in.Text(at+".reason", e.Reason, 200)
		if e.To < e.From {
			in.Wrong(at+".end_date", input.CodeSmall, "a date on or after start_date",
				"This range ends before it starts.")
		}
	}
}

// exclude adds dates to the exceptions.
func (s *Session) exclude(days []input.Date) {
	s.Exceptions = slices.Clone(s.Exceptions)
	for _, day := range days {
		if !s.excepted(day) {
			s.Exceptions = append(s.Exceptions, Exception{From: day, To: day})
		}
	}
}

// recur works out the rule of a session.
func (s *Session) recur(in *input.Checks) {
	s.Weekly, s.Until = recurrence.Weekly{}, input.NoDate
	if s.Rule == "" {
		return
	}
	zone := s.zone()
	var wrong string
	s.Weekly, s.Until, wrong = recurrence.Parse(s.Rule, s.Start,
		func(d input.Date) time.Time { return instant(zone, d, s.From).time() })
	if wrong != "" {
		in.Wrong("recurrence", input.CodeString, "a weekly RRULE, such as FREQ=WEEKLY;BYDAY=MO,WE", wrong)
	}
}

// rule is the recurrence rule of a session after the change.
func (c SessionChange) rule(in *input.Checks, s Session) string {
	r := Recurrence{Once: s.Interval == 0, Interval: s.Interval}
	if strings.Contains(s.Rule, "BYDAY") {
		for day := range 7 {
			if s.Days&(1<<day) != 0 {
				r.Days = append(r.Days, day)
			}
		}
	}
	if c.Recurrence != nil {
		r = *c.Recurrence
	}
	until := s.Until
	input.Set(&until, c.EndDate)
	if r.Once {
		start := s.Start
		input.Set(&start, c.StartDate)
		if c.EndDate != nil && until != input.NoDate && until != start {
			in.Wrong("end_date", input.CodeDate, "the first date, or nothing",
				"A session without a recurrence is on its first date alone. Give a recurrence too.")
		}
		return ""
	}
	text := "FREQ=WEEKLY"
	if in.Between("recurrence.interval", r.Interval, 1, recurrence.MaxInterval); r.Interval > 1 {
		text += fmt.Sprint(";INTERVAL=", r.Interval)
	}
	if s.Rule != "" && s.WeekStart != time.Monday {
		text += ";WKST=" + recurrence.Weekdays[s.WeekStart]
	}
	var on []string
	for day, name := range recurrence.Weekdays {
		if slices.Contains(r.Days, day) {
			on = append(on, name)
		}
	}
	if len(on) > 0 {
		text += ";BYDAY=" + strings.Join(on, ",")
	}
	if slices.ContainsFunc(r.Days, func(day int) bool { return day < 0 || day >= len(recurrence.Weekdays) }) {
		in.Wrong("recurrence.days", input.CodeBig, "0, which is Sunday, to 6", "This is not a day of the week.")
	}
	if until != input.NoDate {
		text += ";UNTIL=" + strings.ReplaceAll(until.String(), "-", "")
	}
	return text
}

// exist makes sure that clocks show both times of something on one date. What recurs has less time on a night in which
// clocks go forward.
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

// ReadTime reads a time of day as HH:MM, in minutes since midnight; nil where there is none. The end of something may
// be 24:00.
func ReadTime(in *input.Checks, field string, text *string, isEnd bool) *int {
	if text == nil {
		return nil
	}
	if isEnd && *text == "24:00" {
		return new(fullDay)
	}
	t, err := time.Parse("15:04", *text)
	if err != nil {
		in.Wrong(field, input.CodeString, "a time as HH:MM", "This is not a time of day.")
	}
	return new(t.Hour()*60 + t.Minute())
}

// ReadDate reads a date as YYYY-MM-DD; nil where there is none.
func ReadDate(in *input.Checks, field string, text *string) *input.Date {
	if text == nil {
		return nil
	}
	return new(in.Date(field, *text))
}
