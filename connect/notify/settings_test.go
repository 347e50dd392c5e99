package notify_test

import (
	"strings"
	"testing"

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	sim "frontdesk/sim/notify"
)

func TestTheSettingsAreChecked(t *testing.T) {
	good := notify.Settings{BaseURL: "https://api.example/comms", TokenURL: "https://api.example/oauth2/token",
		APIKey: "a", KeyID: "k", Key: key(), ODSCode: " z99001 "}
	for _, c := range []struct {
		name   string
		change func(*notify.Settings)
		ok     bool
	}{
		{"all is well", func(*notify.Settings) {}, true},
		{"the sandbox without a token",
			func(s *notify.Settings) { *s = notify.Settings{BaseURL: "https://sandbox.example/comms"} }, true},
		{"no address", func(s *notify.Settings) { s.BaseURL = "" }, false},
		{"an open line", func(s *notify.Settings) { s.BaseURL = "http://api.example/comms" }, false},
		{"an open line for tokens", func(s *notify.Settings) { s.TokenURL = "http://api.example/token" }, false},
		{"no API key", func(s *notify.Settings) { s.APIKey = "" }, false},
		{"no key id", func(s *notify.Settings) { s.KeyID = "" }, false},
		{"no key", func(s *notify.Settings) { s.Key = nil }, false},
		{"a wrong ODS code", func(s *notify.Settings) { s.ODSCode = "Z!" }, false},
		{"half of what callbacks need", func(s *notify.Settings) { s.CallbackKey = "a" }, false},
		{"a plan", func(s *notify.Settings) {
			s.Plans = map[carrier.Channel]string{carrier.SMS: "b838b13c-f98c-4def-93f0-515d4e4f4ee1"}
		}, true},
		{"a plan that is none", func(s *notify.Settings) { s.Plans = map[carrier.Channel]string{carrier.SMS: "plan"} },
			false},
		{"a plan for our own page", func(s *notify.Settings) {
			s.Plans = map[carrier.Channel]string{carrier.Hero: "b838b13c-f98c-4def-93f0-515d4e4f4ee1"}
		}, false},
		{"a negative rate", func(s *notify.Settings) { s.PerSecond = -1 }, false},
	} {
		s := good
		c.change(&s)
		if _, err := notify.New(s, notify.Options{}); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestAPlanMayBeReplaced(t *testing.T) {
	const plan = "b838b13c-f98c-4def-93f0-515d4e4f4ee1"
	w := build(t, func(o *options) {
		o.settings.Plans = map[carrier.Channel]string{carrier.SMS: plan}
		o.change = func(n *sim.Notify) {
			n.Plans = map[string]sim.Plan{plan: {Channel: "sms", Text: "sms_body", Most: 918}}
		}
	})
	if _, err := w.carrier.Send(t.Context(), text("leg-1", "Hello")); err != nil {
		t.Error(err)
	}
	if _, err := w.carrier.Send(t.Context(), mail("leg-2")); outcome(err) != "refused CM_NO_SUCH_ROUTING_PLAN" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(w.log.String(), "CM_NO_SUCH_ROUTING_PLAN") {
		t.Error("that a plan is missing is not in the log")
	}
}
