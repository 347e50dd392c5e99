package e2e

import (
	"net/http"
	"strings"
	"testing"

	"frontdesk/graph/wire"
	"frontdesk/test/wait"
)

// plan makes a membership over GraphQL and has a patient join it from today.
func (p *till) plan(name, of string) (product string) {
	p.t.Helper()
	made, _ := dig(p.graph(`mutation { createProduct(productData: {name: %q, productType: membership, price: 20}) {
		data { id } error } }`, name), "data", "id").(string)
	p.graph(`mutation { addPatientMembership(patientId: %q, membershipId: %q) { data { membershipName } error } }`,
		coded(wire.KindPatient, of), made)
	return plain(made)
}

// lineOver is the only line of an invoice over GraphQL.
func (p *till) lineOver(invoice string) any {
	p.t.Helper()
	return dig(p.graph(`{ invoice(id: %q) { lineItems { price listPrice membershipPolicyId total } } }`,
		coded(wire.KindInvoice, invoice)), "lineItems", 0)
}

func TestWhatAMembershipTakesOffIsOnTheInvoiceAtBothDoors(t *testing.T) {
	paying(t, func(t *testing.T, p *till) {
		scope, nia, ada := key(p.creds.Keys["invoicing"]), p.patient(), p.patientBy("byron")
		gold := p.plan("Gold", nia)
		body := map[string]any{"name": "Gold members", "product_id": gold, "percent_off": 12.5}
		made := p.ok("POST", "/v1/invoicing/membership_policies", body, scope, once("gold"))
		id := made.str("id")
		if again := p.ok("POST", "/v1/invoicing/membership_policies", body, scope, once("gold")); again.str("id") != id {
			t.Errorf("asked again it is another: %s", again.Text)
		}
		path := "/v1/invoicing/membership_policies/" + id
		listed := p.ok("GET", "/v1/invoicing/membership_policies", nil, scope)
		if got := p.ok("GET", path, nil, scope); got.Body["percent_off"] != 12.5 || got.Body["product_id"] != gold ||
			got.Body["ended_at"] != nil || listed.Body["count"] != 1.0 || listed.data()[0]["id"] != id {
			t.Errorf("%s\n%s", got.Text, listed.Text)
		}
		over := dig(p.graph(`{ membershipPolicies { data { id name percentOff amountOff membership { id name } } } }`),
			"data", 0)
		if dig(over, "id") != coded(wire.KindMembershipPolicy, id) || dig(over, "percentOff") != 12.5 ||
			dig(over, "membership", "id") != coded(wire.KindProduct, gold) || dig(over, "membership", "name") != "Gold" {
			t.Errorf("over GraphQL it is %v", over)
		}
		// 19.99 less 12.5 % is 17.49; VAT of 20 % on it is 3.50.
		invoice, product := p.owes(nia, 19.99, 20)
		got := p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil)
		line := dig(got.Body, "lines", 0)
		if got.Body["total"] != 2099.0 || dig(line, "unit_price") != 1749.0 || dig(line, "list_price") != 1999.0 ||
			dig(line, "membership_policy_id") != id {
			t.Errorf("%s", got.Text)
		}
		if line := p.lineOver(invoice); dig(line, "price") != 17.49 || dig(line, "listPrice") != 19.99 ||
			dig(line, "membershipPolicyId") != coded(wire.KindMembershipPolicy, id) || dig(line, "total") != 20.99 {
			t.Errorf("over GraphQL the line is %v", line)
		}
		p.ok("PATCH", path, map[string]any{"amount_off": 500, "applies_to": map[string]any{"products": []string{product}}},
			scope)
		none, _ := p.owes(nia, 10, 0)  // another product
		whole, _ := p.owes(ada, 10, 0) // no member
		for _, other := range []string{none, whole} {
			if line := dig(p.ok("GET", "/v1/invoicing/invoices/"+other, nil).Body, "lines", 0); dig(line, "unit_price") !=
				1000.0 || dig(line, "list_price") != nil || dig(line, "membership_policy_id") != nil {
				t.Errorf("the line is %v", line)
			}
		}
		if now := p.ok("GET", "/v1/invoicing/invoices/"+invoice, nil); now.Body["total"] != 2099.0 {
			t.Errorf("the policy changed what was billed: %s", now.Text)
		}
		if ended := p.ok("DELETE", path, nil, scope); ended.Body["ended_at"] == nil || ended.Body["amount_off"] != 500.0 ||
			ended.Body["percent_off"] != nil {
			t.Errorf("%s", ended.Text)
		}
		if left := p.ok("GET", "/v1/invoicing/membership_policies", nil, scope); left.Body["count"] != 0.0 {
			t.Errorf("%s", left.Text)
		}
		if ever := p.ok("GET", "/v1/invoicing/membership_policies?include_ended=true", nil, scope); ever.Body["count"] !=
			1.0 {
			t.Errorf("%s", ever.Text)
		}
		p.refused(http.StatusConflict, "membership_policy_ended", "PATCH", path, map[string]any{"name": "x"}, scope)
	})
}

func TestMembershipPoliciesThatAreNoneAreRefused(t *testing.T) {
	paying(t, func(t *testing.T, p *till) {
		scope := key(p.creds.Keys["invoicing"])
		gold := p.plan("Gold", p.patient())
		_, product := p.owes(p.patient(), 10, 0)
		const at = "/v1/invoicing/membership_policies"
		for _, c := range []struct {
			field string
			value any
		}{
			{"percent_off", 0}, {"percent_off", 100.01}, {"percent_off", 12.345}, {"percent_off", -5}, {"amount_off", 5},
			{"name", ""}, {"product_id", "x"}, {"applies_to", map[string]any{"products": []string{gold}}},
			{"applies_to", map[string]any{"products": []string{"x"}}},
		} {
			body := map[string]any{"name": "Gold members", "product_id": gold, "percent_off": 10, c.field: c.value}
			if a := p.refused(http.StatusBadRequest, "invalid_request", "POST", at, body, scope); !strings.HasPrefix(a.wrong(),
				c.field) {
				t.Errorf("%s %v: %s", c.field, c.value, a.Text)
			}
		}
		body := map[string]any{"name": "Gold members", "product_id": gold}
		p.refused(http.StatusBadRequest, "invalid_request", "POST", at, body, scope)
		body["amount_off"] = 500
		with := func(field string, value any) map[string]any {
			out := map[string]any{field: value}
			for k, v := range body {
				if k != field {
					out[k] = v
				}
			}
			return out
		}
		p.refused(http.StatusNotFound, "product_not_found", "POST", at, with("product_id", "1"), scope)
		p.refused(http.StatusConflict, "product_not_a_membership", "POST", at, with("product_id", product), scope)
		p.refused(http.StatusNotFound, "product_not_found", "POST", at,
			with("applies_to", map[string]any{"products": []string{"1"}}), scope)
		p.refused(http.StatusForbidden, "missing_scope", "POST", at, body, key(p.creds.Keys["booking"]))
		id := p.ok("POST", at, body, scope).str("id")
		for method, body := range map[string]any{"GET": nil, "PATCH": map[string]any{"name": "x"}, "DELETE": nil} {
			p.refused(http.StatusNotFound, "membership_policy_not_found", method, at+"/"+id, body, key(p.creds.Second.Key),
				ofGroup(p.creds.Second.Group))
		}
	})
}

func TestAMemberPaysTheirPriceFirst(t *testing.T) {
	paying(t, func(t *testing.T, p *till) {
		slot, of := p.slot(0), p.patient()
		p.mustBePaid(slot, "admin_booking_invoice_required")
		kind, _ := slot["appointment_type_id"].(string)
		gold := p.plan("Gold", of)
		policy := p.ok("POST", "/v1/invoicing/membership_policies", map[string]any{"name": "Gold members",
			"product_id": gold, "percent_off": 25, "applies_to": map[string]any{"products": []string{kind}}}).str("id")
		id := p.ok("POST", "/v1/appointments", request(slot)).str("id")
		a := p.refused(http.StatusConflict, "payment_required", "PATCH", "/v1/appointments/"+id+"/book",
			map[string]any{"patient_id": of})
		bill := p.ok("GET", "/v1/invoicing/invoices/"+told(a, "invoice_id"), nil)
		if line := dig(bill.Body, "lines", 0); bill.Body["amount_due"] != 3750.0 || dig(line, "list_price") != 5000.0 ||
			dig(line, "membership_policy_id") != policy {
			t.Errorf("%s", bill.Text)
		}
		link := p.ok("POST", "/v1/invoicing/invoices/"+told(a, "invoice_id")+"/payment_link", nil)
		if link.Body["amount"] != 3750.0 || link.Body["url"] != told(a, "url") {
			t.Errorf("Stripe asks for %s", link.Text)
		}
		page := told(a, "url")
		p.bank.Pay(page[strings.LastIndex(page, "/")+1:])
		wait.Until(t, "the appointment to be confirmed", func() bool {
			return p.ok("GET", "/v1/appointments/"+id+"/status", nil).str("status") == "booked"
		})
		if paid := p.ok("GET", "/v1/invoicing/invoices/"+told(a, "invoice_id"), nil); paid.Body["amount_paid"] != 3750.0 ||
			paid.Body["status"] != "paid" {
			t.Errorf("%s", paid.Text)
		}
		// A member who pays nothing is confirmed at once, with an invoice that says why.
		p.ok("PATCH", "/v1/invoicing/membership_policies/"+policy, map[string]any{"percent_off": 100})
		free := p.ok("POST", "/v1/appointments", request(p.slot(3))).str("id")
		p.ok("PATCH", "/v1/appointments/"+free+"/book", map[string]any{"patient_id": of})
		if all := p.ok("GET", "/v1/invoicing/invoices", nil).data(); len(all) != 2 || all[1]["total"] != 0.0 ||
			dig(all[1], "lines", 0, "list_price") != 5000.0 {
			t.Errorf("billed are %v", all)
		}
	})
}
