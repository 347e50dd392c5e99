package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/sim/inbox"
	"frontdesk/sim/notify"
)

const plans = "00000000-0000-0000-0000-00000000000"

// told are the statuses of all callbacks so far, each in a few words.
func (w *world) told(t *testing.T) []string {
	t.Helper()
	w.Wait()
	var out []string
	for _, c := range w.Callbacks() {
		var got struct {
			Data []struct {
				Type       string
				Attributes map[string]any
			}
		}
		if err := json.Unmarshal(c.Body, &got); err != nil {
			t.Fatal(err)
		}
		for _, d := range got.Data {
			a := d.Attributes
			if d.Type == "MessageStatus" {
				words := []string{"message", fmt.Sprint(a["messageStatus"])}
				for _, c := range a["channels"].([]any) {
					words = append(words, fmt.Sprint(c.(object)["channelStatus"]))
				}
				out = append(out, strings.Join(words, " "))
				continue
			}
			words := fmt.Sprint(a["cascadeType"], " ", a["cascadeOrder"], " ", a["channel"], " ", a["channelStatus"])
			if a["supplierStatus"] != nil {
				words += fmt.Sprint(" ", a["supplierStatus"])
			}
			out = append(out, words)
		}
	}
	return out
}

func TestAPlanOfTwoChannelsIsPlayedInTheirOrder(t *testing.T) {
	const app, texts, mails = `"nhsapp_body": "Hello"`, `"nhsapp_body": "Hello", "sms_body": "Hello"`,
		`"nhsapp_body": "Hello", "email_subject": "Hi", "email_body": "Hello"`
	arrived := "primary 1 nhsapp sending delivered"
	for _, c := range []struct {
		name, plan, fields string
		change             func(*notify.Notify)
		wait               time.Duration
		want               []string
		reached            []string // channels
	}{
		{"it waits for the patient to read it", "7", texts, nil, 4*time.Hour - time.Second, []string{arrived},
			[]string{"nhs_app"}},
		{"after four hours it goes by text", "7", texts, nil, 4 * time.Hour,
			[]string{arrived, "primary 1 nhsapp failed", "primary 2 sms delivered delivered",
				"message delivered failed delivered"}, []string{"nhs_app", "sms"}},
		{"after four hours it goes by e-mail", "5", mails, nil, 4 * time.Hour,
			[]string{arrived, "primary 1 nhsapp failed", "primary 2 email delivered delivered",
				"message delivered failed delivered"}, []string{"nhs_app", "email"}},
		{"or it waits for a day for e-mail", "4", mails, nil, 24*time.Hour - time.Second, []string{arrived},
			[]string{"nhs_app"}},
		{"or it waits for a day for text", "6", texts, nil, 24*time.Hour - time.Second, []string{arrived},
			[]string{"nhs_app"}},
		{"and goes by text after that", "6", texts, nil, 24 * time.Hour,
			[]string{arrived, "primary 1 nhsapp failed", "primary 2 sms delivered delivered",
				"message delivered failed delivered"}, []string{"nhs_app", "sms"}},
		{"what was read goes no further", "7", texts,
			func(n *notify.Notify) { n.Scripts = map[string]inbox.Script{"9991000003": inbox.Read} }, 48 * time.Hour,
			[]string{arrived, "primary 1 nhsapp delivered read", "primary 2 sms skipped", "message delivered delivered skipped"},
			[]string{"nhs_app"}},
		{"without the NHS App it goes on at once", "7", texts,
			func(n *notify.Notify) { n.Scripts = map[string]inbox.Script{"9991000003": inbox.Bounced} }, 0,
			[]string{"primary 1 nhsapp failed permanent_failure", "primary 2 sms delivered delivered",
				"message delivered failed delivered"}, []string{"sms"}},
		{"it fails when both channels do", "7", texts, func(n *notify.Notify) { n.Contact = nil }, 4 * time.Hour,
			[]string{arrived, "primary 1 nhsapp failed", "primary 2 sms failed", "message failed failed failed"},
			[]string{"nhs_app"}},
		{"a field of another plan is none of this one", "7", `"body": "Hello", "sms_body": "Hello"`, nil, 4 * time.Hour,
			[]string{"message failed created created"}, nil},
		{"the second channel's field must be there too", "7", app, nil, 4 * time.Hour,
			[]string{"message failed created created"}, nil},
		{"an e-mail needs its subject", "5", `"nhsapp_body": "Hello", "email_body": "Hello"`, nil, 4 * time.Hour,
			[]string{"message failed created created"}, nil},
		{"and none of them may be too long", "7", `"nhsapp_body": "Hello", "sms_body": "` + strings.Repeat("x", 919) + `"`,
			nil, 0, []string{"message failed created created"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter,
				_ *http.Request) {
				rw.WriteHeader(http.StatusAccepted)
			}))
			defer desk.Close()
			w := build(t, c.change)
			w.CallbackURL = desk.URL
			body := `{"data": {"type": "Message", "attributes": {"routingPlanId": "` + plans + c.plan +
				`", "messageReference": "r1",
				"recipient": {"nhsNumber": "9991000003"}, "personalisation": {` + c.fields + `}}}}`
			a := w.do(t, http.MethodPost, messages, body)
			if a.status != http.StatusCreated {
				t.Fatalf("%d %v", a.status, a.codes)
			}
			w.mu.Lock()
			w.at = w.at.Add(c.wait)
			w.mu.Unlock()
			for range 2 { // twice is once
				w.Play()
			}
			if got := w.told(t); !slices.Equal(got, c.want) {
				t.Errorf("told %q", got)
			}
			var reached []string
			for _, i := range w.box.Items() {
				reached = append(reached, i.Channel)
			}
			slices.Reverse(reached) // the newest comes first
			if !slices.Equal(reached, c.reached) {
				t.Errorf("it went by %q", reached)
			}
			id := a.body["data"].(object)["id"].(string)
			channels := w.do(t, http.MethodGet, messages+"/"+id,
				"").body["data"].(object)["attributes"].(object)["channels"].([]any)
			for i, channel := range channels {
				if o := channel.(object); len(channels) != 2 || o["cascadeType"] != "primary" || o["cascadeOrder"] != float64(i+1) {
					t.Errorf("channel %d is %v", i, o)
				}
			}
		})
	}
}
