package stripe

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

var sessionParams = []string{"mode", "client_reference_id", "customer", "success_url", "cancel_url", "expires_at",
	"payment_method_types*", "adaptive_pricing[enabled]", "metadata*", "payment_intent_data[metadata]*",
	"line_items[0][quantity]", "line_items[0][price_data][currency]", "line_items[0][price_data][unit_amount]",
	"line_items[0][price_data][product_data][name]", "expand*"}

// currencies are some of those that Stripe takes.
var currencies = []string{"gbp", "usd", "eur"}

// least is the smallest amount Stripe charges in pounds, in pence:
// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
const least = 30

// wanted checks the parameters of a payment page.
func (s *Stripe) wanted(v url.Values) (amount int64, currency string, until int64, wrong *problem) {
	currency = v.Get("line_items[0][price_data][currency]")
	amount, err := strconv.ParseInt(v.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	back, _ := url.Parse(v.Get("success_url"))
	switch {
	case v.Get("mode") != "payment":
		return 0, "", 0, invalid("mode", "You must provide a mode.")
	case v.Get("line_items[0][quantity]") != "1":
		return 0, "", 0, invalid("line_items[0][quantity]", "A quantity is required.")
	case !slices.Contains(currencies, currency):
		return 0, "", 0, invalid("currency", "Invalid currency: "+currency)
	case err != nil || amount < 0:
		return 0, "", 0, invalid("line_items[0][price_data][unit_amount]", "This value must be 0 or more.")
	case amount < least:
		return 0, "", 0, &problem{http.StatusBadRequest, "invalid_request_error", "amount_too_small", "",
			"The Checkout Session's total amount must convert to at least 30 pence."}
	case v.Get("line_items[0][price_data][product_data][name]") == "":
		return 0, "", 0, invalid("line_items[0][price_data][product_data][name]", "A name is required.")
	case back == nil || back.Host == "":
		return 0, "", 0, invalid("success_url", "Not a valid URL")
	}
	until = s.Now().Add(24 * time.Hour).Unix()
	if text := v.Get("expires_at"); text != "" {
		until, err = strconv.ParseInt(text, 10, 64)
		low, high := s.Now().Add(30*time.Minute).Unix(), s.Now().Add(24*time.Hour).Unix()
		if err != nil || until < low || until > high {
			return 0, "", 0, invalid("expires_at",
				"The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from now.")
		}
	}
	if id := v.Get("customer"); id != "" {
		if _, wrong := s.customer(id); wrong != nil {
			return 0, "", 0, wrong
		}
	}
	return amount, currency, until, nil
}

func metadata(v url.Values, prefix string) object {
	out := object{}
	for name, all := range v {
		if in, ok := strings.CutPrefix(name, prefix+"["); ok && len(all) > 0 {
			out[strings.TrimSuffix(in, "]")] = all[0]
		}
	}
	return out
}

func openSession(s *Stripe, r request) (object, *problem) {
	amount, currency, until, wrong := s.wanted(r.values)
	if wrong != nil {
		return nil, wrong
	}
	id := s.id("cs")
	o := object{"id": id, "object": "checkout.session", "mode": "payment", "status": "open",
		"payment_status": "unpaid", "amount_total": amount, "amount_subtotal": amount, "currency": currency,
		"url": s.Base + "/pay/" + id, "payment_intent": nil, "metadata": metadata(r.values, "metadata"),
		"customer": nil, "client_reference_id": r.values.Get("client_reference_id"), "expires_at": until,
		"created": s.Now().Unix(), "success_url": r.values.Get("success_url"),
		"cancel_url": r.values.Get("cancel_url"), "livemode": false,
		"intent_metadata": metadata(r.values, "payment_intent_data[metadata]")}
	if c := r.values.Get("customer"); c != "" {
		o["customer"] = c
	}
	s.sessions[id] = o
	return s.shown(o, false), nil
}

// shown is a payment page as it is answered.
func (s *Stripe) shown(o object, expand bool) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	delete(out, "intent_metadata")
	if o.text("status") != "open" {
		out["url"] = nil
	}
	if p, ok := s.intents[o.text("payment_intent")]; ok && expand {
		out["payment_intent"] = p
	}
	return out
}

// session finds a payment page, which has run out when its time is up.
func (s *Stripe) session(id string) (object, *problem) {
	o, ok := s.sessions[id]
	if !ok {
		return nil, missing("checkout.session", id)
	}
	if o.text("status") == "open" && s.Now().Unix() >= o.whole("expires_at") {
		o["status"] = "expired"
		s.happened("checkout.session.expired", s.shown(o, false))
	}
	return o, nil
}

func getSession(s *Stripe, r request) (object, *problem) {
	o, wrong := s.session(r.id)
	if wrong != nil {
		return nil, wrong
	}
	return s.shown(o, len(r.values) > 0), nil
}

func expireSession(s *Stripe, r request) (object, *problem) {
	o, wrong := s.session(r.id)
	if wrong != nil {
		return nil, wrong
	}
	if o.text("status") != "open" {
		return nil, invalid("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "+
			"Session has a status of `"+o.text("status")+"`.")
	}
	o["status"] = "expired"
	s.happened("checkout.session.expired", s.shown(o, false))
	return s.shown(o, false), nil
}

// Pay is a patient who pays on a payment page with a good card. It reports whether the page takes it.
func (s *Stripe) Pay(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, wrong := s.session(session)
	return wrong == nil && s.paid(o, o.text("currency"), o.whole("amount_total"))
}

// PayIn is a patient who is charged in another currency than the page asks for, as an account does that was set to show
// patients their own. It reports whether the page takes it.
func (s *Stripe) PayIn(session, currency string, amount int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, wrong := s.session(session)
	return wrong == nil && s.paid(o, currency, amount)
}

// tried is the payment of a page, which begins with the first card that is tried.
func (s *Stripe) tried(o object) object {
	if p, ok := s.intents[o.text("payment_intent")]; ok {
		return p
	}
	meta, _ := o["intent_metadata"].(object)
	p := s.intent(o.whole("amount_total"), o.text("currency"), meta)
	o["payment_intent"] = p.text("id")
	return p
}

func (s *Stripe) paid(o object, currency string, amount int64) bool {
	if o.text("status") != "open" {
		return false
	}
	p := s.tried(o)
	s.succeed(p, currency, amount)
	o["status"], o["payment_status"] = "complete", "paid"
	s.happened("payment_intent.succeeded", p)
	s.happened("checkout.session.completed", s.shown(o, false))
	return true
}

// declined notes that a card was not charged: the page stays open for another.
func (s *Stripe) declined(o object, why *refusal) {
	p := s.tried(o)
	p["last_payment_error"] = why.inJSON()
	s.happened("payment_intent.payment_failed", p)
}

// pay is the page itself: a form, and what a patient typed into it.
func (s *Stripe) pay(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, wrong := s.session(strings.TrimPrefix(r.URL.Path, "/pay/"))
	switch {
	case wrong != nil:
		http.Error(w, wrong.words, http.StatusNotFound)
	case r.Method != http.MethodPost:
		s.form(w, http.StatusOK, o, nil)
	case o.text("status") != "open":
		http.Error(w, "This page can no longer be paid.", http.StatusGone)
	default:
		card := Card{Number: r.FormValue("card"), Expiry: r.FormValue("expiry"), CVC: r.FormValue("cvc")}
		if why := card.mistyped(s.Now()); why != nil {
			s.form(w, http.StatusPaymentRequired, o, why)
			return
		}
		if why := card.refused(); why != nil {
			s.declined(o, why)
			s.form(w, http.StatusPaymentRequired, o, why)
			return
		}
		s.paid(o, o.text("currency"), o.whole("amount_total"))
		http.Redirect(w, r, o.text("success_url"), http.StatusSeeOther)
	}
}

// form shows the page, with why a card was refused.
func (s *Stripe) form(w http.ResponseWriter, status int, o object, why *refusal) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	said := ""
	if why != nil {
		said = fmt.Sprintf(`<p role="alert" data-code="%s" data-decline-code="%s">%s</p>`, why.code, why.decline, why.words)
	}
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Pay</title><h1>Pay £%d.%02d</h1>%s<p>This is a simulated
payment page. No money moves. It takes Stripe's test cards: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined,
and 4000 0000 0000 9995 has no funds. A real card is refused.</p><form method="post">
<label>Card number <input name="card" value="4242 4242 4242 4242"></label>
<label>Expiry, MM/YY <input name="expiry" value="%s"></label>
<label>Security code <input name="cvc" value="123"></label><button>Pay</button></form><a href="%s">Back</a></html>`,
		o.whole("amount_total")/100, o.whole("amount_total")%100, said, s.Now().AddDate(3, 0, 0).Format("01/06"),
		html.EscapeString(o.text("cancel_url")))
}

// Session is a payment page as the account has it: Reference is what the program calls it, and Intent the payment that
// was charged on it; empty is none.
type Session struct {
	ID, Reference, Status, Intent string
	Amount                        int64
}

// Sessions are all the payment pages that were made.
func (s *Stripe) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Session
	for id, o := range s.sessions {
		one := Session{ID: id, Reference: o.text("client_reference_id"), Status: o.text("status"),
			Amount: o.whole("amount_total")}
		if p := s.intents[o.text("payment_intent")]; p.text("status") == "succeeded" {
			one.Intent, one.Amount = p.text("id"), p.whole("amount_received")
		}
		out = append(out, one)
	}
	return out
}
