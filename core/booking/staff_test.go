package booking_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store/storetest"
)

func TestMoveToAnotherPlaceIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		branch, err := d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: ptr("The Branch")})
		d.must(err)
		made, err := d.booking.Book(d.ctx, booking.Request{
			Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID, Start: nine(0),
			Length: 10 * time.Minute, Override: true,
		})
		d.must(err)
		told := len(d.events(made.ID))
		for _, c := range []struct {
			name string
			with booking.Change
			told int
		}{
			// but subscriptions are
			{"comments alone", booking.Change{Comments: ptr("Bring the letter."), Override: true, SuppressPolicy: true},
				0},
			{"the same place", booking.Change{Location: &d.place.ID, Override: true, SuppressPolicy: true}, 0},
			{"another place", booking.Change{Location: &branch.ID, Override: true, SuppressPolicy: true}, 1},
			{"another time and the first place",
				booking.Change{Location: &d.place.ID, Start: ptr(nine(time.Hour)), End: ptr(nine(70 * time.Minute)),
					Override:       true,
					SuppressPolicy: true}, 1},
		} {
			got, err := d.booking.Change(d.ctx, made.ID, c.with)
			d.must(err)
			if c.with.Location != nil && got.Location != *c.with.Location {
				t.Errorf("%s: is at %d", c.name, got.Location)
			}
			told += c.told
			if n := len(d.events(made.ID)); n != told {
				t.Errorf("%s: %d events, want %d", c.name, n, told)
			}
		}
		all, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 1000)
		d.must(err)
		var last struct {
			LocationID string `json:"location_id"`
			Previous   struct {
				LocationID string `json:"location_id"`
			} `json:"previous"`
		}
		d.must(json.Unmarshal(all[len(all)-1].Data, &last))
		if last.LocationID != d.place.ID.String() || last.Previous.LocationID != branch.ID.String() {
			t.Errorf("told %+v", last)
		}
	})
}

// TestBookingRespectsThePlacesOfAType books by staff, who need no session.
func TestBookingRespectsThePlacesOfAType(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		offer := func(kind diary.TypeID, at practice.LocationID) {
			storetest.Insert(t, d.db, "product_location", storetest.Row{"practice_group_id": d.group.ID,
				"product_id": kind, "location_id": at})
		}
		scan := d.newType("Scan", 10)
		place := func(name string) practice.LocationID {
			l, err := d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: &name})
			d.must(err)
			return l.ID
		}
		bare, said := place("The Tent"), place("The Branch")
		offer(scan.ID, said)
		at := nine(6 * time.Hour)
		for _, c := range []struct {
			name  string
			place practice.LocationID
			kind  diary.TypeID
			wrong string
		}{
			{"nothing was said of it", bare, d.kind.ID, ""},
			{"nor of it where another is offered", said, d.kind.ID, ""},
			{"it was said to be there", said, scan.ID, ""},
			{"it was said to be elsewhere", bare, scan.ID, "Scan is not available at location The Tent."},
			{"and not where there are sessions", d.place.ID, scan.ID, "Scan is not available at location Mill Lane."},
		} {
			at = at.Add(10 * time.Minute)
			o := booking.Request{Patient: d.ada, Location: c.place, Type: c.kind, Practitioner: d.gp.ID, Start: at,
				Length: 10 * time.Minute, Override: true}
			_, err := d.booking.Book(d.ctx, o)
			refused := func(err error) string {
				if err == nil {
					return ""
				}
				if !errors.Is(err, booking.ErrNotOffered) {
					t.Fatal(err)
				}
				return fault.Of(err).Message
			}
			if got := refused(err); got != c.wrong {
				t.Errorf("%s: booked, %q", c.name, got)
			}
			at = at.Add(10 * time.Minute)
			b, err := d.booking.Book(d.ctx,
				booking.Request{Patient: d.ada, Location: bare, Type: d.kind.ID, Practitioner: d.gp.ID, Start: at,
					Length: 10 * time.Minute, Override: true})
			d.must(err)
			_, err = d.booking.Change(d.ctx, b.ID,
				booking.Change{Location: &c.place, Type: &c.kind, Override: true, SuppressPolicy: true})
			if got := refused(err); got != c.wrong {
				t.Errorf("%s: moved, %q", c.name, got)
			}
		}
		// What was booked can be moved in time where it is, whatever was said since.
		b, err := d.booking.Book(d.ctx,
			booking.Request{Patient: d.ada, Location: bare, Type: d.kind.ID, Practitioner: d.gp.ID,
				Start:  nine(5 * time.Hour),
				Length: nine(5*time.Hour + 10*time.Minute).Sub(nine(5 * time.Hour)), Override: true})
		d.must(err)
		offer(d.kind.ID, said)
		_, err = d.booking.Change(d.ctx, b.ID,
			booking.Change{Start: ptr(nine(4 * time.Hour)), End: ptr(nine(4*time.Hour + 10*time.Minute)),
				Override:       true,
				SuppressPolicy: true})
		d.must(err)
	})
}

// TestPageOfEachPatientsAppointments asks with few bookings, which are read whole, and with many, which the database
// numbers.
func TestPageOfEachPatientsAppointments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		bob, err := patienttest.Register(d.ctx, d.patients,
			patient.Changes{FirstName: new("Bob"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Mobile: ptr("07700 900124")})
		d.must(err)
		of := map[patient.ID][]booking.ID{}
		add := func(who patient.ID, n int) {
			d.must(d.booking.Store.Do(d.ctx, func(tx booking.Tx) error {
				for range n {
					start := nine(0).AddDate(0, 0, 7*len(of[who]))
					a := booking.Appointment{ID: booking.ID(d.db.NewID()), State: booking.Booked, Patient: who,
						Practitioner: d.gp.ID,
						Location:     d.place.ID, Type: d.kind.ID,
						Start: start, End: start.Add(10 * time.Minute), ReservedUntil: monday, Source: "test",
						Version:   1,
						CreatedAt: monday, UpdatedAt: monday}
					if err := tx.AddAppointment(d.ctx, d.group.ID, a); err != nil {
						return err
					}
					of[who] = append(of[who], a.ID)
				}
				return nil
			}))
		}
		check := func() {
			t.Helper()
			for _, bare := range []bool{false, true} {
				for _, last := range []bool{false, true} {
					found, err := d.booking.ListOf(d.ctx, []patient.ID{bob, d.ada},
						booking.Query{Bare: bare, Descending: last, Offset: 1, Limit: 2})
					d.must(err)
					for who, all := range of {
						want := all[1:3]
						if last {
							want = []booking.ID{all[len(all)-2], all[len(all)-3]}
						}
						var got []booking.ID
						for _, b := range found[who] {
							got = append(got, b.ID)
							if (b.TypeName == "Routine") == bare {
								t.Errorf("of the type %q", b.TypeName)
							}
						}
						if !slices.Equal(got, want) {
							t.Errorf("bare %t, last %t, of %d: %v, want %v", bare, last, len(all), got, want)
						}
					}
				}
			}
		}
		add(d.ada, 5)
		add(bob, 4)
		check()
		add(d.ada, 1995)
		check()
	})
}
