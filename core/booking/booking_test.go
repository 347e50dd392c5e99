package booking_test

import (
	"slices"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	auditstore "frontdesk/store/audit"
)

func TestReserveThenConfirmBooksASlot(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: when("2031-01-06"), To: when("2031-01-06"), Size: 50})
		d.must(err)
		if page.Count != 18 || len(page.Slots) != 18 {
			t.Fatalf("got %d slots of %d, want the 18 from nine to twelve", len(page.Slots), page.Count)
		}
		first := page.Slots[0]
		if !first.Start.Equal(nine(0)) || !first.End.Equal(nine(10*time.Minute)) {
			t.Fatalf("the first slot is %v to %v", first.Start, first.End)
		}
		same, err := d.diary.Slot(d.ctx, first.ID)
		d.must(err)
		if same != first {
			t.Fatalf("by its id the slot is %+v, in the list it is %+v", same, first)
		}

		a := d.reserve(first.Start)
		if !a.ReservedUntil.Equal(monday.Add(15 * time.Minute)) {
			t.Fatalf("held until %v", a.ReservedUntil)
		}
		if _, err := d.diary.Slot(d.ctx, first.ID); err == nil {
			t.Fatal("a held slot is still offered")
		}
		got, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		d.must(err)
		if got.State != booking.Booked || got.PatientName.FirstName != "Ada" ||
			got.PractitionerName.LastName != "Okafor" ||
			got.LocationName != "Mill Lane" {
			t.Fatalf("booked %+v", got)
		}
		if got := d.events(a.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.confirmed"}) {
			t.Fatalf("events %v", got)
		}
		trail, err := auditstore.New(d.db).Trail(d.ctx, int64(d.group.ID), "appointment", int64(a.ID), 10)
		d.must(err)
		if len(trail) != 2 || trail[1].Action != "appointment.book" || trail[1].Actor != "operator" ||
			len(trail[1].Before) == 0 || len(trail[1].After) == 0 {
			t.Fatalf("audit trail %+v", trail)
		}
	})
}

func TestReserveRefusesATimeThatIsHeld(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.reserve(nine(20 * time.Minute))
		long := d.newType("Long", 30)
		d.session(diary.SessionChange{Types: &[]diary.TypeID{long.ID}, Rule: ptr("FREQ=WEEKLY;BYDAY=MO")})
		for _, c := range []struct {
			name    string
			kind    diary.TypeID
			start   time.Time
			minutes int
			want    error
		}{
			{"the same time is taken", d.kind.ID, nine(20 * time.Minute), 10, booking.ErrSlotTaken},
			{"a longer time over it is taken", long.ID, nine(10 * time.Minute), 30, booking.ErrSlotTaken},
			{"a time that ends in it is taken", long.ID, nine(0), 30, booking.ErrSlotTaken},
			{"the time just before is free", d.kind.ID, nine(10 * time.Minute), 10, nil},
			{"the time just after is free", long.ID, nine(30 * time.Minute), 30, nil},
			{"off the session's steps is not offered", d.kind.ID, nine(65 * time.Minute), 10, booking.ErrNoSession},
			{"past the session's end is not offered", d.kind.ID, nine(180 * time.Minute), 10, booking.ErrNoSession},
			{"running over the session's end is not offered", long.ID, nine(160 * time.Minute), 30,
				booking.ErrNoSession},
			{"a type the session lacks is not offered", long.ID, nine(24 * time.Hour), 30, booking.ErrNoSession},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := d.ask(c.start)
				r.Type, r.Length = c.kind, time.Duration(c.minutes)*time.Minute
				_, err := d.booking.Reserve(d.ctx, r)
				want(t, err, c.want)
			})
		}
	})
}

func TestConfirmRefusesAnExpiredHold(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.reserve(nine(0))
		d.clock.Move(15*time.Minute - time.Microsecond)
		_, err := d.booking.Reserve(d.ctx, d.ask(nine(0)))
		want(t, err, booking.ErrSlotTaken)
		d.clock.Move(time.Microsecond)
		_, err = d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		want(t, err, booking.ErrHoldExpired)
		// Nothing has cleared it away, and the time is free all the same.
		b := d.reserve(nine(0))
		if got := d.events(a.ID); !slices.Equal(got, []string{"appointment.reserved", "appointment.released"}) {
			t.Fatalf("events %v", got)
		}
		_, err = d.booking.Confirm(d.ctx, b.ID, booking.Confirmation{})
		d.must(err)
	})
}

func TestAnotherGroupFindsNothing(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.reserve(nine(0))
		other := newKit(t, d.db)
		for name, call := range map[string]func() error{
			"read":   func() error { _, err := d.booking.Read(other.ctx, a.ID); return err },
			"book":   func() error { _, err := d.booking.Confirm(other.ctx, a.ID, booking.Confirmation{}); return err },
			"cancel": func() error { _, err := d.booking.Cancel(other.ctx, a.ID, booking.Cancellation{}); return err },
			"edit": func() error {
				_, err := d.booking.Change(other.ctx, a.ID,
					move{Practitioner: other.gp.ID, Start: nine(0), Minutes: 10}.of(booking.Reserved))
				return err
			},
			"reschedule": func() error {
				_, err := d.booking.Change(other.ctx, a.ID,
					move{Practitioner: other.gp.ID, Start: nine(0), Minutes: 10}.of(booking.Booked))
				return err
			},
		} {
			t.Run(name, func(t *testing.T) { want(t, call(), booking.ErrNotFound) })
		}
		messaging := access.With(d.ctx,
			access.Caller{Group: d.group.ID, Home: d.group.ID,
				Permissions: access.OfKey([]access.Scope{access.Messaging}, nil)})
		_, err := d.booking.Read(messaging, a.ID)
		want(t, err, access.ErrPermission)
	})
}
