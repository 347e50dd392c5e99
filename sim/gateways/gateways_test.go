package gateways_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/sim/gateways"
	"frontdesk/sim/inbox"
	"frontdesk/test/wait"
)

const (
	secret  = "a secret of the practice"
	service = "26785a09-ab16-4eb0-8407-a37497a57506"
	private = "3d844edf-8d35-48ac-975b-e847b4f122b0"
	smsID   = "f33517ff-2a88-4f6e-b855-c550268ce08a"
	emailID = "ceb50d92-100d-4b8b-b559-14fa3b091cda"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

func serve(h http.Handler, r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// signed is a message for the gateway; change may spoil it.
func signed(body string, change func(http.Header)) *http.Request {
	stamp := strconv.FormatInt(noon.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "leg-1")
	r.Header.Set("X-Frontdesk-Timestamp", stamp)
	r.Header.Set("X-Frontdesk-Signature", hex.EncodeToString(mac.Sum(nil)))
	if change != nil {
		change(r.Header)
	}
	return r
}

func TestTheGatewayIsStrict(t *testing.T) {
	const right = `{"key":"leg-1","channel":"sms","to":"+447700900123","subject":"","text":"Hello","from_name":"Us"}`
	for _, c := range []struct {
		name, body string
		change     func(http.Header)
		want       int
	}{
		{"as it should be", right, nil, 202},
		{"no signature", right, func(h http.Header) { h.Del("X-Frontdesk-Signature") }, 401},
		{"an old time", right, func(h http.Header) { h.Set("X-Frontdesk-Timestamp", "1700000000") }, 401},
		{"not JSON", right, func(h http.Header) { h.Set("Content-Type", "text/plain") }, 415},
		{"another key", right, func(h http.Header) { h.Set("Idempotency-Key", "leg-2") }, 400},
		{"an unknown field", strings.Replace(right, "subject", "topic", 1), nil, 400},
		{"a number as it is written at home", strings.Replace(right, "+44", "0", 1), nil, 422},
		{"another channel", strings.Replace(right, "sms", "fax", 1), nil, 422},
		{"no text", strings.Replace(right, "Hello", "", 1), nil, 422},
	} {
		box := &inbox.Box{}
		g := gateways.NewGateway(box, secret)
		g.Now = now
		if status, body := serve(g, signed(c.body, c.change)); status != c.want ||
			len(box.Items()) != map[bool]int{true: 1}[c.want == 202] {
			t.Errorf("%s: got %d %s", c.name, status, body)
		}
	}
}

func TestTheGatewayKnowsAKeyAgain(t *testing.T) {
	box := &inbox.Box{}
	g := gateways.NewGateway(box, secret)
	g.Now = now
	const body = `{"key":"leg-1","channel":"sms","to":"+447700900123","text":"Hello"}`
	first, a := serve(g, signed(body, nil))
	second, b := serve(g, signed(body, nil))
	if first != http.StatusAccepted || second != http.StatusConflict || a != b || len(box.Items()) != 1 {
		t.Errorf("got %d %s, then %d %s", first, a, second, b)
	}
}

func form(values url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/2010-04-01/Accounts/AC1/Messages.json", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("AC1", secret)
	return r
}

func TestTwilioIsStrict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(url.Values)
		status int
		code   string
	}{
		{"as it should be", func(url.Values) {}, 201, `"status":"queued"`},
		{"no recipient", func(v url.Values) { v.Del("To") }, 400, "21604"},
		{"a number as it is written at home", func(v url.Values) { v.Set("To", "07700900123") }, 400, "21211"},
		{"a landline", func(v url.Values) { v.Set("To", "+441632960001") }, 400, "21614"},
		{"no sender", func(v url.Values) { v.Del("From") }, 400, "21603"},
		{"another account's number", func(v url.Values) { v.Set("From", "+447700900009") }, 400, "21606"},
		{"no text", func(v url.Values) { v.Del("Body") }, 400, "21602"},
		{"too much text", func(v url.Values) { v.Set("Body", strings.Repeat("é", 1601)) }, 400, "21617"},
		{"no address to call", func(v url.Values) { v.Set("StatusCallback", "desk") }, 400, "21609"},
		{"who replied STOP", func(v url.Values) { v.Set("To", "+447700900200") }, 400, "21610"},
	} {
		tw := gateways.NewTwilio(&inbox.Box{}, "AC1", secret)
		tw.Senders = []string{"+447700900001"}
		tw.Stop("+447700900200")
		v := url.Values{"To": {"+447700900123"}, "From": {"+447700900001"}, "Body": {"Hello"}}
		c.change(v)
		if status, body := serve(tw, form(v)); status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: got %d %s", c.name, status, body)
		}
	}
	r := form(nil)
	r.SetBasicAuth("AC1", "guess")
	if status, body := serve(gateways.NewTwilio(&inbox.Box{}, "AC1", secret), r); status != 401 ||
		!strings.Contains(body, "20003") {
		t.Errorf("got %d %s", status, body)
	}
}

// bearer is a token with HS256, made by hand.
func bearer(head, iss, secret string, iat time.Time) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	text := part(head) + "." + part(fmt.Sprintf(`{"iss":%q,"iat":%d}`, iss, iat.Unix()))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return "Bearer " + text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func notify(t *testing.T) (*gateways.GovUK, *inbox.Box) {
	t.Helper()
	box := &inbox.Box{}
	g := gateways.NewGovUK(box, "a-key-"+service+"-"+private, smsID, emailID)
	g.Now = now
	return g, box
}

func TestGovUKNotifyKnowsWhoIsCalling(t *testing.T) {
	const head = `{"typ":"JWT","alg":"HS256"}`
	g, _ := notify(t)
	for _, c := range []struct {
		name, authorization string
		want                int
	}{
		{"as it should be", bearer(head, service, private, noon), 200},
		{"half a minute late", bearer(head, service, private, noon.Add(-30*time.Second)), 200},
		{"a little more than that", bearer(head, service, private, noon.Add(-31*time.Second)), 403},
		{"too early", bearer(head, service, private, noon.Add(31*time.Second)), 403},
		{"another service", bearer(head, smsID, private, noon), 403},
		{"another secret", bearer(head, service, smsID, noon), 403},
		{"no algorithm", bearer(`{"typ":"JWT","alg":"none"}`, service, private, noon), 403},
		{"not a token", "Bearer a.b.c", 403},
		{"nothing", "", 401},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v2/notifications", nil)
		r.Header.Set("Authorization", c.authorization)
		if status, body := serve(g, r); status != c.want {
			t.Errorf("%s: got %d %s", c.name, status, body)
		}
	}
}

func TestGovUKNotifyIsStrict(t *testing.T) {
	const sms = `{"phone_number":"07700 900123","template_id":"` + smsID +
		`","personalisation":{"body":"Hello"},"reference":"leg-1"}`
	right := strings.Replace(sms, "07700 900123", "07700900123", 1)
	for _, c := range []struct {
		name, kind, body, want string
	}{
		{"as it should be", "sms", right, ""},
		{"another template", "sms", strings.Replace(right, smsID, service, 1), "BadRequestError"},
		{"a template for e-mails", "sms", strings.Replace(right, smsID, emailID, 1), "BadRequestError"},
		{"a template that is none", "sms", strings.Replace(right, smsID, "x", 1), "ValidationError"},
		{"no body", "sms", strings.Replace(right, `"body":"Hello"`, "", 1), "BadRequestError"},
		{"too long", "sms", strings.Replace(right, "Hello", strings.Repeat("x", 919), 1), "ValidationError"},
		{"a landline", "sms", strings.Replace(right, "07700900123", "+441632960001", 1), "ValidationError"},
		{"no number", "sms", strings.Replace(right, "phone_number", "email_address", 1), "ValidationError"},
		{"an unknown field", "sms", strings.Replace(right, "reference", "name", 1), "BadRequestError"},
		{"an e-mail without a subject", "email", `{"email_address":"ada@example.org","template_id":"` + emailID +
			`","personalisation":{"body":"Hello"}}`, "BadRequestError"},
		{"an e-mail", "email", `{"email_address":"ada@example.org","template_id":"` + emailID +
			`","personalisation":{"body":"Hello","subject":"Us"}}`, ""},
	} {
		g, box := notify(t)
		r := httptest.NewRequest(http.MethodPost, "/v2/notifications/"+c.kind, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", bearer(`{"typ":"JWT","alg":"HS256"}`, service, private, noon))
		status, body := serve(g, r)
		var said struct {
			ID     string
			Errors []struct{ Error string }
		}
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			t.Fatal(err)
		}
		if c.want == "" && (status != 201 || said.ID == "" || len(box.Items()) != 1) || c.want != "" &&
			(status != 400 || said.Errors[0].Error != c.want) {
			t.Errorf("%s: got %d %s", c.name, status, body)
		}
	}
}

func TestAClosedSimulatorLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInternalServerError) // so that calls are pending
	}))
	tw := gateways.NewTwilio(&inbox.Box{}, "AC1", secret)
	tw.CallbackURL = back.URL
	for range 50 {
		if status, _ := serve(tw,
			form(url.Values{"To": {"+447700900123"}, "From": {"+447700900001"}, "Body": {"Hello"}})); status != 201 {
			t.Fatal(status)
		}
	}
	start := time.Now()
	tw.Close()
	tw.Close()
	if status, _ := serve(tw,
		form(url.Values{"To": {"+447700900123"}, "From": {"+447700900001"}, "Body": {"Hello"}})); status != 201 ||
		time.Since(start) > time.Second {
		t.Errorf("got %d after %v", status, time.Since(start))
	}
	back.Close()
	wait.Until(t, "its goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAReceiptIsSentAgainUntilItIsTaken(t *testing.T) {
	calls := make(chan string, 10)
	first := true
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if first {
			first = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		calls <- r.Header.Get("X-Frontdesk-Signature") + string(body)
	}))
	defer back.Close()
	g := gateways.NewGateway(&inbox.Box{}, secret)
	defer g.Close()
	g.Now, g.CallbackURL, g.Delay = now, back.URL, 20*time.Millisecond
	if status, body := serve(g,
		signed(`{"key":"leg-1","channel":"sms","to":"+447700900123","text":"Hello"}`, nil)); status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	select {
	case got := <-calls:
		if !strings.Contains(got, `"key":"leg-1"`) || !strings.Contains(got, `"status":"delivered"`) {
			t.Errorf("told %s", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("told nothing")
	}
}
