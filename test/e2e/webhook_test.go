package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"frontdesk/api/apitest"
	"frontdesk/app"
	"frontdesk/store/storetest"
	"frontdesk/test/wait"
)

// delivery is a request a receiver got.
type delivery struct {
	Header  http.Header
	Body    []byte
	Payload map[string]any
}

func (d delivery) str(field string) string {
	s, _ := d.Payload[field].(string)
	return s
}

// receiver is a partner's endpoint. It keeps what it gets, and answers as a test
// says, or 204.
type receiver struct {
	*httptest.Server
	t      testing.TB
	mu     sync.Mutex
	got    []delivery
	answer http.HandlerFunc
}

func receive(t testing.TB, answer http.HandlerFunc) *receiver {
	r := &receiver{t: t, answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender has gone
	}
	d := delivery{Header: req.Header.Clone(), Body: body}
	json.Unmarshal(body, &d.Payload) // what is not JSON has no payload
	r.mu.Lock()
	r.got = append(r.got, d)
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, req)
}

func (r *receiver) says(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) deliveries() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// waits gives the first n deliveries, once they are there.
func (r *receiver) waits(n int) []delivery {
	r.t.Helper()
	wait.Until(r.t, strconv.Itoa(n)+" deliveries", func() bool { return len(r.deliveries()) >= n })
	return r.deliveries()
}

// answers is a receiver's answer of a status.
func answers(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, "an answer")
	}
}

// genuine checks a delivery's signatures: by the library of Standard Webhooks,
// and by the recipe of the Hero Health Public API.
func genuine(t testing.TB, d delivery, key string) {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(key)
	if !strings.HasPrefix(key, "whsec_") {
		wh, err = standardwebhooks.NewWebhookRaw([]byte(key))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.VerifyIgnoringTimestamp(d.Body, d.Header); err != nil {
		t.Errorf("Standard Webhooks: %v", err)
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(d.Header.Get("X-Herohealth-Timestamp") + "." + string(d.Body)))
	if want := hex.EncodeToString(mac.Sum(nil)); d.Header.Get("X-Herohealth-Signature") != want {
		t.Errorf("X-Herohealth-Signature is %s, want %s", d.Header.Get("X-Herohealth-Signature"), want)
	}
	if d.Header.Get("Webhook-Id") != d.str("id") ||
		d.Header.Get("Webhook-Timestamp") != d.Header.Get("X-Herohealth-Timestamp") {
		t.Errorf("the headers %v do not fit the payload %s", d.Header, d.Body)
	}
}

// valid holds a payload against the schema of its type.
func valid(t testing.TB, body []byte) {
	t.Helper()
	if err := apitest.Payload(body); err != nil {
		t.Errorf("%v\n%s", err, body)
	}
}

// hook makes a webhook, and gives its id.
func (p *program) hook(url, eventType string, more map[string]any) answer {
	p.t.Helper()
	body := map[string]any{"url": url, "event_type": eventType}
	for name, value := range more {
		body[name] = value
	}
	return p.ok("POST", "/v1/webhooks", body)
}

func TestWebhookReportsBookedAppointment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		to := receive(t, nil)
		made := p.hook(to.URL+"/hooks?a=b", "appointment.confirmed", map[string]any{
			"signing_key": "a key of their own", "ed25519": true, "description": "Our diary",
			"headers": map[string]any{"Authorization": "Bearer token", "x-practice": "ours"},
		})
		if made.str("signing_key") != "a key of their own" ||
			made.Body["headers"].(map[string]any)["Authorization"] != "Bearer token" {
			t.Fatalf("the answer is %s", made.Text)
		}
		other := receive(t, nil)
		p.hook(other.URL, "appointment.cancelled", nil)
		appointment := p.booked(0)
		d := to.waits(1)[0]
		genuine(t, d, "a key of their own")
		valid(t, d.Body)
		data := d.Payload["data"].(map[string]any)
		if d.str("event_type") != "appointment.confirmed" || d.str("practice_group_id") != p.creds.Group ||
			data["appointment_id"] != appointment {
			t.Errorf("it received %s", d.Body)
		}
		if d.Header.Get("Authorization") != "Bearer token" || d.Header.Get("X-Practice") != "ours" ||
			d.Header.Get("Frontdesk-Attempt") != "1" {
			t.Errorf("the headers were %v", d.Header)
		}
		for _, secret := range []string{"first_name", `"07`, `"+44`, "@"} {
			if strings.Contains(string(d.Body), secret) {
				t.Errorf("the payload has %q: %s", secret, d.Body)
			}
		}
		shown := p.ok("GET", "/v1/webhooks/"+made.str("id"), nil)
		public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(shown.str("public_key"), "whpk_"))
		if err != nil || len(public) != ed25519.PublicKeySize {
			t.Fatalf("its public key is %q", shown.str("public_key"))
		}
		var asymmetric string
		for _, part := range strings.Fields(d.Header.Get("Webhook-Signature")) {
			if s, ok := strings.CutPrefix(part, "v1a,"); ok {
				asymmetric = s
			}
		}
		signature, _ := base64.StdEncoding.DecodeString(asymmetric)
		if !ed25519.Verify(public,
			[]byte(d.Header.Get("Webhook-Id")+"."+d.Header.Get("Webhook-Timestamp")+"."+string(d.Body)), signature) {
			t.Errorf("the ed25519 signature %q does not verify", asymmetric)
		}
		if strings.Contains(shown.Text, "a key of") || strings.Contains(shown.Text, "Bearer") {
			t.Errorf("a secret is shown again: %s", shown.Text)
		}
		p.ok("PATCH", "/v1/appointments/"+appointment+"/cancel", nil)
		cancelled := other.waits(1)[0]
		valid(t, cancelled.Body)
		if cancelled.Payload["sequence"].(float64) <= d.Payload["sequence"].(float64) {
			t.Errorf("the cancellation has sequence %v after %v", cancelled.Payload["sequence"], d.Payload["sequence"])
		}
		for _, secret := range []string{"a key of", "Bearer token"} {
			if strings.Contains(p.logs.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
}

func TestWebhookIsManagedOverTheAPI(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		to := receive(t, answers(500))
		made := p.hook(to.URL, "message.sent", nil)
		id := made.str("id")
		key := made.str("signing_key")
		if list := p.ok("GET", "/v1/webhooks?event_type=message.sent", nil).data(); len(list) != 1 ||
			list[0]["id"] != id {
			t.Fatalf("the list is %v", list)
		}
		if list := p.ok("GET", "/v1/webhooks?event_type=patient.merged", nil).data(); len(list) != 0 {
			t.Fatalf("the list is %v", list)
		}
		p.ok("POST", "/v1/webhooks/"+id+"/test", nil)
		d := to.waits(1)[0]
		genuine(t, d, key)
		valid(t, d.Body)
		if d.Payload["test"] != true {
			t.Errorf("the test is %s", d.Body)
		}
		path := "/v1/webhooks/" + id + "/deliveries/" + d.str("id")
		var shown answer
		wait.Until(t, "the attempt to be written down", func() bool {
			shown = p.direct("GET", path, nil)
			attempts, _ := shown.Body["attempts"].([]any)
			return len(attempts) == 1
		})
		attempt := p.ok("GET", path, nil).Body["attempts"].([]any)[0].(map[string]any)
		if attempt["status"] != float64(500) || attempt["answer"] != "an answer" {
			t.Errorf("the attempt was %v", attempt)
		}
		if list := p.ok("GET", "/v1/webhooks/"+id+"/deliveries?state=waiting&limit=1", nil).data(); len(list) != 1 ||
			list[0]["id"] != d.str("id") {
			t.Errorf("the deliveries are %v", list)
		}
		changed := p.ok("PATCH", "/v1/webhooks/"+id, map[string]any{"description": "Ours", "ordered": true})
		if changed.str("description") != "Ours" || changed.Body["ordered"] != true {
			t.Errorf("it became %s", changed.Text)
		}
		rotated := p.ok("POST", "/v1/webhooks/"+id+"/rotate-key", map[string]any{})
		fresh := rotated.str("signing_key")
		if fresh == key || fresh == "" {
			t.Fatalf("the new key is %q", fresh)
		}
		to.says(nil)
		p.ok("POST", path+"/replay", nil)
		again := to.waits(2)[1]
		if again.Header.Get("Webhook-Id") != d.Header.Get("Webhook-Id") ||
			again.Header.Get("Frontdesk-Attempt") != "2" ||
			string(again.Body) != string(d.Body) {
			t.Errorf("it was replayed as %v", again.Header)
		}
		genuine(t, again, fresh)
		wh, _ := standardwebhooks.NewWebhook(key)
		if err := wh.VerifyIgnoringTimestamp(again.Body, again.Header); err != nil {
			t.Errorf("the old key no longer verifies: %v", err)
		}
		if off := p.ok("POST", "/v1/webhooks/"+id+"/disable", nil); off.str("disabled_reason") != "requested" {
			t.Errorf("it is %s", off.Text)
		}
		before := p.clock.Now()
		p.clock.move(time.Second)
		missed := p.ok("POST", "/v1/events/test", map[string]any{"event_type": "message.sent"})
		p.clock.move(time.Second)
		if refused := p.ask("POST", "/v1/webhooks/"+id+"/test", nil); refused.Status != http.StatusConflict {
			t.Errorf("testing a webhook that is off gives %d", refused.Status)
		}
		p.ok("POST", "/v1/webhooks/"+id+"/enable", nil)
		p.ok("POST", "/v1/webhooks/"+id+"/recover", map[string]any{"since": before.Format(time.RFC3339)})
		if got := to.waits(3)[2]; got.str("id") != missed.str("id") {
			t.Errorf("it got %s, and missed %s", got.Body, missed.Text)
		}
		p.ok("POST", "/v1/webhooks/"+id+"/replay",
			map[string]any{"since": before.Format(time.RFC3339), "include_delivered": true})
		to.waits(4)
		p.ok("DELETE", "/v1/webhooks/"+id, nil)
		if gone := p.ask("GET", "/v1/webhooks/"+id, nil); gone.Status != http.StatusNotFound {
			t.Errorf("a deleted webhook gives %d", gone.Status)
		}
	})
}

func TestEventLogIsListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		end := p.ok("GET", "/v1/events?cursor=newest", nil).str("cursor")
		appointment := p.booked(0)
		sent := p.sent("byron", "sms", nil)
		p.becomes(sent, "sent", "delivered", "read")
		var types []string
		wait.Until(t, "the message's event", func() bool {
			types = nil
			page := p.ok("GET", "/v1/events?cursor="+end, nil)
			for _, e := range page.data() {
				types = append(types, e["event_type"].(string))
				text, _ := json.Marshal(e)
				valid(t, text)
			}
			return slices.Contains(types, "message.sent")
		})
		if !slices.Equal(types[:3], []string{"appointment.reserved", "appointment.confirmed", "message.sent"}) {
			t.Errorf("the log has %v, after %s was booked", types, appointment)
		}
		page := p.ok("GET", "/v1/events?cursor="+end+"&event_type=appointment.confirmed&limit=1&wait=5", nil)
		if got := page.data(); len(got) != 1 || got[0]["event_type"] != "appointment.confirmed" {
			t.Errorf("of one type it has %v", got)
		}
		if bad := p.ask("GET", "/v1/events?cursor=yesterday", nil); bad.Status != http.StatusBadRequest {
			t.Errorf("a bad cursor gives %d", bad.Status)
		}
	})
}

// TestFailedDeliveryIsRecordedAndRetried meets
// endpoints that do what they should not.
func TestFailedDeliveryIsRecordedAndRetried(t *testing.T) {
	t.Parallel()
	inside := receive(t, nil) // what no endpoint may lead to
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		status  float64
		failure string
	}{
		{"it hangs", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "timeout"},
		{"it resets the connection", func(w http.ResponseWriter, _ *http.Request) { reset(w) }, 0, "reset"},
		{"it redirects to this machine", answers(307, "Location", inside.URL), 307, ""},
		{"it is too slow to end its answer", func(w http.ResponseWriter, r *http.Request) {
			for range time.Tick(50 * time.Millisecond) {
				if r.Context().Err() != nil {
					return
				}
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
			}
		}, 200, "timeout"},
		{"it does not speak HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, buffer, err := w.(http.Hijacker).Hijack()
			if err == nil {
				buffer.WriteString("SSH-2.0-OpenSSH\r\n\r\n")
				buffer.Flush()
				conn.Close()
			}
		}, 0, "bad_answer"},
		{"it is busy", answers(503), 503, ""},
		{"it asks to be left alone", answers(429, "Retry-After", "7"), 429, ""},
		{"it fails, and says so at length", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for line := strings.Repeat("x", 64<<10); r.Context().Err() == nil; {
				if _, err := io.WriteString(w, line); err != nil {
					return
				}
			}
		}, 500, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, storetest.SQLite(t), app.Config{WebhookTimeout: 700 * time.Millisecond})
			to := receive(t, c.answer)
			id := p.hook(to.URL, "message.sent", nil).str("id")
			p.ok("POST", "/v1/webhooks/"+id+"/test", nil)
			d := to.waits(1)[0]
			var attempts []any
			wait.Until(t, "the attempt to be written down", func() bool {
				attempts, _ = p.direct("GET", "/v1/webhooks/"+id+"/deliveries/"+d.str("id"),
					nil).Body["attempts"].([]any)
				return len(attempts) == 1
			})
			attempt := attempts[0].(map[string]any)
			failure, _ := attempt["failure"].(string)
			status, _ := attempt["status"].(float64)
			if status != c.status || failure != c.failure {
				t.Errorf("the attempt was %v", attempt)
			}
			to.says(nil)
			p.clock.move(10 * time.Second)
			if again := to.waits(2)[1]; again.Header.Get("Frontdesk-Attempt") != "2" {
				t.Errorf("the next attempt has the headers %v", again.Header)
			}
			if n := len(inside.deliveries()); n != 0 {
				t.Errorf("%d requests went where they may not", n)
			}
		})
	}
}

func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func TestEndpointWithUntrustedCertificateGetsNoDelivery(t *testing.T) {
	t.Parallel()
	p := open(t, storetest.SQLite(t), app.Config{})
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the delivery was sent")
	}))
	defer server.Close()
	id := p.hook(server.URL, "message.sent", nil).str("id")
	sent := p.ok("POST", "/v1/webhooks/"+id+"/test", nil).str("id")
	wait.Until(t, "the attempt", func() bool {
		attempts, _ := p.direct("GET", "/v1/webhooks/"+id+"/deliveries/"+sent, nil).Body["attempts"].([]any)
		return len(attempts) == 1 && attempts[0].(map[string]any)["failure"] == "tls"
	})
}

func TestPracticeGetsEMailWhenWebhookIsDisabled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		const practice = "desk@brambleford.example.org"
		to := receive(t, answers(410))
		id := p.hook(to.URL, "message.sent", nil).str("id")
		p.ok("POST", "/v1/webhooks/"+id+"/test", nil)
		wait.Until(t, "it to be switched off", func() bool {
			return p.direct("GET", "/v1/webhooks/"+id, nil).str("disabled_reason") == "gone"
		})
		wait.Until(t, "the e-mail", func() bool {
			return strings.Contains(p.inbox(practice), "A webhook was switched off")
		})
		if text := p.inbox(practice); !strings.Contains(text, id) {
			t.Errorf("the e-mail does not name it: %s", text)
		}
	})
}

func TestTwoServersDeliverEachEventOnce(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	to := receive(t, nil)
	one := open(t, address, app.Config{})
	two := open(t, address, app.Config{Now: one.clock.Now})
	one.hook(to.URL, "message.sent", nil)
	const each = 100
	ids := map[string]bool{}
	for range each {
		for _, p := range []*program{one, two} {
			ids[p.direct("POST", "/v1/events/test", map[string]any{"event_type": "message.sent"}).str("id")] = true
		}
	}
	for _, d := range to.waits(2 * each) {
		delete(ids, d.str("id"))
	}
	if n := len(to.deliveries()); len(ids) != 0 || n != 2*each {
		t.Errorf("%d deliveries came, and %d events were not sent", n, len(ids))
	}
}

func TestMessageThatEndsAtOnceReachesWebhooks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		delivered, suppressed := receive(t, nil), receive(t, nil)
		p.hook(delivered.URL, "message.delivered", nil)
		p.hook(suppressed.URL, "message.suppressed", nil)
		id := p.sent("byron", "hero", nil)
		d := delivered.waits(1)[0]
		valid(t, d.Body)
		if data := d.Payload["data"].(map[string]any); data["message_id"] != id || data["state"] != "delivered" {
			t.Errorf("it received %s", d.Body)
		}
		p.ok("PUT", "/v1/opt_outs", map[string]any{"channel": "sms", "contact": "07700 900101", "opted_out": true})
		id = p.sent("byron", "sms", map[string]any{"purpose": "other"})
		d = suppressed.waits(1)[0]
		valid(t, d.Body)
		if data := d.Payload["data"].(map[string]any); data["message_id"] != id || data["code"] != "opted_out" {
			t.Errorf("it received %s", d.Body)
		}
	})
}
