package dispatch_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	"frontdesk/store/storetest"
)

// judged is a kit whose carrier keeps what it took, and Ada, whom messages are to.
type judged struct {
	*kit
	ada    patient.ID
	people *patient.Service
	sent   []carrier.Outgoing
}

// eachCase runs a test for each case, in a practice group of its own.
func eachCase[C any](t *testing.T, cases []C, name func(C) string, test func(j *judged, c C)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, c := range cases {
			t.Run(name(c), func(t *testing.T) {
				d := newKit(t, db)
				j := &judged{kit: d, people: &patient.Service{Store: patientstore.New(db), Now: d.s.Now,
					NewID: db.NewID}}
				d.post = []carrier.Carrier{&post{name: "a", got: map[string]int{},
					answer: func(m carrier.Outgoing) error {
						j.sent = append(j.sent, m)
						return nil
					}}}
				j.ada = j.person("Ada", "07700 900001", "ada@example.org")
				test(j, c)
			})
		}
	})
}

func (j *judged) person(name, mobile, email string) patient.ID {
	j.Helper()
	id, err := patienttest.Register(j.ctx, j.people,
		patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1990, 1, 1)),
			Mobile: &mobile,
			Email:  &email})
	if err != nil {
		j.Fatal(err)
	}
	return id
}

// person is changed as it is kept.
func (j *judged) keep(change func(p *patient.Patient)) {
	j.Helper()
	err := patientstore.New(j.db).Do(j.ctx, func(tx patient.Tx) error {
		p, err := patientstore.New(j.db).Patient(j.ctx, j.group, j.ada)
		if err != nil {
			return err
		}
		change(&p)
		return tx.SavePatient(j.ctx, j.group, p)
	})
	if err != nil {
		j.Fatal(err)
	}
}

func (j *judged) prefer(x patient.Particulars) {
	j.Helper()
	err := patientstore.New(j.db).Do(j.ctx, func(tx patient.Tx) error {
		return tx.SaveParticulars(j.ctx, j.group, j.ada,
			x)
	})
	if err != nil {
		j.Fatal(err)
	}
}

// moves gives Ada another number and address, as a member of staff does.
func (j *judged) moves() {
	j.Helper()
	for kind, value := range map[contactpoint.Kind]string{contactpoint.Mobile: "07700 900002",
		contactpoint.Email: "new@example.org"} {
		if _, err := j.people.SetContactPoint(j.ctx, j.ada, kind, patient.PointChange{Value: &value}); err != nil {
			j.Fatal(err)
		}
	}
}

// merges makes Ada's record a part of another.
func (j *judged) merges() {
	j.Helper()
	other := j.person("Augusta", "07700 900003", "augusta@example.org")
	plan, err := patienttest.Merging(j.db, j.people).Preview(j.ctx, other, j.ada)
	if err != nil {
		j.Fatal(err)
	}
	if _, err := patienttest.Merging(j.db, j.people).Merge(j.ctx, other, j.ada, plan.Token); err != nil {
		j.Fatal(err)
	}
}

func (j *judged) stop(channel carrier.Channel, contact string) {
	j.Helper()
	if err := j.s.OptOut(j.ctx, channel, contact, true); err != nil {
		j.Fatal(err)
	}
}

// judgements are what may happen between a message and its hand-over, and its outcome then.
type judgement struct {
	name    string
	purpose messaging.Purpose
	contact string
	happens func(j *judged)
	state   messaging.State
	code    string
	to      string
	source  string
}

var judgements = []judgement{
	{"nothing happens", messaging.Other, "", func(*judged) {}, messaging.Sent, "ok", "+447700900001", "caller"},
	{"the patient has another number now", messaging.DirectCare, "", (*judged).moves, messaging.Sent, "ok",
		"+447700900002", "practice"},
	{"a number that came with the request stays", messaging.DirectCare, "07700 900009", (*judged).moves, messaging.Sent,
		"ok", "+447700900009", "request"},
	{"the number is forgotten", messaging.DirectCare, "",
		func(j *judged) { j.keep(func(p *patient.Patient) { p.Mobile = "" }) },
		messaging.Failed, "no_contact_detail", "", ""},
	{"the patient says STOP", messaging.Other, "", func(j *judged) { j.stop(carrier.SMS, "+447700900001") },
		messaging.Suppressed, "opted_out", "", ""},
	{"the patient says STOP, and it is direct care", messaging.DirectCare, "",
		func(j *judged) { j.stop(carrier.SMS, "+447700900001") },
		messaging.Sent, "ok", "+447700900001", "caller"},
	{"the new number has said STOP", messaging.Other, "",
		func(j *judged) { j.moves(); j.stop(carrier.SMS, "+447700900002") },
		messaging.Suppressed, "opted_out", "", ""},
	{"the old number has said STOP", messaging.Other, "",
		func(j *judged) { j.stop(carrier.SMS, "+447700900001"); j.moves() },
		messaging.Sent, "ok", "+447700900002", "practice"},
	{"a number that came with the request says STOP", messaging.Other, "07700 900009",
		func(j *judged) { j.stop(carrier.SMS, "+447700900009") },
		messaging.Suppressed, "opted_out", "", ""},
	{"the patient wants no texts", messaging.Other, "",
		func(j *judged) { j.prefer(patient.Particulars{ReceiveSMS: new(false)}) },
		messaging.Suppressed, "not_wanted", "", ""},
	{"the patient wants no texts, and it is direct care", messaging.DirectCare, "",
		func(j *judged) { j.prefer(patient.Particulars{ReceiveSMS: new(false)}) },
		messaging.Sent, "ok", "+447700900001", "caller"},
	{"the patient wants no e-mail", messaging.Other, "",
		func(j *judged) { j.prefer(patient.Particulars{ReceiveEmail: new(false), ReceiveSMS: new(true)}) },
		messaging.Sent, "ok", "+447700900001", "caller"},
	{"the patient wants no marketing", messaging.Other, "",
		func(j *judged) { j.prefer(patient.Particulars{Marketing: new(false)}) },
		messaging.Suppressed, "not_wanted", "", ""},
	{"the record is restricted", messaging.DirectCare, "",
		func(j *judged) { j.keep(func(p *patient.Patient) { p.Restricted = true }) },
		messaging.Suppressed, "patient_restricted", "", ""},
	{"the record is restricted, and the number came with the request", messaging.DirectCare, "07700 900009",
		func(j *judged) { j.keep(func(p *patient.Patient) { p.Restricted = true }) }, messaging.Suppressed,
		"patient_restricted", "", ""},
	{"the patient dies", messaging.DirectCare, "",
		func(j *judged) { j.keep(func(p *patient.Patient) { p.DeceasedAt = j.clock }) },
		messaging.Suppressed, "patient_deceased", "", ""},
	{"the NHS number is withdrawn", messaging.DirectCare, "", func(j *judged) {
		j.keep(func(p *patient.Patient) { p.NumberStatus = patient.NumberWithdrawn })
	}, messaging.Suppressed, "patient_number_withdrawn", "", ""},
	{"the record is deleted", messaging.DirectCare, "",
		func(j *judged) { j.keep(func(p *patient.Patient) { p.DeletedAt = j.clock }) },
		messaging.Suppressed, "patient_deleted", "", ""},
	{"the record is merged into another", messaging.DirectCare, "", (*judged).merges, messaging.Sent, "ok",
		"+447700900003", "caller"},
}

func TestEveryMessageIsJudgedAnewWhenItIsHandedOver(t *testing.T) {
	eachCase(t, judgements, func(c judgement) string { return c.name }, func(j *judged, c judgement) {
		at := j.clock.AddDate(0, 11, 0)
		ask := messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Purpose: c.purpose,
			Contact: c.contact,
			SendAt:  at}
		later, err := j.s.Send(j.ctx, ask)
		if err != nil || later.State != messaging.Scheduled {
			j.Fatal(later.State, err)
		}
		by := j.post[0].(*post)
		takes := by.answer
		by.answer = func(carrier.Outgoing) error { return &carrier.Busy{After: time.Hour, Code: "429"} }
		ask.SendAt, ask.SendBy = time.Time{}, at.Add(time.Hour)
		tried, err := j.s.Send(j.ctx, ask)
		if err != nil {
			j.Fatal(err)
		}
		j.dispatch(carrier.SMS)
		c.happens(j)
		by.answer = takes
		j.clock = at
		j.dispatch(carrier.SMS)
		for what, id := range map[string]messaging.ID{"scheduled": later.ID, "tried before": tried.ID} {
			m, err := j.s.Store.Message(j.ctx, j.group, id)
			if err != nil {
				j.Fatal(err)
			}
			went := ""
			for _, s := range j.sent {
				if s.Key == m.Key(j.group) {
					went += s.To
				}
			}
			if m.State != c.state || m.Code != c.code || went != c.to || c.to != "" &&
				(m.Contact != c.to || m.ContactSource != c.source) {
				j.Errorf("%s: got %s %s to %q, kept %q from %q", what, m.State, m.Code, went, m.Contact,
					m.ContactSource)
			}
		}
	})
}

func TestTheSecondWayIsJudgedWhenItsTurnComes(t *testing.T) {
	type of struct {
		name    string
		contact string
		happens func(j *judged)
		state   messaging.State
		code    string
		to      string
	}
	cases := []of{
		{"nothing happens", "", func(*judged) {}, messaging.Sent, "ok", "ada@example.org"},
		{"the patient has another address", "", (*judged).moves, messaging.Sent, "ok", "new@example.org"},
		{"an address that came with the request stays", "home@example.org", (*judged).moves, messaging.Sent, "ok",
			"home@example.org"},
		{"the record is merged into another", "", (*judged).merges, messaging.Sent, "ok", "augusta@example.org"},
		{"the patient wants no e-mail", "", func(j *judged) { j.prefer(patient.Particulars{ReceiveEmail: new(false)}) },
			messaging.Suppressed, "not_wanted", ""},
		{"the address says STOP", "", func(j *judged) { j.stop(carrier.Email, "ada@example.org") },
			messaging.Suppressed,
			"opted_out", ""},
		{"the patient dies", "", func(j *judged) { j.keep(func(p *patient.Patient) { p.DeceasedAt = j.clock }) },
			messaging.Suppressed, "patient_deceased", ""},
	}
	eachCase(t, cases, func(c of) string { return c.name }, func(j *judged, c of) {
		by := j.post[0].(*post)
		takes := by.answer
		by.answer = func(m carrier.Outgoing) error {
			if m.Channel == carrier.SMS {
				return &carrier.Refusal{Code: "no", Reason: "No."}
			}
			return takes(m)
		}
		taken, err := j.s.Send(j.ctx, messaging.Request{
			Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Purpose: messaging.Other, Fallback: carrier.Email,
			FallbackContact: c.contact,
		})
		if err != nil {
			j.Fatal(err)
		}
		j.dispatch(carrier.SMS)
		c.happens(j)
		j.dispatch(carrier.Email)
		m := j.state(taken.ID)
		went := ""
		for _, s := range j.sent {
			went += s.To
		}
		if m.State != c.state || m.Code != c.code || went != c.to || c.to != "" && m.FallbackContact != c.to {
			j.Fatalf("got %s %s to %q, kept %q", m.State, m.Code, went, m.FallbackContact)
		}
	})
}

// What a carrier may have already is the same request when it is sent again, and goes nowhere else.
func TestAMessageACarrierMayHaveIsSentAgainUnchanged(t *testing.T) {
	type of struct {
		name    string
		happens func(j *judged)
		state   messaging.State
		to      string
	}
	cases := []of{
		{"the patient has another number", (*judged).moves, messaging.Sent, "+447700900001"},
		{"the patient dies", func(j *judged) { j.keep(func(p *patient.Patient) { p.DeceasedAt = j.clock }) },
			messaging.Unknown, ""},
	}
	eachCase(t, cases, func(c of) string { return c.name }, func(j *judged, c of) {
		by := j.post[0].(*post)
		by.idempotent = true
		takes := by.answer
		by.answer = func(carrier.Outgoing) error { return fmt.Errorf("cut off") }
		taken, err := j.s.Send(j.ctx, messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello"})
		if err != nil {
			j.Fatal(err)
		}
		j.dispatch(carrier.SMS)
		c.happens(j)
		by.answer = takes
		j.clock = j.clock.Add(time.Minute)
		j.dispatch(carrier.SMS)
		m, err := j.s.Store.Message(j.ctx, j.group, taken.ID)
		if err != nil || m.State != c.state || c.to != "" && (len(j.sent) != 1 || j.sent[0].To != c.to) || c.to == "" &&
			len(j.sent) != 0 {
			j.Fatalf("got %s %s, sent %+v, %v", m.State, m.Code, j.sent, err)
		}
	})
}

func TestManyMessagesAreJudgedTogether(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := &post{name: "a", got: map[string]int{}}
		d.post = []carrier.Carrier{c}
		d.messages(40, func(r *messaging.Request) { r.Purpose = messaging.Other })
		people := &patient.Service{Store: patientstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		found, _, err := d.s.Store.Messages(d.ctx, d.group, messaging.Query{Limit: 100})
		if err != nil {
			d.Fatal(err)
		}
		for i, m := range found { // each has another number
			value := fmt.Sprintf("07700 8%05d", i)
			if _, err := people.SetContactPoint(d.ctx, m.Patient, contactpoint.Mobile,
				patient.PointChange{Value: &value}); err != nil {
				d.Fatal(err)
			}
		}
		counted := &counting{Store: d.d.Store}
		if err := d.server(counted).Run(context.Background(),
			messaging.DispatchJob(d.group, 0, carrier.SMS, d.clock, d.clock)); err != nil {
			d.Fatal(err)
		}
		if len(c.got) != len(found) {
			d.Fatalf("%d of %d went", len(c.got), len(found))
		}
		// Each group takes one question of each kind.
		if asked, most := int(counted.asked.Load()), 2*(len(found)/c.Together()+4); asked == 0 || asked > most {
			d.Fatalf("asked %d times, and may %d", asked, most)
		}
	})
}

// counting counts what is asked to judge messages.
type counting struct {
	dispatch.Store
	asked atomic.Int64
}

func (c *counting) Do(ctx context.Context, fn func(dispatch.Tx) error) error {
	return c.Store.Do(ctx, func(tx dispatch.Tx) error { return fn(&countingTx{tx, c}) })
}

type countingTx struct {
	dispatch.Tx
	of *counting
}

func (t *countingTx) ContactsAmong(
	ctx context.Context, group practice.ID, ids []patient.ID,
) (map[patient.ID]contactpoint.Points, error) {
	t.of.asked.Add(1)
	return t.Tx.ContactsAmong(ctx, group, ids)
}

func (t *countingTx) OptedOut(
	ctx context.Context, group practice.ID, of []messaging.Destination,
) (map[messaging.Destination]bool, error) {
	t.of.asked.Add(1)
	return t.Tx.OptedOut(ctx, group, of)
}
