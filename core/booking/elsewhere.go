package booking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
)

// Elsewhere is another appointment that a patient has at the same time.
type Elsewhere struct {
	ID           ID
	Practitioner practice.PractitionerID
	Start, End   time.Time
}

// ErrElsewhere is the fault of a patient who would be in two places at once, where the practice refuses that.
var ErrElsewhere = fault.New(fault.Conflict, "patient_booked_elsewhere",
	"The patient has another appointment that overlaps this time, with another practitioner.")

// mostElsewhere is how many of those appointments are listed.
const mostElsewhere = 10

// overlaps finds what else the patient of an appointment has at its time, or refuses the appointment where the practice
// refuses overlaps. Where the appointment is confirmed all the same, those to whom the work around it is given have a
// task about it in the same transaction. The caller has locked the patient. Error: ErrElsewhere.
func (s *Service) overlaps(ctx context.Context, tx Tx, who access.Caller, a *Appointment, now time.Time) error {
	if a.Patient == 0 {
		return nil
	}
	var err error
	if a.Elsewhere, err = tx.Elsewhere(ctx, who.Group, *a, mostElsewhere); err != nil || len(a.Elsewhere) == 0 {
		return err
	}
	g, err := tx.Group(ctx, who.Group)
	if err != nil {
		return err
	}
	if g.PatientOverlap == practice.RefuseOverlap {
		return ErrElsewhere
	}
	if a.State != Booked {
		return nil
	}
	work := s.Store.Work(tx)
	to, err := doneBy(ctx, work, who.Group, *a)
	if err != nil {
		return err
	}
	return task.Raise(ctx, work, who, now, task.Task{
		ID: task.ID(s.NewID()), Patient: a.Patient, Assignee: to, Kind: task.Booking,
		Priority: task.High,
		Due:      input.DateOf(now.In(g.Zone())),
		Subject:  "A patient has two appointments at the same time",
		Comments: overlapping(*a, g.Zone()),
	})
}

// doneBy is to whom the work around an appointment is given: to whom its type says, or to its practitioner where the
// type says nothing or that one is gone.
func doneBy(ctx context.Context, work Work, group practice.ID, a Appointment) (assignee.Ref, error) {
	kind, err := work.AppointmentType(ctx, group, a.Type)
	if err != nil {
		return assignee.Ref{}, err
	}
	to, err := assignee.IfThere(ctx, work, group, kind.Assignee)
	return cmp.Or(to, assignee.ToStaff(a.Practitioner)), err
}

// overlapping lists the appointments that overlap, by the practice's clocks.
func overlapping(a Appointment, zone *time.Location) string {
	text := fmt.Sprintf("Appointment %s, %s.", a.ID, span(a.Start, a.End, zone))
	for _, o := range a.Elsewhere {
		text += fmt.Sprintf("\nAppointment %s, %s, with another practitioner.", o.ID, span(o.Start, o.End, zone))
	}
	return text + "\nOne of them may be a mistake."
}

func span(start, end time.Time, zone *time.Location) string {
	return start.In(zone).Format("15:04") + " to " + end.In(zone).Format("15:04 MST on Monday 2 January 2006")
}

// lockPatient locks the patient of an appointment, so that of two bookings for one patient one sees the other. A
// patient who has been deleted since has none to see.
func lockPatient(ctx context.Context, tx Tx, group practice.ID, a Appointment) error {
	if a.Patient == 0 {
		return nil
	}
	if _, err := tx.LockPatientForBooking(ctx, group, a.Patient); !errors.Is(err, patient.ErrNotFound) {
		return err
	}
	return nil
}
