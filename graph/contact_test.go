package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/contact"
)

const contactFieldsAsked = `id title status firstName lastName fullName email phones { phoneId phoneType phoneNumber }
	address { address city postcode country } numbers { id } medicalSpecialty company isPayor invoiceRecipient
	billingFrequency billingDetails
	paymentReference createdAt updatedAt`

const createContact = `mutation($company: String, $phone: String) { createContact(title: "Dr", first: "Grace",
	last: "Hopper", company: $company, email: "g@example.org",
	address: "1 High Street\nOld Town", city: "London", postcode: "sw1a1aa", country: "gb", phoneType: "mobile",
	phoneNumber: $phone, isPayor: true,
	invoiceRecipient: "Claims", billingFrequency: MONTHLY, billingDetails: "30 days",
	paymentReference: "CR-7") { data { ` + contactFieldsAsked + ` } error } }`

func TestContacts(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.done("createContact", createContact, "company", "Crown", "phone", "07700 900123")
		holds(t, made, map[string]any{
			"title": "Dr", "status": "active", "fullName": "Dr Grace Hopper", "email": "g@example.org",
			"phones.0.phoneType":   "Mobile",
			"phones.0.phoneNumber": "+447700900123", "address.address": "1 High Street, Old Town",
			"address.city":     "London",
			"address.postcode": "SW1A 1AA",
			"address.country":  "GB", "company": "Crown", "isPayor": true, "invoiceRecipient": "Claims",
			"billingFrequency": "MONTHLY",
			"billingDetails":   "30 days", "paymentReference": "CR-7", "medicalSpecialty": nil,
			"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:00:00.000Z",
		})
		if n := made["numbers"].([]any); len(n) != 0 {
			t.Errorf("the contact is known by %v", n)
		}
		id := made["id"].(string)
		d.move(time.Minute)
		after := d.done("updateContact",
			`mutation($id: ID!) { updateContact(id: $id, contactData: {title: null, first: "Ada",
				medicalSpecialty: "Cardiology",
			address: {address: "2 Low Road", city: null}, phones: null, billingFrequency: null}) { data { `+
				contactFieldsAsked+` } error } }`, "id", id)
		holds(t, after, map[string]any{
			"title": nil, "fullName": "Ada Hopper", "medicalSpecialty": "Cardiology", "address.address": "2 Low Road",
			"address.city":     nil,
			"address.postcode": "SW1A 1AA", "phones.0.phoneNumber": "+447700900123", "billingFrequency": nil,
			"company":   "Crown",
			"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:01:00.000Z",
		})
		after = d.done("updateContact",
			`mutation($id: ID!) { updateContact(id: $id, contactData: {phones: [{phoneNumber: "01632 960001",
				phoneType: Office}, null]}) {
			data { phones { phoneType phoneNumber } } error } }`, "id", id)
		holds(t, after, map[string]any{"phones.0.phoneType": "Office", "phones.0.phoneNumber": "+441632960001"})

		after = d.done("addContactPhoneNumber",
			`mutation($id: ID!) { addContactPhoneNumber(contactId: $id, phoneData: {phoneNumber: "020 7946 0123",
				phoneType: Fax}) {
			data { phones { phoneId phoneType } } error } }`, "id", id)
		phone := at(t, after, "phones.1.phoneId").(string)
		after = d.done("updateContactPhoneNumber",
			`mutation($id: ID!, $phone: ID!) { updateContactPhoneNumber(contactId: $id, phoneId: $phone,
				phoneData: {phoneType: Home}) {
			data { phones { phoneId phoneType phoneNumber } } error } }`, "id", id, "phone", phone)
		holds(t, after,
			map[string]any{"phones.1.phoneId": phone, "phones.1.phoneType": "Home",
				"phones.1.phoneNumber": "+442079460123"})
		remove := `mutation($id: ID!, $phone: ID!) { removeContactPhoneNumber(contactId: $id, phoneId: $phone) { ` +
			`data { phones { phoneId } } error } }`
		if n := len(d.done("removeContactPhoneNumber", remove, "id", id, "phone", phone)["phones"].([]any)); n != 1 {
			t.Errorf("%d numbers are left", n)
		}
		if _, wrong := d.payload("removeContactPhoneNumber", remove, "id", id, "phone",
			phone); wrong != contact.ErrPhoneNotFound.Message {
			t.Error(wrong)
		}

		holds(t, d.get("contact", `query($id: ID!) { contact(id: $id) { id fullName } }`, "id", id),
			map[string]any{"id": id, "fullName": "Ada Hopper"})
		del := `mutation($id: ID!) { deleteContact(id: $id) { data { status } error } }`
		for range 2 {
			holds(t, d.done("deleteContact", del, "id", id), map[string]any{"status": "deleted"})
		}
		if got := d.get("contact.status", `query($id: ID!) { contact(id: $id) { status } }`, "id",
			id); got != "deleted" {
			t.Errorf("got %v", got)
		}
		if _, wrong := d.payload("updateContact",
			`mutation($id: ID!) { updateContact(id: $id, contactData: {}) { data { id } error } }`, "id",
			id); wrong != contact.ErrDeleted.Message {
			t.Error(wrong)
		}
	})
}

func TestContactsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct{ name, arguments, want string }{
			{"no name", `email: "x@example.org"`, contact.ErrNameless.Message},
			{"no telephone number", `last: "X", phoneNumber: "12"`, "telephone number"},
			{"no kind of number", `last: "X", phoneNumber: "07700 900123", phoneType: "Pager"`,
				"not one of the possible values"},
			{"a long country", `last: "X", country: "GBR"`, "country"},
		} {
			if _, wrong := d.payload("createContact", `mutation { createContact(`+c.arguments+
				`) { data { id } error } }`); !strings.Contains(wrong, c.want) {
				t.Errorf("%s: %q", c.name, wrong)
			}
		}
		made := d.done("createContact", createContact, "phone", "07700 900123")
		id, phone := made["id"], at(t, made, "phones.0.phoneId")
		if a := d.ask(`{ contact(id: "x") { id } }`); a.message() != `Cast to ObjectId failed for value "x" (type `+
			`string) at path "_id"` {
			t.Error(a.text)
		}
		changes := map[string]string{
			"updateContact": `mutation($id: ID!) { updateContact(id: $id, contactData: {first: "X"}) { ` +
				`data { id } error } }`,
			"deleteContact": `mutation($id: ID!) { deleteContact(id: $id) { data { id } error } }`,
			"addContactPhoneNumber": `mutation($id: ID!) { addContactPhoneNumber(contactId: $id, phoneData: ` +
				`{phoneNumber: "07700900124", phoneType: Home}) { data { id } error } }`,
			"updateContactPhoneNumber": `mutation($id: ID!, $phone: ID!) { updateContactPhoneNumber(contactId: $id, ` +
				`phoneId: $phone, phoneData: {phoneType: Fax}) { data { id } error } }`,
			"removeContactPhoneNumber": `mutation($id: ID!, $phone: ID!) { removeContactPhoneNumber(contactId: $id, ` +
				`phoneId: $phone) { data { id } error } }`,
		}
		variables := func(document string) []any {
			if strings.Contains(document, "$phone") {
				return []any{"id", id, "phone", phone}
			}
			return []any{"id", id}
		}
		d.token = d.newToken("readonly")
		for _, document := range changes {
			d.forbidden("editContacts", document, variables(document)...)
		}
		d.forbidden("editContacts", createContact)
		d.token = d.newToken("booking")
		d.forbidden("seeContacts", `query($id: ID!) { contact(id: $id) { id } }`, "id", id)
		d.forbidden("seeContacts", `{ contacts { data { id } } }`)

		d.join("Another")
		if got := d.get("contact", `query($id: ID!) { contact(id: $id) { id } }`, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("contacts.data",
			`{ contacts(options: {includeDeleted: true}) { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		for field, document := range changes {
			if _, wrong := d.payload(field, document, variables(document)...); wrong != contact.ErrNotFound.Message {
				t.Errorf("%s: %q", field, wrong)
			}
		}
	})
}

func TestContactsAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := 0
		grow := func() int {
			for range 3 {
				made++
				d.done("createContact", createContact, "company", fmt.Sprint("Company ", made), "phone",
					fmt.Sprintf("07700 9001%02d", made))
			}
			return made
		}
		d.flat("contacts.data", `{ contacts { data { `+contactFieldsAsked+` } pageInfo { page pageSize hasMore } } }`,
			nil,
			grow)
		a := d.ask(`{ contacts(search: "company 4", filters: {isPayor: true, isDoctor: null}, pagination: {page: 1, ` +
			`pageSize: 1}, options: {}) { data { company } pageInfo { page pageSize hasMore } } }`)
		holds(t, a.Data,
			map[string]any{"contacts.data.0.company": "Company 4", "contacts.pageInfo.hasMore": false,
				"contacts.pageInfo.pageSize": 1.0})
		a = d.ask(`{ contacts(pagination: {page: 2, pageSize: 4}) { data { company } pageInfo { page hasMore } } }`)
		holds(t, a.Data,
			map[string]any{"contacts.data.1.company": "Company 6", "contacts.pageInfo.page": 2.0,
				"contacts.pageInfo.hasMore": false})
		d.move(time.Hour)
		grow()
		recent := `{ contacts(options: {createdAt: {start: "2031-01-06T09:30:00Z"}}) { data { id } } }`
		if got := d.get("contacts.data", recent).([]any); len(got) != 3 {
			t.Errorf("%d were made in the last hour", len(got))
		}
		a = d.ask(`{ contacts(options: {updatedAt: {start: "2031-01-06T09:30:00"}}) { data { id } } }`)
		if a.message() != "Invalid date" || a.code() != codeInput {
			t.Error(a.text)
		}
	})
}
