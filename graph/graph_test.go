package graph

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/key"
)

func TestMissingTokenIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		good := d.token
		_, plain, err := d.core.Key.CreateKey(d.ctx, key.Key{Partner: "REST", Scopes: []access.Scope{access.Booking}})
		d.must(err)
		_, short, err := d.core.Key.CreateKey(d.ctx,
			key.Key{Partner: "Short", Role: "readonly", ExpiresAt: d.now.Load().Add(time.Hour)})
		d.must(err)
		gone, revoked, err := d.core.Key.CreateKey(d.ctx, key.Key{Partner: "Gone", Role: "readonly"})
		d.must(err)
		_, err = d.core.Key.RevokeKey(d.ctx, gone.ID)
		d.must(err)
		d.move(2 * time.Hour)
		for _, c := range []struct{ name, token, message string }{
			{"none", "", "Missing token."},
			{"nonsense", "letmein", "Invalid token."},
			{"a forged one", good[:len(good)-1] + "!", "Invalid token."},
			{"a key without a role", plain, "Invalid token."},
			{"one that has expired", short, "This token has expired."},
			{"one that was revoked", revoked, "This token has been revoked."},
			{"a session that never was", "fd_session_1_1_x", "Invalid token."},
		} {
			d.token = c.token
			for _, document := range []string{`{ practice { id } }`, `{ __schema { types { name } } }`, `{ nonsense`,
				`mutation { signIn(password: "x") { token } deletePatient(id: "x") { error } }`} {
				a := d.ask(document)
				if a.status != http.StatusUnauthorized || a.message() != c.message || a.code() != "UNAUTHENTICATED" ||
					a.Data != nil {
					t.Errorf("%s, %s: %d %s", c.name, document, a.status, a.text)
				}
			}
		}
	})
}

func TestInvalidDocumentIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		r := httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}", nil)
		if a := d.do(r); a.status != http.StatusBadRequest {
			t.Errorf("GET: %d", a.status)
		}
		r = httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("query={__typename}"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := d.do(r); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("a form: %d", a.status)
		}
		deep := strings.Repeat("{a", 20) + strings.Repeat("}", 20)
		wide := "{" + strings.Repeat("a: practice {id} ", 250) + "}"
		many := "{"
		for i := range 31 {
			many += fmt.Sprintf("a%d: practice { id } ", i)
		}
		many += "}"
		for _, c := range []struct {
			name, body, code, message string
			status                    int
		}{
			{"not JSON", "hello", codeRequest, "", 400},
			{"nothing", "", codeRequest, "", 400},
			{"two values", `{"query":"{__typename}"} {}`, codeRequest, "", 400},
			{"no document", `{}`, codeRequest, "", 400},
			{"no operation", `{"query":"fragment a on Query { __typename }"}`, codeValidation, "", 400},
			{"not GraphQL", `{"query":"{ practice"}`, codeParse, "", 400},
			{"no such field", `{"query":"{ practice { colour } }"}`, codeValidation,
				`Cannot query field "colour" on type "Practice".`, 400},
			{"no such operation", `{"query":"query a { __typename } query b { __typename }","operationName":"c"}`,
				codeValidation, "", 400},
			{"which operation", `{"query":"query a { __typename } query b { __typename }"}`, codeValidation, "", 400},
			{"a variable of another type", `{"query":"query($id: ID!) { patient(id: $id) { id } }",` +
				`"variables":{"id":{}}}`,
				codeValidation, "", 400},
			{"a variable left out", `{"query":"query($id: ID!) { patient(id: $id) { id } }"}`, codeValidation, "", 400},
			{"NUL in a text", `{"query":"{ patients(search: \"a\\u0000\") { data { id } } }"}`, codeInput,
				"A text may not have the character U+0000.", 400},
			{"NUL in a default",
				`{"query":"query($o: MetadataFilter = {key: \"\\u0000\"}) { bookings(filters: {metadata: $o}) { ` +
					`data { id } } }"}`,
				codeInput, "", 400},
			{"NUL in a variable",
				`{"query":"query($o: MetadataFilter) { bookings(filters: {metadata: $o}) { data { id } } }",` +
					`"variables":{"o":{"key":"a\u0000"}}}`, codeInput, "", 400},
			{"NUL below a scalar",
				`{"query":"mutation($m: String!) { updateLocationMetadata(locationId: \"0\", key: \"k\", value: $m) ` +
					`{ error } }","variables":{"m":[{"\u0000":1}]}}`, codeInput, "", 400},
			{"too deep", `{"query":"` + deep + `"}`, codeDepth, "", 400},
			{"too many aliases", `{"query":"` + wide + `"}`, codeAliases, "", 400},
			{"one field too often", `{"query":"` + many + `"}`, codeAliases, "", 400},
			{"too long", `{"query":"{` + strings.Repeat("__typename ", 6000) + `}"}`, codeTokens, "", 400},
			{"a circle of fragments",
				`{"query":"{ practice { ...a } } fragment a on Practice { ...b } fragment b on Practice { ...a }"}`,
				codeValidation,
				"", 400},
			{"too costly",
				`{"query":"{ patients(pagination: {pageSize: 200}) { data { bookings(start: \"2026-01-01\", end: ` +
					`\"2027-01-01\", pagination: {pageSize: 200}) { id start } } } }"}`, codeCost, "", 400},
			{"too many at once", "[" + strings.Repeat(`{"query":"{__typename}"},`, 10) + `{"query":"{__typename}"}]`,
				codeBatch,
				"", 400},
			{"none at once", "[]", codeBatch, "", 400},
			{"more than a megabyte", `{"query":"` + strings.Repeat(" ", 1<<20) + `"}`, codeRequest, "", 413},
		} {
			a := d.post(c.body)
			if a.status != c.status || a.code() != c.code || c.message != "" && a.message() != c.message ||
				len(a.text) > 2000 {
				t.Errorf("%s: %d %.300s", c.name, a.status, a.text)
			}
		}
	})
}

func TestFragmentsThatMultiplyAreCheapToRefuse(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		document := "{ ...f0 }"
		for i := range 60 {
			document += fmt.Sprintf(" fragment f%d on Query { ...f%d ...f%d }", i, i+1, i+1)
		}
		document += " fragment f60 on Query { __typename }"
		began := time.Now()
		if a := d.ask(document); a.status != 400 || a.code() != codeCost {
			t.Errorf("%d %.200s", a.status, a.text)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestBatchedDocumentsAreEachAnswered(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.post(`[{"query":"{__typename}"},{"query":"{ nothing }"},{"query":"query a { b: __typename }",` +
			`"operationName":"a","variables":null}]`)
		if a.status != 200 || strings.Count(a.text, `"__typename":"Query"`) != 1 ||
			!strings.Contains(a.text, codeValidation) || !strings.Contains(a.text, `"b":"Query"`) {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}

func TestIntrospectionNeedsAToken(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		types := d.get("__schema.types",
			`{ __schema { types { name fields { name args { name type { ofType { ofType { ofType { ofType { ofType `+
				`{ ofType { name } } } } } } } } } } } }`)
		if len(types.([]any)) < 100 {
			t.Errorf("there are %d types", len(types.([]any)))
		}
	})
}

func TestOperationAnswersItsCost(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			document string
			want     float64
		}{
			{`{ __typename }`, 1},
			{`{ practice { id name } }`, 3},
			{`{ patients(pagination: {pageSize: 20}) { data { id } } }`, 1 + 20*2},
			{`{ patients { data { id } pageInfo { hasMore } } }`, 1 + 50*2 + 2},
			{`{ patients(pagination: {pageSize: 20}) { data { bookings(start: "2026-01-01", end: "2027-01-01", ` +
				`pagination: {pageSize: 5}) { id start } } } }`, 1 + 20*(1+5*3)},
		} {
			a := d.ask(c.document)
			if got := at(t, a.Ext, "cost.requested"); got != c.want {
				t.Errorf("%s costs %v, want %v: %s", c.document, got, c.want, a.text)
			}
		}
	})
}

func TestTokenOverItsRateLimitIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		ask := func() answer { return d.ask(`{ __typename }`) }
		for i := range 240 {
			a := ask()
			if a.status != 200 || len(a.Errors) > 0 {
				t.Fatalf("request %d: %d %s", i+1, a.status, a.text)
			}
			if want := fmt.Sprintf(`"key";r=%d;t=60`, 239-i); a.header.Get("RateLimit") != want {
				t.Fatalf("request %d: RateLimit is %s", i+1, a.header.Get("RateLimit"))
			}
		}
		d.move(43 * time.Second)
		a := ask()
		if a.status != 200 || !strings.Contains(a.message(), "too often") || !strings.Contains(a.message(),
			"17 seconds") ||
			a.Data != nil ||
			strings.Contains(a.text, `"data"`) || a.code() != "TOO_MANY_REQUESTS" ||
			a.header.Get("Retry-After") != "" ||
			a.header.Get("RateLimit") != `"key";r=0;t=17` {
			t.Errorf("%d %v %s", a.status, a.header, a.text)
		}
		_, err := d.core.Key.SetTerms(d.ctx, key.Terms{Limit: 120, Status: 429})
		d.must(err)
		a = ask()
		if a.status != 429 || a.header.Get("Retry-After") != "17" || !strings.Contains(a.message(), "too often: 120") {
			t.Errorf("%d %v %s", a.status, a.header, a.text)
		}
		// Another node of the same database has the same minute.
		other := *d
		other.core = newCore(d.db, func() time.Time { return *d.now.Load() })
		other.door = open(other.core, Limits{})
		other.http = other.door
		if a := other.ask(`{ __typename }`); a.status != 429 {
			t.Errorf("another node: %d", a.status)
		}
		d.move(20 * time.Second)
		if a := ask(); a.status != 200 || a.header.Get("RateLimit-Policy") != `"key";q=120;w=60` {
			t.Errorf("the next minute: %d %v", a.status, a.header)
		}
		// A list is as many requests.
		for range 11 {
			d.post("[" + strings.Repeat(`{"query":"{__typename}"},`, 9) + `{"query":"{__typename}"}]`)
		}
		for range 9 {
			ask()
		}
		if a := ask(); a.status != 429 {
			t.Errorf("after 11 lists of ten: %d %v", a.status, a.header)
		}
	})
}
