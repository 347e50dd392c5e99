package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/api/apitest"
	"frontdesk/core/courier"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
	"frontdesk/store/storetest"
	webhookstore "frontdesk/store/webhook"
)

// partner asks the door with a key.
type partner struct {
	*testing.T
	db         *store.DB
	h          http.Handler
	group, key string
}

type object = map[string]any

func newPartner(t *testing.T) *partner {
	p := &partner{T: t, db: storetest.Open(t, storetest.SQLite(t))}
	p.h, p.group, p.key = doorOn(t, p.db)
	return p
}

// ask wants a status, and gives the answer and its text.
func (p *partner) ask(status int, method, path, body string) (object, string) {
	p.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("x-api-key", p.key)
	r.Header.Set("x-practice-group-id", p.group)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	if w.Code != status {
		p.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var out object
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		p.Fatal(err)
	}
	return out, w.Body.String()
}

func (p *partner) same(what string, got, want any) {
	p.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("%s: %s", what, diff)
	}
}

const now = "2031-01-06T07:00:00Z"

const full = `{"description":"our bus","event_type":"message.sent","signing_key":"correct horse",
	"url":"https://example.org/hook?tenant=4","headers":{"x-tenant":"battery"},
	"include_details":true,"ordered":true,"ed25519":true}`

func TestSecretsOfAWebhookAreShownOnce(t *testing.T) {
	p := newPartner(t)
	made, _ := p.ask(200, "POST", "/v1/webhooks", full)
	id, public := made["id"].(string), made["public_key"].(string)
	if _, err := strconv.ParseInt(id, 10, 64); err != nil || !strings.HasPrefix(public, "whpk_") {
		t.Errorf("%v", made)
	}
	p.same("what was made", made, object{
		"id": id, "event_type": "message.sent", "url": "https://example.org/hook?tenant=4",
		"signing_key": "correct horse",
		"headers":     object{"X-Tenant": "battery"}, "created_at": now, "updated_at": now, "description": "our bus",
		"include_details": true, "ordered": true, "ed25519": true, "public_key": public,
	})
	seen := object{
		"id": id, "event_type": "message.sent", "url": "https://example.org/hook?tenant=4", "created_at": now,
		"updated_at": now, "description": "our bus", "include_details": true, "ordered": true, "ed25519": true,
		"public_key": public, "header_names": []any{"X-Tenant"}, "previous_key_until": nil, "disabled_at": nil,
		"disabled_reason": nil, "failing_since": nil, "held_until": nil,
	}
	list, text := p.ask(200, "GET", "/v1/webhooks?event_type=message.sent", "")
	p.same("the list", list, object{"data": []any{seen}, "count": 1.0})
	if strings.Contains(text, "correct horse") || strings.Contains(text, "battery") {
		t.Errorf("the list has secrets: %s", text)
	}
	if list, _ := p.ask(200, "GET", "/v1/webhooks?event_type=message.read", ""); list["count"] != 0.0 {
		t.Errorf("%v", list)
	}
	seen["waiting"], seen["failed"], seen["oldest_waiting_at"] = 0.0, 0.0, nil
	got, text := p.ask(200, "GET", "/v1/webhooks/"+id, "")
	p.same("one", got, seen)
	if strings.Contains(text, "correct horse") || strings.Contains(text, "battery") {
		t.Errorf("it has secrets: %s", text)
	}
	gone, _ := p.ask(200, "DELETE", "/v1/webhooks/"+id, "")
	p.same("the deletion", gone, object{"success": true})
	p.ask(404, "GET", "/v1/webhooks/"+id, "")
	p.ask(404, "DELETE", "/v1/webhooks/x", "")
}

func TestWebhookNeedsATypeAndAnAddressAlone(t *testing.T) {
	p := newPartner(t)
	made, _ := p.ask(200, "POST", "/v1/webhooks", `{"event_type":"patient.merged","url":"https://example.org"}`)
	if !strings.HasPrefix(made["signing_key"].(string), "whsec_") {
		t.Errorf("%v", made["signing_key"])
	}
	p.same("what was made", made, object{
		"id": made["id"], "event_type": "patient.merged", "url": "https://example.org",
		"signing_key": made["signing_key"],
		"headers":     object{}, "created_at": now, "updated_at": now, "description": "", "include_details": false,
		"ordered": false, "ed25519": false,
	})
}

func TestWebhookIsChanged(t *testing.T) {
	p := newPartner(t)
	made, _ := p.ask(200, "POST", "/v1/webhooks", full)
	at := "/v1/webhooks/" + made["id"].(string)
	for _, c := range []struct {
		name, method, path, body string
		want                     object
	}{
		{"nothing", "PATCH", "", `{}`, object{"url": "https://example.org/hook?tenant=4", "description": "our bus",
			"header_names": []any{"X-Tenant"}, "ordered": true}},
		{"its address", "PATCH", "", `{"url":"https://example.com/x"}`,
			object{"url": "https://example.com/x", "description": "our bus", "header_names": []any{"X-Tenant"}}},
		{"its headers", "PATCH", "", `{"headers":{"a":"1","b":"2"}}`, object{"header_names": []any{"A", "B"}}},
		{"no headers", "PATCH", "", `{"headers":{}}`, object{"header_names": []any{}}},
		{"its manners", "PATCH", "", `{"description":"","include_details":false,"ordered":false,"ed25519":false}`,
			object{"description": "", "include_details": false, "ordered": false, "ed25519": false, "public_key": nil}},
		{"off", "POST", "/disable", ``, object{"disabled_at": now, "disabled_reason": "requested"}},
		{"on", "POST", "/enable", ``, object{"disabled_at": nil, "disabled_reason": nil}},
		{"its key", "POST", "/rotate-key", ``, object{"id": made["id"], "previous_key_until": "2031-01-07T07:00:00Z",
			"updated_at": now}},
		{"its key, to one that is given, at once", "POST", "/rotate-key", `{"signing_key":"staple","overlap_hours":0}`,
			object{"signing_key": "staple", "previous_key_until": nil}},
		{"its key, with another overlap", "POST", "/rotate-key", `{"overlap_hours":1}`,
			object{"previous_key_until": "2031-01-06T08:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := *p
			p.T = t
			got, _ := p.ask(200, c.method, at+c.path, c.body)
			for name, want := range c.want {
				p.same(name, got[name], want)
			}
			_, shown := got["signing_key"]
			if shown != strings.HasSuffix(c.path, "rotate-key") {
				t.Errorf("a key: %v", got["signing_key"])
			}
		})
	}
}

func TestDeliveriesAreListedWithTheirAttempts(t *testing.T) {
	p := newPartner(t)
	made, _ := p.ask(200, "POST", "/v1/webhooks", full)
	at := "/v1/webhooks/" + made["id"].(string)
	first, _ := p.ask(200, "POST", at+"/test", "")
	p.same("a test", first, object{
		"id": first["id"], "event_at": now, "state": "waiting", "attempt_count": 0.0, "under_way": false,
		"next_attempt_at": now, "queued_at": now, "status": nil, "failure": nil, "ended_at": nil, "created_at": now,
	})
	p.post(made["id"].(string),
		courier.Answer{Failure: webhook.Refused, Took: 1500 * time.Millisecond}, courier.Answer{Status: 200,
			Body: "thanks",
			Took: time.Millisecond})
	tried, _ := p.ask(200, "GET", at+"/deliveries/"+first["id"].(string), "")
	p.same("its attempts", tried["attempts"], []any{
		object{"number": 1.0, "at": now, "duration_ms": 1500.0, "status": nil, "failure": "refused", "answer": ""},
		object{"number": 2.0, "at": now, "duration_ms": 1.0, "status": 200.0, "failure": nil, "answer": "thanks"},
	})
	for name, want := range (object{"state": "delivered", "attempt_count": 2.0, "next_attempt_at": nil, "status": 200.0,
		"failure": nil, "ended_at": now}) {
		p.same(name, tried[name], want)
	}
	second, _ := p.ask(200, "POST", at+"/test", "")
	page, _ := p.ask(200, "GET", at+"/deliveries?limit=1", "")
	p.same("the newest", page, object{"data": []any{second}, "has_more": true, "next": second["id"]})
	page, _ = p.ask(200, "GET", at+"/deliveries?limit=1&before="+page["next"].(string), "")
	p.same("more", []any{page["has_more"], page["next"]}, []any{false, nil})
	p.same("the one before", page["data"].([]any)[0].(object)["id"], first["id"])
	page, _ = p.ask(200, "GET", at+"/deliveries?state=delivered", "")
	p.same("those that were taken", len(page["data"].([]any)), 1)
	again, _ := p.ask(200, "POST", at+"/deliveries/"+first["id"].(string)+"/replay", "")
	p.same("a replay", []any{again["id"], again["state"], again["attempt_count"]}, []any{first["id"], "waiting", 2.0})
	health, _ := p.ask(200, "GET", at, "")
	p.same("its health", []any{health["waiting"], health["failed"], health["oldest_waiting_at"]}, []any{2.0, 0.0, now})
	for _, path := range []string{"/deliveries/1", "/deliveries/x"} {
		e, _ := p.ask(404, "GET", at+path, "")
		p.same("no such delivery", e["code"], "delivery_not_found")
	}
}

// post makes an attempt at each delivery that is due, with one answer each.
func (p *partner) post(id string, answers ...courier.Answer) {
	p.Helper()
	n, _ := strconv.ParseInt(id, 10, 64)
	g, _ := strconv.ParseInt(p.group, 10, 64)
	group, of := practice.ID(g), webhook.ID(n)
	for i, a := range answers {
		err := webhookstore.New(p.db).DoUnawaited(context.Background(), func(tx courier.Tx) error {
			claimed, err := tx.ClaimDeliveries(context.Background(), group, of,
				courier.Claim{Now: at, Until: at.Add(time.Minute), Lease: 1, Limit: 1})
			if err != nil {
				return err
			}
			if len(claimed) != 1 {
				return fmt.Errorf("%d deliveries are due", len(claimed))
			}
			d := claimed[0].Delivery
			d.Status, d.Failure, d.Leased, d.DueAt = a.Status, a.Failure, false, at
			if i == len(answers)-1 {
				d.State, d.DueAt, d.EndedAt = webhook.Delivered, time.Time{}, at
			}
			attempt := webhook.Attempt{Number: d.Attempts, At: at, Took: a.Took, Status: a.Status, Failure: a.Failure,
				Body: a.Body}
			_, err = tx.SettleDeliveries(context.Background(), group, of,
				[]courier.Settled{{Delivery: d, Lease: 1, Attempt: &attempt}})
			return err
		})
		if err != nil {
			p.Fatal(err)
		}
	}
}

func TestEventsAreReadFromTheLogAndReplayed(t *testing.T) {
	p := newPartner(t)
	var ids []any
	for _, of := range []string{"message.sent", "patient.merged", "message.sent"} {
		e, text := p.ask(200, "POST", "/v1/events/test", `{"event_type":"`+of+`"}`)
		if err := apitest.Payload([]byte(text)); err != nil {
			t.Error(err)
		}
		ids = append(ids, e["id"])
	}
	read := func(query string) (got []any, cursor string, more bool) {
		page, _ := p.ask(200, "GET", "/v1/events?"+query, "")
		for _, e := range page["data"].([]any) {
			text, _ := json.Marshal(e)
			if err := apitest.Payload(text); err != nil {
				t.Error(err)
			}
			got = append(got, e.(object)["id"])
		}
		return got, page["cursor"].(string), page["has_more"].(bool)
	}
	got, cursor, more := read("limit=2")
	p.same("the first two", []any{got, more}, []any{ids[:2], true})
	got, end, more := read("cursor=" + cursor)
	p.same("the rest", []any{got, more}, []any{ids[2:], false})
	got, _, _ = read("event_type=patient.merged&event_type=message.read")
	p.same("of two types", got, ids[1:2])
	got, newest, _ := read("cursor=newest")
	p.same("the end", []any{got, newest}, []any{[]any(nil), end})

	made, _ := p.ask(200, "POST", "/v1/webhooks", full)
	path := "/v1/webhooks/" + made["id"].(string)
	w, _ := p.ask(200, "POST", path+"/recover", `{"since":"2031-01-06T06:00:00Z"}`)
	p.same("what was missed", w["replay"], object{"since": "2031-01-06T06:00:00Z", "until": now,
		"include_delivered": false, "queued": 2.0, "done_at": now})
	w, _ = p.ask(200, "POST", path+"/replay",
		`{"since":"2031-01-06T06:00:00Z","until":"2031-01-06T06:30:00Z","include_delivered":true}`)
	p.same("a time when nothing happened", w["replay"], object{
		"since": "2031-01-06T06:00:00Z", "until": "2031-01-06T06:30:00Z", "include_delivered": true, "queued": 0.0,
		"done_at": now,
	})
	p.ask(200, "POST", path+"/disable", "")
	e, _ := p.ask(409, "POST", path+"/recover", `{"since":"2031-01-06T06:00:00Z"}`)
	p.same("a replay to one that is off", e["code"], "webhook_disabled")
}
