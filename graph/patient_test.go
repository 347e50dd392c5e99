package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/patient"
	"frontdesk/core/relationship"
	"frontdesk/graph/wire"
)

const wholePatient = `id title status firstName lastName fullName dob sex gender email archived onHold comments
	birthSurname paymentReference
	socialSecurityNumber placeOfBirth { name } address { address city postcode country } createdAt updatedAt
	communicationPreferences { receiveEmail receiveSMS promotionalMarketing paymentReminders
	privacyPolicy { response } }
	phones { phoneId phoneType phoneNumber } numbers { id referenceId name value } customAttributes { id title text
	response }
	labels { id referenceId text color } membershipName membershipStartDate membershipStartDateFormatted
	accessGroups { id name label } archivedInfo { archivedAt archivedReason archivedComments unarchivedReason }
	relatedAccounts { relationshipId relationshipType relationshipLabel deleted contactDetails { relatedAccountId
	firstName lastName name phones { phoneNumber } email address policyNumber } }`

// admit adds a patient and gives the id.
func (d *kit) admit(data string) string {
	d.t.Helper()
	a := d.ask(`mutation { createPatient(patientData: ` + data + `) { data { id } error } }`)
	id, _ := at(d.t, a.Data, "createPatient.data.id").(string)
	if id == "" {
		d.t.Fatal(a.text)
	}
	return id
}

func (d *kit) expect(root any, want map[string]any) {
	d.t.Helper()
	for path, v := range want {
		if got := at(d.t, root, path); got != v {
			d.t.Errorf("%s is %v, want %v", path, got, v)
		}
	}
}

// change runs a mutation of a patient and gives its data, or fails.
func (d *kit) change(mutation string) map[string]any {
	d.t.Helper()
	a := d.ask(`mutation { m: ` + mutation + ` { data { ` + wholePatient + ` } error } }`)
	data, _ := at(d.t, a.Data, "m.data").(map[string]any)
	if data == nil {
		d.t.Fatalf("%s\n%s", mutation, a.text)
	}
	return data
}

// refused runs a mutation that must be refused in its payload.
func (d *kit) refused(mutation, want string) {
	d.t.Helper()
	a := d.ask(`mutation { m: ` + mutation + ` { data { id } error } }`)
	if got, _ := at(d.t, a.Data, "m.error").(string); !strings.Contains(got, want) ||
		at(d.t, a.Data, "m.data") != nil ||
		len(a.Errors) > 0 || at(d.t, a.Ext, "errors.m") == nil {
		d.t.Errorf("%s\nwant %q, got %s", mutation, want, a.text)
	}
}

func TestPatientIsCreatedChangedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		label := d.get("createLabel.data.id",
			`mutation { createLabel(labelData: {title: "VIP", color: "#f00"}) { data { id } error } }`).(string)
		p := d.change(`createPatient(patientData: {title: "Mrs", first: "Ada", last: "Lovelace",
			dob: "1985-12-10T00:00:00.000Z", email: "ada@example.org", sex: "F",
			gender: "woman", address: "12 St James Sq, Flat 2", city: "London", postcode: "SW1Y 4JH", country: "gb",
			phoneType: "Mobile", phoneNumber: "07700 900123",
			birthSurname: "Byron", comments: "Line\nline", labels: ["` + label +
			`"], customAttributes: [{title: "Diet", text: "Any?", response: "None"}],
			socialSecurityNumber: "285127512312345", placeOfBirth: {name: "London"},
			communicationPreferences: {receiveEmail: true, receiveSMS: null, privacyPolicy: "agreed"}})`)
		id := p["id"].(string)
		n, _ := wire.Known[patient.ID](wire.KindPatient, id)
		d.expect(p, map[string]any{
			"title": "Mrs", "status": "active", "fullName": "Mrs Ada Lovelace", "dob": "1985-12-10T00:00:00.000Z",
			"sex": "Female", "gender": "woman",
			"address.address": "12 St James Sq, Flat 2", "address.country": "GB", "phones.0.phoneType": "Mobile",
			"phones.0.phoneNumber": "+447700900123",
			"phones.0.phoneId":     wire.Encode(wire.KindMobile, n), "numbers.0.name": "System",
			"numbers.0.value":      patient.SystemValue(n),
			"labels.0.text":        "VIP",
			"labels.0.referenceId": label, "customAttributes.0.response": "None",
			"createdAt": "2031-01-06T09:00:00.000Z",
			"updatedAt": "2031-01-06T09:00:00.000Z",
			"archived":  false, "archivedInfo": nil, "communicationPreferences.receiveEmail": true,
			"communicationPreferences.receiveSMS":             nil,
			"communicationPreferences.privacyPolicy.response": "agreed", "socialSecurityNumber": "285127512312345",
			"placeOfBirth.name": "London",
			"comments":          "Line\nline", "birthSurname": "Byron",
		})
		if v := at(t, p, "numbers.0.value").(string); len(v) != 10 || strings.ToUpper(v) != v {
			t.Errorf("System is %s", v)
		}
		d.move(time.Hour)
		p = d.change(`updatePatient(id: "` + id +
			`", patientData: {email: null, last: "King", communicationPreferences: {receiveSMS: false}})`)
		d.expect(p, map[string]any{
			"email": nil, "lastName": "King", "firstName": "Ada", "updatedAt": "2031-01-06T10:00:00.000Z",
			"createdAt":                           "2031-01-06T09:00:00.000Z",
			"communicationPreferences.receiveSMS": false, "communicationPreferences.receiveEmail": true,
			"address.city": "London",
		})
		p = d.change(`archivePatient(patientId: "` + id + `", reason: MOVED_AWAY_OR_TRANSFER_OF_CARE, comments: ` +
			`"Paris")`)
		d.expect(p,
			map[string]any{"archived": true, "status": "archived",
				"archivedInfo.archivedAt":       "2031-01-06T10:00:00.000Z",
				"archivedInfo.archivedComments": "Paris"})
		d.move(time.Hour)
		p = d.change(`archivePatient(patientId: "` + id + `", reason: OTHER)`)
		d.expect(p,
			map[string]any{"archivedInfo.archivedReason": "MOVED_AWAY_OR_TRANSFER_OF_CARE",
				"updatedAt": "2031-01-06T10:00:00.000Z"})
		p = d.change(`unarchivePatient(patientId: "` + id + `", reason: ACTIVE_PATIENT)`)
		d.expect(p, map[string]any{"archived": false, "status": "active",
			"archivedInfo.unarchivedReason": "ACTIVE_PATIENT"})
		if got := d.get("patient.id", `query($id: ID!) { patient(id: $id) { id } }`, "id",
			strings.ToUpper(id)); got != id {
			t.Errorf("got %v", got)
		}
		p = d.change(`deletePatient(id: "` + id + `")`)
		d.expect(p, map[string]any{"status": "deleted", "lastName": "King"})
		if got := d.get("patient", `query($id: ID!) { patient(id: $id) { id } }`, "id", id); got != nil {
			t.Errorf("a deleted patient is found: %v", got)
		}
		d.refused(`deletePatient(id: "`+id+`")`, patient.ErrNotFound.Message)
		if got := d.get("patients.data", `{ patients { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("a deleted patient is listed: %v", got)
		}
		if got := d.get("patients.data.0.status",
			`{ patients(options: {includeDeleted: true}) { data { status } } }`); got != "deleted" {
			t.Errorf("got %v", got)
		}
	})
}

func TestCreatePatientTakesArgumentsOrInput(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		p := d.change(`createPatient(first: "Ada", last: "Lovelace", dob: "1985-12-10", phoneType: "Home", ` +
			`phoneNumber: "01632 960123")`)
		d.expect(p, map[string]any{"firstName": "Ada", "phones.0.phoneType": "Home", "dob": "1985-12-10T00:00:00.000Z"})
		p = d.change(`createPatient(first: "Ada", patientData: {first: "Ada", last: "King"})`)
		d.expect(p, map[string]any{"fullName": "Ada King", "dob": nil})
		d.refused(`createPatient(first: "Ada", patientData: {first: "Bea", last: "King"})`,
			"Give patientData, or the other arguments, not both.")
		d.refused(`createPatient(first: "Ada", dob: "1985-12-10", patientData: {last: "King", dob: "1985-12-11"})`,
			"not both")
		d.refused(`createPatient(patientData: {})`, "first: ")
		d.refused(`createPatient(patientData: {first: "A", last: "B", country: "GBR"})`,
			"Country must be two letters of ISO 3166-1.")
		d.refused(`createPatient(patientData: {first: "A", last: "B", dob: "2040-01-01"})`, "date of birth")
		d.refused(`createPatient(patientData: {first: "A", last: "B", sex: "blue"})`, "sex")
		d.refused(`createPatient(patientData: {first: "A", last: "B", title: "Wizard"})`, "title")
		d.refused(`createPatient(patientData: {first: "A", last: "B", socialSecurityNumber: "1"})`,
			"socialSecurityNumber")
		d.refused(`createPatient(patientData: {first: "A", last: "B", labels: ["`+wire.Encode(wire.KindLabel,
			patient.ID(7))+`"]})`,
			"no such label")
		if a := d.ask(`mutation { createPatient(dob: "soon", first: "A",
			last: "B") { error } }`); a.code() != codeInput ||
			!strings.Contains(a.message(), "Invalid date") {
			t.Error(a.text)
		}
	})
}

func TestPatientRelationshipsLabelsAndNumbers(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := d.admit(`{first: "Ada", last: "Lovelace", phoneType: "Mobile", phoneNumber: "07700900123"}`)
		of := `patientId: "` + id + `"`
		// Telephone numbers.
		p := d.change(`addPatientPhoneNumber(` + of +
			`, phoneData: {phoneNumber: "07700 900456", phoneType: "Mobile"})`)
		second := at(t, p, "phones.1.phoneId").(string)
		d.expect(p, map[string]any{"phones.0.phoneNumber": "+447700900123", "phones.1.phoneNumber": "+447700900456"})
		p = d.change(`updatePatientPhoneNumber(` + of + `, phoneId: "` + second +
			`", phoneData: {phoneType: "Office"})`)
		d.expect(p, map[string]any{"phones.1.phoneType": "Office", "phones.1.phoneId": second})
		first := at(t, p, "phones.0.phoneId").(string)
		p = d.change(`updatePatientPhoneNumber(` + of + `, phoneId: "` + first +
			`", phoneData: {phoneNumber: "07700 900999"})`)
		d.expect(p, map[string]any{"phones.0.phoneNumber": "+447700900999"})
		p = d.change(`removePatientPhoneNumber(` + of + `, phoneId: "` + first + `")`)
		if n := len(at(t, p, "phones").([]any)); n != 1 {
			t.Errorf("%d telephone numbers are left", n)
		}
		d.refused(`removePatientPhoneNumber(`+of+`, phoneId: "`+first+`")`, patient.ErrNoPhone.Message)
		d.refused(`removePatientPhoneNumber(patientId: "`+d.admit(`{first: "Cy", last: "Lovell"}`)+`", phoneId: "`+
			second+
			`")`, patient.ErrNoPhone.Message)
		p = d.change(`removePatientPhoneNumber(` + of + `, phoneId: "` + second + `")`)
		if n := len(at(t, p, "phones").([]any)); n != 0 {
			t.Errorf("%d telephone numbers are left", n)
		}
		d.refused(`addPatientPhoneNumber(`+of+`, phoneData: {phoneNumber: "12", phoneType: "Fax"})`, "telephone")
		d.refused(`addPatientPhoneNumber(`+of+`, phoneData: {phoneNumber: "07700900123", phoneType: "Pager"})`,
			"phoneType")
		// Numbers.
		def := d.get("createPatientNumber.data.id",
			`mutation { createPatientNumber(input: {name: "Insurance", primary: true}) { data { id }
				error } }`).(string)
		p = d.change(`addPatientNumber(` + of + `, patientNumber: {numberId: "` + def + `", value: "A-1"})`)
		d.expect(p, map[string]any{"numbers.1.name": "Insurance", "numbers.1.value": "A-1",
			"numbers.1.referenceId": def})
		own := at(t, p, "numbers.1.id").(string)
		p = d.change(`updatePatientNumber(` + of + `, patientNumberId: "` + own + `", value: "A-2")`)
		d.expect(p, map[string]any{"numbers.1.value": "A-2"})
		d.refused(`updatePatientNumber(`+of+`, patientNumberId: "`+at(t, p, "numbers.0.id").(string)+`", value: "x")`,
			patient.ErrFixedNumber.Message)
		nhs := wire.Encode(wire.KindDefinition, patient.NHSNumber)
		d.refused(`addPatientNumber(`+of+`, patientNumber: {numberId: "`+nhs+`", value: "1234567890"})`, "NHS number")
		p = d.change(`addPatientNumber(` + of + `, patientNumber: {numberId: "` + nhs + `", value: "943 476 5919"})`)
		d.expect(p, map[string]any{"numbers.1.value": "9434765919", "numbers.1.name": "NHS number"})
		other := d.admit(`{first: "Bea", last: "Lovelace"}`)
		d.refused(`addPatientNumber(patientId: "`+other+`", patientNumber: {numberId: "`+nhs+`", value: "9434765919"})`,
			patient.ErrNHSNumberTaken.Message)
		p = d.change(`removePatientNumber(` + of + `, patientNumberId: "` + at(t, p, "numbers.1.id").(string) + `")`)
		d.expect(p, map[string]any{"numbers.1.name": "Insurance"})
		p = d.change(`removePatientNumber(` + of + `, patientNumberId: "` + own + `")`)
		if n := len(at(t, p, "numbers").([]any)); n != 1 {
			t.Errorf("%d numbers are left", n)
		}
		// Attributes.
		p = d.change(`addPatientAttribute(` + of + `, attributeData: {title: "Diet", text: "Any?", response: "None"})`)
		attribute := at(t, p, "customAttributes.0.id").(string)
		p = d.change(`updatePatientAttribute(` + of + `, attributeId: "` + attribute +
			`", attributeData: {response: "Vegan"})`)
		d.expect(p, map[string]any{"customAttributes.0.response": "Vegan", "customAttributes.0.text": "Any?"})
		d.change(`removePatientAttribute(` + of + `, attributeId: "` + attribute + `")`)
		d.refused(`removePatientAttribute(`+of+`, attributeId: "`+attribute+`")`, patient.ErrNoAttribute.Message)
		// Labels.
		label := d.get("createLabel.data.id",
			`mutation { createLabel(labelData: {title: "VIP", color: "#f00"}) { data { id } error } }`).(string)
		d.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label + `")`)
		p = d.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label + `")`)
		if n := len(at(t, p, "labels").([]any)); n != 1 {
			t.Errorf("the label is on %d times", n)
		}
		d.ask(`mutation { updateLabel(id: "` + label + `", labelData: {title: "Very important"}) { error } }`)
		d.change(`removePatientLabel(` + of + `, labelId: "` + at(t, p, "labels.0.id").(string) + `")`)
		d.refused(`removePatientLabel(`+of+`, labelId: "`+label+`")`, patient.ErrNoLabel.Message)
		p = d.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label + `")`)
		d.expect(p, map[string]any{"labels.0.text": "Very important"})
		if got := d.get("labels.data.0.title",
			`{ labels(search: "very") { data { title } } }`); got != "Very important" {
			t.Errorf("got %v", got)
		}
		d.get("deleteLabel.data.id", `mutation { deleteLabel(id: "`+label+`") { data { id } error } }`)
		if got := d.get("patient.labels", `{ patient(id: "`+id+`") { labels { id } } }`).([]any); len(got) != 0 {
			t.Errorf("a deleted label is on: %v", got)
		}
		// Access groups.
		g, err := d.core.Account.SaveAccessGroup(d.ctx, account.AccessGroup{Name: "Diabetes", Label: "DM"})
		d.must(err)
		p = d.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + wire.Encode(wire.KindAccessGroup, g.ID) +
			`")`)
		d.expect(p, map[string]any{"accessGroups.0.label": "DM"})
		d.change(`removePatientAccessGroup(` + of + `, accessGroupId: "` + wire.Encode(wire.KindAccessGroup, g.ID) +
			`")`)
		d.refused(`removePatientAccessGroup(`+of+`, accessGroupId: "`+wire.Encode(wire.KindAccessGroup, g.ID)+`")`,
			patient.ErrNotInGroup.Message)
		// Relationships.
		p = d.change(`addPatientRelationship(` + of + `, relationshipType: NEXT_OF_KIN, contact: {relatedAccountId: "` +
			other + `"})`)
		d.expect(p,
			map[string]any{"relatedAccounts.0.contactDetails.firstName": "Bea",
				"relatedAccounts.0.contactDetails.relatedAccountId": other,
				"relatedAccounts.0.relationshipLabel":               "Next of kin"})
		p = d.change(`addPatientRelationship(` + of +
			`, relationshipType: OTHER, relationshipLabel: "Muse", contact: {name: "Charles Babbage", phoneNumber: ` +
			`"020 7946 0000"})`)
		d.expect(p,
			map[string]any{"relatedAccounts.1.contactDetails.name": "Charles Babbage",
				"relatedAccounts.1.relationshipLabel": "Muse"})
		rel := at(t, p, "relatedAccounts.1.relationshipId").(string)
		p = d.change(`updatePatientRelationship(` + of + `, relationshipId: "` + rel +
			`", contact: {email: "cb@example.org"})`)
		d.expect(p,
			map[string]any{"relatedAccounts.1.contactDetails.email": "cb@example.org",
				"relatedAccounts.1.contactDetails.name": "Charles Babbage"})
		d.refused(`addPatientRelationship(`+of+`, relationshipType: FAMILY, contact: {relatedAccountId: "`+other+
			`", firstName: "X"})`, relationship.ErrNamedTwice.Message)
		d.refused(`addPatientRelationship(`+of+`, relationshipType: FAMILY, contact: {})`,
			"needs a person or a company")
		if got := d.get("patientRelationships.data", `{ patientRelationships(patientId: "`+id+
			`", relationshipType: OTHER) { data { relationshipId } } }`).([]any); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		d.change(`deletePatient(id: "` + other + `")`)
		if got := d.get("patient.relatedAccounts.0.deleted", `{ patient(id: "`+id+
			`") { relatedAccounts { deleted } } }`); got != true {
			t.Errorf("a deleted relation: %v", got)
		}
		p = d.change(`removePatientRelationship(` + of + `, relationshipId: "` + rel + `")`)
		if n := len(at(t, p, "relatedAccounts").([]any)); n != 1 {
			t.Errorf("%d relationships are left", n)
		}
	})
}

func TestPatientsAreListedAndFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		var ids []string
		for i, name := range []string{"Ada Lovelace", "Bea Adams", "Cy Lovell", "Dee O'Brien", "Élodie Adair"} {
			first, last, _ := strings.Cut(name, " ")
			ids = append(ids,
				d.admit(fmt.Sprintf(`{first: "%s", last: "%s", email: "p%d@example.org", dob: "198%d-01-02", `+
					`phoneNumber: "0770090010%d", phoneType: "Mobile"}`, first, last, i, i, i)))
			d.move(time.Minute)
		}
		names := func(args string) string {
			a := d.ask(`{ patients` + args + ` { data { id firstName } pageInfo { page pageSize hasMore } } }`)
			var out []string
			list, _ := at(t, a.Data, "patients.data").([]any)
			for _, p := range list {
				out = append(out, p.(map[string]any)["firstName"].(string))
			}
			if len(a.Errors) > 0 {
				return a.message()
			}
			return strings.Join(out, " ") + fmt.Sprint(" ", at(t, a.Data, "patients.pageInfo.hasMore"))
		}
		for _, c := range []struct{ args, want string }{
			{``, "Ada Bea Cy Dee Élodie false"},
			{`(pagination: {pageSize: 2})`, "Ada Bea true"},
			{`(pagination: {page: 3, pageSize: 2})`, "Élodie false"},
			{`(pagination: {page: 0, pageSize: 0})`, "Ada Bea Cy Dee Élodie false"},
			{`(pagination: {page: 100, pageSize: 200})`, " false"},
			{`(cursorPagination: {pageSize: 2})`, "Ada Bea true"},
			{`(cursorPagination: {pageSize: 2, cursor: "` + ids[1] + `"})`, "Cy Dee true"},
			{`(cursorPagination: {pageSize: 2, cursor: "` + ids[3] + `", direction: PREVIOUS})`, "Cy Bea true"},
			{`(cursorPagination: {cursor: ""})`, "Ada Bea Cy Dee Élodie false"},
			{`(cursorPagination: {}, pagination: {})`, wire.ErrPagedTwice.Message},
			{`(search: "love")`, "Ada Cy false"},
			{`(search: "ada")`, "Élodie Bea Ada false"},
			{`(search: "elodie a")`, "Élodie false"},
			{`(search: "obr")`, "Dee false"},
			{`(search: "p1@exam")`, "Bea false"},
			{`(search: "1982-01-02")`, "Cy false"},
			{`(search: "07700 900103")`, "Dee false"},
			{`(search: "zzz")`, " false"},
			{`(search: "-")`, " false"},
			{`(search: "")`, "Ada Bea Cy Dee Élodie false"},
			{`(options: {createdAt: {start: "2031-01-06T09:02:00Z"}})`, "Cy Dee Élodie false"},
			{`(options: {createdAt: {start: "2031-01-06T09:01:00Z", end: "2031-01-06T09:02:00Z"}})`, "Bea Cy false"},
			{`(search: "ada", options: {updatedAt: {end: "2031-01-06T09:02:00Z"}, includeDeleted: true})`,
				"Bea Ada false"},
			{`(options: null, pagination: null, search: null)`, "Ada Bea Cy Dee Élodie false"},
			{`(options: {}, pagination: {})`, "Ada Bea Cy Dee Élodie false"},
		} {
			if got := strings.TrimSpace(names(c.args)); got != strings.TrimSpace(c.want) {
				t.Errorf("%s: %s, want %s", c.args, got, c.want)
			}
		}
	})
}

func TestRoleDecidesWhichPatientFieldsAreShown(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		label := d.get("createLabel.data.id",
			`mutation { createLabel(labelData: {title: "VIP"}) { data { id } } }`).(string)
		id := d.admit(`{first: "Ada", last: "Lovelace", labels: ["` + label +
			`"], socialSecurityNumber: "285127512312345", placeOfBirth: {name: "London"}}`)
		ask := func(name string) answer {
			d.token = d.newToken(name)
			return d.ask(`{ patient(id: "` + id +
				`") { firstName socialSecurityNumber placeOfBirth { name } labels { text } } users { data { id } } }`)
		}
		a := ask("booking")
		d.expect(a.Data,
			map[string]any{"patient.firstName": "Ada", "patient.socialSecurityNumber": nil,
				"patient.placeOfBirth": nil})
		if n := len(at(t, a.Data, "patient.labels").([]any)); n != 0 || len(a.Errors) != 0 {
			t.Error(a.text)
		}
		a = ask("readonly")
		d.expect(a.Data, map[string]any{"patient.labels.0.text": "VIP", "patient.placeOfBirth.name": "London"})
		if _, err := d.core.Key.SetRole(d.ctx, role("narrow", "seePatients")); err != nil {
			t.Fatal(err)
		}
		a = ask("narrow")
		if at(t, a.Data, "patient.firstName") != "Ada" || at(t, a.Data, "users") != nil ||
			a.message() != "Missing permission settingsSeeUsers" || a.status != 200 ||
			!slices.Equal(a.Errors[0]["path"].([]any), []any{"users"}) {
			t.Error(a.text)
		}
		a = d.ask(`mutation { deletePatient(id: "` + id + `") { data { id } error } }`)
		if a.message() != "Missing permission editPatients" || at(t, a.Data, "deletePatient") != nil {
			t.Error(a.text)
		}
	})
}
