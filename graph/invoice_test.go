package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	billinggraph "frontdesk/graph/billing"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
	"frontdesk/store"
)

const invoiceFieldsAsked = `id status paidOrOutstanding invoiceNumber paymentReference date patientId
	patient { id fullName } payeeDetails doctorId
	doctor { id fullName } location lineItems { id date title productType itemCode cost price quantity taxRate total
	referenceId referenceType }
	payments { id paymentAmount paymentSource paymentDate comment } refunds { id refundAmount refundDate refundReason
	comment relatedPayment }
	tax total outstanding refunded comments extraInfo type paymentLinkUrl dateShared createdAt updatedAt`

const createInvoice = `mutation($data: NewInvoiceDataInput) { createInvoice(invoiceData: $data) { data { ` +
	invoiceFieldsAsked + ` } error } }`

// surgery is a practice that bills: a place, a doctor, a patient, a contact and
// what is sold, by their ids at this door.
type surgery struct {
	*kit
	room, doctor, ada, insurer, visit, jab string
}

func (d *kit) surgery() *surgery {
	d.t.Helper()
	s := &surgery{kit: d}
	place, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
	d.must(err)
	s.room = wire.Encode(wire.KindRoom, place.ID)
	s.doctor = d.done("createUser",
		`mutation($email: String!) { createUser(userData: {title: "Dr", firstName: "Amir", lastName: "Khan",
			email: $email, role: "booking",
		isDoctor: true}) { data { id } error } }`, "email", fmt.Sprintf("amir%d@example.org",
			d.group.ID))["id"].(string)
	s.ada = d.person("Ada")
	s.insurer = d.done("createContact",
		`mutation { createContact(company: "Crown Insurance", isPayor: true, paymentReference: "CR-7") { data { id `+
			`} error } }`)["id"].(string)
	s.visit = d.product(map[string]any{"productType": "appointment", "name": "Consultation", "price": 65,
		"duration": 20})
	s.jab = d.product(map[string]any{"productType": "vaccine", "name": "Travel vaccine", "price": 19.99,
		"itemCode": "TV-1", "cost": 12.5})
	return s
}

// person registers a patient.
func (d *kit) person(first string) string {
	d.t.Helper()
	id, err := patienttest.Register(d.ctx, d.core.Patient,
		patient.Changes{Title: new("Ms"), FirstName: new(first), LastName: new("Byron"),
			BirthDate: new(input.DayOf(1985, 12, 10)),
			Email:     new(strings.ToLower(first) + "@example.org"), Line1: new("1 Mill Lane")})
	d.must(err)
	return wire.Encode(wire.KindPatient, id)
}

// bill is the data of an invoice; more is put in place of what it has.
func (s *surgery) bill(more map[string]any) map[string]any {
	out := map[string]any{
		"date": "2031-01-06", "patientId": s.ada, "doctorId": s.doctor, "locationId": s.room,
		"lineItems": []any{map[string]any{"date": "2031-01-05", "productId": s.jab, "quantity": 2}},
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func (s *surgery) invoiced(more map[string]any) string {
	s.t.Helper()
	id, _ := s.done("createInvoice", createInvoice, "data", s.bill(more))["id"].(string)
	return id
}

// payBy is a payment by the practice's first payment type.
func (s *surgery) payBy(amount float64) map[string]any {
	s.t.Helper()
	return map[string]any{
		"paymentAmount": amount, "paymentDate": "2031-01-07",
		"paymentTypeId": s.get("practice.paymentTypes.0.id", `{ practice { paymentTypes { id name } } }`),
	}
}

// booked gives a patient an appointment.
func (s *surgery) booked(of string) string {
	s.t.Helper()
	a, err := s.core.Booking.Reserve(s.ctx, booking.Request{
		Type: wire.Decoded[diary.TypeID](&s.visit), Location: wire.Decoded[practice.LocationID](&s.room),
		Practitioner: wire.Decoded[practice.PractitionerID](&s.doctor),
		Start:        s.now.Load().Add(time.Hour), Length: 20 * time.Minute, Patient: wire.Decoded[patient.ID](&of),
		Override: true,
	})
	s.must(err)
	_, err = s.core.Booking.Confirm(s.ctx, a.ID, booking.Confirmation{})
	s.must(err)
	return wire.Encode(wire.KindBooking, a.ID)
}

// change asks for a change of an invoice and gives what it is then.
func (s *surgery) change(field, arguments string, variables ...any) (map[string]any, string) {
	s.t.Helper()
	names := []string{}
	for i := 0; i < len(variables); i += 2 {
		kind := "ID!"
		switch variables[i+1].(type) {
		case map[string]any:
			kind = map[string]string{"line": "NewLineItemDataInput",
				"payment": "NewInvoicePaymentDataInput"}[variables[i].(string)]
		case float64:
			kind = "Float"
		}
		names = append(names, "$"+variables[i].(string)+": "+kind)
	}
	document := "mutation(" + strings.Join(names, ", ") + ") { " + field + "(" + arguments + ") { data { " +
		invoiceFieldsAsked + " } error } }"
	return s.payload(field, document, variables...)
}

func TestInvoices(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		d.must(second(d.core.Practice.UpdateGroup(d.ctx, practice.GroupChange{VAT: new(200)})))
		at9 := s.booked(s.ada)
		if got := s.billed(at9); got {
			t.Error("the booking is billed already")
		}
		made := d.done("createInvoice", createInvoice, "data", s.bill(map[string]any{
			"comments": "Ring first.", "extraInfo": "Thank you.", "accountId": nil, "payments": []any{},
			"lineItems": []any{
				map[string]any{"date": "2031-01-05", "productId": s.jab, "quantity": 2},
				map[string]any{"date": "2031-01-06T00:00:00+01:00", "productId": s.visit, "quantity": 1, "price": 50.5,
					"referenceId": at9}, nil,
			},
		}))
		holds(t, made, map[string]any{
			"status": "active", "paidOrOutstanding": "Outstanding", "invoiceNumber": 1.0, "paymentReference": "INV-1",
			"date":      "2031-01-06T00:00:00.000Z",
			"patientId": s.ada, "patient.id": s.ada, "patient.fullName": "Ms Ada Byron",
			"payeeDetails": "Ms Ada Byron, 1 Mill Lane", "doctorId": s.doctor,
			"doctor.fullName": "Dr Amir Khan", "location": "Mill Lane", "type": "invoice", "comments": "Ring first.",
			"extraInfo": "Thank you.",
			"tax":       18.1, "total": 108.58, "outstanding": 108.58, "refunded": 0.0, "paymentLinkUrl": nil,
			"dateShared": nil,
			"createdAt":  "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:00:00.000Z",
			"lineItems.0.date": "2031-01-05T00:00:00.000Z", "lineItems.0.title": "Travel vaccine",
			"lineItems.0.productType": "vaccine",
			"lineItems.0.itemCode":    "TV-1", "lineItems.0.cost": 12.5, "lineItems.0.price": 19.99,
			"lineItems.0.quantity": 2.0,
			"lineItems.0.taxRate":  20.0,
			"lineItems.0.total":    47.98, "lineItems.0.referenceType": "Product", "lineItems.0.referenceId": s.jab,
			"lineItems.1.date": "2031-01-06T00:00:00.000Z", "lineItems.1.price": 50.5, "lineItems.1.cost": nil,
			"lineItems.1.referenceType": "Booking", "lineItems.1.referenceId": at9,
		})
		if got := s.billed(at9); !got {
			t.Error("the booking is not billed")
		}
		id, line := made["id"].(string), at(t, made, "lineItems.0.id").(string)
		d.move(time.Minute)

		do := func(field, arguments string, variables ...any) map[string]any {
			t.Helper()
			data, wrong := s.change(field, arguments, append([]any{"id", id}, variables...)...)
			if wrong != "" {
				t.Fatalf("%s: %s", field, wrong)
			}
			return data
		}
		holds(t,
			do("updateInvoice", `invoiceId: $id, invoiceData: {comments: null, date: "2031-01-04", extraInfo: `+
				`"Thanks."}`),
			map[string]any{
				"comments": nil, "date": "2031-01-04T00:00:00.000Z", "extraInfo": "Thanks.", "doctorId": s.doctor,
				"updatedAt": "2031-01-06T09:01:00.000Z",
			})
		holds(t, do("updateInvoice", `invoiceId: $id, invoiceData: null`), map[string]any{"extraInfo": "Thanks."})
		holds(t,
			do("addLineItem", `invoiceId: $id, lineItemData: $line`, "line",
				map[string]any{"date": "2031-01-06", "productId": s.jab, "quantity": 1, "price": 0}),
			map[string]any{"lineItems.2.price": 0.0, "total": 108.58})
		holds(t,
			do("updateLineItem", `invoiceId: $id, lineItemId: $item, lineItemData: {quantity: 1, price: 10, date: `+
				`"2031-01-03"}`,
				"item", line),
			map[string]any{"lineItems.0.total": 12.0, "lineItems.0.date": "2031-01-03T00:00:00.000Z", "total": 72.6})
		holds(t,
			do("updateLineItem", `invoiceId: $id, lineItemId: $item, lineItemData: {referenceId: $booking}`, "item",
				line,
				"booking", at9),
			map[string]any{"lineItems.0.referenceId": at9, "lineItems.0.price": 10.0})
		holds(t, do("updateLineItem", `invoiceId: $id, lineItemId: $item, lineItemData: {referenceId: null}`, "item",
			line),
			map[string]any{"lineItems.0.referenceType": "Product"})
		if n := do("deleteLineItem", `invoiceId: $id, lineItemId: $item`, "item",
			line)["lineItems"].([]any); len(n) != 2 {
			t.Errorf("%d lines are left", len(n))
		}
		paid := do("addInvoicePayment", `invoiceId: $id, paymentData: $payment`, "payment", s.payBy(60.6))
		holds(t, paid, map[string]any{
			"paidOrOutstanding": "Paid", "outstanding": 0.0, "payments.0.paymentAmount": 60.6,
			"payments.0.paymentSource": "Card",
			"payments.0.paymentDate":   "2031-01-07T00:00:00.000Z", "payments.0.comment": nil,
		})
		payment := at(t, paid, "payments.0.id").(string)
		if _, wrong := s.change("addLineItem", `invoiceId: $id, lineItemData: $line`, "id", id, "line",
			map[string]any{"date": "2031-01-06", "productId": s.jab, "quantity": 1}); wrong != billing.ErrPaid.Message {
			t.Error(wrong)
		}
		holds(t,
			do("updateInvoicePayment",
				`invoiceId: $id, invoicePaymentId: $item, paymentData: {paymentAmount: 60.5, comment: "By hand", `+
					`paymentDate: "2031-01-08"}`, "item", payment),
			map[string]any{"outstanding": 0.1, "payments.0.comment": "By hand",
				"payments.0.paymentDate": "2031-01-08T00:00:00.000Z", "payments.0.paymentSource": "Card"})
		refund := `mutation($id: ID!, $payment: ID!, $amount: Float) { refundPayment(invoiceId: $id,
			paymentId: $payment, amount: $amount, reason: "Too much", comment: "Sorry") {
			data { refunded outstanding refunds { id refundAmount refundDate refundReason comment relatedPayment } }
			refundId refundExternalId error } }`
		a := d.ask(refund, "id", id, "payment", payment, "amount", 20.5)
		holds(t, at(t, a.Data, "refundPayment"), map[string]any{
			"data.refunded": 20.5, "data.outstanding": 20.6, "data.refunds.0.refundAmount": 20.5,
			"data.refunds.0.refundDate":   "2031-01-06T00:00:00.000Z",
			"data.refunds.0.refundReason": "Too much", "data.refunds.0.comment": "Sorry",
			"data.refunds.0.relatedPayment": payment,
			"refundId":                      at(t, a.Data, "refundPayment.data.refunds.0.id"), "refundExternalId": nil,
			"error": nil,
		})
		if _, wrong := s.change("deleteInvoice", `invoiceId: $id`, "id", id); wrong != billing.ErrHasPayments.Message {
			t.Error(wrong)
		}
		a = d.ask(refund, "id", id, "payment", payment)
		holds(t, at(t, a.Data, "refundPayment"), map[string]any{"data.refunded": 60.5, "data.outstanding": 60.6})
		a = d.ask(refund, "id", id, "payment", payment)
		if at(t, a.Data, "refundPayment.error") != billing.ErrRefundTooLarge.Message ||
			at(t, a.Data, "refundPayment.data") != nil || at(t, a.Data, "refundPayment.refundId") != nil {
			t.Error(a.text)
		}
		for range 2 {
			holds(t, do("deleteInvoice", `invoiceId: $id`), map[string]any{"status": "cancelled",
				"paidOrOutstanding": "Void"})
		}
		holds(t, d.get("invoice", `query($id: ID!) { invoice(id: $id) { `+invoiceFieldsAsked+` } }`, "id", id),
			map[string]any{"id": id, "status": "cancelled", "location": "Mill Lane"})

		other := s.invoiced(map[string]any{"accountId": s.insurer, "payments": []any{s.payBy(1)}})
		holds(t, d.get("invoice", `query($id: ID!) { invoice(id: $id) { `+invoiceFieldsAsked+` } }`, "id", other),
			map[string]any{
				"invoiceNumber": 2.0, "payeeDetails": "Crown Insurance", "paymentReference": "CR-7", "patientId": s.ada,
				"payments.0.paymentAmount": 1.0,
			})
		taken := at(t, d.get("invoice", `query($id: ID!) { invoice(id: $id) { payments { id } } }`, "id", other),
			"payments.0.id").(string)
		data, wrong := s.change("deleteInvoicePayment", `invoiceId: $id, invoicePaymentId: $item`, "id", other, "item",
			taken)
		if wrong != "" || len(data["payments"].([]any)) != 0 {
			t.Errorf("%v %s", data, wrong)
		}
	})
}

// billed asks the field of a booking that says so.
func (s *surgery) billed(id string) bool {
	s.t.Helper()
	yes, err := rootOf(s.door.Resolver).Booking().Billed(s.door.WithLoaders(s.ctx), &gql.Booking{ID: id})
	s.must(err)
	return *yes
}

func TestInvoicesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		bob := d.person("Bob")
		theirs := s.booked(bob)
		one := func(line map[string]any) map[string]any {
			out := map[string]any{"date": "2031-01-06", "productId": s.jab, "quantity": 1}
			for k, v := range line {
				out[k] = v
			}
			return map[string]any{"lineItems": []any{out}}
		}
		for _, c := range []struct {
			name string
			more map[string]any
			want string
		}{
			{"no date", map[string]any{"date": ""}, "date"},
			{"no patient of ours", map[string]any{"patientId": wire.Encode(wire.KindPatient, patient.ID(7))},
				patient.ErrNotFound.Message},
			{"a contact as the patient", map[string]any{"patientId": s.insurer}, patient.ErrNotFound.Message},
			{"no doctor of ours", map[string]any{"doctorId": s.ada}, practice.ErrPractitionerNotFound.Message},
			{"no place of ours", map[string]any{"locationId": s.ada}, practice.ErrLocationNotFound.Message},
			{"no account of ours", map[string]any{"accountId": wire.Encode(wire.KindContact, contact.ID(7))},
				contact.ErrNotFound.Message},
			{"an account that is none", map[string]any{"accountId": s.jab}, patient.ErrNotFound.Message},
			{"an id that is none", map[string]any{"patientId": "ada"}, `Cast to ObjectId failed for value "ada"`},
			{"no product of ours", one(map[string]any{"productId": wire.Encode(wire.KindProduct,
				billing.ProductID(7))}),
				"Product must exist"},
			{"a product's id that is short", one(map[string]any{"productId": "7"}),
				"id must be at least 24 characters"},
			{"none of something", one(map[string]any{"quantity": 0}), "quantity"},
			{"as many as wrap around", one(map[string]any{"quantity": 18446744073709552}), "quantity"},
			{"parts of a penny", one(map[string]any{"price": 0.001}), billinggraph.ErrAmount.Message},
			{"another patient's booking", one(map[string]any{"referenceId": theirs}),
				billing.ErrBookingOfAnother.Message},
			{"no booking of ours", one(map[string]any{"referenceId": wire.Encode(wire.KindBooking, booking.ID(7))}),
				booking.ErrNotFound.Message},
			{"something else than a booking", one(map[string]any{"referenceId": s.jab}), booking.ErrNotFound.Message},
			{"more than it is for", map[string]any{"payments": []any{s.payBy(1000)}}, billing.ErrOverpaid.Message},
		} {
			if _, wrong := d.payload("createInvoice", createInvoice, "data", s.bill(c.more)); !strings.Contains(wrong,
				c.want) {
				t.Errorf("%s: %q", c.name, wrong)
			}
		}
		if _, wrong := d.payload("createInvoice", createInvoice, "data", nil); wrong != billinggraph.ErrNoData.Message {
			t.Error(wrong)
		}
		id := s.invoiced(map[string]any{"payments": []any{s.payBy(1)}})
		if number := d.get("invoice.invoiceNumber", `query($id: ID!) { invoice(id: $id) { invoiceNumber } }`, "id",
			id); number != 1.0 {
			t.Errorf("what was refused took a number: this one is %v", number)
		}
		parts := d.get("invoice", `query($id: ID!) { invoice(id: $id) { lineItems { id } payments { id } } }`, "id", id)
		line, payment := at(t, parts, "lineItems.0.id"), at(t, parts, "payments.0.id")
		none := map[string]any{}
		for _, c := range []struct {
			field, arguments string
			variables        []any
			want             string
		}{
			{"addLineItem", `invoiceId: $id`, nil, billinggraph.ErrNoData.Message},
			{"addInvoicePayment", `invoiceId: $id`, nil, billinggraph.ErrNoData.Message},
			{"updateLineItem", `invoiceId: $id, lineItemId: $item`, []any{"item", payment},
				billing.ErrLineNotFound.Message},
			{"deleteLineItem", `invoiceId: $id, lineItemId: $item`, []any{"item", wire.Encode(wire.KindLineItem,
				billing.LineID(7))},
				billing.ErrLineNotFound.Message},
			{"updateInvoicePayment", `invoiceId: $id, invoicePaymentId: $item`, []any{"item", line},
				billing.ErrPaymentNotFound.Message},
			{"updateInvoicePayment", `invoiceId: $id, invoicePaymentId: $item, paymentData: {paymentTypeId: $item}`,
				[]any{"item", payment}, billing.ErrPaymentTypeNotFound.Message},
			{"updateInvoicePayment", `invoiceId: $id, invoicePaymentId: $item, paymentData: {paymentAmount: 1.001}`,
				[]any{"item", payment}, billinggraph.ErrAmount.Message},
			{"deleteInvoicePayment", `invoiceId: $id, invoicePaymentId: $item`, []any{"item", "x"},
				"Cast to ObjectId failed"},
			{"updateInvoice", `invoiceId: $id, invoiceData: {doctorId: $item}`, []any{"item", line},
				practice.ErrPractitionerNotFound.Message},
			{"updateInvoice", `invoiceId: $id, invoiceData: {locationId: $item}`, []any{"item", line},
				practice.ErrLocationNotFound.Message},
		} {
			if _, wrong := s.change(c.field, c.arguments, append([]any{"id", id},
				c.variables...)...); !strings.Contains(wrong,
				c.want) {
				t.Errorf("%s: %q", c.field, wrong)
			}
		}
		if a := d.ask(`query { invoice(id: "12") { id } }`); a.message() != `Cast to ObjectId failed for value "12" `+
			`(type string) at path "_id"` {
			t.Error(a.text)
		}

		changes := map[string]string{
			"updateInvoice": `mutation($id: ID!) { updateInvoice(invoiceId: $id, invoiceData: {comments: ` +
				`"X"}) { data { id } error } }`,
			"deleteInvoice": `mutation($id: ID!) { deleteInvoice(invoiceId: $id) { data { id } error } }`,
			"addLineItem": `mutation($id: ID!, $p: ID!) { addLineItem(invoiceId: $id, lineItemData: {date: ` +
				`"2031-01-06", productId: $p, quantity: 1}) { data { id } error } }`,
			"updateLineItem": `mutation($id: ID!, $line: ID!) { updateLineItem(invoiceId: $id, lineItemId: ` +
				`$line, lineItemData: {quantity: 1}) { data { id } error } }`,
			"deleteLineItem": `mutation($id: ID!, $line: ID!) { deleteLineItem(invoiceId: $id, lineItemId: ` +
				`$line) { data { id } error } }`,
			"addInvoicePayment": `mutation($id: ID!) { addInvoicePayment(invoiceId: $id, paymentData: ` +
				`{paymentAmount: 1, paymentTypeId: "69555b801700000000000001", paymentDate: "2031-01-06"}) { data { ` +
				`id } error } }`,
			"updateInvoicePayment": `mutation($id: ID!, $pay: ID!) { updateInvoicePayment(invoiceId: $id, ` +
				`invoicePaymentId: $pay, paymentData: {comment: "X"}) { data { id } error } }`,
			"deleteInvoicePayment": `mutation($id: ID!, $pay: ID!) { deleteInvoicePayment(invoiceId: $id, ` +
				`invoicePaymentId: $pay) { data { id } error } }`,
			"refundPayment": `mutation($id: ID!, $pay: ID!) { refundPayment(invoiceId: $id, paymentId: $pay) { data ` +
				`{ id } error } }`,
		}
		variables := func(document string) []any {
			out := []any{"id", id}
			for name, v := range map[string]any{"p": s.jab, "line": line, "pay": payment} {
				if strings.Contains(document, "$"+name+":") {
					out = append(out, name, v)
				}
			}
			return out
		}
		data := s.bill(none)
		d.token = d.newToken("readonly")
		for _, document := range changes {
			d.forbidden("editInvoices", document, variables(document)...)
		}
		d.forbidden("editInvoices", createInvoice, "data", data)
		d.role("clerk", "seeInvoices")
		a := d.ask(`query($id: ID!) { invoice(id: $id) { invoiceNumber patient { id } doctor { id } } }`, "id", id)
		if len(a.Errors) != 2 || at(t, a.Data, "invoice.invoiceNumber") != 1.0 ||
			!strings.Contains(a.text, "Missing permission seePatients") ||
			!strings.Contains(a.text, "Missing permission settingsSeeUsers") {
			t.Error(a.text)
		}
		d.token = d.newToken("booking")
		d.forbidden("seeInvoices", `query($id: ID!) { invoice(id: $id) { id } }`, "id", id)
		d.forbidden("seeInvoices", `{ invoices { data { id } } }`)

		d.join("Another")
		if got := d.get("invoice", `query($id: ID!) { invoice(id: $id) { id } }`, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("invoices.data",
			`{ invoices(options: {includeDeleted: true}) { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		for field, document := range changes {
			if _, wrong := d.payload(field, document, variables(document)...); wrong != billing.ErrNotFound.Message {
				t.Errorf("%s: %q", field, wrong)
			}
		}
		here := d.surgery()
		for what, v := range map[string]string{"patientId": s.ada, "doctorId": s.doctor, "locationId": s.room,
			"accountId": s.insurer} {
			if _, wrong := d.payload("createInvoice", createInvoice, "data",
				here.bill(map[string]any{what: v})); !strings.HasPrefix(wrong, "This practice group has no such") {
				t.Errorf("%s of another practice: %q", what, wrong)
			}
		}
		for what, v := range map[string]string{"productId": s.jab, "referenceId": theirs} {
			line := map[string]any{"date": "2031-01-06", "productId": here.jab, "quantity": 1}
			line[what] = v
			if _, wrong := d.payload("createInvoice", createInvoice, "data",
				here.bill(map[string]any{"lineItems": []any{line}})); wrong == "" {
				t.Errorf("%s of another practice is taken", what)
			}
		}
	})
}

// page has an invoice paid on a page of the provider's, for what is due.
func (s *surgery) page(id string) {
	s.t.Helper()
	i, err := s.core.Invoice.Find(s.ctx, wire.Decoded[billing.InvoiceID](&id))
	s.must(err)
	now, r := *s.now.Load(), payment.ID(s.db.NewID())
	s.must(s.core.Payment.Store.Do(s.ctx, func(tx payment.Tx) error {
		return tx.SaveRequest(s.ctx, s.group.ID, payment.Request{ID: r, Invoice: i.ID, Kind: payment.Page,
			State: payment.Live, Amount: i.Outstanding(), External: "cs_" + r.String(), URL: "https://pay.example",
			ExpiresAt: now.Add(time.Hour), CreatedAt: now, UpdatedAt: now})
	}))
	got := s.get("invoice.paymentLinkUrl", `query($id: ID!) { invoice(id: $id) { paymentLinkUrl } }`, "id", id)
	if got != "https://pay.example" {
		s.t.Errorf("it is paid at %v", got)
	}
}

func TestInvoicesAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		made := 0
		grow := func() int {
			for range 3 {
				made++
				who := d.person(fmt.Sprint("Ada", string(rune('a'+made))))
				id := s.invoiced(map[string]any{"patientId": who, "date": fmt.Sprintf("2031-01-%02d", made),
					"payments": []any{s.payBy(5)}})
				payment := at(t, d.get("invoice", `query($id: ID!) { invoice(id: $id) { payments { id } } }`, "id", id),
					"payments.0.id")
				d.ask(`mutation($id: ID!, $p: ID!) { refundPayment(invoiceId: $id, paymentId: $p, amount: 1) { `+
					`error } }`, "id", id,
					"p", payment)
				s.page(id)
			}
			return made
		}
		d.flat("invoices.data", `{ invoices(pagination: {pageSize: 30}) { data { `+invoiceFieldsAsked+
			` } pageInfo { page pageSize hasMore } } }`, nil, grow)
		// A patient's own, reached from each of a list.
		d.flat("invoices.data",
			`{ invoices(pagination: {pageSize: 12}) { data { patient { invoices(start: "2031-01-01",
				end: "2031-12-31") {
			location doctor { id } lineItems { id } } } } } }`, nil, grow)
		got := d.get("invoices.data",
			`{ invoices(dateRange: {start: "2031-01-02", end: "2031-01-04T23:00:00Z"}, options: {includeDeleted: `+
				`false}) { data { date } } }`).([]any)
		if len(got) != 3 || at(t, got, "0.date") != "2031-01-02T00:00:00.000Z" ||
			at(t, got, "2.date") != "2031-01-04T00:00:00.000Z" {
			t.Errorf("got %v", got)
		}
		a := d.ask(`{ invoices(pagination: {pageSize: 2, page: 2}) { data { invoiceNumber patient { invoices(start: ` +
			`"2031-01-01", end: "2031-01-03") { invoiceNumber } } } pageInfo { hasMore page pageSize } } }`)
		holds(t, a.Data, map[string]any{
			"invoices.data.0.invoiceNumber": 3.0, "invoices.data.0.patient.invoices.0.invoiceNumber": 3.0,
			"invoices.pageInfo.hasMore": true, "invoices.pageInfo.page": 2.0,
		})
		if n := at(t, a.Data, "invoices.data.1.patient.invoices").([]any); len(n) != 0 {
			t.Errorf("there are invoices of other days: %v", n)
		}
		for _, document := range []string{
			`{ invoices(dateRange: {start: "2031-01-02T10:00:00"}) { data { id } } }`,
			`{ invoices { data { patient { invoices(start: "", end: "2031-01-02") { id } } } } }`,
			`{ invoices { data { patient { invoices(start: "2031-01-02", end: "2031-01-02T10:00") { id } } } } }`,
		} {
			if a := d.ask(document); a.message() != "Invalid date" || a.code() != codeInput {
				t.Errorf("%s: %s", document, a.text)
			}
		}
		// What bookings are billed is read at once for all of them.
		d.door.Wait = unhurried
		ctx, count := store.Counting(d.door.WithLoaders(d.ctx))
		var wait []chan error
		for n := range 30 {
			done := make(chan error)
			wait = append(wait, done)
			go func() {
				_, err := rootOf(d.door.Resolver).Booking().Billed(ctx, &gql.Booking{ID: wire.Encode(wire.KindBooking,
					booking.ID(1+n))})
				done <- err
			}()
		}
		for _, done := range wait {
			d.must(<-done)
		}
		if n := count(); n > 2 {
			t.Errorf("30 bookings took %d statements", n)
		}
	})
}

func TestInvoiceLowersTheStockLevel(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.diaried()
		plaster := d.product(map[string]any{"name": "Plaster", "price": 1, "stockLevel": 12})
		level := func(when string, want float64) {
			t.Helper()
			if got := d.get("product.stockLevel", `query($id: ID!) { product(id: $id) { stockLevel } }`, "id",
				plaster); got != want {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		i := d.done("createInvoice",
			`mutation($p: ID!, $d: ID!, $l: ID!, $x: ID!) { createInvoice(invoiceData: {date: "2031-01-06",
				patientId: $p, doctorId: $d, locationId: $l,
			lineItems: [{date: "2031-01-06", productId: $x, quantity: 2}, {date: "2031-01-06", productId: $x,
			quantity: 3}]}) { data { id lineItems { id } } error } }`,
			"p", s.patient, "d", s.doctor, "l", s.room, "x", plaster)
		level("billed", 7)
		d.done("deleteLineItem",
			`mutation($i: ID!, $l: ID!) { deleteLineItem(invoiceId: $i, lineItemId: $l) { data { id } error } }`, "i",
			i["id"],
			"l", at(t, i, "lineItems.1.id"))
		level("a line is deleted", 10)
		d.done("deleteInvoice", `mutation($i: ID!) { deleteInvoice(invoiceId: $i) { data { id } error } }`, "i",
			i["id"])
		level("the invoice is cancelled", 12)
	})
}
