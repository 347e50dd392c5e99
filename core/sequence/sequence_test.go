package sequence_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/core/sequence"
	sequencestore "frontdesk/store/sequence"
)

func TestPatientIsSentEachMessageInItsTime(t *testing.T) {
	each(t, func(k *kit) {
		q := k.recall()
		e := k.add(q)
		if again := k.add(q); again.ID != e.ID {
			t.Error("a patient was added twice")
		}
		k.goes(0, "Ada, book a review.")
		k.goes(0)
		k.goes(7*day - time.Minute)
		k.goes(7*day, "Have you booked?")
		k.is(q, sequence.Active, 2, "")
		k.goes(10*day, "The last word.")
		k.is(q, sequence.Completed, 3, "")
		k.goes(30 * day)
		all, err := k.db.Events(k.ctx, int64(k.group), 0, 100)
		k.must(err)
		added := 0
		for _, e := range all {
			if e.Type == event.AddedToSequence {
				added++
			}
		}
		if added != 1 {
			t.Errorf("%d events of being added, want 1", added)
		}
		if again := k.add(q); again.ID == e.ID {
			t.Error("a patient who has been through it cannot be added again")
		}
	})
}

func TestWhatEndsASequence(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(k *kit, q sequence.Sequence)
		state   sequence.State
		reason  string
	}{
		"a booking of its type": {func(k *kit, _ sequence.Sequence) { k.booked(k.kind) }, sequence.Booked, ""},
		"the patient is taken out": {func(k *kit, q sequence.Sequence) {
			_, err := k.s.Remove(k.ctx, q.ID, k.ada)
			k.must(err)
			_, err = k.s.Remove(k.ctx, q.ID, k.ada)
			k.want(err, sequence.ErrNotIn)
		}, sequence.Removed, ""},
		"STOP": {func(k *kit, _ sequence.Sequence) {
			k.must(k.messages.OptOut(k.ctx, carrier.SMS, "07700 900123", true))
		}, sequence.Stopped, "opted_out"},
		"death": {func(k *kit, _ sequence.Sequence) {
			k.keep(func(p *patient.Patient) { p.DeceasedAt = k.clock })
		}, sequence.Stopped, patient.ErrDeceased.Code},
		"the sequence is archived": {func(k *kit, q sequence.Sequence) {
			_, err := k.s.Update(k.ctx, q.ID, sequence.Change{Archived: new(true)})
			k.must(err)
			_, err = k.s.Add(k.ctx, q.ID, k.person("Grace", "07700 900124"))
			k.want(err, sequence.ErrArchived)
		}, sequence.Stopped, sequence.ErrArchived.Code},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(k *kit) {
				q := k.recall()
				k.add(q)
				k.goes(0, "Ada, book a review.")
				k.clock = monday.Add(day)
				c.happens(k, q)
				k.goes(7 * day)
				k.goes(30 * day)
				k.is(q, c.state, 1, c.reason)
			})
		})
	}
}

func TestWhatEndsNoSequence(t *testing.T) {
	each(t, func(k *kit) {
		k.booked(k.kind) // before
		k.clock = monday.Add(time.Minute)
		q := k.recall()
		k.add(q)
		k.booked(k.other)
		k.goes(time.Minute, "Ada, book a review.")
		// A record that was merged into another goes on there.
		other := k.person("Augusta", "07700 900125")
		_, err := k.s.Add(k.ctx, q.ID, other)
		k.must(err)
		k.goes(2*time.Minute, "Augusta, book a review.")
		plan, err := patienttest.Merging(k.db, k.people).Preview(k.ctx, other, k.ada)
		k.must(err)
		_, err = patienttest.Merging(k.db, k.people).Merge(k.ctx, other, k.ada, plan.Token)
		k.must(err)
		k.goes(8*day, "Have you booked?") // once, though both records were in it
		// One that cannot reach the patient is left out, and the next goes on.
		k.ada = other
		k.keep(func(p *patient.Patient) { p.Mobile = "" })
		k.goes(12 * day)
		k.is(q, sequence.Stopped, 1, "already_in_sequence")
	})
}

func TestAMessageThatWaitsForTheMorningIsCalledBack(t *testing.T) {
	for name, end := range map[string]func(k *kit, q sequence.Sequence){
		"taken out": func(k *kit, q sequence.Sequence) {
			_, err := k.s.Remove(k.ctx, q.ID, k.ada)
			k.must(err)
		},
		"booked": func(k *kit, _ sequence.Sequence) { k.booked(k.kind) },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(k *kit) {
				_, err := k.places.UpdateGroup(k.ctx, practice.GroupChange{SendFrom: new(8 * 60),
					SendUntil: new(20 * 60)})
				k.must(err)
				q := k.recall()
				k.clock = monday.Add(13 * time.Hour) // 22:00
				k.add(q)
				k.goes(13 * time.Hour)
				e := k.is(q, sequence.Active, 1, "")
				if want := monday.Add(23 * time.Hour); !e.HeldUntil.Equal(want) || !e.DueAt.Equal(want.Add(7*day)) {
					t.Errorf("it waits until %v, and the next comes at %v", e.HeldUntil, e.DueAt)
				}
				end(k, q)
				k.goes(14 * time.Hour)
				k.goes(23 * time.Hour)
				m, err := k.messages.Message(k.ctx, e.Message)
				if k.must(err); m.State != messaging.Cancelled {
					t.Errorf("the message is %s", m.State)
				}
			})
		})
	}
}

func TestASequenceMakesALinkForEachPatient(t *testing.T) {
	each(t, func(k *kit) {
		q := k.recall(func(c *sequence.Change) {
			(*c.Steps)[0].Text = "Book: {{booking_link}}"
			(*c.Steps)[0].Booking = &selfbooking.Change{Types: &[]diary.TypeID{k.kind.ID}}
		})
		k.add(q)
		if got := k.at(0); len(got) != 1 || !strings.HasPrefix(got[0], "Book: https://desk.example.org/s/") {
			t.Errorf("%q went", got)
		}
	})
}

func TestASequenceNamesTheFieldThatIsWrong(t *testing.T) {
	each(t, func(k *kit) {
		for field, change := range map[string]func(c *sequence.Change){
			"name":                          func(c *sequence.Change) { c.Name = new("") },
			"messages":                      func(c *sequence.Change) { c.Steps = &[]sequence.Step{} },
			"messages.1.text":               func(c *sequence.Change) { (*c.Steps)[1].Text = "{{frist_name}}" },
			"messages.2.delay_minutes":      func(c *sequence.Change) { (*c.Steps)[2].Delay = -1 },
			"messages.0.booking_link":       func(c *sequence.Change) { (*c.Steps)[0].Text = "{{booking_link}}" },
			"messages.0.booking_link.types": func(c *sequence.Change) { (*c.Steps)[0].Booking = &selfbooking.Change{} },
		} {
			c := sequence.Change{Name: new("x"), Steps: &[]sequence.Step{{Channel: carrier.SMS, Text: "a"},
				{Channel: carrier.SMS, Text: "b"}, {Channel: carrier.SMS, Text: "c"}}}
			change(&c)
			_, err := k.s.Create(k.ctx, c)
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Fields) == 0 || strings.Join(f.Fields[0].Path, ".") != field {
				t.Errorf("%s: %v %+v", field, err, f)
			}
		}
	})
}

// dying is a store whose transactions fail at their ends, when it is told to.
type dying struct {
	sequence.Store
	left *int
}

var errDied = errors.New("the server died")

func (d dying) Do(ctx context.Context, fn func(sequence.Tx) error) error {
	return d.Store.Do(ctx, func(tx sequence.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if *d.left--; *d.left == 0 {
			return errDied
		}
		return nil
	})
}

func TestAServerThatDiesSendsNothingTwice(t *testing.T) {
	each(t, func(k *kit) {
		q := k.recall()
		k.add(q)
		left := 1
		dies := &sequence.Service{Store: dying{sequencestore.New(k.db), &left}, Messages: k.messages, Now: k.s.Now,
			NewID: k.s.NewID}
		k.want(dies.MakeDue(k.ctx, k.group), errDied)
		// Two servers at once.
		done := make(chan error)
		for range 2 {
			go func() { done <- k.s.MakeDue(context.Background(), k.group) }()
		}
		k.must(errors.Join(<-done, <-done))
		k.goes(0, "Ada, book a review.")
		k.is(q, sequence.Active, 1, "")
	})
}
