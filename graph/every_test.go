package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/clinical"
	"frontdesk/core/patient"
)

// world is one thing of each kind that a practice has.
type world map[string]string

// world makes one.
func (s *diaried) world() world {
	s.t.Helper()
	g, err := s.core.Account.SaveAccessGroup(s.ctx, account.AccessGroup{Name: "Diabetes", Label: "DM"})
	s.must(err)
	label := s.get("createLabel.data.id", `mutation { createLabel(labelData: {title: "VIP"}) { data { id } } }`).(string)
	def := s.get("createPatientNumber.data.id", `mutation { createPatientNumber(input: {name: "Insurance"}) { data { id } } }`).(string)
	of := `patientId: "` + s.patient + `"`
	s.change(`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "01632 960123", phoneType: "Office"})`)
	s.change(`addPatientAttribute(` + of + `, attributeData: {title: "a", text: "b", response: "c"})`)
	s.change(`addPatientLabel(` + of + `, labelReferenceId: "` + label + `")`)
	s.change(`addPatientNumber(` + of + `, patientNumber: {numberId: "` + def + `", value: "A-1"})`)
	s.change(`addPatientAccessGroup(` + of + `, accessGroupId: "` + encode(kindAccessGroup, g.ID) + `")`)
	p := s.change(`addPatientRelationship(` + of + `, relationshipType: GP, contact: {lastName: "Foster"})`)
	s.made++
	day := fmt.Sprintf("2031-05-%02dT", s.made)
	b := s.booking(`createBooking(bookingData: ` + s.input(day+"09:00:00Z", day+"09:15:00Z", "") + `)`)
	s.get("updateLocationMetadata.data.id", `mutation { updateLocationMetadata(locationId: "`+s.room+`", key: "text", value: "v") { data { id } error } }`)
	text := func(path string) string { return at(s.t, p, path).(string) }
	id := func(field, document string) string {
		return s.get(field+".data.id", "mutation { "+document+" }").(string)
	}
	contact := id("createContact", `createContact(company: "Crown Insurance", isPayor: true) { data { id } error }`)
	c := s.get("addContactPhoneNumber.data", `mutation { addContactPhoneNumber(contactId: "`+contact+`", phoneData: {phoneType: Office, phoneNumber: "01632 960111"}) { data { phones { phoneId } } error } }`)
	s.get("updateProductMetadata.data.id", `mutation { updateProductMetadata(productId: "`+s.product+`", key: "text", value: "v") { data { id } error } }`)
	cash := s.get("practice.paymentTypes.0.id", `{ practice { paymentTypes { id } } }`).(string)
	i := s.get("createInvoice.data", `mutation { createInvoice(invoiceData: {date: "2031-01-06", patientId: "`+s.patient+`", doctorId: "`+s.doctor+`", locationId: "`+s.room+`",
		lineItems: [{date: "2031-01-05", productId: "`+s.product+`", quantity: 1, price: 100}, {date: "2031-01-05", productId: "`+s.product+`", quantity: 1, price: 50}],
		payments: [{paymentAmount: 20, paymentTypeId: "`+cash+`", paymentDate: "2031-01-06"}]}) { data { id lineItems { id } payments { id } } error } }`)
	unpaid := s.get("createInvoice.data.id", `mutation { createInvoice(invoiceData: {date: "2031-01-06", patientId: "`+s.patient+`", doctorId: "`+s.doctor+`", locationId: "`+s.room+`",
		lineItems: [{date: "2031-01-05", productId: "`+s.product+`", quantity: 1}]}) { data { id } error } }`).(string)
	s.get("updatePatient.data.id", `mutation { updatePatient(id: "`+s.patient+`", patientData: {email: "ada@example.org"}) { data { id } error } }`)
	s.change(`addPatientPhoneNumber(` + of + `, phoneData: {phoneNumber: "07700 900123", phoneType: "Mobile"})`)
	message := s.get("sendSms.data.id", `mutation { sendSms(patientId: "`+s.patient+`", message: "Hello", dateToProcess: "2031-06-01T09:00:00Z") { data { id } error } }`).(string)
	statement, err := s.core.Billing.MakeStatement(s.ctx, billing.StatementRequest{Account: billing.Account{Patient: ourID[patient.ID](&s.patient)}, Kind: billing.Activity})
	s.must(err)
	entry := s.get("createFreeTextRecord.data", `mutation { createFreeTextRecord(recordData: {patientId: "`+s.patient+`", question: "Q", answer: "A"}) { data { id consultationId } error } }`)
	allergy := id("createAllergyRecord", `createAllergyRecord(recordData: {patientId: "`+s.patient+`", allergen: "Nuts"}) { data { id } error }`)
	q, err := s.core.Clinical.ImportQuestionnaire(s.ctx, clinical.Questionnaire{Title: "New patient", Content: clinical.Content{Sections: []clinical.Section{{
		Title: "Habits", Questions: []clinical.Question{{ID: 1, Title: "How much?", Kind: clinical.AskText}},
	}}}})
	s.must(err)
	form := encode(kindForm, q.ID)
	return world{
		"record": at(s.t, entry, "id").(string), "consultation": at(s.t, entry, "consultationId").(string), "allergy": allergy, "form": form,
		"question": s.get("questionnaire.sections.0.questions.0.id", `{ questionnaire(id: "`+form+`") { sections { questions { ... on QuestionnaireGenericQuestion { id } } } } }`).(string),
		"letter":   id("createLetter", `createLetter(letterData: {patient: "`+s.patient+`", doctor: "`+s.doctor+`", title: "Referral", body: "Please see her."}) { data { id } error }`),
		"document": s.get("createPatientDocument.data.id", `mutation { createPatientDocument(patient: "`+s.patient+`", name: "a.pdf", type: "application/pdf") { data { id } error } }`).(string),
		"contact":  contact, "contact phone": at(s.t, c, "phones.0.phoneId").(string), "payment type": cash, "invoice": at(s.t, i, "id").(string),
		"line": at(s.t, i, "lineItems.0.id").(string), "payment": at(s.t, i, "payments.0.id").(string), "statement": encode(kindStatement, statement.ID),
		"unpaid": unpaid, "message": message, "key": "text",
		"task": id("createTask", `createTask(taskData: {subject: "Call", assignedTo: "`+s.doctor+`", patient: "`+s.patient+`"}) { data { id } error }`),
		"availability": s.get("createAvailability.data.id", `mutation { createAvailability(data: {unavailability: false, user: "`+s.doctor+`", room: "`+s.room+`",
			recurrence: {days: [1, 5]}, exclusions: ["2031-06-13"], startDate: "2031-01-06", startTime: "09:00", endTime: "17:00"}) { data { id } } }`).(string),
		"webhook": id("createWebhook", `createWebhook(input: {url: "https://a.example/hooks", label: "Ours", eventTypes: [PATIENT_CREATED]}) { data { id } error }`),
		"patient": s.patient, "room": s.room, "product": s.product, "user": s.doctor, "group": encode(kindAccessGroup, g.ID), "label": label,
		"use": text("labels.0.id"), "definition": def, "number": text("numbers.1.id"), "attribute": text("customAttributes.0.id"),
		"phone": text("phones.0.phoneId"), "relationship": text("relatedAccounts.0.relationshipId"), "booking": b["id"].(string),
		"place": strings.Replace(s.room, s.room[8:10], "04", 1),
	}
}

// idOf is the id an argument of a field takes.
func (w world) idOf(field, name string) string {
	by := map[string]string{
		"patientId": "patient", "patient": "patient", "location": "room", "locationId": "room", "bookingType": "product", "productId": "product",
		"doctor": "user", "doctorId": "user", "accessGroupId": "group", "accessGroupIds": "group", "labelReferenceId": "label", "labels": "label",
		"labelId": "use", "phoneId": "phone", "patientNumberId": "number", "numberId": "definition", "attributeId": "attribute",
		"relationshipId": "relationship", "bookingId": "booking", "ids": "booking", "excludeBookingIds": "booking", "locumFor": "user",
		"locationIds": "place", "roomIds": "room", "userIds": "user", "productIds": "product", "payerId": "patient",
		"contactId": "contact", "invoiceId": "invoice", "lineItemId": "line", "invoicePaymentId": "payment", "paymentId": "payment", "paymentTypeId": "payment type",
		"referenceId": "booking", "accountId": "patient", "relatedAccountId": "patient", "assignedTo": "user", "appointments": "product", "key": "key",
		"consultationId": "consultation", "questionId": "question", "questionnaireId": "form", "recipient": "patient", "user": "user", "room": "room",
	}
	switch {
	case field == "deleteInvoice":
		return w["unpaid"]
	case name == "id" && strings.Contains(field, "Communication"):
		return w["message"]
	}
	if name == "phoneId" && strings.Contains(field, "Contact") {
		return w["contact phone"]
	}
	if kind, ok := by[name]; ok {
		return w[kind]
	}
	for _, k := range [][2]string{{"Definition", "definition"}, {"ooking", "booking"}, {"ser", "user"}, {"abel", "label"}, {"roduct", "product"}, {"ontact", "contact"}, {"nvoice", "invoice"},
		{"tatement", "statement"}, {"vailability", "availability"}, {"ask", "task"}, {"ebhook", "webhook"}, {"Allergy", "allergy"}, {"ecord", "record"}, {"etter", "letter"},
		{"onsultation", "consultation"}, {"uestionnaire", "form"}, {"ocument", "document"}} {
		if name == "id" && strings.Contains(field, k[0]) {
			return w[k[1]]
		}
	}
	return w["patient"]
}

// value is a literal of a type, for an argument or an input's field.
func (w world) value(s *ast.Schema, field, name string, kind *ast.Type) string {
	if kind.Elem != nil {
		return "[" + w.value(s, field, name, kind.Elem) + "]"
	}
	def := s.Types[kind.Name()]
	switch kind.Name() {
	case "ID":
		return `"` + w.idOf(field, name) + `"`
	case "Int":
		return "1"
	case "Float":
		return "1.5"
	case "Boolean":
		return strconv.FormatBool(name != "unavailability") // what is taken away does not recur
	case "Date", "DateTime":
		if name == "end" {
			return `"2031-06-06T09:15:00Z"`
		}
		if name == "dob" {
			return `"1980-02-03"`
		}
		return `"2031-06-06T09:00:00Z"`
	case "String", "QuestionnaireAnswerScalar":
		given := map[string]string{
			"email": field + "@example.org", "country": "GB", "phoneNumber": "01632 960999", "number": "07700900123", "phoneType": "Office", "sex": "female", "title": "Mrs",
			"role": "booking", "socialSecurityNumber": "285127512312345", "cursor": "", "search": "Ada", "postcode": "LS1 4AP", "color": "#fff", "countryCode": "", "url": "https://b.example/hooks", "status": "active", "type": "application/pdf",
			"startTime": "09:00", "endTime": "12:30", "startDate": "2031-05-05", "endDate": "2031-07-28", "exclusions": "2031-05-12",
		}
		if v, ok := given[name]; ok {
			return `"` + v + `"`
		}
		if strings.Contains(field, "Letter") && slices.Contains([]string{"patient", "location", "doctor"}, name) {
			return `"` + w.idOf(field, name) + `"`
		}
		if strings.HasSuffix(name, "Ids") || strings.HasSuffix(name, "Id") {
			return `"` + w.idOf(field, name) + `"`
		}
		return `"text"`
	}
	if def.Kind == ast.Enum {
		for _, v := range def.EnumValues {
			if v.Name == "confirmed" || v.Name == "USER" {
				return v.Name
			}
		}
		return def.EnumValues[0].Name
	}
	var parts []string
	for _, f := range def.Fields {
		// A link to an account takes no name, nobody is their own locum, and a letter
		// goes to one recipient.
		if f.Name == "relatedAccountId" || f.Name == "clinicalPathwayId" || f.Name == "contact" && strings.Contains(field, "Letter") {
			continue
		}
		parts = append(parts, f.Name+": "+w.value(s, field, f.Name, f.Type))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// call writes a field with its arguments and everything below it to a depth.
func (w world) call(s *ast.Schema, f *ast.FieldDefinition, depth int, skip func(object, field string) bool) string {
	object := slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool {
		return s.Types[a.Type.Name()].Kind == ast.InputObject && strings.HasSuffix(a.Name, "Data")
	})
	var args []string
	for _, a := range f.Arguments {
		isObject := s.Types[a.Type.Name()].Kind == ast.InputObject
		if object && !isObject && !a.Type.NonNull || a.Name == "cursorPagination" || a.Name == "options" && depth < 3 || a.Name == "apiKey" {
			continue // the arguments are the other form of the input
		}
		args = append(args, a.Name+": "+w.value(s, f.Name, a.Name, a.Type))
	}
	out := f.Name
	if len(args) > 0 {
		out += "(" + strings.Join(args, ", ") + ")"
	}
	return out + w.below(s, s.Types[f.Type.Name()], depth, skip)
}

func (w world) below(s *ast.Schema, def *ast.Definition, depth int, skip func(object, field string) bool) string {
	if def.Kind == ast.Scalar || def.Kind == ast.Enum {
		return ""
	}
	if def.Kind == ast.Union || def.Kind == ast.Interface {
		return " { __typename }"
	}
	out := " { __typename"
	for _, f := range def.Fields {
		leaf := s.Types[f.Type.Name()].Kind == ast.Scalar || s.Types[f.Type.Name()].Kind == ast.Enum
		if strings.HasPrefix(f.Name, "__") || !leaf && depth == 0 || skip(def.Name, f.Name) {
			continue
		}
		out += " " + w.call(s, f, depth-1, skip)
	}
	return out + " }"
}

// TestEveryFieldAnswers asks every field of the schema, with every argument and
// everything below it.
func TestEveryFieldAnswers(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		w := d.diaried().world()
		unbuilt := func(object, field string) bool { return d.door.unbuilt[object+"."+field] }
		asked := 0
		for _, root := range []*ast.Definition{d.door.schema.Query, d.door.schema.Mutation} {
			for _, f := range root.Fields {
				if strings.HasPrefix(f.Name, "__") || f.Name == "signIn" {
					continue
				}
				if root.Name == mutationName && !d.door.unbuilt[root.Name+"."+f.Name] {
					w = d.diaried().world() // what came before changed things, or took them away
				}
				d.move(10 * time.Second)
				// As deep as an operation may go before it costs too much.
				var document string
				var a answer
				for depth := 3; depth > 0 && (document == "" || a.code() == codeCost); depth-- {
					document = strings.ToLower(root.Name) + " { f: " + w.call(d.door.schema, f, depth, unbuilt) + " }"
					a = d.ask(document)
				}
				asked++
				switch {
				case d.door.unbuilt[root.Name+"."+f.Name]:
					if at(t, a.Errors[0], "extensions.reason") != ErrNotBuilt.Code {
						t.Errorf("%s is not built: %s", f.Name, a.text)
					}
				case a.code() == codeCost:
					t.Errorf("%s\n%s", document, a.text)
				case a.status != 200 || len(a.Errors) > 0 || d.log.Len() > 0 && strings.Contains(d.log.String(), `"level":"ERROR"`):
					t.Errorf("%s\n%d %s\n%s", document, a.status, a.text, d.log)
				default:
					if e := at(t, a.Data, "f.error"); e != nil {
						t.Errorf("%s\n%v", document, e)
					}
				}
				d.log.Reset()
			}
		}
		if asked < 125 {
			t.Errorf("asked %d fields", asked)
		}
	})
}

// TestAnotherPracticesIdsFindNothing runs every mutation and every query that names
// something with the ids of another practice.
func TestAnotherPracticesIdsFindNothing(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		theirs := d.diaried()
		w := theirs.world()
		whole := `query($id: ID!) { availabilityRules { data { id comment updatedAt exclusions } } patient(id: $id) { ` + wholePatient + ` bookings(start: "2031-01-01", end: "2032-01-01") { id start comments deleted metadata { key } bookingJourney { arrived } } } users { data { id fullName updatedAt } } labels { data { id title } } practice { locations { metadata { key } } practiceNumbers { id name } } }`
		before := d.ask(whole, "id", theirs.patient).text
		token, ctx := d.token, d.ctx
		d.join("Another")
		none := func(string, string) bool { return false }
		tried := 0
		makes := []string{"createPatient", "createLabel", "createUser", "createPatientNumber"} // they name nothing that must be there
		for _, root := range []*ast.Definition{d.door.schema.Query, d.door.schema.Mutation} {
			for _, f := range root.Fields {
				named := strings.Contains(w.call(d.door.schema, f, 0, none), `"6`) || strings.Contains(w.call(d.door.schema, f, 0, none), `"`+w["patient"][:4])
				if d.door.unbuilt[root.Name+"."+f.Name] || strings.HasPrefix(f.Name, "__") || f.Name == "signIn" || !named {
					continue
				}
				tried++
				d.move(time.Second)
				a := d.ask(strings.ToLower(root.Name) + " { f: " + w.call(d.door.schema, f, 1, func(o, f string) bool { return d.door.unbuilt[o+"."+f] }) + " }")
				found := at(t, a.Data, "f")
				if payload, ok := found.(map[string]any); ok && root.Name == mutationName {
					found = payload["data"]
				}
				if list, ok := found.([]any); ok && !slices.ContainsFunc(list, func(v any) bool { return v != nil }) {
					found = nil
				}
				if found != nil && !slices.Contains(makes, f.Name) && !strings.HasSuffix(f.Type.Name(), "Data") || a.code() == "INTERNAL_SERVER_ERROR" {
					t.Errorf("%s: %s", f.Name, a.text)
				}
				for kind, id := range w {
					if found != nil && strings.Contains(fmt.Sprint(found), id) {
						t.Errorf("%s tells of another practice's %s: %s", f.Name, kind, a.text)
					}
				}
			}
		}
		if tried < 35 {
			t.Errorf("tried %d fields", tried)
		}
		d.token, d.ctx = token, ctx
		if after := d.ask(whole, "id", theirs.patient).text; after != before {
			t.Errorf("something was changed:\n%s\n%s", before, after)
		}
	})
}
