package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/graph/graphtest"
	"frontdesk/graph/wire"
	"frontdesk/store/storetest"
)

// everything is the kit's practice to be asked all there is, as often as it takes.
func (d *kit) everything() *graphtest.Practice {
	d.t.Helper()
	_, err := d.core.Practice.CreateLocation(d.ctx,
		practice.LocationChange{Name: new("Mill Lane"), Address: &practice.Address{Town: "Leeds"}})
	d.must(err)
	_, token, err := d.core.Key.CreateKey(d.ctx, key.Key{Partner: "Website", Role: "everything", Limit: new(0)})
	d.must(err)
	ask := func(token, document string) (int, string) {
		d.t.Helper()
		d.move(time.Second)
		body, err := json.Marshal(map[string]any{"query": document})
		d.must(err)
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("x-token", token)
		a := d.do(r)
		if strings.Contains(d.log.String(), `"level":"ERROR"`) {
			d.t.Errorf("%s\n%s", document, d.log)
		}
		d.log.Reset()
		return a.status, a.text
	}
	return &graphtest.Practice{
		T: d.t, Core: d.core, Group: d.group.ID, Now: func() time.Time { return *d.now.Load() }, AskAs: ask,
		Ask: func(document string) (int, string) { return ask(token, document) },
	}
}

// TestEveryFieldAnswers asks every field of the schema, with every argument and
// everything below it.
func TestEveryFieldAnswers(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		graphtest.Every(d.everything())
	})
}

// TestIDsOfAnotherPracticeFindNothing runs every mutation and every query that names
// something with the ids of another practice.
func TestIDsOfAnotherPracticeFindNothing(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		w := d.everything().World()
		whole := `query($id: ID!) { availabilityRules { data { id comment updatedAt exclusions } }
			patient(id: $id) { ` +
			wholePatient +
			` bookings(start: "2031-01-01", end: "2032-01-01") { id start comments deleted metadata { key } ` +
			`bookingJourney { arrived } } } users { data { id fullName updatedAt } } labels { data { id title } } ` +
			`practice { locations { metadata { key } } practiceNumbers { id name } } }`
		before := d.ask(whole, "id", w["patient"]).text
		token, ctx := d.token, d.ctx
		d.join("Another")
		tried := 0
		// they name nothing that must be there
		makes := []string{"createPatient", "createLabel", "createUser", "createPatientNumber"}
		for _, root := range []*ast.Definition{graphtest.Schema().Query, graphtest.Schema().Mutation} {
			for _, f := range root.Fields {
				named := strings.Contains(w.Call(f, 0), `"6`) || strings.Contains(w.Call(f, 0), `"`+w["patient"][:4])
				if strings.HasPrefix(f.Name, "__") || f.Name == "signIn" || !named {
					continue
				}
				tried++
				d.move(time.Second)
				a := d.ask(strings.ToLower(root.Name) + " { f: " + w.Call(f, 1) + " }")
				found := at(t, a.Data, "f")
				if payload, ok := found.(map[string]any); ok && root.Name == mutationName {
					found = payload["data"]
				}
				if list, ok := found.([]any); ok && !slices.ContainsFunc(list, func(v any) bool { return v != nil }) {
					found = nil
				}
				if found != nil && !slices.Contains(makes, f.Name) && !strings.HasSuffix(f.Type.Name(), "Data") ||
					a.code() == "INTERNAL_SERVER_ERROR" {
					t.Errorf("%s: %s", f.Name, a.text)
				}
				for kind, id := range w {
					if found != nil && strings.Contains(fmt.Sprint(found), id) {
						t.Errorf("%s shows another practice's %s: %s", f.Name, kind, a.text)
					}
				}
			}
		}
		if tried < 35 {
			t.Errorf("tried %d fields", tried)
		}
		d.token, d.ctx = token, ctx
		if after := d.ask(whole, "id", w["patient"]).text; after != before {
			t.Errorf("something was changed:\n%s\n%s", before, after)
		}
	})
}

// TestUpdateKeepsFieldsItLeavesOut leaves out the variable of each optional field of
// every update.
func TestUpdateKeepsFieldsItLeavesOut(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		graphtest.Leaving(d.everything())
	})
}

// TestIDsOfAnotherKindFindNothing gives each argument that takes an id the id of an event, which is none of the things
// that can be named.
func TestIDsOfAnotherKindFindNothing(t *testing.T) {
	d := open1(t, storetest.Open(t, storetest.SQLite(t)))
	p := d.everything()
	tried := 0
	for _, f := range graphtest.Schema().Mutation.Fields {
		doc, errs := gqlparser.LoadQueryWithRules(graphtest.Schema(),
			"mutation { m: "+p.World().Call(f, 0)+" }", nil)
		if errs != nil {
			t.Fatal(errs)
		}
		for _, a := range doc.Operations[0].SelectionSet[0].(*ast.Field).Arguments {
			eachLeaf(a.Value, func(v *ast.Value) {
				right, within := v.Raw, a.Value.String()
				_, id, ok := wire.Decode(right)
				kept := strings.Contains(within, `sourceId:"`+right) || strings.Contains(within, `productIds:["`+right)
				if !ok || v.ExpectedType.Name() != "ID" || kept {
					return // what is kept for other programs names nothing of ours
				}
				tried++
				v.Raw = wire.Encode(wire.KindEvent, id)
				var text strings.Builder
				formatter.NewFormatter(&text).FormatQueryDocument(doc)
				if _, body := p.Ask(text.String()); strings.Contains(body, "INTERNAL") ||
					strings.Contains(body, `"error":null`) {
					t.Errorf("%s in place of %s\n%s\n%s", v.Raw, right, text.String(), body)
				}
				v.Raw = right
			})
		}
	}
	if tried < 100 {
		t.Errorf("%d ids were tried", tried)
	}
}
