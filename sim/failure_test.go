package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/sim"
)

func TestItFailsAsAsked(t *testing.T) {
	w := open(t)
	for _, c := range []struct {
		failure sim.Failure
		status  int
		code    string
		after   string
	}{
		{sim.Failure{Kind: sim.FailTimeout}, 408, "UNABLE_TO_CALL_SERVICE", ""},
		{sim.Failure{Kind: sim.FailLimited, Wait: 1500 * time.Millisecond}, 429, "TOO_MANY_REQUESTS", "2"},
		{sim.Failure{Kind: sim.FailError}, 500, "SERVER_ERROR", ""},
		{sim.Failure{Kind: sim.FailUnavailable}, 503, "SERVICE_UNAVAILABLE", "1"},
	} {
		w.Fail(c.failure)
		r := w.get("/9000000009")
		w.expect(r, c.status, c.code)
		if r.header.Get("Retry-After") != c.after || r.header.Get("X-Request-ID") != requestID {
			t.Errorf("%s came with %v", c.failure.Kind, r.header)
		}
		w.expect(w.get("/9000000009"), 200, "")
	}
}

func TestItFailsAsOftenAndForWhomItIsAsked(t *testing.T) {
	w := open(t)
	statuses := func(path string, times int) (out []int) {
		for range times {
			out = append(out, w.get(path).status)
		}
		return out
	}
	w.Fail(sim.Failure{Kind: "500", Times: 2, After: 1})
	if got := statuses("/9000000009", 4); !slices.Equal(got, []int{200, 500, 500, 200}) {
		t.Errorf("twice after one: %v", got)
	}
	w.Fail(sim.Failure{Kind: "500"})
	w.Fail(sim.Failure{Kind: "503"})
	if got := statuses("/9000000009", 3); !slices.Equal(got, []int{500, 503, 200}) {
		t.Errorf("one after the other: %v", got)
	}
	w.Fail(sim.Failure{Kind: "503", Times: 9, NHSNumber: "9990000018"})
	w.expect(w.get("/9990000026"), 200, "")
	w.expect(w.search("family=Byron&birthdate=1985-12-10"), 200, "")
	w.expect(w.get("/9990000018"), 503, "SERVICE_UNAVAILABLE")
	w.Mend()
	w.expect(w.get("/9990000018"), 200, "")

	w.Fail(sim.Failure{Kind: "500"})
	good := w.bearer
	w.bearer = "bad"
	w.expect(w.get("/9990000018"), 401, "ACCESS_DENIED") // who is refused anyway uses up no failure
	w.bearer = good
	w.expect(w.get("/9990000018"), 500, "SERVER_ERROR")
}

func TestTheTokenEndpointFailsOnItsOwn(t *testing.T) {
	w := open(t)
	w.Fail(sim.Failure{Kind: "503", Token: true})
	w.expect(w.get("/9000000009"), 200, "")
	assertion := sign(w.head(), w.claims(), ownKey)
	r := w.ask(form(assertion))
	refused(t, r, 503, "server_error", "Service Unavailable")
	if r.header.Get("Content-Type") != "application/json" || r.header.Get("Retry-After") != "1" {
		t.Errorf("it came with %v", r.header)
	}
	if r := w.ask(form(assertion)); r.status != 200 {
		t.Errorf("what failed was used up: %v", r.body)
	}
	w.Fail(sim.Failure{Kind: sim.FailMalformed, Token: true})
	if _, err := w.do(http.MethodPost, "/oauth2/token", strings.NewReader("x"), nil); err == nil {
		t.Error("it was JSON")
	}
}

func TestAnswersComeBrokenAsAsked(t *testing.T) {
	w := open(t)
	w.Fail(sim.Failure{Kind: sim.FailCut})
	if _, err := w.do(http.MethodGet, base+"/9000000009", nil, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	w.Fail(sim.Failure{Kind: sim.FailMalformed})
	r, err := w.do(http.MethodGet, base+"/9000000009", nil, nil)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || r.status != 200 {
		t.Errorf("malformed: %d %v", r.status, err)
	}
	w.expect(w.get("/9000000009"), 200, "")
}

func TestAnAnswerComesLateAsAsked(t *testing.T) {
	w := open(t)
	w.Fail(sim.Failure{Kind: sim.FailSlow, Wait: 30 * time.Millisecond})
	began := time.Now()
	w.expect(w.get("/9000000009"), 200, "")
	if late := time.Since(began); late < 30*time.Millisecond {
		t.Errorf("it took %s", late)
	}

	// A client that does not wait is not waited for: the server could not close else.
	w.Fail(sim.Failure{Kind: sim.FailSlow, Wait: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+base+"/9000000009", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Request-ID", requestID)
	r.Header.Set("Authorization", "Bearer "+w.bearer)
	if res, err := http.DefaultClient.Do(r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", res, err)
	}
}

func TestAFailureCanBeAskedForOverTheSocket(t *testing.T) {
	w := open(t)
	ask := func(method, body string) int {
		r, err := w.do(method, "/sim/fail", bytes.NewBufferString(body),
			map[string]string{"Authorization": "", "X-Request-ID": ""})
		if err != nil {
			t.Fatal(err)
		}
		return r.status
	}
	seen := len(w.Requests())
	if got := ask("POST", `{"kind":"503","times":2,"after":1,"nhs_number":"9990000018","seconds":2.5}`); got != 204 {
		t.Fatalf("got %d", got)
	}
	if len(w.Requests()) != seen {
		t.Error("asking counts as a request")
	}
	w.expect(w.get("/9990000018"), 200, "")
	r := w.get("/9990000018")
	w.expect(r, 503, "SERVICE_UNAVAILABLE")
	if r.header.Get("Retry-After") != "3" {
		t.Errorf("Retry-After is %s", r.header.Get("Retry-After"))
	}
	if got := ask("DELETE", ""); got != 204 {
		t.Fatalf("got %d", got)
	}
	w.expect(w.get("/9990000018"), 200, "")
	if got := ask("POST", `{"kind":"500","token":true}`); got != 204 {
		t.Fatalf("got %d", got)
	}
	refused(t, w.ask(form(sign(w.head(), w.claims(), ownKey))), 500, "server_error", "")
	for _, wrong := range []string{"", "{}", `{"kind":"404"}`, `{"kind":"500","often":1}`, `{"kind":"500","times":-1}`,
		`{"kind":"slow","seconds":601}`} {
		if got := ask("POST", wrong); got != 400 {
			t.Errorf("%s: got %d", wrong, got)
		}
	}
	if got := ask("GET", ""); got != 405 {
		t.Errorf("got %d", got)
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	w := open(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if r, err := w.do(http.MethodGet, base+"?family=Byron&birthdate=1985-12-10", nil, nil); err != nil ||
					r.status != 200 {
					t.Errorf("got %v, %v", r, err)
				}
				w.Change("9990000018", func(who *sim.Resident) { who.Contacts[0].Value += "1" })
				w.Fail(sim.Failure{Kind: "500", NHSNumber: "9990000026"})
				w.move(time.Second)
				w.Requests()
			}
		})
	}
	all.Wait()
}
