package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/connect/stripe"
	"frontdesk/core/fault"
	"frontdesk/core/payment"
	sim "frontdesk/sim/stripe"
)

var noon = time.Date(2031, 1, 6, 12, 0, 0, 0, time.UTC)

// account is a simulated account at Stripe, and a client of it.
func account(t *testing.T) (*sim.Stripe, *stripe.Client) {
	t.Helper()
	s := sim.New("sk_test_1", "whsec_1", func() time.Time { return noon })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Base = server.URL
	return s, client(t, server.URL, "sk_test_1")
}

func client(t *testing.T, address, key string) *stripe.Client {
	t.Helper()
	c, err := stripe.New(stripe.Settings{BaseURL: address, Key: key, WebhookSecret: "whsec_1",
		Return: "https://desk.example.org/paid"}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	good := stripe.Settings{BaseURL: stripe.API, Key: "rk_live_a", WebhookSecret: "whsec_a"}
	for what, break_ := range map[string]func(*stripe.Settings){
		"no key":              func(s *stripe.Settings) { s.Key = "" },
		"a publishable key":   func(s *stripe.Settings) { s.Key = "pk_live_a" },
		"another secret":      func(s *stripe.Settings) { s.WebhookSecret = "sk_live_a" },
		"a key on open lines": func(s *stripe.Settings) { s.BaseURL = "http://api.stripe.com" },
		"a return in clear":   func(s *stripe.Settings) { s.Return = "http://desk.example.org" },
	} {
		s := good
		if break_(&s); s.Check() == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func TestCouponsOfAnotherCurrencyAreLeftOut(t *testing.T) {
	s, c := account(t)
	s.AddCoupon("TENTH", "A tenth off", "", 0, 12.5, "prod_1")
	s.AddCoupon("FIVER", "Five pounds off", "gbp", 500, 0)
	s.AddCoupon("BUCK", "A dollar off", "usd", 100, 0)
	got, err := c.Coupons(t.Context())
	if err != nil || len(got) != 2 || got[0].PercentOff != 12.5 || len(got[0].AppliesTo) != 1 ||
		got[1].AmountOff != 500 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestThePaymentOfAnInvoiceLeadsToIt(t *testing.T) {
	s, c := account(t)
	for range 2 {
		of := s.AddInvoice("cus_1", "gbp", 5000, 0)
		if got, err := c.PaidFor(t.Context(), 1, s.PayInvoice(of)); err != nil || got.Invoice != of || got.Request != 0 {
			t.Errorf("%+v %v, not %q", got, err, of)
		}
	}
}

func TestACustomerIsMadeOnceAndFound(t *testing.T) {
	s, c := account(t)
	card := s.AddCard("visa", "4242", 8, 2034)
	n := payment.Customer{Name: `Ada "Al" Byron`, Email: "ada@example.org", Methods: []payment.Method{{ID: card}}}
	made, err := c.CreateCustomer(t.Context(), "k", n)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.CreateCustomer(t.Context(), "k", n); err != nil || again.ID != made.ID {
		t.Errorf("%+v %v", again, err)
	}
	n.Name = "Another"
	if _, err := c.CreateCustomer(t.Context(), "k", n); !errors.Is(err, payment.ErrRefused) {
		t.Errorf("another customer under the same key: %v", err)
	}
	for query, want := range map[string]int{"al\" by": 1, "BYRON": 1, "ada@": 1, "zz": 0, `" OR name~"ada`: 0,
		`byron\`: 0} {
		if got, err := c.Customers(t.Context(), query); err != nil || len(got) != want {
			t.Errorf("%s: %+v %v", query, got, err)
		}
	}
	methods, err := c.Methods(t.Context(), made.ID)
	if err != nil || len(methods) != 1 || methods[0] != (payment.Method{ID: card, Type: "card", Brand: "visa",
		Last4: "4242", Month: 8, Year: 2034, Default: true}) {
		t.Errorf("%+v %v", methods, err)
	}
}

// TestFailuresSayWhetherToAskAgain holds what each failure becomes, and that nothing of it is told.
func TestFailuresSayWhetherToAskAgain(t *testing.T) {
	s, _ := account(t)
	n := payment.Customer{Name: "Ada"}
	for _, f := range []struct {
		trouble sim.Trouble
		want    error
	}{{sim.Trouble{Status: 500}, payment.ErrDown}, {sim.Trouble{Status: 503}, payment.ErrDown},
		{sim.Trouble{Status: 429}, payment.ErrDown}, {sim.Trouble{Status: 409}, payment.ErrDown},
		{sim.Trouble{Cut: true}, payment.ErrDown}, {sim.Trouble{Status: 402}, payment.ErrRefused}} {
		s.Fail(f.trouble)
		before := s.Asked("POST /v1/customers")
		// Over a connection that was used before, a request with a key may be sent again under the same key.
		c := client(t, s.Base, "sk_test_1")
		_, err := c.CreateCustomer(t.Context(), fmt.Sprint("key", f.trouble), n)
		if !errors.Is(err, f.want) || strings.Contains(err.Error(), "Ada") {
			t.Errorf("%+v: %v", f.trouble, err)
		}
		if asked := s.Asked("POST /v1/customers") - before; asked != 1 {
			t.Errorf("%+v: asked %d times", f.trouble, asked)
		}
	}
	if _, err := client(t, s.Base, "sk_test_2").Coupons(t.Context()); !errors.Is(err, payment.ErrRefused) ||
		fault.Of(err).Kind != fault.Conflict {
		t.Errorf("another key: %v", err)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`<html>`))
	}))
	defer broken.Close()
	if _, err := client(t, broken.URL, "sk_test_1").Coupons(t.Context()); !errors.Is(err, payment.ErrDown) {
		t.Errorf("an answer that is no JSON: %v", err)
	}
}
