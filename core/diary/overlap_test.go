package diary_test

import (
	"slices"
	"testing"

	"frontdesk/core/diary"
)

// TestOverlappingSessionsOfferOneSlot lays sessions over one another and asks every way there is to list and to count.
func TestOverlappingSessionsOfferOneSlot(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		first := d.works(on("2031-01-06", "09:00", "11:00"))
		d.works(on("2031-01-06", "10:00", "12:00"))
		d.set(newHours{Practitioner: d.gp, Location: d.there, SessionChange: on("2031-01-06", "11:30", "12:30")})
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{From: moment("2031-01-06"), To: moment("2031-01-06"),
			Size: 500, Explain: true})
		d.must(err)
		// Three hours here, and one there, of which half an hour could be here too.
		if n := 18 + 6; page.Count != n || len(page.Slots) != n || d.slots("2031-01-06", "2031-01-06") != n {
			t.Errorf("counted %d, listed %d, counted alone %d; want %d", page.Count, len(page.Slots),
				d.slots("2031-01-06", "2031-01-06"), n)
		}
		seen := map[any]int{}
		for _, s := range page.Slots {
			seen[struct {
				at any
				in any
			}{s.Start, s.Location}]++
			if same, err := d.diary.Slot(d.ctx, s.ID); err != nil || same != s {
				t.Errorf("slot %s is %+v, %v", s.ID, same, err)
			}
		}
		for at, n := range seen {
			if n != 1 {
				t.Errorf("%v is listed %d times", at, n)
			}
		}
		types, err := d.diary.Types(d.ctx, diary.TypeQuery{Slots: true})
		d.must(err)
		if types[0].Slots != 24 {
			t.Errorf("the appointment type has %d slots", types[0].Slots)
		}
		if n := page.Why.Past + page.Why.Held + page.Why.Booked; n != 0 {
			t.Errorf("explained: %+v", page.Why)
		}
		if got := d.free("2031-01-06", "2031-01-06"); !slices.Equal(got, []string{"06 09:00-12:00",
			"06 11:30-12:30 there"}) {
			t.Errorf("free: %v", got)
		}
		// Its id leads to the time also when the first session is no more, and the other's id was never given out
		// before.
		shared := slices.IndexFunc(page.Slots, func(s diary.Slot) bool { return s.Start.Hour() == 10 })
		_, err = d.diary.DeleteSession(d.ctx, first.ID)
		d.must(err)
		if n := d.slots("2031-01-06", "2031-01-06"); n != 12+6 {
			t.Errorf("without the first session there are %d", n)
		}
		if _, err := d.diary.Slot(d.ctx, page.Slots[shared].ID); err == nil {
			t.Error("a slot of a session that is no more is still there")
		}
	})
}
