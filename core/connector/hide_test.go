package connector_test

import (
	"testing"

	"frontdesk/core/connector"
)

func TestAddressesAreShownWithoutCredentials(t *testing.T) {
	for given, want := range map[string]string{
		"https://gateway.example/sms":                     "https://gateway.example/sms",
		"https://user:pass@gateway.example/sms":           "https://***@gateway.example/sms",
		"https://us%40er:p@ss@gateway.example":            "https://***@gateway.example",
		"https://token@gateway.example/a@b":               "https://***@gateway.example/a@b",
		"https://gateway.example/sms?to=1&api_key=k1&x=2": "https://gateway.example/sms?to=1&api_key=***&x=2",
		"https://gateway.example/?Access-Token=abc#part":  "https://gateway.example/?Access-Token=***#part",
		`{"url":"https://u:p@h.example/?a=1\u0026secret=s\u0026b=2"}`: `{"url":` +
			`"https://***@h.example/?a=1\u0026secret=***\u0026b=2"}`,
		`parse "https://user:pa ss@h.example": invalid`: `parse "https://***@h.example": invalid`,
		"desk@example.org": "desk@example.org",
		"":                 "",
	} {
		if got := connector.Hide(given); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
	c := connector.Connector{Settings: map[string]string{"url": "https://u:p@h.example"},
		Secrets: map[string]string{"secret": "s"}, Sealed: []byte{1}}
	if s := c.Shown(); s.Settings["url"] != "https://***@h.example" || s.Secrets != nil || s.Sealed != nil ||
		c.Settings["url"] != "https://u:p@h.example" {
		t.Errorf("%+v, %+v", s, c)
	}
}
