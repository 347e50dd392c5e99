package graphtest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// idOf is the id an argument of a field takes.
func (w World) idOf(field, name string) string {
	by := map[string]string{
		"patientId": "patient", "patient": "patient", "location": "room", "locationId": "room",
		"bookingType": "product",
		"productId":   "product",
		"doctor":      "user", "doctorId": "user", "accessGroupId": "group", "accessGroupIds": "group",
		"labelReferenceId": "label", "labels": "label",
		"labelId": "use", "phoneId": "phone", "patientNumberId": "number", "numberId": "definition",
		"attributeId":    "attribute",
		"relationshipId": "relationship", "membershipId": "plan", "bookingId": "booking", "ids": "booking",
		"excludeBookingIds": "booking", "locumFor": "user",
		"locationIds": "place", "roomIds": "room", "userIds": "user", "productIds": "product", "payerId": "patient",
		"contactId": "contact", "invoiceId": "invoice", "lineItemId": "line", "invoicePaymentId": "payment",
		"paymentId": "payment", "paymentTypeId": "payment type",
		"referenceId": "booking", "accountId": "patient", "relatedAccountId": "patient", "assignedTo": "user",
		"appointments": "product", "key": "key",
		"consultationId": "consultation", "questionId": "question", "questionnaireId": "form", "recipient": "patient",
		"user": "user", "room": "room",
		"practiceGroupId": "practice group",
	}
	switch {
	case field == "removeProductLabel" && name == "labelId":
		return w["product use"]
	case field == "deleteInvoice":
		return w["unpaid"]
	case name == "id" && strings.Contains(field, "TemplateDocument"):
		return w["template"]
	case field == "lab" && name == "id", field == "prescription" && name == "id":
		return w[field]
	case name == "id" && strings.Contains(field, "RecordEntry"):
		return w["entry"]
	case name == "id" && strings.Contains(field, "Communication"):
		return w["message"]
	}
	if name == "phoneId" && strings.Contains(field, "Contact") {
		return w["contact phone"]
	}
	if kind, ok := by[name]; ok {
		return w[kind]
	}
	for _, k := range [][2]string{{"Definition", "definition"}, {"ooking", "booking"}, {"ser", "user"},
		{"abel", "label"},
		{"roduct", "product"}, {"ontact", "contact"}, {"nvoice", "invoice"},
		{"tatement", "statement"}, {"vailability", "availability"}, {"ask", "task"}, {"ebhook", "webhook"},
		{"Allergy", "allergy"}, {"ecord", "record"}, {"etter", "letter"},
		{"onsultation", "consultation"}, {"uestionnaire", "form"}, {"ocument", "document"}} {
		if name == "id" && strings.Contains(field, k[0]) {
			return w[k[1]]
		}
	}
	return w["patient"]
}

// Value is a literal of a type, for an argument or an input's field.
func (w World) Value(field, name string, kind *ast.Type) string {
	return (&leaving{World: w}).value(field, name, "", kind)
}

// scalar is a literal of a type that is not made of others.
func (w World) scalar(field, name string, kind *ast.Type) string {
	def := Schema().Types[kind.Name()]
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
		if name == "dateToProcess" {
			return `"` + w["soon"] + `"`
		}
		if name == "end" {
			return `"2031-06-06T09:15:00Z"`
		}
		if name == "dob" {
			return `"1980-02-03"`
		}
		return `"2031-06-06T09:00:00Z"`
	case "String", "QuestionnaireAnswerScalar":
		if field == "signIn" || name == "reference" {
			return `"` + w[name] + `"`
		}
		given := map[string]string{
			"email": field + "@example.org", "country": "GB", "phoneNumber": "01632 960999", "number": "07700900123",
			"phoneType": "Office", "sex": "female", "title": "Mrs",
			"role": "booking", "membershipStartDate": "2031-03-01", "socialSecurityNumber": "285127512312345",
			"cursor": "",
			"search": "Ada", "postcode": "LS1 4AP", "color": "#fff", "countryCode": "",
			"url":    "https://b.example/hooks",
			"status": "active", "type": "application/pdf",
			"startTime": "09:00", "endTime": "12:30", "startDate": "2031-05-05", "endDate": "2031-07-28",
			"exclusions": "2031-05-12",
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
	panic(kind.Name() + " is made of others")
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
