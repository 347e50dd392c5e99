package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/connect/notify"
	"frontdesk/core/carrier"
	"frontdesk/sim/inbox"
	sim "frontdesk/sim/notify"
)

func TestManyMessagesGoInOneRequest(t *testing.T) {
	w := build(t, nil)
	if n := w.carrier.Together(); n != 500 {
		t.Errorf("%d together", n)
	}
	results := w.carrier.SendAll(t.Context(), some(500))
	ids := map[string]string{}
	for _, i := range w.box.Items() {
		ids[i.Key] = i.ProviderID
	}
	for i, r := range results {
		if key := fmt.Sprintf("leg-%05d", i); r.Err != nil || r.Accepted.Code != "created" ||
			r.Accepted.ProviderID != ids[key] || ids[key] == "" {
			t.Fatalf("%s: got %+v", key, r)
		}
	}
	if seen := w.requests(batches); len(seen) != 1 || seen[0].Messages != 500 {
		t.Errorf("requests: %+v", seen)
	}
	told := w.told()
	if len(told) != 500 {
		t.Errorf("%d were told about", len(told))
	}
}

func TestABatchIsCutByItsBytes(t *testing.T) {
	w := build(t, nil)
	var all []carrier.Outgoing
	for i := range 120 {
		m := mail(fmt.Sprintf("leg-%03d", i))
		m.Text = strings.Repeat("é", 50_000) // 100,000 bytes
		all = append(all, m)
	}
	for i, r := range w.carrier.SendAll(t.Context(), all) {
		if r.Err != nil {
			t.Fatalf("%d: %v", i, r.Err)
		}
	}
	seen := w.requests(batches)
	if len(seen) != 3 || seen[0].Messages+seen[1].Messages+seen[2].Messages != 120 {
		t.Fatalf("requests: %+v", seen)
	}
	for _, s := range seen {
		if s.Bytes > 5_000_000 || s.Status != http.StatusCreated {
			t.Errorf("request: %+v", s)
		}
	}
	if n := len(w.box.Items()); n != 120 {
		t.Errorf("%d arrived", n)
	}
}

func TestABatchIsCutByItsCount(t *testing.T) {
	w := build(t, func(o *options) { o.settings.ODSCode = "" })
	w.CallbackURL = ""
	all := make([]carrier.Outgoing, 45_001)
	for i := range all {
		all[i] = carrier.Outgoing{Key: fmt.Sprint(i), Channel: carrier.NHSApp, NHSNumber: patient, Text: "x"}
	}
	for i, r := range w.carrier.SendAll(t.Context(), all) {
		if r.Err != nil {
			t.Fatalf("%d: %v", i, r.Err)
		}
	}
	if seen := w.requests(batches); len(seen) != 1 || seen[0].Messages != 45_000 {
		t.Errorf("batches: %+v", seen)
	}
	if seen := w.requests(messages); len(seen) < 1 || seen[0].Messages != 1 { // what is alone goes singly
		t.Errorf("messages: %+v", seen)
	}
	if _, n := w.box.Counts(); n != 45_001 {
		t.Errorf("%d arrived", n)
	}
}

func TestAServiceThatTakesLessGetsLess(t *testing.T) {
	w := build(t, func(o *options) { o.change = func(n *sim.Notify) { n.MaxBytes = 2000 } })
	for _, r := range w.carrier.SendAll(t.Context(), some(20)) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if _, n := w.box.Counts(); n != 20 {
		t.Errorf("%d arrived", n)
	}
}

func TestOneWrongMessageDoesNotStopTheOthers(t *testing.T) {
	w := build(t, nil)
	all := some(300)
	wrong := map[int]bool{0: true, 17: true, 299: true}
	for i := 100; i < 220; i++ { // more than the errors of one answer
		wrong[i] = true
	}
	for i := range wrong {
		all[i].NHSNumber = "9991000004"
	}
	all[5].NHSNumber = ""
	check := func(code string) {
		t.Helper()
		for i, r := range w.carrier.SendAll(t.Context(), all) {
			want := "accepted"
			switch {
			case i == 5:
				want = "refused no_nhs_number"
			case wrong[i]:
				want = "refused CM_INVALID_NHS_NUMBER"
			}
			if got := outcome(r.Err); got != want || r.Err == nil && r.Accepted.Code != code {
				t.Fatalf("%d: got %s %+v, want %s", i, got, r.Accepted, want)
			}
		}
	}
	check("created")
	seen := w.requests(batches)
	if len(seen) != 3 || seen[0].Reference == seen[2].Reference {
		t.Errorf("requests: %+v", seen)
	}
	check("duplicate") // the whole of it once more, as after a crash
	if _, n := w.box.Counts(); n != 300-123-1 {
		t.Errorf("%d arrived", n)
	}
}

func TestEachChannelHasItsOwnBatch(t *testing.T) {
	w := build(t, nil)
	results := w.carrier.SendAll(t.Context(), []carrier.Outgoing{
		text("a", "1"), mail("b"), inApp("c"), text("d", "2"), mail("e"), inApp("f"),
		{Key: "g", Channel: carrier.Hero, NHSNumber: patient, Text: "x"},
	})
	for i, r := range results[:6] {
		if r.Err != nil {
			t.Errorf("%d: %v", i, r.Err)
		}
	}
	if outcome(results[6].Err) != "refused wrong_channel" || len(w.requests(batches)) != 3 {
		t.Errorf("got %v, %+v", results[6], w.requests(batches))
	}
}

func TestTheSameKeyTwiceInABatchIsSentOnce(t *testing.T) {
	w := build(t, nil)
	results := w.carrier.SendAll(t.Context(),
		[]carrier.Outgoing{text("a", "1"), text("b", "2"), text("a", "1"), text("c", "3")})
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("%d: %v", i, r.Err)
		}
	}
	if results[0].Accepted != results[2].Accepted || len(w.box.Items()) != 3 {
		t.Errorf("got %+v", results)
	}
}

func TestAMessageThatIsAloneHasItsOwnKey(t *testing.T) {
	w := build(t, nil)
	if got := w.carrier.SendAll(t.Context(), some(1)); got[0].Err != nil || got[0].Accepted.ProviderID == "" {
		t.Fatalf("got %+v", got)
	}
	if got, err := w.carrier.Send(t.Context(), some(1)[0]); err != nil || got.Code != "duplicate" ||
		len(w.requests(batches)) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := w.carrier.SendAll(t.Context(), nil); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatEverybodyWouldGetIsNotAskedForAgain(t *testing.T) {
	w := build(t, func(o *options) { o.change = func(n *sim.Notify) { n.Banned = true } })
	all := append(some(3), mail("m-1"), mail("m-2"), inApp("a-1"), inApp("a-2"))
	for _, r := range w.carrier.SendAll(t.Context(), all) {
		if outcome(r.Err) != "busy CM_SERVICE_BAN" {
			t.Errorf("got %v", r.Err)
		}
	}
	if n := len(w.requests(batches)); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestABatchThatIsNotUnderstoodIsRefusedWithItsReason(t *testing.T) {
	for _, body := range []string{
		problem("CM_INVALID_VALUE", "/"), problem("CM_INVALID_VALUE", "/data/attributes/messages/7/x"),
		problem("CM_INVALID_VALUE", "/data/attributes/messages/-1"), problem("CM_INVALID_VALUE", "/data/attributes/messages"),
	} {
		s := &stub{status: 400, body: body}
		w := build(t, func(o *options) { o.handler = s })
		for _, r := range w.carrier.SendAll(t.Context(), some(3)) {
			if outcome(r.Err) != "refused CM_INVALID_VALUE" {
				t.Errorf("got %v", r.Err)
			}
		}
		if s.count != 1 || !strings.Contains(w.log.String(), "level=ERROR") {
			t.Errorf("%d requests", s.count)
		}
	}
}

// TestABatchIsSentAgainUnchanged has a batch fail in every way in which it may have
// been taken, and hands it over again as the Unanswered says.
func TestABatchIsSentAgainUnchanged(t *testing.T) {
	for _, kind := range []string{sim.FailError, sim.FailUnavailable, sim.FailTimeout, sim.FailGateway, sim.FailLate,
		sim.FailCut, sim.FailMalformed} {
		t.Run(kind, func(t *testing.T) {
			w := build(t, func(o *options) { o.Rest = time.Nanosecond })
			w.Fail(sim.Failure{Kind: kind, Times: 4})
			all := append(some(7), mail("m-1"), mail("m-2"))
			var again []carrier.Outgoing
			for i, r := range w.carrier.SendAll(t.Context(), all) {
				if u, ok := errors.AsType[*carrier.Unanswered](r.Err); ok {
					m := all[i]
					m.Request = u.Request
					again = append(again, m)
				} else if r.Err != nil {
					t.Errorf("got %v", r.Err)
				}
			}
			if len(again) < 2 || again[0].Request == "" {
				t.Fatalf("%d to be handed over again: %+v", len(again), again)
			}
			slices.Reverse(again)
			for _, r := range w.carrier.SendAll(t.Context(), again) {
				if r.Err != nil {
					t.Errorf("again: got %v", r.Err)
				}
			}
			if altered := w.Altered(); len(altered) > 0 || len(w.box.Items()) != 9 {
				t.Errorf("%d arrived, and what was sent again differed: %v", len(w.box.Items()), altered)
			}
		})
	}
}

func TestOneOfABatchIsNotSentAgainByItself(t *testing.T) {
	w := build(t, nil)
	w.Fail(sim.Failure{Kind: sim.FailUnavailable, Times: 4})
	all := some(2)
	u, ok := errors.AsType[*carrier.Unanswered](w.carrier.SendAll(t.Context(), all)[0].Err)
	if !ok {
		t.Fatal("it was answered")
	}
	all[0].Request = u.Request
	w.clock.move(time.Minute)
	_, err := w.carrier.Send(t.Context(), all[0])
	if n := len(w.requests(messages)); n != 0 || outcome(err) != "refused CM_INVALID_VALUE" ||
		!slices.Equal(w.Altered(), []string{"batch " + u.Request}) {
		t.Errorf("got %v after %d single requests", err, n)
	}
}

func TestTheBreakerGuardsSingleMessagesAndBatchesAlike(t *testing.T) {
	shared := notify.NewBreaker(time.Hour, slog.New(slog.DiscardHandler))
	w := build(t, func(o *options) { o.Breaker = shared })
	w.Fail(sim.Failure{Kind: sim.FailUnavailable, Times: 99})
	for range 2 {
		w.carrier.SendAll(t.Context(), some(3))
	}
	if n := len(w.requests(batches)); n != 5 {
		t.Fatalf("%d requests before it is left alone, want 5", n)
	}
	other := build(t, func(o *options) { o.Breaker, o.handler = shared, w.Notify }) // of the same account
	for name, c := range map[string]*notify.Carrier{"the same": w.carrier, "another practice": other.carrier} {
		_, err := c.Send(t.Context(), text("leg-1", "Hello"))
		_, asked := c.Status(t.Context(), "2WL3qFTEFM0qMY8xjRbt1LIKCzM")
		all := c.SendAll(t.Context(), some(3))
		for _, err := range []error{err, asked, all[0].Err} {
			if outcome(err) != "busy resting" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	if n := len(w.requests(messages)) + len(w.requests(batches)); n != 5 {
		t.Errorf("%d requests, want 5", n)
	}
}

// noted is a Recorder that remembers.
type noted struct {
	mu     sync.Mutex
	starts []string
	ends   map[string]int
	err    error
}

func (n *noted) Start(_ context.Context, request string, keys ...string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.starts = append(n.starts, fmt.Sprint(request, " ", len(keys)))
	return n.err
}

func (n *noted) End(key string, _ carrier.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ends[key]++
}

func (n *noted) Flush(context.Context) {}

func TestWhatGoesOutIsNotedBefore(t *testing.T) {
	w, n := build(t, nil), &noted{ends: map[string]int{}}
	all := append(some(3), mail("m-1"))
	for i := range all {
		all[i].Recorder = n
	}
	w.Fail(sim.Failure{Kind: sim.FailUnavailable})
	w.carrier.SendAll(t.Context(), all)
	want := []string{"m-1 1", w.requests(batches)[0].Reference + " 3"}
	slices.Sort(want)
	if slices.Sort(n.starts); !slices.Equal(n.starts, want) || len(n.ends) != 4 {
		t.Errorf("started %v, want %v, and %d ended", n.starts, want, len(n.ends))
	}
	n.err = errors.New("the database is away")
	again := text("leg-9", "Hello")
	again.Recorder = n
	before := len(w.requests(messages))
	if _, err := w.carrier.Send(t.Context(), again); outcome(err) != "busy not_noted" ||
		len(w.requests(messages)) != before {
		t.Errorf("without a note: got %v", err)
	}
}

func TestWhatHappensToThePeopleOfTheSimulator(t *testing.T) {
	for _, c := range []struct {
		script inbox.Script
		single string
		batch  string
		last   carrier.Progress
		boxed  int
	}{
		{inbox.Delivered, "accepted", "accepted", carrier.ProgressDelivered, 1},
		{inbox.Read, "accepted", "accepted", carrier.ProgressRead, 1},
		{inbox.Bounced, "accepted", "accepted", carrier.ProgressFailed, 0},
		{inbox.Silent, "accepted", "accepted", "", 1},
		{inbox.Refused, "refused CM_INVALID_VALUE", "refused CM_INVALID_VALUE", "", 0},
		{inbox.Busy, "busy CM_QUOTA", "busy CM_QUOTA", "", 0},
		{inbox.Broken, "accepted", "accepted", carrier.ProgressDelivered, 1},
		{inbox.Cut, "accepted", "accepted", carrier.ProgressDelivered, 1},
		{inbox.Duplicate, "accepted", "accepted", carrier.ProgressDelivered, 1},
	} {
		for _, m := range []carrier.Outgoing{inApp("leg-1"), mail("leg-1")} {
			t.Run(fmt.Sprintf("%s by %s", c.script, m.Channel), func(t *testing.T) {
				address := string(c.script) + "@example.org"
				if c.script == inbox.Delivered {
					address = "ada@example.org"
				}
				for _, together := range []bool{false, true} {
					w := build(t, func(o *options) {
						o.settings.SendContact = true
						o.change = func(n *sim.Notify) {
							n.AllowContact = true
							n.Scripts = map[string]inbox.Script{patient: c.script}
						}
					})
					if m.Channel == carrier.Email {
						m.To = address
					}
					var err error
					want := c.single
					if together {
						other := text("leg-2", "Hello")
						other.Channel, other.Subject, other.NHSNumber, other.To = m.Channel, "Hello", "9990548609", "bob@example.org"
						results := w.carrier.SendAll(t.Context(), []carrier.Outgoing{m, other})
						err, want = results[0].Err, c.batch
						if results[1].Err != nil && c.script != inbox.Busy {
							t.Errorf("the other: %v", results[1].Err)
						}
					} else {
						_, err = w.carrier.Send(t.Context(), m)
					}
					if got := outcome(err); got != want {
						t.Errorf("got %s (%v), want %s", got, err, want)
					}
					var last carrier.Progress
					for _, r := range w.told()["leg-1"] {
						if r.Progress != carrier.ProgressDelivered || last == "" {
							last = r.Progress
						}
						if r.Progress == carrier.ProgressFailed && (r.Code == "" || r.Reason == "") {
							t.Errorf("told %+v", r)
						}
					}
					boxed := 0
					for _, i := range w.box.Items() {
						if i.Key == "leg-1" {
							boxed++
						}
					}
					if last != c.last || boxed != c.boxed {
						t.Errorf("told %q, %d arrived; want %q, %d", last, boxed, c.last, c.boxed)
					}
				}
			})
		}
	}
}

func TestManySendAtOnce(t *testing.T) {
	w := build(t, nil)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			batch := some(50)
			for i := range batch {
				batch[i].Key = fmt.Sprintf("leg-%d-%d", n%10, i) // each batch comes from two
			}
			for _, r := range w.carrier.SendAll(t.Context(), batch) {
				if r.Err != nil {
					t.Error(r.Err)
				}
			}
			if _, err := w.carrier.Send(t.Context(), text(fmt.Sprintf("single-%d", n%10), "Hello")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, n := w.box.Counts(); n != 510 || len(w.requests("/oauth2")) != 1 {
		t.Errorf("%d arrived, with %d tokens", n, len(w.requests("/oauth2")))
	}
	if told := w.told(); len(told) != 510 {
		t.Errorf("%d were told about", len(told))
	}
}

func BenchmarkSendAll(b *testing.B) {
	w := build(b, func(o *options) { o.Log = nil })
	w.CallbackURL = ""
	total := 0
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		all := some(500)
		for i := range all {
			all[i].Key = fmt.Sprintf("leg-%d-%d", n, i)
		}
		for _, r := range w.carrier.SendAll(b.Context(), all) {
			if r.Err != nil {
				b.Fatal(r.Err)
			}
		}
		total += len(all)
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "messages/s")
}
