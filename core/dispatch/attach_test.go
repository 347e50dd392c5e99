package dispatch_test

import (
	"errors"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	taskstore "frontdesk/store/task"
)

func ptr[T any](v T) *T { return &v }

func TestAMessageBelongsToATaskAndIsForAMemberOfStaff(t *testing.T) {
	withDesk(t, func(d *kit) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				d.Fatal(err)
			}
		}
		d.post = []carrier.Carrier{&post{name: "one", got: map[string]int{}}}
		tasks := &task.Service{Store: taskstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		groups := &practice.Service{Store: practicestore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		people := &patient.Service{Store: patientstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		// One of each in this practice and in another.
		here := d.ctx
		make1 := func() (practice.PractitionerID, task.Task) {
			khan, err := groups.CreatePractitioner(d.ctx,
				practice.PractitionerChange{FirstName: ptr("Amir"), LastName: ptr("Khan")})
			must(err)
			ring, err := tasks.Create(d.ctx, task.Change{Subject: ptr("Ring"), Assignee: new(assignee.ToStaff(khan.ID))})
			must(err)
			return khan.ID, ring
		}
		khan, ring := make1()
		done, err := tasks.Create(d.ctx, task.Change{Subject: ptr("Done"), Assignee: new(assignee.ToStaff(khan))})
		must(err)
		_, err = tasks.Delete(d.ctx, done.ID)
		must(err)
		g, err := groups.CreateGroup(d.ctx, practice.Group{Name: "Elsewhere"})
		must(err)
		d.ctx = access.With(d.ctx, access.Operator(g.ID))
		theirKhan, theirRing := make1()
		d.ctx = here
		ada, err := patienttest.Register(d.ctx, people,
			patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Mobile: ptr("07700900123")})
		must(err)

		for name, c := range map[string]struct {
			with messaging.Request
			want error
		}{
			"a task":                  {messaging.Request{TaskID: int64(ring.ID)}, nil},
			"a member of staff":       {messaging.Request{Assignee: assignee.ToStaff(khan)}, nil},
			"both":                    {messaging.Request{TaskID: int64(ring.ID), Assignee: assignee.ToStaff(khan)}, nil},
			"no such task":            {messaging.Request{TaskID: 7}, messaging.ErrNoTask},
			"a task that is no id":    {messaging.Request{TaskID: -1}, messaging.ErrNoTask},
			"a deleted task":          {messaging.Request{TaskID: int64(done.ID)}, messaging.ErrNoTask},
			"another practice's task": {messaging.Request{TaskID: int64(theirRing.ID)}, messaging.ErrNoTask},
			"no such team":            {messaging.Request{Assignee: assignee.ToTeam[int64](7)}, assignee.ErrNotFound},
			"no member of staff's id": {messaging.Request{Assignee: assignee.Ref{Kind: assignee.Admin}},
				assignee.ErrNotFound},
			"another practice's staff": {messaging.Request{Assignee: assignee.ToStaff(theirKhan)}, assignee.ErrNotFound},
			"a link where there are none": {messaging.Request{TaskID: int64(ring.ID),
				Carries: enclosure.Want{Link: 7}}, messaging.ErrNoLink},
		} {
			r := c.with
			r.Patient, r.Channel, r.Text = ada, carrier.SMS, "Hello"
			taken, err := d.s.Send(d.ctx, r)
			if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				d.Errorf("%s: %v", name, err)
			}
			if err != nil {
				continue
			}
			if m := d.state(taken.ID); m.TaskID != r.TaskID || m.Assignee != r.Assignee {
				d.Errorf("%s: kept %d and %v", name, m.TaskID, m.Assignee)
			}
		}
		kept, n, err := d.s.Messages(d.ctx, messaging.Search{Query: messaging.Query{Limit: 50}})
		if must(err); n != 3 || len(kept) != 3 {
			d.Errorf("%d messages are kept", n)
		}
	})
}
