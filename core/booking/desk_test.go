package booking_test

import (
	"encoding/json"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/practice"
)

func TestABookingGivenAnotherPlaceIsToldOf(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		branch, err := d.practice.CreateLocation(d.ctx, practice.LocationChange{Name: ptr("The Branch")})
		d.must(err)
		made, err := d.booking.Create(d.ctx, booking.Order{
			Patient: d.ada, Location: d.place.ID, Type: d.kind.ID, Practitioner: d.gp.ID, Start: nine(0), End: nine(10 * time.Minute),
		})
		d.must(err)
		told := len(d.events(made.ID))
		for _, c := range []struct {
			name string
			with booking.Alteration
			told int
		}{
			{"comments alone", booking.Alteration{Comments: ptr("Bring the letter.")}, 0}, // but subscriptions are
			{"the same place", booking.Alteration{Location: &d.place.ID}, 0},
			{"another place", booking.Alteration{Location: &branch.ID}, 1},
			{"another time and the first place", booking.Alteration{Location: &d.place.ID, Start: ptr(nine(time.Hour)), End: ptr(nine(70 * time.Minute))}, 1},
		} {
			got, err := d.booking.Alter(d.ctx, made.ID, c.with)
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
