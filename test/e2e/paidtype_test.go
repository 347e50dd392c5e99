package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"frontdesk/graph/wire"
	"frontdesk/test/wait"
)

// tasksAbout counts the tasks of staff whose text has something in it.
func (p *till) tasksAbout(what string) (n int) {
	p.t.Helper()
	if err := p.db.QueryRow(`SELECT count(*) FROM task WHERE deleted_at IS NULL AND comments LIKE $1`,
		"%"+what+"%").Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// dear makes a type of appointment that must be paid first.
func (p *till) dear(minutes any) string {
	p.t.Helper()
	id := p.ok("POST", "/v1/appointment_types", map[string]any{"name": "Minor surgery", "duration": minutes,
		"price": 9000}).str("id")
	p.ok("PATCH", "/v1/appointment_types/"+id, map[string]any{"admin_booking_invoice_required": true})
	return id
}

// status is how an appointment is.
func (p *till) status(id string) string {
	p.t.Helper()
	return p.ok("GET", "/v1/appointments/"+id+"/status", nil).str("status")
}

// unpaidHold holds a time that must be paid first, and gives the hold and where it is paid.
func (p *till) unpaidHold(n int) (id, invoice, session string) {
	p.t.Helper()
	slot := p.slot(n)
	p.mustBePaid(slot, "admin_booking_invoice_required")
	id = p.ok("POST", "/v1/appointments", request(slot)).str("id")
	a := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book",
		map[string]any{"patient_id": p.patient()})
	page := told(a, "url")
	return id, told(a, "invoice_id"), page[strings.LastIndex(page, "/")+1:]
}

// TestABookingIsNotGivenATypeThatMustBePaidFirst tries each way to change the type of an appointment.
func TestABookingIsNotGivenATypeThatMustBePaidFirst(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		slot := request(p.slot(0))
		free, dear := slot["appointment_type_id"].(string), p.dear(slot["duration"])
		id := p.booked(0)
		typed := func(of, want string) {
			t.Helper()
			if got := p.ok("GET", "/v1/appointments/"+of, nil); dig(got.Body, "appointment_type", "id") != want &&
				got.str("appointment_type_id") != want {
				t.Fatalf("it is not of the type %s: %s", want, got.Text)
			}
		}
		change := func(token string) string {
			_, a := p.graphQL(token, `mutation { updateBooking(id: "`+coded(wire.KindBooking, id)+
				`", bookingData: {bookingType: "`+coded(wire.KindProduct, dear)+`"}) { data { id } error } }`)
			return a.Text
		}
		typed(id, free)
		if got := change(p.token); !strings.Contains(got, "must be paid before it is confirmed") {
			t.Errorf("over GraphQL: %s", got)
		}
		// REST moves an appointment and leaves its type.
		moved := p.slotFrom("2031-01-22", 0, slot)
		moved["appointment_type_id"] = dear
		p.ok("PATCH", "/v1/appointments/"+id+"/reschedule", moved)
		typed(id, free)
		if all := p.ok("GET", "/v1/invoicing/invoices", nil).data(); len(all) != 0 {
			t.Errorf("what was refused is billed: %v", all)
		}
		// One that was paid is given the type, and so is any by a member of staff who may bill it.
		there := p.bank.AddInvoice("cus_1", "gbp", 9000, 0)
		made := p.ok("POST", "/v1/invoicing/invoices/link", map[string]any{"stripe_invoice_id": there, "appointment_id": id})
		if got := change(p.token); !strings.Contains(got, "must be paid") {
			t.Errorf("with an invoice that is open: %s", got)
		}
		p.bank.PayInvoice(there)
		p.paidAs(made.str("id"), "paid", 9000, 0)
		if got := change(p.token); !strings.Contains(got, `"error":null`) {
			t.Errorf("one that was paid: %s", got)
		}
		typed(id, dear)
		p.ok("PATCH", "/v1/appointment_types/"+dear, map[string]any{"price": 9001})
		less := p.booked(2)
		there = p.bank.AddInvoice("cus_1", "gbp", 9000, 0)
		made = p.ok("POST", "/v1/invoicing/invoices/link", map[string]any{"stripe_invoice_id": there, "appointment_id": less})
		p.bank.PayInvoice(there)
		p.paidAs(made.str("id"), "paid", 9000, 0)
		id = less
		if got := change(p.token); !strings.Contains(got, "costs more than was paid") {
			t.Errorf("one that costs more than was paid: %s", got)
		}
		if got := p.ok("GET", "/v1/appointments/"+less, nil); got.str("appointment_type_id") == dear {
			t.Errorf("it was given it all the same: %s", got.Text)
		}
		p.employ(p.address, "grace@example.org", "Grace", "Hopper", "everything")
		data, _ := p.graphQL(p.token, `mutation { signIn(email: "grace@example.org", password: "`+staffPassword+
			`") { token } }`)
		grace, _ := dig(data, "signIn", "token").(string)
		id = p.booked(4)
		if got := change(grace); !strings.Contains(got, `"error":null`) {
			t.Errorf("by a member of staff: %s", got)
		}
	})
}

// TestAHoldOfAnotherTypeIsPaidFirst changes the type of a hold, which is judged when it is confirmed; once it is being
// paid for, it keeps its type.
func TestAHoldOfAnotherTypeIsPaidFirst(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		slot := request(p.slot(0))
		free, dear := slot["appointment_type_id"].(string), p.dear(slot["duration"])
		id := p.ok("POST", "/v1/appointments", slot).str("id")
		change := func(kind string) string {
			_, a := p.graphQL(p.token, `mutation { updateBooking(id: "`+coded(wire.KindBooking, id)+
				`", bookingData: {bookingType: "`+coded(wire.KindProduct, kind)+`"}) { data { id } error } }`)
			return a.Text
		}
		if got := change(dear); !strings.Contains(got, `"error":null`) {
			t.Fatal(got)
		}
		a := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": p.patient()})
		bill := p.ok("GET", "/v1/invoicing/invoices/"+told(a, "invoice_id"), nil)
		if bill.Body["amount_due"] != 9000.0 {
			t.Errorf("%s", bill.Text)
		}
		dearer := p.dear(slot["duration"])
		p.ok("PATCH", "/v1/appointment_types/"+dearer, map[string]any{"price": 90000})
		for _, kind := range []string{dearer, free} {
			if got := change(kind); !strings.Contains(got, "it was billed as") {
				t.Errorf("while it is being paid for it is given another type: %s", got)
			}
		}
		page := told(a, "url")
		p.bank.Pay(page[strings.LastIndex(page, "/")+1:])
		wait.Until(t, "the appointment to be confirmed", func() bool { return p.status(id) == "booked" })
	})
}

func TestALinkOfABatchIsPaidFirst(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		kind := p.slot(0)["appointment_type_id"]
		p.mustBePaid(p.slot(0), "requiresPayment")
		ada, bob := p.patientBy("byron"), p.patientBy("mathison")
		path := p.batchOf([]map[string]any{{"patient_id": ada}, {"patient_id": bob}}, fields{
			"content": "Book: {{booking_link}}", "booking_link": fields{"appointment_type_id": kind}})
		p.ok("PATCH", path+"/send", nil)
		wait.Until(t, "the batch to be done", func() bool { return p.totals(path)["completed"] == 1 })
		held := map[string]string{}
		for _, m := range p.ok("GET", path+"/messages", nil).data() {
			of := m["patient_id"].(string)
			at := linkTo(t, p.ok("GET", "/v1/messages/"+m["id"].(string), nil).str("content"))
			browser := newVisitor(t)
			when := browser.send(at, p.birthOf(of), "Choose a time")
			check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, when, len(held))}},
				"Check your appointment")
			held[of] = browser.found(heldID, check, 0)
			pay := browser.send(at+"/book", url.Values{"a": {held[of]}}, "must be paid for before it is confirmed")
			if p.status(held[of]) != "reserved" {
				t.Errorf("unpaid it is %s", p.status(held[of]))
			}
			if of == ada {
				p.pays(pay)
			}
		}
		wait.Until(t, "the appointment to be confirmed", func() bool { return p.status(held[ada]) == "booked" })
		if got := p.status(held[bob]); got != "reserved" || len(held) != 2 {
			t.Errorf("what was not paid is %s", got)
		}
	})
}

// TestMoneyForATimeThatWasLetGoIsNotLost pays on a page that is still open when its time was given back.
func TestMoneyForATimeThatWasLetGoIsNotLost(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		id, invoice, session := p.unpaidHold(0)
		p.ok("PATCH", "/v1/appointments/"+id+"/cancel", nil)
		if !p.bank.Pay(session) {
			t.Fatal("the page was closed before it was looked at")
		}
		p.paidAs(invoice, "paid", 5000, 0)
		about := "Appointment " + id + ":"
		wait.Until(t, "staff to have a task about it", func() bool { return p.tasksAbout(about) == 1 })
		for _, e := range p.bank.Events() { // told again, there is one task all the same
			if _, err := p.bank.Deliver(e); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.status(id); got == "booked" || p.tasksAbout(about) != 1 {
			t.Errorf("it is %s, with %d tasks", got, p.tasksAbout(about))
		}
		p.bank.Refund(p.bank.Intents()[0], 5000)
		p.paidAs(invoice, "open", 5000, 5000)
		// One that is not paid at once is closed, with its invoice.
		id, invoice, session = p.unpaidHold(3)
		p.ok("PATCH", "/v1/appointments/"+id+"/cancel", nil)
		p.clock.move(6 * time.Minute)
		wait.Until(t, "the invoice to be cancelled", func() bool {
			return p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil).str("status") == "void"
		})
		if p.bank.Pay(session) {
			t.Error("the page can still be paid")
		}
	})
}

// TestAnyPageOfAHoldConfirmsIt pays on a page that was asked for as for any invoice, after the first one ran out.
func TestAnyPageOfAHoldConfirmsIt(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		id, invoice, first := p.unpaidHold(0)
		p.clock.move(33 * time.Minute)
		_, session := p.pageOf(invoice)
		if session == first || !p.bank.Pay(session) {
			t.Fatalf("%s cannot be paid", session)
		}
		wait.Until(t, "the appointment to be confirmed", func() bool { return p.status(id) == "booked" })
	})
}

// TestAPaymentIsConfirmedOnce pays, cancels and refunds: staff have no task that says it could not be confirmed. One
// that is refunded before it is known to be paid is not confirmed, and is a task.
func TestAPaymentIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		id, invoice, session := p.unpaidHold(0)
		p.bank.Pay(session)
		wait.Until(t, "the appointment to be confirmed", func() bool { return p.status(id) == "booked" })
		p.ok("PATCH", "/v1/appointments/"+id+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		p.clock.move(25 * time.Hour) // the payment is looked at again
		intent := p.bank.Intents()[0]
		p.bank.Refund(intent, 2000)
		p.paidAs(invoice, "open", 5000, 2000)
		p.bank.Held = true
		other, second, session := p.unpaidHold(3)
		p.bank.Pay(session)
		for _, one := range p.bank.Intents() {
			if one != intent {
				p.bank.Refund(one, 5000)
			}
		}
		for _, e := range p.bank.Events() {
			if _, err := p.bank.Deliver(e); err != nil {
				t.Fatal(err)
			}
		}
		p.paidAs(second, "open", 5000, 5000)
		wait.Until(t, "staff to have a task about it", func() bool { return p.tasksAbout("Appointment "+other+":") == 1 })
		if got, n := p.status(other), p.tasksAbout("Appointment "+id+":"); got != "reserved" || n != 0 {
			t.Errorf("what was refunded is %s; what was cancelled has %d tasks", got, n)
		}
	})
}

// TestAnotherCurrencyPaysNothing has Stripe charge dollars for a page in pounds: staff have a task, once, the invoice
// stays as it is and the time is not confirmed.
func TestAnotherCurrencyPaysNothing(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		id, invoice, session := p.unpaidHold(0)
		if !p.bank.PayIn(session, "usd", 6400) {
			t.Fatal("the page cannot be paid")
		}
		intent := p.bank.Intents()[0]
		wait.Until(t, "staff to have a task about it", func() bool { return p.tasksAbout(intent) == 1 })
		for _, e := range p.bank.Events() {
			if status, err := p.bank.Deliver(e); err != nil || status != http.StatusOK {
				t.Fatal(status, err)
			}
		}
		p.bank.Refund(intent, 6400) // another event, and Stripe is asked again
		p.clock.move(20 * time.Minute)
		a := p.paidAs(invoice, "open", 0, 0)
		if got, n := p.status(id), p.tasksAbout(intent); got != "reserved" || n != 1 || a.Body["amount_due"] != 5000.0 {
			t.Errorf("it is %s, with %d tasks, and %s", got, n, a.Text)
		}
		// The way to pay in pounds is given again.
		again := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book", nil)
		page := told(again, "url")
		if !p.bank.Pay(page[strings.LastIndex(page, "/")+1:]) {
			t.Fatalf("%s cannot be paid", page)
		}
		wait.Until(t, "the appointment to be confirmed", func() bool { return p.status(id) == "booked" })
	})
}
