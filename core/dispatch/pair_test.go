package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
)

// both is a carrier whose provider sees to both ways, as long as the second is
// known to the national service or own is set.
type both struct {
	*post
	own bool
}

func (b both) Pairs(first carrier.Channel, p carrier.Pair) bool {
	return first == carrier.NHSApp && (p.Unread == 4*time.Hour || p.Unread == 24*time.Hour) && (p.Known || b.own)
}

// paired is a kit with a carrier for both ways, and one message to the NHS App with another way.
type paired struct {
	*kit
	carrier  both
	other    *post
	sent     []carrier.Outgoing
	carriers map[carrier.Channel][]carrier.Carrier
	minutes  int
}

const number = "+447700900123"

func withPair(t *testing.T, test func(p *paired)) {
	withDesk(t, func(d *kit) {
		p := &paired{kit: d, minutes: 240, other: &post{name: "other", got: map[string]int{}}}
		p.carrier.post = &post{name: "both", got: map[string]int{}}
		p.carrier.answer = func(m carrier.Outgoing) error {
			p.sent = append(p.sent, m)
			return nil
		}
		p.carriers = map[carrier.Channel][]carrier.Carrier{carrier.NHSApp: {p.carrier}, carrier.SMS: {p.carrier},
			carrier.Email: {p.other}}
		d.s.Carriers = func(_ context.Context, _ practice.ID, channel carrier.Channel) ([]carrier.Carrier, error) {
			return p.carriers[channel], nil
		}
		test(p)
	})
}

// ask sends the message, to a patient whose number the national service knows.
func (p *paired) ask(more func(*messaging.Request)) messaging.ID {
	p.Helper()
	groups := &practice.Service{Store: practicestore.New(p.db), Now: p.s.Now, NewID: p.db.NewID}
	if _, err := groups.UpdateGroup(p.ctx, practice.GroupChange{UnreadMinutes: &p.minutes}); err != nil {
		p.Fatal(err)
	}
	people := &patient.Service{Store: patientstore.New(p.db), Now: p.s.Now, NewID: p.db.NewID}
	nhs, mobile, email := "9990000018", number, "ada@example.org"
	id, err := patienttest.Register(p.ctx, people,
		patient.Changes{NHSNumber: &nhs, FirstName: new("Ada"), LastName: new("Byron"),
			BirthDate: new(input.DayOf(1990, 1, 1)),
			Mobile:    &mobile, Email: &email})
	if err != nil {
		p.Fatal(err)
	}
	err = patientstore.New(p.db).Do(p.ctx, func(tx patient.Tx) error {
		return tx.SaveContactPoint(p.ctx, p.group, id,
			contactpoint.Point{Kind: contactpoint.Mobile, Source: contactpoint.FromPDS, Value: number,
				RecordedAt: p.clock})
	})
	if err != nil {
		p.Fatal(err)
	}
	r := messaging.Request{Patient: id, Channel: carrier.NHSApp, Text: "Hello", Fallback: carrier.SMS}
	if more != nil {
		more(&r)
	}
	taken, err := p.s.Send(p.ctx, r)
	if err != nil {
		p.Fatal(err)
	}
	return taken.ID
}

func (p *paired) optOut() {
	p.Helper()
	if err := p.s.OptOut(p.ctx, carrier.SMS, number, true); err != nil {
		p.Fatal(err)
	}
}

func TestAMessageIsHandedOverForBothWaysWhereACarrierDoesJustThat(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *paired)
		more   func(*messaging.Request)
		want   bool
	}{
		{"it goes by text after four hours", nil, nil, true},
		{"it goes by text after a day", func(p *paired) { p.minutes = 1440 }, nil, true},
		{"the patient has an hour", func(p *paired) { p.minutes = 60 }, nil, false},
		{"the patient has a minute more", func(p *paired) { p.minutes = 241 }, nil, false},
		{"there is no other way", nil, func(r *messaging.Request) { r.Fallback = "" }, false},
		{"the number is not what the national service knows", nil,
			func(r *messaging.Request) { r.FallbackContact = "07700 900124" }, false},
		{"the number may be another", func(p *paired) { p.carriers[carrier.NHSApp][0] = both{p.carrier.post, true} },
			func(r *messaging.Request) { r.FallbackContact = "07700 900124" }, true},
		{"another carrier carries the other way", nil, func(r *messaging.Request) { r.Fallback = carrier.Email },
			false},
		{"another carrier is asked first for the other way",
			func(p *paired) { p.carriers[carrier.SMS] = []carrier.Carrier{p.other, p.carrier} }, nil, false},
		{"it is asked first for the other way",
			func(p *paired) { p.carriers[carrier.SMS] = []carrier.Carrier{p.carrier, p.other} }, nil, true},
		{"the carrier takes one way at a time", func(p *paired) { p.carriers[carrier.NHSApp][0] = p.carrier.post }, nil,
			false},
		{"the patient wants no such texts", (*paired).optOut,
			func(r *messaging.Request) { r.Purpose = messaging.Other },
			false},
		{"the patient wants only texts about their care", (*paired).optOut, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			withPair(t, func(p *paired) {
				if c.change != nil {
					c.change(p)
				}
				id := p.ask(c.more)
				p.dispatch(carrier.NHSApp)
				m := p.state(id)
				if m.State != messaging.Sent || len(p.sent) != 1 || m.Paired != c.want {
					p.Fatalf("got %+v after %+v", m, p.sent)
				}
				if got := p.sent[0].Pair; c.want &&
					(got.Second != carrier.SMS || got.To != m.FallbackContact ||
						got.Unread != time.Duration(p.minutes)*time.Minute) {
					p.Errorf("handed over with %+v", got)
				} else if !c.want && got != (carrier.Pair{}) {
					p.Errorf("handed over with %+v", got)
				}
				if ours := m.Fallback != "" && !c.want; m.DueAt.IsZero() == ours {
					p.Errorf("we look at it again at %v", m.DueAt)
				}
			})
		})
	}
}

// tell has the carrier tell something about the message.
func (p *paired) tell(id messaging.ID, progress carrier.Progress, by carrier.Channel, whole bool) {
	p.Helper()
	r := carrier.Receipt{Key: keyOf(p.kit, id, 1), ProviderID: "p1", Progress: progress, Channel: by, Whole: whole}
	if progress == carrier.ProgressFailed {
		r.Code, r.Reason = "C-"+string(by), "It did not arrive."
	}
	if err := p.d.Receive(p.ctx, p.group, "both", carrier.Report{Receipts: []carrier.Receipt{r}}); err != nil {
		p.Fatal(err)
	}
}

func (p *paired) steps(id messaging.ID) []string {
	p.Helper()
	var out []string
	for _, s := range p.state(id).Steps {
		out = append(out, fmt.Sprint(s.What, " ", s.Leg, " ", s.Channel))
	}
	return out
}

func TestReceiptsOfAPairAreApplied(t *testing.T) {
	type told struct {
		progress carrier.Progress
		by       carrier.Channel
		whole    bool
	}
	const app, sms = carrier.NHSApp, carrier.SMS
	var (
		appFailed, smsFailed, allFailed = told{"failed", app, false}, told{"failed", sms, false},
			told{"failed", "", true}
		appDone, smsDone              = told{"delivered", app, false}, told{"delivered", sms, false}
		appWhole, smsWhole            = told{"delivered", app, true}, told{"delivered", sms, true}
		appRead                       = told{"read", app, false}
		strange                       = told{"failed", "", false}
		accepted, failed1, failed2    = "accepted 1 nhs_app", "failed 1 nhs_app", "failed 2 sms"
		delivered1, delivered2, read1 = "delivered 1 nhs_app", "delivered 2 sms", "read 1 nhs_app"
	)
	for _, c := range []struct {
		name  string
		told  []told
		state messaging.State
		code  string
		steps []string
	}{
		{"the NHS App fails, and the text is on its way", []told{appFailed}, messaging.Sent, "ok",
			[]string{accepted, failed1}},
		{"the text arrives", []told{appFailed, smsDone, smsWhole}, messaging.Delivered, "ok",
			[]string{accepted, failed1, delivered2}},
		{"that is told first", []told{smsWhole, smsDone, appFailed}, messaging.Delivered, "ok",
			[]string{accepted, delivered2, failed1}},
		{"neither arrives", []told{appFailed, smsFailed, allFailed}, messaging.Failed, "C-",
			[]string{accepted, failed1, failed2}},
		{"that is told first of the message", []told{allFailed, appFailed, smsFailed}, messaging.Failed, "C-",
			[]string{accepted, failed1, failed2}},
		{"no receipt says how, but it has failed", []told{allFailed}, messaging.Failed, "C-",
			[]string{accepted, failed1}},
		{"both fail, and the end is not told", []told{appFailed, smsFailed}, messaging.Sent, "ok",
			[]string{accepted, failed1, failed2}},
		{"the patient reads it", []told{appRead, appWhole}, messaging.Read, "ok", []string{accepted, read1}},
		{"that it arrived is told late", []told{appRead, appDone}, messaging.Read, "ok", []string{accepted, read1}},
		{"it is read after it arrived", []told{appDone, appRead, appWhole}, messaging.Read, "ok",
			[]string{accepted, delivered1, read1}},
		{"it is not read, and the text arrives", []told{appDone, appFailed, smsDone, smsWhole}, messaging.Delivered,
			"ok",
			[]string{accepted, delivered1, failed1, delivered2}},
		{"it is read after the text arrived", []told{appFailed, smsDone, appRead}, messaging.Read, "ok",
			[]string{accepted, failed1, delivered2, read1}},
		{"what failed is not said", []told{strange}, messaging.Sent, "ok", []string{accepted, failed1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			withPair(t, func(p *paired) {
				id := p.ask(nil)
				p.dispatch(carrier.NHSApp)
				for _, x := range c.told {
					for range 2 { // twice is once
						p.tell(id, x.progress, x.by, x.whole)
					}
				}
				p.clock = p.clock.Add(72 * time.Hour)
				for _, channel := range []carrier.Channel{app, sms, carrier.Email} {
					p.dispatch(channel)
				}
				m := p.state(id)
				if m.State != c.state || m.Code != c.code ||
					(c.state == messaging.Failed || c.state == messaging.Read) == m.EndedAt.IsZero() {
					p.Errorf("got %s, %q, ended at %v", m.State, m.Code, m.EndedAt)
				}
				if got := p.steps(id); !slices.Equal(got, c.steps) {
					p.Errorf("steps %q", got)
				}
				if len(p.sent) != 1 || len(p.other.got) != 0 {
					p.Errorf("we handed it over again: %+v %v", p.sent, p.other.got)
				}
			})
		})
	}
}

func TestAPairThatIsRefusedGoesByTheOtherWayFromHere(t *testing.T) {
	withPair(t, func(p *paired) {
		p.carrier.answer = func(m carrier.Outgoing) error {
			p.sent = append(p.sent, m)
			if m.Channel == carrier.NHSApp {
				return &carrier.Refusal{Code: "no", Reason: "No."}
			}
			return nil
		}
		id := p.ask(nil)
		p.dispatch(carrier.NHSApp)
		p.dispatch(carrier.SMS)
		if m := p.state(id); m.State != messaging.Sent || m.Leg != 2 || m.Paired || len(p.sent) != 2 ||
			p.sent[1].Pair != (carrier.Pair{}) || p.sent[1].To != number {
			p.Fatalf("got %+v after %+v", m, p.sent)
		}
		if err := p.d.Receive(p.ctx, p.group, "both",
			carrier.Report{Receipts: []carrier.Receipt{{Key: keyOf(p.kit, id, 2), Progress: carrier.ProgressFailed,
				Channel: carrier.SMS}}}); err != nil {
			p.Fatal(err)
		}
		if m := p.state(id); m.State != messaging.Failed {
			p.Fatalf("got %+v", m)
		}
	})
}

func TestAnotherCarrierRelievesABusyOneOfOneWay(t *testing.T) {
	withPair(t, func(p *paired) {
		p.carrier.answer = func(carrier.Outgoing) error { return &carrier.Busy{After: time.Hour, Code: "429"} }
		p.carriers[carrier.NHSApp] = []carrier.Carrier{p.carrier, p.other}
		id := p.ask(nil)
		p.dispatch(carrier.NHSApp)
		if m := p.state(id); m.State != messaging.Sent || m.Carrier != "other" || m.Paired ||
			!m.DueAt.Equal(p.clock.Add(4*time.Hour)) {
			p.Fatalf("got %+v", m)
		}
		p.clock = p.clock.Add(4 * time.Hour)
		p.carrier.answer = nil
		p.dispatch(carrier.NHSApp)
		p.dispatch(carrier.SMS)
		if m := p.state(id); m.Leg != 2 || m.State != messaging.Sent || m.Carrier != "both" || m.Paired {
			p.Fatalf("got %+v", m)
		}
	})
}

func TestABusyCarrierIsAskedAnewWhetherItTakesBothWays(t *testing.T) {
	withPair(t, func(p *paired) {
		p.carrier.answer = func(carrier.Outgoing) error { return &carrier.Busy{After: time.Hour, Code: "429"} }
		id := p.ask(func(r *messaging.Request) { r.Purpose = messaging.Other })
		p.dispatch(carrier.NHSApp)
		p.carrier.answer = nil
		p.optOut()
		p.clock = p.clock.Add(time.Hour)
		p.dispatch(carrier.NHSApp)
		if m := p.state(id); m.State != messaging.Sent || m.Paired {
			p.Fatalf("got %+v", m)
		}
	})
}

func TestTheOtherWayIsNotTakenByWhoHasOptedOutOfIt(t *testing.T) {
	for _, c := range []struct {
		name    string
		answer  error
		purpose messaging.Purpose
		want    messaging.State
		texts   int
	}{
		{"it is unread", nil, messaging.Other, messaging.Delivered, 0},
		{"the first way refuses it", &carrier.Refusal{Code: "no", Reason: "No."}, messaging.Other, messaging.Suppressed,
			0},
		{"it is about their care", nil, messaging.DirectCare, messaging.Delivered, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			withPair(t, func(p *paired) {
				p.minutes = 60
				texts := 0
				p.carrier.answer = func(m carrier.Outgoing) error {
					if m.Channel == carrier.SMS {
						texts++
						return nil
					}
					return c.answer
				}
				id := p.ask(func(r *messaging.Request) { r.Purpose = c.purpose })
				p.optOut()
				p.dispatch(carrier.NHSApp)
				if c.answer == nil {
					p.tell(id, carrier.ProgressDelivered, carrier.NHSApp, false)
				}
				p.clock = p.clock.Add(time.Hour)
				p.dispatch(carrier.NHSApp)
				p.dispatch(carrier.SMS)
				if c.texts > 0 {
					r := carrier.Receipt{Key: keyOf(p.kit, id, 2), Progress: carrier.ProgressDelivered}
					if err := p.d.Receive(p.ctx, p.group, "both",
						carrier.Report{Receipts: []carrier.Receipt{r}}); err != nil {
						p.Fatal(err)
					}
				}
				m := p.state(id)
				if m.State != c.want || texts != c.texts || !m.DueAt.IsZero() ||
					(m.State == messaging.Suppressed) == m.EndedAt.IsZero() {
					p.Errorf("got %+v after %d text messages", m, texts)
				}
			})
		})
	}
}

// TestAPairInDoubt is of one that was handed over when the answer was lost.
func TestAPairInDoubtStaysOne(t *testing.T) {
	t.Run("the carrier takes the key once", func(t *testing.T) {
		withPair(t, func(p *paired) {
			p.carrier.idempotent = true
			p.carrier.answer = func(m carrier.Outgoing) error {
				p.sent = append(p.sent, m)
				return errors.New("cut off")
			}
			id := p.ask(func(r *messaging.Request) { r.Purpose = messaging.Other })
			p.dispatch(carrier.NHSApp)
			p.carrier.answer = func(m carrier.Outgoing) error {
				p.sent = append(p.sent, m)
				return nil
			}
			p.optOut() // that is too late now: NHS Notify may have both
			p.clock = p.clock.Add(time.Minute)
			p.dispatch(carrier.NHSApp)
			if len(p.sent) == 2 && p.sent[1].Request == p.sent[1].Key {
				p.sent[1].Request = "" // it says that it is sent again, and is the same
			}
			if m := p.state(id); m.State != messaging.Sent || !m.Paired || !m.DueAt.IsZero() || len(p.sent) != 2 ||
				p.sent[0] != p.sent[1] {
				p.Fatalf("got %+v after %+v", m, p.sent)
			}
		})
	})
	t.Run("it is not known whether the carrier has it", func(t *testing.T) {
		withPair(t, func(p *paired) {
			p.carrier.answer = func(carrier.Outgoing) error { return errors.New("cut off") }
			id := p.ask(nil)
			p.dispatch(carrier.NHSApp)
			if m := p.state(id); m.State != messaging.Unknown || !m.Paired {
				p.Fatalf("got %+v", m)
			}
			p.tell(id, carrier.ProgressFailed, carrier.NHSApp, false)
			if m := p.state(id); m.State != messaging.Sent || m.SentAt.IsZero() || !m.EndedAt.IsZero() || m.Code != "" {
				p.Fatalf("got %+v", m)
			}
			p.tell(id, carrier.ProgressDelivered, carrier.SMS, true)
			if m := p.state(id); m.State != messaging.Delivered {
				p.Fatalf("got %+v", m)
			}
		})
	})
	t.Run("the server died before it heard", func(t *testing.T) {
		withPair(t, func(p *paired) {
			id := p.ask(nil)
			died := errors.New("died")
			p.carrier.answer = func(carrier.Outgoing) error {
				m := p.state(id) // what another server finds when this one is gone
				if m.State != messaging.Sending || !m.Paired {
					p.Errorf("got %+v", m)
				}
				return died
			}
			p.dispatch(carrier.NHSApp)
		})
	})
}
