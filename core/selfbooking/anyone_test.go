package selfbooking_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/selfbooking"
	"frontdesk/store"
)

// anyone makes a link for anyone.
func (d *kit) anyone(c selfbooking.Change) selfbooking.Offer {
	d.t.Helper()
	c.Types = &[]diary.TypeID{d.kind.ID}
	o, err := d.self.Create(d.ctx, 0, c)
	d.must(err)
	return o
}

// enter begins a visit of a patient.
func (d *kit) enter(o selfbooking.Offer, of patient.ID) selfbooking.Visit {
	d.t.Helper()
	v := selfbooking.Visit{Address: o.URL[len("https://frontdesk.example/s/"):]}
	try, err := d.links.Begin(context.Background(), v.Address, "192.0.2.9")
	d.must(err)
	v.Proof, err = d.links.Enter(context.Background(), try, of)
	d.must(err)
	return v
}

// people registers some patients.
func (d *kit) people(n int) []patient.ID {
	d.t.Helper()
	out := make([]patient.ID, n)
	for i := range out {
		var err error
		out[i], err = patienttest.Register(d.ctx, d.patients, patient.Changes{FirstName: new("Bob"), LastName: new("Day"),
			BirthDate: new(input.DayOf(1970, 1, 2)), Mobile: new("07700 900557")})
		d.must(err)
	}
	return out
}

func TestVisitorsOfOneLinkDoNotSeeEachOthersAppointments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		plain := context.Background()
		o := d.anyone(selfbooking.Change{})
		ada, bob := d.enter(o, d.ada), d.enter(o, d.people(1)[0])
		booked := d.booked(ada, d.at(0))
		if a, err := d.book.Read(d.ctx, booked.ID); err != nil || a.Patient != d.ada || a.Link != int64(o.ID) {
			t.Fatalf("%+v, %v", a, err)
		}
		home, err := d.self.Open(plain, bob)
		d.must(err)
		if len(home.ToCome) != 0 || home.Held != nil || home.Shut != nil {
			t.Errorf("got %+v", home)
		}
		if home, err = d.self.Open(plain, ada); err != nil || len(home.ToCome) != 1 {
			t.Errorf("%+v, %v", home, err)
		}
		_, err = d.self.Appointment(plain, bob, booked.ID)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Cancel(plain, bob, booked.ID)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Move(plain, bob, booked.ID, d.at(20), 0)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Hold(plain, bob, d.at(0))
		want(t, err, booking.ErrSlotTaken)
		d.booked(bob, d.at(10))
		if got := d.found(o); got.Used() != 2 || got.Opens != 2 || got.Patient != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTheUsesOfALinkForAnyoneAreCountedOverAllVisitors(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		plain := context.Background()
		o := d.anyone(selfbooking.Change{MaxUses: new(3)})
		var visits []selfbooking.Visit
		for _, id := range d.people(5) {
			visits = append(visits, d.enter(o, id))
		}
		d.booked(visits[0], d.at(0))
		second := d.hold(visits[1], d.at(10))
		d.hold(visits[2], d.at(20))
		_, err := d.self.Hold(plain, visits[3], d.at(30))
		want(t, err, link.ErrUsed)
		// What was held and ran out counts no more.
		d.clock.Move(16 * time.Minute)
		_, err = d.self.Confirm(plain, visits[1], second.ID)
		want(t, err, booking.ErrHoldExpired)
		var wait sync.WaitGroup
		for i, v := range visits {
			wait.Go(func() {
				if a, err := d.self.Hold(plain, v, d.at(40+10*i)); err == nil {
					_, _ = d.self.Confirm(plain, v, a.ID)
				}
			})
		}
		wait.Wait()
		if got := d.found(o); got.Used() != 3 || got.Status != link.Used {
			t.Errorf("got %d uses, %s", got.Used(), got.Status)
		}
	})
}

func TestTheLinksOfAPatientWhoHasDiedAreShut(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		plain := context.Background()
		o := d.anyone(selfbooking.Change{})
		ada := d.enter(o, d.ada)
		booked := d.booked(ada, d.at(0))
		own := d.visit(selfbooking.Offer{Link: d.linkOf(booked.Appointment)})
		d.must(d.db.Do(plain, func(c store.Conn) error {
			_, err := c.Exec(plain, `UPDATE patient SET deceased_at = $3 WHERE practice_group_id = $1 AND id = $2`,
				d.group.ID, d.ada, d.clock.Now())
			return err
		}))
		for v, end := range map[selfbooking.Visit]error{ada: link.ErrVisitOver, own: link.ErrWithdrawn} {
			_, err := d.self.Open(plain, v)
			want(t, err, end)
			_, err = d.self.Appointment(plain, v, booked.ID)
			want(t, err, end)
			_, err = d.self.Cancel(plain, v, booked.ID)
			want(t, err, end)
			_, err = d.self.Hold(plain, v, d.at(20))
			want(t, err, end)
		}
		_, err := d.self.Create(d.ctx, d.ada, selfbooking.Change{Types: &[]diary.TypeID{d.kind.ID}})
		want(t, err, patient.ErrDeceased)
	})
}
