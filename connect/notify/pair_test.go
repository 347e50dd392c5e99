package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	"frontdesk/sim/inbox"
	sim "frontdesk/sim/notify"
)

// inPair is a message for the NHS App that goes on by another channel.
func inPair(key string, second carrier.Channel, to string, unread time.Duration) carrier.Outgoing {
	m := inApp(key)
	m.Subject, m.Pair = "Results", carrier.Pair{Second: second, To: to, Known: true, Unread: unread}
	return m
}

func TestWhichPairsThereAre(t *testing.T) {
	const app, sms, email, hero = carrier.NHSApp, carrier.SMS, carrier.Email, carrier.Hero
	own := func(s *notify.Settings) { s.SendContact = true }
	for _, c := range []struct {
		name   string
		first  carrier.Channel
		pair   carrier.Pair
		change func(*notify.Settings)
		want   bool
	}{
		{"a text message after four hours", app, carrier.Pair{Second: sms, Known: true, Unread: 4 * time.Hour}, nil, true},
		{"a text message after a day", app, carrier.Pair{Second: sms, Known: true, Unread: 24 * time.Hour}, nil, true},
		{"an e-mail after four hours", app, carrier.Pair{Second: email, Known: true, Unread: 4 * time.Hour}, nil, true},
		{"an e-mail after a day", app, carrier.Pair{Second: email, Known: true, Unread: 24 * time.Hour}, nil, true},
		{"after another time", app, carrier.Pair{Second: sms, Known: true, Unread: time.Hour}, nil, false},
		{"after nearly four hours", app, carrier.Pair{Second: sms, Known: true, Unread: 4*time.Hour - time.Minute}, nil,
			false},
		{"the other way round", sms, carrier.Pair{Second: app, Known: true, Unread: 4 * time.Hour}, nil, false},
		{"a text message and then an e-mail", sms, carrier.Pair{Second: email, Known: true, Unread: 4 * time.Hour}, nil,
			false},
		{"the patient's page", hero, carrier.Pair{Second: sms, Known: true, Unread: 4 * time.Hour}, nil, false},
		{"no second channel", app, carrier.Pair{Known: true, Unread: 4 * time.Hour}, nil, false},
		{"a number the national service does not know", app, carrier.Pair{Second: sms, Unread: 4 * time.Hour}, nil, false},
		{"a number it does not know, where we may give one", app, carrier.Pair{Second: sms, Unread: 4 * time.Hour}, own,
			true},
		{"a plan of the practice's own for the NHS App", app, carrier.Pair{Second: sms, Known: true, Unread: 4 * time.Hour},
			func(s *notify.Settings) {
				s.Plans = map[carrier.Channel]string{app: "b838b13c-f98c-4def-93f0-515d4e4f4ee1"}
			}, false},
		{"a plan of the practice's own for text messages", app, carrier.Pair{Second: sms, Known: true, Unread: 4 * time.Hour},
			func(s *notify.Settings) {
				s.Plans = map[carrier.Channel]string{sms: "b838b13c-f98c-4def-93f0-515d4e4f4ee1"}
			}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := notify.Settings{BaseURL: "https://api.example/comms"}
			if c.change != nil {
				c.change(&s)
			}
			carrier, err := notify.New(s, notify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := carrier.Pairs(c.first, c.pair); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestAPairHasThePublishedShape looks at the bodies themselves.
func TestAPairHasThePublishedShape(t *testing.T) {
	type object = map[string]any
	const plan = "00000000-0000-0000-0000-00000000000"
	mails := object{"nhsapp_body": "Your results are in.", "email_subject": "Results",
		"email_body": "Your results are in."}
	texts := object{"nhsapp_body": "Your results are in.", "sms_body": "Your results are in."}
	for _, c := range []struct {
		m       carrier.Outgoing
		plan    string
		fields  object
		contact object
	}{
		{inPair("k", carrier.Email, "ada@example.org", 24*time.Hour), plan + "4", mails, object{"email": "ada@example.org"}},
		{inPair("k", carrier.Email, "ada@example.org", 4*time.Hour), plan + "5", mails, object{"email": "ada@example.org"}},
		{inPair("k", carrier.SMS, "+447700900123", 24*time.Hour), plan + "6", texts, object{"sms": "07700900123"}},
		{inPair("k", carrier.SMS, "+447700900123", 4*time.Hour), plan + "7", texts, object{"sms": "07700900123"}},
	} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("plan %s, contact details %v", c.plan[35:], own), func(t *testing.T) {
				var got object
				w := build(t, func(o *options) {
					o.settings.SendContact = own
					o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/oauth2/token" {
							_, _ = w.Write([]byte(`{"access_token": "t", "expires_in": "599"}`))
							return
						}
						raw, _ := io.ReadAll(r.Body)
						if err := json.Unmarshal(raw, &got); err != nil {
							t.Error(err)
						}
						w.WriteHeader(http.StatusCreated)
						_, _ = w.Write([]byte(`{"data": {"id": "2WL3qFTEFM0qMY8xjRbt1LIKCzM"}}`))
					})
				})
				if _, err := w.carrier.Send(t.Context(), c.m); err != nil {
					t.Fatal(err)
				}
				to := object{"nhsNumber": patient}
				if own {
					to["contactDetails"] = c.contact
				}
				want := object{"data": object{"type": "Message", "attributes": object{
					"routingPlanId": c.plan, "messageReference": "k", "recipient": to, "originator": object{"odsCode": "Z99001"},
					"personalisation": c.fields,
				}}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestAPairIsHandedOverOnceAndReportsEachChannel(t *testing.T) {
	words := func(all []carrier.Receipt) []string {
		var out []string
		for _, r := range all {
			whole := map[bool]string{true: " whole"}[r.Whole]
			out = append(out, string(r.Progress)+" "+string(r.Channel)+whole)
		}
		return out
	}
	for _, c := range []struct {
		name   string
		change func(*sim.Notify)
		want   []string
		by     []string
	}{
		{"unread", nil, []string{"failed nhs_app", "delivered sms", "delivered sms whole"}, []string{"sms", "nhs_app"}},
		{"read", func(n *sim.Notify) { n.Scripts = map[string]inbox.Script{patient: inbox.Read} },
			[]string{"read nhs_app", "delivered nhs_app whole"}, []string{"nhs_app"}},
		{"without the NHS App", func(n *sim.Notify) { n.Scripts = map[string]inbox.Script{patient: inbox.Bounced} },
			[]string{"failed nhs_app", "delivered sms", "delivered sms whole"}, []string{"sms"}},
		{"with neither", func(n *sim.Notify) { n.Contact = func(string) (string, string) { return "07700900991", "" } },
			[]string{"failed nhs_app", "failed sms", "failed  whole"}, []string{"nhs_app"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := build(t, func(o *options) { o.change = c.change })
			m := inPair("leg-1", carrier.SMS, "+447700900123", 4*time.Hour)
			if _, err := w.carrier.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			w.clock.move(4 * time.Hour)
			w.Play()
			if got := words(w.told()["leg-1"]); !slices.Equal(got, c.want) {
				t.Errorf("told %q", got)
			}
			var by []string
			for _, i := range w.box.Items() {
				by = append(by, i.Channel)
			}
			if !slices.Equal(by, c.by) {
				t.Errorf("it went by %q", by)
			}
			if again, err := w.carrier.Send(t.Context(), m); err != nil || again.Code != "duplicate" ||
				len(w.box.Items()) != len(c.by) {
				t.Errorf("the same key again: %+v, %v", again, err)
			}
		})
	}
}

func TestEachPlanHasItsOwnBatch(t *testing.T) {
	w := build(t, nil)
	all := []carrier.Outgoing{
		inPair("a", carrier.SMS, "", 4*time.Hour), inApp("b"), inPair("c", carrier.Email, "", 4*time.Hour),
		inPair("d", carrier.SMS, "", 24*time.Hour),
		inPair("e", carrier.SMS, "", 4*time.Hour), inApp("f"), inPair("g", carrier.Email, "", 4*time.Hour), text("h", "1"),
	}
	for i, r := range w.carrier.SendAll(t.Context(), all) {
		if r.Err != nil || r.Accepted.ProviderID == "" {
			t.Errorf("%s: %+v", all[i].Key, r)
		}
	}
	if n, single := len(w.requests(batches)), len(w.requests(messages)); n != 3 || single != 2 {
		t.Errorf("%d batches, %d single", n, single)
	}
	w.clock.move(4 * time.Hour)
	w.Play()
	var got []string
	for _, i := range w.box.Items() {
		got = append(got, i.Key+" "+i.Channel)
	}
	slices.Sort(got)
	want := []string{"a nhs_app", "a sms", "b nhs_app", "c email", "c nhs_app", "d nhs_app", "e nhs_app", "e sms",
		"f nhs_app", "g email", "g nhs_app", "h sms"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestAPairThatWouldNeverBeSentIsRefusedBeforehand(t *testing.T) {
	w := build(t, nil)
	for _, c := range []struct {
		name string
		m    carrier.Outgoing
		text string
		want string
	}{
		{"as long as a text message may be", inPair("a", carrier.SMS, "", 4*time.Hour), strings.Repeat("x", 918), "accepted"},
		{"longer than a text message may be", inPair("b", carrier.SMS, "", 4*time.Hour), strings.Repeat("x", 919),
			"refused too_long"},
		{"as long as the NHS App allows", inPair("c", carrier.Email, "", 4*time.Hour), strings.Repeat("x", 5000), "accepted"},
		{"longer than the NHS App allows", inPair("d", carrier.Email, "", 4*time.Hour), strings.Repeat("x", 5001),
			"refused too_long"},
		{"a pair there is no plan for", inPair("e", carrier.SMS, "", time.Hour), "x", "refused wrong_channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m.Text = c.text
			if _, err := w.carrier.Send(t.Context(), c.m); outcome(err) != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
	m := inPair("f", carrier.Email, "", 4*time.Hour)
	m.Subject = ""
	if _, err := w.carrier.Send(t.Context(), m); outcome(err) != "refused no_subject" {
		t.Errorf("got %v", err)
	}
}

func TestTheStatusOfAPairCanBeAskedFor(t *testing.T) {
	w := build(t, nil)
	sent, err := w.carrier.Send(t.Context(), inPair("leg-1", carrier.Email, "", 4*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ask := func() carrier.Receipt {
		t.Helper()
		r, err := w.carrier.Status(t.Context(), sent.ProviderID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask(); r.Progress != "" {
		t.Errorf("got %+v", r)
	}
	w.clock.move(4 * time.Hour)
	if r := ask(); r.Progress != carrier.ProgressDelivered || r.Channel != carrier.Email || !r.Whole {
		t.Errorf("got %+v", r)
	}
}
