package booking

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Person is a name.
type Person struct{ Title, FirstName, LastName string }

// Details is an appointment with the names around it and what may be done to it.
type Details struct {
	Appointment
	TypeName         string
	LocationName     string
	PatientName      Person // empty without a patient
	PractitionerName Person
	PolicyHours      int

	CanCancel, CanReschedule bool
}

// Seen is the state a caller is told: a hold whose time is up is released,
// whether or not that has been written down.
func (a Appointment) Seen(now time.Time) State {
	if a.Lapsed(now) {
		return Released
	}
	return a.State
}

// judge fills in what may be done, by the practice's policy.
func (d *Details) judge(now time.Time) {
	d.State = d.Seen(now)
	open := Policy{Hours: d.PolicyHours}.Open(d.Appointment, now)
	d.CanCancel = d.State == Reserved || (d.State == Booked && open)
	d.CanReschedule = d.State == Booked && open
}

// Appointment finds one appointment. Error: ErrNotFound.
func (s *Service) Appointment(ctx context.Context, id ID) (Details, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return Details{}, err
	}
	d, err := s.Store.Details(ctx, who.Group, id)
	d.judge(s.Now())
	return d, err
}

// Field is what a search of appointments looks at.
type Field string

// The fields. Names match from their beginning, without case and accents.
const (
	FieldPatient      Field = "patient_id"
	FieldFirstName    Field = "patient_first_name"
	FieldLastName     Field = "patient_last_name"
	FieldFullName     Field = "patient_full_name"
	FieldPractitioner Field = "practitioner_id"
)

// Fields are all the fields.
var Fields = []Field{FieldPatient, FieldFirstName, FieldLastName, FieldFullName, FieldPractitioner}

// Query says which appointments to list. Zero values ask for all.
type Query struct {
	Field        Field // a name field, with Name
	Name         string
	Patient      patient.ID
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Type         diary.TypeID
	State        State
	Now          time.Time // when State is seen
	From, To     time.Time // of the start, the second excluded
	Descending   bool
	Offset       int
	Limit        int
}

// Search is what a caller looks for.
type Search struct {
	Query
	By        Field // what to search in
	Text      string
	FromText  string // dates in the group's zone, both included, or instants
	ToText    string
	PageIndex int // from 0
	PageSize  int
}

// Appointments lists appointments by start, and how many match in all, counted
// as patient.CountTo says.
func (s *Service) Appointments(ctx context.Context, q Search) ([]Details, int, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, 0, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, 0, err
	}
	now := s.Now()
	find, err := q.query(g.Zone(), now)
	if err != nil {
		return nil, 0, err
	}
	if find.Patient != 0 {
		p, err := patient.Current(ctx, s.Store, who.Group, find.Patient)
		if errors.Is(err, patient.ErrNotFound) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, err
		}
		find.Patient = p.ID
	}
	list, count, err := s.Store.Appointments(ctx, who.Group, find)
	for i := range list {
		list[i].judge(now)
	}
	return list, count, err
}

func (q Search) query(zone *time.Location, now time.Time) (Query, error) {
	var in input.Checks
	out := q.Query
	out.Now, out.Offset, out.Limit = now, q.PageIndex*q.PageSize, q.PageSize
	// Any year is after the first and before the last.
	out.From, out.To = time.Unix(0, 0).UTC(), time.Date(2200, time.January, 1, 0, 0, 0, 0, time.UTC)
	if q.FromText != "" {
		out.From, _ = diary.Moment(&in, "start", q.FromText, zone)
	}
	if q.ToText != "" {
		to, day := diary.Moment(&in, "end", q.ToText, zone)
		if day {
			to = diary.Midnight(zone, input.DateOf(to.In(zone))+1)
		}
		out.To = to
	}
	text := in.Text("search", q.Text, 2*patient.MaxName)
	switch {
	case q.By == "" && text != "":
		in.Wrong("field", input.CodeChoice, "the field to search in", "A search needs a field to search in.")
	case q.By == "":
	case text == "":
		in.Wrong("search", input.CodeSmall, "the text to search for", "A field needs a text to search for.")
	default:
		switch input.Choice(&in, "field", q.By, Fields) {
		case FieldPatient:
			n, _ := input.Digits(text)
			out.Patient = patient.ID(n)
			if n == 0 {
				in.Wrong("search", input.CodeString, "an id of digits", "This is not an id.")
			}
		case FieldPractitioner:
			n, _ := input.Digits(text)
			out.Practitioner = practice.PractitionerID(n)
			if n == 0 {
				in.Wrong("search", input.CodeString, "an id of digits", "This is not an id.")
			}
		default:
			out.Field, out.Name = q.By, strings.Join(strings.Fields(text), " ")
		}
	}
	return out, in.Err()
}
