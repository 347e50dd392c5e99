package wire

import (
	"testing"
	"time"

	"frontdesk/graph/scalar"
)

func TestWallClockTimesGoThroughBothClockChanges(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	// In 2026 clocks go forward on 29 March at 01:00 UTC, and back on 25 October
	// at 01:00 UTC.
	for _, c := range []struct{ name, given, instant, want string }{
		{"winter", "2026-01-15T09:30:00.000Z", "2026-01-15T09:30:00Z", "2026-01-15T09:30:00.000Z"},
		{"summer", "2026-07-15T09:30:00.000Z", "2026-07-15T08:30:00Z", "2026-07-15T09:30:00.000Z"},
		{"summer without a zone", "2026-07-15T09:30:00", "2026-07-15T08:30:00Z", "2026-07-15T09:30:00.000Z"},
		{"summer with a true distance", "2026-07-15T09:30:00+01:00", "2026-07-15T08:30:00Z",
			"2026-07-15T09:30:00.000Z"},
		{"a true distance of none", "2026-07-15T09:30:00+00:00", "2026-07-15T09:30:00Z", "2026-07-15T10:30:00.000Z"},
		{"a date is its midnight", "2026-07-15", "2026-07-14T23:00:00Z", "2026-07-15T00:00:00.000Z"},
		{"the last minute before clocks go forward", "2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z",
			"2026-03-29T00:59:00.000Z"},
		{"a time that clocks skip", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00.000Z"},
		{"the first minute after clocks went forward", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z",
			"2026-03-29T02:00:00.000Z"},
		{"a time that clocks show twice is the first", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z",
			"2026-10-25T01:30:00.000Z"},
		{"the second of the two needs a distance", "2026-10-25T01:30:00+00:00", "2026-10-25T01:30:00Z",
			"2026-10-25T01:30:00.000Z"},
		{"the first minute after clocks went back", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z",
			"2026-10-25T02:00:00.000Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m scalar.Moment
			if err := m.UnmarshalGQL(c.given); err != nil {
				t.Fatal(err)
			}
			at := meant(london, m)
			if got := at.Format(time.RFC3339); got != c.instant {
				t.Errorf("means %s, want %s", got, c.instant)
			}
			if got := written(Wall(london, at)); got != c.want {
				t.Errorf("written as %s, want %s", got, c.want)
			}
		})
	}
}

func FuzzWallClockTimesComeBack(f *testing.F) {
	f.Add(int64(1_785_000_000))
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, minutes int64) {
		at := time.Unix(minutes%(60*24*365*100)*60, 0).UTC()
		back := meant(london, *Wall(london, at))
		// Only the second of two times that clocks show twice does not come back.
		if !back.Equal(at) && !Wall(london, back).T.Equal(Wall(london, at).T) {
			t.Errorf("%s came back as %s", at, back)
		}
	})
}
