package batch_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	batchstore "frontdesk/store/batch"
	demographicsstore "frontdesk/store/demographics"
	dispatchstore "frontdesk/store/dispatch"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// post is a carrier that takes everything, and keeps what it took.
type post struct {
	mu  sync.Mutex
	got []carrier.Outgoing
}

func (p *post) Name() string     { return "post" }
func (p *post) Idempotent() bool { return true }
func (p *post) Together() int    { return 8 }

func (p *post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, m)
	return carrier.Accepted{ProviderID: "p" + m.Key, Code: "ok"}, nil
}

func (p *post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// kit is one practice group that sends batches, with a clock that a test moves.
type kit struct {
	*testing.T
	db      *store.DB
	group   practice.ID
	ctx     context.Context
	clock   time.Time
	post    *post
	people  *patient.Service
	s       *batch.Service
	sending *dispatch.Service
}

func withDesk(t *testing.T, test func(d *kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &kit{T: t, db: db, post: &post{}, clock: time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return d.clock }
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		d.group, d.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
		d.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
		pages := func() string { return "https://desk.example.org" }
		messages := &messaging.Service{
			Store: messagingstore.New(db), Now: now, NewID: db.NewID, Pages: pages,
			Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
				return []carrier.Carrier{d.post}, nil
			},
			Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: db.NewID,
				Pages: pages},
		}
		d.s = &batch.Service{Store: batchstore.New(db), Backlog: batchstore.New(db), Messages: messages,
			Patients: &demographics.Service{Store: demographicsstore.New(db), Now: now, NewID: db.NewID}, Now: now,
			NewID: db.NewID}
		d.sending = &dispatch.Service{
			Store: dispatchstore.New(db), Messages: messages, BatchDone: d.s.Complete, Now: now, NewID: db.NewID,
			Timeout: time.Second,
		}
		test(d)
	})
}

// server is another server on the same database.
func (d *kit) server(on batch.Store) *batch.Service {
	return &batch.Service{Store: on, Backlog: d.s.Backlog, Messages: d.s.Messages, Patients: d.s.Patients, Now: d.s.Now,
		NewID: d.s.NewID}
}

// a caller registers a patient with a mobile number and an e-mail address.
func (d *kit) addPatient(mobile, email string) patient.ID {
	d.Helper()
	id, err := patienttest.Register(d.ctx, d.people, patient.Changes{
		FirstName: new("Ada"), LastName: new("N" + email),
		BirthDate: new(input.DayOf(1990, 1, 1)), Mobile: &mobile, Email: &email,
	})
	if err != nil {
		d.Fatal(err)
	}
	return id
}

// batch makes a batch.
func (d *kit) batch(n batch.New, recipients ...batch.NewRecipient) batch.Batch {
	d.Helper()
	load, err := d.s.Load(d.ctx, func(yield func(batch.NewRecipient, error) bool) {
		for _, r := range recipients {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		d.Fatal(err)
	}
	b, err := load.Finish(d.ctx, n)
	if err != nil {
		d.Fatal(err)
	}
	return b
}

// slowStore reads who is to be looked up, and then waits.
type slowStore struct {
	batch.Store
	read, goOn chan struct{}
}

// Named implements batch.Store.
func (s slowStore) Named(
	ctx context.Context, group practice.ID, id messaging.BatchID, limit int,
) ([]batch.Enlisted, error) {
	found, err := s.Store.Named(ctx, group, id, limit)
	if len(found) > 0 {
		close(s.read)
		<-s.goOn
	}
	return found, err
}

func TestABatchTwoServersWorkOnIsQueuedOnce(t *testing.T) {
	withDesk(t, func(d *kit) {
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"},
			batch.NewRecipient{Patient: d.addPatient("07700 900001", "a@example.org").String()})
		if _, _, err := d.s.Send(d.ctx, b.ID); err != nil {
			d.Fatal(err)
		}
		work := func(s *batch.Service) {
			if err := s.Run(context.Background(), batch.Job(d.group, b.ID)); err != nil {
				d.Error(err)
			}
		}
		slow := slowStore{d.s.Store, make(chan struct{}), make(chan struct{})}
		other := d.server(slow)
		var wait sync.WaitGroup
		wait.Go(func() { work(other) })
		<-slow.read
		work(d.s) // looks everybody up and queues their messages
		close(slow.goOn)
		wait.Wait()
		if _, n, err := d.s.Messages.Store.Messages(d.ctx, d.group, messaging.Query{Batch: b.ID, Limit: 10}); n != 1 {
			d.Fatalf("%d messages for one recipient, %v", n, err)
		}
	})
}

// work runs a batch's job.
func (d *kit) work(b batch.Batch) {
	d.Helper()
	if err := d.s.Run(context.Background(), batch.Job(d.group, b.ID)); err != nil {
		d.Fatal(err)
	}
}

// rows are a batch's recipients.
func (d *kit) rows(b batch.Batch) []batch.Recipient {
	d.Helper()
	found, _, err := d.s.Recipients(d.ctx, b.ID, "", 0, 100)
	if err != nil {
		d.Fatal(err)
	}
	return found
}

func TestTheSamePatientIsSentABatchOnceAndItSaysSo(t *testing.T) {
	withDesk(t, func(d *kit) {
		nhs, mobile := "9434765919", "07700 900001"
		ada, err := patienttest.Register(d.ctx, d.people,
			patient.Changes{NHSNumber: &nhs, FirstName: new("Ada"), LastName: new("Byron"),
				BirthDate: new(input.DayOf(1985, 12, 10)),
				Mobile:    &mobile})
		if err != nil {
			d.Fatal(err)
		}
		bob, kit := d.addPatient("07700 900002", "bob@example.org"), d.addPatient("07700 900003", "kit@example.org")
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"},
			batch.NewRecipient{NHSNumber: "943 476 5919", BirthDate: "1985-12-10"},
			batch.NewRecipient{Patient: bob.String()},
			batch.NewRecipient{Patient: ada.String()}, batch.NewRecipient{Patient: bob.String()},
			batch.NewRecipient{Patient: kit.String()},
			batch.NewRecipient{NHSNumber: "9434765919", BirthDate: "1985-12-10"},
		)
		d.work(b)
		preview, err := d.s.Preview(d.ctx, b.ID)
		if err != nil || preview.Reached != 3 || preview.NotReached["duplicate_recipient"] != 3 || preview.Looked != 6 {
			d.Fatalf("preview %+v, %v", preview, err)
		}
		// Kit turns out to be Bob, after both were looked up.
		plan, err := patienttest.Merging(d.db, d.people).Preview(d.ctx, bob, kit)
		if err != nil {
			d.Fatal(err)
		}
		if _, err := patienttest.Merging(d.db, d.people).Merge(d.ctx, bob, kit, plan.Token); err != nil {
			d.Fatal(err)
		}
		if _, _, err := d.s.Send(d.ctx, b.ID); err != nil {
			d.Fatal(err)
		}
		d.work(b)
		if err := d.sending.Run(context.Background(),
			messaging.DispatchJob(d.group, b.ID, carrier.SMS, d.clock, d.clock)); err != nil {
			d.Fatal(err)
		}
		to := map[string]int{}
		for _, m := range d.post.got {
			to[m.To]++
		}
		if len(to) != 2 || to["+447700900001"] != 1 || to["+447700900002"] != 1 {
			d.Fatalf("sent %v", to)
		}
		want := []batch.RecipientStatus{batch.RecipientQueued, batch.RecipientQueued, batch.RecipientError,
			batch.RecipientError, batch.RecipientError, batch.RecipientError}
		for i, r := range d.rows(b) {
			if r.Shown() != want[i] || r.Shown() == batch.RecipientError && r.Reason != "duplicate_recipient" ||
				r.Row() != i+1 {
				d.Errorf("row %d: got %s %s", r.Row(), r.Shown(), r.Reason)
			}
		}
		if _, n, err := d.s.Recipients(d.ctx, b.ID, batch.RecipientError, 0, 10); err != nil || n != 4 {
			d.Errorf("%d of them are wrong, %v", n, err)
		}
		if b, totals, err := d.s.Batch(d.ctx, b.ID); err != nil || b.Status != batch.Completed ||
			totals.Duplicate != 4 ||
			totals.Sent != 2 || totals.Created != 6 || totals.Failed != 0 {
			d.Fatalf("got %s %+v, %v", b.Status, totals, err)
		}
	})
}

// Two servers, or one that was killed, may have queued one of two recipients who have become one patient since.
func TestAPatientWhoHasAMessageOfABatchGetsNoOther(t *testing.T) {
	withDesk(t, func(d *kit) {
		bob, kit := d.addPatient("07700 900002", "bob@example.org"), d.addPatient("07700 900003", "kit@example.org")
		var recipients []batch.NewRecipient
		for range 200 { // more than are queued at once
			recipients = append(recipients, batch.NewRecipient{Patient: "1"})
		}
		recipients = append(recipients, batch.NewRecipient{Patient: kit.String()},
			batch.NewRecipient{Patient: bob.String()})
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"}, recipients...)
		d.work(b)
		err := batchstore.New(d.db).Do(d.ctx, func(tx batch.Tx) error {
			// Kit is queued, and Bob is not yet.
			r := d.rowsOf(tx, b)
			r.Status, r.Message = batch.RecipientQueued, 77
			m := messaging.Message{
				ID: 77, Patient: kit, Batch: b.ID, Channel: carrier.SMS, Contact: "+447700900003", Leg: 1,
				State:   messaging.Queued,
				Purpose: messaging.DirectCare,
				DueAt:   d.clock, SendAt: d.clock, SendBy: d.clock.Add(time.Hour), CreatedAt: d.clock,
				UpdatedAt: d.clock,
				Content:   "Hello",
			}
			if err := messaging.Keep(d.ctx, tx, d.group, []messaging.Message{m}, d.clock); err != nil {
				return err
			}
			return tx.SaveRecipients(d.ctx, d.group, b.ID, batch.RecipientEnriched, []batch.Recipient{r})
		})
		if err != nil {
			d.Fatal(err)
		}
		plan, err := patienttest.Merging(d.db, d.people).Preview(d.ctx, bob, kit)
		if err != nil {
			d.Fatal(err)
		}
		if _, err := patienttest.Merging(d.db, d.people).Merge(d.ctx, bob, kit, plan.Token); err != nil {
			d.Fatal(err)
		}
		if _, _, err := d.s.Send(d.ctx, b.ID); err != nil {
			d.Fatal(err)
		}
		d.work(b)
		if _, n, err := d.s.Messages.Store.Messages(d.ctx, d.group, messaging.Query{Batch: b.ID, Limit: 10}); n != 1 {
			d.Fatalf("%d messages, %v", n, err)
		}
	})
}

// rowsOf is the first recipient who is known.
func (d *kit) rowsOf(tx batch.Tx, b batch.Batch) batch.Recipient {
	d.Helper()
	found, err := tx.Enlisted(d.ctx, d.group, b.ID, batch.RecipientEnriched, b.Channel, -1, 1, false)
	if err != nil || len(found) != 1 {
		d.Fatal(found, err)
	}
	return found[0].Recipient
}

func TestRowsThatCannotBeUsedKeepWhatWasSent(t *testing.T) {
	withDesk(t, func(d *kit) {
		good := d.addPatient("07700 900001", "a@example.org")
		rows := []struct {
			sent   batch.NewRecipient
			reason string
		}{
			{batch.NewRecipient{Patient: good.String()}, ""},
			{batch.NewRecipient{NHSNumber: "943 476 5910", BirthDate: "1985-12-10"}, "invalid_nhs_number"},
			{batch.NewRecipient{NHSNumber: "9434765919", BirthDate: "10th of May"}, "invalid_birth_date"},
			{batch.NewRecipient{NHSNumber: "9434765919", BirthDate: "31/02/1990", Patient: "7"}, "invalid_birth_date"},
			{batch.NewRecipient{Patient: "12x"}, "invalid_patient"},
			{batch.NewRecipient{Patient: "18014398509481984"}, "invalid_patient"},
			{batch.NewRecipient{Patient: "0"}, "invalid_patient"},
			{batch.NewRecipient{}, "invalid_nhs_number"},
			{batch.NewRecipient{NHSNumber: "=HYPERLINK(\"x\")", BirthDate: "1985-12-10"}, "invalid_nhs_number"},
		}
		var sent []batch.NewRecipient
		for _, r := range rows {
			sent = append(sent, r.sent)
		}
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"}, sent...)
		d.work(b)
		for i, r := range d.rows(b) {
			if r.Row() != i+1 || r.Reason != rows[i].reason {
				d.Errorf("row %d: got %s %s", r.Row(), r.Status, r.Reason)
			}
			if r.Status == batch.RecipientInvalid && r.Given != rows[i].sent {
				d.Errorf("row %d: kept %+v", r.Row(), r.Given)
			}
		}
	})
}
