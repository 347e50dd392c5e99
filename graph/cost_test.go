package graph

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What public clients ask for of each patient.
const (
	patientKept = `id title status firstName lastName fullName birthSurname birthName birthNames dob placeOfBirth { name
		code } socialSecurityNumber gender sex email
		paymentReference phones { phoneId phoneType phoneNumber } occupation address { address city postcode country }
		membershipName membershipStartDate
		membershipStartDateFormatted sharingToken { token } numbers { id referenceId name value } customAttributes { id
		title text response required }
		communicationPreferences { receiveEmail receiveSMS promotionalMarketing privacyPolicy { response }
		paymentReminders }
		relatedAccounts { relationshipId relationshipType relationshipLabel deleted contactDetails { relatedAccountId
		source sourceId firstName lastName title companyName
			phones { phoneId phoneType phoneNumber } email address city postcode country notes name contactInfo
			policyNumber authorizationCode } }
		labels { color text id referenceId } createdAt updatedAt accessGroups { id name label } comments
		ins { number oid status } onHold archived
		archivedInfo { archivedAt archivedReason archivedBy { id firstName lastName } }`
	invoiceKept = `id status paidOrOutstanding invoiceNumber paymentReference date patientId patient { ` + patientKept +
		` } payeeDetails doctorId doctor { id fullName email }
		location lineItems { id date title productType itemCode cost price quantity taxRate total referenceId
		referenceType }
		payments { id paymentAmount paymentSource paymentDate comment } refunds { id refundAmount refundDate
		refundReason comment relatedPayment }
		tax total outstanding refunded comments extraInfo type paymentLinkUrl dateShared createdAt updatedAt`
)

func TestCommonQueriesAreWithinTheCostLimit(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.everything().World()
		for list, document := range map[string]string{
			"patients": `{ patients(pagination: {pageSize: 200}) { data { ` + patientKept +
				` } pageInfo { page pageSize hasMore } } }`,
			"invoices": `{ invoices(pagination: {pageSize: 100}) { data { ` + invoiceKept +
				` } pageInfo { page pageSize hasMore } } }`,
			"bookings": `{ bookings(pagination: {pageSize: 200}, dateRange: {start: "2031-01-01T00:00:00Z",
				end: "2032-01-01T00:00:00Z"}) { data { id start end comments
				location { id name } doctor { id fullName } appointment { id title duration price } patient { id
				fullName dob email phones { phoneId phoneType phoneNumber } numbers { id name value }
				labels { id text color } } } pageInfo { hasMore } } }`,
		} {
			a := d.ask(document)
			if a.status != 200 || len(a.Errors) > 0 || len(at(t, a.Data, list+".data").([]any)) == 0 {
				t.Errorf("%s: %d %.600s", list, a.status, a.text)
			}
			t.Logf("%s cost %v", list, at(t, a.Ext, "cost.requested"))
		}
	})
}

func TestAnswerKeepsItsLimitOfValues(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := d.get("createPatient.data.id",
			`mutation { createPatient(patientData: {first: "Ada", last: "Lovelace"}) { data { id } } }`)
		for i := range 40 {
			d.done("addPatientPhoneNumber",
				`mutation($id: ID!, $n: String!) { addPatientPhoneNumber(patientId: $id, phoneData: {phoneNumber: `+
					`$n, phoneType: "Office"}) { data { id } error } }`,
				"id", id, "n", fmt.Sprintf("01632 9601%02d", i))
		}
		d.door.limits.Cost = 42
		// It is taken to have five telephone numbers, and has forty.
		const document = `{ patients(pagination: {pageSize: 1}) { data { phones { phoneId } } } }`
		a := d.ask(document)
		if a.status != 400 || a.code() != codeCost || a.Data != nil || len(a.Errors) != 1 ||
			!strings.Contains(a.message(), "more than 42 values") {
			t.Errorf("%d %s", a.status, a.text)
		}
		d.door.limits.Cost = 43
		if got := d.get("patients.data.0.phones", document); len(got.([]any)) != 40 {
			t.Errorf("%v", got)
		}
		// A change that was made is answered, however long the answer.
		d.door.limits.Cost = 3 + 20*3
		if got := d.get("updatePatient.data.phones",
			`mutation($id: ID!) { updatePatient(id: $id, patientData: {first: "Ada"}) { data { phones { phoneId `+
				`phoneNumber } title } } }`, "id", id); len(got.([]any)) != 40 {
			t.Errorf("%v", got)
		}
	})
}

// TestLimitsAreDocumentedOnce holds docs/graphql.md to the limits there are, and
// keeps their numbers out of the other pages.
func TestLimitsAreDocumentedOnce(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, l := read("../docs/graphql.md"), DefaultLimits
	for _, row := range []string{
		fmt.Sprintf("| `--graphql-cost` | cost of an operation, and values of an answer | %d,000 |", l.Cost/1000),
		fmt.Sprintf("| `--graphql-depth` | depth of a document | %d |", l.Depth),
		fmt.Sprintf("| `--graphql-tokens` | tokens of a document | %d,000 |", l.Tokens/1000),
		fmt.Sprintf("| `--graphql-aliases` | aliases in a document | %d |", l.Aliases),
		fmt.Sprintf("| `--graphql-same-field` | one field beside itself | %d |", l.SameField),
		fmt.Sprintf("| `--graphql-operations` | operations in one request | %d |", l.Operations),
	} {
		if !strings.Contains(page, row) {
			t.Errorf("docs/graphql.md does not say %s", row)
		}
	}
	choices := read("../docs/decisions/contract-choices.md")
	for _, n := range []string{"20,000", "50,000", "100,000", "5,000 tokens"} {
		if strings.Contains(choices, n) {
			t.Errorf("docs/decisions/contract-choices.md has a limit of its own: %s", n)
		}
	}
}
