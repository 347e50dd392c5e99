package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/practice"
)

const (
	insuredInvoice = `id invoiceNumber accountId patientTitle patientDob insuranceDetails { name registrationNumber
		authorizationCode healthcodeIdentifier } healthcode { status providerReference updatedAt }
		metadata { key value }`
	updateInvoice = `mutation($id: ID!, $data: UpdateInvoiceDataInput) { updateInvoice(invoiceId: $id,
		invoiceData: $data) { data { ` + insuredInvoice + ` } error } }`
)

// insured gives the patient a policy with the insurer, and is an invoice to the insurer.
func (s *surgery) insured() string {
	s.t.Helper()
	s.done("addPatientRelationship", `mutation($id: ID!) { addPatientRelationship(patientId: $id,
		relationshipType: INSURER, contact: {companyName: "CROWN insurance", policyNumber: "P-1",
		authorizationCode: "A-9"}) { data { id } error } }`, "id", s.ada)
	return s.invoiced(map[string]any{"accountId": s.insurer})
}

func TestInvoiceKeepsThePatientAndTheirInsuranceAsTheyWere(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		id := s.insured()
		read := func() any {
			return at(t, d.ask(`query($id: ID!) { invoice(id: $id) { `+insuredInvoice+` } }`, "id", id).Data, "invoice")
		}
		holds(t, read(), map[string]any{"accountId": s.insurer, "patientTitle": "Ms",
			"patientDob": "1985-12-10T00:00:00.000Z", "insuranceDetails.name": "Crown Insurance",
			"insuranceDetails.registrationNumber": "P-1", "insuranceDetails.authorizationCode": "A-9",
			"insuranceDetails.healthcodeIdentifier": nil, "healthcode": nil})
		d.done("updatePatient", `mutation($id: ID!) { updatePatient(id: $id, patientData: {title: "Mrs",
			dob: "1985-12-11"}) { data { id } error } }`, "id", s.ada)
		holds(t, read(), map[string]any{"patientTitle": "Ms", "patientDob": "1985-12-10T00:00:00.000Z"})
		holds(t, d.done("updateInvoice", updateInvoice, "id", id, "data", map[string]any{"comments": "Checked.",
			"insuranceDetails": map[string]any{"authorizationCode": "A-10", "registrationNumber": nil}}),
			map[string]any{"patientTitle": "Mrs", "patientDob": "1985-12-11T00:00:00.000Z",
				"insuranceDetails.authorizationCode": "A-10", "insuranceDetails.registrationNumber": nil,
				"insuranceDetails.name": "Crown Insurance"})
		plain := s.invoiced(map[string]any{"insuranceDetails": map[string]any{"name": "Own"}})
		holds(t, at(t, d.ask(`query($id: ID!) { invoice(id: $id) { `+insuredInvoice+` } }`, "id", plain).Data, "invoice"),
			map[string]any{"accountId": s.ada, "insuranceDetails.name": "Own", "insuranceDetails.registrationNumber": nil})
		long := d.payloadOf("updateInvoice", updateInvoice, "id", plain, "data",
			map[string]any{"insuranceDetails": map[string]any{"name": strings.Repeat("x", 201)}})
		if !strings.HasPrefix(long, "name") {
			t.Errorf("a long name: %s", long)
		}
	})
}

// payloadOf is why a change was refused.
func (d *kit) payloadOf(field, document string, variables ...any) string {
	d.t.Helper()
	_, wrong := d.payload(field, document, variables...)
	return wrong
}

func TestInvoiceKeepsWhatBecameOfItWithHealthcode(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		id := s.insured()
		claim := func(data map[string]any) map[string]any { return map[string]any{"healthcode": data} }
		d.move(time.Hour)
		holds(t, d.done("updateInvoice", updateInvoice, "id", id, "data", claim(map[string]any{"status": "Inprocess"})),
			map[string]any{"healthcode.status": "In-process", "healthcode.providerReference": nil,
				"healthcode.updatedAt": "2031-01-06T10:00:00.000Z"})
		for data, want := range map[string]map[string]any{
			"providerReference": {"providerReference": strings.Repeat("r", 26)},
		} {
			if got := d.payloadOf("updateInvoice", updateInvoice, "id", id, "data", claim(want)); !strings.Contains(got, data) {
				t.Errorf("%v: %q", want, got)
			}
		}
		// An invoice that is paid cannot be rewritten, and its claim goes on.
		d.done("addInvoicePayment", `mutation($id: ID!, $p: NewInvoicePaymentDataInput) { addInvoicePayment(invoiceId: $id,
			paymentData: $p) { data { paidOrOutstanding } error } }`, "id", id, "p", s.payBy(39.98))
		if got := d.payloadOf("updateInvoice", updateInvoice, "id", id, "data",
			map[string]any{"insuranceDetails": map[string]any{"name": "Other"}}); got != billing.ErrPaid.Message {
			t.Errorf("a paid invoice: %q", got)
		}
		d.move(time.Hour)
		holds(t, d.done("updateInvoice", updateInvoice, "id", id, "data", claim(map[string]any{"providerReference": "HC-1"})),
			map[string]any{"healthcode.status": "In-process", "healthcode.providerReference": "HC-1",
				"healthcode.updatedAt": "2031-01-06T11:00:00.000Z"})
		all, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 1000)
		d.must(err)
		var told int
		for _, e := range all {
			if strings.Contains(fmt.Sprint(e), "invoice.healthcode-status-updated") {
				told++
			}
		}
		if told != 2 {
			t.Errorf("there are %d events", told)
		}
	})
}

func TestInvoicesAreNarrowed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		made := map[string]string{}
		for i, status := range []string{"", "Validated", "Collected", "Cancelled"} {
			id := s.invoiced(nil)
			made[id] = fmt.Sprint(i + 1)
			if status != "" {
				claim := map[string]any{"status": status}
				if status != "Cancelled" {
					claim["providerReference"] = "HC"
				}
				d.done("updateInvoice", updateInvoice, "id", id, "data", map[string]any{"healthcode": claim})
			}
			if i%2 == 0 {
				d.done("updateInvoiceMetadata", `mutation($id: ID!, $v: String!) { updateInvoiceMetadata(invoiceId: $id,
					key: "claim", value: $v) { data { metadata { key value } } error } }`, "id", id, "v", fmt.Sprint("c", i))
			}
		}
		for filters, want := range map[string]string{
			`{}`: "1 2 3 4", `{invoiceNumbers: []}`: "1 2 3 4", `{invoiceNumbers: [3, 1, 3, 99]}`: "1 3",
			`{submittedToHealthcode: true}`:                                                              "2 3",
			`{submittedToHealthcode: false}`:                                                             "1 4",
			`{healthcodeStatus: {in: [Validated, Cancelled]}}`:                                           "2 4",
			`{healthcodeStatus: {notIn: [Validated, Cancelled]}}`:                                        "1 3",
			`{healthcodeStatus: {in: [Inprocess]}}`:                                                      "",
			`{metadata: {key: "claim"}}`:                                                                 "1 3",
			`{metadata: {key: "claim", value: "c2"}}`:                                                    "3",
			`{metadata: {key: "other"}}`:                                                                 "",
			`{submittedToHealthcode: true, metadata: {key: "claim"}}`:                                    "3",
			`{submittedToHealthcode: true, healthcodeStatus: {in: [Collected]}, invoiceNumbers: [2, 3]}`: "3",
		} {
			for _, more := range []string{"", `dateRange: {start: "2031-01-01", end: "2031-01-31"}, `,
				`options: {createdAt: {start: "2031-01-01"}}, `, `options: {updatedAt: {start: "2031-01-01"}}, `} {
				var got []string
				for page, hasMore := 1, true; hasMore; page++ {
					a := d.ask(fmt.Sprintf(`{ invoices(%spagination: {page: %d, pageSize: 1}, filters: %s) {
						data { id } pageInfo { hasMore } } }`, more, page, filters))
					for _, i := range at(t, a.Data, "invoices.data").([]any) {
						got = append(got, made[at(t, i, "id").(string)])
					}
					hasMore = at(t, a.Data, "invoices.pageInfo.hasMore").(bool)
				}
				if slices.Sort(got); strings.Join(got, " ") != want {
					t.Errorf("%s%s gives %v, want %s", more, filters, got, want)
				}
			}
		}
		many := strings.Repeat("1, ", 200) + "2"
		if a := d.ask(`{ invoices(filters: {invoiceNumbers: [` + many + `]}) { data { id } } }`); len(a.Errors) == 0 ||
			!strings.Contains(a.message(), "invoiceNumbers") {
			t.Errorf("201 numbers: %s", a.text)
		}
		if a := d.ask(`{ invoices(filters: {metadata: {key: ""}}) { data { id } } }`); a.message() !=
			practice.ErrKeyLength.Message {
			t.Errorf("no key: %s", a.text)
		}
		for id := range made {
			d.done("deleteInvoiceMetadata", `mutation($id: ID!) { deleteInvoiceMetadata(invoiceId: $id, key: "claim") {
				data { metadata { key } } error } }`, "id", id)
		}
		d.join("Another")
		if n := len(at(t, d.ask(`{ invoices(filters: {submittedToHealthcode: true}) { data { id } } }`).Data,
			"invoices.data").([]any)); n != 0 {
			t.Errorf("another practice sees %d", n)
		}
	})
}
