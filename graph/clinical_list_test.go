package graph

import (
	"testing"
	"time"

	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/practice"
	"frontdesk/graph/wire"
)

// around is what leads on from a patient of these capabilities.
var around = map[string]string{
	"letters.0.title":  `letters { title doctor { id } recipient { name } }`,
	"labs.0.doctor.id": `labs { id doctor { id } patient { id } }`,
	"prescriptions.data.0.doctor.id": `prescriptions(pageSize: 3) { data { id doctor { id } } pageInfo { ` +
		`hasMore } }`,
	"consultations.data.0.records.0.title": `consultations(pageSize: 3) { data { id records { title } } }`,
	"records.data.0.term":                  `records(page: 1, pageSize: 3) { data { term } pageInfo { hasMore } }`,
	"patientDocuments.data.0.name": `patientDocuments(pageSize: 3) { data { name path uploadUrl ` +
		`shareDetails { id } } }`,
	"documentsSharedWithPatient.data.0.title": `documentsSharedWithPatient(pageSize: 3) { data { documentId ` +
		`consultationId recordIds title type sharedAt } }`,
}

func TestClinicalListsTakeConstantStatements(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		doctor := d.doctor()
		_, n, _ := wire.Decode(doctor)
		made := 0
		grow := func() {
			for range 3 {
				of := d.addPatient("Ada", "ada@example.org")
				id := wire.Encode(wire.KindPatient, of)
				d.done("createFreeTextRecord", createFreeText, "in",
					map[string]any{"patientId": id, "question": "Q", "answer": "A"})
				to := at(t,
					d.done("addPatientRelationship",
						`mutation($id: ID!) { addPatientRelationship(patientId: $id, relationshipType: GP, contact: `+
							`{lastName: "Foster"}) { data { relatedAccounts { relationshipId } } error } }`, "id", id),
					"relatedAccounts.0.relationshipId")
				d.done("createLetter", createLetter, "in",
					map[string]any{"patient": id, "title": "x", "body": "y", "doctor": doctor, "recipient": to})
				doc := d.done("createPatientDocument", createDocument, "p", id, "n", "scan.pdf", "t", "application/pdf")
				d.done("createPracticeTemplateDocument", createTemplate, "n", "x.txt")
				_, docID, _ := wire.Decode(doc["id"].(string))
				d.share(of, docID)
				_, err := d.core.Imported.ImportLab(d.ctx, clinical.Lab{Patient: of, Doctor: practice.PractitionerID(n)})
				d.must(err)
				_, err = d.core.Imported.ImportPrescription(d.ctx,
					clinical.Prescription{Patient: of, Doctor: practice.PractitionerID(n), At: *d.now.Load()})
				d.must(err)
				_, err = d.core.Form.Import(d.ctx, form.Questionnaire{Title: "Q"})
				d.must(err)
				made++
			}
		}
		lists := map[string]string{
			"letters.data": letters, "labs.data": labs, "prescriptions.data": prescriptions,
			"consultations.data":    consultations,
			"records.data":          records,
			"patientDocuments.data": allDocuments, "practiceTemplateDocuments.data": templates,
			"questionnaires.data": questionnaires,
			"users.data.0.letters.data": `{ users(options: {includeUnvalidated: true}, pagination: {pageSize: 2}) ` +
				`{ data { letters(pageSize: 100) { data ` +
				`{ title patient { id } doctor { id } } pageInfo { hasMore } } } } }`,
		}
		// Letters lead to patients here.
		for path, field := range around {
			lists["letters.data.0.patient."+path] = `{ letters(pagination: {pageSize: 100}) { data { patient { ` +
				field +
				` } } } }`
		}
		grow()
		few := map[string]int64{}
		for list, document := range lists {
			d.move(time.Minute) // another minute of requests
			few[list] = d.known(document, nil)
		}
		for range 5 {
			grow()
		}
		for list, document := range lists {
			d.move(time.Minute)
			if many := d.noMore(few[list], document, nil); many > few[list] {
				t.Errorf("%s took %d statements, and %d with %d rows", document, few[list], many, made)
			}
			got := d.get(list, document)
			if rows, ok := got.([]any); ok && len(rows) != made || got == nil {
				t.Errorf("%s is %v", list, got)
			}
		}
	})
}
