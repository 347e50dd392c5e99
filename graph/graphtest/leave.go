package graphtest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// leaving writes arguments, and at one of their places a variable.
type leaving struct {
	World
	at    string // the place: names with dots between, and [] for what is in a list
	least bool   // nothing that is optional, but what the place is in
	kind  *ast.Type
	// places are the optional ones that were come by.
	places []string
}

func (l *leaving) value(field, name, path string, kind *ast.Type) string {
	if kind.Elem != nil {
		return "[" + l.value(field, name, path+"[]", kind.Elem) + "]"
	}
	def := Schema().Types[kind.Name()]
	if def.Kind != ast.InputObject {
		return l.scalar(field, name, kind)
	}
	var parts []string
	for _, f := range def.Fields {
		// A link to an account takes no name, no user is their own locum, and a letter
		// goes to one recipient.
		if f.Name == "relatedAccountId" || f.Name == "clinicalPathwayId" || f.Name == "contact" &&
			strings.Contains(field, "Letter") {
			continue
		}
		if text, ok := l.part(field, f.Name, path+"."+f.Name, f.Type, f.DefaultValue); ok {
			parts = append(parts, text)
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// part is an argument, or a field of an input, unless it is left away.
func (l *leaving) part(field, name, path string, kind *ast.Type, otherwise *ast.Value) (string, bool) {
	if !kind.NonNull || otherwise != nil {
		l.places = append(l.places, path)
		switch {
		case path == l.at:
			l.kind = kind
			return name + ": $left", true
		case l.least && !strings.HasPrefix(l.at, path+".") && !strings.HasPrefix(l.at, path+"["):
			return "", false
		}
	}
	return name + ": " + l.value(field, name, path, kind), true
}

// call is a mutation with its arguments, and asks for all there is.
func (l *leaving) call(f *ast.FieldDefinition) string {
	var args []string
	for _, a := range f.Arguments {
		if text, ok := l.part(f.Name, a.Name, "."+a.Name, a.Type, a.DefaultValue); ok {
			args = append(args, text)
		}
	}
	out := f.Name
	if len(args) > 0 {
		out += "(" + strings.Join(args, ", ") + ")"
	}
	head := "mutation"
	if l.kind != nil {
		kind := *l.kind
		kind.NonNull = false
		head += "($left: " + kind.String() + ")"
	}
	return head + " { f: " + out + l.below(Schema().Types[f.Type.Name()], shown) + " }"
}

// shown is how deep what a change gives is compared.
const shown = 3

// changed runs a change and gives what is there then, without what the call itself
// is the reason of.
func (p *Practice) changed(document string) any {
	p.T.Helper()
	a := p.ask(document)
	data := At(a.Data, "f.data")
	if a.Status != 200 || len(a.Errors) > 0 || data == nil {
		p.T.Errorf("%s\n%d %s", document, a.Status, a.Text)
	}
	return lasting(data)
}

// lasting is an answer without when things were changed, which messages a change
// sent, and addresses that are new each time.
func lasting(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "updatedAt")
		delete(v, "patientMessagesSent")
		delete(v, "uploadUrl")
		for k := range v {
			v[k] = lasting(v[k])
		}
	case []any:
		for i := range v {
			v[i] = lasting(v[i])
		}
	}
	return v
}

// differences are the places where two answers differ.
func differences(at string, a, b any) []string {
	one, ok := a.(map[string]any)
	other, ok2 := b.(map[string]any)
	if !ok || !ok2 {
		if reflect.DeepEqual(a, b) {
			return nil
		}
		return []string{fmt.Sprintf("%s was %v and is %v", at, a, b)}
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(one)) {
		out = append(out, differences(at+"."+k, one[k], other[k])...)
	}
	return out
}

// Leaving runs every update of the schema with all it takes, and then again with each
// optional argument and each optional field of what it takes as a variable that is
// not given: once among all the others, and once alone. That changes nothing.
func Leaving(p *Practice) {
	p.T.Helper()
	found := 0
	for _, f := range Schema().Mutation.Fields {
		if !strings.HasPrefix(f.Name, "update") || f.Name == "updateBookingJourney" { // which says what happened
			continue
		}
		w := p.World()
		whole := &leaving{World: w}
		document := whole.call(f)
		p.changed(document)
		was := p.changed(document)
		for _, at := range whole.places {
			if strings.Contains(at, "[].") {
				continue // a list is given whole
			}
			for _, least := range []bool{false, true} {
				found++
				document := (&leaving{World: w, at: at, least: least}).call(f)
				if what := differences("", was, p.changed(document)); len(what) > 0 {
					p.T.Errorf("%s without %s, least %v:\n%s", f.Name, at, least, strings.Join(what, "\n"))
					p.changed(whole.call(f))
				}
			}
		}
	}
	if found < 200 {
		p.T.Errorf("only %d places were left out", found)
	}
}
