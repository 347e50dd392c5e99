package reply_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/dispatch"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/reply"
	"frontdesk/core/task"
	"frontdesk/core/team"
	"frontdesk/store"
	dispatchstore "frontdesk/store/dispatch"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	replystore "frontdesk/store/reply"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
	teamstore "frontdesk/store/team"
)

// post is a carrier that takes everything.
type post struct{}

func (post) Name() string     { return "a" }
func (post) Idempotent() bool { return true }
func (post) Together() int    { return 8 }

func (post) Send(_ context.Context, m carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{ProviderID: "p" + m.Key, Code: "ok"}, nil
}

func (p post) SendAll(ctx context.Context, all []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(all))
	for i, m := range all {
		out[i].Accepted, out[i].Err = p.Send(ctx, m)
	}
	return out
}

// kit is one practice group that gets replies, and Ada, whom messages are to.
type kit struct {
	*testing.T
	db     *store.DB
	group  practice.ID
	ctx    context.Context
	ada    patient.ID
	people *patient.Service
	s      *reply.Service
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	now := func() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	j := &kit{T: t, db: db, group: g.ID, ctx: access.With(context.Background(), access.Operator(g.ID))}
	pages := func() string { return "https://desk.example.org" }
	messages := &messaging.Service{
		Store: messagingstore.New(db), Now: now, NewID: db.NewID, Pages: pages,
		Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
			return []carrier.Carrier{post{}}, nil
		},
		Records: &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: db.NewID,
			Pages: pages},
	}
	j.s = &reply.Service{Store: replystore.New(db),
		Dispatch: &dispatch.Service{Store: dispatchstore.New(db), Messages: messages, Now: now, NewID: db.NewID,
			Timeout: time.Second}, Now: now, NewID: db.NewID}
	j.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	j.ada = j.person("Ada", "07700 900001", "ada@example.org")
	t.Cleanup(func() {
		all, err := db.Events(j.ctx, int64(j.group), 0, 1000)
		if err != nil {
			t.Error(err)
		}
		apitest.Events(t, all)
	})
	return j
}

// eachCase runs a test for each case, in a practice group of its own.
func eachCase[C any](t *testing.T, cases []C, name func(C) string, test func(j *kit, c C)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, c := range cases {
			t.Run(name(c), func(t *testing.T) { test(newKit(t, db), c) })
		}
	})
}

func (j *kit) person(name, mobile, email string) patient.ID {
	j.Helper()
	id, err := patienttest.Register(j.ctx, j.people,
		patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1990, 1, 1)),
			Mobile: &mobile,
			Email:  &email})
	if err != nil {
		j.Fatal(err)
	}
	return id
}

// answer sends a reply in from a number, and gives it as it is kept.
func (j *kit) answer(id, from, text string) reply.Reply {
	j.Helper()
	if err := j.s.Receive(j.ctx, j.group, "a",
		carrier.Report{Replies: []carrier.Reply{{ID: id, Channel: carrier.SMS, From: from, Text: text}}}); err != nil {
		j.Fatal(err)
	}
	found, _, err := j.s.List(j.ctx, nil, 0, 50)
	if err != nil || len(found) == 0 || found[0].ProviderID != id {
		j.Fatalf("kept %+v, %v", found, err)
	}
	return found[0]
}

// text sends a text message to a patient.
func (j *kit) text(to patient.ID, contact string) messaging.ID {
	j.Helper()
	taken, err := j.s.Dispatch.Messages.Send(j.ctx,
		messaging.Request{Patient: to, Channel: carrier.SMS, Text: "Hello", Contact: contact})
	if err != nil {
		j.Fatal(err)
	}
	return taken.ID
}

func TestAReplyIsTheirsWhoAloneHasTheNumber(t *testing.T) {
	one := []struct{ name string }{{"one"}}
	eachCase(t, one, func(c struct{ name string }) string { return c.name }, func(j *kit, _ struct{ name string }) {
		first := j.text(j.ada, "")
		if r := j.answer("1", "+447700900001", "Thank you"); r.Patient != j.ada || r.Message != first ||
			len(r.Possible) != 0 || !r.Open {
			j.Errorf("got %+v", r)
		}
		// A number she had no message at yet, and one no patient has.
		bob := j.person("Bob", "07700 900005", "bob@example.org")
		if r := j.answer("2", "07700 900005", "Hello?"); r.Patient != bob || r.Message != 0 {
			j.Errorf("got %+v", r)
		}
		if r := j.answer("3", "07700 900006", "Hello?"); r.Patient != 0 || r.Message != 0 || len(r.Possible) != 0 ||
			!r.Open {
			j.Errorf("got %+v", r)
		}
	})
}

// sharing are ways in which two patients come to have one number.
var sharing = []struct {
	name  string
	share func(j *kit) patient.ID
}{
	{"both have it as their mobile", func(j *kit) patient.ID {
		return j.person("Byron", "07700 900001", "byron@example.org")
	}},
	{"one was written to there because a request said so", func(j *kit) patient.ID {
		bob := j.person("Bob", "07700 900005", "bob@example.org")
		j.text(bob, "07700 900001")
		j.text(j.ada, "")
		return bob
	}},
	{"one had it when it was last written to", func(j *kit) patient.ID {
		bob := j.person("Bob", "07700 900001", "bob@example.org")
		j.text(bob, "")
		value := "07700 900005"
		if _, err := j.people.SetContactPoint(j.ctx, bob, contactpoint.Mobile,
			patient.PointChange{Value: &value}); err != nil {
			j.Fatal(err)
		}
		return bob
	}},
}

type shared = struct {
	name  string
	share func(j *kit) patient.ID
}

func TestAReplyFromASharedNumberHasNoPatientUntilStaffNameOne(t *testing.T) {
	eachCase(t, sharing, func(c shared) string { return c.name }, func(j *kit, c shared) {
		j.text(j.ada, "")
		other := c.share(j)
		r := j.answer("1", "+447700900001", "Can I come earlier?")
		both := []patient.ID{j.ada, other}
		slices.Sort(both)
		if r.Patient != 0 || r.Message != 0 || !slices.Equal(r.Possible, both) || !r.Open {
			j.Fatalf("got %+v, may be from %v", r, both)
		}
		told, err := j.db.Events(j.ctx, int64(j.group), 0, 1000)
		if err != nil {
			j.Fatal(err)
		}
		var data struct {
			Reply    string   `json:"reply_id"`
			Patient  string   `json:"patient_id"`
			Possible []string `json:"possible_patient_ids"`
		}
		last := told[len(told)-1]
		if err := json.Unmarshal(last.Data, &data); err != nil || last.Type != "message.replied" ||
			data.Reply != r.ID.String() || data.Patient != "" || len(data.Possible) != 2 {
			j.Fatalf("told %s %s, %v", last.Type, last.Data, err)
		}
		// STOP holds for the number, whichever patient sent it.
		if r := j.answer("2", "+447700900001", "STOP"); r.Open || r.Meaning != reply.Stop || len(r.Possible) != 2 {
			j.Fatalf("got %+v", r)
		}
		taken, err := j.s.Dispatch.Messages.Send(j.ctx,
			messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Purpose: messaging.Other})
		if err != nil || taken.State != messaging.Suppressed {
			j.Fatal(taken.State, err)
		}
		open := true
		if found, n, err := j.s.List(j.ctx, &open, 0, 10); err != nil || n != 1 || found[0].ID != r.ID {
			j.Fatalf("open are %+v, %d, %v", found, n, err)
		}
		shut := false
		if r, err = j.s.Change(j.ctx, r.ID, reply.Change{Patient: &other, Open: &shut}); err != nil ||
			r.Patient != other ||
			r.Open || r.HandledBy == "" {
			j.Fatalf("got %+v, %v", r, err)
		}
		if _, n, err := j.s.List(j.ctx, &open, 0, 10); err != nil || n != 0 {
			j.Fatal(n, err)
		}
	})
}

func TestAReplyThatNamesItsMessageIsThatPatients(t *testing.T) {
	eachCase(t, sharing[:1], func(c shared) string { return c.name }, func(j *kit, c shared) {
		id := j.text(j.ada, "")
		other := c.share(j)
		j.text(other, "")
		told := carrier.Report{Replies: []carrier.Reply{{ID: "1", Channel: carrier.SMS, From: "+447700900001",
			Text: "Yes",
			Key:  messaging.Message{ID: id, Leg: 1}.Key(j.group)}}}
		if err := j.s.Receive(j.ctx, j.group, "a", told); err != nil {
			j.Fatal(err)
		}
		found, _, err := j.s.List(j.ctx, nil, 0, 10)
		if err != nil || len(found) != 1 || found[0].Patient != j.ada || found[0].Message != id ||
			len(found[0].Possible) != 0 {
			j.Fatalf("got %+v, %v", found, err)
		}
	})
}

// TestAReplyGivesATaskToWhomItsMessageWasSentFor replies to messages sent for a team, for one that is archived since,
// and for no one.
func TestAReplyGivesATaskToWhomItsMessageWasSentFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		j := newKit(t, db)
		now := j.s.Now
		teams := &team.Service{Store: teamstore.New(db), Now: now, NewID: db.NewID}
		tasks := &task.Service{Store: taskstore.New(db), Now: now, NewID: db.NewID}
		all := func() []task.Task {
			found, _, err := tasks.Tasks(j.ctx, task.Query{})
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		desk, err := teams.Create(j.ctx, team.Change{Name: new("Reception")})
		if err != nil {
			t.Fatal(err)
		}
		sent := func(to assignee.Ref) messaging.ID {
			taken, err := j.s.Dispatch.Messages.Send(j.ctx,
				messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Assignee: to})
			if err != nil {
				t.Fatal(err)
			}
			return taken.ID
		}
		j.text(j.ada, "")
		j.answer("0", "+447700900001", "For no one")
		if n := len(all()); n != 0 {
			t.Fatalf("%d tasks", n)
		}
		first := sent(assignee.ToTeam(desk.ID))
		j.answer("1", "+447700900001", "STOP")
		if n := len(all()); n != 0 {
			t.Fatalf("STOP gave %d tasks", n)
		}
		j.answer("2", "+447700900001", "START")
		j.answer("3", "+447700900001", "I feel worse")
		j.answer("4", "+447700900001", "Much worse")
		found := all()
		if len(found) != 1 || found[0].Assignee != assignee.ToTeam(desk.ID) || found[0].Patient != j.ada ||
			found[0].Comments != "Replies to message "+first.String()+" wait for staff." {
			t.Fatalf("got %+v", found)
		}
		if _, err := tasks.Update(j.ctx, found[0].ID, task.Change{Status: new(task.Closed)}); err != nil {
			t.Fatal(err)
		}
		j.answer("5", "+447700900001", "And again")
		if n := len(all()); n != 2 {
			t.Fatalf("%d tasks", n)
		}
		if _, err := tasks.Delete(j.ctx, all()[1].ID); err != nil {
			t.Fatal(err)
		}
		sent(assignee.ToTeam(desk.ID))
		if _, err := teams.Archive(j.ctx, desk.ID); err != nil {
			t.Fatal(err)
		}
		j.answer("6", "+447700900001", "Hello?")
		found = all()
		if last := found[len(found)-1]; len(found) != 2 || !last.Assignee.IsZero() || last.Status != task.Open {
			t.Fatalf("got %+v", found)
		}
	})
}

func TestCANCELAndYESAreForStaffAndDoNotOptOut(t *testing.T) {
	type word struct {
		text    string
		meaning reply.Meaning
		open    bool
		out     bool // after it, when it was not out before; START begins with out
	}
	words := []word{
		{"CANCEL", reply.Cancel, true, false}, {"Yes", reply.Yes, true, false}, {"I feel worse", reply.Nothing, true,
			false},
		{"STOP ALL", reply.Stop, false, true}, {"opt-out \U0001F64F", reply.Stop, false, true},
		{"\u200bUNSUBSCRIBE\ufe0f", reply.Stop, false, true},
		{"START", reply.Start, false, false},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, c := range words {
			t.Run(c.text, func(t *testing.T) {
				j := newKit(t, db)
				if c.meaning == reply.Start {
					j.answer("stop", "+447700900001", "STOP")
				}
				r := j.answer("1", "+447700900001", c.text)
				if r.Meaning != c.meaning || r.Open != c.open {
					j.Errorf("got %+v", r)
				}
				taken, err := j.s.Dispatch.Messages.Send(j.ctx,
					messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Purpose: messaging.Other})
				if err != nil || (taken.State == messaging.Suppressed) != c.out {
					j.Fatal(taken.State, err)
				}
			})
		}
		// YES does not take a STOP back.
		j := newKit(t, db)
		j.answer("stop", "+447700900001", "STOP")
		j.answer("1", "+447700900001", "YES")
		taken, err := j.s.Dispatch.Messages.Send(j.ctx,
			messaging.Request{Patient: j.ada, Channel: carrier.SMS, Text: "Hello", Purpose: messaging.Other})
		if err != nil || taken.State != messaging.Suppressed {
			t.Fatal(taken.State, err)
		}
	})
}
