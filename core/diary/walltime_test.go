package diary

import (
	"testing"
	"time"

	"frontdesk/core/input"
)

// TestInstantsOverClockChanges compares with a scan of every minute for the first at which clocks show the time or
// later.
func TestInstantsOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone string
		day  string
	}{
		{"Europe/London", "2031-03-30"}, {"Europe/London", "2031-10-26"}, {"Europe/London", "2031-07-01"},
		{"America/New_York", "2031-03-09"}, {"America/New_York", "2031-11-02"}, {"Australia/Lord_Howe", "2031-10-05"},
		{"Australia/Lord_Howe", "2031-04-06"},
		{"Pacific/Apia", "2031-01-01"}, {"Africa/Casablanca", "2030-12-30"}, {"Asia/Kathmandu", "2031-05-05"},
		{"America/Santiago", "2031-09-07"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, _ := input.ParseDate(c.day)
		for at := 0; at <= fullDay; at++ {
			if got, want := instant(zone, day, at), scan(zone, day, at); got != want {
				t.Fatalf("%s %s %s: got %v, want %v", c.zone, c.day, Clock(at), got.time(), want.time())
			}
		}
	}
}

// scan finds an instant the slow way.
func scan(zone *time.Location, day input.Date, at int) minute {
	wanted := int64(day)*1440 + int64(at)
	for m := minute(int64(day)*1440 - around); ; m++ {
		local := m.time().In(zone)
		if int64(input.DateOf(local))*1440+int64(local.Hour()*60+local.Minute()) >= wanted {
			return m
		}
	}
}

func FuzzSlotID(f *testing.F) {
	f.Add("1150328670330890115032867020813029923680")
	f.Fuzz(func(t *testing.T, id string) {
		if s, k, at, ok := parseSlotID(id); ok && slotID(s, k, at) != id {
			t.Fatalf("%q was read as %d %d %d, which is %q", id, s, k, at, slotID(s, k, at))
		}
	})
}
