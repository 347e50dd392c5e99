package rest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/batch"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/idempotency"
	"frontdesk/core/key"
	"frontdesk/core/limit"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/reply"
	"frontdesk/core/seal"
	"frontdesk/core/video"
	"frontdesk/core/webhook"
	"frontdesk/rest"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	batchstore "frontdesk/store/batch"
	bookingstore "frontdesk/store/booking"
	demographicsstore "frontdesk/store/demographics"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	idempotencystore "frontdesk/store/idempotency"
	keystore "frontdesk/store/key"
	limitstore "frontdesk/store/limit"
	mergestore "frontdesk/store/merge"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	replystore "frontdesk/store/reply"
	"frontdesk/store/storetest"
	videostore "frontdesk/store/video"
	webhookstore "frontdesk/store/webhook"
	"frontdesk/web"
)

// at is when everything happens.
var at = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

// door is the REST door over an empty practice group, and a key to it.
func door(t testing.TB) (h http.Handler, group, secret string) {
	t.Helper()
	return doorOn(t, storetest.Open(t, storetest.SQLite(t)))
}

func doorOn(t testing.TB, db *store.DB) (h http.Handler, group, secret string) {
	t.Helper()
	now := func() time.Time { return at }
	box := sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })
	home := func() string { return "https://desk.example.org" }
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: db.NewID}
	c := &core.Core{
		Audit:       &audit.Service{Store: auditstore.New(db), Now: now, NewID: db.NewID},
		Key:         &key.Service{Store: keystore.New(db), Now: now, NewID: db.NewID},
		Idempotency: &idempotency.Service{Store: idempotencystore.New(db), Now: now, Box: box},
		Limit:       &limit.Service{Store: limitstore.New(db), Now: now},
		Practice:    &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID},
		Patient:     &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID},
		Diary:       days,
		Booking: &booking.Service{Store: bookingstore.New(db), Diary: days, Now: now, NewID: db.NewID,
			Hold: time.Minute},
		Webhook: &webhook.Service{
			Store: webhookstore.New(db), Log: webhookstore.New(db), Addresses: anyAddress{}, Now: now, NewID: db.NewID,
			Box: box,
		},
	}
	c.Video = &video.Service{Store: videostore.New(db), Box: box, Pages: home, Now: now, NewID: db.NewID}
	c.Demographics = &demographics.Service{Store: demographicsstore.New(db), Now: now, NewID: db.NewID}
	c.Merge = &merge.Service{Store: mergestore.New(db), Now: now, NewID: db.NewID}
	c.Record = &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: home, Now: now, NewID: db.NewID}
	c.Messaging = &messaging.Service{Store: messagingstore.New(db), Records: c.Record, Box: box, Pages: home, Now: now,
		NewID: db.NewID, Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
			return nil, nil
		}}
	c.Batch = &batch.Service{Store: batchstore.New(db), Backlog: batchstore.New(db), Messages: c.Messaging,
		Patients: c.Demographics, Now: now, NewID: db.NewID}
	c.Dispatch = &dispatch.Service{Store: dispatchstore.New(db), Messages: c.Messaging, BatchDone: c.Batch.Complete,
		Now: now, NewID: db.NewID, Timeout: time.Second, Journal: dispatchstore.NewJournal(db)}
	c.Messaging.Opened = c.Dispatch.Opened
	c.Reply = &reply.Service{Store: replystore.New(db), Dispatch: c.Dispatch, Now: now, NewID: db.NewID}
	g, err := c.Practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err = c.Key.CreateKey(access.With(context.Background(), access.Operator(g.ID)),
		key.Key{Partner: "x", Scopes: access.Scopes, Permissions: access.KeyPermissions})
	if err != nil {
		t.Fatal(err)
	}
	if h, err = rest.New(c); err != nil {
		t.Fatal(err)
	}
	// Without it the door does not know which operation a refusal is of.
	done := func(context.Context, *web.Request, string, int, time.Duration) {}
	return web.Observe(h, &web.Proxies{}, slog.New(slog.DiscardHandler), web.Fail, done), g.ID.String(), secret
}

// anyAddress takes every https address.
type anyAddress struct{}

func (anyAddress) Check(url string) string {
	if !strings.HasPrefix(url, "https://") {
		return "This is not an https address."
	}
	return ""
}

func (anyAddress) CheckHeader(string, string) string { return "" }

// FuzzRequests sends any body and any query to operations of every kind. None
// may be a fault of ours, and every refusal has the usual shape and names what
// is wrong.
func FuzzRequests(f *testing.F) {
	h, group, key := door(f)
	targets := []string{
		"POST /v1/appointments", "POST /v1/patients/register", "POST /v1/sessions", "PATCH /v1/me",
		"PUT /v1/bank_holidays/2031-01-01", "POST /v1/slots/availability",
		"GET /v1/slots", "GET /v1/appointments", "GET /v1/patients", "GET /v1/appointment_types",
		"POST /v1/webhooks", "PATCH /v1/webhooks/1", "POST /v1/webhooks/1/rotate-key", "POST /v1/webhooks/1/replay",
		"GET /v1/webhooks/1/deliveries", "GET /v1/webhooks",
		"POST /v1/messages/send", "GET /v1/messages", "POST /v1/batch_message", "PATCH /v1/message_replies/1",
		"GET /v1/message_replies", "GET /v1/record_entries", "POST /v1/patients/1/merge", "PATCH /v1/patients/1",
	}
	for i := range targets {
		f.Add(uint8(i), []byte(`{"duration":10,"start_time":"2031-01-07T09:00:00Z","exceptions":[{"start_date":"x"}]}`),
			"page_size=1&location_id=5&search=x&field=mobile")
	}
	f.Fuzz(func(t *testing.T, target uint8, body []byte, query string) {
		method, path, _ := strings.Cut(targets[int(target)%len(targets)], " ")
		r := httptest.NewRequest(method, path, strings.NewReader(string(body)))
		if u, err := url.Parse(path + "?" + query); err == nil {
			r.URL = u
		}
		r.Header.Set("x-api-key", key)
		r.Header.Set("x-practice-group-id", group)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code < 400 {
			return
		}
		var e struct {
			Error      bool
			StatusCode int
			Code       string
			Message    []struct {
				Path           []string
				Code, Expected *string
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || !e.Error || e.StatusCode != w.Code ||
			e.Code == "" ||
			len(e.Message) == 0 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, m := range e.Message {
			if m.Path == nil || m.Code == nil || m.Expected == nil || w.Code == 400 &&
				(*m.Code == "" || *m.Expected == "") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if err := apitest.Refusal(method, path, answer); err != nil {
			t.Fatal(err)
		}
	})
}

// TestEveryWrongFieldIsNamed sends several mistakes at once.
func TestEveryWrongFieldIsNamed(t *testing.T) {
	h, group, key := door(t)
	for _, c := range []struct {
		name, method, path, body string
		want                     string // path:code, of each
	}{
		{"all that is missing", "POST", "/v1/appointments", `{}`,
			"appointment_type_id:invalid_type location_id:invalid_type practitioner_id:invalid_type " +
				"duration:invalid_type start_time:invalid_type"},
		{"a wrong type", "POST", "/v1/appointments", `{"duration":"ten"}`, "duration:invalid_type"},
		{"a wrong type within", "POST", "/v1/sessions", `{"exceptions":[{"start_date":5}]}`,
			"exceptions.start_date:invalid_type"},
		{"what is missing within", "POST", "/v1/invoicing/membership_policies",
			`{"name":"Gold","product_id":"1","applies_to":{}}`, "applies_to.products:invalid_type"},
		{"what is missing of one of several", "POST", "/v1/prescriptions",
			`{"prescriber_id":"1","drugs":[{"name":"Amlodipine"},{}]}`, "drugs.name:invalid_type"},
		{"a wrong form within", "POST", "/v1/sessions", `{"exceptions":[{"start_date":"2031-01-01"},` +
			`{"start_date":"x"}]}`,
			"exceptions.1.start_date:invalid_string"},
		{"a value that is none of them", "PATCH", "/v1/me", `{"sector":"royal"}`, "sector:invalid_enum_value"},
		{"no date", "POST", "/v1/slots/availability",
			`{"practitioner_id":"1","appointment_type_id":"1","location_id":"1","start_time":"soon","duration":1}`,
			"start_time:invalid_date"},
		{"no object", "PATCH", "/v1/me", `[1]`, ":invalid_json"},
		{"half an object", "PATCH", "/v1/me", `{"name":`, ":invalid_json"},
		{"nothing", "PATCH", "/v1/me", ``, ":invalid_type"},
		{"a page too large", "GET", "/v1/slots?page_size=501", ``, "page_size:too_big"},
		{"a page that is no number", "GET", "/v1/slots?page_index=x", ``, "page_index:invalid_type"},
		{"an id that is none", "GET", "/v1/slots?location_id=1&location_id=x", ``, "location_id.1:invalid_string"},
		{"an unknown type of event", "POST", "/v1/webhooks",
			`{"event_type":"appointment.begun","url":"https://example.org"}`, "event_type:invalid_enum_value"},
		{"an unknown type of event in a list", "GET", "/v1/webhooks?event_type=x", ``,
			"event_type:invalid_enum_value"},
		{"an address nothing may be posted to", "POST", "/v1/webhooks",
			`{"event_type":"message.sent","url":"http://example.org"}`, "url:invalid_string"},
		{"an overlap of a month", "POST", "/v1/webhooks/1/rotate-key", `{"overlap_hours":720}`,
			"overlap_hours:too_big"},
		{"a page of deliveries too large", "GET", "/v1/webhooks/1/deliveries?limit=101", ``, "limit:too_big"},
		{"a wait too long", "GET", "/v1/events?wait=31", ``, "wait:too_big"},
		{"a cursor that is none", "GET", "/v1/events?cursor=x", ``, "cursor:invalid_string"},
		{"a replay since no time", "POST", "/v1/webhooks/1/replay", `{"since":"yesterday"}`, "since:invalid_date"},
		{"a replay of more than is kept", "POST", "/v1/webhooks/1/recover", `{"since":"2030-01-01T00:00:00Z"}`,
			"since:too_small"},
		{"a search in no field", "GET", "/v1/appointments?search=x", ``, "field:invalid_enum_value"},
		{"a search for nothing", "GET", "/v1/appointments?field=patient_last_name", ``, "search:too_small"},
		{"a search for no id", "GET", "/v1/appointments?field=practitioner_id&search=x", ``, "search:invalid_string"},
		{"a list between no dates", "GET", "/v1/appointments?start_date=x&end_date=y", ``,
			"start_date:invalid_date end_date:invalid_date"},
		{"slots between no dates", "GET", "/v1/slots?start_date=x&end_date=y", ``,
			"start_date:invalid_date end_date:invalid_date"},
		{"slots backwards", "GET", "/v1/slots?start_date=2031-01-07&end_date=2031-01-06", ``, "end_date:too_small"},
		{"no boolean", "GET", "/v1/locations?include_inactive=maybe", ``, "include_inactive:invalid_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("x-api-key", key)
			r.Header.Set("x-practice-group-id", group)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			var e struct {
				Message []struct {
					Path           []string
					Code, Expected string
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range e.Message {
				got = append(got, strings.Join(m.Path, ".")+":"+m.Code)
				if m.Expected == "" {
					t.Errorf("nothing said of what was expected: %s", w.Body)
				}
			}
			if w.Code != http.StatusBadRequest || strings.Join(got, " ") != c.want {
				t.Fatalf("got %d %v, want %s", w.Code, got, c.want)
			}
		})
	}
}
