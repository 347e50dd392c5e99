package waiting_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/core/waiting"
	patientstore "frontdesk/store/patient"
)

var tuesday = monday.AddDate(0, 0, 1) // at nine

func TestAFreedTimeIsOfferedToTheFirstWhoFitsAndThenToTheNext(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		late, first, second := d.person("Late"), d.person("First"), d.person("Second")
		ones := []waiting.Entry{d.add(first), d.add(second),
			d.add(late, func(j *waiting.Joining) { j.Priority = new(1); j.Weekdays = &[]int{3} })}
		d.quiet()
		d.cancel(full[0])
		m := d.offered()
		if !strings.Contains(m.Text, "9am on Tuesday 7 January 2031") || !strings.Contains(m.Text, "until 9:30am") {
			t.Fatal(m.Text)
		}
		seen, err := d.list.See(context.Background(), d.visit(m))
		d.must(err)
		if !seen.Stands() || seen.Entry.ID != ones[0].ID || d.entry(ones[0]).State != waiting.Offered {
			t.Fatalf("offered to %+v", seen.Entry)
		}
		d.quiet()
		d.move(31 * time.Minute) // no answer
		n := d.offered()
		if _, err := d.list.Accept(context.Background(), d.visit(m)); !errors.Is(err, waiting.ErrOfferOver) {
			t.Fatal(err)
		}
		got, err := d.list.Accept(context.Background(), d.visit(n))
		d.must(err)
		if got.Got.State != booking.Booked || got.Got.Patient != second || got.Got.Source != waiting.Source ||
			got.Got.Link == 0 || !got.Manageable {
			t.Fatalf("%+v", got.Got)
		}
		if e := d.entry(ones[1]); e.State != waiting.Booked || e.Appointment != got.Got.ID {
			t.Fatalf("%+v", e)
		}
		if e := d.entry(ones[0]); e.State != waiting.Waiting {
			t.Fatalf("%+v", e)
		}
		again, err := d.list.Accept(context.Background(), d.visit(n))
		d.must(err)
		if again.Got.ID != got.Got.ID {
			t.Fatal("accepted twice")
		}
	})
}

func TestWhoSaysNoWaitsOnAndTheNextIsAskedAtOnce(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		a, b := d.add(d.person("A")), d.add(d.person("B"))
		d.cancel(full[0])
		v := d.visit(d.offered())
		_, err := d.list.Decline(context.Background(), v, false)
		d.must(err)
		m := d.offered()
		if d.entry(a).State != waiting.Waiting || d.entry(b).State != waiting.Offered {
			t.Fatal(d.entry(a), d.entry(b))
		}
		_, err = d.list.Decline(context.Background(), d.visit(m), true)
		d.must(err)
		d.quiet() // both have said no to it
		if e := d.entry(b); e.State != waiting.Removed || e.Reason != "left" {
			t.Fatal(e)
		}
		d.cancel(full[3])
		if m := d.offered(); !strings.Contains(m.Text, "10am") && !strings.Contains(m.Text, "9:30am") {
			t.Fatal(m.Text)
		}
	})
}

func TestSomethingSoonerGivesTheOldTimeBackAndThatIsOfferedOn(t *testing.T) {
	each(t, func(d *desk) {
		ada, bob := d.person("Ada"), d.person("Bob")
		old := d.book(ada, tuesday.AddDate(0, 0, 2))
		full := d.fill(tuesday.Add(-9 * time.Hour))
		d.fill(tuesday.AddDate(0, 0, 2).Add(-9 * time.Hour))
		mine := d.add(ada, func(j *waiting.Joining) { j.Replaces = &old.ID })
		d.deliver()
		d.cancel(full[4])
		m := d.offered()
		if !strings.Contains(m.Text, "It would replace yours at 9am on Thursday 9 January") {
			t.Fatal(m.Text)
		}
		his := d.add(bob)
		got, err := d.list.Accept(context.Background(), d.visit(m))
		d.must(err)
		if got.Got.ID != old.ID || !got.Got.Start.Equal(full[4].Start) || got.Got.State != booking.Booked {
			t.Fatalf("%+v", got.Got)
		}
		if held := d.read(got.Offer.Hold); held.State != booking.Cancelled {
			t.Fatalf("the hold is %s", held.State)
		}
		sent := d.deliver()
		if d.entry(mine).State != waiting.Booked || d.entry(his).State != waiting.Offered {
			t.Fatal(d.entry(mine), d.entry(his))
		}
		var texts []string
		for _, m := range sent {
			texts = append(texts, m.Text)
		}
		all := strings.Join(texts, "\n")
		if !strings.Contains(all, "has changed") || !strings.Contains(all, "9am on Thursday 9 January 2031 with") {
			t.Fatal(all)
		}
	})
}

func TestNoPatientIsOfferedATimeAtNightOrTooSoonOrTwo(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		today := d.fill(monday.Add(-9 * time.Hour))
		e := d.add(d.person("A"))
		soon := today[slices.IndexFunc(today, func(a booking.Appointment) bool {
			return a.Start.Equal(monday.Add(90 * time.Minute))
		})]
		d.cancel(soon)
		d.quiet() // it starts in an hour and a half
		d.move(14 * time.Hour)
		d.cancel(full[len(full)-1])
		d.cancel(full[len(full)-3])
		d.quiet() // it is eleven at night
		d.move(9*time.Hour - time.Minute)
		d.quiet()
		d.move(time.Minute)
		m := d.offered() // and one at a time
		_, err := d.list.Decline(context.Background(), d.visit(m), false)
		d.must(err)
		d.offered()
		if d.entry(e).State != waiting.Offered {
			t.Fatal(d.entry(e))
		}
	})
}

func TestATimeIsOfferedToWhoJoinsAfterItBecameFree(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		wednesday := d.add(d.person("Elsewhen"), func(j *waiting.Joining) { j.Weekdays = &[]int{3} })
		d.cancel(full[0])
		d.quiet()
		d.add(d.person("Later"))
		d.offered()
		_, err := d.list.Change(d.ctx, wednesday.ID, waiting.Change{Weekdays: &[]int{}})
		d.must(err)
		d.quiet()
		d.cancel(full[1])
		d.offered()
	})
}

func TestAnEntryWhosePatientCannotBeAskedEnds(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		people := patientstore.New(d.db)
		dead, deaf, has, next := d.person("Dead"), d.person("Deaf"), d.person("Has"), d.person("Next")
		var ends []waiting.Entry
		for _, p := range []patient.ID{dead, deaf, has} {
			ends = append(ends, d.add(p))
			d.move(time.Second)
		}
		last := d.add(next)
		d.must(people.Do(d.ctx, func(tx patient.Tx) error {
			p, err := people.Patient(d.ctx, d.group.ID, dead)
			if err != nil {
				return err
			}
			p.DeceasedAt = d.now()
			if err := tx.SavePatient(d.ctx, d.group.ID, p); err != nil {
				return err
			}
			return tx.SaveParticulars(d.ctx, d.group.ID, deaf, patient.Particulars{ReceiveSMS: new(false),
				ReceiveEmail: new(false)})
		}))
		d.book(has, tuesday.AddDate(0, 0, 1))
		d.cancel(full[0])
		d.offered()
		for i, reason := range []string{"patient_deceased", "not_wanted", "booked_otherwise"} {
			if e := d.entry(ends[i]); e.State != waiting.Removed || !strings.HasPrefix(e.Reason, reason) &&
				!(i == 1 && e.Reason == "no_contact_detail") {
				t.Errorf("%+v, want %s", e, reason)
			}
		}
		if d.entry(last).State != waiting.Offered {
			t.Fatal(d.entry(last))
		}
	})
}

func TestStaffWhoTakeAPatientOffOrEndTheHoldEndTheOffer(t *testing.T) {
	each(t, func(d *desk) {
		full := d.fill(tuesday.Add(-9 * time.Hour))
		a, b, c := d.add(d.person("A")), d.add(d.person("B")), d.add(d.person("C"))
		d.cancel(full[0])
		v := d.visit(d.offered())
		if _, err := d.list.Remove(d.ctx, a.ID); err != nil {
			t.Fatal(err)
		}
		_, err := d.list.Accept(context.Background(), v)
		d.want(err, waiting.ErrOfferOver)
		d.offered()
		d.cancel(d.read(d.held(b)))
		d.offered()
		if d.entry(a).State != waiting.Removed || d.entry(b).State != waiting.Waiting ||
			d.entry(c).State != waiting.Offered {
			t.Fatal(d.entry(a), d.entry(b), d.entry(c))
		}
		// Staff confirm the hold for the third.
		_, err = d.booking.Confirm(d.ctx, d.held(c), booking.Confirmation{})
		d.must(err)
		d.move(31 * time.Minute)
		d.quiet()
		if e := d.entry(c); e.State != waiting.Booked {
			t.Fatal(e)
		}
	})
}

func (d *desk) held(e waiting.Entry) booking.ID {
	d.t.Helper()
	e = d.entry(e)
	if e.Standing == nil {
		d.t.Fatalf("no offer stands: %+v", e)
	}
	return e.Standing.Hold
}

func TestANewSessionAndAnEndedBlockAreOffered(t *testing.T) {
	each(t, func(d *desk) {
		sunday := input.DateOf(monday.AddDate(0, 0, 6))
		e := d.add(d.person("A"), func(j *waiting.Joining) { j.Weekdays = &[]int{0} })
		b := d.add(d.person("B"), func(j *waiting.Joining) {
			j.Weekdays, j.Part, j.Practitioners = &[]int{2}, new(selfbooking.Afternoon), &[]practice.PractitionerID{d.gp[1].ID}
		})
		d.quiet()
		_, err := d.days.CreateSession(d.ctx, diary.SessionChange{Practitioner: &d.gp[0].ID, Location: &d.place.ID,
			Types: &[]diary.TypeID{d.kind.ID}, StartDate: &sunday, From: new(10 * 60), To: new(11 * 60), Step: new(30),
			Rule: new("")})
		d.must(err)
		if m := d.offered(); !strings.Contains(m.Text, "10am on Sunday 12 January") {
			t.Fatal(m.Text)
		}
		day := input.DateOf(tuesday)
		block, err := d.days.CreateSession(d.ctx, diary.SessionChange{Away: true, Practitioner: &d.gp[1].ID,
			Location: &d.place.ID, StartDate: &day, From: new(13 * 60), To: new(17 * 60)})
		d.must(err)
		d.quiet()
		d.move(time.Minute)
		_, err = d.days.DeleteSession(d.ctx, block.ID)
		d.must(err)
		if m := d.offered(); !strings.Contains(m.Text, "midday on Tuesday") && !strings.Contains(m.Text, "1pm on Tuesday") {
			t.Fatal(m.Text)
		}
		if d.entry(e).State != waiting.Offered || d.entry(b).State != waiting.Offered {
			t.Fatal(d.entry(e), d.entry(b))
		}
	})
}

// TestTwentyAtOnceMakeOneBooking has twenty windows press yes on one offer.
func TestTwentyAtOnceMakeOneBooking(t *testing.T) {
	each(t, func(d *desk) {
		ada := d.person("Ada")
		old := d.book(ada, tuesday.AddDate(0, 0, 2))
		full := d.fill(tuesday.Add(-9 * time.Hour))
		d.add(ada, func(j *waiting.Joining) { j.Replaces = &old.ID })
		d.add(d.person("Bob"))
		for i, freed := range full[:2] {
			d.cancel(freed)
			d.run()
			_ = i
		}
		var visits []selfbooking.Visit
		for _, m := range d.deliver() {
			if strings.Contains(m.Text, "is free") {
				visits = append(visits, d.visit(m))
			}
		}
		if len(visits) != 2 {
			t.Fatalf("%d offers", len(visits))
		}
		var wait sync.WaitGroup
		got := make([]waiting.Seen, 40)
		errs := make([]error, 40)
		for i := range got {
			wait.Go(func() { got[i], errs[i] = d.list.Accept(context.Background(), visits[i%2]) })
		}
		wait.Wait()
		ids := map[booking.ID]int{}
		for i := range got {
			d.must(errs[i])
			ids[got[i].Got.ID]++
		}
		if len(ids) != 2 || ids[old.ID] != 20 {
			t.Fatalf("%v", ids)
		}
		n := 0
		all, _, err := d.booking.List(d.ctx, booking.Query{States: []booking.State{booking.Booked}, Limit: 500,
			From: diary.At(full[0].Start), To: diary.At(full[1].Start.Add(time.Minute))})
		d.must(err)
		for _, a := range all {
			if a.Source == waiting.Source || a.ID == old.ID {
				n++
			}
		}
		if n != 2 {
			t.Fatalf("%d bookings", n)
		}
	})
}

func TestTheListRefusesWhatItCannotKeep(t *testing.T) {
	each(t, func(d *desk) {
		ada, bob := d.person("Ada"), d.person("Bob")
		his := d.book(bob, tuesday)
		d.add(ada)
		_, err := d.list.Add(d.ctx, waiting.Joining{Patient: ada, Type: d.kind.ID})
		d.want(err, waiting.ErrWaits)
		for name, c := range map[string]waiting.Change{
			"another's appointment": {Replaces: &his.ID},
			"no priority":           {Priority: new(0)},
			"no weekday":            {Weekdays: &[]int{7}},
			"the past":              {To: new(input.DateOf(monday) - 1)},
			"backwards":             {From: new(input.DateOf(monday) + 3), To: new(input.DateOf(monday) + 2)},
			"no part":               {Part: new(selfbooking.Part("noon"))},
			"no place":              {Locations: &[]practice.LocationID{1}},
			"no practitioner":       {Practitioners: &[]practice.PractitionerID{1}},
		} {
			if _, err := d.list.Add(d.ctx, waiting.Joining{Patient: bob, Type: d.other.ID, Change: c}); err == nil {
				t.Errorf("%s was kept", name)
			}
		}
		_, err = d.list.Find(d.ctx, 1)
		d.want(err, waiting.ErrNotFound)
	})
}

func TestADatePassedEndsTheEntry(t *testing.T) {
	each(t, func(d *desk) {
		day := input.DateOf(monday)
		e := d.add(d.person("A"), func(j *waiting.Joining) { j.To = &day })
		d.must(d.list.Tidy(d.ctx))
		if d.entry(e).State != waiting.Waiting {
			t.Fatal("too early")
		}
		d.move(24 * time.Hour)
		d.must(d.list.Tidy(d.ctx))
		if e := d.entry(e); e.State != waiting.Removed || e.Reason != "dates_over" {
			t.Fatal(e)
		}
	})
}
