package booking_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// TestConcurrentChangesNeverDoubleBook lets many callers on two nodes reserve, edit, book, cancel and move at random in
// a crowded diary, while holds run out. The diary must be right afterwards, and every answer true.
func TestConcurrentChangesNeverDoubleBook(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		one := newKit(t, storetest.Open(t, address))
		one.booking.Hold = time.Minute
		other := *one
		other.db = storetest.Open(t, address)
		other.diary = &diary.Service{Store: diarystore.New(other.db), Practice: practicestore.New(other.db),
			Now: one.clock.Now, NewID: other.db.NewID}
		other.booking = &booking.Service{Store: bookingstore.New(other.db), Diary: other.diary, Now: one.clock.Now,
			NewID: other.db.NewID, Hold: time.Minute}
		gps := []practice.PractitionerID{one.gp.ID, one.newGP("Raman").ID, one.newGP("Whitcombe").ID}
		for _, id := range gps {
			one.session(diary.SessionChange{Practitioner: &id, Rule: ptr("FREQ=WEEKLY;BYDAY=TU"),
				From: timeOfDay("09:00"), To: timeOfDay("12:00"), Step: ptr(5)})
		}
		calls := 120
		if testing.Short() {
			calls = 30
		}
		done := make(chan struct{})
		var clock, callers sync.WaitGroup
		clock.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(3 * time.Millisecond): // of real time; the clock's own goes faster
					one.clock.Move(7 * time.Second)
				}
			}
		})
		for i := range 24 {
			d := one
			if i%2 == 1 {
				d = &other
			}
			callers.Go(func() { roam(t, d, gps, rand.New(rand.NewPCG(uint64(i), 11)), calls) })
		}
		callers.Wait()
		close(done)
		clock.Wait()
		storetest.CheckDiaries(t, address)
	})
}

// roam makes calls at random, and remembers their answers.
func roam(t *testing.T, d *kit, gps []practice.PractitionerID, random *rand.Rand, calls int) {
	type answer struct {
		state   booking.State
		version int64
	}
	mine := map[booking.ID]answer{}
	var ids []booking.ID
	for range calls {
		who := gps[random.IntN(len(gps))]
		start := nine(24*time.Hour + time.Duration(random.IntN(36)*5)*time.Minute)
		minutes := 5 * (1 + random.IntN(4))
		note := func(a booking.Appointment, err error) {
			switch {
			case err == nil:
				if _, known := mine[a.ID]; !known {
					ids = append(ids, a.ID)
				}
				mine[a.ID] = answer{a.State, a.Version}
			case fault.Of(err).Kind != fault.Conflict:
				t.Error(err)
			}
		}
		if len(ids) == 0 || random.IntN(3) == 0 {
			r := d.ask(start)
			r.Practitioner, r.Length, r.Override = who, time.Duration(minutes)*time.Minute, random.IntN(3) == 0
			note(d.booking.Reserve(d.ctx, r))
			continue
		}
		id := ids[random.IntN(len(ids))]
		move := move{Practitioner: who, Start: start, Minutes: minutes, Override: random.IntN(2) == 0,
			SuppressPolicy: true}
		var got booking.Appointment
		var err error
		switch random.IntN(5) {
		case 0, 1:
			got, err = d.booking.Confirm(d.ctx, id, booking.Confirmation{})
		case 2:
			got, err = d.edit(id, move)
		case 3:
			got, err = d.reschedule(id, move)
		case 4:
			got, err = d.booking.Cancel(d.ctx, id, booking.Cancellation{SuppressPolicy: true})
		}
		note(got, err)
	}
	for id, last := range mine {
		a, err := bookingstore.New(d.db).Appointment(d.ctx, d.group.ID, id)
		// No other goroutine changes it; its hold may run out.
		lapsed := a.State == booking.Released && last.state == booking.Reserved && a.Version == last.version+1
		if err != nil || !lapsed && (a.Version != last.version || a.State != last.state &&
			last.state != booking.Released) {
			t.Errorf("answered %+v, found %s at version %d, %v", last, a.State, a.Version, err)
		}
	}
}

// TestOneOfFiveHundredConcurrentReservationsSucceeds checks that the others are refused.
func TestOneOfFiveHundredConcurrentReservationsSucceeds(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		var wait sync.WaitGroup
		errs := make([]error, 500)
		for i := range errs {
			wait.Go(func() { _, errs[i] = d.booking.Reserve(d.ctx, d.ask(nine(0))) })
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			var taken *booking.NotFree
			switch {
			case err == nil:
				won++
			case !errors.As(err, &taken) || len(taken.Nearest) != 5:
				t.Fatal(fmt.Errorf("a loser got %w", err))
			}
		}
		if won != 1 {
			t.Fatalf("%d got the slot", won)
		}
	})
}
