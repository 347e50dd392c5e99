package booking_test

import (
	"testing"
	"time"

	"frontdesk/core/booking"
)

// TestJourneyStagesExcludeEachOther notes stages in turn; the appointment is at nine, and each note is made at a time
// of the day.
func TestJourneyStagesExcludeEachOther(t *testing.T) {
	const (
		came = booking.StageArrived
		seen = booking.StageConsultation
		left = booking.StageDeparted
		dna  = booking.StageNoShow
	)
	at := func(clock string) time.Time {
		tm, err := time.Parse("15:04", clock)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2031, time.January, 6, tm.Hour(), tm.Minute(), 0, 0, time.UTC)
	}
	type note struct {
		when  string
		step  booking.Step
		wrong error
	}
	each(t, func(t *testing.T, d *kit) {
		for name, notes := range map[string][]note{
			"a visit": {{"08:55", booking.Step{Stage: came}, nil}, {"09:02", booking.Step{Stage: seen}, nil},
				{"09:12", booking.Step{Stage: left}, nil}},
			"a visit noted afterwards": {
				{"12:00", booking.Step{Stage: left, At: at("09:12")}, nil},
				{"12:00", booking.Step{Stage: came, At: at("09:13")}, booking.ErrStageOrder},
				{"12:00", booking.Step{Stage: came, At: at("08:55")}, nil},
				{"12:00", booking.Step{Stage: seen, At: at("08:54")}, booking.ErrStageOrder},
				{"12:00", booking.Step{Stage: seen, At: at("09:13")}, booking.ErrStageOrder},
				{"12:00", booking.Step{Stage: seen, At: at("09:00")}, nil},
			},
			"no arrival for a telephone call": {{"09:00", booking.Step{Stage: seen}, nil},
				{"09:10", booking.Step{Stage: left}, nil}},
			"who came attended": {
				{"09:05", booking.Step{Stage: came}, nil}, {"09:20", booking.Step{Stage: dna}, booking.ErrCame},
				{"09:21", booking.Step{Stage: came, Undo: true}, nil}, {"09:22", booking.Step{Stage: dna}, nil},
			},
			"who did not come was not seen": {
				{"09:10", booking.Step{Stage: dna}, nil}, {"09:15", booking.Step{Stage: came}, booking.ErrNoShow},
				{"09:15", booking.Step{Stage: seen}, booking.ErrNoShow}, {"09:15", booking.Step{Stage: left},
					booking.ErrNoShow},
				{"09:16", booking.Step{Stage: dna, Undo: true}, nil},
				{"09:17", booking.Step{Stage: came, At: at("09:12")}, nil},
			},
			"nothing lies ahead": {
				{"08:00", booking.Step{Stage: came, At: at("08:55")}, booking.ErrStageAhead},
				{"08:00", booking.Step{Stage: dna}, booking.ErrNotBegun},
				{"08:00", booking.Step{Stage: seen, At: at("08:03")}, booking.ErrStageAhead},
				{"08:00", booking.Step{Stage: came, At: at("08:01")}, nil},
			},
			"no stage": {{"09:00", booking.Step{Stage: "x"}, booking.ErrStage},
				{"09:00", booking.Step{Undo: true}, booking.ErrStage}},
		} {
			t.Run(name, func(t *testing.T) {
				d := newKit(t, d.db)
				a := d.book(nine(0))
				var got booking.Appointment
				for _, n := range notes {
					d.clock.Move(at(n.when).Sub(d.clock.Now()))
					before, err := d.booking.Read(d.ctx, a.ID)
					d.must(err)
					got, err = d.booking.RecordJourney(d.ctx, a.ID, n.step)
					if n.wrong != nil {
						want(t, err, n.wrong)
						after, err := d.booking.Read(d.ctx, a.ID)
						d.must(err)
						if after.Journey != before.Journey {
							t.Fatalf("what was refused was noted: %+v", after.Journey)
						}
						continue
					}
					d.must(err)
					for _, noted := range []time.Time{got.Journey.Arrived, got.Journey.Consultation,
						got.Journey.Departed,
						got.Journey.NoShow} {
						if noted.After(d.clock.Now()) {
							t.Fatalf("%+v lies ahead of %v", got.Journey, d.clock.Now())
						}
					}
					// Recorded again without a time, it stays as it was.
					if again, err := d.booking.RecordJourney(d.ctx, a.ID,
						booking.Step{Stage: n.step.Stage, Undo: n.step.Undo}); err != nil ||
						again.Journey != got.Journey {
						t.Fatalf("again: %+v, %v", again.Journey, err)
					}
				}
			})
		}
	})
}

func TestJourneyNeedsAConfirmedAppointment(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		held := d.reserve(nine(0))
		_, err := d.booking.RecordJourney(d.ctx, held.ID, booking.Step{Stage: booking.StageArrived})
		want(t, err, booking.ErrNotConfirmed)
		a := d.book(nine(time.Hour))
		d.clock.Move(4 * time.Hour)
		got, err := d.booking.RecordJourney(d.ctx, a.ID, booking.Step{Stage: booking.StageNoShow})
		d.must(err)
		if !got.Journey.NoShow.Equal(d.clock.Now()) {
			t.Fatalf("got %+v", got.Journey)
		}
		// Non-attendance cannot be recorded before the appointment begins.
		tomorrow := move{Practitioner: d.gp.ID, Start: nine(25 * time.Hour), Minutes: 10, SuppressPolicy: true}
		_, err = d.reschedule(a.ID, tomorrow)
		want(t, err, booking.ErrJourneyOver)
		_, err = d.booking.Change(d.ctx, a.ID,
			booking.Change{Start: ptr(nine(25 * time.Hour)), End: ptr(nine(26 * time.Hour)), Override: true,
				SuppressPolicy: true})
		want(t, err, booking.ErrJourneyOver)
		_, err = d.booking.RecordJourney(d.ctx, a.ID, booking.Step{Stage: booking.StageNoShow, Undo: true})
		d.must(err)
		_, err = d.reschedule(a.ID, tomorrow)
		d.must(err)
	})
}
