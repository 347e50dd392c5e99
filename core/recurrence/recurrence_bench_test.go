package recurrence

import (
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"frontdesk/core/input"
)

// BenchmarkWeeklyRulesBesideAnRRuleLibrary asks both, with a rule that was parsed before, on which of the 28 days of a
// search a session runs; the session began that day, or a year or five years ago. The metric "times" is how many times
// as long rrule-go takes, in the same run.
func BenchmarkWeeklyRulesBesideAnRRuleLibrary(b *testing.B) {
	const rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR"
	start := input.DayOf(2026, time.January, 5)
	for _, c := range []struct {
		name string
		age  input.Date
	}{{"new", 0}, {"a year old", 364}, {"five years old", 5 * 364}} {
		b.Run(c.name, func(b *testing.B) {
			ours, until, wrong := Parse(rule, start, at9)
			theirs, err := rrule.StrToRRule(rule)
			if wrong != "" || err != nil {
				b.Fatal(wrong, err)
			}
			theirs.DTStart(at9(start))
			from := start + c.age
			found, other, n := 0, 0, 0
			var first, second time.Duration
			for ; n < b.N; n += 100 { // in turns, so that a busy machine slows both
				began := time.Now()
				for range 100 {
					for day := from; day < from+28; day++ {
						if ours.Runs(start, until, day) {
							found++
						}
					}
				}
				first += time.Since(began)
				began = time.Now()
				for range 100 {
					other += len(theirs.Between(at9(from), at9(from+27), true))
				}
				second += time.Since(began)
			}
			if found != other {
				b.Fatalf("%d dates, and %d of the library", found, other)
			}
			b.ReportMetric(float64(second)/float64(max(first, 1)), "times")
			b.ReportMetric(float64(first)/float64(n), "ours-ns/op")
			b.ReportMetric(float64(second)/float64(n), "rrule-ns/op")
		})
	}
}
