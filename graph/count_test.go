package graph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/graph/wire"
	"frontdesk/store"
)

// unhurried is long enough for the fields of every row to ask together on a busy
// machine too: in the door's own millisecond some come late there, and take
// another statement.
const unhurried = 25 * time.Millisecond

// statements is how many statements an operation takes.
func (d *kit) statements(document string, variables map[string]any) int64 {
	d.t.Helper()
	d.door.Wait = unhurried
	defer func() { d.door.Wait = wire.LoadWait }()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	d.must(err)
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-token", d.token)
	ctx, count := store.Counting(r.Context())
	if a := d.do(r.WithContext(ctx)); len(a.Errors) > 0 {
		d.t.Fatalf("%s\n%s", document, a.text)
	}
	return count()
}

// known is how many statements an operation takes when the token and the document
// are known already.
func (d *kit) known(document string, variables map[string]any) int64 {
	d.t.Helper()
	d.statements(document, variables)
	return d.statements(document, variables)
}

// flat fails when an operation takes more statements with more rows than it took
// with few. grow adds the rows and gives how many there are then; list is where
// they are.
func (d *kit) flat(list, document string, variables map[string]any, grow func() int) {
	d.t.Helper()
	grow()
	few := d.known(document, variables)
	want := grow()
	many := d.noMore(few, document, variables)
	var v []any
	for k, x := range variables {
		v = append(v, k, x)
	}
	if got, _ := d.get(list, document, v...).([]any); len(got) != want {
		d.t.Fatalf("%s has %d rows, not %d", list, len(got), want)
	}
	if many > few {
		d.t.Errorf("%s\ntook %d statements, and %d with %d rows", document, few, many, want)
	}
}

// noMore is how many statements an operation takes, asked again when they are
// more than some. Fields that come late do so once; those that ask one by one do
// so always.
func (d *kit) noMore(than int64, document string, variables map[string]any) int64 {
	d.t.Helper()
	out := d.statements(document, variables)
	for range 20 {
		if out <= than {
			break
		}
		out = d.statements(document, variables)
	}
	return out
}

// payload asks for a change, and gives what is at data and at error of its
// payload.
func (d *kit) payload(field, document string, variables ...any) (data map[string]any, wrong string) {
	d.t.Helper()
	a := d.ask(document, variables...)
	if len(a.Errors) > 0 {
		d.t.Fatalf("%s\n%s", document, a.text)
	}
	data, _ = at(d.t, a.Data, field+".data").(map[string]any)
	wrong, _ = at(d.t, a.Data, field+".error").(string)
	if (data == nil) == (wrong == "") {
		d.t.Fatalf("%s\n%s", document, a.text)
	}
	return data, wrong
}

// done is payload for what must be done.
func (d *kit) done(field, document string, variables ...any) map[string]any {
	d.t.Helper()
	data, wrong := d.payload(field, document, variables...)
	if wrong != "" {
		d.t.Fatalf("%s\n%s", document, wrong)
	}
	return data
}

// holds compares what is at some paths of an answer to what it should be.
func holds(t *testing.T, data any, want map[string]any) {
	t.Helper()
	for path, w := range want {
		if got := at(t, data, path); got != w {
			t.Errorf("%s is %v, want %v", path, got, w)
		}
	}
}

// forbidden holds an operation to being refused for want of a permission.
func (d *kit) forbidden(grant, document string, variables ...any) {
	d.t.Helper()
	a := d.ask(document, variables...)
	if a.message() != "Missing permission "+grant || a.code() != "FORBIDDEN" {
		d.t.Errorf("%s\n%s", document, a.text)
	}
}

// role makes the token one of a role that grants some things and nothing else.
func (d *kit) role(name string, grants ...access.Permission) {
	d.t.Helper()
	_, err := d.core.Key.SetRole(d.ctx, access.Role{Name: name, Permissions: grants})
	d.must(err)
	d.token = d.newToken(name)
}
