package e2e

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/sim/inbox"
	"frontdesk/sim/notify"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// traced has the record know a patient of the town as the national service does.
func (p *program) traced(surname string) {
	p.t.Helper()
	who := p.ok("GET", "/v1/patients/"+p.patientBy(surname), nil)
	p.ok("POST", "/v1/patients/register_pds", map[string]any{"nhs_number": who.str("nhs_number"),
		"dob": who.str("dob")})
}

func TestNHSNotifyGetsOneRequestForBothChannels(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		if _, errs, code := run(t, "connector", "set", "notify", "--db", address, "--group", p.creds.Group,
			"--seal-key", sealKey,
			"--set", "channels=nhs_app,sms", "--set", "priority=1"); code != 0 {
			t.Fatal(errs)
		}
		p.ok("PATCH", "/v1/me", map[string]any{"unread_fallback_minutes": 240})
		for _, who := range []string{"byron", "murray"} {
			p.traced(who)
		}
		bySMS := map[string]any{"fallback_message_type": "sms", "urgent": true}
		unread, read := p.sent("byron", "nhs_app", bySMS), p.sent("murray", "nhs_app", bySMS) // she reads it at once
		ours := p.sent("byron", "nhs_app", map[string]any{"fallback_message_type": "email", "urgent": true,
			"fallback_contact_detail": "ours@example.org"})
		p.becomes(unread, "sent")
		p.becomes(read, "read")
		p.becomes(ours, "sent", "delivered")
		p.clock.move(4*time.Hour - time.Minute)
		p.sent("mathison", "nhs_app", nil) // the simulator looks at what is due whenever it is asked
		if strings.Contains(p.inbox("07700 900101"), "Please call us.") {
			t.Fatal("it went by text too early")
		}
		p.clock.move(2 * time.Minute)
		p.sent("mathison", "nhs_app", nil)
		got := p.becomes(unread, "delivered")
		wait.Until(t, "ours to go by e-mail", func() bool {
			return strings.Contains(p.inbox("ours@example.org"), "Please call us.")
		})
		var legs []string
		for _, s := range got.Body["timeline"].([]any) {
			step := s.(map[string]any)
			legs = append(legs, fmt.Sprint(step["what"], " ", step["leg"], " ", step["channel"], " ", step["carrier"]))
		}
		slices.Sort(legs[1:]) // the two callbacks come at one time, in either order
		if want := []string{"accepted 1 nhs_app notify", "delivered 2 sms notify",
			"failed 1 nhs_app notify"}; !slices.Equal(legs, want) {
			t.Fatalf("steps %q", legs)
		}
		if n := strings.Count(p.inbox("07700 900101"), "Please call us."); n != 1 {
			t.Fatalf("%d text messages", n)
		}
		if strings.Contains(p.inbox("07700 900103"), "Please call us.") {
			t.Fatal("what was read went by text as well")
		}
		// What goes on by a way that NHS Notify does not carry is ours to see to.
		if got := p.becomes(ours, "sent", "delivered"); !slices.Contains(steps(got), "fallback") {
			t.Fatalf("got %s", got.Text)
		}
	})
}

// TestMessagesSurviveAnOutageOfNHSNotify is twelve messages and a batch during twenty
// seconds of 503.
func TestMessagesSurviveAnOutageOfNHSNotify(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{NotifyRest: time.Millisecond})
		var box inbox.Box
		national := notify.New(&box, p.clock.Now)
		national.OpenSandbox, national.ForbidODS = true, true
		national.Contact = func(string) (string, string) { return "07700 900101", "" }
		server := httptest.NewServer(national)
		defer server.Close()
		if _, errs, code := run(t, "connector", "set", "notify", "--db", address, "--group", p.creds.Group,
			"--seal-key", sealKey,
			"--set", "channels=sms", "--set", "priority=1", "--set", "simulated=", "--set",
			"base_url="+server.URL+"/comms", "--set", "token_url=",
			"--set", "allow_ods_override=no"); code != 0 {
			t.Fatal(errs)
		}
		national.Fail(notify.Failure{Kind: notify.FailUnavailable, Times: 10_000})
		var ids []string
		for range 12 {
			ids = append(ids, p.sent("byron", "sms", map[string]any{"urgent": true, "fallback_message_type": "email"}))
		}
		made := p.ok("POST", "/v1/batch_message", map[string]any{
			"name": "Flu", "channel": "SMS", "content": "Flu jabs are here.",
			"recipients": []map[string]any{{"patient_id": p.patientBy("byron")},
				{"patient_id": p.patientBy("mathison")}},
		})
		p.ok("PATCH", "/v1/batch_message/"+made.str("id")+"/send", nil)
		wait.Until(t, "an outage", func() bool { return len(national.Requests()) > 4 })
		for _, id := range ids {
			if got := p.becomes(id, "queued", "sending"); slices.Contains(steps(got), "unknown") {
				t.Fatalf("got %s", got.Text)
			}
		}
		p.clock.move(20 * time.Second)
		national.Mend()
		moved := time.Duration(0)
		wait.Until(t, "everything to arrive", func() bool {
			if moved < 20*time.Minute { // the rest is up to a busy machine
				p.clock.move(30 * time.Second)
				moved += 30 * time.Second
			}
			p.sent("byron", "sms", map[string]any{"urgent": true,
				"message_string": "See you."}) // the channel's job looks at what is due
			_, all := texts(&box)
			return all["Your results are in. Please call us."] >= 12 && all["Flu jabs are here."] >= 2
		})
		for _, id := range ids {
			if got := p.becomes(id, "sent", "delivered"); slices.Contains(steps(got), "unknown") ||
				slices.Contains(steps(got), "fallback") {
				t.Fatalf("got %s", got.Text)
			}
		}
		keys, all := texts(&box)
		if all["Your results are in. Please call us."] != 12 || all["Flu jabs are here."] != 2 {
			t.Errorf("12 messages and a batch of 2 arrived as %v", all)
		}
		for key, n := range keys {
			if n != 1 {
				t.Errorf("%s arrived %d times", key, n)
			}
		}
		if altered := national.Altered(); len(altered) > 0 {
			t.Errorf("requests were sent again otherwise: %v", altered)
		}
	})
}

// texts counts what arrived by its key and by its text.
func texts(box *inbox.Box) (keys, words map[string]int) {
	keys, words = map[string]int{}, map[string]int{}
	for _, i := range box.Items() {
		keys[i.Key]++
		words[i.Text]++
	}
	return keys, words
}
