package booking

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Seen is the state an appointment has for callers: a hold whose time is up is released, whether or not that has been
// recorded.
func (a Appointment) Seen(now time.Time) State {
	if a.Lapsed(now) {
		return Released
	}
	return a.State
}

// judge fills in what may be done, by the practice's policy.
func (a *Appointment) judge(now time.Time) {
	a.State = a.Seen(now)
	open := Policy{Hours: a.PolicyHours}.Open(*a, now)
	a.CanCancel = a.State == Reserved || (a.State == Booked && open)
	a.CanReschedule = a.State == Booked && open
}

// Read finds one appointment. Error: ErrNotFound.
func (s *Service) Read(ctx context.Context, id ID) (Appointment, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return Appointment{}, err
	}
	a, err := s.Store.Appointment(ctx, who.Group, id)
	a.judge(s.Now())
	if err == nil {
		audit.Seen(ctx, a)
	}
	return a, err
}

// ReadMany finds appointments by their ids; those the practice lacks are left out.
func (s *Service) ReadMany(ctx context.Context, ids []ID) (map[ID]Appointment, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.AppointmentsByID(ctx, who.Group, ids)
	now, out := s.Now(), make(map[ID]Appointment, len(all))
	for _, a := range all {
		a.judge(now)
		out[a.ID] = a
	}
	audit.Seen(ctx, all...)
	return out, err
}

// NameField is a name of a patient that appointments are found by.
type NameField string

// The names. They match from their beginning, without case and accents.
const (
	FirstName NameField = "first_name"
	LastName  NameField = "last_name"
	FullName  NameField = "full_name"
)

// Query is which appointments to list, by their start. Zero values ask for all.
type Query struct {
	Patient      patient.ID
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Type         diary.TypeID
	NameField    NameField
	Name         string
	States       []State
	// From and To bound the start: from a date or an instant, to the end of a date or before an instant. Touches is a
	// stretch, both ends included, in which an appointment starts or ends.
	From, To         diary.Moment
	Touches          input.Span
	Created, Updated input.Span
	// Key, and Value where it is given, are what another program keeps with it.
	Key   string
	Value *string

	Now           time.Time // when States are judged
	Descending    bool
	Offset, Limit int
	Count         bool // how many match in all
	// Bare finds who, where, when, the state and comments, and leaves out the rest, which is not always wanted. Only
	// lists of patients' appointments use it.
	Bare bool
}

// Live are the states of an appointment that stands.
var Live = []State{Reserved, Booked}

// List lists appointments by start and, where q.Count asks for it, how many match in all, counted up to
// input.CountTo.
func (s *Service) List(ctx context.Context, q Query) ([]Appointment, int, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, 0, err
	}
	q.Now, q.Name = s.Now(), strings.Join(strings.Fields(q.Name), " ")
	if q.From.Given() || q.To.Given() {
		g, err := s.Store.Group(ctx, who.Group)
		if err != nil {
			return nil, 0, err
		}
		q.From, q.To = q.From.Begin(g.Zone()), q.To.End(g.Zone())
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, 0, err
	}
	list, count, err := s.Store.Appointments(ctx, who.Group, q)
	for i := range list {
		list[i].judge(q.Now)
	}
	audit.Seen(ctx, list...)
	return list, count, err
}

// ListOf lists a page of the appointments of each patient, by start.
func (s *Service) ListOf(ctx context.Context, of []patient.ID, q Query) (map[patient.ID][]Appointment, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	q.Now = s.Now()
	all, err := s.Store.AppointmentsOf(ctx, who.Group, of, q)
	audit.Seen(ctx, all...)
	out := make(map[patient.ID][]Appointment, len(of))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Patient == all[0].Patient {
			n++
		}
		out[all[0].Patient], all = all[:n:n], all[n:]
	}
	return out, err
}

// CountOf counts the appointments of each patient.
func (s *Service) CountOf(ctx context.Context, of []patient.ID, q Query) (map[patient.ID]int, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	q.Now = s.Now()
	return s.Store.CountAppointmentsOf(ctx, who.Group, of, q)
}
