package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"frontdesk/graph/graphtest"
	"frontdesk/store/storetest"
)

// TestRefusalNamesFieldsAsTheContractDoes: core and the REST API call them otherwise.
func TestRefusalNamesFieldsAsTheContractDoes(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ada := d.change(`createPatient(first: "Ada", last: "Lovelace", phoneType: "Mobile", phoneNumber: "07700 ` +
			`900123")`)["id"].(string)
		long := strings.Repeat("a", 300)
		for call, want := range map[string]string{
			`createPatient(patientData: {first: "` + long +
				`", last: "B"})`: "first: ",
			`updatePatient(id: "` + ada + `", patientData: {last: "` + long + `"})`: "last: ",
			`createContact(first: "` + long +
				`")`: "first: ",
			`createUser(userData: {firstName: "", lastName: "B", email: "b@example.org",
				role: "frontdesk"})`: "firstName: ",
			`sendSms(patientId: "` + ada + `", message: "")`: "message: ",
		} {
			d.refused(call, want)
		}
		for _, camel := range [][2]string{{"start_time", "startTime"}, {"a", "a"}, {"page_index", "pageIndex"}} {
			if got, _ := spelt(camel[0], nil); got != camel[1] {
				t.Errorf("%s is spelt %s", camel[0], got)
			}
		}
	})
}

// TestWrongValuesAreRefusedByNamesOfTheContract calls each mutation and query with one value after the other that does
// not fit. A refusal that names a field which the operation does not take fails the test (see kit.door.unnamed).
func TestWrongValuesAreRefusedByNamesOfTheContract(t *testing.T) {
	d := open1(t, storetest.Open(t, storetest.SQLite(t)))
	p := d.everything()
	sent, once := 0, p.World()
	for _, f := range slices.Concat(graphtest.Schema().Query.Fields, graphtest.Schema().Mutation.Fields) {
		kind, w := "query", once
		if graphtest.Schema().Mutation.Fields.ForName(f.Name) != nil {
			kind, w = "mutation", p.World() // for the one before may have deleted something
		}
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		doc, err := parser.ParseQuery(&ast.Source{Input: kind + " { m: " + w.Call(f, 0) + " }"})
		d.must(err)
		for _, a := range doc.Operations[0].SelectionSet[0].(*ast.Field).Arguments {
			eachLeaf(a.Value, func(v *ast.Value) {
				right := *v
				for _, wrong := range misfits(right.Kind) {
					v.Raw, v.Kind = wrong.Raw, wrong.Kind
					var text strings.Builder
					formatter.NewFormatter(&text).FormatQueryDocument(doc)
					if status, body := p.Ask(text.String()); status >= 500 ||
						strings.Contains(body, "INTERNAL_SERVER_ERROR") {
						t.Errorf("%.300s\n%s", text.String(), body)
					}
					sent++
				}
				*v = right
			})
		}
	}
	if sent < 500 {
		t.Errorf("%d documents were sent", sent)
	}
}

// eachLeaf gives the values that an argument is made of.
func eachLeaf(v *ast.Value, do func(*ast.Value)) {
	if v.Kind != ast.ObjectValue && v.Kind != ast.ListValue {
		do(v)
		return
	}
	for _, child := range v.Children {
		eachLeaf(child.Value, do)
	}
}

// misfits are values of a kind that hardly any field takes.
func misfits(kind ast.ValueKind) []ast.Value {
	switch kind {
	case ast.StringValue, ast.BlockValue:
		return []ast.Value{{Kind: ast.StringValue, Raw: strings.Repeat("x", 60_000)},
			{Kind: ast.StringValue, Raw: "a\u202eb\nc"}, {Kind: ast.StringValue}, {Kind: ast.StringValue, Raw: "-"}}
	case ast.IntValue, ast.FloatValue:
		return []ast.Value{{Kind: ast.IntValue, Raw: "-7"}, {Kind: ast.IntValue, Raw: "2147483647"},
			{Kind: ast.IntValue, Raw: "0"}}
	}
	return nil
}
