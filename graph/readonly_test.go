package graph

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"frontdesk/graph/graphtest"
	"frontdesk/graph/wire"
)

// TestReadOnlyRoleChangesNothing asks every mutation of the schema for it.
func TestReadOnlyRoleChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		w := d.everything().World()
		d.token = d.newToken("readonly")
		events := func() int {
			all, err := d.db.Events(t.Context(), int64(d.group.ID), 0, 10_000)
			d.must(err)
			return len(all)
		}
		was, asked := events(), 0
		for _, f := range graphtest.Schema().Mutation.Fields {
			if strings.HasPrefix(f.Name, "__") || f.Name == "signIn" { // which gives a token of another user
				continue
			}
			asked++
			a := d.ask(`mutation { f: ` + w.Call(f, 0) + ` }`)
			if a.code() != "FORBIDDEN" || !strings.HasPrefix(a.message(), "Missing permission ") ||
				at(t, a.Data, "f.data") != nil {
				t.Errorf("%s: %s", f.Name, a.text)
			}
			d.move(1)
		}
		if now := events(); now != was || asked < 80 {
			t.Errorf("%d mutations were asked for, and there were %d events, and are %d", asked, was, now)
		}
		// What it may see are labels, as before.
		if got := d.get("labels.data", `{ labels { data { id } } }`); len(got.([]any)) != 1 {
			t.Errorf("labels are %v", got)
		}
		if got := d.get("patient.labels", `query($id: ID!) { patient(id: $id) { labels { id } } }`, "id",
			w["patient"]); len(got.([]any)) != 1 {
			t.Errorf("the patient's labels are %v", got)
		}
	})
}

func TestRequestSignsInOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		const one = `signIn(email: "a@example.org", password: "wrong password") { token }`
		token := d.token
		for _, d.token = range []string{"", token} {
			for name, body := range map[string]string{
				"aliases": `{"query":` + string(wire.JSON(`mutation { a: `+one+` b: `+one+` }`)) + `}`,
				"fragments": `{"query":` +
					string(wire.JSON(`mutation { a: `+one+` ...f } fragment f on Mutation { ... on Mutation { b: `+one+
						` } }`)) + `}`,
				"a list": `[{"query":` + string(wire.JSON(`mutation { `+one+` }`)) + `},{"query":` +
					string(wire.JSON(`mutation { `+one+` }`)) + `}]`,
			} {
				a := d.post(body)
				if d.token == "" && name != "aliases" {
					if a.status != http.StatusUnauthorized {
						t.Errorf("a stranger, %s: %d %s", name, a.status, a.text)
					}
				} else if a.status != http.StatusBadRequest || a.code() != codeAliases ||
					a.message() != "A request may sign in once." {
					t.Errorf("%s: %d %s", name, a.status, a.text)
				}
			}
		}
		d.token = ""
		if a := d.ask(`mutation { ` + one + ` }`); a.status != http.StatusOK || a.code() != "UNAUTHENTICATED" {
			t.Errorf("once: %d %s", a.status, a.text)
		}
	})
}

func TestAnswerHasTheRequestedMediaType(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		post := func(accept, body string) answer {
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("x-token", d.token)
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			return d.do(r)
		}
		for accept, want := range map[string]string{
			"": jsonType, "*/*": jsonType, "application/json": jsonType, "text/html": jsonType,
			"application/*": jsonType,
			"rubbish;;":     jsonType,
			responseType:    responseType, responseType + ",application/json;q=0.9": responseType, // Apollo Client 4
			"application/json, " + responseType: responseType, responseType + "; charset=utf-8": responseType,
			responseType + ";q=0.5, application/json": jsonType, responseType + ";q=0": jsonType,
			"text/html, " + responseType +
				";q=0.1": responseType,
		} {
			a := post(accept, `{"query":"{ practice { id } }"}`)
			if got := a.header.Get("Content-Type"); a.status != 200 || got != want+"; charset=utf-8" {
				t.Errorf("Accept: %s: %d %s", accept, a.status, got)
			}
		}
		token := d.token
		for name, c := range map[string]struct {
			token, body string
			status      int // of application/json, and of GraphQL's own type
			own         int
		}{
			"data":                {token, `{"query":"{ practice { id } }"}`, 200, 200},
			"a field that failed": {token, `{"query":"{ patients(search: \"\u202e\") { data { id } } }"}`, 200, 200},
			"a change refused":    {token, `{"query":"mutation { deletePatient(id: \"0\") { error } }"}`, 200, 200},
			"not JSON":            {token, `{`, 400, 400},
			"not GraphQL":         {token, `{"query":"{"}`, 400, 400},
			"no such field":       {token, `{"query":"{ colour }"}`, 400, 400},
			"no such operation":   {token, `{"query":"query a { __typename }","operationName":"b"}`, 400, 400},
			"a variable":          {token, `{"query":"query($id: ID!) { patient(id: $id) { id } }"}`, 400, 400},
			"too costly": {token,
				`{"query":"{ patients(pagination: {pageSize: 200}) { data { bookings(start: \"2026-01-01\", end: ` +
					`\"2027-01-01\", pagination: {pageSize: 200}) { id start } } } }"}`, 400, 400},
			"no token":             {"", `{"query":"{ practice { id } }"}`, 401, 401},
			"a list of operations": {token, `[{"query":"{"},{"query":"{__typename}"}]`, 200, 200},
		} {
			d.token = c.token
			for accept, want := range map[string]int{"": c.status, responseType: c.own} {
				if a := post(accept, c.body); a.status != want {
					t.Errorf("%s, Accept: %s: %d %s", name, accept, a.status, a.text)
				}
			}
		}
		// A token that is used too often: there is no data, and 200 would not do.
		d.token = token
		for range 300 {
			post(responseType, `{"query":"{__typename}"}`)
		}
		if a := post(responseType, `{"query":"{__typename}"}`); a.status != 429 || a.header.Get("Retry-After") == "" ||
			a.code() != "TOO_MANY_REQUESTS" {
			t.Errorf("too often: %d %v %s", a.status, a.header, a.text)
		}
		if a := post("", `{"query":"{__typename}"}`); a.status != 200 || a.code() != "TOO_MANY_REQUESTS" {
			t.Errorf("too often: %d %s", a.status, a.text)
		}
	})
}
