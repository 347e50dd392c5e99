// Package calendar writes an appointment as an iCalendar object (RFC 5545) that asks for it or takes it back by e-mail
// (iTIP, RFC 5546).
package calendar

import (
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Method is what a calendar is to do with an appointment.
type Method string

// The methods.
const (
	Request Method = "REQUEST" // put it in, or change it
	Cancel  Method = "CANCEL"  // take it out
	Publish Method = "PUBLISH" // put it in by hand, from a file: no one is asked to come
)

// Entry is an appointment as a calendar keeps it.
type Entry struct {
	Method Method
	// UID names the appointment for ever, and Sequence rises with each change.
	UID      string
	Sequence int64
	// Start and End are instants, and Zone is where clocks show them; Stamp is when this was written.
	Start, End, Stamp time.Time
	Zone              *time.Location
	Title, Place      string
	Notes             string
	// Organiser is the name of the practice; From is its e-mail address, or empty. To is the patient's, and empty where
	// it is published.
	Organiser, From, To string
}

// NoAddress is the address of a practice that has none. RFC 5546 wants one; RFC 2606 keeps this one from existing.
const NoAddress = "appointments@frontdesk.invalid"

const (
	london  = "Europe/London"
	product = "-//Frontdesk//Appointments//EN"
	clock   = "20060102T150405"
)

// Text writes the entry, with lines that end as RFC 5545 has them.
func (e Entry) Text() string {
	cal := ics.NewCalendar()
	cal.SetProductId(product)
	cal.SetMethod(ics.Method(e.Method))
	cal.SetCalscale("GREGORIAN")
	event := ics.NewEvent(e.UID)
	event.SetDtStampTime(e.Stamp)
	event.SetSequence(int(e.Sequence))
	local := e.times(event)
	if local {
		cal.AddVTimezone(londonRules())
	}
	event.SetSummary(e.Title)
	if e.Place != "" {
		event.SetLocation(e.Place)
	}
	if e.Notes != "" {
		event.SetDescription(e.Notes)
	}
	event.SetClass(ics.ClassificationPrivate)
	event.SetTimeTransparency(ics.TransparencyOpaque)
	event.SetStatus(ics.ObjectStatusConfirmed)
	if e.Method == Cancel {
		event.SetStatus(ics.ObjectStatusCancelled)
	}
	from := e.From
	if from == "" {
		from = NoAddress
	}
	event.SetOrganizer("mailto:"+from, ics.WithCN(name(e.Organiser)))
	if e.Method != Publish {
		event.AddAttendee("mailto:"+e.To, ics.ParticipationRoleReqParticipant, ics.ParticipationStatusAccepted,
			ics.WithRSVP(false))
	}
	cal.AddVEvent(event)
	return cal.Serialize(ics.WithNewLineWindows)
}

// times puts in the start and the end: as London's clocks show them, or in UTC where they show either twice, or where
// the clocks are others'. It reports whether it is the first.
func (e Entry) times(event *ics.VEvent) bool {
	local := e.Zone != nil && e.Zone.String() == london && !Twice(e.Start, e.Zone) && !Twice(e.End, e.Zone)
	put := func(property ics.ComponentProperty, at time.Time) {
		if local {
			event.SetProperty(property, at.In(e.Zone).Format(clock), ics.WithTZID(london))
		} else {
			event.SetProperty(property, at.UTC().Format(clock)+"Z")
		}
	}
	put(ics.ComponentPropertyDtStart, e.Start)
	put(ics.ComponentPropertyDtEnd, e.End)
	return local
}

// Twice reports whether clocks show what they show at an instant once more, an hour before or after it.
func Twice(at time.Time, zone *time.Location) bool {
	shown := at.In(zone).Format(clock)
	return at.Add(time.Hour).In(zone).Format(clock) == shown || at.Add(-time.Hour).In(zone).Format(clock) == shown
}

// londonRules are the rules of Europe/London since 1996: the last Sundays of March and October at 01:00 UTC. A program
// that does not know the zone by its name reads them.
func londonRules() *ics.VTimezone {
	zone := ics.NewTimezone(london)
	for _, half := range []struct {
		kind                  ics.ComponentType
		from, to, name, month string
		start                 string
	}{
		{ics.ComponentDaylight, "+0000", "+0100", "BST", "3", "19960331T010000"},
		{ics.ComponentStandard, "+0100", "+0000", "GMT", "10", "19961027T020000"},
	} {
		part := &ics.GeneralComponent{Token: string(half.kind)}
		part.SetProperty("TZOFFSETFROM", half.from)
		part.SetProperty("TZOFFSETTO", half.to)
		part.SetProperty("TZNAME", half.name)
		part.SetProperty(ics.ComponentPropertyDtStart, half.start)
		part.SetProperty(ics.ComponentPropertyRrule, "FREQ=YEARLY;BYMONTH="+half.month+";BYDAY=-1SU")
		zone.Components = append(zone.Components, part)
	}
	return zone
}

// name is a name without what a parameter cannot have: the library puts backslashes before it, which readers take for
// the end of the name.
func name(text string) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\",;:\\^", r) || r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// UID names an appointment of a practice group in every calendar, for ever.
func UID(group, appointment int64) string {
	return strconv.FormatInt(group, 36) + "-" + strconv.FormatInt(appointment, 36) + "@appointments.frontdesk"
}
