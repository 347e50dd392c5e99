package stripe_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/stripe"
	"frontdesk/core/payment"
	sim "frontdesk/sim/stripe"
)

const told = `{"id":"evt_1","object":"event","api_version":"2025-01-01.acacia","type":"charge.refunded",` +
	`"data":{"object":{"id":"ch_1","object":"charge","payment_intent":"pi_1"}}}`

func TestOnlyWhatStripeSignedJustNowIsHeard(t *testing.T) {
	_, c := account(t)
	body := []byte(told)
	e, err := c.Event(body, sim.Sign("whsec_1", noon, body))
	if err != nil || e.ID != "evt_1" || e.Intent != "pi_1" || e.Object != "" {
		t.Fatalf("%+v %v", e, err)
	}
	// While a secret is changed, Stripe signs with both.
	both := sim.Sign("whsec_1", noon, body) + ",v1=00,v0=00"
	if _, err := c.Event(body, both); err != nil {
		t.Errorf("two signatures: %v", err)
	}
	for what, signature := range map[string]string{
		"none":                "",
		"another secret":      sim.Sign("whsec_2", noon, body),
		"another body":        sim.Sign("whsec_1", noon, []byte("{}")),
		"six minutes ago":     sim.Sign("whsec_1", noon.Add(-6*time.Minute), body),
		"in six minutes":      sim.Sign("whsec_1", noon.Add(6*time.Minute), body),
		"a time put before":   "t=1," + sim.Sign("whsec_1", noon.Add(-time.Hour), body),
		"a time put after it": sim.Sign("whsec_1", noon.Add(-time.Hour), body) + ",t=" + "1925467200",
	} {
		if _, err := c.Event(body, signature); !errors.Is(err, payment.ErrSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
	unset, err := stripe.New(stripe.Settings{BaseURL: stripe.API, Key: "sk_test_1"},
		func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unset.Event(body, sim.Sign("", noon, body)); !errors.Is(err, payment.ErrSignature) {
		t.Errorf("without a secret: %v", err)
	}
}

func TestWhatAnEventIsAbout(t *testing.T) {
	_, c := account(t)
	for object, want := range map[string][2]string{
		`{"id":"cs_1","object":"checkout.session","payment_intent":"pi_1"}`:        {"cs_1", "pi_1"},
		`{"id":"in_1","object":"invoice"}`:                                         {"in_1", ""},
		`{"id":"cn_1","object":"credit_note","invoice":"in_1"}`:                    {"in_1", ""},
		`{"id":"inpay_1","object":"invoice_payment","invoice":"in_1"}`:             {"in_1", ""},
		`{"id":"re_1","object":"refund","payment_intent":"pi_1"}`:                  {"", "pi_1"},
		`{"id":"pi_1","object":"payment_intent"}`:                                  {"", "pi_1"},
		`{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1"}}`:           {"", ""},
		`{"id":"cn_1","object":"credit_note","invoice":{"id":"in_1"},"refund":""}`: {"", ""},
	} {
		body := []byte(`{"id":"evt_1","object":"event","type":"x","data":{"object":` + object + `}}`)
		e, err := c.Event(body, sim.Sign("whsec_1", noon, body))
		if err != nil || e.Object != want[0] || e.Intent != want[1] {
			t.Errorf("%s: %q %q %v", object, e.Object, e.Intent, err)
		}
	}
}

func TestAnEventWithIDsThatCannotBeKeptIsRefused(t *testing.T) {
	_, c := account(t)
	long := strings.Repeat("p", 256)
	for what, rest := range map[string]string{
		"a control character in its id":    `"id":"evt\u0000","data":{"object":{}}`,
		"a control character in its type":  `"id":"evt_1","type":"a\u0000","data":{"object":{}}`,
		"a control character in a page":    `"id":"evt_1","data":{"object":{"id":"cs\u0000","object":"checkout.session"}}`,
		"a control character in a payment": `"id":"evt_1","data":{"object":{"payment_intent":"pi\u0000"}}`,
		"a long id of a payment":           `"id":"evt_1","data":{"object":{"payment_intent":"` + long + `"}}`,
		"a long id of an invoice":          `"id":"evt_1","data":{"object":{"id":"` + long + `","object":"invoice"}}`,
	} {
		body := `{"object":"event",` + rest + `}`
		if e, err := c.Event([]byte(body), sim.Sign("whsec_1", noon, []byte(body))); !errors.Is(err,
			payment.ErrSignature) {
			t.Errorf("%s: %+v %v", what, e, err)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(told))
	f.Add([]byte(`{"object":"event","data":null}`))
	f.Add([]byte(`{"id":"evt_1","object":"event","data":{"object":{"payment_intent":{"id":"pi_1"}}}}`))
	c, err := stripe.New(stripe.Settings{BaseURL: stripe.API, Key: "sk_test_1", WebhookSecret: "whsec_1"},
		func() time.Time { return noon })
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if e, err := c.Event(body, sim.Sign("whsec_1", noon, body)); err == nil && (e.ID == "" || len(e.ID) > 255) {
			t.Errorf("%+v", e)
		}
	})
}
