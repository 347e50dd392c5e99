package recurrence

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"frontdesk/core/input"
)

// at9 starts a session at nine in the morning, UTC.
func at9(d input.Date) time.Time { return d.UTC().Add(9 * time.Hour) }

// TestWeeklyRulesAgreeWithAnRRuleLibrary makes rules and compares the dates they give over six years with those of
// rrule-go.
func TestWeeklyRulesAgreeWithAnRRuleLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	first := input.DayOf(2029, time.January, 1)
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	for i := range 3000 {
		start := first + input.Date(random.IntN(400))
		parts := []string{"FREQ=WEEKLY"}
		if random.IntN(2) == 0 {
			parts = append(parts, fmt.Sprint("INTERVAL=", 1+random.IntN(5)))
		}
		if random.IntN(4) > 0 {
			var some []string
			for _, d := range days {
				if random.IntN(3) == 0 {
					some = append(some, d)
				}
			}
			if len(some) > 0 {
				parts = append(parts, "BYDAY="+strings.Join(some, ","))
			}
		}
		if random.IntN(3) == 0 {
			parts = append(parts, "WKST="+days[random.IntN(7)])
		}
		switch random.IntN(4) {
		case 0:
			parts = append(parts, fmt.Sprint("COUNT=", 1+random.IntN(60)))
		case 1:
			parts = append(parts, "UNTIL="+(start+input.Date(random.IntN(900))).UTC().Format("20060102"))
		case 2:
			at := at9(start + input.Date(random.IntN(900))).Add(time.Duration(random.IntN(48)-24) * time.Hour)
			if at.Before(at9(start)) {
				at = at9(start)
			}
			parts = append(parts, "UNTIL="+at.Format("20060102T150405Z"))
		}
		text := strings.Join(parts, ";")
		w, until, wrong := Parse(text, start, at9)
		if wrong != "" {
			t.Fatalf("%d: %s from %v: %s", i, text, start, wrong)
		}
		other, err := rrule.StrToRRule(theirs(text))
		if err != nil {
			t.Fatal(err)
		}
		other.DTStart(at9(start))
		want := map[input.Date]bool{}
		for _, at := range other.Between(at9(start), at9(start+2200), true) {
			want[input.DateOf(at)] = true
		}
		for day := start - 10; day < start+2200; day++ {
			if got := w.Runs(start, until, day); got != want[day] {
				t.Fatalf("%d: %s from %v: on %v %v", i, text, start, day, got)
			}
		}
	}
}

// theirs spells a date without a time as the last instant of it, which is what it means; the other library reads it as
// its first.
func theirs(rule string) string {
	parts := strings.Split(rule, ";")
	for i, p := range parts {
		if v, ok := strings.CutPrefix(p, "UNTIL="); ok && len(v) == 8 {
			parts[i] = p + "T235959Z"
		}
	}
	return strings.Join(parts, ";")
}

func TestRecurrenceRefusesInvalidRules(t *testing.T) {
	start := input.DayOf(2031, time.January, 6)
	for _, rule := range []string{
		"x", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1MO", "INTERVAL=2", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;INTERVAL=53",
		"FREQ=WEEKLY;COUNT=0",
		"FREQ=WEEKLY;COUNT=1001", "FREQ=WEEKLY;COUNT=2;UNTIL=20310201", "FREQ=WEEKLY;UNTIL=2031-02-01",
		"FREQ=WEEKLY;UNTIL=20310105", "FREQ=WEEKLY;BYDAY=",
		"FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTH=1", "FREQ=WEEKLY;FREQ=WEEKLY", "FREQ=WEEKLY;WKST=XX",
		"FREQ=WEEKLY;",
		"freq=weekly",
	} {
		if _, _, wrong := Parse(rule, start, at9); wrong == "" {
			t.Errorf("%q was taken", rule)
		}
	}
	if _, _, wrong := Parse("RRULE:FREQ=WEEKLY;BYDAY=MO", start, at9); wrong != "" {
		t.Error(wrong)
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20311231;WKST=SU", int32(22000))
	f.Add("FREQ=WEEKLY;COUNT=1000;INTERVAL=52", int32(22000))
	f.Fuzz(func(t *testing.T, rule string, start int32) {
		if start < -60000 || start > 80000 {
			return
		}
		first := input.Date(start)
		w, until, wrong := Parse(rule, first, at9)
		if wrong == "" && (w.Interval < 1 || w.Days == 0 || (until != input.NoDate && until < first)) {
			t.Fatalf("%q: %+v until %v", rule, w, until)
		}
	})
}
