package pds_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/pds"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/sim"
	"frontdesk/test/wait"
)

var passing = []string{sim.FailTimeout, sim.FailLimited, sim.FailError, sim.FailUnavailable, sim.FailSlow, sim.FailCut,
	sim.FailMalformed}

// brisk is a world that does not wait long for an answer.
func brisk(t *testing.T) *world {
	return build(t, func(o *options) { o.settings.Timeout = 250 * time.Millisecond })
}

func TestTransientFailureIsRetriedWithTheSameRequestID(t *testing.T) {
	for _, kind := range passing {
		t.Run(kind, func(t *testing.T) {
			w := brisk(t)
			w.Fail(sim.Failure{Kind: kind, Times: 2})
			p, err := w.read(t, vaughan)
			if err != nil || p.NHSNumber != vaughan {
				t.Fatalf("got %+v, %v", p, err)
			}
			seen := w.people()
			if len(seen) != 3 {
				t.Fatalf("%d requests, want 3", len(seen))
			}
			for _, s := range seen {
				if s.RequestID != seen[0].RequestID || s.CorrelationID != seen[0].CorrelationID ||
					!uuid4.MatchString(s.RequestID) || s.ODS != "Z99001" {
					t.Errorf("got %+v, then %+v", seen[0], s)
				}
			}
			if w.asked != 3 {
				t.Errorf("the limiter was asked %d times, want 3", w.asked)
			}
			if len(w.slept) != 2 {
				t.Errorf("waited %v", w.slept)
			}
		})
	}
	t.Run("the next request has another id", func(t *testing.T) {
		w := build(t, nil)
		for range 2 {
			if _, err := w.read(t, vaughan); err != nil {
				t.Fatal(err)
			}
		}
		if seen := w.people(); seen[0].RequestID == seen[1].RequestID ||
			seen[0].CorrelationID == seen[1].CorrelationID {
			t.Errorf("got %+v", seen)
		}
	})
}

func TestLastingFailureIsTriedThreeTimes(t *testing.T) {
	for _, kind := range passing {
		t.Run(kind, func(t *testing.T) {
			w := brisk(t)
			w.Fail(sim.Failure{Kind: kind, Times: 10})
			p, err := w.read(t, vaughan)
			if !errors.Is(err, demographics.ErrDown) || p.NHSNumber != "" || fault.Of(err).RetryAfter <= 0 {
				t.Errorf("got %+v, %v, after %v", p, err, fault.Of(err).RetryAfter)
			}
			if n := len(w.people()); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
	t.Run("no answer comes", func(t *testing.T) {
		w := build(t, func(o *options) { o.settings.BaseURL, o.open = "http://127.0.0.1:1", true })
		if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) || w.asked != 3 {
			t.Errorf("got %v after %d tries", err, w.asked)
		}
	})
}

func TestWaitsBetweenTriesGrowAndVary(t *testing.T) {
	w := build(t, func(o *options) { o.Backoff = time.Second; o.Rest = time.Nanosecond })
	var first, second []time.Duration
	for range 30 {
		w.Fail(sim.Failure{Kind: sim.FailError, Times: 3})
		_, _ = w.read(t, vaughan)
		if len(w.slept) != 2 {
			t.Fatalf("waited %v", w.slept)
		}
		first, second, w.slept = append(first, w.slept[0]), append(second, w.slept[1]), nil
	}
	if most := slices.Max(first); most > time.Second || most < 500*time.Millisecond {
		t.Errorf("the first waits are at most %v", most)
	}
	if most := slices.Max(second); most > 2*time.Second || most < time.Second {
		t.Errorf("the second waits are at most %v", most)
	}
	if slices.Min(first) > 500*time.Millisecond {
		t.Errorf("the first waits are at least %v", slices.Min(first))
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Run("when it fits", func(t *testing.T) {
		w := build(t, nil)
		w.Fail(sim.Failure{Kind: sim.FailLimited, Wait: 3 * time.Second})
		if _, err := w.read(t, vaughan); err != nil || !slices.Equal(w.slept, []time.Duration{3 * time.Second}) {
			t.Errorf("got %v after waiting %v", err, w.slept)
		}
	})
	t.Run("and told to the caller when it does not", func(t *testing.T) {
		w := build(t, nil)
		w.Fail(sim.Failure{Kind: sim.FailUnavailable, Wait: 90 * time.Second})
		_, err := w.read(t, vaughan)
		if !errors.Is(err, demographics.ErrDown) || fault.Of(err).RetryAfter != 90*time.Second || len(w.slept) != 0 ||
			len(w.people()) != 1 {
			t.Errorf("got %v, after %v", err, fault.Of(err).RetryAfter)
		}
	})
	for _, c := range []struct {
		name, value string
		want        time.Duration
	}{
		{"a date", "Mon, 16 Mar 2026 09:32:00 GMT", 2 * time.Minute},
		{"a date that is past", "Mon, 16 Mar 2026 09:00:00 GMT", demographics.ErrDown.RetryAfter},
		{"a very long time", "4000000000", time.Hour},
		{"a number too large for a clock", "99999999999999999999", demographics.ErrDown.RetryAfter},
		{"nonsense", "soon", demographics.ErrDown.RetryAfter},
		{"a negative number", "-5", demographics.ErrDown.RetryAfter},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := answering(t, &stub{status: http.StatusTooManyRequests,
				header: map[string]string{"Retry-After": c.value}})
			if _, err := w.read(t, vaughan); fault.Of(err).RetryAfter != c.want {
				t.Errorf("got %v", fault.Of(err).RetryAfter)
			}
		})
	}
}

func TestRefusalIsNotRetried(t *testing.T) {
	outcome := func(code string) string {
		return `{"resourceType": "OperationOutcome", "issue": [{"details": {"coding": [{"code": "` + code + `"}]}}]}`
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"a wrong header", 400, outcome("INVALID_VALUE"), demographics.ErrRefused},
		{"a number it does not like", 400, outcome("INVALID_RESOURCE_ID"), demographics.ErrNotTraced},
		{"no token allowed", 401, outcome("ACCESS_DENIED"), demographics.ErrRefused},
		{"no permission", 403, outcome("ACCESS_DENIED"), demographics.ErrRefused},
		{"an unknown number", 404, outcome("RESOURCE_NOT_FOUND"), demographics.ErrNotTraced},
		{"a withdrawn number", 404, outcome("INVALIDATED_RESOURCE"), demographics.ErrNumberInvalid},
		{"a wrong address", 404, "<html>404 page not found</html>", demographics.ErrRefused},
		{"a wrong method", 405, "", demographics.ErrRefused},
		{"a conflict", 409, outcome("RESOURCE_VERSION_MISMATCH"), demographics.ErrRefused},
		{"a redirect", 302, "", demographics.ErrRefused},
		{"nothing", 204, "", demographics.ErrDown},
		{"not built", 501, "", demographics.ErrDown},
		{"a record that is not to be used", 200, `{"resourceType": "Patient", "id": "9991000003", "meta": ` +
			`{"security": [{"code": "REDACTED"}]}}`, demographics.ErrNumberInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stub{status: c.status, body: c.body, header: map[string]string{"Location": "/elsewhere"}}
			w := answering(t, s)
			if p, err := w.read(t, vaughan); !errors.Is(err, c.want) || p.NHSNumber != "" {
				t.Errorf("got %+v, %v", p, err)
			}
			if s.count != 1 {
				t.Errorf("%d requests, want 1", s.count)
			}
		})
	}
}

func TestUnreadableAnswerIsRetried(t *testing.T) {
	for name, body := range map[string]string{
		"another resource": `{"resourceType": "Practitioner", "id": "9991000003"}`,
		"a wrong number":   `{"resourceType": "Patient", "id": "9991000004"}`,
		"no number":        `{"resourceType": "Patient"}`,
		"a wrong shape":    `{"resourceType": "Patient", "id": "9991000003", "name": "Idris"}`,
		"nothing":          ``,
		"a page":           `<html>Sign in to this network</html>`,
	} {
		t.Run(name, func(t *testing.T) {
			s := &stub{status: 200, body: body}
			if p, err := answering(t, s).read(t, vaughan); !errors.Is(err, demographics.ErrDown) || p.NHSNumber != "" ||
				s.count != 3 {
				t.Errorf("got %+v, %v, after %d requests", p, err, s.count)
			}
		})
	}
	t.Run("a long answer is not taken", func(t *testing.T) {
		s := &stub{status: 200, body: `{"resourceType": "Patient", "id": "9991000003", "x": "` + strings.Repeat("x",
			1<<20) + `"}`}
		if p, err := answering(t, s).read(t, vaughan); !errors.Is(err, demographics.ErrDown) || p.NHSNumber != "" {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Run("an endless answer is not read to its end", func(t *testing.T) {
		var written atomic.Int64
		w := build(t, func(o *options) {
			o.open = true
			o.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for chunk := make([]byte, 64<<10); written.Load() < 256<<20; {
					n, err := w.Write(chunk)
					if written.Add(int64(n)); err != nil {
						return
					}
				}
			})
		})
		if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) {
			t.Errorf("got %v", err)
		}
		if n := written.Load(); n > 64<<20 { // much of it is in the buffers on the way
			t.Errorf("%d bytes were sent", n)
		}
	})
}

func TestSearchMayFindSeveralPeopleOrNone(t *testing.T) {
	hit := func(id string) string { return `{"resource": {"resourceType": "Patient", "id": "` + id + `"}}` }
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"two entries", 200, `{"resourceType": "Bundle", "entry": [` + hit("9991000003") + `,` + hit("9991000054") +
			`]}`, demographics.ErrSeveralTraced},
		{"one entry of several", 200, `{"resourceType": "Bundle", "total": 2, "entry": [` + hit("9991000003") + `]}`,
			demographics.ErrSeveralTraced},
		{"no entry", 200, `{"resourceType": "Bundle", "total": 0}`, demographics.ErrNotTraced},
		{"an entry about something else", 200, `{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": ` +
			`"OperationOutcome"}}]}`, demographics.ErrNotTraced},
		{"a hit that is no number", 200, `{"resourceType": "Bundle", "entry": [` + hit("../9991000003") + `]}`,
			demographics.ErrDown},
		{"another outcome", 200, `{"resourceType": "OperationOutcome"}`, demographics.ErrDown},
		{"a person", 200, `{"resourceType": "Patient", "id": "9991000003"}`, demographics.ErrDown},
		{"a name it cannot look for", 400, `{"resourceType": "OperationOutcome", "issue": [{"details": {"coding": ` +
			`[{"code": "INVALID_SEARCH_DATA"}]}}]}`, demographics.ErrNotTraced},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := answering(t, &stub{status: c.status, body: c.body})
			p, err := w.client.Trace(t.Context(), group, demographics.Trace{LastName: "Vaughan",
				BirthDate: input.DayOf(1962, 5, 17)})
			if !errors.Is(err, c.want) || p.NHSNumber != "" {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestCallEndsByItsDeadline(t *testing.T) {
	var asked atomic.Int64
	w := build(t, func(o *options) {
		o.open, o.settings.Deadline, o.settings.Timeout = true, 150*time.Millisecond, time.Hour
		o.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			<-r.Context().Done() // the client has gone
		})
	})
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestLimiterMayEndCall(t *testing.T) {
	var refuse error
	w := build(t, func(o *options) { o.Wait = func(context.Context) error { return refuse } })
	refuse = fault.New(fault.Limited, "rate_limited", "").After(17 * time.Second)
	for range 20 {
		if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) ||
			fault.Of(err).RetryAfter != 17*time.Second {
			t.Fatalf("got %v, after %v", err, fault.Of(err).RetryAfter)
		}
	}
	refuse = errors.New("the database is away")
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) ||
		fault.Of(err).RetryAfter != demographics.ErrDown.RetryAfter {
		t.Fatalf("got %v", err)
	}
	if n := len(w.people()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	refuse = nil
	if _, err := w.read(t, vaughan); err != nil {
		t.Errorf("our own limit was taken for an outage: %v", err)
	}
}

func TestWithoutALimiterTheClientKeepsItsOwnPace(t *testing.T) {
	w := build(t, func(o *options) { o.Wait, o.settings.PerSecond = nil, 1e-6 })
	if _, err := w.read(t, vaughan); err != nil {
		t.Fatal(err)
	}
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) {
		t.Errorf("the next turn is days away: got %v", err)
	}
}

func TestBreakerOpensAndCloses(t *testing.T) {
	w := build(t, func(o *options) { o.Rest = 200 * time.Millisecond })
	fails := func(n int) {
		t.Helper()
		for range n {
			if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrDown) {
				t.Fatalf("got %v", err)
			}
		}
	}
	w.Fail(sim.Failure{Kind: sim.FailError, Times: 12})
	fails(4)
	if _, err := w.read(t, "9991000062"); !errors.Is(err, demographics.ErrNumberInvalid) {
		t.Fatalf("four failed calls opened it: %v", err)
	}
	w.Fail(sim.Failure{Kind: sim.FailError, Times: 18})
	fails(5)
	before := len(w.people())
	_, err := w.read(t, vaughan)
	if !errors.Is(err, demographics.ErrDown) || fault.Of(err).RetryAfter < time.Second || len(w.people()) != before {
		t.Fatalf("it is not open: %v, %d requests", err, len(w.people())-before)
	}
	if !strings.Contains(w.log.String(), "to=open") {
		t.Error("that it opened is not in the log")
	}
	wait.Until(t, "the breaker, which has a clock of its own, to let one call through", func() bool {
		fails(1) // the call let through fails, and it is open again
		return len(w.people()) > before
	})
	if n := len(w.people()) - before; n != 3 {
		t.Fatalf("%d requests, want the three of one call", n)
	}
	fails(1)
	if n := len(w.people()) - before; n != 3 {
		t.Fatalf("it is not open again")
	}
	heals(t, w)
	for range 2 {
		if _, err := w.read(t, vaughan); err != nil {
			t.Fatalf("it has not healed: %v", err)
		}
	}
}

func TestCancelledCallerIsNoOutage(t *testing.T) {
	w := build(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := w.client.Read(ctx, group, vaughan); !errors.Is(err, demographics.ErrDown) ||
			!errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := w.read(t, vaughan); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestCancelledTrialCallDoesNotKeepTheBreakerOpen is about the
// one call that may find out whether the service is back.
func TestCancelledTrialCallDoesNotKeepTheBreakerOpen(t *testing.T) {
	w := build(t, func(o *options) { o.Rest = 100 * time.Millisecond })
	w.Fail(sim.Failure{Kind: sim.FailError, Times: 15})
	for range 5 {
		_, _ = w.read(t, vaughan)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wait.Until(t, "the breaker, which has a clock of its own, to let one call through", func() bool {
		_, err := w.client.Read(ctx, group, vaughan)
		return errors.Is(err, context.Canceled)
	})
	heals(t, w)
}

// heals waits until a call is let through again and succeeds.
func heals(t *testing.T, w *world) {
	t.Helper()
	wait.Until(t, "the breaker, which has a clock of its own, to heal", func() bool {
		_, err := w.read(t, vaughan)
		return err == nil
	})
}

// TestLogsAndErrorsDoNotNameThePatient makes everything go wrong and looks at what was logged and returned.
func TestLogsAndErrorsDoNotNameThePatient(t *testing.T) {
	secret := []string{"9991000003", "999 100 0003", "Vaughan", "Idris", "ZZ1", "07700900301", "7700900301", "Patient/",
		"family="}
	person := `{"resourceType": "Patient", "id": 9991000003, "name": [{"family": "Vaughan"}]}`
	broken := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = conn.Write([]byte(text))
			conn.Close()
		})
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	worlds := map[string]*world{
		"a wrong type": answering(t, &stub{status: 200, body: person}),
		"a telling code": answering(t, &stub{status: 403, body: `{"resourceType": "OperationOutcome", "issue": ` +
			`[{"details": {"coding": [{"code": "Vaughan 9991000003"}]}}]}`}),
		"a telling text": answering(t, &stub{status: 400, body: `{"resourceType": "OperationOutcome", "issue": ` +
			`[{"diagnostics": "Vaughan 9991000003"}]}`}),
		"a redirect": answering(t, &stub{status: 302, header: map[string]string{"Location": "/Patient/9991000003"}}),
		"not HTTP":   build(t, func(o *options) { o.open, o.handler = true, broken("Vaughan 9991000003\r\n\r\n") }),
		"a cut answer": build(t, func(o *options) {
			o.open, o.handler = true, broken("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nVaughan")
		}),
		"a broken header": build(t, func(o *options) {
			o.open, o.handler = true,
				broken("HTTP/1.1 200 OK\r\nVaughan 9991000003\r\n\r\n")
		}),
		"no server there": build(t, func(o *options) { o.open, o.settings.BaseURL = true, closed.URL }),
		"no such host":    build(t, func(o *options) { o.open, o.settings.BaseURL = true, "https://unreachable.invalid/" }),
	}
	for _, kind := range passing {
		w := brisk(t)
		w.Fail(sim.Failure{Kind: kind, Times: 99})
		w.Fail(sim.Failure{Kind: kind, Times: 99, Token: true})
		worlds[kind] = w
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			_, read := w.read(t, vaughan)
			_, trace := w.client.Trace(t.Context(), group, demographics.Trace{FirstName: "Idris", LastName: "Vaughan",
				BirthDate: input.DayOf(1962, 5, 17), Postcode: "ZZ1 4VN"})
			if read == nil || trace == nil {
				t.Fatalf("got %v, %v", read, trace)
			}
			told := read.Error() + "\n" + trace.Error() + "\n" + w.log.String()
			for _, s := range secret {
				if strings.Contains(told, s) {
					t.Errorf("%q is told:\n%s", s, told)
				}
			}
		})
	}
}

func TestRetryLogHasRequestIDAndStatus(t *testing.T) {
	w := build(t, nil)
	w.Fail(sim.Failure{Kind: sim.FailUnavailable})
	if _, err := w.read(t, vaughan); err != nil {
		t.Fatal(err)
	}
	id := w.people()[0].RequestID
	for _, want := range []string{"request_id=" + id, "practice_group_id=7", "asked=read",
		"status 503 SERVICE_UNAVAILABLE", "try=1"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("%q is missing from %s", want, w.log)
		}
	}
	w = build(t, nil)
	w.Fail(sim.Failure{Kind: sim.FailUnavailable, Times: 3})
	_, err := w.read(t, vaughan)
	if id := w.people()[0].RequestID; err == nil || !strings.Contains(err.Error(),
		"status 503 SERVICE_UNAVAILABLE, request "+id) {
		t.Errorf("got %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var asked int
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	s := &stub{status: 307, header: map[string]string{"Location": elsewhere.URL}}
	w := build(t, func(o *options) { o.open, o.handler, o.HTTP = true, s, &http.Client{} })
	if _, err := w.read(t, vaughan); !errors.Is(err, demographics.ErrRefused) || asked != 0 {
		t.Errorf("got %v, %d requests elsewhere", err, asked)
	}
}

var _ demographics.PDS = (*pds.Client)(nil)
