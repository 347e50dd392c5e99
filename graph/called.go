package graph

import (
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// others are the names this API has for fields of core, where that is not the same
// name with capitals for underscores. An operation has the first of them that it takes.
var others = map[string][]string{
	"address_line_1":     {"address"},
	"assignee":           {"assignedTo"},
	"at":                 {"date"},
	"authorisation_code": {"authorizationCode"},
	"billpayer":          {"payerId"},
	"birth_date":         {"dob"},
	"birth_place":        {"placeOfBirth"},
	"colour":             {"color"},
	"description":        {"label"},
	"due":                {"dueDate"},
	"finish_time":        {"end"},
	"first_name":         {"first"},
	"identifier_type":    {"idType"},
	"healthcode_status":  {"status"},
	"insurer":            {"name"},
	"kind":               {"taskType"},
	"last_name":          {"last"},
	"length":             {"duration"},
	"line_1":             {"address"},
	"line_2":             {"address"},
	"location":           {"locationId", "room", "roomId"},
	"locations":          {"roomIds"},
	"mobile":             {"phoneNumber"},
	"nhs_number":         {"value"},
	"page_index":         {"page"},
	"patient":            {"patientId"},
	"places":             {"locationIds"},
	"policy_number":      {"policyNumber", "registrationNumber"},
	"practice_group":     {"practiceGroupId"},
	"practitioner":       {"doctor", "doctorId", "user", "userId"},
	"practitioners":      {"userIds"},
	"refund_amount":      {"amount"},
	"refund_reason":      {"reason"},
	"send_at":            {"dateToProcess"},
	"start_time":         {"start"},
	"street":             {"address"},
	"supplier":           {"supplierName"},
	"text":               {"message"},
	"town":               {"city"},
	"type":               {"bookingType"},
	"vat_code":           {"taxCode"},
	"vat_name":           {"taxName"},
	"vat_rate":           {"taxRate"},
	"without":            {"excludeBookingIds"},
}

// called is a fault with the names that the caller gave the fields.
func (d *door) called(at *graphql.FieldContext, f *fault.Error) *fault.Error {
	if f == nil || len(f.Fields) == 0 || f.Code == access.ErrPermission.Code || at.Field.Definition == nil {
		return f
	}
	takes := map[string]bool{}
	d.takes(at.Field.Definition.Arguments, takes, map[string]bool{})
	return f.Renamed(func(name string) string {
		one, ok := spelt(name, takes)
		if !ok && d.unnamed != nil {
			d.unnamed(at.Field.Name, name)
		}
		return one
	})
}

// takes notes the names of arguments and of the fields of their inputs.
func (d *door) takes(arguments ast.ArgumentDefinitionList, names, seen map[string]bool) {
	for _, a := range arguments {
		names[a.Name] = true
		d.inputs(a.Type.Name(), names, seen)
	}
}

func (d *door) inputs(kind string, names, seen map[string]bool) {
	def := d.schema.Types[kind]
	if def == nil || def.Kind != ast.InputObject || seen[kind] {
		return
	}
	seen[kind] = true
	for _, f := range def.Fields {
		names[f.Name] = true
		d.inputs(f.Type.Name(), names, seen)
	}
}

// spelt is the name of a field of core as the operation that takes these names
// has it, and whether it has one.
func spelt(name string, takes map[string]bool) (string, bool) {
	if _, err := strconv.Atoi(name); err == nil {
		return name, true // a place in a list
	}
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	camel := strings.Join(words, "")
	for _, one := range append([]string{name, camel}, others[name]...) {
		if takes[one] {
			return one, true
		}
	}
	return camel, false
}
