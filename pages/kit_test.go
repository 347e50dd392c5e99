package pages_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/limit"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/pages"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	attachmentstore "frontdesk/store/attachment"
	auditstore "frontdesk/store/audit"
	demographicsstore "frontdesk/store/demographics"
	dispatchstore "frontdesk/store/dispatch"
	keystore "frontdesk/store/key"
	limitstore "frontdesk/store/limit"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// post is a carrier that keeps what it is handed.
type post struct {
	mu   sync.Mutex
	sent []carrier.Outgoing
	mail []account.Mail
}

func (*post) Name() string     { return "post" }
func (*post) Idempotent() bool { return true }
func (*post) Together() int    { return 1 }

func (p *post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return carrier.Accepted{ProviderID: m.Key}, nil
}

func (p *post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// Mail keeps what goes to a member of staff.
func (p *post) Mail(_ context.Context, _ practice.ID, m account.Mail, _ bool) (account.InvitationState, error) {
	p.mail = append(p.mail, m)
	return account.InvitationSent, nil
}

// plain keeps passwords as they are.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (string, error) { return password, nil }
func (plain) Matches(_ context.Context, password, hash string) (bool, error) {
	return hash != "" && password == hash, nil
}

// kit is one practice with one patient, the door in front of them, and a clock
// that a test moves.
type kit struct {
	*testing.T
	db      *store.DB
	address string
	core    *core.Core
	door    http.Handler
	post    *post
	cookies map[string]string // that the browser has
	group   practice.ID
	ada     patient.ID
	ctx     context.Context
	clock   time.Time
}

func newKit(t *testing.T) *kit {
	t.Helper()
	address := storetest.SQLite(t)
	k := &kit{T: t, db: storetest.Open(t, address), address: address, post: &post{}, cookies: map[string]string{},
		clock: time.Date(2031, time.July, 7, 8, 30, 0, 0, time.UTC)}
	now := func() time.Time { return k.clock }
	base := func() string { return "https://desk.example.org" }
	records := &record.Service{Store: recordstore.New(k.db), Writer: record.Own{}, Pages: base, Now: now,
		NewID: k.db.NewID}
	patients := &patient.Service{Store: patientstore.New(k.db), Now: now, NewID: k.db.NewID}
	box, err := seal.Parse([]byte(seal.NewKey()))
	if err != nil {
		t.Fatal(err)
	}
	keys := &key.Service{Store: keystore.New(k.db), Now: now, NewID: k.db.NewID}
	k.core = &core.Core{
		Audit: &audit.Service{Store: auditstore.New(k.db), Now: now, NewID: k.db.NewID},
		Key:   keys, Limit: &limit.Service{Store: limitstore.New(k.db), Now: now},
		Practice: &practice.Service{Store: practicestore.New(k.db), Now: now, NewID: k.db.NewID},
		Patient:  patients, Merge: patienttest.Merging(k.db, patients), Record: records,
		Demographics: &demographics.Service{Store: demographicsstore.New(k.db), Now: now, NewID: k.db.NewID,
			Pages: base},
		Account: &account.Service{
			Store: accountstore.New(k.db), Keys: keys, Hasher: plain{}, Mailer: k.post,
			Box: func() (*seal.Box, error) { return box, nil }, Pages: base, Now: now, NewID: k.db.NewID,
		},
		Messaging: &messaging.Service{
			Store: messagingstore.New(k.db), Records: records, Pages: base, Now: now, NewID: k.db.NewID,
			Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
				return []carrier.Carrier{k.post}, nil
			},
		},
	}
	k.core.Dispatch = &dispatch.Service{
		Store: dispatchstore.New(k.db), Messages: k.core.Messaging, Now: now, NewID: k.db.NewID, Timeout: time.Second,
	}
	k.core.Attachment = &attachment.Service{Store: attachmentstore.New(k.db), MediaType: http.DetectContentType, Now: now,
		NewID: k.db.NewID}
	k.core.Link = &link.Service{Store: linkstore.New(k.db), Attachment: k.core.Attachment, Pages: base, Now: now,
		NewID: k.db.NewID, Box: func() (*seal.Box, error) { return box, nil }}
	k.core.Messaging.Opened = k.core.Dispatch.Opened
	g, err := k.core.Practice.CreateGroup(context.Background(),
		practice.Group{Name: "Mill Lane Surgery", Phone: "01632 960100"})
	if err != nil {
		t.Fatal(err)
	}
	k.group = g.ID
	k.ctx = access.With(context.Background(), access.Operator(g.ID))
	mobile := "07700 900555"
	k.ada, err = patienttest.Register(k.ctx, patients,
		patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Mobile: &mobile})
	if err != nil {
		t.Fatal(err)
	}
	k.door = pages.New(k.core)
	return k
}

func (k *kit) send(r messaging.Request) messaging.Taken {
	k.Helper()
	r.Patient = k.ada
	taken, err := k.core.Messaging.Send(k.ctx, r)
	if err != nil {
		k.Fatal(err)
	}
	return taken
}

// page sends Ada a message that she reads in her own page, and is its path.
func (k *kit) page(text string) string {
	k.Helper()
	return path(k.send(messaging.Request{Channel: carrier.Hero, Text: text}).PageURL)
}

// proposal proposes a message for Ada's record, and is the path of its page.
func (k *kit) proposal() (string, int64) {
	k.Helper()
	p := k.send(messaging.Request{Channel: carrier.Hero, Text: "Your blood test is <fine>.",
		WriteToRecord: true}).Record
	return path(p.URL), p.ID
}

// staff adds a member of staff who signs in with a password of words.
func (k *kit) staff(ctx context.Context, first, last, role string) account.Staff {
	k.Helper()
	email := strings.ToLower(first) + "@example.org"
	s, err := k.core.Account.Add(ctx, account.Change{FirstName: &first, LastName: &last, Email: &email, Role: &role})
	if err == nil {
		s, err = k.core.Account.SetPassword(ctx, email, words)
	}
	if err != nil {
		k.Fatal(err)
	}
	return s
}

// words are everybody's password.
const words = "correct horse battery"

// signIn signs a member of staff in on the page of an entry.
func (k *kit) signIn(at, first string) {
	k.Helper()
	if status, body := k.fill(at, signingIn(first, words)); status != http.StatusSeeOther {
		k.Fatalf("%s cannot sign in: %d %s", first, status, body)
	}
}

func signingIn(first, password string) url.Values {
	return url.Values{"decision": {"sign_in"}, "email": {strings.ToLower(first) + "@example.org"},
		"password": {password}}
}

// deciding is the form of a decision about a patient's record.
func deciding(decision string, seen patient.ID) url.Values {
	return url.Values{"decision": {decision}, "patient": {seen.String()}}
}

func path(address string) string { return strings.TrimPrefix(address, "https://desk.example.org") }

func (k *kit) status(id int64) record.Status {
	k.Helper()
	e, err := recordstore.New(k.db).RecordEntry(k.ctx, k.group, id)
	if err != nil {
		k.Fatal(err)
	}
	return e.Status
}

// kept is everything the database keeps, but for whose turn it is to make ids.
func (k *kit) kept() string {
	k.Helper()
	raw := storetest.Raw(k.T, k.address)
	var tables []string
	rows, err := raw.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'node' ORDER BY name`)
	if err != nil {
		k.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			k.Fatal(err)
		}
		tables = append(tables, name)
	}
	var out strings.Builder
	for _, name := range tables {
		rows, err := raw.Query(`SELECT * FROM ` + name)
		if err != nil {
			k.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			k.Fatal(err)
		}
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				k.Fatal(err)
			}
			fmt.Fprintln(&out, name, row)
		}
	}
	return out.String()
}

func (k *kit) get(path string) (int, string) {
	k.Helper()
	return k.ask(httptest.NewRequest(http.MethodGet, path, nil))
}

// fill sends a form, with headers as pairs.
func (k *kit) fill(path string, form url.Values, headers ...string) (int, string) {
	k.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return k.ask(r)
}

func (k *kit) ask(r *http.Request) (int, string) {
	k.Helper()
	for name, value := range k.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	k.door.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || !c.Secure ||
			c.Path != "/record/" && c.Path != r.URL.Path {
			k.Errorf("%s %s: the cookie is %s", r.Method, r.URL.Path, c)
		}
		if k.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(k.cookies, c.Name)
		}
	}
	body, err := io.ReadAll(w.Body)
	if err != nil {
		k.Fatal(err)
	}
	for name, want := range map[string]string{"Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff"} {
		if got := w.Header().Get(name); got != want {
			k.Errorf("%s %s: %s is %q", r.Method, r.URL.Path, name, got)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") ||
		!strings.Contains(csp, "form-action 'self'") {
		k.Errorf("%s %s: Content-Security-Policy is %q", r.Method, r.URL.Path, csp)
	}
	return w.Code, string(body)
}

func born(day, month, year string) url.Values {
	return url.Values{"day": {day}, "month": {month}, "year": {year}}
}
