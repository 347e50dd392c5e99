package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/sim/inbox"
	"frontdesk/sim/notify"
)

type object = map[string]any

const (
	messages = "/comms/v1/messages"
	batches  = "/comms/v1/message-batches"
	sms      = "00000000-0000-0000-0000-000000000003"
	vendor   = "application/vnd.api+json"
)

// world is a simulator that asks for no token, over a real socket.
type world struct {
	*notify.Notify
	box *inbox.Box
	url string

	mu sync.Mutex
	at time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func build(t *testing.T, change func(*notify.Notify)) *world {
	t.Helper()
	w := &world{box: &inbox.Box{}, at: time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)}
	w.Notify = notify.New(w.box, w.now)
	w.OpenSandbox = true
	w.Contact = func(string) (string, string) { return "07700 900123", "ada@example.org" }
	if change != nil {
		change(w.Notify)
	}
	server := httptest.NewServer(w.Notify)
	t.Cleanup(server.Close)
	t.Cleanup(w.Wait)
	w.url = server.URL
	return w
}

// answer is what came back.
type answer struct {
	status   int
	header   http.Header
	body     object
	codes    []string
	pointers []string
}

func (w *world) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode, header: resp.Header}
	_ = json.Unmarshal(raw, &a.body)
	list, _ := a.body["errors"].([]any)
	for _, e := range list {
		e := e.(object)
		if e["status"] != fmt.Sprint(resp.StatusCode) || e["title"] == "" || e["id"] == "" {
			t.Errorf("an error looks like this: %v", e)
		}
		source, _ := e["source"].(object)
		pointer, _ := source["pointer"].(string)
		a.codes, a.pointers = append(a.codes, e["code"].(string)), append(a.pointers, pointer)
	}
	return a
}

func message(reference, rest string) string {
	return `{"messageReference": "` + reference + `", "recipient": {"nhsNumber": "9991000003"` + rest +
		`}, "personalisation": {"sms_body": "Hello"}}`
}

func single(plan, message string) string {
	return `{"data": {"type": "Message", "attributes": {"routingPlanId": "` + plan + `", ` + message[1:] + `}}`
}

func batch(reference string, messages ...string) string {
	return `{"data": {"type": "MessageBatch", "attributes": {"routingPlanId": "` + sms + `", "messageBatchReference": "` +
		reference + `", "messages": [` + strings.Join(messages, ",") + `]}}}`
}

func TestARequestThatWillNotDoIsRefusedWithAPointer(t *testing.T) {
	const at = "/data/attributes/"
	good := message("m-1", "")
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string // codes and pointers
	}{
		{"no JSON", messages, `{`, 400, "CM_INVALID_VALUE /"},
		{"two of them", messages, `{} {}`, 400, "CM_INVALID_VALUE /"},
		{"no data", messages, `{}`, 400, "CM_MISSING_VALUE /data"},
		{"no data but null", messages, `{"data": null}`, 400, "CM_NULL_VALUE /data"},
		{"data that is a list", messages, `{"data": []}`, 400, "CM_INVALID_VALUE /data"},
		{"a wrong type", messages, strings.Replace(single(sms, good), `"Message"`, `"MessageBatch"`, 1), 400,
			"CM_INVALID_VALUE /data/type"},
		{"a batch sent as a message", messages, batch("b-1", good), 400, "CM_INVALID_VALUE /data/type, CM_MISSING_VALUE " +
			at + "messageReference, CM_MISSING_VALUE " + at + "recipient"},
		{"a plan that is no UUID", messages, single("3", good), 400, "CM_INVALID_VALUE " + at + "routingPlanId"},
		{"an unknown plan", messages, single("00000000-0000-0000-0000-000000000009", good), 404,
			"CM_NO_SUCH_ROUTING_PLAN " + at + "routingPlanId"},
		{"no NHS number", messages, single(sms, `{"messageReference": "m", "recipient": {}}`), 400, "CM_MISSING_VALUE " + at +
			"recipient/nhsNumber"},
		{"a wrong NHS number", messages, single(sms, strings.Replace(good, "9991000003", "9991000004", 1)), 400,
			"CM_INVALID_NHS_NUMBER " + at + "recipient/nhsNumber"},
		{"an NHS number that is a number", messages, single(sms, strings.Replace(good, `"9991000003"`, "9991000003", 1)), 400,
			"CM_INVALID_NHS_NUMBER " + at + "recipient/nhsNumber"},
		{"contact details without approval", messages,
			single(sms, message("m", `, "contactDetails": {"sms": "07700900123"}`)), 400, "CM_CANNOT_SET_CONTACT_DETAILS " + at +
				"recipient/contactDetails"},
		{"an organisation that is none", messages, single(sms, `{"originator": {"odsCode": "!"}, `+good[1:]), 400,
			"CM_INVALID_VALUE " + at + "originator/odsCode"},
		{"no batch reference", batches, batch("", good), 400, "CM_INVALID_VALUE " + at + "messageBatchReference"},
		{"no messages", batches, batch("b"), 400, "CM_TOO_FEW_ITEMS " + at + "messages"},
		{"a message twice", batches, batch("b", good, good), 400, "CM_DUPLICATE_VALUE " + at + "messages/1/messageReference"},
		{"a message that is none", batches, batch("b", good, `null`, `7`), 400, "CM_NULL_VALUE " + at +
			"messages/1, CM_INVALID_VALUE " + at + "messages/2"},
		{"a wrong message among others", batches, batch("b", good, strings.Replace(message("m-2", ""), "9991000003", "x", 1)),
			400, "CM_INVALID_NHS_NUMBER " + at + "messages/1/recipient/nhsNumber"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := build(t, nil)
			got := w.do(t, http.MethodPost, c.path, c.body)
			var told []string
			for i := range got.codes {
				told = append(told, got.codes[i]+" "+got.pointers[i])
			}
			if got.status != c.status || strings.Join(told, ", ") != c.want {
				t.Errorf("got %d %s", got.status, strings.Join(told, ", "))
			}
			if n := len(w.box.Items()); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}

func TestAnAnswerHasAHundredErrorsAtMost(t *testing.T) {
	w := build(t, nil)
	wrong := make([]string, 150)
	for i := range wrong {
		wrong[i] = `{"messageReference": ""}`
	}
	if got := w.do(t, http.MethodPost, batches, batch("b", wrong...)); got.status != 400 || len(got.codes) != 100 {
		t.Errorf("got %d with %d errors", got.status, len(got.codes))
	}
}

func TestTheDoorIsStrict(t *testing.T) {
	good := single(sms, message("m-1", ""))
	for _, c := range []struct {
		name, method, path string
		header             []string
		change             func(*notify.Notify)
		status             int
		code               string
	}{
		{"all is well", "POST", messages, nil, nil, 201, ""},
		{"JSON:API's own type", "POST", messages, []string{"Content-Type", vendor + "; charset=UTF-8"}, nil, 201, ""},
		{"another charset", "POST", messages, []string{"Content-Type", "application/json; charset=latin1"}, nil, 415,
			"CM_UNSUPPORTED_MEDIA"},
		{"another type", "POST", messages, []string{"Content-Type", "text/plain"}, nil, 415, "CM_UNSUPPORTED_MEDIA"},
		{"an answer in XML", "POST", messages, []string{"Accept", "text/xml"}, nil, 406, "CM_NOT_ACCEPTABLE"},
		{"a wrong method", "PUT", messages, nil, nil, 405, "CM_NOT_ALLOWED"},
		{"reading what is written to", "GET", messages, nil, nil, 405, "CM_NOT_ALLOWED"},
		{"an unknown message", "GET", messages + "/2WL3qFTEFM0qMY8xjRbt1LIKCzM", nil, nil, 404, "CM_NOT_FOUND"},
		{"no token", "POST", messages, nil, func(n *notify.Notify) { n.OpenSandbox = false }, 401, "CM_DENIED"},
		{"a ban", "POST", messages, nil, func(n *notify.Notify) { n.Banned = true }, 403, "CM_SERVICE_BAN"},
		{"too large", "POST", messages, nil, func(n *notify.Notify) { n.MaxBytes = 100 }, 413, "CM_TOO_LARGE"},
		{"an organisation is needed", "POST", messages, nil, func(n *notify.Notify) { n.NeedODS = true }, 400,
			"CM_ODS_CODE_REQUIRED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := build(t, c.change).do(t, c.method, c.path, good, append(c.header, "X-Correlation-ID", "c-1")...)
			if got.status != c.status || c.code != "" && (len(got.codes) != 1 || got.codes[0] != c.code) ||
				got.header.Get("X-Correlation-ID") != "c-1" {
				t.Errorf("got %d %v %v", got.status, got.codes, got.header)
			}
			if kind := got.header.Get("Content-Type"); kind != vendor {
				t.Errorf("the answer is %s", kind)
			}
		})
	}
	t.Run("an organisation is forbidden", func(t *testing.T) {
		w := build(t, func(n *notify.Notify) { n.ForbidODS = true })
		if got := w.do(t, "POST", messages,
			single(sms, `{"originator": {"odsCode": "Z99001"}, `+message("m", "")[1:])); got.status != 400 ||
			got.codes[0] != "CM_CANNOT_SET_ODS_CODE" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("too many messages", func(t *testing.T) {
		many := make([]string, 45_001)
		for i := range many {
			many[i] = `{}`
		}
		if got := build(t, nil).do(t, "POST", batches, batch("b", many...)); got.status != 413 ||
			got.codes[0] != "CM_TOO_MANY_ITEMS" {
			t.Errorf("got %+v", got.codes)
		}
	})
}

func TestAReferenceIsTakenOnce(t *testing.T) {
	w := build(t, nil)
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{messages, single(sms, message("m-1", "")), 201},
		{messages, single(sms, message("m-1", "")), 422},
		{batches, batch("m-1", message("m-1", "")), 201}, // a batch's references are others
		{batches, batch("m-1", message("m-2", "")), 422},
		{batches, batch("b-2", message("m-1", "")), 201}, // and so are those in another batch
	} {
		if got := w.do(t, "POST", c.path, c.body); got.status != c.status || c.status == 422 &&
			got.codes[0] != "CM_DUPLICATE_REQUEST" {
			t.Errorf("%s: got %d %v", c.body, got.status, got.codes)
		}
	}
	if n := len(w.box.Items()); n != 3 {
		t.Errorf("%d arrived", n)
	}
}

func TestOnlyTheSameRequestIsSafeToSendAgain(t *testing.T) {
	w := build(t, func(n *notify.Notify) { n.Working = time.Minute })
	send := func(body string) answer { return w.do(t, "POST", batches, body) }
	w.Fail(notify.Failure{Kind: notify.FailUnavailable})
	if got := send(batch("b-1", message("m-1", ""), message("m-2", ""))); got.status != 503 {
		t.Fatalf("got %+v", got)
	}
	if got := send(batch("b-1", message("m-1", ""))); got.status != 400 || got.codes[0] != "CM_INVALID_VALUE" {
		t.Errorf("less of it under its name: got %+v", got)
	}
	if altered := w.Altered(); !slices.Equal(altered, []string{"batch b-1"}) {
		t.Errorf("altered: %v", altered)
	}
	if got := send(batch("b-1", message("m-1", ""), message("m-2", ""))); got.status != 201 {
		t.Errorf("the same: got %+v", got)
	}
	again := send(batch("b-1", message("m-1", ""), message("m-2", "")))
	if again.status != 425 || again.codes[0] != "CM_RETRY_TOO_EARLY" || again.header.Get("Retry-After") != "300" {
		t.Errorf("while it is worked on: got %+v", again)
	}
	w.mu.Lock()
	w.at = w.at.Add(time.Minute)
	w.mu.Unlock()
	if got := send(batch("b-1", message("m-1", ""), message("m-2", ""))); got.status != 422 || len(w.box.Items()) != 2 {
		t.Errorf("after that: got %+v, and %d arrived", got, len(w.box.Items()))
	}
}

func TestAMuteServiceCanBeAsked(t *testing.T) {
	w := build(t, func(n *notify.Notify) { n.Mute, n.CallbackURL = true, "http://127.0.0.1:1/" })
	got := w.do(t, "POST", messages, single(sms, message("m-1", "")))
	w.Wait()
	id, _ := got.body["data"].(object)["id"].(string)
	later := w.do(t, "GET", messages+"/"+id, "").body["data"].(object)["attributes"].(object)
	if len(w.Callbacks()) != 0 || later["messageStatus"] != "delivered" || later["metadata"] == nil {
		t.Errorf("%d callbacks, and it says %v", len(w.Callbacks()), later)
	}
}

func TestTheQuotaIsPerSecond(t *testing.T) {
	w := build(t, func(n *notify.Notify) { n.Rate = 2 })
	send := func(i int) answer { return w.do(t, "POST", messages, single(sms, message(fmt.Sprint(i), ""))) }
	send(1)
	send(2)
	if got := send(3); got.status != 429 || got.codes[0] != "CM_QUOTA" || got.header.Get("Retry-After") != "1" {
		t.Errorf("got %+v", got)
	}
	w.mu.Lock()
	w.at = w.at.Add(time.Second)
	w.mu.Unlock()
	if got := send(3); got.status != 201 {
		t.Errorf("got %+v", got)
	}
}

func TestFailuresCanBeAskedForOverTheWire(t *testing.T) {
	w := build(t, nil)
	n := 0
	send := func() answer { n++; return w.do(t, "POST", messages, single(sms, message(fmt.Sprint(n), ""))) }
	for kind, want := range map[string]int{"408": 408, "425": 425, "429": 429, "500": 500, "502": 502, "503": 503,
		"504": 504, "cut": 0, "malformed": 201} {
		if got := w.do(t, "POST", "/sim/fail", `{"kind": "`+kind+`", "after": 1}`); got.status != 204 {
			t.Fatalf("%s: got %d", kind, got.status)
		}
		before := len(w.box.Items())
		if got := send(); got.status != 201 || len(got.body) == 0 {
			t.Errorf("%s: the first got %+v", kind, got)
		}
		got := send()
		if got.status != want || (want == 425 || want == 429 || want == 503) != (got.header.Get("Retry-After") != "") ||
			kind == "malformed" && got.body != nil {
			t.Errorf("%s: got %+v", kind, got)
		}
		taken := 1
		if slices.Contains([]string{"502", "504", "cut", "malformed"}, kind) {
			taken = 2
		}
		if arrived := len(w.box.Items()) - before; arrived != taken {
			t.Errorf("%s: %d arrived, want %d", kind, arrived, taken)
		}
	}
	for _, body := range []string{`{`, `{"kind": "flood"}`, `{"kind": "500", "times": -1}`,
		`{"kind": "slow", "seconds": 601}`, `{"kind": "500", "who": "me"}`} {
		if got := w.do(t, "POST", "/sim/fail", body); got.status != 400 {
			t.Errorf("%s: got %d", body, got.status)
		}
	}
	w.do(t, "POST", "/sim/fail", `{"kind": "500", "times": 9}`)
	w.do(t, "DELETE", "/sim/fail", "")
	if got := send(); got.status != 201 {
		t.Errorf("after it was mended: got %d", got.status)
	}
	if got := w.do(t, "GET", "/sim/fail", ""); got.status != 405 {
		t.Errorf("got %d", got.status)
	}
	if got := w.do(t, "GET", "/elsewhere", ""); got.status != 404 {
		t.Errorf("got %d", got.status)
	}
}

func TestWhatIsMissingOrTooLongFailsLater(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		contact func(string) (string, string)
	}{
		"no text":        {strings.Replace(single(sms, message("m", "")), "sms_body", "body", 1), nil},
		"a long text":    {strings.Replace(single(sms, message("m", "")), "Hello", strings.Repeat("a", 919), 1), nil},
		"no number":      {single(sms, message("m", "")), func(string) (string, string) { return "", "ada@example.org" }},
		"a dead number":  {single(sms, message("m", "")), func(string) (string, string) { return "07700900991", "" }},
		"a wrong number": {single(sms, message("m", "")), func(string) (string, string) { return "07700900990", "" }},
	} {
		w := build(t, func(n *notify.Notify) {
			if c.contact != nil {
				n.Contact = c.contact
			}
		})
		got := w.do(t, "POST", messages, c.body)
		if got.status != 201 || len(w.box.Items()) != 0 {
			t.Fatalf("%s: got %+v", name, got)
		}
		id, _ := got.body["data"].(object)["id"].(string)
		later := w.do(t, "GET", messages+"/"+id, "").body["data"].(object)["attributes"].(object)
		if len(id) != 27 || later["messageStatus"] != "failed" || later["messageFailureReasonCode"] == nil {
			t.Errorf("%s: got %v", name, later)
		}
	}
}

func TestCallbacksAreSignedAndMadeAgain(t *testing.T) {
	var mu sync.Mutex
	var kinds []string
	keys := map[string]bool{}
	calls := 0
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("app-1.secret"))
		mac.Write(body)
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("x-api-key") != "secret" ||
			r.Header.Get("x-hmac-sha256-signature") != hex.EncodeToString(mac.Sum(nil)) ||
			r.Header.Get("Content-Type") != vendor {
			t.Errorf("the headers are %v", r.Header)
		}
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var got struct {
			Data []struct {
				Type       string
				Attributes object
				Meta       struct{ IdempotencyKey string }
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		for _, d := range got.Data {
			kinds = append(kinds,
				fmt.Sprint(d.Type, " ", d.Attributes["channelStatus"], " ", d.Attributes["supplierStatus"], " ",
					d.Attributes["messageStatus"]))
			keys[d.Meta.IdempotencyKey] = true
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer back.Close()
	w := build(t, func(n *notify.Notify) {
		n.CallbackURL, n.CallbackKey, n.CallbackSecret = back.URL, "app-1", "secret"
		n.Contact = func(string) (string, string) { return "07700900989", "" } // is read
	})
	w.do(t, "POST", messages, single(sms, message("m", "")))
	w.Wait()
	want := "ChannelStatus delivered delivered <nil>; ChannelStatus delivered read <nil>; " +
		"MessageStatus <nil> <nil> delivered"
	if got := strings.Join(kinds, "; "); got != want || len(keys) != 3 {
		t.Errorf("got %s, with %d keys", got, len(keys))
	}
	if made := w.Callbacks(); len(made) != 2 || made[0].Status != 503 || made[1].Status != 202 {
		t.Errorf("made %+v", made)
	}
	back.Close()
	w.do(t, "POST", messages, single(sms, message("m-2", "")))
	w.Wait()
	if made := w.Callbacks(); len(made) != 5 || made[4].Status != 0 {
		t.Errorf("%d were made", len(made))
	}
}
