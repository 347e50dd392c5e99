package enclosure_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/store"
	batchstore "frontdesk/store/batch"
	"frontdesk/store/storetest"
)

// load makes a batch for patients, and looks them up.
func (k *kit) load(n batch.New, to ...patient.ID) batch.Batch {
	k.Helper()
	load, err := k.batches.Load(k.ctx, func(yield func(batch.NewRecipient, error) bool) {
		for _, id := range to {
			if !yield(batch.NewRecipient{Patient: id.String()}, nil) {
				return
			}
		}
	})
	k.must(err)
	n.Name, n.Channel = "Reviews", carrier.SMS
	b, err := load.Finish(k.ctx, n)
	k.must(err)
	k.run(b)
	k.batch = b.ID
	return b
}

func (k *kit) run(b batch.Batch) {
	k.Helper()
	k.must(k.batches.Run(context.Background(), batch.Job(k.group, b.ID)))
}

func TestEachRecipientOfABatchGetsALinkOfTheirOwn(t *testing.T) {
	each(t, func(k *kit) {
		ageless := k.person(k.ctx, "Mary", &born, "07700 900125")
		k.ageless(ageless)
		people := []patient.ID{k.ada, k.grace, ageless}
		for i := range 300 { // more than are queued at once
			people = append(people, k.person(k.ctx, fmt.Sprint("P", i), &born, fmt.Sprintf("07700 9%05d", i+1000)))
		}
		b := k.load(batch.New{Content: "{{first_name}}, book a review: {{booking_link}}",
			Carries: enclosure.Want{Booking: k.offer()}}, people...)
		seen, err := k.batches.Preview(k.ctx, b.ID)
		k.must(err)
		if seen.Reached != 302 || seen.NotReached["birth_date_unknown"] != 1 ||
			seen.Sample != "Ada, book a review: {{booking_link}}" {
			k.Errorf("the preview is %+v", seen)
		}
		if n := k.count(link.Booking); n != 0 {
			k.Errorf("the preview made %d links", n)
		}
		_, _, err = k.batches.Send(k.ctx, b.ID)
		k.must(err)
		k.run(b)
		k.run(b)
		if n := k.count(link.Booking); n != 302 {
			k.Errorf("%d links, want 302", n)
		}
		links, parts := map[link.ID]patient.ID{}, 0
		found, _, err := k.messages.Messages(k.ctx, messaging.Search{Query: messaging.Query{Batch: b.ID}})
		k.must(err)
		for _, m := range found {
			links[m.ShortLink] = m.Patient
			parts += m.Parts
			if n := len(address.FindAllString(m.Content, -1)); n != 1 || strings.Contains(m.Content, "{{") {
				k.Fatalf("%q has %d links", m.Content, n)
			}
		}
		if len(links) != 302 || parts != seen.Parts {
			k.Errorf("%d links in messages of %d parts, and %d parts were foreseen", len(links), parts, seen.Parts)
		}
		went := k.deliver()
		if len(went) != 302 {
			k.Fatalf("%d messages went", len(went))
		}
		for i, m := range k.post.got[:5] {
			l := k.leads(went[i])
			if of, _, _ := k.found(m.Key); of != l.Patient || links[l.ID] != l.Patient {
				k.Errorf("a message to %v carries a link of %v", of, l.Patient)
			}
		}
		rows, _, err := k.batches.Recipients(k.ctx, b.ID, batch.RecipientError, 0, 10)
		if k.must(err); len(rows) != 1 || rows[0].Patient != ageless || rows[0].Reason != "birth_date_unknown" {
			k.Errorf("not reached: %+v", rows)
		}
	})
}

// found is whom a message that was handed over is to.
func (k *kit) found(key string) (patient.ID, messaging.ID, error) {
	_, id, _, _ := messaging.ParseKey(key)
	m, err := k.messages.Message(k.ctx, id)
	return m.Patient, id, err
}

func TestABatchLeadsEachToTheirAppointment(t *testing.T) {
	each(t, func(k *kit) {
		mine := k.appointment(k.ada, 48e9*3600)
		b := k.load(batch.New{Content: "See {{appointment_link}}"}, k.ada, k.grace)
		_, _, err := k.batches.Send(k.ctx, b.ID)
		k.must(err)
		k.run(b)
		went := k.deliver()
		if len(went) != 1 {
			k.Fatalf("%d went", len(went))
		}
		if l := k.leads(went[0]); l.Appointment != int64(mine.ID) || l.Patient != k.ada {
			k.Errorf("it leads to %+v", l)
		}
		rows, _, err := k.batches.Recipients(k.ctx, b.ID, batch.RecipientError, 0, 10)
		if k.must(err); len(rows) != 1 || rows[0].Patient != k.grace || rows[0].Reason != "no_appointment_to_come" {
			k.Errorf("not reached: %+v", rows)
		}
	})
}

func TestABatchTakesNoLinkOfOnePatient(t *testing.T) {
	each(t, func(k *kit) {
		l := k.file(k.ctx, k.ada, nil)
		for name, n := range map[string]batch.New{
			"a link of one patient": {Content: "x", Carries: enclosure.Want{Link: l.ID}},
			"nothing to book":       {Content: "{{booking_link}}"},
			"a form":                {Content: "{{form_link}}"},
			"a word in the subject": {Content: "x", Subject: "{{booking_link}}", Carries: enclosure.Want{Booking: k.offer()}},
		} {
			n.Name, n.Channel = "x", carrier.SMS
			var f *fault.Error
			if err := k.batches.Check(k.ctx, n); !errors.As(err, &f) || len(f.Fields) == 0 {
				k.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestABatchTakesALinkForAnyone(t *testing.T) {
	each(t, func(k *kit) {
		o, err := k.self.Create(k.ctx, 0, *k.offer())
		k.must(err)
		b := k.load(batch.New{Content: "Book here:", Carries: enclosure.Want{Link: o.ID}}, k.ada, k.grace)
		_, _, err = k.batches.Send(k.ctx, b.ID)
		k.must(err)
		k.run(b)
		if went := k.deliver(); len(went) != 2 || went[0] != "Book here:\n"+o.URL || went[1] != went[0] {
			k.Errorf("%q went", went)
		}
		if n := k.count(link.Booking); n != 1 {
			k.Errorf("%d links, want 1", n)
		}
	})
}

// dying is a store of batches whose transactions fail at their ends, when it is told to.
type dying struct {
	batch.Store
	left *int
}

var errDied = errors.New("the server died")

func (d dying) Do(ctx context.Context, fn func(batch.Tx) error) error {
	return d.Store.Do(ctx, func(tx batch.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if *d.left--; *d.left == 0 {
			return errDied
		}
		return nil
	})
}

func TestAServerThatDiesLeavesNoLinkWithoutItsMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for at := 1; at <= 4; at++ {
			k := newKit(t, db)
			var people []patient.ID
			for i := range 200 {
				people = append(people, k.person(k.ctx, fmt.Sprint("P", i), &born, fmt.Sprintf("07700 9%05d", i+1000)))
			}
			b := k.load(batch.New{Content: "Book: {{booking_link}}", Carries: enclosure.Want{Booking: k.offer()}}, people...)
			_, _, err := k.batches.Send(k.ctx, b.ID)
			k.must(err)
			left := at
			dies := &batch.Service{Store: dying{batchstore.New(db), &left}, Backlog: k.batches.Backlog,
				Messages: k.messages, Patients: k.batches.Patients, Now: k.batches.Now, NewID: k.batches.NewID}
			err = dies.Run(context.Background(), batch.Job(k.group, b.ID))
			if at <= 2 {
				k.want(err, errDied)
			}
			k.run(b)
			if links, went := k.count(link.Booking), len(k.deliver()); links != 200 || went != 200 {
				k.Errorf("died at %d: %d links and %d messages, want 200 of each", at, links, went)
			}
		}
	})
}
