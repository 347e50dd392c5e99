package e2e

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/graph/wire"
	"frontdesk/sim/stripe"
	"frontdesk/test/wait"
)

// paidAs waits until an invoice has a status and an amount paid less what was refunded.
func (p *till) paidAs(invoice, status string, paid, refunded float64) answer {
	p.t.Helper()
	var a answer
	wait.Until(p.t, "the invoice to be "+status, func() bool {
		a = p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil)
		return a.str("status") == status && a.Body["amount_paid"] == paid && a.Body["amount_refunded"] == refunded
	})
	return a
}

// pageOf is the page on which an invoice is paid, and the provider's id of it.
func (p *till) pageOf(invoice string) (page, session string) {
	p.t.Helper()
	a := p.ok("POST", "/v1/invoicing/invoices/"+invoice+"/payment_link", map[string]any{"currency": "gbp"})
	return a.str("url"), a.str("url")[strings.LastIndex(a.str("url"), "/")+1:]
}

// card types a card into a payment page, good until 2034 and with a security code unless it says otherwise, and gives
// the status and the code of a refusal, with what the card's bank says where that is known.
func (p *till) card(page string, c stripe.Card) (status int, why string) {
	p.t.Helper()
	noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	res, err := noRedirect.PostForm(page, url.Values{"card": {c.Number}, "expiry": {cmp.Or(c.Expiry, "12/34")},
		"cvc": {cmp.Or(c.CVC, "123")}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if said := refusedCard.FindStringSubmatch(string(text)); said != nil {
		why = strings.TrimSpace(said[1] + " " + said[2])
	}
	return res.StatusCode, why
}

var refusedCard = regexp.MustCompile(`data-code="([a-z_]*)" data-decline-code="([a-z_]*)"`)

// TestACardThatIsRefusedIsNotCharged tries Stripe's test cards, and what is typed wrongly, on one page, and then one
// that pays: the patient is charged once, and the appointment's invoice is paid once.
func TestACardThatIsRefusedIsNotCharged(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		invoice, _ := p.owes(p.patient(), 40, 0)
		page, _ := p.pageOf(invoice)
		for _, one := range []struct {
			card stripe.Card
			why  string
		}{
			{stripe.Card{Number: "4000 0000 0000 0002"}, "card_declined generic_decline"},
			{stripe.Card{Number: "4000000000009995"}, "card_declined insufficient_funds"},
			{stripe.Card{Number: "4000 0000 0000 9987"}, "card_declined lost_card"},
			{stripe.Card{Number: "4000 0000 0000 0069"}, "expired_card"},
			{stripe.Card{Number: "4000 0000 0000 0127"}, "incorrect_cvc"},
			{stripe.Card{Number: "4000 0000 0000 0119"}, "processing_error"},
			{stripe.Card{Number: "4242 4242 4242 4241"}, "incorrect_number"},
			{stripe.Card{Number: "good"}, "incorrect_number"},
			{stripe.Card{Number: "4539 1488 0343 6467"}, "card_declined test_mode_live_card"}, // passes its check digit
			{stripe.Card{Number: stripe.GoodCard, Expiry: "12/30"}, "invalid_expiry_year"},
			{stripe.Card{Number: stripe.GoodCard, Expiry: "13/31"}, "invalid_expiry_month"},
			{stripe.Card{Number: stripe.GoodCard, CVC: "12"}, "invalid_cvc"},
		} {
			if status, why := p.card(page, one.card); status != http.StatusPaymentRequired || why != one.why {
				t.Errorf("%+v: %d %q, not %q", one.card, status, why, one.why)
			}
		}
		if taken := p.bank.Intents(); len(taken) != 0 {
			t.Fatalf("%v were charged", taken)
		}
		p.paidAs(invoice, "open", 0, 0)
		for i := range 60 {
			p.clock.move(time.Minute) // the page is asked about meanwhile, and stays
			if now, _ := p.pageOf(invoice); now != page {
				t.Fatalf("after %d minutes there is another page: %s", i, now)
			}
		}
		if status, why := p.card(page, stripe.Card{Number: stripe.GoodCard}); status != http.StatusSeeOther {
			t.Fatalf("a good card: %d %s", status, why)
		}
		if status, _ := p.card(page, stripe.Card{Number: stripe.GoodCard}); status != http.StatusGone {
			t.Errorf("the page is paid a second time: %d", status)
		}
		a := p.paidAs(invoice, "paid", 4000, 0)
		if all, _ := a.Body["payments"].([]any); len(all) != 1 || len(p.bank.Intents()) != 1 {
			t.Errorf("%v was charged for %s", p.bank.Intents(), a.Text)
		}
	})
}

func TestAPatientPaysAndIsRefunded(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		invoice, _ := p.owes(p.patient(), 40, 20)
		page, session := p.pageOf(invoice)
		if again, _ := p.pageOf(invoice); again != page {
			t.Errorf("another page for the same amount: %s", again)
		}
		if got, _ := p.card(page, stripe.Card{Number: "4000 0000 0000 0002"}); got != http.StatusPaymentRequired {
			t.Fatalf("a card that is declined: %d", got)
		}
		if got, _ := p.card(page, stripe.Card{Number: stripe.GoodCard}); got != http.StatusSeeOther {
			t.Fatalf("a card that is good: %d", got)
		}
		a := p.paidAs(invoice, "paid", 4800, 0)
		intent := p.bank.Intents()[0]
		if dig(a.Body, "payments", 0, "stripe_id") != intent || dig(a.Body, "payments", 0, "source") != "Stripe" {
			t.Errorf("%s", a.Text)
		}
		// The other API shows the same.
		shown := p.graph(`{ invoice(id: %q) { paidOrOutstanding payments { id paymentAmount paymentSource } } }`,
			coded(wire.KindInvoice, invoice))
		payment, _ := dig(shown, "payments", 0, "id").(string)
		if shown["paidOrOutstanding"] != "Paid" || dig(shown, "payments", 0, "paymentAmount") != 48.0 {
			t.Errorf("%v", shown)
		}
		// It cannot be changed by hand into something that Stripe did not do.
		_, refused := p.graphQL(p.token, `mutation { deleteInvoicePayment(invoiceId: "`+
			coded(wire.KindInvoice, invoice)+`", invoicePaymentId: "`+payment+`") { error } }`)
		if !strings.Contains(refused.Text, "payment provider") {
			t.Errorf("%s", refused.Text)
		}
		p.bank.Refund(intent, 1800)
		p.paidAs(invoice, "open", 4800, 1800)
		// Everything told again, in the other order, changes nothing.
		all := p.bank.Events()
		for i := range all {
			if status, err := p.bank.Deliver(all[len(all)-1-i]); err != nil || status != http.StatusOK {
				t.Fatal(status, err)
			}
		}
		p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/invoicing/invoices/"+invoice+"/payment_link",
			map[string]any{"currency": "usd"})
		_, second := p.pageOf(invoice) // for what is due again
		if second == session || !p.bank.Pay(second) {
			t.Error("the rest has no page of its own")
		}
		if a := p.paidAs(invoice, "paid", 6600, 1800); len(a.Body["payments"].([]any)) != 2 {
			t.Errorf("%s", a.Text)
		}
		p.refused(http.StatusConflict, "nothing_to_pay", "POST", "/v1/invoicing/invoices/"+invoice+"/payment_link", nil)
	})
}

func TestWhatStripeDoesNotTellIsAskedFor(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		p.bank.Held = true
		invoice, _ := p.owes(p.patient(), 40, 0)
		_, session := p.pageOf(invoice)
		p.bank.Pay(session)
		for range 60 {
			p.clock.move(time.Minute) // which the round of what is due goes by
		}
		p.paidAs(invoice, "paid", 4000, 0)
		// A refund is told before the payment it is of, and a stranger's events are refused.
		other, _ := p.owes(p.patient(), 10, 0)
		_, session = p.pageOf(other)
		p.bank.Pay(session)
		before := len(p.bank.Events())
		for _, intent := range p.bank.Intents() {
			if p.bank.Refund(intent, 1000) != "" {
				break
			}
		}
		told := p.bank.Events()[before:]
		for what, signature := range map[string]string{"no signature": "",
			"a stranger's": stripe.Sign("whsec_stranger", p.clock.Now(), told[0].Body),
			"an old one":   stripe.Sign(stripeSecret, p.clock.Now().Add(-time.Hour), told[0].Body),
			"a coming one": stripe.Sign(stripeSecret, p.clock.Now().Add(time.Hour), told[0].Body)} {
			if status, err := p.bank.Post(told[0].Body, signature); err != nil || status != http.StatusBadRequest {
				t.Errorf("%s: %d %v", what, status, err)
			}
		}
		for _, e := range told {
			if status, err := p.bank.Deliver(e); err != nil || status != http.StatusOK {
				t.Errorf("%s: %d %v", e.Type, status, err)
			}
		}
		wait.Until(t, "the refund to be recorded", func() bool {
			a := p.ok("GET", "/v1/invoicing/invoices?page_size=10", nil)
			sum := 0.0
			for _, i := range a.data() {
				sum += i["amount_refunded"].(float64)
			}
			return sum == 1000
		})
		p.bank.WebhookURL = p.app.URL() + "/callbacks/stripe/zz"
		if status, _ := p.bank.Deliver(told[0]); status != http.StatusNotFound {
			t.Errorf("a practice that there is not: %d", status)
		}
	})
}

func TestAPageIsForWhatIsDue(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		invoice, product := p.owes(p.patient(), 40, 0)
		_, first := p.pageOf(invoice)
		p.graph(`mutation { addLineItem(invoiceId: %q, lineItemData: {date: "2031-01-06", productId: %q, quantity: 1}) {
			data { id } error } }`, coded(wire.KindInvoice, invoice), coded(wire.KindProduct, product))
		_, second := p.pageOf(invoice)
		if second == first || p.bank.Pay(first) {
			t.Fatal("the page for what was due before can still be paid")
		}
		// Paid at the desk meanwhile: what was paid twice is not lost.
		p.graph(`mutation { addInvoicePayment(invoiceId: %q, paymentData: {paymentAmount: 80, paymentTypeId: %q,
			paymentDate: "2031-01-06"}) { data { id } error } }`, coded(wire.KindInvoice, invoice), p.cash())
		if !p.bank.Pay(second) {
			t.Fatal("the page cannot be paid")
		}
		wait.Until(t, "staff to have a task about it", func() bool {
			_, a := p.graphQL(p.token, `{ tasks { data { id comments } } }`)
			return strings.Contains(a.Text, "pi_test_")
		})
		p.paidAs(invoice, "paid", 8000, 0)
		small, _ := p.owes(p.patient(), 0.2, 0)
		p.refused(http.StatusConflict, "amount_too_small", "POST", "/v1/invoicing/invoices/"+small+"/payment_link", nil)
		p.ok("PATCH", "/v1/invoicing/invoices/"+small, map[string]any{"status": "void"})
		p.refused(http.StatusConflict, "invoice_cancelled", "POST", "/v1/invoicing/invoices/"+small+"/payment_link", nil)
	})
}

func TestAnAnswerOfStripesThatIsLostMakesOnePage(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		invoice, _ := p.owes(p.patient(), 40, 0)
		p.bank.Fail(stripe.Trouble{Status: 500}, stripe.Trouble{Cut: true}, stripe.Trouble{Status: 503})
		var a answer
		wait.Until(t, "Stripe to answer", func() bool {
			a = p.ask("POST", "/v1/invoicing/invoices/"+invoice+"/payment_link", nil)
			return a.Status == http.StatusOK
		})
		_, session := p.pageOf(invoice)
		if !strings.HasSuffix(a.str("url"), session) {
			t.Errorf("%s is another page than %s", a.str("url"), session)
		}
		p.bank.Pay(session)
		p.paidAs(invoice, "paid", 4000, 0)
		if taken := p.bank.Taken("frontdesk_request"); len(taken) != 1 {
			t.Errorf("%v was taken", taken)
		}
	})
}

// paidAt holds both APIs to showing where an invoice can be paid; nil is nowhere.
func (p *till) paidAt(invoice string, want any) {
	p.t.Helper()
	there := p.graph(`{ invoice(id: %q) { paymentLinkUrl } }`, coded(wire.KindInvoice, invoice))["paymentLinkUrl"]
	here := p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil).Body["payment_url"]
	if here != want || there != want {
		p.t.Errorf("it is paid at %v over REST, and at %v over GraphQL, not at %v", here, there, want)
	}
}

func TestWhereAnInvoiceIsPaidIsShownByBothAPIs(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		invoice, product := p.owes(p.patient(), 40, 20)
		p.paidAt(invoice, nil)
		page, _ := p.pageOf(invoice)
		p.paidAt(invoice, page)
		p.graph(`mutation { addLineItem(invoiceId: %q, lineItemData: {date: "2031-01-06", productId: %q, quantity: 1}) {
			data { id } error } }`, coded(wire.KindInvoice, invoice), coded(wire.KindProduct, product))
		p.paidAt(invoice, nil) // the page is for less
		page, session := p.pageOf(invoice)
		p.paidAt(invoice, page)
		if !p.bank.Pay(session) {
			t.Fatal("the page cannot be paid")
		}
		p.paidAs(invoice, "paid", 9600, 0)
		p.paidAt(invoice, nil)
		other, _ := p.owes(p.patient(), 40, 20)
		page, _ = p.pageOf(other)
		p.paidAt(other, page)
		p.clock.move(23 * time.Hour)
		p.paidAt(other, nil) // it has run out
	})
}

func TestAnInvoiceOfStripesIsLinkedToAnAppointment(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		appointment := p.booked(0)
		body := func(invoice string) map[string]any {
			return map[string]any{"stripe_invoice_id": invoice, "appointment_id": appointment}
		}
		const path = "/v1/invoicing/invoices/link"
		p.refused(http.StatusNotFound, "stripe_invoice_not_found", "POST", path, body("in_test_none"))
		p.refused(http.StatusConflict, "currency_not_gbp", "POST", path, body(p.bank.AddInvoice("cus_1", "usd", 5000, 0)))
		p.refused(http.StatusConflict, "invoice_totals_differ", "POST", path,
			body(p.bank.AddInvoice("cus_1", "gbp", 5000, 999)))
		there := p.bank.AddInvoice("cus_1", "gbp", 5000, 0)
		made := p.ok("POST", path, body(there))
		for field, want := range map[string]any{"stripe_id": there, "customer_id": "cus_1", "status": "open",
			"subtotal": 5000.0, "amount_due": 5000.0} {
			if made.Body[field] != want {
				t.Errorf("%s is %v, not %v", field, made.Body[field], want)
			}
		}
		if again := p.ok("POST", path, body(there)); again.str("id") != made.str("id") {
			t.Errorf("linked again it is another: %s", again.Text)
		}
		p.refused(http.StatusConflict, "stripe_invoice_linked", "POST", path,
			body(p.bank.AddInvoice("cus_1", "gbp", 5000, 0)))
		if page, _ := p.pageOf(made.str("id")); page != p.bank.Base+"/invoices/"+there {
			t.Errorf("it is paid at %s", page)
		}
		intent := p.bank.PayInvoice(there)
		p.paidAs(made.str("id"), "paid", 5000, 0)
		// A refund names the payment alone, which this program did not make: its invoice is asked for.
		p.bank.Refund(intent, 2000)
		p.paidAs(made.str("id"), "open", 5000, 2000)
		for _, e := range p.bank.Events() {
			if status, err := p.bank.Deliver(e); err != nil || status != http.StatusOK {
				t.Fatal(status, err)
			}
		}
		// One without an event is found within a day.
		p.bank.Held = true
		p.bank.Refund(intent, 3000)
		p.clock.move(25 * time.Hour)
		p.paidAs(made.str("id"), "open", 5000, 5000)
		p.refused(http.StatusNotFound, "appointment_not_found", "POST", path,
			map[string]any{"stripe_invoice_id": there, "appointment_id": "1"})
		changed := p.ok("PATCH", "/v1/invoicing/invoices/"+made.str("id"), map[string]any{"comments": "Sent twice."})
		if changed.str("comments") != "Sent twice." {
			t.Errorf("%s", changed.Text)
		}
	})
}
