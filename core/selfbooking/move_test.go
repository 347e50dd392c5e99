package selfbooking_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/selfbooking"
	"frontdesk/store"
	linkstore "frontdesk/store/link"
)

// staffBooked is an appointment of Ada's that staff made, and its link.
func (d *kit) staffBooked(minutes int) (booking.Appointment, link.Link) {
	d.t.Helper()
	a := d.byStaff(minutes)
	return a, d.linkOf(a)
}

func (d *kit) byStaff(minutes int) booking.Appointment {
	d.t.Helper()
	c := d.at(minutes)
	a, err := d.book.Book(d.ctx, booking.Request{Type: c.Type, Location: c.Location, Practitioner: c.Practitioner,
		Start: c.Start, Length: 10 * time.Minute, Patient: d.ada})
	d.must(err)
	return a
}

func (d *kit) linkOf(a booking.Appointment) link.Link {
	d.t.Helper()
	var links map[int64]link.Link
	d.must(d.db.Do(d.ctx, func(c store.Conn) (err error) {
		links, err = d.links.ForAppointments(d.ctx, linkstore.On(c), d.group.ID,
			[]link.Of{{Appointment: int64(a.ID), Patient: a.Patient, End: a.End}}, d.clock.Now())
		return err
	}))
	return links[int64(a.ID)]
}

func TestAPatientManagesOneAppointmentByItsLink(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ctx := context.Background()
		a, l := d.staffBooked(0)
		other, _ := d.staffBooked(60)
		if again := d.linkOf(a); again.ID != l.ID || again.URL != l.URL || l.Appointment != int64(a.ID) {
			t.Fatalf("the link is %+v, and then %+v", l, again)
		}
		v := d.visit(selfbooking.Offer{Link: l})
		home, err := d.self.Open(ctx, v)
		if d.must(err); len(home.ToCome) != 1 || home.ToCome[0].ID != a.ID || home.Shut == nil {
			t.Fatalf("it leads to %+v", home)
		}
		_, err = d.self.Hold(ctx, v, d.at(20))
		want(t, err, link.ErrUsed)
		_, err = d.self.Appointment(ctx, v, other.ID)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Cancel(ctx, v, other.ID)
		want(t, err, booking.ErrNotFound)

		times, err := d.self.Times(ctx, v, selfbooking.Ask{Moving: a.ID})
		if d.must(err); len(times.Days) == 0 {
			t.Fatal("no times to move to")
		}
		held, err := d.self.HoldMove(ctx, v, a.ID, d.at(90))
		d.must(err)
		_, err = d.self.Confirm(ctx, v, held.ID)
		want(t, err, booking.ErrNotFound)
		moved, err := d.self.Move(ctx, v, a.ID, d.at(90), held.ID)
		if d.must(err); !moved.Start.Equal(d.at(90).Start) {
			t.Fatalf("it was moved to %v", moved.Start)
		}
		// Its end is that of the appointment, wherever it was moved.
		found, err := d.links.Find(d.ctx, l.ID, "")
		if d.must(err); !found.ExpiresAt.Equal(moved.End) {
			t.Errorf("the link ends at %v", found.ExpiresAt)
		}
		gone, err := d.self.Cancel(ctx, v, a.ID)
		if d.must(err); gone.State != booking.Cancelled || gone.Again {
			t.Errorf("it is %s", gone.State)
		}
		d.clock.Move(moved.End.Sub(d.clock.Now()))
		_, err = d.links.Look(ctx, v.Address)
		want(t, err, link.ErrExpired)
	})
}

func TestTheNewTimeIsHeldWhileThePatientChecksIt(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ctx := context.Background()
		a, l := d.staffBooked(0)
		v := d.visit(selfbooking.Offer{Link: l})
		one, err := d.self.HoldMove(ctx, v, a.ID, d.at(30))
		d.must(err)
		// Others cannot have it.
		_, err = d.book.Reserve(d.ctx, booking.Request{Type: d.kind.ID, Location: d.place.ID, Practitioner: d.gp[0].ID,
			Start: d.at(30).Start, Length: 10 * time.Minute})
		want(t, err, booking.ErrSlotTaken)
		same, err := d.self.HoldMove(ctx, v, a.ID, d.at(30))
		if d.must(err); same.ID != one.ID {
			t.Error("asking again held it twice")
		}
		// A patient has one such hold: the one before ends, and not for a time that cannot be had.
		_, err = d.self.HoldMove(ctx, v, a.ID, d.at(0))
		want(t, err, booking.ErrSlotTaken)
		_, err = d.self.HeldMove(ctx, v, one.ID)
		d.must(err)
		two, err := d.self.HoldMove(ctx, v, a.ID, d.at(40))
		d.must(err)
		_, err = d.self.HeldMove(ctx, v, one.ID)
		want(t, err, booking.ErrHoldExpired)
		// One that ran out is free for others, and the appointment keeps its time.
		d.clock.Move(15 * time.Minute)
		_, err = d.self.HeldMove(ctx, v, two.ID)
		want(t, err, booking.ErrHoldExpired)
		_, err = d.book.Reserve(d.ctx, booking.Request{Type: d.kind.ID, Location: d.place.ID, Practitioner: d.gp[0].ID,
			Start: d.at(40).Start, Length: 10 * time.Minute})
		d.must(err)
		_, err = d.self.Move(ctx, v, a.ID, d.at(40), two.ID)
		want(t, err, booking.ErrSlotTaken)
		kept, err := d.book.Read(d.ctx, a.ID)
		if d.must(err); !kept.Start.Equal(a.Start) || kept.State != booking.Booked {
			t.Errorf("it is %s at %v", kept.State, kept.Start)
		}
	})
}

func TestManyTabsHoldOneTimeToMoveTo(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a, l := d.staffBooked(0)
		v := d.visit(selfbooking.Offer{Link: l})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := d.self.HoldMove(context.Background(), v, a.ID, d.at(20+10*i))
				if err != nil && !errors.Is(err, booking.ErrSlotTaken) && fault.Of(err).Code != "already_holding" {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		var held int
		_, err := d.db.Conn().One(d.ctx, `SELECT count(*) FROM appointment WHERE practice_group_id = $1
			AND state = 'reserved'`, store.In{d.group.ID}, &held)
		if d.must(err); held != 1 {
			t.Errorf("%d times are held, want 1", held)
		}
	})
}

func TestRecordsAreMergedAgainWhoseAppointmentHasALinkOfEach(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.byStaff(0)
		kept, err := patienttest.Register(d.ctx, d.patients, patient.Changes{FirstName: new("Ada"), LastName: new("King"),
			BirthDate: new(born), Mobile: new("07700 900558")})
		d.must(err)
		merging := patienttest.Merging(d.db, d.patients)
		merge := func() {
			t.Helper()
			plan, err := merging.Preview(d.ctx, kept, d.ada)
			d.must(err)
			_, err = merging.Merge(d.ctx, kept, d.ada, plan.Token)
			d.must(err)
		}
		merge()
		a.Patient = kept
		theirs := d.linkOf(a)
		_, err = merging.Unmerge(d.ctx, kept, 0)
		d.must(err)
		a.Patient = d.ada
		own := d.linkOf(a)
		if own.ID == theirs.ID {
			t.Fatal("one link is of both records")
		}
		merge()
		for _, l := range []link.Link{own, theirs} {
			home, err := d.self.Open(context.Background(), d.visit(selfbooking.Offer{Link: l}))
			if d.must(err); len(home.ToCome) != 1 || home.ToCome[0].ID != a.ID {
				t.Errorf("a link leads to %+v", home)
			}
		}
		_, err = merging.Unmerge(d.ctx, kept, 0)
		d.must(err)
		if again := d.linkOf(a); again.ID != own.ID {
			t.Errorf("the link is %v, not %v", again.ID, own.ID)
		}
	})
}
