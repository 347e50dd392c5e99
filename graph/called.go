package graph

import (
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/fault"
)

// others are what this API calls fields of core, where that is not the same name
// with capitals for underscores.
var others = map[string][]string{
	"address_line_1": {"address"},
	"at":             {"date"},
	"finish_time":    {"end"},
	"first_name":     {"first"},
	"last_name":      {"last"},
	"message_string": {"message"},
	"mobile":         {"phoneNumber"},
	"nhs_number":     {"value"},
	"page_index":     {"page"},
	"refund_reason":  {"reason"},
	"send_at":        {"dateToProcess"},
	"start_time":     {"start"},
	"town":           {"city"},
}

// called is a fault with the names that the caller gave the fields.
func (d *door) called(at *graphql.FieldContext, f *fault.Error) *fault.Error {
	if f == nil || len(f.Fields) == 0 || at.Field.Definition == nil {
		return f
	}
	takes := map[string]bool{}
	d.takes(at.Field.Definition.Arguments, takes, map[string]bool{})
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i := range out.Fields {
		path := slices.Clone(out.Fields[i].Path)
		for j, name := range path {
			path[j] = spelt(name, takes)
		}
		out.Fields[i].Path = path
	}
	return &out
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
// has it.
func spelt(name string, takes map[string]bool) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	camel := strings.Join(words, "")
	for _, one := range append([]string{name, camel}, others[name]...) {
		if takes[one] {
			return one
		}
	}
	return camel
}
