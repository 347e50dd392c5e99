package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	keystore "frontdesk/store/key"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
)

func ptr[T any](v T) *T { return &v }

// kit is a practice with two clinicians and two patients, beside another one, and a clock that moves.
type kit struct {
	*task.Service
	t          *testing.T
	db         *store.DB
	now        time.Time
	group      practice.ID
	ctx, other context.Context
	khan, lee  practice.PractitionerID
	ada, ben   patient.ID
	patients   *patient.Service
}

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &kit{t: t, db: db, now: time.Date(2031, time.January, 6, 7, 0, 0, 123456789, time.UTC)}
		clock := func() time.Time { return d.now }
		d.Service = &task.Service{Store: taskstore.New(db), Now: clock, NewID: db.NewID}
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		d.patients = &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID}
		at := func(name string) (practice.ID, context.Context) {
			g, err := groups.CreateGroup(context.Background(), practice.Group{Name: name})
			d.must(err)
			return g.ID, d.as(g.ID, "Partner", access.SeeTasks, access.EditTasks)
		}
		d.group, d.ctx = at("Mill Lane")
		_, d.other = at("Elsewhere")
		setup := access.With(context.Background(), access.Operator(d.group))
		for to, name := range map[*practice.PractitionerID]string{&d.khan: "Khan", &d.lee: "Lee"} {
			p, err := groups.CreatePractitioner(setup, practice.PractitionerChange{FirstName: ptr("A"),
				LastName: &name})
			d.must(err)
			*to = p.ID
		}
		for to, name := range map[*patient.ID]string{&d.ada: "Ada", &d.ben: "Ben"} {
			id, err := patienttest.Register(setup, d.patients,
				patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
					Email: ptr(name + "@example.org")})
			d.must(err)
			*to = id
		}
		test(t, d)
	})
}

// as is a caller in a group.
func (d *kit) as(group practice.ID, actor string, grants ...access.Permission) context.Context {
	return access.With(context.Background(),
		access.Caller{Group: group, Home: group, Key: 7, Actor: actor, RequestID: "r1", Permissions: grants})
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *kit) want(err, target error) {
	d.t.Helper()
	if !errors.Is(err, target) {
		d.t.Fatalf("got %v, want %v", err, target)
	}
}

// refused checks that a caller without the permission is refused.
func (d *kit) refused(err error) {
	d.t.Helper()
	if f := fault.Of(err); f.Kind != fault.Forbidden || !strings.HasPrefix(f.Message, "Missing permission ") {
		d.t.Fatalf("got %v", err)
	}
}

func (d *kit) add(c task.Change) task.Task {
	d.t.Helper()
	if c.Assignee == nil {
		c.Assignee = to(d.khan)
	}
	made, err := d.Create(d.ctx, c)
	d.must(err)
	return made
}

// list is the subjects of a list.
func (d *kit) list(q task.Query) string {
	d.t.Helper()
	found, more, err := d.Tasks(d.ctx, q)
	d.must(err)
	var out []string
	for _, v := range found {
		out = append(out, v.Subject)
	}
	if more {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

// to names a member of staff, also one that cannot be there.
func to(id practice.PractitionerID) *assignee.Ref {
	return &assignee.Ref{Kind: assignee.Admin, ID: int64(id)}
}

func date(s string) input.Date {
	v, ok := input.ParseDate(s)
	if !ok {
		panic(s)
	}
	return v
}

func TestCreateKeepsEveryField(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(task.Change{
			Subject: ptr(" Ring about the results "), Comments: ptr("Before noon.\nMobile."),
			Due:      ptr(date("2031-01-09")),
			Kind:     ptr(task.Call),
			Priority: ptr(task.High), Status: ptr(task.Processing), Patient: &d.ada, Assignee: to(d.khan),
		})
		if made.Subject != "Ring about the results" || made.Version != 1 || !made.CreatedAt.Equal(made.UpdatedAt) ||
			!made.AssignedAt.Equal(made.CreatedAt) ||
			made.CreatedBy != 0 || made.CreatedByName != "Partner" || made.UpdatedByName != "Partner" {
			t.Fatalf("got %+v", made)
		}
		found, err := d.Task(d.ctx, made.ID)
		if err != nil || found != made {
			t.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		plain := d.add(task.Change{Subject: ptr("Tidy up")})
		if plain.Status != task.Open || plain.Priority != task.Unset || plain.Kind != "" || plain.Due != input.NoDate ||
			plain.Patient != 0 {
			t.Fatalf("got %+v", plain)
		}
	})
}

func TestUpdateChangesGivenFieldsAndRecordsTheAuthor(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(task.Change{Subject: ptr("Ring"), Due: ptr(date("2031-01-09")), Patient: &d.ada,
			Kind: ptr(task.Call)})
		d.now = d.now.Add(time.Hour)
		who, _ := access.From(d.as(d.group, "Dr A Khan (signed in)", access.EditTasks))
		who.Staff = int64(d.khan)
		khan := access.With(context.Background(), who)
		changed, err := d.Update(khan, made.ID, task.Change{Status: ptr(task.Closed)})
		d.must(err)
		want := made
		want.Status, want.Version, want.UpdatedAt, want.UpdatedBy, want.UpdatedByName = task.Closed, 2,
			d.now.Truncate(time.Microsecond), d.khan, "Dr A Khan"
		if changed != want {
			t.Fatalf("got %+v\nwant %+v", changed, want)
		}
		d.now = d.now.Add(time.Hour)
		passed, err := d.Update(d.ctx, made.ID,
			task.Change{Assignee: to(d.lee), Patient: ptr(patient.ID(0)), Due: ptr(input.NoDate)})
		d.must(err)
		if passed.Assignee != *to(d.lee) || !passed.AssignedAt.Equal(passed.UpdatedAt) || passed.Patient != 0 ||
			passed.Due != input.NoDate || passed.UpdatedBy != 0 {
			t.Fatalf("got %+v", passed)
		}
		if found, err := d.Task(d.ctx, made.ID); err != nil || found != passed {
			t.Fatalf("got %+v, %v", found, err)
		}
	})
}

func TestTaskRefusesInvalidFields(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for name, c := range map[string]struct {
			change task.Change
			want   error
		}{
			"no subject":         {task.Change{Subject: ptr(" ")}, fault.Input()},
			"a long subject":     {task.Change{Subject: ptr(strings.Repeat("x", 501))}, fault.Input()},
			"an unknown kind":    {task.Change{Subject: ptr("x"), Kind: ptr(task.Kind("fishing"))}, fault.Input()},
			"no priority":        {task.Change{Subject: ptr("x"), Priority: ptr(task.Priority(""))}, fault.Input()},
			"an unknown status":  {task.Change{Subject: ptr("x"), Status: ptr(task.Status("lost"))}, fault.Input()},
			"an unknown patient": {task.Change{Subject: ptr("x"), Patient: ptr(patient.ID(1))}, patient.ErrNotFound},
			"due long ago": {task.Change{Subject: ptr("x"), Due: ptr(input.DayOf(1582, time.October, 10))},
				fault.Input()},
			"unassigned": {task.Change{Subject: ptr("x"), Assignee: to(0)},
				assignee.ErrNotFound},
			"a stranger's": {task.Change{Subject: ptr("x"), Assignee: to(1)},
				assignee.ErrNotFound},
		} {
			if c.change.Assignee == nil {
				c.change.Assignee = to(d.khan)
			}
			if _, err := d.Create(d.ctx, c.change); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		made := d.add(task.Change{Subject: ptr("Ring")})
		_, err := d.Update(d.ctx, made.ID, task.Change{Subject: ptr("")})
		d.want(err, fault.Input())
		_, err = d.Update(d.ctx, made.ID, task.Change{Assignee: to(1)})
		d.want(err, assignee.ErrNotFound)
		if found, err := d.Task(d.ctx, made.ID); err != nil || found != made {
			t.Fatalf("got %+v, %v", found, err)
		}
	})
}

func TestTasksFilter(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		start := d.now
		for _, c := range []task.Change{
			{Subject: ptr("a"), Kind: ptr(task.Call), Priority: ptr(task.High), Patient: &d.ada,
				Due: ptr(date("2031-01-07"))},
			{Subject: ptr("b"), Kind: ptr(task.Lab), Priority: ptr(task.Low), Status: ptr(task.Closed),
				Assignee: to(d.lee),
				Due:      ptr(date("2031-01-08"))},
			{Subject: ptr("c"), Status: ptr(task.Processing), Patient: &d.ben, Assignee: to(d.lee)},
			{Subject: ptr("d"), Kind: ptr(task.Call), Patient: &d.ada, Due: ptr(date("2031-01-09"))},
		} {
			d.add(c)
			d.now = d.now.Add(time.Hour)
		}
		first, _, err := d.Tasks(d.ctx, task.Query{})
		d.must(err)
		_, err = d.Update(d.ctx, first[0].ID, task.Change{Comments: ptr("asked again")})
		d.must(err)
		_, err = d.Delete(d.ctx, first[3].ID)
		d.must(err)
		for _, c := range []struct {
			name string
			q    task.Query
			want string
		}{
			{"all but those deleted", task.Query{}, "a b c"},
			{"all", task.Query{Listing: input.Listing{Deleted: true}}, "a b c d"},
			{"the second page", task.Query{Listing: input.Listing{Page: input.Page{Number: 2, Size: 2}}}, "c"},
			{"the first page", task.Query{Listing: input.Listing{Page: input.Page{Size: 2}}}, "a b …"},
			{"of two kinds", task.Query{Kinds: []task.Kind{task.Lab, task.Call}}, "a b"},
			{"urgent", task.Query{Priorities: []task.Priority{task.High}}, "a"},
			{"not done", task.Query{Statuses: []task.Status{task.Open, task.Processing}}, "a c"},
			{"one assignee", task.Query{Assignee: *to(d.lee)}, "b c"},
			{"one assignee, closed", task.Query{Assignee: *to(d.lee), Statuses: []task.Status{task.Closed}}, "b"},
			{"one patient", task.Query{Patient: d.ada}, "a"},
			{"an unknown patient", task.Query{Patient: 1}, ""},
			{"due by a day", task.Query{Due: &input.Days{From: input.NoDate, Until: date("2031-01-07")}}, "a"},
			{"due from a day on", task.Query{Due: &input.Days{From: date("2031-01-08"), Until: input.NoDate}}, "b"},
			{"made in a while",
				task.Query{Listing: input.Listing{Created: input.Span{From: start.Add(time.Minute),
					Until: start.Add(2 * time.Hour)}}}, "b c"},
			{"changed since, in that order",
				task.Query{Listing: input.Listing{Deleted: true, Updated: input.Span{From: start.Add(2 * time.Hour)}}},
				"c a d"},
			{"changed since, one assignee",
				task.Query{Listing: input.Listing{Updated: input.Span{From: start}}, Assignee: *to(d.khan)}, "a"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := d.list(c.q); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		for _, q := range []task.Query{{Kinds: []task.Kind{"fishing"}}, {Statuses: []task.Status{""}},
			{Priorities: []task.Priority{"%"}}, {Listing: input.Listing{Page: input.Page{Size: 201}}}} {
			_, _, err := d.Tasks(d.ctx, q)
			d.want(err, fault.Input())
		}
	})
}

func TestDeletedTaskCannotChange(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(task.Change{Subject: ptr("Ring")})
		d.now = d.now.Add(time.Hour)
		gone, err := d.Delete(d.ctx, made.ID)
		if err != nil || !gone.Deleted() || gone.Version != 2 {
			t.Fatalf("got %+v, %v", gone, err)
		}
		d.now = d.now.Add(time.Hour)
		if again, err := d.Delete(d.ctx, made.ID); err != nil || again != gone {
			t.Fatalf("got %+v, %v", again, err)
		}
		_, err = d.Update(d.ctx, made.ID, task.Change{Subject: ptr("x")})
		d.want(err, task.ErrDeleted)
		if found, err := d.Task(d.ctx, made.ID); err != nil || found != gone {
			t.Fatalf("got %+v, %v", found, err)
		}
	})
}

func TestTaskOfAnotherGroupIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(task.Change{Subject: ptr("Ring"), Patient: &d.ada})
		_, err := d.Task(d.other, made.ID)
		d.want(err, task.ErrNotFound)
		_, err = d.Update(d.other, made.ID, task.Change{Subject: ptr("x")})
		d.want(err, task.ErrNotFound)
		_, err = d.Delete(d.other, made.ID)
		d.want(err, task.ErrNotFound)
		_, err = d.Create(d.other, task.Change{Subject: ptr("x"), Assignee: to(d.khan)})
		d.want(err, assignee.ErrNotFound)
		for _, q := range []task.Query{{}, {Patient: d.ada}, {Assignee: *to(d.khan)}} {
			if found, _, err := d.Tasks(d.other, q); err != nil || len(found) > 0 {
				t.Fatalf("got %+v, %v", found, err)
			}
		}
	})
}

func TestTasksNeedPermission(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(task.Change{Subject: ptr("Ring")})
		only := d.as(d.group, "Partner", access.SeeTasks)
		_, err := d.Create(only, task.Change{Subject: ptr("x"), Assignee: to(d.khan)})
		d.refused(err)
		_, err = d.Update(only, made.ID, task.Change{Subject: ptr("x")})
		d.refused(err)
		_, err = d.Delete(only, made.ID)
		d.refused(err)
		blind := d.as(d.group, "Partner", access.EditTasks)
		_, err = d.Task(blind, made.ID)
		d.refused(err)
		_, _, err = d.Tasks(blind, task.Query{})
		d.refused(err)
	})
}

func TestEveryChangeIsAudited(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		now := time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
		g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		ctx := access.With(context.Background(), access.Operator(g.ID))
		khan, err := groups.CreatePractitioner(ctx, practice.PractitionerChange{FirstName: ptr("A"),
			LastName: ptr("Khan")})
		if err != nil {
			t.Fatal(err)
		}
		s := &task.Service{Store: taskstore.New(db), Now: clock, NewID: db.NewID}
		made, err := s.Create(ctx, task.Change{Subject: ptr("Ring"), Assignee: to(khan.ID)})
		if err == nil {
			_, err = s.Update(ctx, made.ID, task.Change{Subject: ptr("Write")})
		}
		if err == nil {
			_, err = s.Delete(ctx, made.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, err := storetest.Raw(t,
			address).Query(`SELECT action, before, after FROM audit WHERE entity = 'task' ORDER BY id`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var action, before, after string
			if err := rows.Scan(&action, &before, &after); err != nil {
				t.Fatal(err)
			}
			var was, is task.Task
			json.Unmarshal([]byte(before), &was)
			if err := json.Unmarshal([]byte(after), &is); err != nil {
				t.Fatal(err)
			}
			got = append(got, action+": "+was.Subject+" "+is.Subject)
		}
		if want := "task.create:  Ring, task.update: Ring Write, task.delete: Write Write"; strings.Join(got,
			", ") != want {
			t.Fatalf("got %q", got)
		}
	})
}

func TestMergeMovesTasksToTheKeptPatient(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.add(task.Change{Subject: ptr("a"), Patient: &d.ada})
		d.add(task.Change{Subject: ptr("b"), Patient: &d.ben})
		staff := access.With(context.Background(), access.Operator(d.group))
		preview, err := patienttest.Merging(d.db, d.patients).Preview(staff, d.ada, d.ben)
		d.must(err)
		if preview.Moves["tasks"] != 1 {
			t.Fatalf("got %v", preview.Moves)
		}
		merge, err := patienttest.Merging(d.db, d.patients).Merge(staff, d.ada, d.ben, preview.Token)
		d.must(err)
		for _, id := range []patient.ID{d.ada, d.ben} {
			if got := d.list(task.Query{Patient: id}); got != "a b" {
				t.Fatalf("got %q", got)
			}
		}
		// One made for the id that is gone is the other's at once.
		if c := d.add(task.Change{Subject: ptr("c"), Patient: &d.ben}); c.Patient != d.ada {
			t.Fatalf("got %+v", c)
		}
		_, err = patienttest.Merging(d.db, d.patients).Unmerge(staff, d.ben, merge.ID)
		d.must(err)
		if a, b := d.list(task.Query{Patient: d.ada}), d.list(task.Query{Patient: d.ben}); a != "a c" || b != "b" {
			t.Fatalf("got %q and %q", a, b)
		}
	})
}

func TestTaskCanBeAssignedToAnyMemberOfStaff(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		clock := func() time.Time { return d.now }
		staff := &account.Service{Store: accountstore.New(d.db), Keys: &key.Service{Store: keystore.New(d.db), Now: clock,
			NewID: d.db.NewID},
			Now: clock, NewID: d.db.NewID}
		rita, err := staff.Add(access.With(context.Background(), access.Operator(d.group)),
			account.Change{FirstName: ptr("Rita"), LastName: ptr("Reed"),
				Email: ptr("rita@example.org"), Role: ptr("frontdesk"), Clinician: ptr(false)})
		d.must(err)
		made, err := d.Create(d.ctx, task.Change{Subject: ptr("Ring Ada"),
			Assignee: to(practice.PractitionerID(rita.ID))})
		d.must(err)
		if made.Assignee != assignee.ToStaff(rita.ID) {
			t.Errorf("it is %v's", made.Assignee)
		}
		if _, err := d.Create(d.other,
			task.Change{Subject: ptr("Ring Ada"), Assignee: to(practice.PractitionerID(rita.ID))}); !errors.Is(err,
			assignee.ErrNotFound) {
			t.Errorf("another practice gives her one: %v", err)
		}
	})
}
