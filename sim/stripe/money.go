package stripe

import "strings"

// intent is a payment that no card has been charged for yet.
func (s *Stripe) intent(amount int64, currency string, meta object) object {
	id := s.id("pi")
	p := object{"id": id, "object": "payment_intent", "amount": amount, "amount_received": int64(0),
		"currency": currency, "status": "requires_payment_method", "metadata": meta, "created": s.Now().Unix(),
		"latest_charge": nil, "last_payment_error": nil}
	s.intents[id] = p
	return p
}

// succeed charges a card for a payment, once.
func (s *Stripe) succeed(p object, currency string, amount int64) {
	p["status"], p["amount"], p["amount_received"], p["currency"] = "succeeded", amount, amount, currency
	p["last_payment_error"] = nil
	p["latest_charge"] = object{"id": s.id("ch"), "object": "charge", "created": s.Now().Unix(), "amount": amount,
		"payment_intent": p["id"]}
}

func getIntent(s *Stripe, r request) (object, *problem) {
	p, ok := s.intents[r.id]
	if !ok {
		return nil, missing("payment_intent", r.id)
	}
	return p, nil
}

// Taken are the payments that succeeded, by what the program calls them.
func (s *Stripe) Taken(name string) map[string][]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]int64{}
	for _, p := range s.intents {
		if p.text("status") != "succeeded" {
			continue
		}
		meta, _ := p["metadata"].(object)
		out[meta.text(name)] = append(out[meta.text(name)], p.whole("amount"))
	}
	return out
}

// Intents are the ids of the payments that succeeded.
func (s *Stripe) Intents() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for id, p := range s.intents {
		if p.text("status") == "succeeded" {
			out = append(out, id)
		}
	}
	return out
}

// Refund gives a part of a payment back, as a practice does in Stripe's dashboard, and gives the refund's id; empty is
// that so much was not paid.
func (s *Stripe) Refund(intent string, amount int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.intents[intent]
	if !ok || p.text("status") != "succeeded" {
		return ""
	}
	left := p.whole("amount")
	for _, r := range s.refunds {
		if r.text("payment_intent") == intent {
			left -= r.whole("amount")
		}
	}
	if amount > left || amount <= 0 {
		return ""
	}
	r := object{"id": s.id("re"), "object": "refund", "payment_intent": intent, "amount": amount,
		"currency": p.text("currency"), "status": "succeeded", "reason": "requested_by_customer",
		"created": s.Now().Unix()}
	s.refunds = append(s.refunds, r)
	s.happened("refund.created", r)
	s.happened("charge.refunded", object{"id": "ch_of_" + intent, "object": "charge", "payment_intent": intent})
	return r.text("id")
}

// Refunds are the ids of the refunds that were made, and how much each is.
func (s *Stripe) Refunds() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int64{}
	for _, r := range s.refunds {
		out[r.text("id")] = r.whole("amount")
	}
	return out
}

func listRefunds(s *Stripe, r request) (object, *problem) {
	var out []object
	for _, one := range s.refunds {
		if of := r.values.Get("payment_intent"); of == "" || one.text("payment_intent") == of {
			out = append(out, one)
		}
	}
	return list("/v1/refunds", out), nil
}

// AddInvoice makes an invoice of Stripe's own, open to be paid: net and tax are in pence, or what the currency has.
func (s *Stripe) AddInvoice(customer, currency string, net, tax int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.id("in")
	s.invoices[id] = object{"id": id, "object": "invoice", "status": "open", "currency": currency, "subtotal": net,
		"total_excluding_tax": net, "total": net + tax, "amount_due": net + tax, "amount_paid": int64(0),
		"amount_remaining": net + tax, "customer": customer, "created": s.Now().Unix(),
		"hosted_invoice_url": s.Base + "/invoices/" + id, "payments": list("/v1/invoice_payments", nil)}
	return id
}

// PayInvoice is a customer who pays an invoice; Void takes it back.
func (s *Stripe) PayInvoice(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.invoices[id]
	if !ok || o.text("status") != "open" {
		return ""
	}
	p := s.intent(o.whole("total"), o.text("currency"), object{})
	s.succeed(p, o.text("currency"), o.whole("total"))
	o["status"], o["amount_paid"], o["amount_due"], o["amount_remaining"] = "paid", o["total"], int64(0), int64(0)
	o["payments"] = list("/v1/invoice_payments", []object{{"id": s.id("inpay"), "object": "invoice_payment", "invoice": id,
		"amount_paid": o["total"], "currency": o["currency"], "status": "paid", "created": s.Now().Unix(),
		"payment": object{"type": "payment_intent", "payment_intent": p.text("id")}}})
	s.happened("invoice.paid", o)
	return p.text("id")
}

// listInvoicePayments finds what was paid of invoices: by which payment, if that is asked.
func listInvoicePayments(s *Stripe, r request) (object, *problem) {
	of := r.values.Get("payment[payment_intent]")
	if of != "" && r.values.Get("payment[type]") != "payment_intent" {
		return nil, invalid("payment[type]", "Missing required param: payment[type].")
	}
	var out []object
	for _, o := range s.invoices {
		all, _ := o["payments"].(object)
		data, _ := all["data"].([]object)
		for _, one := range data {
			by, _ := one["payment"].(object)
			if (of == "" || by.text("payment_intent") == of) &&
				(r.values.Get("invoice") == "" || r.values.Get("invoice") == one.text("invoice")) {
				out = append(out, one)
			}
		}
	}
	return list("/v1/invoice_payments", out), nil
}

// Void takes an invoice back.
func (s *Stripe) Void(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.invoices[id]; ok && o.text("status") == "open" {
		o["status"] = "void"
		s.happened("invoice.voided", o)
	}
}

func getInvoice(s *Stripe, r request) (object, *problem) {
	o, ok := s.invoices[r.id]
	if !ok {
		return nil, missing("invoice", r.id)
	}
	out, expanded := object{}, false
	for _, e := range r.values {
		expanded = expanded || len(e) > 0 && strings.HasPrefix(e[0], "payments")
	}
	for k, v := range o {
		if k != "payments" || expanded { // they are left out unless they are asked for
			out[k] = v
		}
	}
	return out, nil
}
