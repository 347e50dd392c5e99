package graphtest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/clinical"
	"frontdesk/core/demographics"
	"frontdesk/core/document"
	"frontdesk/core/episode"
	"frontdesk/core/form"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/statement"
)

// World is one thing of each kind that a practice has: their ids, and a few words.
type World map[string]string

// Password is the password of the member of staff who signs in.
const Password = "correct horse battery"

// World makes one, new but for what no mutation can take away.
func (p *Practice) World() World {
	p.T.Helper()
	first := p.shared == nil
	if first {
		p.share()
	}
	p.worlds++
	w := World{"key": "text", "soon": p.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339)}
	for kind, id := range p.shared {
		w[kind] = id
	}
	w["patient"] = p.made(`createPatient(patientData: {first: "Ada", last: "Lovelace` + p.Mark + `"})`)
	w["product"] = p.made(`createProduct(productData: {productType: appointment, name: "Routine` + p.Mark +
		`", duration: 15, price: 45.5})`)
	w["user"] = p.staff(p.worlds, "Amir")
	w["leaver"] = p.staff(1000+p.worlds, "Lea") // whom no one is booked with
	p.aboutThePatient(w)
	p.aboutMoney(w)
	if first {
		p.imports(w)
	}
	w["availability"] = p.id("m.data.id", `mutation { m: createAvailability(data: {unavailability: false, user: "`+
		w["user"]+`", room: "`+w["room"]+`",
		recurrence: {days: [1, 5]}, exclusions: ["2031-06-13"], startDate: "2031-01-06", startTime: "09:00",
		endTime: "17:00", comment: "Clinic`+p.Mark+`"}) { data { id } } }`)
	day := fmt.Sprintf("2031-05-%02dT", 1+p.worlds%28)
	w["booking"] = p.made(`createBooking(bookingData: {patient: "` + w["patient"] + `", location: "` +
		w["room"] + `", bookingType: "` + w["product"] + `",
		doctor: "` + w["user"] + `", start: "` + day + `09:00:00Z", end: "` + day + `09:15:00Z"})`)
	of := `patientId: "` + w["patient"] + `"`
	w["episode"] = p.episode(w)
	w["pathway"] = p.made(`createClinicalPathway(episodeId: "` + w["episode"] + `", clinicalPathwayData: {
		startDate: "2031-01-06", status: ACTIVE, productType: "` + w["product"] + `", diagnosisCode: "M54` + p.Mark +
		`", assignedClinician: "` + w["user"] + `", metadata: [{key: "text", value: "v` + p.Mark + `"}]})`)
	w["message"] = p.made(`sendSms(` + of + `, message: "Hello` + p.Mark + `", dateToProcess: "` + w["soon"] + `")`)
	entry := p.get("m.data", `mutation { m: createFreeTextRecord(recordData: {`+of+`, question: "Q`+p.Mark+
		`", answer: "A`+
		p.Mark+`"}) { data { id consultationId } error } }`)
	w["record"], _ = At(entry, "id").(string)
	w["consultation"], _ = At(entry, "consultationId").(string)
	w["allergy"] = p.made(`createAllergyRecord(recordData: {` + of + `, allergen: "Nuts` + p.Mark + `"})`)
	w["letter"] = p.made(`createLetter(letterData: {patient: "` + w["patient"] + `", doctor: "` +
		w["user"] + `", title: "Referral` + p.Mark + `", body: "Please see her` + p.Mark + `."})`)
	w["document"] = p.made(`createPatientDocument(patient: "` + w["patient"] + `", name: "a` + p.Mark +
		`.pdf", type: "application/pdf")`)
	w["entry"] = p.proposed(w)
	w["task"] = p.made(`createTask(taskData: {subject: "Call` + p.Mark + `", assignedTo: "` + w["user"] +
		`", patient: "` +
		w["patient"] + `"})`)
	w["webhook"] = p.made(`createWebhook(input: {url: "https://a.example/hooks` + p.Mark + `", label: "Ours` + p.Mark +
		`", eventTypes: [PATIENT_CREATED]})`)
	p.get("m.data.token", `mutation { m: createIntegrationToken(patient: "`+w["patient"]+
		`") { data { token } error } }`)
	return w
}

func (p *Practice) staff(n int, first string) string {
	p.T.Helper()
	return p.made(fmt.Sprintf(`createUser(userData: {title: "Dr", firstName: "%s", lastName: "Khan%s", email: "%s", `+
		`role: "booking", isDoctor: true})`, first, p.Mark, p.address(n)))
}

// episode is a matter of the patient's, which the REST API alone opens.
func (p *Practice) episode(w World) string {
	p.T.Helper()
	subject := "Back" + p.Mark
	e, err := p.Core.Episode.Create(p.operator(), patient.ID(p.number(w["patient"])), episode.Change{Subject: &subject})
	p.must(err)
	return e.ID.String()
}

// address is the n-th address of a member of staff. An address signs in to one
// practice.
func (p *Practice) address(n int) string { return fmt.Sprintf("khan%d@%s", n, p.domain()) }

func (p *Practice) domain() string { return fmt.Sprintf("p%d%s.example.org", p.Group, p.Mark) }

// proposed proposes the world's message for the record, and is the entry's id.
func (p *Practice) proposed(w World) string {
	p.T.Helper()
	who, ctx := access.Operator(p.Group), p.operator()
	p.must(p.Core.Record.Store.Do(ctx, func(tx record.Tx) error {
		_, err := p.Core.Record.Propose(ctx, tx, who, record.Proposal{
			Patient: patient.ID(p.number(w["patient"])), Message: p.number(w["message"]), Code: "279991000000102",
			Term:    "SMS text message sent to patient" + p.Mark,
			Content: "Hello" + p.Mark, Channel: "sms",
		})
		return err
	}))
	return p.id("recordEntries.data.0.id", `{ recordEntries(patient: "`+w["patient"]+`") { data { id } } }`)
}

// share makes what all worlds have in common.
func (p *Practice) share() {
	p.T.Helper()
	ctx := p.operator()
	_, err := p.Core.Account.SaveAccessGroup(ctx, account.AccessGroup{Name: "Diabetes" + p.Mark, Label: "DM" + p.Mark})
	p.must(err)
	_, err = p.Core.Form.Import(ctx,
		form.Questionnaire{Title: "Habits" + p.Mark, Content: form.Content{Sections: []form.Section{{
			Title:     "Daily" + p.Mark,
			Questions: []form.Question{{ID: 1, Title: "How much?" + p.Mark, Kind: form.AskText}},
		}}}})
	p.must(err)
	p.staff(0, "Ines")
	_, err = p.Core.Account.SetPassword(ctx, p.address(0), Password)
	p.must(err)
	own := p.get("practice", `{ practice { locations { id groupId } accessGroups { id } paymentTypes { id } } }`)
	forms, _ := p.get("questionnaires.data",
		`{ questionnaires { data { id title sections { questions { ... on
			QuestionnaireGenericQuestion { id } } } } } }`).([]any)
	// The practice may have others, whose questions take other answers.
	form := forms[slices.IndexFunc(forms, func(f any) bool { return At(f, "title") == "Habits"+p.Mark })]
	// No identity is known without a date of birth.
	first, last, postcode := "Ines", "Unsure"+p.Mark, "LS1 4AP"
	unsure, err := p.Core.Demographics.Register(ctx,
		demographics.Registration{Forename: &first, Surname: &last, Postcode: &postcode})
	p.must(err)
	p.shared = World{"email": p.address(0), "password": Password, "practice group": p.Group.String(),
		"reference": unsure.Check.Reference()}
	for kind, path := range map[string]string{"room": "locations.0.id", "place": "locations.0.groupId",
		"group": "accessGroups.0.id", "payment type": "paymentTypes.0.id"} {
		p.shared[kind], _ = At(own, path).(string)
	}
	p.shared["form"], _ = At(form, "id").(string)
	p.shared["question"], _ = At(form, "sections.0.questions.0.id").(string)
	p.get("m.data.id", `mutation { m: updateLocationMetadata(locationId: "`+p.shared["room"]+
		`", key: "text", value: "v`+
		p.Mark+`") { data { id } error } }`)
}

// imports makes what no API makes about a patient, for the first one.
func (p *Practice) imports(w World) {
	p.T.Helper()
	ctx := p.operator()
	of, doctor := patient.ID(p.number(w["patient"])), practice.PractitionerID(p.number(w["user"]))
	_, err := p.Core.Statement.Create(ctx,
		statement.Request{Account: billing.Account{Patient: of}, Kind: statement.Activity})
	p.must(err)
	_, err = p.Core.Imported.ImportLab(ctx,
		clinical.Lab{Patient: of, Doctor: doctor, Status: "received", Tests: "Full blood count" + p.Mark})
	p.must(err)
	_, err = p.Core.Imported.ImportPrescription(ctx,
		clinical.Prescription{Patient: of, Doctor: doctor, Status: "signed", Content: clinical.PrescriptionContent{
			Drugs: []clinical.Drug{{Name: "Amlodipine 5mg tablets" + p.Mark, Dosage: "One a day",
				Quantity: "28 tablets"}},
		}})
	p.must(err)
	_, err = p.Core.Document.CreateTemplate(ctx,
		document.New{Name: "Consent" + p.Mark + ".pdf", MediaType: "application/pdf"})
	p.must(err)
	for kind, list := range map[string]string{
		"statement": "accountStatements", "lab": "labs", "prescription": "prescriptions",
		"template": "practiceTemplateDocuments",
	} {
		p.shared[kind] = p.id(list+".data.0.id", "{ "+list+" { data { id } } }")
		w[kind] = p.shared[kind]
	}
}

// number is the number that core knows a thing by: the end of its id.
func (p *Practice) number(id string) int64 {
	p.T.Helper()
	const digits = 14
	n, err := strconv.ParseInt(id[max(0, len(id)-digits):], 16, 64)
	p.must(err)
	return n
}

// aboutThePatient makes what is kept around a patient.
func (p *Practice) aboutThePatient(w World) {
	p.T.Helper()
	w["label"] = p.made(`createLabel(labelData: {title: "VIP` + p.Mark + `"})`)
	w["plan"] = p.made(`createProduct(productData: {productType: membership, name: "Gold` + p.Mark + `", price: 20})`)
	_, err := p.Core.MembershipPolicy.Create(p.operator(), billing.ProductID(p.number(w["plan"])),
		membership.PolicyChange{Name: new("Members" + p.Mark), Percent: new(billing.BasisPoints(1250))})
	p.must(err)
	w["definition"] = p.made(fmt.Sprintf(`createPatientNumber(input: {name: "Insurance %d%s"})`, p.worlds, p.Mark))
	of := `patientId: "` + w["patient"] + `"`
	for _, change := range []string{
		`updatePatient(id: "` + w["patient"] + `", patientData: {email: "ada` + p.Mark + `@example.org"})`,
		`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "01632 960123", phoneType: "Office"})`,
		`addPatientAttribute(` + of + `, attributeData: {title: "a` + p.Mark + `", text: "b` + p.Mark +
			`", response: "c` +
			p.Mark + `"})`,
		`addPatientLabel(` + of + `, labelReferenceId: "` + w["label"] + `")`,
		`addPatientNumber(` + of + `, patientNumber: {numberId: "` + w["definition"] + `", value: "A-1` + p.Mark +
			`"})`,
		`addPatientAccessGroup(` + of + `, accessGroupId: "` + w["group"] + `")`,
		`addPatientMembership(` + of + `, membershipId: "` + w["plan"] + `")`,
		`addPatientRelationship(` + of + `, relationshipType: GP, contact: {lastName: "Foster` + p.Mark + `"})`,
	} {
		p.made(change)
	}
	got := p.get("patient", `{ patient(id: "`+
		w["patient"]+`") { phones { phoneId } numbers { id referenceId } customAttributes { id } labels { id } `+
		`relatedAccounts { relationshipId } } }`)
	for kind, path := range map[string]string{
		"phone": "phones.0.phoneId", "number": "numbers.1.id", "attribute": "customAttributes.0.id",
		"use":          "labels.0.id",
		"relationship": "relatedAccounts.0.relationshipId",
	} {
		w[kind], _ = At(got, path).(string)
	}
	p.made(`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "07700 900123", phoneType: "Mobile"})`)
}

// aboutMoney makes a product, a contact who pays, and invoices, paid and not.
func (p *Practice) aboutMoney(w World) {
	p.T.Helper()
	p.made(`updateProductMetadata(productId: "` + w["product"] + `", key: "text", value: "v` + p.Mark + `")`)
	w["product use"] = p.id("m.data.labels.0.id", `mutation { m: addProductLabel(productId: "`+
		w["product"]+`", labelReferenceId: "`+w["label"]+`") { data { labels { id } } error } }`)
	w["contact"] = p.made(`createContact(company: "Crown Insurance` + p.Mark + `", isPayor: true)`)
	w["contact phone"] = p.id("m.data.phones.0.phoneId", `mutation { m: addContactPhoneNumber(contactId: "`+
		w["contact"]+`", phoneData: {phoneType: Office, phoneNumber: "01632 960111"}) {
		data { phones { phoneId } } error } }`)
	head := `date: "2031-01-06", patientId: "` + w["patient"] + `", doctorId: "` + w["user"] + `", locationId: "` +
		w["room"] + `"`
	line := `{date: "2031-01-05", productId: "` + w["product"] + `", quantity: 1, price: `
	invoice := p.get("m.data", `mutation { m: createInvoice(invoiceData: {`+head+`, lineItems: [`+line+`100}, `+line+
		`50}],
		payments: [{paymentAmount: 20, paymentTypeId: "`+w["payment type"]+`", paymentDate: "2031-01-06"}]}) { data `+
		`{ id lineItems { id } payments { id } } error } }`)
	for kind, path := range map[string]string{"invoice": "id", "line": "lineItems.0.id", "payment": "payments.0.id"} {
		w[kind], _ = At(invoice, path).(string)
	}
	w["unpaid"] = p.made(`createInvoice(invoiceData: {` + head + `, lineItems: [` + line + `100}]})`)
}
