package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"frontdesk/app"
	"frontdesk/graph/wire"
	"frontdesk/operator"
	"frontdesk/sim/stripe"
	"frontdesk/store/storetest"
)

const (
	stripeKey    = "sk_test_e2e"
	stripeSecret = "whsec_e2e"
)

// till is a program whose practice is connected to a simulated Stripe, and asked over GraphQL, too.
type till struct {
	*program
	bank    *stripe.Stripe
	address string
	token   string
	db      *sql.DB
}

// paying runs a story about money on each database.
func paying(t *testing.T, story func(t *testing.T, p *till)) {
	t.Helper()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := &till{program: open(t, address, app.Config{}), address: address, db: storetest.Raw(t, address)}
		p.bank = stripe.New(stripeKey, stripeSecret, p.clock.Now)
		server := httptest.NewServer(p.bank)
		t.Cleanup(server.Close)
		t.Cleanup(p.bank.Close)
		p.bank.Base = server.URL
		group, _ := strconv.ParseInt(p.creds.Group, 10, 64)
		p.bank.WebhookURL = p.app.URL() + "/callbacks/stripe/" + strconv.FormatInt(group, 36)
		o, err := app.OpenOperator(context.Background(), app.Opening{DB: address, SealKey: sealKey, Seals: true})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if _, err := o.SetConnector(context.Background(), p.creds.Group, "stripe", map[string]string{
			"base_url": server.URL, "simulated": ""}, map[string]string{"api_key": stripeKey,
			"webhook_secret": stripeSecret}); err != nil {
			t.Fatal(err)
		}
		made, err := o.CreateToken(context.Background(), operator.NewToken{Group: p.creds.Group, Name: "Till",
			Role: "everything"})
		if err != nil {
			t.Fatal(err)
		}
		p.token = made.Text
		story(t, p)
	})
}

// graph asks over GraphQL, and gives what a mutation or a query of one field answers.
func (p *till) graph(document string, args ...any) map[string]any {
	p.t.Helper()
	data, a := p.graphQL(p.token, fmt.Sprintf(document, args...))
	for _, v := range data {
		m, _ := v.(map[string]any)
		if m["error"] != nil {
			p.t.Fatalf("%s: %v", document, m["error"])
		}
		return m
	}
	p.t.Fatalf("%s: %s", document, a.Text)
	return nil
}

// owes makes an invoice over GraphQL: price is in pounds, without VAT.
func (p *till) owes(of string, price float64, rate float64) (invoice, product string) {
	p.t.Helper()
	product, _ = dig(p.graph(`mutation { createProduct(productData: {name: "A check", productType: other, price: %v,
		tax: {taxRate: %v}}) { data { id } error } }`, price, rate), "data", "id").(string)
	known, a := p.graphQL(p.token,
		`{ practice { locations { id } } users(filters: {isClinician: true}) { data { id } } }`)
	room, doctor := dig(known, "practice", "locations", 0, "id"), dig(known, "users", "data", 0, "id")
	if room == nil || doctor == nil {
		p.t.Fatal(a.Text)
	}
	made, _ := dig(p.graph(`mutation { createInvoice(invoiceData: {date: "2031-01-06", patientId: %q, doctorId: %q,
		locationId: %q, lineItems: [{date: "2031-01-06", productId: %q, quantity: 1}]}) { data { id } error } }`,
		coded(wire.KindPatient, of),
		doctor, room, product), "data", "id").(string)
	return plain(made), plain(product)
}

// cash is the id of a way to pay.
func (p *till) cash() string {
	p.t.Helper()
	known, a := p.graphQL(p.token, `{ practice { paymentTypes { id name } } }`)
	id, ok := dig(known, "practice", "paymentTypes", 1, "id").(string)
	if !ok {
		p.t.Fatal(a.Text)
	}
	return id
}

// plain is the id that the other API has for an id of GraphQL.
func plain(id string) string {
	_, n, _ := wire.Decode(id)
	return strconv.FormatInt(n, 10)
}

// coded is the id that GraphQL has for an id of REST.
func coded(kind wire.Kind, id string) string {
	n, _ := strconv.ParseInt(id, 10, 64)
	return wire.Encode(kind, n)
}

func TestInvoicesMadeOverGraphQLAreReadOverREST(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		of := p.patient()
		id, product := p.owes(of, 40.30, 20)
		p.graph(`mutation { addInvoicePayment(invoiceId: %q, paymentData: {paymentAmount: 10, paymentTypeId: %q,
			paymentDate: "2031-01-06"}) { data { id } error } }`, coded(wire.KindInvoice, id), p.cash())
		got := p.ok("GET", "/v1/invoicing/invoices/"+id, nil)
		for field, want := range map[string]any{"status": "open", "subtotal": 4030.0, "vat": 806.0, "total": 4836.0,
			"amount_due": 3836.0, "amount_paid": 1000.0, "patient_id": of, "billpayer_id": of, "currency": "gbp",
			"stripe_id": nil, "number": 1.0} {
			if got.Body[field] != want {
				t.Errorf("%s is %v, not %v", field, got.Body[field], want)
			}
		}
		if line := dig(got.Body, "lines", 0); dig(line, "product_id") != product || dig(line, "vat_rate") != 20.0 {
			t.Errorf("the line is %v", line)
		}
		other, _ := p.owes(of, 1, 0)
		list := p.ok("GET", "/v1/invoicing/invoices?start_date=2031-01-06&end_date=2031-01-06&page_size=1&page_index=1",
			nil)
		if list.Body["count"] != 2.0 || len(list.data()) != 1 || list.data()[0]["id"] != other {
			t.Errorf("%s", list.Text)
		}
		if all := p.ok("GET", "/v1/invoicing/invoices?start_date=&end_date=", nil); all.Body["count"] != 2.0 {
			t.Errorf("without days: %s", all.Text)
		}
		p.refused(http.StatusBadRequest, "invalid_request", "GET", "/v1/invoicing/invoices?start_date=noon", nil)
		p.refused(http.StatusNotFound, "invoice_not_found", "GET", "/v1/invoicing/invoices/"+id, nil,
			key(p.creds.Second.Key), ofGroup(p.creds.Second.Group))
		p.refused(http.StatusForbidden, "missing_scope", "GET", "/v1/invoicing/invoices", nil,
			key(p.creds.Keys["booking"]))
	})
}

func TestCouponsAndCustomersAreThoseOfStripe(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		scope := key(p.creds.Keys["invoicing"])
		p.bank.AddCoupon("FIVER", "Five pounds off", "gbp", 500, 0, "prod_1")
		p.bank.AddCoupon("BUCK", "A dollar off", "usd", 100, 0)
		if got := p.ok("GET", "/v1/invoicing/coupons", nil, scope).data(); len(got) != 1 ||
			got[0]["amount_off"] != 500.0 || dig(got[0], "applies_to", "products", 0) != "prod_1" {
			t.Errorf("the coupons are %v", got)
		}
		of, card := p.patient(), p.bank.AddCard("visa", "4242", 8, 2034)
		body := map[string]any{"name": "Nia D'Arcy", "email": "nia@example.org", "phone": "07700900555",
			"sources": []string{card}, "patient_id": of}
		// The answer is lost once; the same key gives the customer that was made.
		p.bank.Fail(stripe.Trouble{Cut: true}, stripe.Trouble{Status: 500})
		made := p.ask("POST", "/v1/invoicing/customers", body, scope, once("nia"))
		for made.Status == http.StatusServiceUnavailable {
			made = p.ask("POST", "/v1/invoicing/customers", body, scope, once("nia"))
		}
		if made.Status != 200 || dig(made.Body, "sources", 0, "last4") != "4242" {
			t.Fatalf("%d %s", made.Status, made.Text)
		}
		if found := p.ok("GET", "/v1/invoicing/customers?query=d'arc", nil, scope); found.Body["count"] != 1.0 ||
			found.data()[0]["id"] != made.str("id") {
			t.Errorf("%s", found.Text)
		}
		methods := p.ok("GET", "/v1/patients/"+of+"/payment_methods", nil, scope).data()
		if len(methods) != 1 || methods[0]["brand"] != "visa" || methods[0]["exp_year"] != 2034.0 {
			t.Errorf("the payment methods are %v", methods)
		}
		if none := p.ok("GET", "/v1/patients/"+p.patientBy("byron")+"/payment_methods", nil, scope); none.Body["count"] !=
			0.0 {
			t.Errorf("%s", none.Text)
		}
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/1/payment_methods", nil, scope)
		for what, wrong := range map[string]any{"email": "nowhere", "phone": "twelve", "name": " ",
			"sources": []string{"4242424242424242"}, "patient_id": "x"} {
			body := map[string]any{"name": "Ada", what: wrong}
			if a := p.refused(http.StatusBadRequest, "invalid_request", "POST", "/v1/invoicing/customers", body,
				scope); a.wrong() != what {
				t.Errorf("%s: %s", what, a.Text)
			}
		}
	})
}

func TestWhoPaysForAPatient(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		scope, ada, nia := key(p.creds.Keys["invoicing"]), p.patientBy("byron"), p.patient()
		info := func(want map[string]any) map[string]any {
			t.Helper()
			a := p.ok("GET", "/v1/patients/"+ada+"/billing_info", nil, scope)
			for field, w := range want {
				if a.Body[field] != w {
					t.Errorf("%s is %v, not %v", field, a.Body[field], w)
				}
			}
			return a.Body
		}
		relate := func(contact string) {
			t.Helper()
			p.graph(`mutation { addPatientRelationship(patientId: %q, relationshipType: PAYER, contact: {`+contact+`}) {
				data { id } error } }`, coded(wire.KindPatient, ada))
		}
		shown := p.ok("GET", "/v2/patients/"+ada, nil)
		info(map[string]any{"patient_id": ada, "billpayer_id": ada, "customer_id": nil,
			"outstanding": 0.0, "email": shown.Body["email"]})
		// One invoice is open, one is part paid, one is paid and one is void.
		open, _ := p.owes(ada, 10, 20)
		part, _ := p.owes(ada, 20, 0)
		paid, _ := p.owes(ada, 5, 0)
		void, _ := p.owes(ada, 7, 0)
		p.owes(nia, 9, 0)
		for id, pounds := range map[string]int{part: 15, paid: 5} {
			p.graph(`mutation { addInvoicePayment(invoiceId: %q, paymentData: {paymentAmount: %d, paymentTypeId: %q,
				paymentDate: "2031-01-06"}) { data { id } error } }`, coded(wire.KindInvoice, id), pounds, p.cash())
		}
		p.ok("PATCH", "/v1/invoicing/invoices/"+void, map[string]any{"status": "void"})
		got := info(map[string]any{"outstanding": 1700.0})
		if ids, _ := got["open_invoice_ids"].([]any); len(ids) != 2 || ids[0] != open || ids[1] != part {
			t.Errorf("%v are open, not %s and %s", ids, open, part)
		}
		relate(`companyName: "Crown Insurance", email: "claims@example.org", address: "2 High Street", postcode: "ZZ1 1AA"`)
		got = info(map[string]any{"billpayer_id": nil, "name": "Crown Insurance",
			"email": "claims@example.org"})
		if dig(got, "address", "line_1") != "2 High Street" {
			t.Errorf("%v", got)
		}
		relate(`relatedAccountId: "` + coded(wire.KindPatient, nia) + `"`)
		made := p.ok("POST", "/v1/invoicing/customers", map[string]any{"name": "Nia D'Arcy", "patient_id": nia}, scope)
		info(map[string]any{"patient_id": ada, "billpayer_id": nia, "customer_id": made.str("id"),
			"outstanding": 1700.0})
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/"+ada+"/billing_info", nil,
			key(p.creds.Second.Key), ofGroup(p.creds.Second.Group))
		p.refused(http.StatusNotFound, "patient_not_found", "GET", "/v1/patients/1/billing_info", nil, scope)
		p.refused(http.StatusForbidden, "missing_scope", "GET", "/v1/patients/"+ada+"/billing_info", nil,
			key(p.creds.Keys["booking"]))
	})
}

// TestARateOfVATIsOneAtBothDoors sets the rate of an appointment's product over each API and reads it over the other.
func TestARateOfVATIsOneAtBothDoors(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		id := p.ok("POST", "/v1/appointment_types",
			map[string]any{"name": "Travel clinic", "duration": 20, "price": 5000, "vat_rate": 17.5}).str("id")
		there := func(want any) {
			t.Helper()
			got := p.graph(`{ product(id: %q) { tax { taxRate } } }`, coded(wire.KindProduct, id))
			if dig(got, "tax", "taxRate") != want {
				t.Errorf("over GraphQL the rate is %v, not %v", dig(got, "tax", "taxRate"), want)
			}
		}
		there(17.5)
		p.ok("PATCH", "/v1/appointment_types/"+id, map[string]any{"vat_rate": 5})
		there(5.0)
		p.graph(`mutation { updateProduct(id: %q, productData: {tax: {taxRate: 20}}) { data { id } error } }`,
			coded(wire.KindProduct, id))
		found := false
		for _, k := range p.ok("GET", "/v1/appointment_types?include_inactive=true", nil).data() {
			if k["id"] == id {
				found = true
				if k["vat_rate"] != 20.0 {
					t.Errorf("over REST the rate is %v", k["vat_rate"])
				}
			}
		}
		if !found {
			t.Error("the product is no appointment type over REST")
		}
	})
}

func TestStripeThatDoesNotKnowTheKeyIsSaidByTheDoctor(t *testing.T) {
	t.Parallel()
	paying(t, func(t *testing.T, p *till) {
		look := func() (f operator.Finding) {
			all, _ := app.Examine(t.Context(), app.Examination{DB: p.address, SealKey: sealKey})
			if i := slices.IndexFunc(all, func(f operator.Finding) bool { return f.Check == "stripe" }); i >= 0 {
				f = all[i]
			}
			return f
		}
		if got := look(); !got.OK {
			t.Fatalf("the doctor says %+v", got)
		}
		p.bank.Key = "sk_test_another"
		if got := look(); got.OK || !strings.Contains(got.Detail, "401") {
			t.Errorf("the doctor says %+v of a key that Stripe does not know", got)
		}
		p.refused(http.StatusConflict, "payment_provider_refused", "GET", "/v1/invoicing/coupons", nil)
	})
}
