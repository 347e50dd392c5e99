package episode_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/store"
	episodestore "frontdesk/store/episode"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
)

// kit is a practice with two members of staff and two patients, beside another practice, and a clock that moves.
type kit struct {
	*episode.Service
	*testing.T
	db         *store.DB
	now        time.Time
	group      practice.ID
	ctx, other context.Context
	khan, lee  practice.PractitionerID
	ada, ben   patient.ID
	tasks      *task.Service
}

func each(t *testing.T, test func(d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &kit{T: t, db: db, now: time.Date(2031, time.January, 6, 7, 0, 0, 123456000, time.UTC)}
		clock := func() time.Time { return d.now }
		d.Service = &episode.Service{Store: episodestore.New(db), Now: clock, NewID: db.NewID}
		d.tasks = &task.Service{Store: taskstore.New(db), Now: clock, NewID: db.NewID}
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		patients := &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID}
		at := func(name string) (practice.ID, context.Context) {
			g, err := groups.CreateGroup(context.Background(), practice.Group{Name: name})
			d.must(err)
			return g.ID, as(g.ID, access.SeeTasks, access.EditTasks)
		}
		d.group, d.ctx = at("Mill Lane")
		_, d.other = at("Elsewhere")
		setup := access.With(context.Background(), access.Operator(d.group))
		for to, name := range map[*practice.PractitionerID]string{&d.khan: "Khan", &d.lee: "Lee"} {
			p, err := groups.CreatePractitioner(setup, practice.PractitionerChange{FirstName: new("A"),
				LastName: new(name)})
			d.must(err)
			*to = p.ID
		}
		for to, name := range map[*patient.ID]string{&d.ada: "Ada", &d.ben: "Ben"} {
			id, err := patienttest.Register(setup, patients,
				patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
					Email: new(name + "@example.org")})
			d.must(err)
			*to = id
		}
		test(d)
	})
}

// as is a caller in a group.
func as(group practice.ID, grants ...access.Permission) context.Context {
	return access.With(context.Background(),
		access.Caller{Group: group, Home: group, Key: 7, Actor: "Partner", RequestID: "r1", Permissions: grants})
}

func (d *kit) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *kit) want(err, target error) {
	d.Helper()
	if !errors.Is(err, target) {
		d.Fatalf("got %v, want %v", err, target)
	}
}

func (d *kit) open(of patient.ID, subject string, c episode.Change) episode.Episode {
	d.Helper()
	c.Subject = &subject
	e, err := d.Create(d.ctx, of, c)
	d.must(err)
	return e
}

func (d *kit) closed(id episode.ID) episode.Episode {
	d.Helper()
	e, err := d.Update(d.ctx, id, episode.Change{Status: new(episode.Closed), Reason: new("Seen and well")})
	d.must(err)
	return e
}

func (d *kit) find(id episode.ID) episode.Episode {
	d.Helper()
	e, err := d.Find(d.ctx, id)
	d.must(err)
	return e
}

// task makes a task of a patient.
func (d *kit) task(of patient.ID, subject string) episode.Thing {
	d.Helper()
	ctx := access.With(context.Background(), access.Operator(d.group))
	made, err := d.tasks.Create(ctx, task.Change{Subject: &subject, Patient: &of,
		Assignee: new(assignee.ToStaff(d.khan))})
	d.must(err)
	return episode.Thing{Kind: episode.Task, ID: int64(made.ID)}
}

// arrives has something come in of a patient, which says nothing but what it answers.
func (d *kit) arrives(of patient.ID, answers ...episode.Thing) (episode.ID, episode.Thing) {
	d.Helper()
	thing := d.task(of, "stands for a reply")
	var in episode.ID
	d.must(d.Store.Do(d.ctx, func(tx episode.Tx) (err error) {
		in, err = episode.Arrive(d.ctx, tx, access.System(d.group), d.now, episode.ID(d.NewID()),
			episode.Arrival{Item: episode.Item{Thing: thing, At: d.now}, Patient: of, Subject: "It came",
				Answers: answers})
		return err
	}))
	return in, thing
}

// events are the types of the events of an episode in their order.
func (d *kit) events(id episode.ID) string {
	d.Helper()
	all, err := d.db.Events(context.Background(), int64(d.group), 0, 1000)
	d.must(err)
	var out []string
	for _, e := range all {
		if e.Subject == int64(id) {
			out = append(out, string(e.Type))
			if e.Sequence != int64(len(out)) {
				d.Errorf("event %d has the number %d", len(out), e.Sequence)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestStaffOpenChangeAndCloseAnEpisode(t *testing.T) {
	each(t, func(d *kit) {
		khan, lee := assignee.ToStaff(d.khan), assignee.ToStaff(d.lee)
		made := d.open(d.ada, " A rash ", episode.Change{Priority: new(episode.High),
			Assignees: &[]assignee.Ref{lee, khan, lee}})
		if made.Subject != "A rash" || made.Status != episode.Open || made.Priority != episode.High ||
			!slices.Equal(made.Assignees, []assignee.Ref{lee, khan}) || made.Origin != episode.ByStaff ||
			made.CreatedBy != "Partner" || made.Version != 1 {
			d.Fatalf("got %+v", made)
		}
		if found := d.find(made.ID); !same(found, made) {
			d.Fatalf("got %+v, want %+v", found, made)
		}
		for name, c := range map[string]struct {
			c    episode.Change
			want error
		}{
			"closed without a reason": {episode.Change{Status: new(episode.Closed)}, fault.Input()},
			"a reason while open":     {episode.Change{Reason: new("Well")}, fault.Input()},
			"no subject":              {episode.Change{Subject: new(" ")}, fault.Input()},
			"an unknown status":       {episode.Change{Status: new(episode.Status("lost"))}, fault.Input()},
			"an unknown priority":     {episode.Change{Priority: new(episode.Priority(6))}, fault.Input()},
			"a long reason": {episode.Change{Status: new(episode.Closed), Reason: new(strings.Repeat("x", 2001))},
				fault.Input()},
			"no one's": {episode.Change{Assignees: &[]assignee.Ref{{}}}, assignee.ErrNotFound},
			"an unknown assignee": {episode.Change{Assignees: &[]assignee.Ref{assignee.ToStaff(int64(1))}},
				assignee.ErrNotFound},
			"an unknown team": {episode.Change{Assignees: &[]assignee.Ref{assignee.ToTeam(int64(1))}},
				assignee.ErrNotFound},
		} {
			if _, err := d.Update(d.ctx, made.ID, c.c); !errors.Is(err, c.want) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		d.now = d.now.Add(time.Hour)
		shut := d.closed(made.ID)
		if shut.Status != episode.Closed || shut.Reason != "Seen and well" || shut.ClosedBy != "Partner" ||
			!shut.ClosedAt.Equal(d.now) || shut.Version != 2 {
			d.Fatalf("got %+v", shut)
		}
		if again := d.closed(made.ID); again.Version != 2 {
			d.Fatalf("closing twice: %+v", again)
		}
		back, err := d.Update(d.ctx, made.ID, episode.Change{Status: new(episode.InProgress)})
		if err != nil || back.Status != episode.InProgress || back.Reason != "" || back.ClosedBy != "" ||
			!back.ClosedAt.IsZero() {
			d.Fatalf("got %+v, %v", back, err)
		}
		if got := d.events(made.ID); got != "episode.opened episode.closed episode.reopened" {
			d.Fatalf("got %s", got)
		}
	})
}

// same compares episodes.
func same(a, b episode.Episode) bool {
	if !slices.Equal(a.Assignees, b.Assignees) {
		return false
	}
	a.Assignees, b.Assignees = nil, nil
	a.CreatedAt, a.UpdatedAt, a.ActiveAt = a.CreatedAt.UTC(), a.UpdatedAt.UTC(), a.ActiveAt.UTC()
	return a.ID == b.ID && a.Patient == b.Patient && a.Subject == b.Subject && a.Status == b.Status &&
		a.Priority == b.Priority && a.Version == b.Version && a.Facts == b.Facts && a.CreatedAt.Equal(b.CreatedAt) &&
		a.UpdatedAt.Equal(b.UpdatedAt) && a.ActiveAt.Equal(b.ActiveAt) && a.CreatedBy == b.CreatedBy
}

func TestEpisodesOfMessagesAreFoundTogether(t *testing.T) {
	each(t, func(d *kit) {
		reader := as(d.group, access.SeeMessages)
		for _, kind := range []episode.Kind{episode.Message, episode.Reply} {
			if got, err := d.EpisodesOf(reader, kind, nil); err != nil || len(got) != 0 {
				d.Errorf("got %v, %v", got, err)
			}
			var ids []int64
			for range 300 {
				ids = append(ids, d.db.NewID())
			}
			if got, err := d.EpisodesOf(reader, kind, ids); err != nil || len(got) != 0 {
				d.Errorf("got %v, %v", got, err)
			}
			if _, err := d.EpisodesOf(as(d.group, access.SeeTasks), kind, ids); !errors.Is(err, access.ErrPermission) {
				d.Errorf("without the permission: %v", err)
			}
		}
	})
}

func TestEpisodesOfAnotherPracticeAreNotFound(t *testing.T) {
	each(t, func(d *kit) {
		made := d.open(d.ada, "A rash", episode.Change{})
		thing := d.task(d.ada, "Ring")
		_, err := d.Find(d.other, made.ID)
		d.want(err, episode.ErrNotFound)
		_, err = d.Update(d.other, made.ID, episode.Change{Priority: new(episode.Low)})
		d.want(err, episode.ErrNotFound)
		_, _, err = d.Items(d.other, made.ID, 0, 10)
		d.want(err, episode.ErrNotFound)
		_, err = d.Put(d.other, made.ID, thing)
		d.want(err, episode.ErrNotFound)
		_, err = d.TakeOut(d.other, made.ID, thing)
		d.want(err, episode.ErrNotFound)
		_, err = d.Create(d.other, d.ada, episode.Change{Subject: new("Theirs")})
		d.want(err, patient.ErrNotFound)
		theirs, n, err := d.List(d.other, episode.Query{Limit: 10, Patient: d.ada})
		if err != nil || n != 0 || len(theirs) != 0 {
			d.Fatalf("got %v, %d, %v", theirs, n, err)
		}
		for _, ctx := range []context.Context{as(d.group), as(d.group, access.SeeTasks)} {
			_, err := d.Update(ctx, made.ID, episode.Change{Priority: new(episode.Low)})
			d.want(err, access.ErrPermission)
		}
		_, err = d.Find(as(d.group), made.ID)
		d.want(err, access.ErrPermission)
		_, _, err = d.List(as(d.group), episode.Query{Limit: 10})
		d.want(err, access.ErrPermission)
	})
}
