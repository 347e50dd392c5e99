package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/dispatch"
	"frontdesk/core/messaging"
	dispatchstore "frontdesk/store/dispatch"
)

// counter is a provider that takes several messages in one request, and the same
// request once. It notes what goes out, and can be asked.
type counter struct {
	*post
	down    bool                // nothing is answered
	taken   bool                // though it was taken
	busy    time.Duration       // it takes nothing for so long
	got     map[string][]string // keys, by request
	came    []string            // requests in the order they came
	status  func(providerID string) (carrier.Receipt, error)
	asked   int
	perhaps bool // a request that is not answered may not be sent again
}

func newCounter() *counter {
	return &counter{post: &post{name: "counter", got: map[string]int{}}, got: map[string][]string{}}
}

func (c *counter) Recorded() {}

func (c *counter) Status(_ context.Context, providerID string) (carrier.Receipt, error) {
	c.asked++
	return c.status(providerID)
}

func (c *counter) Send(ctx context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	r := c.SendAll(ctx, []carrier.Outgoing{m})[0]
	return r.Accepted, r.Err
}

func (c *counter) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, keys := make([]carrier.Result, len(all)), []string{}
	for _, m := range all {
		keys = append(keys, m.Key)
		if m.Request != all[0].Request {
			panic("two requests in one")
		}
	}
	slices.Sort(keys)
	request := all[0].Request
	if request == "" {
		request = "request " + keys[0]
	}
	err := all[0].Recording().Start(ctx, request, keys...)
	c.came = append(c.came, fmt.Sprint(request, " ", len(keys)))
	switch before, had := c.got[request]; {
	case err != nil:
	case c.busy > 0:
		err = &carrier.Busy{After: c.busy, Code: "busy"}
	case had && !slices.Equal(before, keys):
		panic("another request by the same name")
	case !c.down || c.taken:
		c.got[request] = keys
	}
	if err == nil && c.down {
		err = &carrier.Unanswered{Request: request, Code: "503"}
		if c.perhaps {
			err = errors.New("lost")
		}
	}
	for i, m := range all {
		if out[i].Err = err; err == nil {
			out[i].Accepted = carrier.Accepted{ProviderID: "p" + m.Key, Code: "created"}
		}
		m.Recording().End(m.Key, out[i])
	}
	return out
}

func (d *kit) states(ids []messaging.ID) string {
	d.Helper()
	count := map[messaging.State]int{}
	for _, id := range ids {
		count[d.state(id).State]++
	}
	return strings.Trim(fmt.Sprint(count), "map[]")
}

// later moves the clock and hands over what is due by then.
func (d *kit) later(by time.Duration, channels ...carrier.Channel) {
	d.Helper()
	d.clock = d.clock.Add(by)
	for _, channel := range channels {
		d.dispatch(channel)
	}
}

func TestTheSameRequestIsSentAgainUntilItIsAnswered(t *testing.T) {
	for _, taken := range []bool{false, true} {
		t.Run(fmt.Sprintf("it was taken %v", taken), func(t *testing.T) {
			withDesk(t, func(d *kit) {
				c := newCounter()
				c.down, c.taken = true, taken
				d.post = []carrier.Carrier{c}
				ids := d.messages(5, nil)
				d.dispatch(carrier.SMS)
				if got := d.states(ids); got != "queued:5" {
					d.Fatalf("after an outage: %s", got)
				}
				first := c.came[0]
				more := d.messages(2, nil) // they do not join
				for range 12 {
					d.later(10*time.Minute, carrier.SMS)
				}
				c.down = false
				d.later(time.Second, carrier.SMS)
				if n := len(slices.DeleteFunc(slices.Clone(c.came), func(r string) bool { return r != first })); n < 8 {
					d.Errorf("the first request came %d times: %v", n, c.came)
				}
				if got := d.states(ids); got != "unknown:5" { // it was too late in the end
					d.Errorf("after two hours: %s", got)
				}
				_ = more
				ids = d.messages(3, nil)
				c.down = true
				d.dispatch(carrier.SMS)
				c.down = false
				d.later(10*time.Minute, carrier.SMS)
				if got := d.states(ids); got != "sent:3" {
					d.Errorf("after a short outage: %s", got)
				}
			})
		})
	}
}

func TestWhatIsNotAnsweredInTimeGoesByItsOtherWay(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *counter)
	}{
		{"it may have been taken", func(c *counter) { c.down = true }},
		{"it takes nothing", func(c *counter) { c.busy = 20 * time.Minute }},
	} {
		t.Run(c.name, func(t *testing.T) {
			withDesk(t, func(d *kit) {
				first := newCounter()
				c.set(first)
				second := &post{name: "mail", got: map[string]int{}}
				byMail := 0
				second.answer = func(m carrier.Outgoing) error {
					if m.Channel == carrier.Email {
						byMail++
						return nil
					}
					return &carrier.Busy{After: time.Hour}
				}
				d.post = []carrier.Carrier{first}
				ids := d.messages(3, func(r *messaging.Request) { r.Fallback = carrier.Email })
				for range 11 {
					d.later(10*time.Minute, carrier.SMS)
				}
				if byMail != 0 {
					d.Fatal("the first way was given up too early")
				}
				d.later(10*time.Minute-30*time.Second, carrier.SMS)
				d.post = []carrier.Carrier{second}
				d.later(time.Second, carrier.Email)
				if got := d.states(ids); got != "sent:3" || byMail != 3 {
					d.Errorf("got %s, and %d e-mails: %+v", got, byMail, d.state(ids[0]))
				}
			})
		})
	}
}

func TestAReceiptOfOneOfARequestAppliesToAll(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := newCounter()
		c.down, c.taken = true, true
		d.post = []carrier.Carrier{c}
		ids := d.messages(40, nil)
		d.dispatch(carrier.SMS)
		// On PostgreSQL two transactions may share out what is due.
		requests := len(c.came)
		var report carrier.Report
		for _, keys := range c.got {
			report.Receipts = append(report.Receipts, carrier.Receipt{Key: keys[0], Progress: carrier.ProgressDelivered,
				At: d.clock})
		}
		if err := d.d.Receive(d.ctx, d.group, "counter", report); err != nil {
			d.Fatal(err)
		}
		want := fmt.Sprintf("delivered:%d sent:%d", requests, len(ids)-requests)
		if got := d.states(ids); got != want || requests == len(ids) {
			d.Errorf("got %s, not %s", got, want)
		}
		d.later(time.Hour, carrier.SMS)
		if len(c.came) != requests {
			d.Errorf("it was sent again: %v", c.came)
		}
	})
}

func TestWhatACarrierMayHaveIsNotCalledBack(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := newCounter()
		c.down = true
		d.post = []carrier.Carrier{c}
		ids := d.messages(2, nil)
		d.dispatch(carrier.SMS)
		if _, err := d.s.Cancel(d.ctx, ids[0]); !errors.Is(err, messaging.ErrNotWaiting) {
			d.Errorf("got %v", err)
		}
	})
}

func TestAnotherCarrierDoesNotTakeWhatOneMayHave(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := newCounter()
		c.down = true
		other := &post{name: "other", got: map[string]int{}}
		d.post = []carrier.Carrier{c, other}
		ids := d.messages(2, nil)
		d.dispatch(carrier.SMS)
		c.busy = time.Minute
		d.later(time.Minute, carrier.SMS)
		if len(other.got) != 0 || d.states(ids) != "queued:2" {
			d.Fatalf("the other took %v: %s", other.got, d.states(ids))
		}
		c.busy, c.down = 0, false
		d.later(10*time.Minute, carrier.SMS)
		if got := d.states(ids); got != "sent:2" {
			d.Fatalf("got %s", got)
		}
		c.down = true
		ids = d.messages(2, nil)
		d.dispatch(carrier.SMS)
		d.post = []carrier.Carrier{other} // the practice has changed its carrier
		d.later(10*time.Minute, carrier.SMS)
		if got := d.states(ids); len(other.got) != 0 || got != "unknown:2" {
			d.Errorf("the other took %v: %s", other.got, got)
		}
	})
}

// TestOnlyWhatWasOnTheWireIsInDoubt leaves behind what a server does that is killed as it hands over.
func TestOnlyWhatWasOnTheWireIsInDoubt(t *testing.T) {
	for _, c := range []struct {
		name    string
		request string
		epoch   int64 // added to the journal's
		want    string
		later   string
	}{
		{"a carrier that knows no keys", "", 0, "failed:1 queued:3 sent:1 unknown:1", "failed:1 sent:4 unknown:1"},
		{"one that knows requests", "r", 0, "failed:1 queued:4 sent:1", "failed:1 sent:5"},
		{"notes that may be lost", "", 1, "unknown:6", "unknown:6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			withDesk(t, func(d *kit) {
				by := newCounter()
				d.post, d.d.Journal = []carrier.Carrier{by}, dispatchstore.NewJournal(d.db)
				ids := d.messages(6, nil)
				epoch := d.d.Journal.Epoch(d.ctx)
				if epoch == 0 {
					d.Fatal("there is no journal")
				}
				err := dispatchstore.New(d.db).Do(d.ctx, func(tx dispatch.Tx) error {
					_, err := tx.Claim(d.ctx, dispatch.Claim{
						Group: d.group, Channel: carrier.SMS, Carrier: "counter", Now: d.clock, Lease: 7, Until: d.clock.Add(time.Minute),
						Limit: 8, Journal: epoch + c.epoch,
					})
					return err
				})
				if err != nil {
					d.Fatal(err)
				}
				key := func(i int) string { return `"` + keyOf(d, ids[i], 1) + `"` }
				for _, note := range []string{
					`{"s": [{"r": "x", "k": [` + key(0) + `, ` + key(1) + `]}]}`,
					`{"e": [{"k": ` + key(0) + `, "p": "p1", "c": "ok"}, {"k": ` + key(1) +
						`, "o": "refused", "c": "no", "w": "No."}]}`,
					`{"s": [{"r": "` + c.request + `", "k": [` + key(2) + `]}, {"k": [` + key(3) + `]}], "e": []}`,
					`{"e": [{"k": ` + key(3) + `, "o": "busy", "c": "later", "a": 60000000000}]}`,
				} {
					if err := d.d.Journal.Note(d.ctx, d.group, 7, []byte(note)); err != nil {
						d.Fatal(err)
					}
				}
				d.clock = d.clock.Add(2 * time.Minute)
				if err := d.d.Recover(d.ctx, d.group); err != nil {
					d.Fatal(err)
				}
				if got := d.states(ids); got != c.want {
					d.Errorf("got %s, want %s", got, c.want)
				}
				d.dispatch(carrier.SMS)
				if got := d.states(ids); got != c.later {
					d.Errorf("after that %s, want %s", got, c.later)
				}
				if notes, err := d.d.Journal.Notes(d.ctx, d.group, 7); err != nil || c.epoch == 0 && len(notes) > 0 {
					d.Errorf("%d notes are left, %v", len(notes), err)
				}
			})
		})
	}
}

func TestNotesAreThrownAwayWithWhatIsWrittenDown(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := newCounter()
		d.post, d.d.Journal = []carrier.Carrier{c}, dispatchstore.NewJournal(d.db)
		var mu sync.Mutex
		var leases []int64 // several groups are taken side by side
		c.answer = nil
		ids := d.messages(20, nil)
		d.d.NewID = func() int64 {
			mu.Lock()
			defer mu.Unlock()
			leases = append(leases, d.db.NewID())
			return leases[len(leases)-1]
		}
		d.dispatch(carrier.SMS)
		if got := d.states(ids); got != "sent:20" || len(c.came) < 3 {
			d.Fatalf("got %s in %v", got, c.came)
		}
		for _, lease := range leases {
			if notes, err := d.d.Journal.Notes(d.ctx, d.group, lease); err != nil || len(notes) > 0 {
				d.Errorf("%d notes are left, %v", len(notes), err)
			}
		}
	})
}

func TestMessagesWithoutReceiptsAreAskedAboutAfterTwoHours(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := newCounter()
		d.post = []carrier.Carrier{c}
		ids := d.messages(4, nil)
		d.dispatch(carrier.SMS)
		told := carrier.Report{Receipts: []carrier.Receipt{{Key: keyOf(d, ids[0], 1), Progress: carrier.ProgressDelivered,
			At: d.clock}}}
		if err := d.d.Receive(d.ctx, d.group, "counter", told); err != nil {
			d.Fatal(err)
		}
		answer := map[string]carrier.Receipt{
			"p" + keyOf(d, ids[1], 1): {Progress: carrier.ProgressDelivered},
			"p" + keyOf(d, ids[2], 1): {Progress: carrier.ProgressFailed, Code: "X", Reason: "No."},
		}
		c.status = func(id string) (carrier.Receipt, error) { return answer[id], nil }
		recover := func(after time.Duration) {
			d.Helper()
			d.clock = d.clock.Add(after)
			if err := d.d.Recover(d.ctx, d.group); err != nil {
				d.Fatal(err)
			}
		}
		recover(2*time.Hour - time.Second)
		if c.asked != 0 {
			d.Errorf("asked %d times before", c.asked)
		}
		recover(time.Second)
		if got := d.states(ids); got != "delivered:2 failed:1 sent:1" || c.asked != 3 {
			d.Errorf("got %s after %d questions", got, c.asked)
		}
		recover(time.Minute)
		if c.asked != 3 {
			d.Errorf("asked again at once")
		}
		for range 96 { // it is asked again, less and less often, and then no more
			recover(time.Hour)
		}
		if most := c.asked; most < 5 || most > 10 {
			d.Errorf("asked %d times", most)
		}
		before := c.asked
		recover(1000 * time.Hour)
		if c.asked != before {
			d.Errorf("asked after it was over")
		}
	})
}
