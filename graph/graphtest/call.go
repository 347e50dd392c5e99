package graphtest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// ids names the thing of the world that an argument takes the id of.
var ids = map[string]string{
	"assignedClinician": "user", "episodeId": "episode", "pathwayId": "pathway", "productType": "product",
	"accessGroupId": "group", "accessGroupIds": "group", "accountId": "patient", "appointments": "product",
	"assignedTo": "user", "attributeId": "attribute", "bookingId": "booking", "bookingType": "product",
	"consultationId": "consultation", "contactId": "contact", "doctor": "user", "doctorId": "user",
	"excludeBookingIds": "booking", "ids": "booking", "invoiceId": "invoice", "invoicePaymentId": "payment",
	"key": "key", "labelId": "use", "labelReferenceId": "label", "labels": "label", "lineItemId": "line",
	"location": "room", "locationId": "room", "locationIds": "place", "locumFor": "user", "membershipId": "plan",
	"numberId": "definition", "patient": "patient", "patientId": "patient", "patientNumberId": "number",
	"payerId": "patient", "paymentId": "payment", "paymentTypeId": "payment type", "phoneId": "phone",
	"practiceGroupId": "practice group", "productId": "product", "productIds": "product", "questionId": "question",
	"questionnaireId": "form", "recipient": "patient", "referenceId": "booking", "relatedAccountId": "patient",
	"relationshipId": "relationship", "room": "room", "roomIds": "room", "user": "user", "userIds": "user",
}

// idsOfFields does the same for an argument of the fields whose names have a part in them; the first that fits
// counts.
var idsOfFields = []struct{ part, argument, kind string }{
	{"linicalPathway", "id", "pathway"},
	{"removeProductLabel", "labelId", "product use"}, {"Contact", "phoneId", "contact phone"},
	{"TemplateDocument", "id", "template"}, {"RecordEntry", "id", "entry"}, {"Communication", "id", "message"},
	{"Definition", "id", "definition"}, {"ooking", "id", "booking"}, {"ser", "id", "user"}, {"abel", "id", "label"},
	{"roduct", "id", "product"}, {"ontact", "id", "contact"}, {"nvoice", "id", "invoice"},
	{"tatement", "id", "statement"}, {"vailability", "id", "availability"}, {"ask", "id", "task"},
	{"ebhook", "id", "webhook"}, {"Allergy", "id", "allergy"}, {"ecord", "id", "record"}, {"etter", "id", "letter"},
	{"onsultation", "id", "consultation"}, {"uestionnaire", "id", "form"}, {"ocument", "id", "document"},
}

// idOf is the id an argument of a field takes.
func (w World) idOf(field, name string) string {
	switch {
	case field == "deleteInvoice":
		return w["unpaid"]
	case field == "deleteUser":
		return w["leaver"]
	case name == "id" && (field == "lab" || field == "prescription"):
		return w[field]
	}
	for _, of := range idsOfFields {
		if name == of.argument && strings.Contains(field, of.part) {
			return w[of.kind]
		}
	}
	if kind, ok := ids[name]; ok {
		return w[kind]
	}
	return w["patient"]
}

// Value is a literal of a type, for an argument or an input's field.
func (w World) Value(field, name string, kind *ast.Type) string {
	return (&leaving{World: w}).value(field, name, "", kind)
}

// scalar is a literal of a type that is not made of others.
func (w World) scalar(field, name string, kind *ast.Type) string {
	switch kind.Name() {
	case "ID":
		return `"` + w.idOf(field, name) + `"`
	case "Int":
		return "1"
	case "Float":
		return "1.5"
	case "Boolean":
		return strconv.FormatBool(name != "unavailability") // a block does not recur
	case "Date", "DateTime":
		return `"` + w.date(name) + `"`
	case "String", "QuestionnaireAnswerScalar":
		return `"` + w.text(field, name) + `"`
	}
	def := Schema().Types[kind.Name()]
	if def.Kind != ast.Enum {
		panic(kind.Name() + " is made of others")
	}
	for _, v := range def.EnumValues {
		if v.Name == "confirmed" || v.Name == "USER" {
			return v.Name
		}
	}
	return def.EnumValues[0].Name
}

// date is the date or the time an argument takes.
func (w World) date(name string) string {
	switch name {
	case "dateToProcess":
		return w["soon"]
	case "end":
		return "2031-06-06T09:15:00Z"
	case "dob":
		return "1980-02-03"
	}
	return "2031-06-06T09:00:00Z"
}

// texts are what arguments take that refuse just any text.
var texts = map[string]string{
	"color": "#fff", "country": "GB", "countryCode": "", "cursor": "", "endDate": "2031-07-28", "endTime": "12:30",
	"exclusions": "2031-05-12", "membershipStartDate": "2031-03-01", "number": "07700900123",
	"phoneNumber": "01632 960999", "phoneType": "Office", "postcode": "LS1 4AP", "role": "booking", "search": "Ada",
	"sex": "female", "socialSecurityNumber": "285127512312345", "startDate": "2031-05-05", "startTime": "09:00",
	"status": "active", "title": "Mrs", "type": "application/pdf", "url": "https://b.example/hooks",
}

// text is the text an argument takes.
func (w World) text(field, name string) string {
	if field == "signIn" || name == "reference" {
		return w[name]
	}
	if name == "email" {
		return field + "@example.org"
	}
	if given, ok := texts[name]; ok {
		return given
	}
	ofLetter := strings.Contains(field, "Letter") && slices.Contains([]string{"patient", "location", "doctor"}, name)
	if ofLetter || strings.HasSuffix(name, "Ids") || strings.HasSuffix(name, "Id") {
		return w.idOf(field, name)
	}
	return "text"
}

// Call writes a field with its arguments and everything below it to a depth.
func (w World) Call(f *ast.FieldDefinition, depth int) string {
	object := slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool {
		return Schema().Types[a.Type.Name()].Kind == ast.InputObject && strings.HasSuffix(a.Name, "Data")
	})
	var args []string
	for _, a := range f.Arguments {
		isObject := Schema().Types[a.Type.Name()].Kind == ast.InputObject
		if object && !isObject && !a.Type.NonNull || a.Name == "cursorPagination" || a.Name == "options" && depth < 3 ||
			a.Name == "apiKey" {
			continue // the arguments are the other form of the input
		}
		args = append(args, a.Name+": "+w.Value(f.Name, a.Name, a.Type))
	}
	out := f.Name
	if len(args) > 0 {
		out += "(" + strings.Join(args, ", ") + ")"
	}
	return out + w.below(Schema().Types[f.Type.Name()], depth)
}

func (w World) below(def *ast.Definition, depth int) string {
	if def.Kind == ast.Scalar || def.Kind == ast.Enum {
		return ""
	}
	if def.Kind == ast.Union || def.Kind == ast.Interface {
		return " { __typename }"
	}
	out := " { __typename"
	for _, f := range def.Fields {
		leaf := Schema().Types[f.Type.Name()].Kind == ast.Scalar || Schema().Types[f.Type.Name()].Kind == ast.Enum
		if strings.HasPrefix(f.Name, "__") || !leaf && depth == 0 {
			continue
		}
		out += " " + w.Call(f, depth-1)
	}
	return out + " }"
}
