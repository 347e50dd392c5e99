package booking_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
)

func fieldsOf(err error) string {
	var out []string
	for _, f := range fault.Of(err).Fields {
		out = append(out, strings.Join(f.Path, "."))
	}
	return strings.Join(out, " ")
}

func TestReserveRefuses(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name   string
			change func(*booking.Request)
			want   error
			fields string
		}{
			{"no start", func(r *booking.Request) { r.Start = time.Time{} }, nil, "start"},
			{"a start within a minute", func(r *booking.Request) { r.Start = r.Start.Add(time.Second) }, nil, "start"},
			{"a start long ago", func(r *booking.Request) { r.Start = time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC) },
				nil, "start"},
			{"no length", func(r *booking.Request) { r.Length = 0 }, nil, "length"},
			{"half a minute", func(r *booking.Request) { r.Length += 30 * time.Second }, nil, "length"},
			{"less than nothing", func(r *booking.Request) { r.Length = -r.Length }, nil, "length"},
			{"more than a day", func(r *booking.Request) { r.Length = 1441 * time.Minute }, nil, "length"},
			{"more than any number", func(r *booking.Request) { r.Length = math.MaxInt64 }, nil, "length"},
			{"a reason that is too long", func(r *booking.Request) { r.Reason = strings.Repeat("x", 2001) }, nil,
				"reason"},
			{"no such practitioner", func(r *booking.Request) { r.Practitioner++ }, practice.ErrPractitionerNotFound,
				""},
			{"no such location", func(r *booking.Request) { r.Location++ }, practice.ErrLocationNotFound, ""},
			{"no such type", func(r *booking.Request) { r.Type++ }, diary.ErrTypeNotFound, ""},
			{"no such patient", func(r *booking.Request) { r.Patient = 5 }, patient.ErrNotFound, "patient"},
			{"no such bill payer", func(r *booking.Request) { r.Billpayer = 5 }, patient.ErrNotFound, "billpayer"},
			{"a time gone by", func(r *booking.Request) { r.Start = r.Start.AddDate(0, 0, -7) }, booking.ErrNoSession,
				""},
			{"no such practitioner, overriding", func(r *booking.Request) { r.Practitioner++; r.Override = true },
				practice.ErrPractitionerNotFound, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := d.ask(nine(0))
				c.change(&r)
				_, err := d.booking.Reserve(d.ctx, r)
				if c.want != nil {
					want(t, err, c.want)
				}
				if err == nil || fieldsOf(err) != c.fields {
					t.Fatalf("got %v about %q", err, fieldsOf(err))
				}
			})
		}
	})
}

func TestOverrideNeverTakesATakenTime(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		night := nine(12 * time.Hour)
		r := d.ask(night)
		_, err := d.booking.Reserve(d.ctx, r)
		want(t, err, booking.ErrNoSession)
		r.Override = true
		a, err := d.booking.Reserve(d.ctx, r)
		d.must(err)
		_, err = d.booking.Reserve(d.ctx, r)
		want(t, err, booking.ErrSlotTaken)
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		d.must(err)
		r.Start, r.Length = night.Add(-5*time.Minute), 6*time.Minute
		_, err = d.booking.Reserve(d.ctx, r)
		want(t, err, booking.ErrSlotTaken)
		// Nor does moving something else there.
		b := d.reserve(nine(0))
		_, err = d.edit(b.ID, move{Practitioner: d.gp.ID, Start: night, Minutes: 10, Override: true})
		want(t, err, booking.ErrSlotTaken)
		_, err = d.booking.Confirm(d.ctx, b.ID, booking.Confirmation{})
		d.must(err)
		_, err = d.reschedule(b.ID, move{Practitioner: d.gp.ID, Start: night, Minutes: 10, Override: true,
			SuppressPolicy: true})
		want(t, err, booking.ErrSlotTaken)
		got, err := d.booking.Read(d.ctx, b.ID)
		if err != nil || !got.Start.Equal(nine(0)) {
			t.Fatalf("after a move that failed: %+v, %v", got, err)
		}
	})
}

func TestConflictOffersTheNearestFreeSlots(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for m := 30; m <= 50; m += 10 {
			d.reserve(nine(time.Duration(m) * time.Minute))
		}
		_, err := d.booking.Reserve(d.ctx, d.ask(nine(40*time.Minute)))
		var taken *booking.NotFree
		if !errors.As(err, &taken) {
			t.Fatalf("got %v", err)
		}
		var got []string
		for _, s := range taken.Nearest {
			got = append(got, s.Start.Format("15:04"))
		}
		if want := "09:00 09:10 09:20 10:00 10:10"; strings.Join(got, " ") != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestConfirmRules(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		bob, err := patienttest.Register(d.ctx, d.patients, patient.Changes{FirstName: new("Bob"),
			LastName: new("Hope"), BirthDate: new(input.DayOf(1990, 1, 1)), Email: ptr("bob@example.org")})
		d.must(err)
		r := d.ask(nine(0))
		r.Patient = 0
		a, err := d.booking.Reserve(d.ctx, r)
		d.must(err)
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		if fieldsOf(err) != "patient" {
			t.Fatalf("without a patient: %v", err)
		}
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{Patient: 5})
		want(t, err, patient.ErrNotFound)
		first, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{Patient: bob, Reason: ptr("cough"),
			SuppressMail: ptr(true)})
		d.must(err)
		if first.PatientName.FirstName != "Bob" || first.Reason != "cough" || !first.SuppressMail ||
			!first.CanCancel == first.CanReschedule {
			t.Fatalf("got %+v", first)
		}
		again, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{Patient: bob})
		if err != nil || again.Version != first.Version {
			t.Fatalf("again: %+v, %v", again, err)
		}
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{Patient: d.ada})
		want(t, err, booking.ErrOtherPatient)
		d.cancel(a.ID)
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		want(t, err, booking.ErrCancelled)
		_, err = d.booking.Confirm(d.ctx, 12345, booking.Confirmation{})
		want(t, err, booking.ErrNotFound)
	})
}

func (d *kit) cancel(id booking.ID) booking.Appointment {
	d.t.Helper()
	got, err := d.booking.Cancel(d.ctx, id, booking.Cancellation{SuppressPolicy: true})
	d.must(err)
	return got
}

func TestCancellationPolicyLimitsChanges(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		tuesday := nine(24 * time.Hour)
		a, b := d.book(tuesday), d.book(tuesday.Add(10*time.Minute))
		move := move{Practitioner: d.gp.ID, Start: tuesday.Add(time.Hour), Minutes: 10}
		see := func(id booking.ID, can bool) {
			t.Helper()
			got, err := d.booking.Read(d.ctx, id)
			d.must(err)
			if got.CanCancel != can || got.CanReschedule != can || got.PolicyHours != 24 {
				t.Fatalf("got %+v", got)
			}
		}
		d.clock.Move(2 * time.Hour) // nine on Monday: the last moment
		see(a.ID, true)
		moved, err := d.reschedule(a.ID, move)
		d.must(err)
		see(moved.ID, true)
		d.clock.Move(time.Hour + time.Microsecond)
		see(a.ID, false)
		see(b.ID, false)
		_, err = d.booking.Cancel(d.ctx, b.ID, booking.Cancellation{})
		want(t, err, booking.ErrTooLate)
		if say := fault.Of(err).Message; !strings.Contains(say, "24 hours") || !strings.Contains(say,
			"09:10 GMT on Monday 6 January 2031") {
			t.Fatalf("it says: %s", say)
		}
		move.Start = tuesday.Add(2 * time.Hour)
		_, err = d.reschedule(a.ID, move)
		want(t, err, booking.ErrTooLate)
		move.SuppressPolicy = true
		_, err = d.reschedule(a.ID, move)
		d.must(err)
		move.SuppressPolicy = false // it is there already
		_, err = d.reschedule(a.ID, move)
		d.must(err)
		d.cancel(b.ID)
		// A hold is given back at any time.
		h := d.reserve(tuesday)
		got, err := d.booking.Cancel(d.ctx, h.ID, booking.Cancellation{})
		if err != nil || got.State != booking.Cancelled || got.CanCancel {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got := d.events(h.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.released"}) {
			t.Fatalf("events %v", got)
		}
		// The policy is the practice's.
		_, err = d.practice.UpdateGroup(d.ctx, practice.GroupChange{CancellationHours: ptr(0)})
		d.must(err)
		if got, err := d.booking.Cancel(d.ctx, a.ID, booking.Cancellation{}); err != nil ||
			got.State != booking.Cancelled {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}

func TestCancelIsIdempotent(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.book(nine(24 * time.Hour))
		first, second := d.cancel(a.ID), d.cancel(a.ID)
		if first.Version != second.Version || !second.CancelledAt.Equal(first.CancelledAt) ||
			second.State != booking.Cancelled {
			t.Fatalf("first %+v, then %+v", first, second)
		}
		if got := d.events(a.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.confirmed",
			"appointment.cancelled"}) {
			t.Fatalf("events %v", got)
		}
		d.book(nine(24 * time.Hour)) // the time is free again
		h := d.reserve(nine(25 * time.Hour))
		d.clock.Move(time.Hour)
		got, err := d.booking.Cancel(d.ctx, h.ID, booking.Cancellation{})
		if err != nil || got.State != booking.Released {
			t.Fatalf("a hold that ran out: %+v, %v", got, err)
		}
	})
}

func TestEditChangesAHold(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		other := d.newGP("Raman")
		d.session(diary.SessionChange{Practitioner: &other.ID, Rule: ptr("FREQ=WEEKLY;BYDAY=MO")})
		a := d.reserve(nine(0))
		got, err := d.edit(a.ID, move{Practitioner: other.ID, Start: nine(30 * time.Minute), Minutes: 20,
			SuppressMail: ptr(true)})
		d.must(err)
		if got.Practitioner != other.ID || !got.Start.Equal(nine(30*time.Minute)) || got.Length() != 20*time.Minute ||
			!got.ReservedUntil.Equal(a.ReservedUntil) || !got.SuppressMail {
			t.Fatalf("got %+v", got)
		}
		d.reserve(nine(0)) // its old time is free
		_, err = d.edit(a.ID, move{Practitioner: d.gp.ID, Start: nine(0), Minutes: 10})
		want(t, err, booking.ErrSlotTaken)
		// Over its own time it may move.
		_, err = d.edit(a.ID, move{Practitioner: other.ID, Start: nine(40 * time.Minute), Minutes: 20})
		d.must(err)
		_, err = d.reschedule(a.ID, move{Practitioner: other.ID, Start: nine(0), Minutes: 10})
		want(t, err, booking.ErrNotConfirmed)
		_, err = d.edit(a.ID, move{Practitioner: 12, Start: nine(0), Minutes: 10})
		want(t, err, practice.ErrPractitionerNotFound)
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		d.must(err)
		_, err = d.edit(a.ID, move{Practitioner: other.ID, Start: nine(0), Minutes: 10})
		want(t, err, booking.ErrConfirmed)
		h := d.reserve(nine(time.Hour))
		d.clock.Move(15 * time.Minute)
		_, err = d.edit(h.ID, move{Practitioner: d.gp.ID, Start: nine(2 * time.Hour), Minutes: 10})
		want(t, err, booking.ErrHoldExpired)
	})
}

func TestRescheduleEventNamesThePreviousTime(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.book(nine(48 * time.Hour))
		m := move{Practitioner: d.gp.ID, Start: nine(49 * time.Hour), Minutes: 10}
		first, err := d.reschedule(a.ID, m)
		d.must(err)
		again, err := d.reschedule(a.ID, m)
		if err != nil || again.Version != first.Version {
			t.Fatalf("again: %+v, %v", again, err)
		}
		if got := d.events(a.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.confirmed",
			"appointment.rescheduled"}) {
			t.Fatalf("events %v", got)
		}
		all, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 100)
		d.must(err)
		last := all[len(all)-1]
		if last.Sequence != 3 || !strings.Contains(string(last.Data),
			`"previous":{"state":"booked","practitioner_id":"`+d.gp.ID.String()+`","location_id":"`+d.place.ID.String()+
				`","appointment_type_id":"`+d.kind.ID.String()+`","start_time":"2031-01-08T09:00:00Z"`) {
			t.Fatalf("event %d: %s", last.Sequence, last.Data)
		}
		if strings.Contains(string(last.Data), "Ada") {
			t.Fatal("the event names the patient")
		}
	})
}

func TestReleaseFreesExpiredHolds(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		held, booked := d.reserve(nine(0)), d.book(nine(10*time.Minute))
		job := booking.ReleaseJob(d.group.ID, held.ReservedUntil)
		if job.RunAt.Before(held.ReservedUntil) || job.RunAt.Sub(held.ReservedUntil) >= 10*time.Second {
			t.Fatalf("it runs out at %v, the job runs at %v", held.ReservedUntil, job.RunAt)
		}
		d.must(d.booking.Release(d.ctx, job)) // too early: nothing happens
		got, err := d.booking.Read(d.ctx, held.ID)
		if err != nil || got.State != booking.Reserved {
			t.Fatalf("got %+v, %v", got, err)
		}
		d.clock.Move(15 * time.Minute)
		got, err = d.booking.Read(d.ctx, held.ID)
		if err != nil || got.State != booking.Released || got.CanCancel {
			t.Fatalf("before the job: %+v, %v", got, err)
		}
		for range 2 { // twice is once
			d.must(d.booking.Release(d.ctx, job))
		}
		if got := d.events(held.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.released"}) {
			t.Fatalf("events %v", got)
		}
		if got := d.events(booked.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.confirmed"}) {
			t.Fatalf("events %v", got)
		}
	})
}

func TestListAppointments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		bob, err := patienttest.Register(d.ctx, d.patients, patient.Changes{FirstName: new("Bob"),
			LastName: new("Byrne"), BirthDate: new(input.DayOf(1990, 1, 1)), Email: ptr("bob@example.org")})
		d.must(err)
		other := d.newGP("Raman")
		d.session(diary.SessionChange{Practitioner: &other.ID, Rule: ptr("FREQ=WEEKLY;BYDAY=MO,TU")})
		first := d.book(nine(0))
		second := d.reserve(nine(30 * time.Minute))
		r := d.ask(nine(24 * time.Hour))
		r.Practitioner, r.Patient = other.ID, bob
		third, err := d.booking.Reserve(d.ctx, r)
		d.must(err)
		d.cancel(third.ID)
		names := map[booking.ID]string{first.ID: "first", second.ID: "second", third.ID: "third"}
		for _, c := range []struct {
			name  string
			query booking.Query
			want  string
		}{
			{"all", booking.Query{}, "first second third"},
			{"newest first", booking.Query{Descending: true}, "third second first"},
			{"of a patient", booking.Query{Patient: bob}, "third"},
			{"of a practitioner", booking.Query{Practitioner: d.gp.ID}, "first second"},
			{"of both", booking.Query{Practitioner: other.ID, Patient: d.ada}, ""},
			{"at a location", booking.Query{Location: d.place.ID}, "first second third"},
			{"elsewhere", booking.Query{Location: 5}, ""},
			{"of a type", booking.Query{Type: d.kind.ID}, "first second third"},
			{"reserved", booking.Query{States: []booking.State{booking.Reserved}}, "second"},
			{"booked", booking.Query{States: []booking.State{booking.Booked}}, "first"},
			{"cancelled", booking.Query{States: []booking.State{booking.Cancelled}}, "third"},
			{"released", booking.Query{States: []booking.State{booking.Released}}, ""},
			{"on a day", booking.Query{From: when("2031-01-06"), To: when("2031-01-06")}, "first second"},
			{"by surname", booking.Query{NameField: booking.LastName, Name: "by"}, "first second third"},
			{"by first name", booking.Query{NameField: booking.FirstName, Name: "BOB"}, "third"},
			{"by full name", booking.Query{NameField: booking.FullName, Name: "ada  byr"}, "first second"},
			{"by name, of a practitioner", booking.Query{NameField: booking.LastName, Name: "by",
				Practitioner: other.ID}, "third"},
		} {
			t.Run(c.name, func(t *testing.T) {
				c.query.Limit, c.query.Count = 10, true
				found, count, err := d.booking.List(d.ctx, c.query)
				d.must(err)
				var got []string
				for _, a := range found {
					got = append(got, names[a.ID])
				}
				if strings.Join(got, " ") != c.want || count != len(found) {
					t.Fatalf("got %v of %d", got, count)
				}
			})
		}
		found, count, err := d.booking.List(d.ctx, booking.Query{Offset: 2, Limit: 2, Count: true})
		if err != nil || count != 3 || len(found) != 1 || found[0].ID != third.ID {
			t.Fatalf("the second page: %+v of %d, %v", found, count, err)
		}
		if found, count, err := d.booking.List(d.ctx, booking.Query{Offset: 5e8, Limit: 500,
			Count: true}); err != nil || count != 3 || len(found) != 0 {
			t.Fatalf("beyond the last page: %+v of %d, %v", found, count, err)
		}
		d.clock.Move(time.Hour)
		if found, _, err := d.booking.List(d.ctx, booking.Query{States: []booking.State{booking.Released},
			Limit: 10}); err != nil || len(found) != 1 || found[0].ID != second.ID {
			t.Fatalf("a hold that ran out: %+v, %v", found, err)
		}
	})
}
