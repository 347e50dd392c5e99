package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/graph/wire"
	"frontdesk/store/storetest"
)

// graphID is the id that the GraphQL API has for what REST names with digits.
func graphID(kind wire.Kind, digits string) string {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return wire.Encode(kind, n)
}

// keysOf are the ids of the keys that a list has.
func (p *program) keysOf(query string) []string {
	p.t.Helper()
	var out []string
	for _, k := range p.ok("GET", "/v1/api_keys?page_size=500"+query, nil).data() {
		id, _ := k["id"].(string)
		out = append(out, id)
	}
	return out
}

func TestAKeyMakesRotatesAndRevokesKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ask := fields{"partner": "Tidewater", "scopes": []any{"booking", "tasks"}, "rate_limit": 50,
			"expires_at": p.clock.Now().Add(90 * 24 * time.Hour).Format(time.RFC3339)}
		made := p.ok("POST", "/v1/api_keys", ask, once("one key"))
		text, id := made.str("api_key"), dig(made.Body, "key", "id").(string)
		if again := p.ok("POST", "/v1/api_keys", ask, once("one key")); again.str("api_key") != text {
			t.Fatalf("asked again it made another: %s", again.Text)
		}
		tide := key(text)
		can := p.ok("GET", "/v1/me/capabilities", nil, tide)
		if can.Body["rate_limit"] != 50.0 || fmt.Sprint(can.Body["scopes"]) != "[booking tasks]" {
			t.Fatalf("got %s", can.Text)
		}
		mine := p.ok("GET", "/v1/partner", nil, tide)
		if mine.str("name") != "Tidewater" || dig(mine.Body, "key", "id") != id ||
			dig(mine.Body, "practice_groups", 0, "id") != p.creds.Group {
			t.Fatalf("got %s", mine.Text)
		}
		p.ok("GET", "/v1/slots/count", nil, tide)
		if got := p.ok("GET", "/v1/api_keys/"+id, nil); got.Body["last_used_at"] == nil || got.Body["test"] != true {
			t.Fatalf("got %s", got.Text)
		}
		for _, end := range []string{"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"} {
			p.refused(400, "invalid_request", "POST", "/v1/api_keys",
				fields{"partner": "Tidewater", "scopes": []any{"tasks"}, "expires_at": end})
		}
		twice := p.ok("POST", "/v1/api_keys", fields{"partner": "Tidewater", "scopes": []any{"tasks", "tasks"}})
		if got := fmt.Sprint(dig(twice.Body, "key", "scopes")); got != "[tasks]" {
			t.Errorf("a scope given twice is kept as %s", got)
		}
		// It goes on for the overlap, and not longer.
		next := p.ok("POST", "/v1/api_keys/"+id+"/rotate", fields{"overlap_hours": 2})
		if dig(next.Body, "key", "replaces") != id || dig(next.Body, "key", "partner") != "Tidewater" {
			t.Fatalf("got %s", next.Text)
		}
		p.ok("GET", "/v1/me", nil, tide)
		p.ok("GET", "/v1/me", nil, key(next.str("api_key")))
		if n := len(p.keysOf("")); !slices.Contains(p.keysOf(""), id) {
			t.Fatalf("of %d keys that work it is none", n)
		}
		p.clock.move(2 * time.Hour)
		p.refused(http.StatusUnauthorized, "expired_key", "GET", "/v1/me", nil, tide)
		if slices.Contains(p.keysOf(""), id) || !slices.Contains(p.keysOf("&include_ended=true"), id) {
			t.Fatal("a key that ended is listed with those that work, or not with the others")
		}
		p.refused(http.StatusConflict, "key_ended", "POST", "/v1/api_keys/"+id+"/rotate", nil)
		last := dig(next.Body, "key", "id").(string)
		for range 2 { // revoking twice is revoking once
			if got := p.ok("DELETE", "/v1/api_keys/"+last, nil); got.Body["revoked_at"] == nil {
				t.Fatalf("got %s", got.Text)
			}
		}
		p.refused(http.StatusUnauthorized, "revoked_key", "GET", "/v1/me", nil, key(next.str("api_key")))
	})
}

func TestAKeyManagesKeysOfItsPracticeAloneAndHandsOnWhatItHas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		second := func(method, path string, body any) answer {
			return p.ask(method, path, body, key(p.creds.Second.Key), ofGroup(p.creds.Second.Group))
		}
		ours := p.keysOf("")[0]
		for _, c := range [][2]string{{"GET", ""}, {"DELETE", ""}, {"POST", "/rotate"}} {
			if got := second(c[0], "/v1/api_keys/"+ours+c[1], nil); got.Status != 404 {
				t.Errorf("%v: another practice's key: %d %s", c, got.Status, got.Text)
			}
		}
		for field, body := range map[string]fields{
			"partner":     {"partner": " ", "scopes": []any{"booking"}},
			"scopes":      {"partner": "x", "scopes": []any{"all"}},
			"permissions": {"partner": "x", "scopes": []any{"booking"}, "permissions": []any{"root"}},
			"expires_at":  {"partner": "x", "scopes": []any{"booking"}, "expires_at": "2020-01-01T00:00:00Z"},
		} {
			if got := p.refused(400, "invalid_request", "POST", "/v1/api_keys", body); got.wrong() != field {
				t.Errorf("%s: got %s", field, got.Text)
			}
		}
		p.refused(400, "invalid_request", "POST", "/v1/api_keys/"+ours+"/rotate", fields{"overlap_hours": 721})
		some := p.ok("POST", "/v1/api_keys", fields{"partner": "Tidewater", "scopes": []any{"booking"},
			"permissions": []any{"setup"}}).str("api_key")
		p.ok("POST", "/v1/api_keys", fields{"partner": "Tidewater", "scopes": []any{"booking"}}, key(some))
		p.refused(403, "beyond_caller", "POST", "/v1/api_keys",
			fields{"partner": "Tidewater", "scopes": []any{"messaging"}}, key(some))
		p.refused(403, "beyond_caller", "POST", "/v1/api_keys", fields{"partner": "Other", "scopes": []any{"booking"}},
			key(some))
		p.refused(403, "missing_permission", "GET", "/v1/api_keys", nil, key(p.creds.Keys["booking"]))
		partners := p.ok("GET", "/v1/partners", nil).data()
		i := slices.IndexFunc(partners, func(of map[string]any) bool { return of["name"] == "Tidewater" })
		if i < 0 || partners[i]["api_key_count"] != 2.0 || partners[i]["last_used_at"] == nil {
			t.Fatalf("got %v", partners)
		}
	})
}

func TestWebhooksAreSummedUpByTheirEvent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		if got := p.ok("GET", "/v1/subscriptions", nil); len(got.data()) != 0 {
			t.Fatalf("got %s", got.Text)
		}
		hook := func(of string) string {
			return p.ok("POST", "/v1/webhooks", fields{"url": "https://example.org/hook", "event_type": of}).str("id")
		}
		hook("appointment.confirmed")
		off := hook("appointment.confirmed")
		hook("appointment.cancelled")
		p.ok("POST", "/v1/webhooks/"+off+"/disable", nil)
		got := p.ok("GET", "/v1/subscriptions", nil).data()
		if len(got) != 2 || got[0]["event_type"] != "appointment.cancelled" || got[1]["webhook_count"] != 2.0 ||
			got[1]["disabled_count"] != 1.0 || got[1]["failing_count"] != 0.0 || dig(got[1], "webhook_ids", 1) != off {
			t.Fatalf("got %v", got)
		}
	})
}

func TestConsultantsAreFoundByName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		p.ok("POST", "/v1/practitioners", fields{"title": "Dr", "first_name": "Zoë", "last_name": "O'Hare-Lind",
			"practitioner_type": "Radiologist"})
		for query, want := range map[string]int{
			"?search=zoe%20ohare":                        1,
			"?search=lind&practitioner_type=Radiologist": 1,
			"?search=lind&practitioner_type=Nurse":       0,
			"?search=zoe%20smith":                        0,
			"":                                           6,
		} {
			if got := p.ok("GET", "/v1/hca/consultants"+query, nil); len(got.data()) != want {
				t.Errorf("%s: got %s", query, got.Text)
			}
		}
	})
}

func TestConsultationsWrittenOverGraphQLAreReadOverREST(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p := open(t, address, app.Config{})
		ada := p.patientBy("byron")
		data, a := p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { createFreeTextRecord(recordData: {patientId: "%s",
			question: "How is she?", answer: "Well"}) { data { id consultationId } error } }`, graphID(wire.KindPatient, ada)))
		ref, _ := dig(data, "createFreeTextRecord", "data", "consultationId").(string)
		_, n, ok := wire.Decode(ref)
		if !ok {
			t.Fatal(a.Text)
		}
		id := strconv.FormatInt(n, 10)
		records := key(p.creds.Keys["records"])
		one := p.ok("GET", "/v1/consultations/"+id, nil, records)
		if one.str("patient_id") != ada || dig(one.Body, "entries", 0, "title") != "How is she?" ||
			dig(one.Body, "entries", 0, "term") != "Well" {
			t.Fatalf("got %s", one.Text)
		}
		for _, query := range []string{"?patient_id=" + ada, "", "?since=2031-01-01T00:00:00Z&until=2039-01-01T00:00:00Z"} {
			list := p.ok("GET", "/v1/consultations"+query, nil, records)
			if !slices.ContainsFunc(list.data(), func(c map[string]any) bool { return c["id"] == id }) {
				t.Errorf("%s: got %s", query, list.Text)
			}
		}
		if got := p.ok("GET", "/v1/consultations?until=2001-01-01T00:00:00Z", nil, records); len(got.data()) != 0 {
			t.Errorf("got %s", got.Text)
		}
		if got := p.refused(400, "invalid_request", "GET", "/v1/consultations?since=2031-01-01T00:00:00Z&patient_id="+ada,
			nil); got.wrong() != "since" {
			t.Errorf("got %s", got.Text)
		}
		p.refused(404, "patient_not_found", "GET", "/v1/consultations?patient_id=1", nil)
		p.refused(404, "consultation_not_found", "GET", "/v1/consultations/"+id, nil, key(p.creds.Second.Key),
			ofGroup(p.creds.Second.Group))
		p.refused(403, "missing_scope", "GET", "/v1/consultations", nil, key(p.creds.Keys["booking"]))
		if _, a := p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { deleteConsultation(patientId: "%s",
			consultationId: "%s") { error } }`, graphID(wire.KindPatient, ada), ref)); a.Status != 200 {
			t.Fatal(a.Text)
		}
		p.refused(404, "consultation_not_found", "GET", "/v1/consultations/"+id, nil)
	})
}
