package booking_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/booking"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	accountstore "frontdesk/store/account"
	keystore "frontdesk/store/key"
)

// staff is what adds and deletes members of staff.
func (d *kit) staff() *account.Service {
	return &account.Service{Store: accountstore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID,
		Keys: &key.Service{Store: keystore.New(d.db), Now: d.clock.Now, NewID: d.db.NewID}}
}

// doctor adds a member of staff whom patients are booked with.
func (d *kit) doctor(name string) account.StaffID {
	d.t.Helper()
	made, err := d.staff().Add(d.ctx, account.Change{FirstName: new(name), LastName: new("Reed"),
		Email: new(name + "@example.org"), Role: new("booking"), Clinician: new(true)})
	d.must(err)
	return made.ID
}

// with asks for a time of a member of staff that no session offers.
func (d *kit) with(of account.StaffID, minute int) booking.Request {
	return booking.Request{Patient: d.ada, Location: d.place.ID, Type: d.kind.ID,
		Practitioner: practice.PractitionerID(of), Start: monday.Add(time.Duration(8*60+minute) * time.Minute),
		Length: 10 * time.Minute, Override: true}
}

func TestStaffWhoHaveLeftAreNotBookedWith(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		omar := d.doctor("omar")
		other, err := d.booking.Book(d.ctx, booking.Request{Patient: d.ada, Location: d.place.ID, Type: d.kind.ID,
			Practitioner: d.gp.ID, Start: monday.Add(3 * time.Hour), Length: 10 * time.Minute, Override: true})
		d.must(err)
		his, err := d.booking.Book(d.ctx, d.with(omar, 0))
		d.must(err)
		if _, err := d.staff().Delete(d.ctx, omar); !errors.Is(err, account.ErrExpected) {
			t.Fatalf("got %v", err)
		}
		_, err = d.booking.Cancel(d.ctx, his.ID, booking.Cancellation{SuppressPolicy: true})
		d.must(err)
		gone, err := d.staff().Delete(d.ctx, omar)
		if d.must(err); gone.DeletedAt.IsZero() {
			t.Fatalf("got %+v", gone)
		}
		refused := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, practice.ErrPractitionerNotFound) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		_, err = d.booking.Book(d.ctx, d.with(omar, 0))
		refused("booked", err)
		_, err = d.booking.Reserve(d.ctx, d.with(omar, 0))
		refused("held", err)
		_, err = d.reschedule(other.ID, move{Practitioner: practice.PractitionerID(omar), Start: monday.Add(9 * time.Hour),
			Minutes: 10, Override: true, SuppressPolicy: true})
		refused("moved to", err)
		_, err = d.practice.UpdatePractitioner(d.ctx, practice.PractitionerID(omar),
			practice.PractitionerChange{Active: new(true)})
		refused("made active again", err)
		all, err := d.practice.Practitioners(d.ctx, false)
		if d.must(err); len(all) != 1 || all[0].ID != d.gp.ID {
			t.Errorf("patients can be booked with %v", all)
		}
	})
}

// TestNoOneIsBookedWithStaffWhoLeaveMeanwhile races the two: never has one who has left an appointment to come, nor are
// they offered again by a change that was on its way.
func TestNoOneIsBookedWithStaffWhoLeaveMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		left := 0
		for round := range 24 {
			omar := d.doctor("omar" + string(rune('a'+round)))
			var all sync.WaitGroup
			var booked atomic.Int32
			var deleted error
			all.Go(func() { _, deleted = d.staff().Delete(d.ctx, omar) })
			for i := range 1 + round%2 {
				all.Go(func() {
					_, err := d.booking.Book(d.ctx, d.with(omar, 10*(2*round+i)))
					if err == nil {
						booked.Add(1)
					} else if !errors.Is(err, practice.ErrPractitionerNotFound) {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				_, err := d.practice.UpdatePractitioner(d.ctx, practice.PractitionerID(omar),
					practice.PractitionerChange{Active: new(true)})
				if err != nil && !errors.Is(err, practice.ErrPractitionerNotFound) {
					t.Error(err)
				}
			})
			all.Wait()
			switch {
			case deleted == nil && booked.Load() > 0:
				t.Fatalf("%d appointments with one who has left", booked.Load())
			case deleted != nil && !errors.Is(deleted, account.ErrExpected):
				t.Fatal(deleted)
			case deleted == nil:
				left++
				active, err := d.practice.Practitioners(d.ctx, false)
				d.must(err)
				for _, p := range active {
					if p.ID == practice.PractitionerID(omar) {
						t.Fatal("one who has left is offered again")
					}
				}
			}
		}
		t.Logf("%d of 24 left", left)
	})
}
