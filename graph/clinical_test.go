package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/patient"
	"frontdesk/graph/wire"
)

const (
	recordAsked = `id deleted consultationId sectionId sectionTitle recordType patient doctorName term title date
		clinicalStatus start end snomed { code term }
		observation dosage quantity batchNumber expiryDate repeat sampleDate injectionDate fasting comments dateShared
		createdAt updatedAt`
	consultationAsked = `id patient date encounterType doctorName questionnaireId deleted records { ` + recordAsked +
		` }`
	freeTextAsked = `id patientId consultationId sectionTitle question answer createdAt updatedAt`
	allergyAsked  = `id patientId consultationId sectionTitle allergen clinicalStatus start end severity comments ` +
		`createdAt updatedAt`
	createFreeText = `mutation($in: CreateFreeTextRecordDataInput!) { createFreeTextRecord(recordData: $in) { data { ` +
		freeTextAsked + ` } error } }`
	updateFreeText = `mutation($id: ID!, $in: UpdateFreeTextRecordDataInput!) { updateFreeTextRecord(id: $id, ` +
		`recordData: $in) { data { ` + freeTextAsked + ` } error } }`
	createAllergy = `mutation($in: CreateAllergyRecordDataInput!) { createAllergyRecord(recordData: $in) { data { ` +
		allergyAsked + ` } error } }`
	updateAllergy = `mutation($id: ID!, $in: UpdateAllergyRecordDataInput!) { updateAllergyRecord(id: $id, ` +
		`recordData: $in) { data { ` + allergyAsked + ` } error } }`
	deleteRecord       = `mutation($id: ID!) { deleteRecord(id: $id) { data { ` + recordAsked + ` } error } }`
	deleteConsultation = `mutation($p: ID!, $id: String!) { deleteConsultation(patientId: $p, consultationId: $id) ` +
		`{ data { ` + consultationAsked + ` } error } }`
	oneRecord       = `query($id: ID!) { record(id: $id) { ` + recordAsked + ` } }`
	oneConsultation = `query($id: ID!) { consultation(id: $id) { ` + consultationAsked + ` } }`
	consultations   = `query($r: DateRange, $p: Pagination) { consultations(dateRange: $r, pagination: $p) { data { ` +
		`id patient date doctorName deleted records { id title term } } pageInfo { page pageSize hasMore } } }`
	records = `query($r: DateRange, $p: Pagination, $o: QueryOptions) { records(dateRange: $r, pagination: $p, ` +
		`options: $o) { data { ` + recordAsked + ` } pageInfo { page pageSize hasMore } } }`
)

func TestRecordsAndConsultations(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := wire.Encode(wire.KindPatient, d.addPatient("Ada", ""))
		one := d.done("createFreeTextRecord", createFreeText, "in",
			map[string]any{"patientId": ada, "question": "Smoking?", "answer": "No.", "sectionTitle": "Habits"})
		holds(t, one,
			map[string]any{"patientId": ada, "sectionTitle": "Habits", "question": "Smoking?", "answer": "No.",
				"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:00:00.000Z"})
		in := one["consultationId"]
		two := d.done("createAllergyRecord", createAllergy, "in",
			map[string]any{"patientId": ada, "consultationId": in, "allergen": "Penicillin", "severity": "High",
				"comments": "Rash"})
		holds(t, two,
			map[string]any{"consultationId": in, "allergen": "Penicillin", "severity": "High",
				"clinicalStatus": "Active",
				"comments":       "Rash", "start": nil})
		d.move(time.Minute)
		holds(t,
			d.done("updateFreeTextRecord", updateFreeText, "id", one["id"], "in",
				map[string]any{"answer": "Ten a day.", "question": nil}), map[string]any{
				"question": "Smoking?", "answer": "Ten a day.", "createdAt": "2031-01-06T09:00:00.000Z",
				"updatedAt": "2031-01-06T09:01:00.000Z",
			})
		holds(t,
			d.done("updateAllergyRecord", updateAllergy, "id", two["id"], "in",
				map[string]any{"severity": nil, "comments": "None"}),
			map[string]any{"severity": nil, "comments": "None", "allergen": "Penicillin"})
		holds(t, d.get("record", oneRecord, "id", two["id"]),
			map[string]any{"recordType": "allergy", "term": "Penicillin", "patient": ada,
				"date":    "2031-01-06T00:00:00.000Z",
				"deleted": false, "doctorName": "Website"})
		holds(t, d.get("consultation", oneConsultation, "id", in),
			map[string]any{"patient": ada, "date": "2031-01-06T09:00:00.000Z", "doctorName": "Website",
				"records.0.title": "Smoking?", "records.1.id": two["id"]})
		if got := d.get("records.data", records, "r", map[string]any{"start": "2031-01-06", "end": "2031-01-06"}, "p",
			map[string]any{"pageSize": 1}).([]any); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		if got := d.get("consultations.data", consultations, "r",
			map[string]any{"start": "2031-01-06", "end": "2031-01-06"}).([]any); len(got) != 1 {
			t.Errorf("a date alone is not the whole day: %v", got)
		}
		holds(t, d.done("deleteRecord", deleteRecord, "id", one["id"]), map[string]any{"deleted": true})
		holds(t, d.done("deleteConsultation", deleteConsultation, "p", ada, "id", in),
			map[string]any{"deleted": true, "records.1.deleted": true})
		if got := d.get("records.data", records).([]any); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		if got := d.get("records.data", records, "o", map[string]any{"includeDeleted": true}).([]any); len(got) != 2 {
			t.Errorf("got %v", got)
		}
		for _, c := range []struct {
			in   map[string]any
			want string
		}{
			{map[string]any{"patientId": wire.Encode(wire.KindPatient, patient.ID(7)), "question": "x", "answer": "y"},
				patient.ErrNotFound.Message},
			{map[string]any{"patientId": ada, "consultationId": wire.Encode(wire.KindConsultation, int64(7)),
				"question": "x",
				"answer":   "y"}, clinical.ErrNoConsultation.Message},
			{map[string]any{"patientId": ada, "consultationId": ada, "question": "x", "answer": "y"},
				clinical.ErrNoConsultation.Message},
			{map[string]any{"patientId": ada, "question": "", "answer": "y"}, "question"},
		} {
			if _, wrong := d.payload("createFreeTextRecord", createFreeText, "in", c.in); !strings.Contains(wrong,
				c.want) {
				t.Errorf("got %q, want %q", wrong, c.want)
			}
		}
		fresh := d.done("createFreeTextRecord", createFreeText, "in",
			map[string]any{"patientId": ada, "question": "Q", "answer": "A"})
		d.token = d.newToken("readonly")
		d.forbidden("editRecords", createFreeText, "in", map[string]any{"patientId": ada, "question": "Q",
			"answer": "A"})
		d.forbidden("editRecords", deleteRecord, "id", fresh["id"])
		d.token = d.newToken("booking")
		d.forbidden("seeRecords", oneRecord, "id", fresh["id"])
		d.forbidden("seeRecords", records)
		d.forbidden("seeRecords", consultations)

		d.join("Another")
		for field, document := range map[string]string{"record": oneRecord, "consultation": oneConsultation} {
			id := map[string]any{"record": fresh["id"], "consultation": fresh["consultationId"]}[field]
			if got := d.get(field, document, "id", id); got != nil {
				t.Errorf("another practice sees %v", got)
			}
		}
		for _, list := range []string{"records", "consultations"} {
			if got := d.get(list+".data",
				map[string]string{"records": records, "consultations": consultations}[list]).([]any); len(got) != 0 {
				t.Errorf("another practice sees %v", got)
			}
		}
		for field, c := range map[string]struct {
			document, want string
			variables      []any
		}{
			"updateFreeTextRecord": {updateFreeText, clinical.ErrNoRecord.Message,
				[]any{"id", fresh["id"], "in", map[string]any{"answer": "x"}}},
			"updateAllergyRecord": {updateAllergy, clinical.ErrNoRecord.Message,
				[]any{"id", two["id"], "in", map[string]any{"comments": "x"}}},
			"deleteRecord": {deleteRecord, clinical.ErrNoRecord.Message, []any{"id", fresh["id"]}},
			"deleteConsultation": {deleteConsultation, clinical.ErrNoConsultation.Message,
				[]any{"p", ada, "id", fresh["consultationId"]}},
			"createFreeTextRecord": {createFreeText, patient.ErrNotFound.Message,
				[]any{"in", map[string]any{"patientId": ada, "question": "Q", "answer": "A"}}},
			"createAllergyRecord": {createAllergy, patient.ErrNotFound.Message,
				[]any{"in", map[string]any{"patientId": ada, "allergen": "Q"}}},
		} {
			if _, wrong := d.payload(field, c.document, c.variables...); wrong != c.want {
				t.Errorf("%s: %q", field, wrong)
			}
		}
	})
}

const (
	letterAsked = `id deleted reviewStatus patient { id } doctor { id } date title body contact { id name email } ` +
		`recipient { id name email kind } dateShared createdAt updatedAt`
	createLetter = `mutation($in: CreateLetterDataInput!) { createLetter(letterData: $in) { data { ` + letterAsked +
		` } error } }`
	updateLetter = `mutation($id: ID!, $in: UpdateLetterDataInput!) { updateLetter(id: $id,
		letterData: $in) { data { ` +
		letterAsked + ` } error } }`
	deleteLetter = `mutation($id: ID!) { deleteLetter(id: $id) { data { ` + letterAsked + ` } error } }`
	oneLetter    = `query($id: ID!) { letter(id: $id) { ` + letterAsked + ` } }`
	letters      = `query($r: DateRange, $o: QueryOptions) { letters(dateRange: $r, options: $o) { data { ` +
		letterAsked +
		` } pageInfo { page pageSize hasMore } } }`
)

// doctor is a member of staff patients are seen by.
func (d *kit) doctor() string {
	d.t.Helper()
	return d.done("createUser",
		`mutation { createUser(userData: {firstName: "Amir", lastName: "Khan", email: "amir@example.org", role: `+
			`"booking", isDoctor: true}) { data { id } error } }`)["id"].(string)
}

func TestLetters(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada, doctor := wire.Encode(wire.KindPatient, d.addPatient("Ada", "ada@example.org")), d.doctor()
		grace := d.done("createContact", createContact, "phone", "07700 900123")["id"]
		made := d.done("createLetter", createLetter, "in",
			map[string]any{"patient": ada, "recipient": ada, "doctor": doctor, "title": "Your test",
				"body": "<p>Good.</p>",
				"date": "2031-01-05", "reviewStatus": "AWAITING_REVIEW"})
		holds(t, made, map[string]any{
			"deleted": false, "reviewStatus": "AWAITING_REVIEW", "patient.id": ada, "doctor.id": doctor,
			"date": "2031-01-05T00:00:00.000Z", "title": "Your test",
			"body": "<p>Good.</p>", "contact": nil, "recipient.id": ada, "recipient.name": "Ada Lovelace",
			"recipient.email": "ada@example.org", "recipient.kind": "PATIENT",
		})
		id := made["id"]
		d.move(time.Minute)
		holds(t,
			d.done("updateLetter", updateLetter, "id", id, "in",
				map[string]any{"contact": grace, "doctor": nil, "title": "Again"}), map[string]any{
				"title": "Again", "doctor": nil, "recipient.kind": "CONTACT", "recipient.name": "Dr Grace Hopper",
				"contact.id": grace, "contact.email": "g@example.org",
				"createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:01:00.000Z",
			})
		relate := `mutation($id: ID!, $c: PatientRelationshipContactInput!) { addPatientRelationship(patientId: $id,` +
			` relationshipType: GP, contact: $c) { data { relatedAccounts { relationshipId } } error } }`
		bea, cleo := wire.Encode(wire.KindPatient, d.addPatient("Bea", "bea@example.org")),
			wire.Encode(wire.KindPatient, d.addPatient("Cleo", "cleo@example.org"))
		around := func(id string, c map[string]any) any {
			all := d.done("addPatientRelationship", relate, "id", id, "c", c)["relatedAccounts"].([]any)
			return at(t, all, fmt.Sprint(len(all)-1)+".relationshipId")
		}
		gp := around(ada,
			map[string]any{"title": "Dr", "firstName": "Ruth", "lastName": "Foster", "email": "ruth@example.org"})
		for _, c := range []struct{ id, name, email any }{
			{gp, "Dr Ruth Foster", "ruth@example.org"},
			{around(ada, map[string]any{"companyName": "Crown Insurance"}), "Crown Insurance", nil},
			{around(ada, map[string]any{"relatedAccountId": bea}), "Bea Lovelace", "bea@example.org"},
		} {
			holds(t, d.done("updateLetter", updateLetter, "id", id, "in", map[string]any{"recipient": c.id}),
				map[string]any{
					"recipient.id": c.id, "recipient.kind": "PATIENT_RELATIONSHIP", "recipient.name": c.name,
					"recipient.email": c.email, "contact": nil,
				})
		}
		// A recipient who is removed is still the one it went to.
		d.done("updateLetter", updateLetter, "id", id, "in", map[string]any{"recipient": gp})
		d.done("removePatientRelationship",
			`mutation($id: ID!, $r: ID!) { removePatientRelationship(patientId: $id, relationshipId: $r) { data { `+
				`id } error } }`, "id", ada, "r", gp)
		holds(t, d.get("letter", oneLetter, "id", id),
			map[string]any{"recipient.id": gp, "recipient.kind": "PATIENT_RELATIONSHIP", "recipient.name": nil})
		son := around(ada, map[string]any{"lastName": "Noel"})
		d.done("updateLetter", updateLetter, "id", id, "in", map[string]any{"recipient": son})
		for _, c := range []struct {
			name string
			in   map[string]any
			want string
		}{
			{"a recipient who was removed", map[string]any{"recipient": gp}, clinical.ErrNoRecipient.Message},
			{"a related person of another patient",
				map[string]any{"recipient": around(cleo, map[string]any{"lastName": "Noel"})},
				clinical.ErrNoRecipient.Message},
			{"another patient, and a recipient related to the first", map[string]any{"patient": cleo},
				clinical.ErrNoRecipient.Message},
			{"an unknown relationship", map[string]any{"recipient": wire.Encode(wire.KindRelationship, int64(7))},
				clinical.ErrNoRecipient.Message},
			{"a long title", map[string]any{"title": strings.Repeat("x", 129)}, "title"},
			{"an unknown patient", map[string]any{"patient": wire.Encode(wire.KindPatient, patient.ID(7))},
				patient.ErrNotFound.Message},
			{"a doctor who is none", map[string]any{"doctor": wire.Encode(wire.KindUser, int64(7))},
				clinical.ErrNoDoctor.Message},
			{"a letter as recipient", map[string]any{"recipient": id}, clinical.ErrNoRecipient.Message},
			{"an unknown recipient", map[string]any{"recipient": wire.Encode(wire.KindContact, int64(7))},
				clinical.ErrNoRecipient.Message},
			{"a place that is none", map[string]any{"location": wire.Encode(wire.KindRoom, int64(7))}, "location"},
		} {
			if _, wrong := d.payload("updateLetter", updateLetter, "id", id, "in", c.in); !strings.Contains(wrong,
				c.want) {
				t.Errorf("%s: %q", c.name, wrong)
			}
		}
		if got := d.get("letters.data", letters, "r",
			map[string]any{"start": "2031-01-05", "end": "2031-01-05"}).([]any); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		holds(t, d.done("deleteLetter", deleteLetter, "id", id), map[string]any{"deleted": true})
		holds(t, d.get("letter", oneLetter, "id", id), map[string]any{"deleted": true})
		if got := d.get("letters.data", letters).([]any); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		d.token = d.newToken("readonly")
		d.forbidden("editLetters", updateLetter, "id", id, "in", map[string]any{"title": "x"})
		d.forbidden("editLetters", deleteLetter, "id", id)
		d.forbidden("editLetters", createLetter, "in", map[string]any{"patient": ada, "title": "x", "body": "y"})
		d.token = d.newToken("booking")
		d.forbidden("seeLetters", oneLetter, "id", id)
		d.forbidden("seeLetters", letters)
		d.join("Another")
		if got := d.get("letter", oneLetter, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if _, wrong := d.payload("updateLetter", updateLetter, "id", id, "in",
			map[string]any{"title": "x"}); wrong != clinical.ErrNoLetter.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("deleteLetter", deleteLetter, "id", id); wrong != clinical.ErrNoLetter.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("createLetter", createLetter, "in",
			map[string]any{"patient": ada, "title": "x", "body": "y"}); wrong != patient.ErrNotFound.Message {
			t.Error(wrong)
		}
	})
}

const (
	labAsked = `id status patient { id } doctor { id } requestDate sampleDate fasting orderNumber ` +
		`parsedResults resultsReceivedAt testList dateShared createdAt updatedAt`
	prescriptionAsked = `id patient { id } doctor { id } date status drugs { code drug dosage quantity repeat
		repeatDetails { repeat refills duration frequency reviewDate } comments }
		items { term comments } prescriptionType dateShared pdfDownloadUrl comments orders { status provider }`
	oneLab = `query($id: ID!) { lab(id: $id) { ` + labAsked + ` } }`
	labs   = `query($o: LabQueryOptions) { labs(options: $o) { data { ` + labAsked + ` } pageInfo { ` +
		`hasMore } } }`
	onePrescription = `query($id: ID!) { prescription(id: $id) { ` + prescriptionAsked + ` } }`
	prescriptions   = `query($r: DateRange, $p: Pagination, $c: CursorPagination) { prescriptions(dateRange: $r, ` +
		`pagination: $p, cursorPagination: $c) { data { ` + prescriptionAsked + ` } pageInfo { page pageSize ` +
		`hasMore } } }`
)

func TestLabsAndPrescriptions(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.addPatient("Ada", "")
		ada := wire.Encode(wire.KindPatient, of)
		l, err := d.core.Imported.ImportLab(d.ctx,
			clinical.Lab{Patient: of, Status: "received", Fasting: new(true), OrderNumber: "B-1", Tests: "FBC",
				Results:    "[]",
				ReceivedAt: *d.now.Load()})
		d.must(err)
		var all []clinical.Prescription
		for range 3 {
			p, err := d.core.Imported.ImportPrescription(d.ctx,
				clinical.Prescription{Patient: of, At: *d.now.Load(), Status: "signed",
					Content: clinical.PrescriptionContent{
						Drugs: []clinical.Drug{{Name: "Amlodipine",
							Repeat: &clinical.Repeat{Allowed: true, Refills: 5, Duration: 28, Frequency: "DAYS"}}},
						Orders: []clinical.Order{{Status: "collected", Provider: "B"}},
					}})
			d.must(err)
			all = append(all, p)
		}
		lab, prescription := wire.Encode(wire.KindLab, l.ID), wire.Encode(wire.KindPrescription, all[0].ID)
		holds(t, d.get("lab", oneLab, "id", lab),
			map[string]any{"status": "received", "patient.id": ada, "doctor": nil, "fasting": true,
				"orderNumber": "B-1",
				"testList":    "FBC", "parsedResults": "[]", "resultsReceivedAt": "2031-01-06T09:00:00.000Z"})
		if got := d.get("labs.data", labs, "o",
			map[string]any{"resultsReceivedAt": map[string]any{"end": "2031-01-06"}}).([]any); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		holds(t, d.get("prescription", onePrescription, "id", prescription), map[string]any{
			"patient.id": ada, "status": "signed", "drugs.0.drug": "Amlodipine", "drugs.0.repeat": 5.0,
			"drugs.0.repeatDetails.frequency": "DAYS", "orders.0.provider": "B", "pdfDownloadUrl": nil,
		})
		from := wire.Encode(wire.KindPrescription, all[0].ID)
		holds(t, d.get("prescriptions", prescriptions, "c", map[string]any{"cursor": from, "pageSize": 1}),
			map[string]any{"data.0.id": wire.Encode(wire.KindPrescription, all[1].ID), "pageInfo.hasMore": true})
		holds(t,
			d.get("prescriptions", prescriptions, "c",
				map[string]any{"cursor": wire.Encode(wire.KindPrescription, all[2].ID), "direction": "PREVIOUS",
					"pageSize": 1}),
			map[string]any{"data.0.id": wire.Encode(wire.KindPrescription, all[1].ID)})
		if a := d.ask(prescriptions, "c", map[string]any{"cursor": lab}); a.message() != wire.ErrCursor.Message {
			t.Error(a.text)
		}
		if a := d.ask(prescriptions, "c", map[string]any{}, "p",
			map[string]any{}); a.message() != wire.ErrPagedTwice.Message {
			t.Error(a.text)
		}
		d.token = d.newToken("booking")
		d.forbidden("seeLabs", oneLab, "id", lab)
		d.forbidden("seeLabs", labs)
		d.forbidden("seePrescriptions", onePrescription, "id", prescription)
		d.forbidden("seePrescriptions", prescriptions)
		d.join("Another")
		if a, b := d.get("lab", oneLab, "id", lab), d.get("prescription", onePrescription, "id",
			prescription); a != nil ||
			b != nil {
			t.Errorf("another practice sees %v and %v", a, b)
		}
	})
}

const (
	questionnaireAsked = `id token title confirmationMessage redirectUrl header footer deleted createdAt
		styling { mainFontColor } settings { showLogo }
		sections { id title questions { __typename ... on IQuestionnaireQuestion { id title type required
		dependentOn { question answer negate } }
			... on QuestionnaireMultipleChoiceQuestion { possibleAnswers allowMultipleAnswers } ... on
			QuestionnaireMedicalTermQuestion { recordType } } }`
	oneQuestionnaire = `query($id: ID!) { questionnaire(id: $id) { ` + questionnaireAsked + ` } }`
	questionnaires   = `query($c: CursorPagination) { questionnaires(cursorPagination: $c) { data { id title ` +
		`deleted settings { showLogo } sections { id title } } pageInfo { hasMore } } }`
	fillQuestionnaire = `mutation($q: ID!, $p: ID!,
		$a: [QuestionnaireAnswerInput!]!) { fillQuestionnaire(questionnaireId: $q, patientId: $p, answers: $a) {
		data { consultationId questionnaireId patientId uploadUrls } error } }`
)

func TestQuestionnaires(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := wire.Encode(wire.KindPatient, d.addPatient("Ada", ""))
		q, err := d.core.Form.Import(d.ctx,
			form.Questionnaire{Title: "New patient",
				Content: form.Content{Sections: []form.Section{{Title: "Habits", Questions: []form.Question{
					{ID: 1, Title: "Do you smoke?", Kind: form.AskOption, Choices: []string{"Yes", "No"},
						Required: true},
					{ID: 2, Title: "How much?", Kind: form.AskText, DependsOn: &form.Dependency{Question: 1,
						Answer: "Yes"}},
					{ID: 3, Title: "Allergies", Kind: form.AskTerm, Becomes: clinical.Allergy},
					{ID: 4, Title: "A picture", Kind: form.AskFile},
				}}}}})
		d.must(err)
		id := wire.Encode(wire.KindForm, q.ID)
		got := d.get("questionnaire", oneQuestionnaire, "id", id)
		holds(t, got, map[string]any{
			"title": "New patient", "deleted": false, "settings.showLogo": false,
			"sections.0.questions.0.__typename":        "QuestionnaireMultipleChoiceQuestion",
			"sections.0.questions.0.possibleAnswers.1": "No", "sections.0.questions.0.type": "option",
			"sections.0.questions.1.__typename":           "QuestionnaireGenericQuestion",
			"sections.0.questions.1.dependentOn.question": at(t, got, "sections.0.questions.0.id"),
			"sections.0.questions.2.recordType":           "allergy",
		})
		answer := func(n string, v any) map[string]any {
			return map[string]any{"questionId": at(t, got, "sections.0.questions."+n+".id"), "answer": v}
		}
		given := []any{answer("0", "Yes"), answer("1", "Ten a day"),
			answer("3", map[string]any{"name": "x.jpg", "type": "image/jpeg"})}
		filled := d.done("fillQuestionnaire", fillQuestionnaire, "q", id, "p", ada, "a", given)
		holds(t, filled, map[string]any{"questionnaireId": id, "patientId": ada})
		if u, _ := at(t, filled, "uploadUrls.0").(string); !strings.HasPrefix(u, "https://desk.example/files/") {
			t.Errorf("got %v", filled)
		}
		holds(t, d.get("consultation", oneConsultation, "id", filled["consultationId"]),
			map[string]any{"questionnaireId": id, "records.0.title": "Do you smoke?", "records.0.term": "Yes",
				"records.1.term": "Ten a day"})
		if _, wrong := d.payload("fillQuestionnaire", fillQuestionnaire, "q", id, "p", ada, "a",
			[]any{}); !strings.Contains(wrong, "Do you smoke?") {
			t.Error(wrong)
		}
		if _, wrong := d.payload("fillQuestionnaire", fillQuestionnaire, "q", id, "p", ada, "a",
			[]any{map[string]any{"questionId": id, "answer": "x"}}); wrong == "" {
			t.Error("a questionnaire is taken for a question")
		}
		d.token = d.newToken("readonly")
		d.forbidden("fillQuestionnaires", fillQuestionnaire, "q", id, "p", ada, "a", given)
		d.token = d.newToken("booking")
		d.forbidden("seeQuestionnaires", oneQuestionnaire, "id", id)
		d.forbidden("seeQuestionnaires", questionnaires)
		d.join("Another")
		if got := d.get("questionnaire", oneQuestionnaire, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("questionnaires.data", questionnaires, "c", map[string]any{}).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		if _, wrong := d.payload("fillQuestionnaire", fillQuestionnaire, "q", id, "p", ada, "a",
			given); wrong != form.ErrNotFound.Message {
			t.Error(wrong)
		}
	})
}

const (
	documentAsked = `id title patient { id } path name type url parent deleted dateShared dateCreated dateModified ` +
		`uploadUrl downloadUrl shareDetails { id kind email name sharedAt shareMethod }`
	templateAsked  = `id patientId path name type url deleted dateCreated dateModified uploadUrl downloadUrl`
	createDocument = `mutation($p: ID!, $n: String!, $t: String!) { createPatientDocument(patient: $p, name: $n, ` +
		`type: $t) { data { ` + documentAsked + ` } error } }`
	createTemplate = `mutation($n: String!) { createPracticeTemplateDocument(name: $n, type: "text/plain") { data { ` +
		templateAsked + ` } error } }`
	oneDocument  = `query($id: ID!) { patientDocument(id: $id) { ` + documentAsked + ` } }`
	allDocuments = `{ patientDocuments { data { ` + documentAsked + ` } pageInfo { hasMore } } }`
	oneTemplate  = `query($id: ID!) { practiceTemplateDocument(id: $id) { ` + templateAsked + ` } }`
	templates    = `{ practiceTemplateDocuments { data { ` + templateAsked + ` } pageInfo { hasMore } } }`
	newToken     = `mutation($p: ID!) { createIntegrationToken(patient: $p) { data { token } error } }`
	aToken       = `query($p: ID!) { integrationToken(patient: $p) { token } }`
)

func TestDocuments(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.addPatient("Ada", "ada@example.org")
		ada := wire.Encode(wire.KindPatient, of)
		made := d.done("createPatientDocument", createDocument, "p", ada, "n", "scan.pdf", "t", "application/pdf")
		holds(t, made,
			map[string]any{"title": "scan.pdf", "name": "scan.pdf", "type": "application/pdf", "patient.id": ada,
				"deleted": false, "downloadUrl": nil, "path": nil})
		up := made["uploadUrl"].(string)
		d.must(d.core.Document.Upload(d.ctx, up[strings.LastIndex(up, "/")+1:], strings.NewReader("%PDF")))
		_, n, _ := wire.Decode(made["id"].(string))
		d.share(of, n)
		after := d.get("patientDocument", oneDocument, "id", made["id"])
		holds(t, after,
			map[string]any{"uploadUrl": nil, "shareDetails.0.kind": "PATIENT",
				"shareDetails.0.email":       "ada@example.org",
				"shareDetails.0.shareMethod": "EMAIL", "dateShared": "2031-01-06T09:00:00.000Z"})
		if after.(map[string]any)["downloadUrl"] == nil {
			t.Error("it cannot be fetched")
		}
		template := d.done("createPracticeTemplateDocument", createTemplate, "n", "letter.txt")
		holds(t, template, map[string]any{"name": "letter.txt", "type": "text/plain", "patientId": nil})
		holds(t, d.get("practiceTemplateDocument", oneTemplate, "id", template["id"]),
			map[string]any{"name": "letter.txt"})
		if got := d.get("patientDocument", oneDocument, "id", template["id"]); got != nil {
			t.Errorf("a template is a patient's: %v", got)
		}
		if _, wrong := d.payload("createPatientDocument", createDocument, "p", ada, "n", "x", "t",
			"pdf"); !strings.Contains(wrong, "type") {
			t.Error(wrong)
		}
		if got := d.get("integrationToken", aToken, "p", ada); got != nil {
			t.Errorf("got %v", got)
		}
		token := d.done("createIntegrationToken", newToken, "p", ada)["token"]
		if got := d.get("integrationToken.token", aToken, "p", ada); got != token || token == nil {
			t.Errorf("got %v, want %v", got, token)
		}
		d.token = d.newToken("readonly")
		fresh := d.get("practiceTemplateDocument", oneTemplate, "id", template["id"])
		holds(t, fresh, map[string]any{"name": "letter.txt", "uploadUrl": nil})
		d.forbidden("editDocuments", createDocument, "p", ada, "n", "scan.pdf", "t", "application/pdf")
		d.forbidden("editDocuments", createTemplate, "n", "x")
		d.forbidden("fillQuestionnaires", newToken, "p", ada)
		d.forbidden("fillQuestionnaires", aToken, "p", ada)
		d.token = d.newToken("booking")
		d.forbidden("seeDocuments", oneDocument, "id", made["id"])
		d.forbidden("seeDocuments", allDocuments)
		d.forbidden("seeDocuments", templates)
		d.join("Another")
		if a, b, c := d.get("patientDocument", oneDocument, "id", made["id"]),
			d.get("practiceTemplateDocument", oneTemplate, "id", template["id"]),
			d.get("integrationToken", aToken, "p", ada); a != nil || b != nil || c != nil {
			t.Errorf("another practice sees %v, %v and %v", a, b, c)
		}
		if _, wrong := d.payload("createPatientDocument", createDocument, "p", ada, "n", "x", "t",
			"text/plain"); wrong != patient.ErrNotFound.Message {
			t.Error(wrong)
		}
		if _, wrong := d.payload("createIntegrationToken", newToken, "p", ada); wrong != patient.ErrNotFound.Message {
			t.Error(wrong)
		}
	})
}

// TestSignedInUserIsTheAuthor writes as a member of staff whom no patients are
// booked with, and as a program.
func TestSignedInUserIsTheAuthor(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada, doctor, rita := wire.Encode(wire.KindPatient, d.addPatient("Ada", "ada@example.org")), d.doctor(),
			d.staff("Rita", false)
		email := d.get("user.email", `query($id: ID!) { user(id: $id) { email } }`, "id", rita).(string)
		_, err := d.core.Account.SetPassword(d.ctx, email, "correct horse battery staple")
		d.must(err)
		all := []access.Permission{access.SeePatients, access.SeeLetters, access.EditLetters, access.SeeRecords,
			access.EditRecords, access.SettingsSeeUsers}
		_, err = d.core.Key.SetRole(d.ctx, access.Role{Name: "secretary", Permissions: all})
		d.must(err)
		d.done("updateUser",
			`mutation($id: ID!) { updateUser(id: $id, userData: {role: "secretary"}) { data { id } error } }`, "id",
			rita)
		program := d.token
		signedIn := d.get("signIn.token",
			`mutation($email: String) { signIn(email: $email, password: "correct horse battery staple") { token } }`,
			"email",
			email).(string)
		for _, c := range []struct {
			token, name string
			by          any
		}{{program, "Website", nil}, {signedIn, "Rita Khan", rita}} {
			d.token = c.token
			of := map[string]any{"patient": ada, "title": "x", "body": "y"}
			holds(t, d.done("createLetter", createLetter, "in", of), map[string]any{"doctor.id": c.by})
			of["doctor"] = nil
			holds(t, d.done("createLetter", createLetter, "in", of), map[string]any{"doctor.id": c.by})
			of["doctor"] = doctor
			holds(t, d.done("createLetter", createLetter, "in", of), map[string]any{"doctor.id": doctor})
			of["doctor"] = rita
			made := d.done("createLetter", createLetter, "in", of)
			holds(t, made, map[string]any{"doctor.id": rita})
			holds(t, d.done("updateLetter", updateLetter, "id", made["id"], "in", map[string]any{"doctor": nil}),
				map[string]any{"doctor": nil})
			entry := d.done("createFreeTextRecord", createFreeText, "in",
				map[string]any{"patientId": ada, "question": "Q", "answer": "A"})
			holds(t, d.get("record", `query($id: ID!) { record(id: $id) { doctorName } }`, "id", entry["id"]),
				map[string]any{"doctorName": c.name})
			holds(t,
				d.get("consultation", `query($id: ID!) { consultation(id: $id) { doctorName } }`, "id",
					entry["consultationId"]),
				map[string]any{"doctorName": c.name})
		}
	})
}
