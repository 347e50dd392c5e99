package booking_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/booking"
	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	archivestore "frontdesk/store/archive"
	bookingstore "frontdesk/store/booking"
	demographicsstore "frontdesk/store/demographics"
	patientstore "frontdesk/store/patient"
	taskstore "frontdesk/store/task"
)

// archive is what archives and deletes patients.
func (d *kit) archive() *archive.Service {
	return &archive.Service{Store: archivestore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID}
}

// come books Ada for a time on the first Monday, and holds another for her.
func (d *kit) come(minute int) (booked, held booking.ID) {
	d.t.Helper()
	made, err := d.booking.Book(d.ctx, booking.Request{
		Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID,
		Start: monday.Add(2*time.Hour + time.Duration(minute)*time.Minute),
		Length: monday.Add(2*time.Hour +
			time.Duration(minute+10)*time.Minute).Sub(monday.Add(2*time.Hour + time.Duration(minute)*time.Minute)),
		Override: true,
	})
	d.must(err)
	hold, err := d.booking.Reserve(d.ctx, booking.Request{
		Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID,
		Start: monday.Add(2*time.Hour + time.Duration(minute+10)*time.Minute), Length: 10 * time.Minute,
	})
	d.must(err)
	return made.ID, hold.ID
}

func (d *kit) state(id booking.ID) booking.State {
	d.t.Helper()
	a, err := bookingstore.New(d.db).Appointment(d.ctx, d.group.ID, id)
	d.must(err)
	return a.State
}

// leaving are the two ways to leave.
var leaving = map[string]func(d *kit) (patient.Patient, error){
	"archived": func(d *kit) (patient.Patient, error) {
		return d.archive().Archive(d.ctx, d.ada, archive.Reasons{Reason: "moved_away_or_transfer_of_care"})
	},
	"deleted": func(d *kit) (patient.Patient, error) { return d.archive().Delete(d.ctx, d.ada) },
}

func TestLeavingCancelsFutureAppointments(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *kit) {
				booked, held := d.come(0)
				if _, err := leave(d); err != nil {
					d.t.Fatal(err)
				}
				if d.state(booked) != booking.Cancelled || d.state(held) != booking.Cancelled {
					d.t.Fatalf("the appointment is %s and the hold %s", d.state(booked), d.state(held))
				}
				other, err := patienttest.Register(d.ctx, d.patients,
					patient.Changes{FirstName: new("Bea"), LastName: new("King"), BirthDate: new(input.DayOf(1990, 1, 1)),
						Mobile: ptr("07700 900124")})
				d.must(err)
				d.ada = other
				d.come(0) // the times are free
			})
		})
	}
}

func TestLeavingIsRefusedWithFutureAppointmentsWhereThePracticeRefusesIt(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *kit) {
				refuse := practice.RefuseToLeave
				_, err := d.practice.UpdateGroup(d.ctx, practice.GroupChange{Leaving: &refuse})
				d.must(err)
				first, held := d.come(0)
				second, _ := d.come(40)
				if _, err := leave(d); !errors.Is(err, booking.ErrToCome) ||
					!strings.Contains(fault.Of(err).Message, "2 appointments") {
					d.t.Fatalf("got %v", err)
				}
				if p, err := d.patients.Patient(d.ctx, d.ada); err != nil || p.Status != patient.Unarchived ||
					d.state(first) != booking.Booked || d.state(held) != booking.Reserved {
					d.t.Fatalf("something was done all the same: %+v, %v", p, err)
				}
				for _, id := range []booking.ID{first, second} {
					_, err := d.booking.Cancel(d.ctx, id, booking.Cancellation{SuppressPolicy: true})
					d.must(err)
				}
				if _, err := leave(d); err != nil || d.state(held) != booking.Cancelled {
					d.t.Fatalf("with nothing but holds: %v, %s", err, d.state(held))
				}
			})
		})
	}
}

func TestConcurrentBookingAndLeavingLeaveNoLiveAppointment(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for minute := 0; minute < 60; minute += 20 {
			var wait sync.WaitGroup
			var made booking.Appointment
			var err error
			wait.Go(func() {
				made, err = d.booking.Book(d.ctx, booking.Request{
					Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID,
					Start: monday.Add(2*time.Hour + time.Duration(minute)*time.Minute),
					Length: monday.Add(2*time.Hour +
						time.Duration(minute+10)*time.Minute).Sub(monday.Add(2*time.Hour +
						time.Duration(minute)*time.Minute)),
					Override: true,
				})
			})
			wait.Go(func() { _, _ = d.archive().Delete(d.ctx, d.ada) })
			wait.Wait()
			if err == nil && d.state(made.ID) != booking.Cancelled {
				d.t.Fatalf("the appointment of a deleted patient is %s", d.state(made.ID))
			}
			d.ada, err = patienttest.Register(d.ctx, d.patients,
				patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
					Mobile: ptr("07700 900123")})
			d.must(err)
		}
	})
}

func TestAppointmentsOmitTheNameOfADeletedPatient(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		booked, _ := d.come(0)
		d.clock.Move(4 * time.Hour) // it has been
		_, err := d.archive().Delete(d.ctx, d.ada)
		d.must(err)
		if a, err := d.booking.Read(d.ctx, booked); err != nil || a.State != booking.Booked ||
			a.PatientName.LastName != "" ||
			a.PatientName.FirstName != "" {
			d.t.Fatalf("got %+v, %v", a, err)
		}
		all, _, err := d.booking.List(d.ctx, booking.Query{States: booking.Live, Limit: 5})
		if err != nil || len(all) != 1 || all[0].PatientName.LastName != "" {
			d.t.Fatalf("got %+v, %v", all, err)
		}
		found, n, err := d.booking.List(d.ctx,
			booking.Query{NameField: booking.LastName, Name: "byron", Limit: 5, Count: true})
		if err != nil || n != 0 {
			d.t.Fatalf("found by name: %+v, %v", found, err)
		}
		people, err := d.patients.Patients(d.ctx, []patient.ID{d.ada}, patient.WithDeleted)
		if err != nil || people[d.ada].LastName != "" || people[d.ada].FullName() != "" {
			d.t.Fatalf("got %+v, %v", people, err)
		}
		list, _, err := d.patients.List(d.ctx, patient.Query{Deleted: true, Limit: 5})
		if err != nil || len(list) != 1 || list[0].LastName != "" {
			d.t.Fatalf("got %+v, %v", list, err)
		}
	})
}

func TestBookingRefusesADeceasedPatient(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		booked, _ := d.come(0)
		_, held := d.come(20)
		// The death comes from the national service; the practice has not acted.
		d.must(patientstore.New(d.db).Do(d.ctx, func(tx patient.Tx) error {
			p, err := patientstore.New(d.db).Patient(d.ctx, d.group.ID, d.ada)
			if err != nil {
				return err
			}
			p.DeceasedAt, p.DeathSource = monday, contactpoint.FromPDS
			return tx.SavePatient(d.ctx, d.group.ID, p)
		}))
		at := monday.Add(4 * time.Hour)
		_, reserve := d.booking.Reserve(d.ctx,
			booking.Request{Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID, Start: at,
				Length: 10 * time.Minute})
		_, create := d.booking.Book(d.ctx,
			booking.Request{Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID, Start: at,
				Length: 10 * time.Minute, Override: true})
		_, confirm := d.booking.Confirm(d.ctx, held, booking.Confirmation{})
		_, move := d.reschedule(booked, move{Practitioner: d.gp.ID, Start: at, Minutes: 10, SuppressPolicy: true})
		_, alter := d.booking.Change(d.ctx, booked,
			booking.Change{Start: &at, End: ptr(at.Add(10 * time.Minute)), Override: true, SuppressPolicy: true})
		for name, err := range map[string]error{"reserve": reserve, "create": create, "confirm": confirm, "move": move,
			"alter": alter} {
			if !errors.Is(err, patient.ErrDeceased) {
				d.t.Errorf("%s: got %v", name, err)
			}
		}
		if d.state(booked) != booking.Booked {
			d.t.Errorf("the appointment is %s", d.state(booked))
		}
	})
}

// jobs are those of a kind that wait to be done.
func (d *kit) jobs(kind string) []job.Job {
	d.t.Helper()
	var texts []string
	if pool := d.db.Postgres(); pool != nil {
		rows, err := pool.Query(context.Background(), `SELECT args::text FROM river_job WHERE kind = $1`, kind)
		d.must(err)
		texts, err = pgx.CollectRows(rows, pgx.RowTo[string])
		d.must(err)
	} else {
		rows, err := d.db.SQLite().Query(`SELECT json(args) FROM river_job WHERE kind = ?`, kind)
		d.must(err)
		defer rows.Close()
		for rows.Next() {
			var text string
			d.must(rows.Scan(&text))
			texts = append(texts, text)
		}
	}
	all := make([]job.Job, len(texts))
	for i, text := range texts {
		d.must(json.Unmarshal([]byte(text), &all[i]))
	}
	return all
}

// opened runs the jobs that give staff tasks, and lists those of Ada.
func (d *kit) opened() []task.Task {
	d.t.Helper()
	tasks := &task.Service{Store: taskstore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID}
	for _, j := range d.jobs(job.TaskKind) {
		d.must(tasks.Open(context.Background(), j))
		d.must(tasks.Open(context.Background(), j)) // jobs may run twice
	}
	found, _, err := tasks.Tasks(access.With(context.Background(), access.System(d.group.ID)),
		task.Query{Patient: d.ada})
	d.must(err)
	return found
}

func TestDeathGivesStaffATaskForOpenAppointments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		booked, _ := d.come(0)
		p, err := d.archive().Archive(d.ctx, d.ada, archive.Reasons{Reason: patient.ReasonDeceased})
		if err != nil || !p.Dead() || p.DeathSource != contactpoint.FromPractice || p.Reachable() == nil ||
			d.state(booked) != booking.Cancelled {
			d.t.Fatalf("got %+v, %v", p, err)
		}
		found := d.opened()
		if len(found) != 1 || found[0].Patient != d.ada || !found[0].Assignee.IsZero() || found[0].Status != task.Open ||
			!strings.Contains(found[0].Comments, "Appointments cancelled: 1") {
			d.t.Fatalf("got %+v", found)
		}
		// A member of staff can close it, though it is unassigned.
		closed := task.Closed
		tasks := &task.Service{Store: taskstore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID}
		if _, err := tasks.Update(d.ctx, found[0].ID, task.Change{Status: &closed}); err != nil {
			d.t.Fatal(err)
		}
		p, err = d.archive().Unarchive(d.ctx, d.ada, "process_payment")
		if err != nil || !p.Dead() {
			d.t.Fatalf("taken out for a payment: %+v, %v", p, err)
		}
		_, err = d.archive().Archive(d.ctx, d.ada, archive.Reasons{Reason: "other"})
		d.must(err)
		p, err = d.archive().Unarchive(d.ctx, d.ada, patient.ReasonActive)
		if err != nil || p.Dead() || p.Reachable() != nil {
			d.t.Fatalf("a mistake: %+v, %v", p, err)
		}
	})
}

// pds is a national service that knows one person.
type pds struct{ demographics.Person }

func (p pds) Read(context.Context, practice.ID, string) (demographics.Person, error) {
	return p.Person, nil
}

func (p pds) Trace(context.Context, practice.ID, demographics.Trace) (demographics.Person, error) {
	return p.Person, nil
}

func TestDeathReportedByPDSGivesStaffATaskForOpenAppointments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		booked, _ := d.come(0)
		d.must(patientstore.New(d.db).Do(d.ctx, func(tx patient.Tx) error {
			p, err := patientstore.New(d.db).Patient(d.ctx, d.group.ID, d.ada)
			if err != nil {
				return err
			}
			p.NHSNumber = "9434765919"
			return tx.SavePatient(d.ctx, d.group.ID, p)
		}))
		p, err := d.patients.Patient(d.ctx, d.ada)
		d.must(err)
		traced := &demographics.Service{Store: demographicsstore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID,
			PDS: pds{demographics.Person{
				NHSNumber: p.NHSNumber, FirstName: p.FirstName, LastName: p.LastName, BirthDate: p.BirthDate,
				DeceasedAt: monday.Add(-24 * time.Hour),
			}}}
		for range 2 {
			d.must(traced.RefreshPatient(d.ctx, d.ada))
		}
		found := d.opened()
		if len(found) != 1 || !strings.Contains(found[0].Comments, "Appointments to come: 1.") ||
			d.state(booked) != booking.Booked {
			d.t.Fatalf("got %+v; the appointment is %s", found, d.state(booked))
		}
	})
}
