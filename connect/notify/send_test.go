package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/sim/inbox"
	sim "frontdesk/sim/notify"
	"frontdesk/test/wait"
)

func TestAMessageReachesThePatientByEachChannel(t *testing.T) {
	for _, c := range []struct {
		name string
		m    carrier.Outgoing
		want inbox.Item
	}{
		{"a text message", text("leg-1", "Your results are in."), inbox.Item{Channel: "sms", To: "+447700900123",
			Text: "Your results are in."}},
		{"an e-mail", mail("leg-1"), inbox.Item{Channel: "email", To: "ada@example.org", Subject: "Results",
			Text: "Your results are in."}},
		{"the NHS App", inApp("leg-1"), inbox.Item{Channel: "nhs_app", To: patient, Text: "Your results are in."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := build(t, nil)
			got, err := w.carrier.Send(t.Context(), c.m)
			if err != nil || got.Code != "created" || len(got.ProviderID) != 27 {
				t.Fatalf("got %+v, %v", got, err)
			}
			items := w.box.Items()
			c.want.At, c.want.Carrier, c.want.Key, c.want.ProviderID, c.want.Bytes = w.clock.now(), "notify", "leg-1",
				got.ProviderID, 20
			if diff := cmp.Diff([]inbox.Item{c.want}, items); diff != "" {
				t.Error(diff)
			}
			receipts := w.told()["leg-1"]
			if len(receipts) == 0 {
				t.Fatal("nothing was told")
			}
			for _, r := range receipts {
				if r.Progress != carrier.ProgressDelivered || r.ProviderID != got.ProviderID || !r.At.Equal(w.clock.now()) {
					t.Errorf("told %+v", r)
				}
			}
		})
	}
}

func TestContactDetailsAreSentOnlyWhereThatIsApproved(t *testing.T) {
	for _, to := range []string{"+447700900321", "+33612345678"} {
		w := build(t, func(o *options) {
			o.settings.SendContact = true
			o.change = func(n *sim.Notify) { n.AllowContact = true }
		})
		m := text("leg-1", "Hello")
		m.To = to
		if _, err := w.carrier.Send(t.Context(), m); err != nil || len(w.box.Of(to)) != 1 {
			t.Errorf("got %v, and %+v", err, w.box.Items())
		}
	}
	w := build(t, nil)
	m := mail("leg-1")
	m.To = "another@example.org"
	if _, err := w.carrier.Send(t.Context(), m); err != nil || len(w.box.Of("ada@example.org")) != 1 {
		t.Errorf("got %v, and %+v", err, w.box.Items())
	}
	w = build(t, func(o *options) { o.settings.SendContact = true })
	_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if got := outcome(err); got != "refused CM_CANNOT_SET_CONTACT_DETAILS" {
		t.Errorf("without approval: %s", got)
	}
	if !strings.Contains(w.log.String(), "level=ERROR") {
		t.Error("that the settings are wrong is not in the log")
	}
}

func TestWhatWouldNeverBeSentIsRefusedBeforehand(t *testing.T) {
	with := func(m carrier.Outgoing, change func(*carrier.Outgoing)) carrier.Outgoing {
		change(&m)
		return m
	}
	long := func(m carrier.Outgoing, n int) carrier.Outgoing {
		m.Text = strings.Repeat("é", n)
		return m
	}
	number := func(nhs string) carrier.Outgoing {
		return with(text("k", "a"), func(m *carrier.Outgoing) { m.NHSNumber = nhs })
	}
	titleless := func(from string) carrier.Outgoing {
		return with(mail("k"), func(m *carrier.Outgoing) { m.Subject, m.FromName = "", from })
	}
	for _, c := range []struct {
		name string
		m    carrier.Outgoing
		want string
	}{
		{"no NHS number", number(""), "refused no_nhs_number"},
		{"half an NHS number", number("99910"), "refused wrong_nhs_number"},
		{"a wrong check digit", number("9991000004"), "refused CM_INVALID_NHS_NUMBER"},
		{"no key", text("", "a"), "refused no_key"},
		{"no text", text("k", " "), "refused no_text"},
		{"a text message of 918 characters", long(text("k", ""), 918), "accepted"},
		{"a text message of 919 characters", long(text("k", ""), 919), "refused too_long"},
		{"an app message of 5,000 characters", long(inApp("k"), 5000), "accepted"},
		{"an app message of 5,001 characters", long(inApp("k"), 5001), "refused too_long"},
		{"an e-mail of 100,000 characters", long(mail("k"), 100_000), "accepted"},
		{"an e-mail of 100,001 characters", long(mail("k"), 100_001), "refused too_long"},
		{"an e-mail without a subject", titleless(""), "refused no_subject"},
		{"an e-mail with the practice for a subject", titleless("Brambleford"), "accepted"},
		{"our own page", with(text("k", "a"), func(m *carrier.Outgoing) { m.Channel = carrier.Hero }),
			"refused wrong_channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := build(t, nil)
			_, err := w.carrier.Send(t.Context(), c.m)
			if got := outcome(err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			all := w.carrier.SendAll(t.Context(), []carrier.Outgoing{c.m})
			if got := outcome(all[0].Err); got != c.want {
				t.Errorf("in a batch: got %s, want %s", got, c.want)
			}
			if refused, ok := errors.AsType[*carrier.Refusal](err); ok && refused.Reason == "" {
				t.Error("no reason is given")
			}
		})
	}
}

func TestTheSameKeyTwiceReachesThePatientOnce(t *testing.T) {
	w := build(t, nil)
	first, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	// Another process, after a crash, knows nothing of the first try.
	again := build(t, func(o *options) {
		o.handler = w.Notify
	})
	second, err := again.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if err != nil || second.Code != "duplicate" || first.Code != "created" {
		t.Errorf("got %+v, then %+v, %v", first, second, err)
	}
	batch := some(7)
	w.carrier.SendAll(t.Context(), batch)
	slices.Reverse(batch) // it is known in any order
	for _, r := range again.carrier.SendAll(t.Context(), batch) {
		if r.Err != nil || r.Accepted.Code != "duplicate" {
			t.Errorf("got %+v", r)
		}
	}
	if n := len(w.box.Items()); n != 8 {
		t.Errorf("%d messages arrived, want 8", n)
	}
}

func TestAnAnswerThatIsLostIsMadeUpFor(t *testing.T) {
	for _, kind := range []string{sim.FailCut, sim.FailMalformed, sim.FailGateway, sim.FailLate} {
		t.Run(kind, func(t *testing.T) {
			w := build(t, nil)
			w.Fail(sim.Failure{Kind: kind})
			got, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
			if err != nil || got.Code != "duplicate" {
				t.Errorf("got %+v, %v", got, err)
			}
			w.Fail(sim.Failure{Kind: kind})
			for _, r := range w.carrier.SendAll(t.Context(), some(3)) {
				if r.Err != nil || r.Accepted.Code != "duplicate" {
					t.Errorf("in a batch: got %+v", r)
				}
			}
			if n := len(w.box.Items()); n != 4 {
				t.Errorf("%d messages arrived, want 4", n)
			}
			for _, path := range []string{messages, batches} {
				seen := w.requests(path)
				if len(seen) != 2 || seen[0].Reference != seen[1].Reference ||
					seen[0].CorrelationID != seen[1].CorrelationID || seen[0].CorrelationID == "" {
					t.Errorf("requests: %+v", seen)
				}
			}
			if len(w.slept) != 2 || w.slept[0] > 25*time.Millisecond {
				t.Errorf("slept %v", w.slept)
			}
		})
	}
}

func TestAPassingFailureIsTriedAgain(t *testing.T) {
	for _, kind := range []string{sim.FailTimeout, sim.FailError, sim.FailUnavailable} {
		t.Run(kind, func(t *testing.T) {
			w := build(t, func(o *options) { o.Rest = time.Nanosecond })
			w.Fail(sim.Failure{Kind: kind, Times: 3})
			if got, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); err != nil || got.Code != "created" {
				t.Errorf("got %+v, %v", got, err)
			}
			w.Fail(sim.Failure{Kind: kind, Times: 4})
			_, err := w.carrier.Send(t.Context(), text("leg-2", "Hello"))
			if u, ok := errors.AsType[*carrier.Unanswered](err); !ok || u.Request != "leg-2" {
				t.Errorf("got %v", err)
			}
			w.Fail(sim.Failure{Kind: kind, Times: 4, Token: true})
			w.ForgetTokens()
			if _, err := w.carrier.Send(t.Context(), text("leg-3", "Hello")); !strings.HasPrefix(outcome(err), "busy") {
				t.Errorf("without a token: got %v", err)
			}
		})
	}
}

func TestUnreachableServiceIsBusyAndNotUnknown(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, address := range map[string]string{"refused": closed.URL, "no such host": "https://unreachable.invalid"} {
		t.Run(name, func(t *testing.T) {
			w := build(t, func(o *options) { o.settings.BaseURL, o.Rest = address+"/comms", time.Nanosecond })
			if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); outcome(err) != "busy unreachable" {
				t.Errorf("got %v", err)
			}
			for _, r := range w.carrier.SendAll(t.Context(), some(3)) {
				if outcome(r.Err) != "busy unreachable" {
					t.Errorf("got %v", r.Err)
				}
			}
			w = build(t, func(o *options) { o.settings.TokenURL = address + "/oauth2/token" })
			if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); outcome(err) != "busy unreachable" {
				t.Errorf("no token: got %v", err)
			}
		})
	}
}

func TestWhenBusyItSaysUntilWhen(t *testing.T) {
	for _, c := range []struct {
		name string
		f    sim.Failure
		want string
		time time.Duration
	}{
		{"the quota is used up", sim.Failure{Kind: sim.FailLimited, Wait: 17 * time.Second}, "busy CM_QUOTA",
			17 * time.Second},
		{"the same is still being worked on", sim.Failure{Kind: sim.FailEarly}, "unanswered CM_RETRY_TOO_EARLY",
			5 * time.Minute},
		{"the same will be worked on for long", sim.Failure{Kind: sim.FailEarly, Wait: 7 * time.Minute},
			"unanswered CM_RETRY_TOO_EARLY", 7 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := build(t, nil)
			c.f.Times = 2
			w.Fail(c.f)
			_, one := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
			all := w.carrier.SendAll(t.Context(), some(2))
			for _, err := range []error{one, all[0].Err, all[1].Err} {
				if outcome(err) != c.want || after(err) != c.time {
					t.Errorf("got %v", err)
				}
			}
			if n := len(w.Requests()); n != 3 { // with the token
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
	t.Run("what came before is still being worked on", func(t *testing.T) {
		w := build(t, nil)
		w.Fail(sim.Failure{Kind: sim.FailLate})
		w.Fail(sim.Failure{Kind: sim.FailEarly})
		_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
		if outcome(err) != "unanswered CM_RETRY_TOO_EARLY" {
			t.Errorf("got %v", err)
		}
		if got, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); err != nil || got.Code != "duplicate" ||
			len(w.box.Items()) != 1 {
			t.Errorf("later: got %+v, %v", got, err)
		}
	})
	t.Run("it is too early for one batch alone", func(t *testing.T) {
		s := &stub{status: 425, body: problem("CM_RETRY_TOO_EARLY", "")}
		w := build(t, func(o *options) { o.handler = s })
		all := []carrier.Outgoing{text("a", "1"), text("b", "2"), mail("c"), mail("d")}
		for _, r := range w.carrier.SendAll(t.Context(), all) {
			if outcome(r.Err) != "unanswered CM_RETRY_TOO_EARLY" || after(r.Err) != 5*time.Minute {
				t.Errorf("got %v", r.Err)
			}
		}
		if s.count != 2 {
			t.Errorf("%d requests, want 2", s.count)
		}
	})
	t.Run("and it may have been taken before that", func(t *testing.T) {
		w := build(t, nil)
		w.Fail(sim.Failure{Kind: sim.FailError})
		w.Fail(sim.Failure{Kind: sim.FailLimited})
		if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); outcome(err) != "unanswered CM_QUOTA" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnAnswerIsARefusalWhenItWillNeverChange(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
		tries  int
	}{
		{"a wrong NHS number", 400, problem("CM_INVALID_NHS_NUMBER", "/data/attributes/recipient/nhsNumber"),
			"refused CM_INVALID_NHS_NUMBER", 1},
		{"a wrong number", 400, problem("CM_INVALID_VALUE", "/data/attributes/recipient/contactDetails/sms"),
			"refused CM_INVALID_VALUE", 1},
		{"an unknown plan", 404, problem("CM_NO_SUCH_ROUTING_PLAN", "/data/attributes/routingPlanId"),
			"refused CM_NO_SUCH_ROUTING_PLAN", 1},
		{"too large", 413, problem("CM_TOO_LARGE", ""), "refused CM_TOO_LARGE", 1},
		{"something unprocessable", 422, problem("CM_SOMETHING_NEW", ""), "refused CM_SOMETHING_NEW", 1},
		{"an organisation we may not name", 400, problem("CM_CANNOT_SET_ODS_CODE", "/data/attributes/originator/odsCode"),
			"refused CM_CANNOT_SET_ODS_CODE", 1},
		{"an unknown organisation", 400, problem("CM_INVALID_VALUE", "/data/attributes/originator/odsCode"),
			"refused CM_INVALID_VALUE", 1},
		{"no permission", 403, problem("CM_FORBIDDEN", ""), "busy CM_FORBIDDEN", 1},
		{"a ban", 403, problem("CM_SERVICE_BAN", ""), "busy CM_SERVICE_BAN", 1},
		{"a wrong address", 404, "<html>", "busy trouble", 1},
		{"a proxy that does not like it", 400, "<html>", "busy trouble", 1},
		{"a redirect", 307, "", "busy trouble", 1},
		{"a wrong type", 415, problem("CM_UNSUPPORTED_MEDIA", ""), "busy CM_UNSUPPORTED_MEDIA", 1},
		{"a token that is never good", 401, problem("CM_DENIED", ""), "busy CM_DENIED", 2},
		{"a plan without a template", 500, problem("CM_MISSING_ROUTING_PLAN_TEMPLATE", ""),
			"busy CM_MISSING_ROUTING_PLAN_TEMPLATE", 1},
		{"a code that would tell something", 403, problem("Ada Lovelace 9991000003", ""), "busy trouble", 1},
		{"nothing", 204, "", "unanswered unreachable", 1},
		{"not built", 501, "", "unanswered unreachable", 1},
		{"a page", 201, "<html>", "unanswered unreachable", 4},
		{"another page", 200, "{}", "unanswered unreachable", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stub{status: c.status, body: c.body, header: map[string]string{"Location": "/elsewhere"}}
			w := build(t, func(o *options) { o.handler = s })
			_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
			if got := outcome(err); got != c.want || s.count != c.tries {
				t.Errorf("got %s (%v) after %d tries, want %s after %d", got, err, s.count, c.want, c.tries)
			}
			if busy, ok := errors.AsType[*carrier.Busy](err); ok &&
				(busy.After < 10*time.Minute || !strings.Contains(w.log.String(), "level=ERROR")) {
				t.Errorf("what has to be put right comes back after %v", busy.After)
			}
		})
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	w := build(t, nil)
	if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); err != nil {
		t.Fatal(err)
	}
	w.ForgetTokens()
	if _, err := w.carrier.Send(t.Context(), text("leg-2", "Hello")); err != nil {
		t.Fatal(err)
	}
	if tokens, sent := len(w.requests("/oauth2")), w.requests(messages); tokens != 2 || len(sent) != 3 ||
		sent[1].CorrelationID != sent[2].CorrelationID {
		t.Errorf("%d tokens, requests %+v", tokens, sent)
	}
	if len(w.slept) != 0 {
		t.Errorf("slept %v", w.slept)
	}
	w.clock.move(10 * time.Minute) // by then it is renewed without being refused
	if _, err := w.carrier.Send(t.Context(), text("leg-3", "Hello")); err != nil || len(w.requests(messages)) != 4 {
		t.Errorf("got %v", err)
	}
}

func TestAnApplicationThatIsNotKnownWaitsForItsOwner(t *testing.T) {
	w := build(t, func(o *options) { o.settings.APIKey = "another-key" })
	_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if busy, ok := errors.AsType[*carrier.Busy](err); !ok || busy.After < 10*time.Minute ||
		len(w.requests(messages)) != 0 {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(w.log.String(), "level=ERROR") {
		t.Error("it is not in the log")
	}
}

func TestTheBreakerOpensAndHeals(t *testing.T) {
	w := build(t, func(o *options) { o.Rest = 200 * time.Millisecond })
	w.Fail(sim.Failure{Kind: sim.FailError, Times: 5})
	for range 2 { // four tries, and one
		if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); !strings.HasPrefix(outcome(err), "unanswered ") {
			t.Fatalf("got %v", err)
		}
	}
	before := len(w.requests(messages))
	_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if busy, ok := errors.AsType[*carrier.Busy](err); outcome(err) != "busy resting" ||
		ok && busy.After < time.Second || len(w.requests(messages)) != before {
		t.Fatalf("it is not open: %v", err)
	}
	wait.Until(t, "the breaker, which has a clock of its own, to heal", func() bool {
		_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
		return err == nil
	})
}

func TestTheLimiterAndTheCallerMayEndACall(t *testing.T) {
	var refuse error
	w := build(t, func(o *options) { o.Wait = func(context.Context) error { return refuse } })
	refuse = fault.New(fault.Limited, "rate_limited", "").After(17 * time.Second)
	for range 20 {
		_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
		if busy, ok := errors.AsType[*carrier.Busy](err); !ok || busy.After != 17*time.Second {
			t.Fatalf("got %v", err)
		}
	}
	refuse = nil
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := w.carrier.Send(gone, text("leg-1", "Hello")); outcome(err) != "busy unreachable" {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); err != nil {
		t.Errorf("it was taken for an outage: %v", err)
	}
	if n := len(w.requests(messages)); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestACallEndsByItsDeadline(t *testing.T) {
	w := build(t, func(o *options) { o.settings.Deadline = 150 * time.Millisecond })
	if _, err := w.carrier.Send(t.Context(), text("leg-0", "Hello")); err != nil {
		t.Fatal(err)
	}
	w.Fail(sim.Failure{Kind: sim.FailSlow, Times: 9, Wait: 4 * time.Second})
	began := time.Now()
	_, err := w.carrier.Send(t.Context(), text("leg-1", "Hello"))
	if took := time.Since(began); outcome(err) != "unanswered unreachable" || took > 2*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
}

// TestLogsAndErrorsDoNotNameThePatient makes everything go wrong and looks at what was
// logged and returned.
func TestLogsAndErrorsDoNotNameThePatient(t *testing.T) {
	secret := []string{patient, "7700900123", "ada@example.org", "results", "Brambleford", callbackKey}
	worlds := map[string]*world{
		"a telling answer": build(t, func(o *options) {
			o.handler = &stub{status: 400, body: `{"errors": [{"code": "CM_INVALID_VALUE", "detail": "` + patient +
				` ada@example.org", "source": {"pointer": "/data/attributes/` + patient + `"}}]}`}
		}),
		"a telling code": build(t, func(o *options) {
			o.handler = &stub{status: 403, body: problem("ADA@EXAMPLE.ORG "+patient, "")}
		}),
	}
	for _, kind := range []string{sim.FailTimeout, sim.FailEarly, sim.FailLimited, sim.FailError, sim.FailGateway,
		sim.FailUnavailable, sim.FailLate, sim.FailCut, sim.FailMalformed} {
		w := build(t, nil)
		w.Fail(sim.Failure{Kind: kind, Times: 99})
		worlds[kind] = w
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			told := w.log.String()
			for _, m := range []carrier.Outgoing{text("leg-1", "Your results are in."), mail("leg-2"), inApp("leg-3")} {
				_, err := w.carrier.Send(t.Context(), m)
				all := w.carrier.SendAll(t.Context(), []carrier.Outgoing{m, inApp("leg-4"), inApp("leg-5")})
				for _, err := range []error{err, all[0].Err, all[1].Err} {
					if err != nil {
						told += fmt.Sprintf("%v %+v\n", err, err)
					}
					if refused, ok := errors.AsType[*carrier.Refusal](err); ok {
						told += refused.Code + refused.Reason
					}
				}
			}
			told += w.log.String()
			for _, s := range secret {
				if strings.Contains(told, s) {
					t.Errorf("%q is told:\n%s", s, told)
				}
			}
		})
	}
}

// TestWhatIsSentHasThePublishedShape looks at the bodies themselves.
func TestWhatIsSentHasThePublishedShape(t *testing.T) {
	var bodies []map[string]any
	w := build(t, func(o *options) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/oauth2/token" {
				_, _ = w.Write([]byte(`{"access_token": "t", "expires_in": "599"}`))
				return
			}
			raw, _ := io.ReadAll(r.Body)
			var body map[string]any
			if err := json.Unmarshal(raw, &body); err != nil || r.Header.Get("Content-Type") != "application/json" ||
				r.Header.Get("Authorization") != "Bearer t" {
				t.Errorf("got %v, with %v", err, r.Header)
			}
			bodies = append(bodies, body)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"data": {"id": "2WL3qFTEFM0qMY8xjRbt1LIKCzM"}}`))
		})
	})
	if _, err := w.carrier.Send(t.Context(), mail("leg-1")); err != nil {
		t.Fatal(err)
	}
	w.carrier.SendAll(t.Context(), []carrier.Outgoing{text("leg-2", "<Hello>"), text("leg-3", "Hello")})
	type object = map[string]any
	message := func(key, words string) object {
		return object{
			"messageReference": key, "recipient": object{"nhsNumber": patient}, "originator": object{"odsCode": "Z99001"},
			"personalisation": object{"sms_body": words},
		}
	}
	attributes, ok := bodies[1]["data"].(object)["attributes"].(object)
	reference, _ := attributes["messageBatchReference"].(string)
	if !ok || len(reference) != 36 || reference[14] != '8' {
		t.Errorf("the reference is %q", reference)
	}
	want := []map[string]any{
		{"data": object{"type": "Message", "attributes": object{
			"routingPlanId": "00000000-0000-0000-0000-000000000002", "messageReference": "leg-1",
			"recipient":       object{"nhsNumber": patient},
			"originator":      object{"odsCode": "Z99001"},
			"personalisation": object{"email_subject": "Results", "email_body": "Your results are in."},
		}}},
		{"data": object{"type": "MessageBatch", "attributes": object{
			"routingPlanId": "00000000-0000-0000-0000-000000000003", "messageBatchReference": reference,
			"messages": []any{message("leg-2", "<Hello>"), message("leg-3", "Hello")},
		}}},
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Error(diff)
	}
}
