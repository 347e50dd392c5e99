package selfbooking_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
)

var plain = context.Background()

func TestAPatientBooksByALink(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		o := d.offer(selfbooking.Change{MaxUses: new(1)})
		if o.Status != link.Unused {
			t.Fatalf("a new link is %s", o.Status)
		}
		v := d.visit(o)
		times, err := d.self.Times(plain, v, selfbooking.Ask{Type: d.kind.ID})
		d.must(err)
		// On Monday it is seven: five days of eighteen times, of which each is two people's.
		if len(times.Days) != 5 || len(times.Days[0].Slots) != 18 || len(times.Practitioners) != 2 ||
			!times.Next.Start.Equal(monday.Add(2*time.Hour)) || times.Later != input.DateOf(monday)+7 {
			t.Fatalf("got %+v", times)
		}
		held := d.hold(v, d.at(0))
		if held.State != booking.Reserved || held.Source != access.Page || held.Link != int64(o.ID) ||
			held.Patient != d.ada {
			t.Fatalf("held %+v", held.Appointment)
		}
		if got := d.found(o); got.Status != link.Held || got.Used() != 0 {
			t.Fatalf("the link is %s, used %d times", got.Status, got.Used())
		}
		if again := d.hold(v, d.at(0)); again.ID != held.ID {
			t.Fatal("the same time was held twice")
		}
		done, err := d.self.Confirm(plain, v, held.ID)
		d.must(err)
		again, err := d.self.Confirm(plain, v, held.ID)
		d.must(err)
		if done.State != booking.Booked || again.Version != done.Version {
			t.Fatalf("confirmed %+v, again %+v", done, again)
		}
		if got := d.found(o); got.Status != link.Used || got.Used() != 1 {
			t.Fatalf("the link is %s, used %d times", got.Status, got.Used())
		}
		// The back button gives the same appointment, and another time is too much.
		if back := d.hold(v, d.at(0)); back.ID != held.ID {
			t.Fatal("the back button made another")
		}
		_, err = d.self.Hold(plain, v, d.at(10))
		want(t, err, link.ErrUsed)
		// It can still be opened, to manage what it made, until that is over.
		home, err := d.self.Open(plain, d.visit(o))
		d.must(err)
		if len(home.ToCome) != 1 || home.Held != nil || !errors.Is(home.Shut, link.ErrUsed) {
			t.Fatalf("got %+v", home)
		}
		d.clock.Move(51 * time.Hour)
		_, err = d.links.Look(plain, v.Address)
		want(t, err, link.ErrUsed)
	})
}

func TestFiftyAtOnceMakeOneBooking(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		o := d.offer(selfbooking.Change{MaxUses: new(1)})
		v := d.visit(o)
		var wait sync.WaitGroup
		for i := range 50 {
			wait.Go(func() {
				a, err := d.self.Hold(plain, v, d.at(i%18*10))
				if err == nil {
					_, err = d.self.Confirm(plain, v, a.ID)
				}
				if err != nil && fault.Of(err).Kind == fault.Internal {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		_, count, err := d.book.List(d.ctx, booking.Query{States: []booking.State{booking.Booked}, Limit: 10, Count: true})
		d.must(err)
		if got := d.found(o); count != 1 || got.Used() != 1 || got.Status != link.Used {
			t.Fatalf("%d bookings, the link is %s and used %d times", count, got.Status, got.Used())
		}
	})
}

func TestAHoldThatRanOutGivesAFreshChoice(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		o := d.offer(selfbooking.Change{MaxUses: new(1)})
		v := d.visit(o)
		held := d.hold(v, d.at(0))
		d.clock.Move(15 * time.Minute)
		_, err := d.self.Confirm(plain, v, held.ID)
		want(t, err, booking.ErrHoldExpired)
		if got := d.found(o); got.Status != link.Opened {
			t.Fatalf("the link is %s", got.Status)
		}
		if got := d.booked(v, d.at(0)); got.State != booking.Booked || got.ID == held.ID {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestAPatientHoldsOneTimeAndHasThreeToCome(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		first, second := d.visit(d.offer(selfbooking.Change{})), d.visit(d.offer(selfbooking.Change{
			Types: &[]diary.TypeID{d.kind.ID, d.other.ID}}))
		held := d.hold(first, d.at(0))
		// A time that is taken does not cost the one that is held.
		taken := d.at(30)
		_, err := d.book.Reserve(d.ctx, booking.Request{Type: taken.Type, Location: taken.Location,
			Practitioner: taken.Practitioner, Start: taken.Start, Length: 10 * time.Minute})
		d.must(err)
		_, err = d.self.Hold(plain, first, taken)
		want(t, err, booking.ErrSlotTaken)
		again, err := d.self.Appointment(plain, first, held.ID)
		d.must(err)
		if again.State != booking.Reserved {
			t.Fatalf("the hold is %s", again.State)
		}
		// Another one does, also by another link.
		d.hold(second, d.at(10))
		_, err = d.self.Confirm(plain, first, held.ID)
		want(t, err, booking.ErrCancelled)
		for i := range 3 {
			d.booked(first, d.at(40+i*10))
		}
		_, err = d.self.Hold(plain, second, d.at(80))
		want(t, err, selfbooking.ErrEnough)
		other := d.at(80)
		other.Type = d.other.ID
		d.booked(second, other)
	})
}

func TestALinkOffersWhatItNames(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		wednesday := input.DateOf(monday) + 2
		v := d.visit(d.offer(selfbooking.Change{Practitioners: &[]practice.PractitionerID{d.gp[0].ID},
			From: &wednesday, To: &wednesday}))
		times, err := d.self.Times(plain, v, selfbooking.Ask{Type: d.kind.ID, Part: selfbooking.Morning})
		d.must(err)
		if len(times.Days) != 1 || times.Days[0].Date != wednesday || len(times.Practitioners) != 1 {
			t.Fatalf("got %+v", times)
		}
		times, err = d.self.Times(plain, v, selfbooking.Ask{Type: d.kind.ID, Part: selfbooking.Afternoon})
		d.must(err)
		if len(times.Days) != 0 || times.Next != nil {
			t.Fatalf("got %+v", times)
		}
		d.hold(v, d.at(0))
		for name, c := range map[string]func(*selfbooking.Choice){
			"another type":   func(c *selfbooking.Choice) { c.Type = d.other.ID },
			"another person": func(c *selfbooking.Choice) { c.Practitioner = d.gp[1].ID },
			"another day":    func(c *selfbooking.Choice) { c.Start = c.Start.Add(24 * time.Hour) },
			"another place":  func(c *selfbooking.Choice) { c.Location = 99 },
		} {
			choice := d.at(0)
			c(&choice)
			_, err := d.self.Hold(plain, v, choice)
			if name == "another place" { // the link names none, so the diary says it
				want(t, err, practice.ErrLocationNotFound)
				continue
			}
			want(t, err, selfbooking.ErrNotOffered)
		}
		night := d.at(-120)
		_, err = d.self.Hold(plain, v, night)
		want(t, err, booking.ErrSlotTaken)
	})
}

func TestAPatientMovesAndCancelsUnderThePolicy(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		o := d.offer(selfbooking.Change{MaxUses: new(1)})
		v := d.visit(o)
		a := d.booked(v, d.at(0))
		if !a.CanCancel || !a.Closes.Equal(d.at(0).Start.Add(-24*time.Hour)) {
			t.Fatalf("got %+v", a)
		}
		times, err := d.self.Times(plain, v, selfbooking.Ask{Moving: a.ID})
		d.must(err)
		if times.Moving == nil || len(times.Days) != 5 {
			t.Fatalf("got %+v", times)
		}
		to := d.at(60)
		to.Practitioner = d.gp[1].ID
		moved, err := d.self.Move(plain, v, a.ID, to, 0)
		d.must(err)
		if moved.Practitioner != d.gp[1].ID || !moved.Start.Equal(to.Start) || moved.ID != a.ID {
			t.Fatalf("got %+v", moved)
		}
		night, annex := d.at(-120), d.at(30)
		annex.Location = d.annex.ID
		for _, outside := range []selfbooking.Choice{night, annex} {
			_, err = d.self.Move(plain, v, a.ID, outside, 0)
			want(t, err, booking.ErrNoSession)
		}
		d.clock.Move(moved.Closes.Sub(d.clock.Now()) + time.Minute)
		v = d.visit(o)
		for _, err := range []error{
			func() error { _, err := d.self.Cancel(plain, v, a.ID); return err }(),
			func() error { _, err := d.self.Move(plain, v, a.ID, d.at(0), 0); return err }(),
		} {
			want(t, err, booking.ErrTooLate)
		}
		d.clock.Move(-time.Minute)
		for range 2 {
			gone, err := d.self.Cancel(plain, v, a.ID)
			d.must(err)
			if gone.State != booking.Cancelled {
				t.Fatalf("got %+v", gone)
			}
		}
		// What was cancelled was a use all the same.
		_, err = d.self.Hold(plain, v, d.at(0))
		want(t, err, link.ErrUsed)
		_, err = d.links.Reissue(d.ctx, o.ID)
		d.must(err)
		if got := d.found(o); got.Status != link.Unused || got.Used() != 0 {
			t.Fatalf("given again it is %s, used %d times", got.Status, got.Used())
		}
		_, err = d.self.Open(plain, v)
		want(t, err, link.ErrUnknown)
	})
}

func TestWhatIsNotThePatientsIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		o := d.offer(selfbooking.Change{})
		v := d.visit(o)
		staff, err := d.book.Book(d.ctx, booking.Request{Type: d.kind.ID, Location: d.place.ID,
			Practitioner: d.gp[0].ID, Start: d.at(0).Start, Length: 10 * time.Minute, Patient: d.ada})
		d.must(err)
		_, err = d.self.Appointment(plain, v, staff.ID)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Cancel(plain, v, staff.ID)
		want(t, err, booking.ErrNotFound)
		_, err = d.self.Open(plain, selfbooking.Visit{Address: v.Address, Proof: "x.y.z"})
		want(t, err, link.ErrVisitOver)
		_, err = d.links.Withdraw(d.ctx, o.ID)
		d.must(err)
		_, err = d.self.Hold(plain, v, d.at(20))
		want(t, err, link.ErrWithdrawn)
	})
}

func TestABookingLinkIsCheckedChangedAndListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		_, err := d.self.Create(d.ctx, d.ada, selfbooking.Change{Types: &[]diary.TypeID{d.kind.ID}, NewPatients: new(true)})
		want(t, err, selfbooking.ErrNewPatients)
		_, err = d.self.Create(d.ctx, d.ada, selfbooking.Change{Types: &[]diary.TypeID{99}})
		want(t, err, diary.ErrTypeNotFound)
		bad := selfbooking.Change{From: new(input.DayOf(2031, 2, 1)), To: new(input.DayOf(2031, 1, 1)),
			MaxUses: new(0), Expires: input.ReadBound("2031-01-01")}
		_, err = d.self.Create(d.ctx, d.ada, bad)
		if f := fault.Of(err); len(f.Fields) != 4 {
			t.Fatalf("got %+v", f)
		}
		first, second := d.offer(selfbooking.Change{}), d.offer(selfbooking.Change{})
		changed, err := d.self.Change(d.ctx, first.ID, selfbooking.Change{MaxUses: new(2),
			Types: &[]diary.TypeID{d.other.ID, d.kind.ID}, Expires: input.ReadBound("2031-03-01")})
		d.must(err)
		if len(changed.Types) != 2 || *changed.MaxUses != 2 || changed.URL != first.URL ||
			!changed.ExpiresAt.Equal(time.Date(2031, 3, 2, 0, 0, 0, 0, time.UTC)) {
			t.Fatalf("got %+v", changed)
		}
		for _, q := range []selfbooking.Query{{Limit: 5}, {Limit: 5, Patient: d.ada}} {
			list, count, err := d.self.List(d.ctx, q)
			d.must(err)
			if count != 2 || len(list) != 2 || list[0].ID != second.ID || *list[1].MaxUses != 2 {
				t.Fatalf("got %+v", list)
			}
		}
	})
}
