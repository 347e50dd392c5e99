package graph

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/courier"
	"frontdesk/core/event"
	"frontdesk/core/webhook"
	"frontdesk/graph/gql"
	webhookgraph "frontdesk/graph/webhook"
	"frontdesk/graph/wire"
	webhookstore "frontdesk/store/webhook"
	"frontdesk/test/wait"
)

// neverSent are the topics that nothing here causes yet.
var neverSent = []string{
	"prescription.deleted", "prescription.recordedInError", "prescription.eprescription.generated", "letter.shared",
	"prescription.shared", "invoice.shared", "invoice.integrations.xero.synced",
	"patientDocument.renamed",
}

// reports are the topics about subscriptions themselves, which core/webhook's own tests cause.
var reports = []string{"webhook.event.deliveryFailed", "webhook.subscription.updated"}

// postbox keeps what is posted, by the id of the event.
type postbox struct {
	mu  sync.Mutex
	got map[string]webhookgraph.Delivery
}

func (p *postbox) Post(_ context.Context, parcel courier.Parcel) courier.Answer {
	var n webhookgraph.Delivery
	if err := json.Unmarshal(parcel.Body, &n); err != nil {
		return courier.Answer{Status: 400}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got[n.EventID] = n
	return courier.Answer{Status: 204}
}

// subscriber is a practice whose one subscription gets everything.
type subscriber struct {
	*surgery
	box   *postbox
	types []event.Type
	own   string // the subscription's id
	last  int64  // the last event looked at
	steps []step
	sent  int
}

// step is a change, what is to be sent, and the events that were kept.
type step struct {
	name   string
	want   []string
	events []string
}

// row is a change. do makes it, and gives what is to be sent.
type row struct {
	name string
	do   func() []string
}

// notice writes what is sent as one text: the topic, then each identifier's name and
// value.
func notice(topic string, ids ...string) string {
	var pairs []string
	for i := 0; i < len(ids); i += 2 {
		pairs = append(pairs, ids[i]+"="+ids[i+1])
	}
	slices.Sort(pairs)
	return strings.Join(append([]string{topic}, pairs...), " ")
}

// subscribe makes a subscription to everything there is.
func (d *kit) subscribe() webhook.Webhook {
	d.t.Helper()
	in := newWebhook()
	in["eventTypes"] = gql.AllWebhookEventType
	id, _ := d.done("createWebhook", createWebhook, "in", in)["id"].(string)
	w, err := d.core.Webhook.Get(d.ctx, webhook.Semble, wire.Decoded[webhook.ID](&id))
	d.must(err)
	return w
}

func newSubscriber(d *kit) *subscriber {
	d.t.Helper()
	mine := *d
	d.join("Another")
	d.subscribe()
	d.group, d.ctx, d.token = mine.group, mine.ctx, mine.token
	e := &subscriber{surgery: d.surgery(), box: &postbox{got: map[string]webhookgraph.Delivery{}}}
	w := d.subscribe()
	e.types, e.own = w.Types, wire.Encode(wire.KindWebhook, w.ID)
	e.since()
	return e
}

// since gives the ids of the events that were kept since it was last asked, and
// that are sent.
func (e *subscriber) since() (ids []string) {
	e.t.Helper()
	all, err := e.db.Events(e.ctx, int64(e.group.ID), e.last, 1000)
	e.must(err)
	for _, x := range all {
		e.last = x.ID
		if slices.Contains(e.types, x.Type) {
			ids = append(ids, wire.Encode(wire.KindEvent, x.ID))
		}
	}
	return ids
}

func (e *subscriber) run(rows []row) {
	e.t.Helper()
	for _, r := range rows {
		e.move(time.Second)
		s := step{name: r.name, want: r.do()}
		s.events = e.since()
		e.sent += len(s.events)
		e.steps = append(e.steps, s)
	}
}

// deliver has everything delivered.
func (e *subscriber) deliver() {
	e.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := courier.New(webhookstore.New(e.db), e.core.Webhook, e.box, slog.New(slog.DiscardHandler), time.Now)
	c.SembleBody = webhookgraph.Body
	var done sync.WaitGroup
	done.Go(func() { c.Run(ctx) })
	defer done.Wait()
	defer stop()
	wait.Within(e.t, time.Minute, "all of it to be delivered", func() bool {
		due, err := webhookstore.New(e.db).DueWebhooks(ctx, e.now.Load().Add(time.Hour))
		e.must(err)
		return len(due) == 0
	})
}

// TestSubscriptionGetsEveryChangeOnceWithItsIDs makes every change there is, and looks at what a
// subscription to everything gets: of what happened, with the ids of the right
// things, once, and in no other practice.
func TestSubscriptionGetsEveryChangeOnceWithItsIDs(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		e := newSubscriber(d)
		for _, rows := range [][]row{
			e.patients(), e.phones(), e.numbers(), e.around(), e.memberships(), e.invoices(), e.payments(), e.papers(),
			e.clinic(), e.bookings(), e.appointments(),
		} {
			e.run(rows)
		}
		e.deliver()
		sent := map[string]bool{}
		for _, s := range e.steps {
			var got []string
			for _, id := range s.events {
				n := e.box.got[id]
				var ids []string
				for name, value := range n.Identifiers {
					if ids = append(ids, name, value); len(value) != wire.HexLen {
						t.Errorf("%s: %s is %q", s.name, name, value)
					}
				}
				if n.EventID != id || n.SubscriptionID != e.own {
					t.Errorf("%s: got %+v of event %s", s.name, n, id)
				}
				sent[n.EventType] = true
				got = append(got, notice(n.EventType, ids...))
			}
			slices.Sort(got)
			if slices.Sort(s.want); !slices.Equal(got, s.want) {
				t.Errorf("%s:\ngot  %s\nwant %s", s.name, strings.Join(got, "\n     "), strings.Join(s.want, "\n     "))
			}
		}
		if len(e.box.got) != e.sent {
			t.Errorf("%d events were to be sent, and %d delivered", e.sent, len(e.box.got))
		}
		for _, topic := range webhookgraph.Topics {
			if sent[topic.Name] == slices.Contains(slices.Concat(neverSent, reports), topic.Name) {
				t.Errorf("%s: sent here is %t", topic.Name, sent[topic.Name])
			}
		}
	})
}

// TestDocumentationListsTheTopicsThatNothingCauses holds the lists to each other.
func TestDocumentationListsTheTopicsThatNothingCauses(t *testing.T) {
	for _, name := range []string{"../docs/graphql.md", "../docs/decisions/contract-choices.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list, ok := strings.Cut(string(text), "never sent yet")
		list, _, _ = strings.Cut(list, "\n")
		var want strings.Builder
		for _, topic := range neverSent {
			want.WriteString("`" + topic + "`")
			if !strings.Contains(list, "`"+topic+"`") {
				t.Errorf("%s does not say that %s is never sent", name, topic)
			}
		}
		if n := strings.Count(list, "`"); !ok || n != strings.Count(want.String(), "`") {
			t.Errorf("%s names %d topics as never sent", name, n/2)
		}
	}
	text, err := os.ReadFile("../docs/graphql.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range webhookgraph.Topics {
		if !strings.Contains(string(text), "`"+topic.Name+"`") {
			t.Errorf("the documentation does not name %s", topic.Name)
		}
	}
}

// change runs a mutation of a patient.
func (e *subscriber) change(mutation string) map[string]any {
	e.t.Helper()
	return e.kit.change(mutation)
}

// made runs a mutation and gives some of its data.
func (e *subscriber) made(mutation, fields string) map[string]any {
	e.t.Helper()
	return e.done("m", `mutation { m: `+mutation+` { data { `+fields+` } error } }`)
}

// text is the text at a path.
func (e *subscriber) text(v any, path string) string {
	e.t.Helper()
	s, _ := at(e.t, v, path).(string)
	if s == "" {
		e.t.Fatalf("nothing is at %s of %v", path, v)
	}
	return s
}

// nothing is a row of a change without an event.
func nothing(name string, do func()) row {
	return row{name, func() []string { do(); return nil }}
}
