package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/connect/password"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/document"
	"frontdesk/core/key"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/storetest"
	"frontdesk/web"
)

// kit is a practice group behind the door, with a clock that moves.
type kit struct {
	t     testing.TB
	db    *store.DB
	core  *core.Core
	door  *door
	http  http.Handler
	now   *atomic.Pointer[time.Time]
	group practice.Group
	ctx   context.Context // an operator's
	token string
	log   *bytes.Buffer
}

// passwords are checked without being hashed: hashing is slow on purpose.
type passwords struct{}

func (passwords) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }
func (passwords) Matches(_ context.Context, p, hash string) (bool, error) {
	return hash == "plain:"+p, nil
}

var _ account.Hasher = (*password.Hasher)(nil)

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, open1(t, db)) })
}

func open1(t testing.TB, db *store.DB) *kit {
	d := &kit{t: t, db: db, now: &atomic.Pointer[time.Time]{}, log: &bytes.Buffer{}}
	d.now.Store(new(time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)))
	clock := func() time.Time { return *d.now.Load() }
	d.core = newCore(db, clock)
	d.door = open(d.core, Limits{})
	d.door.unnamed = func(operation, field string) {
		d.t.Errorf("%s has no name for %s, which its refusal names", operation, field)
	}
	d.http = web.Observe(d.door.handler(), &web.Proxies{}, slog.New(slog.NewJSONHandler(d.log, nil)), web.Fail,
		func(context.Context, *web.Request, string, int, time.Duration) {})
	d.join("Mill Lane")
	return d
}

// join makes another practice group and asks as it from now on.
func (d *kit) join(name string) {
	d.t.Helper()
	var err error
	d.group, err = d.core.Practice.CreateGroup(context.Background(), practice.Group{Name: name})
	d.must(err)
	d.ctx = access.With(context.Background(), access.Operator(d.group.ID))
	d.token = d.newToken("everything")
	d.t.Cleanup(func(group practice.ID) func() {
		return func() {
			all, err := d.db.Events(context.Background(), int64(group), 0, 10_000)
			d.must(err)
			apitest.Events(d.t, all)
		}
	}(d.group.ID))
}

func (d *kit) newToken(role string) string {
	d.t.Helper()
	_, text, err := d.core.Key.CreateKey(d.ctx, key.Key{Partner: "Website", Role: role})
	d.must(err)
	return text
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *kit) move(by time.Duration) { d.now.Store(new(d.now.Load().Add(by))) }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	Data   map[string]any   `json:"data"`
	Errors []map[string]any `json:"errors"`
	Ext    map[string]any   `json:"extensions"`
}

// code is the code of the first error.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	e, _ := a.Errors[0]["extensions"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (a answer) message() string {
	if len(a.Errors) == 0 {
		return ""
	}
	m, _ := a.Errors[0]["message"].(string)
	return m
}

// post sends a body as it is.
func (d *kit) post(body string) answer {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if d.token != "" {
		r.Header.Set("x-token", d.token)
	}
	return d.do(r)
}

func (d *kit) do(r *http.Request) answer {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.http.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if !strings.HasPrefix(a.text, "[") {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			d.t.Fatalf("%d %s: %v", w.Code, a.text, err)
		}
	}
	return a
}

// ask runs a document with variables, name and value in turn.
func (d *kit) ask(document string, variables ...any) answer {
	d.t.Helper()
	v := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		v[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": document, "variables": v})
	d.must(err)
	return d.post(string(body))
}

// get is ask for what must have no errors, and gives what is at a path.
func (d *kit) get(path, document string, variables ...any) any {
	d.t.Helper()
	a := d.ask(document, variables...)
	if len(a.Errors) > 0 {
		d.t.Fatalf("%s\n%s", document, a.text)
	}
	return at(d.t, a.Data, path)
}

// at follows names and numbers with dots between.
func at(t testing.TB, v any, path string) any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil {
				return nil
			}
			if n >= len(x) {
				t.Fatalf("%s: there are %d", path, len(x))
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

func second[T any](_ T, err error) error { return err }

func role(name string, may ...access.Permission) access.Role {
	return access.Role{Name: name, Permissions: may}
}

// offer says what comes with a product, or where or by whom it is offered, as an import does.
func (d *kit) offer(of billing.ProductID, what string, id any) {
	d.t.Helper()
	storetest.Insert(d.t, d.db, "product_"+what, storetest.Row{"practice_group_id": d.group.ID, "product_id": of,
		what + "_id": id})
}

// share notes that a document was shared with its patient, as an import does.
func (d *kit) share(of patient.ID, subject int64) {
	d.t.Helper()
	storetest.Insert(d.t, d.db, "share", storetest.Row{"practice_group_id": d.group.ID, "id": d.db.NewID(),
		"kind": document.KindDocument, "subject_id": subject, "patient_id": of, "recipient_kind": document.ToPatient,
		"email": "ada@example.org", "name": "Ada", "title": "Scan", "method": document.ByEmail, "record_ids": "[]",
		"at": *d.now.Load()})
	storetest.Exec(d.t, d.db, `UPDATE document SET shared_at = $3 WHERE practice_group_id = $1 AND id = $2`,
		d.group.ID, subject, *d.now.Load())
}
