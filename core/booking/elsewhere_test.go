package booking_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	taskstore "frontdesk/store/task"
)

// tasks are what staff have to do about a patient.
func (d *kit) tasks() []task.Task {
	d.t.Helper()
	s := &task.Service{Store: taskstore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID}
	all, _, err := s.Tasks(d.ctx, task.Query{})
	d.must(err)
	return all
}

// TestOverlapOfOnePatientWarnsAndGivesStaffATask books Ada with two clinicians at the same time, by every way there is.
func TestOverlapOfOnePatientWarnsAndGivesStaffATask(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		other := d.newGP("Patel")
		first := d.book(nine(0))
		order := booking.Request{
			Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: other.ID, Start: nine(5 * time.Minute),
			Length: nine(15 * time.Minute).Sub(nine(5 * time.Minute)), Override: true,
		}
		wants := func(name string, got []booking.Elsewhere, tasks int) {
			t.Helper()
			if len(got) != 1 ||
				got[0] != (booking.Elsewhere{ID: first.ID, Practitioner: d.gp.ID, Start: first.Start, End: first.End}) {
				t.Errorf("%s: got %+v", name, got)
			}
			if all := d.tasks(); len(all) != tasks {
				t.Errorf("%s: %d tasks", name, len(all))
			} else if tasks > 0 {
				last := all[len(all)-1]
				if last.Patient != d.ada || last.Assignee != assignee.ToStaff(other.ID) || last.Kind != task.Booking ||
					last.Status != task.Open ||
					last.Priority != task.High {
					t.Errorf("%s: the task is %+v", name, last)
				}
			}
		}
		made, err := d.booking.Book(d.ctx, order)
		d.must(err)
		wants("booked by staff", made.Elsewhere, 1)
		all, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 1000)
		d.must(err)
		var told struct {
			IDs []string `json:"overlapping_appointment_ids"`
		}
		d.must(json.Unmarshal(all[len(all)-1].Data, &told))
		if !slices.Equal(told.IDs, []string{first.ID.String()}) {
			t.Errorf("the event names %v", told.IDs)
		}
		// Moved away it overlaps nothing, and moved back it does again.
		_, err = d.booking.Change(d.ctx, made.ID,
			booking.Change{Start: ptr(nine(time.Hour)), End: ptr(nine(70 * time.Minute)), Override: true,
				SuppressPolicy: true})
		d.must(err)
		back, err := d.booking.Change(d.ctx, made.ID,
			booking.Change{Start: &order.Start, End: ptr(order.Start.Add(order.Length)), Override: true,
				SuppressPolicy: true})
		d.must(err)
		wants("moved by staff", back.Elsewhere, 2)
		_, err = d.booking.Cancel(d.ctx, made.ID, booking.Cancellation{SuppressPolicy: true})
		d.must(err)

		ask := d.ask(order.Start)
		ask.Practitioner, ask.Override = other.ID, true
		held, err := d.booking.Reserve(d.ctx, ask)
		d.must(err)
		wants("held", held.Elsewhere, 2) // a hold gives no task
		booked, err := d.booking.Confirm(d.ctx, held.ID, booking.Confirmation{})
		d.must(err)
		wants("confirmed", booked.Elsewhere, 3)
		again, err := d.booking.Confirm(d.ctx, held.ID, booking.Confirmation{})
		d.must(err)
		wants("confirmed again", again.Elsewhere, 3)
		away := move{Practitioner: other.ID, Start: nine(26 * time.Hour), Minutes: 10, Override: true,
			SuppressPolicy: true}
		moved, err := d.reschedule(held.ID, away)
		d.must(err)
		if len(moved.Elsewhere) != 0 {
			t.Errorf("moved away: got %+v", moved.Elsewhere)
		}
		away.Start = order.Start
		moved, err = d.reschedule(held.ID, away)
		d.must(err)
		wants("moved back", moved.Elsewhere, 4)
		moved, err = d.reschedule(held.ID, away)
		d.must(err)
		wants("moved back again", moved.Elsewhere, 4)
		// The work around appointments of a type can be given to another.
		third := d.newGP("Osei")
		_, err = d.diary.UpdateType(d.ctx, d.kind.ID, diary.TypeChange{Assignee: ptr(assignee.ToStaff(third.ID))})
		d.must(err)
		away.Start = nine(26 * time.Hour)
		_, err = d.reschedule(held.ID, away)
		d.must(err)
		away.Start = order.Start
		_, err = d.reschedule(held.ID, away)
		d.must(err)
		if all := d.tasks(); len(all) != 5 || all[4].Assignee != assignee.ToStaff(third.ID) {
			t.Errorf("of a type that is given to another: %+v", all)
		}
		// An appointment that only touches it, or of another patient, is no overlap.
		order.Start, order.Length = nine(20*time.Minute), 10*time.Minute
		if made, err = d.booking.Book(d.ctx, order); err != nil || len(made.Elsewhere) != 0 {
			t.Errorf("next to it: %+v, %v", made.Elsewhere, err)
		}
	})
}

func TestOverlapOfOnePatientIsRefusedWhereThePracticeRefusesIt(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		_, err := d.practice.UpdateGroup(d.ctx, practice.GroupChange{PatientOverlap: ptr(practice.RefuseOverlap)})
		d.must(err)
		other := d.newGP("Patel")
		free := d.ask(nine(0))
		free.Practitioner, free.Override, free.Patient = other.ID, true, 0
		unnamed, err := d.booking.Reserve(d.ctx, free)
		d.must(err)
		later := free
		later.Start, later.Patient = nine(time.Hour), d.ada
		next, err := d.booking.Reserve(d.ctx, later)
		d.must(err)
		first := d.book(nine(0))

		free.Patient, free.Start = d.ada, nine(10*time.Minute)
		free.Length = 5 * time.Minute
		_, err = d.booking.Reserve(d.ctx, free)
		d.must(err) // it only touches
		free.Start = nine(-5 * time.Minute)
		free.Length = 5 * time.Minute
		_, err = d.booking.Reserve(d.ctx, free)
		d.must(err)
		_, err = d.booking.Confirm(d.ctx, unnamed.ID, booking.Confirmation{Patient: d.ada})
		want(t, err, booking.ErrElsewhere)
		move := move{Practitioner: other.ID, Start: nine(5 * time.Minute), Minutes: 10, Override: true,
			SuppressPolicy: true}
		_, err = d.booking.Cancel(d.ctx, unnamed.ID, booking.Cancellation{})
		d.must(err)
		free.Start, free.Length = nine(0), 10*time.Minute
		_, err = d.booking.Reserve(d.ctx, free)
		want(t, err, booking.ErrElsewhere)
		move.Start, move.Minutes = nine(0), 10
		_, err = d.edit(next.ID, move)
		want(t, err, booking.ErrElsewhere)
		_, err = d.booking.Confirm(d.ctx, next.ID, booking.Confirmation{})
		d.must(err)
		_, err = d.reschedule(next.ID, move)
		want(t, err, booking.ErrElsewhere)
		_, err = d.booking.Book(d.ctx, booking.Request{
			Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: other.ID, Start: nine(0),
			Length: 10 * time.Minute, Override: true,
		})
		want(t, err, booking.ErrElsewhere)
		_, err = d.booking.Change(d.ctx, next.ID,
			booking.Change{Start: ptr(nine(0)), End: ptr(nine(10 * time.Minute)), Override: true, SuppressPolicy: true})
		want(t, err, booking.ErrElsewhere)
		if n := len(d.tasks()); n != 0 {
			t.Errorf("%d tasks about what was refused", n)
		}
		// Given back, the time is the patient's again.
		_, err = d.booking.Cancel(d.ctx, first.ID, booking.Cancellation{SuppressPolicy: true})
		d.must(err)
		_, err = d.reschedule(next.ID, move)
		d.must(err)
	})
}

// TestConcurrentBookingsOfOnePatientNoticeTheirOverlap books Ada with many clinicians at the same moment: of each two,
// one knows of the other.
func TestConcurrentBookingsOfOnePatientNoticeTheirOverlap(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		_, err := d.practice.UpdateGroup(d.ctx, practice.GroupChange{PatientOverlap: ptr(practice.RefuseOverlap)})
		d.must(err)
		var gps []practice.PractitionerID
		for range 8 {
			gps = append(gps, d.newGP("Patel").ID)
		}
		var all sync.WaitGroup
		errs := make([]error, len(gps))
		for i, gp := range gps {
			all.Go(func() {
				_, errs[i] = d.booking.Book(d.ctx, booking.Request{
					Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: gp, Start: nine(0),
					Length:   10 * time.Minute,
					Override: true,
				})
			})
		}
		all.Wait()
		booked := 0
		for _, err := range errs {
			if err == nil {
				booked++
				continue
			}
			want(t, err, booking.ErrElsewhere)
		}
		if booked != 1 {
			t.Errorf("%d were booked", booked)
		}
	})
}
