package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/graph/wire"
	"frontdesk/test/wait"
)

// mustBePaid has appointments of a free slot's type cost 50 pounds, to be paid first.
func (p *till) mustBePaid(slot map[string]any, flag string) {
	p.t.Helper()
	kind, _ := slot["appointment_type_id"].(string)
	p.ok("PATCH", "/v1/appointment_types/"+kind, map[string]any{"price": 5000})
	if flag == "admin_booking_invoice_required" {
		p.ok("PATCH", "/v1/appointment_types/"+kind, map[string]any{flag: true})
		return
	}
	p.graph(`mutation { updateProduct(id: %q, productData: {requiresPayment: true}) { data { id } error } }`,
		coded(wire.KindProduct, kind))
}

// clinicians asks for the places and the clinicians of a practice.
const clinicians = `{ practice { locations { id } } users(filters: {isClinician: true}) { data { id } } }`

// told is what a refusal says of the way to pay.
func told(a answer, field string) string {
	s, _ := dig(a.Body, "payment", field).(string)
	return s
}

func TestWhatMustBePaidFirstIsConfirmedOncePaid(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"admin_booking_invoice_required", "requiresPayment"} {
		t.Run(flag, func(t *testing.T) {
			paying(t, func(t *testing.T, p *till) {
				slot := p.slot(0)
				r := request(slot)
				price := p.ok("PATCH", "/v1/appointment_types/"+r["appointment_type_id"].(string),
					map[string]any{"price": 5000}).Body["price"]
				if free := p.ok("POST", "/v1/appointments", request(p.slot(3))).str("id"); price != 5000.0 ||
					p.ok("PATCH", "/v1/appointments/"+free+"/book", map[string]any{"patient_id": p.patient()}).Status != 200 {
					t.Error("a price alone keeps a patient from booking")
				}
				p.mustBePaid(slot, flag)
				id, of := p.ok("POST", "/v1/appointments", r).str("id"), p.patient()
				path, body := "/v1/appointments/"+id+"/book", map[string]any{"patient_id": of}
				a := p.refused(http.StatusConflict, "payment_required", "PATCH", path, body)
				invoice, page := told(a, "invoice_id"), told(a, "url")
				if again := p.refused(http.StatusConflict, "payment_required", "PATCH", path, body); told(again,
					"invoice_id") != invoice || told(again, "url") != page || page == "" {
					t.Errorf("asked again there is another invoice or page: %s, then %s", a.Text, again.Text)
				}
				bill := p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil)
				if dig(bill.Body, "lines", 0, "appointment_id") != id || bill.Body["amount_due"] != 5000.0 ||
					bill.Body["patient_id"] != of || bill.Body["payment_url"] != page {
					t.Errorf("%s", bill.Text)
				}
				p.bank.Pay(page[strings.LastIndex(page, "/")+1:])
				wait.Until(t, "the appointment to be confirmed", func() bool {
					return p.ok("GET", "/v1/appointments/"+id+"/status", nil).str("status") == "booked"
				})
				p.ok("PATCH", path, body)
			})
		})
	}
}

func TestWhatMustBePaidFirstIsHeldOverGraphQL(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		slot, of := p.slot(0), p.patient()
		p.mustBePaid(slot, "requiresPayment")
		known, _ := p.graphQL(p.token, clinicians)
		document := `mutation { createBooking(bookingData: {patient: "` + coded(wire.KindPatient, of) + `", location: "` +
			dig(known, "practice", "locations", 0, "id").(string) + `", bookingType: "` +
			coded(wire.KindProduct, slot["appointment_type_id"].(string)) + `", doctor: "` +
			dig(known, "users", "data", 0, "id").(string) +
			`", start: "2031-07-07T03:00:00.000Z", end: "2031-07-07T03:15:00.000Z"}) { data { id } error } }`
		if _, a := p.graphQL(p.token, document); !strings.Contains(a.Text, "must be paid") {
			t.Fatalf("%s", a.Text)
		}
		all := p.ok("GET", "/v1/invoicing/invoices", nil).data()
		if len(all) != 1 || all[0]["payment_url"] == nil {
			t.Fatalf("%v", all)
		}
		page := all[0]["payment_url"].(string)
		if _, a := p.graphQL(p.token, document); !strings.Contains(a.Text, page) {
			t.Fatalf("asked again it is not to be paid at %s: %s", page, a.Text)
		}
		other := strings.Replace(document, coded(wire.KindPatient, of), coded(wire.KindPatient, p.patientBy("byron")), 1)
		if _, a := p.graphQL(p.token, other); !strings.Contains(a.Text, "already taken") {
			t.Errorf("another patient: %s", a.Text)
		}
		p.bank.Pay(page[strings.LastIndex(page, "/")+1:])
		id, _ := dig(all[0], "lines", 0, "appointment_id").(string)
		wait.Until(t, "the booking to be confirmed", func() bool {
			return p.ok("GET", "/v1/appointments/"+id+"/status", nil).str("status") == "booked"
		})
		// What is paid at the desk is confirmed by asking again.
		document = strings.ReplaceAll(document, "2031-07-07", "2031-07-08")
		_, a := p.graphQL(p.token, document)
		all = p.ok("GET", "/v1/invoicing/invoices", nil).data()
		if len(all) != 2 {
			t.Fatalf("%s", a.Text)
		}
		p.graph(`mutation { addInvoicePayment(invoiceId: %q, paymentData: {paymentAmount: 50, paymentTypeId: %q,
			paymentDate: "2031-01-06"}) { data { id } error } }`, coded(wire.KindInvoice, all[1]["id"].(string)), p.cash())
		held, _ := dig(all[1], "lines", 0, "appointment_id").(string)
		if got := p.graph("%s", document); dig(got, "data", "id") != coded(wire.KindBooking, held) {
			t.Errorf("%v", got)
		}
	})
}

func TestAHoldThatIsNotPaidIsReleasedWithItsInvoice(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		slot := p.slot(0)
		p.mustBePaid(slot, "admin_booking_invoice_required")
		id := p.ok("POST", "/v1/appointments", request(slot)).str("id")
		a := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": p.patient()})
		p.clock.move(30 * time.Minute)
		if got := p.ok("GET", "/v1/appointments/"+id+"/status", nil).str("status"); got != "reserved" {
			t.Fatalf("while it can be paid the time is %s", got)
		}
		p.clock.move(31 * time.Minute)
		wait.Until(t, "the invoice to be cancelled", func() bool {
			return p.ok("GET", "/v1/invoicing/invoices/"+told(a, "invoice_id"), nil).str("status") == "void"
		})
		page := told(a, "url")
		if p.bank.Pay(page[strings.LastIndex(page, "/")+1:]) {
			t.Error("the page can still be paid")
		}
	})
}

func TestWhatWasPaidAtTheDeskIsConfirmed(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		slot := p.slot(0)
		p.mustBePaid(slot, "admin_booking_invoice_required")
		id := p.ok("POST", "/v1/appointments", request(slot)).str("id")
		a := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": p.patient()})
		p.graph(`mutation { addInvoicePayment(invoiceId: %q, paymentData: {paymentAmount: 50, paymentTypeId: %q,
			paymentDate: "2031-01-06"}) { data { id } error } }`, coded(wire.KindInvoice, told(a, "invoice_id")), p.cash())
		p.ok("PATCH", "/v1/appointments/"+id+"/book", nil)
	})
}

// pays pays the page that a page of ours leads to.
func (p *till) pays(page string) {
	p.t.Helper()
	found := payLink.FindStringSubmatch(page)
	if found == nil {
		p.t.Fatalf("no way to pay in %s", page)
	}
	if !p.bank.Pay(found[1]) {
		p.t.Fatalf("%s cannot be paid", found[1])
	}
}

var payLink = regexp.MustCompile(`class="button" href="http[^"]+/([^"/]+)"`)

func TestAPatientPaysFirstByALink(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		p.mustBePaid(p.slot(0), "requiresPayment")
		made, born := p.patientLink(nil)
		at, browser := made.str("short_link"), newVisitor(t)
		when := browser.send(at, born, "Choose a time")
		check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, when, 3)}}, "Check your appointment")
		if !strings.Contains(check, "You have 45 minutes left") {
			t.Errorf("the time is not held as long as paying may take: %s", check)
		}
		p.clock.move(28 * time.Minute)
		held := url.Values{"a": {browser.found(heldID, check, 0)}}
		pay := browser.send(at+"/book", held, "must be paid for before it is confirmed")
		if again := browser.send(at+"/book", held, "Pay now"); payLink.FindString(again) != payLink.FindString(pay) {
			t.Errorf("there is another page: %s", again)
		}
		p.clock.move(25 * time.Minute) // it is held on while it can be paid
		p.pays(pay)
		wait.Until(t, "the appointment to be confirmed", func() bool {
			return p.ok("GET", "/v1/appointments/"+held.Get("a")+"/status", nil).str("status") == "booked"
		})
		other := p.slotFrom("2031-01-22", 0, request(p.slot(0)))
		other["suppress_cancellation_policy"] = true
		p.ok("PATCH", "/v1/appointments/"+held.Get("a")+"/reschedule", other) // what was paid is moved freely
	})
}

func TestATimeOnOfferIsPaidFirst(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		p.clock.move(morning(p.clock.Now()))
		ada, bob := p.patientBy("byron"), p.patientBy("mathison")
		mobile := p.ok("GET", "/v2/patients/"+ada, nil).str("mobile")
		soon := p.slotFrom("2031-01-15", 0, nil)
		theirs := p.appointmentAt(bob, soon)
		p.mustBePaid(soon, "admin_booking_invoice_required")
		entry := p.ok("POST", "/v1/waiting_list", map[string]any{"patient_id": ada,
			"appointment_type_id": soon["appointment_type_id"], "practitioner_ids": []any{soon["practitioner_id"]}}).str("id")
		p.ok("PATCH", "/v1/appointments/"+theirs+"/cancel", map[string]any{"suppress_cancellation_policy": true})
		p.statusBecomes(entry, "offered")
		at, browser := p.offeredTo(mobile, 1), newVisitor(t)
		browser.send(at, p.birthOf(ada), "An appointment is free")
		pay := browser.send(at+"/take", nil, "must be paid for before it is confirmed")
		if p.statusBecomes(entry, "offered"); t.Failed() {
			t.Fatal("it was taken unpaid")
		}
		p.pays(pay)
		got := p.statusBecomes(entry, "booked").str("appointment_id")
		if a := p.ok("GET", "/v1/appointments/"+got+"/status", nil); a.str("status") != "booked" {
			t.Fatalf("%s", a.Text)
		}
		browser.open(at, "Your appointment is booked")
	})
}

func TestStaffBookWhatIsPaidLater(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		p.employ(p.address, "grace@example.org", "Grace", "Hopper", "everything")
		data, a := p.graphQL(p.token, `mutation { signIn(email: "grace@example.org", password: "`+staffPassword+
			`") { token } }`)
		grace, _ := dig(data, "signIn", "token").(string)
		if grace == "" {
			t.Fatal(a.Text)
		}
		slot, of := p.slot(0), p.patient()
		like := request(slot)
		free := p.booked(0)
		p.mustBePaid(slot, "admin_booking_invoice_required")
		known, _ := p.graphQL(p.token, clinicians)
		book := func(token, start, end string) string {
			_, a := p.graphQL(token, `mutation { createBooking(bookingData: {patient: "`+coded(wire.KindPatient, of)+
				`", location: "`+dig(known, "practice", "locations", 0, "id").(string)+`", bookingType: "`+
				coded(wire.KindProduct, slot["appointment_type_id"].(string))+`", doctor: "`+
				dig(known, "users", "data", 0, "id").(string)+`", start: "`+start+`", end: "`+end+`"}) { data { id } error } }`)
			return a.Text
		}
		if got := book(p.token, "2031-07-07T03:00:00.000Z", "2031-07-07T03:15:00.000Z"); !strings.Contains(got,
			"must be paid") {
			t.Errorf("a program books unpaid: %s", got)
		}
		if got := book(grace, "2031-07-07T04:00:00.000Z", "2031-07-07T04:15:00.000Z"); !strings.Contains(got,
			`"error":null`) {
			t.Errorf("a member of staff cannot book what is paid at the desk: %s", got)
		}
		if all := p.ok("GET", "/v1/invoicing/invoices", nil).data(); len(all) != 1 {
			t.Errorf("billed are %v", all)
		}
		// One that was booked before its type had to be paid stays as it is, and moves.
		p.ok("PATCH", "/v1/appointments/"+free+"/book", nil)
		p.ok("PATCH", "/v1/appointments/"+free+"/reschedule", p.slotFrom("2031-01-22", 0, like))
	})
}
