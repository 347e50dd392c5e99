package task_test

import (
	"context"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/core/team"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	keystore "frontdesk/store/key"
	teamstore "frontdesk/store/team"
)

// teams are those of a practice: Rita and Sam are its receptionists.
type teams struct {
	rita, sam account.StaffID
	desk      team.ID
}

func (d *kit) teams() teams {
	d.t.Helper()
	clock := d.Now
	staff := &account.Service{Store: accountstore.New(d.db), Now: clock, NewID: d.db.NewID,
		Keys: &key.Service{Store: keystore.New(d.db), Now: clock, NewID: d.db.NewID}}
	ctx := access.With(context.Background(), access.Operator(d.group))
	employ := func(name string) account.StaffID {
		made, err := staff.Add(ctx, account.Change{FirstName: &name, LastName: new("Reed"),
			Email: new(name + "@example.org"), Role: new("frontdesk"), Clinician: new(false)})
		d.must(err)
		return made.ID
	}
	out := teams{rita: employ("rita"), sam: employ("sam")}
	all := &team.Service{Store: teamstore.New(d.db), Now: clock, NewID: d.db.NewID}
	desk, err := all.Create(ctx, team.Change{Name: new("Reception"), Members: &[]account.StaffID{out.rita, out.sam}})
	d.must(err)
	out.desk = desk.ID
	return out
}

// signedIn is a member of staff with some permissions.
func (d *kit) signedIn(who account.StaffID, grants ...access.Permission) context.Context {
	c, _ := access.From(d.as(d.group, "Staff (signed in)", grants...))
	c.Key, c.Session, c.Staff = 0, 1, int64(who)
	return access.With(context.Background(), c)
}

func TestATeamsTasksAreFoundByItsMembers(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.teams()
		for subject, to := range map[string]assignee.Ref{"rita": assignee.ToStaff(of.rita), "desk": assignee.ToTeam(of.desk),
			"sam": assignee.ToStaff(of.sam)} {
			d.add(task.Change{Subject: &subject, Assignee: &to, Status: new(task.Open)})
		}
		none, err := d.Create(d.ctx, task.Change{Subject: new("none")})
		if d.must(err); !none.Assignee.IsZero() {
			t.Fatalf("got %+v", none)
		}
		names := func(ctx context.Context, q task.Query) map[string]bool {
			t.Helper()
			found, _, err := d.Tasks(ctx, q)
			d.must(err)
			out := map[string]bool{}
			for _, v := range found {
				out[v.Subject] = true
			}
			if n, err := d.Count(ctx, q); err != nil || n != len(found) {
				t.Errorf("counted %d of %d, %v", n, len(found), err)
			}
			return out
		}
		unseeing := d.signedIn(of.rita, access.EditTasks)
		for _, c := range []struct {
			name string
			ctx  context.Context
			q    task.Query
			want string
		}{
			{"all", d.ctx, task.Query{}, "rita desk sam none"},
			{"hers", d.ctx, task.Query{Assignee: assignee.ToStaff(of.rita)}, "rita"},
			{"hers and her teams'", d.ctx, task.Query{Assignee: assignee.ToStaff(of.rita), WithTeams: true}, "rita desk"},
			{"a team's", d.ctx, task.Query{Assignee: assignee.ToTeam(of.desk)}, "desk"},
			{"a team's by the id of one of staff", d.ctx, task.Query{Assignee: assignee.ToTeam(of.rita)}, ""},
			{"no one's", d.ctx, task.Query{Unassigned: true}, "none"},
			{"what she sees who may not see all", unseeing, task.Query{}, "rita desk"},
			{"hers alone", unseeing, task.Query{Assignee: assignee.ToStaff(of.rita)}, "rita"},
			{"another's", unseeing, task.Query{Assignee: assignee.ToStaff(of.sam)}, ""},
			{"another's and their teams'", unseeing, task.Query{Assignee: assignee.ToStaff(of.sam), WithTeams: true}, ""},
			{"no one's, which she may not see", unseeing, task.Query{Unassigned: true}, ""},
			{"all, with permission", d.signedIn(of.rita, access.SeeTasks), task.Query{}, "rita desk sam none"},
		} {
			got, want := names(c.ctx, c.q), map[string]bool{}
			for _, s := range []string{"rita", "desk", "sam", "none"} {
				if has(c.want, s) {
					want[s] = true
				}
				if got[s] != want[s] {
					t.Errorf("%s: got %v, want %s", c.name, got, c.want)
					break
				}
			}
		}
	})
}

func has(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func TestWhoMaySeeNotAllTasksSeesTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.teams()
		made := func(to assignee.Ref) task.ID {
			return d.add(task.Change{Subject: new("x"), Assignee: &to}).ID
		}
		hers, teams, his := made(assignee.ToStaff(of.rita)), made(assignee.ToTeam(of.desk)), made(assignee.ToStaff(of.sam))
		none, err := d.Create(d.ctx, task.Change{Subject: new("none")})
		d.must(err)
		rita := d.signedIn(of.rita)
		for _, id := range []task.ID{hers, teams} {
			_, err := d.Task(rita, id)
			d.must(err)
		}
		for _, id := range []task.ID{his, none.ID} {
			_, err := d.Task(rita, id)
			d.want(err, task.ErrNotFound)
		}
		_, err = d.Task(d.as(d.group, "Partner"), hers) // a key has no tasks of its own
		d.want(err, access.ErrPermission)
		_, err = d.Task(d.signedIn(account.StaffID(d.khan)), teams)
		d.want(err, task.ErrNotFound)
	})
}

func TestALongListOfTasksTakesAsManyStatementsAsAShortOne(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.teams()
		q := task.Query{Assignee: assignee.ToStaff(of.rita), WithTeams: true}
		count := func() int64 {
			ctx, n := store.Counting(d.signedIn(of.rita))
			_, _, err := d.Tasks(ctx, q)
			d.must(err)
			_, err = d.Count(ctx, q)
			d.must(err)
			return n()
		}
		d.add(task.Change{Subject: new("x"), Assignee: new(assignee.ToTeam(of.desk))})
		one := count()
		for range 9 {
			d.add(task.Change{Subject: new("x"), Assignee: new(assignee.ToStaff(of.rita))})
		}
		if ten := count(); ten != one || ten > 2 {
			t.Errorf("one task takes %d statements, ten take %d", one, ten)
		}
	})
}

func TestATaskCanBeTakenFromEveryone(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		of := d.teams()
		made := d.add(task.Change{Subject: new("x"), Assignee: new(assignee.ToTeam(of.desk))})
		if found, err := d.Task(d.ctx, made.ID); err != nil || found != made || found.Assignee.Team() != int64(of.desk) {
			t.Fatalf("got %+v, %v", found, err)
		}
		free, err := d.Update(d.ctx, made.ID, task.Change{Assignee: &assignee.Ref{}})
		if d.must(err); !free.Assignee.IsZero() {
			t.Fatalf("got %+v", free)
		}
		_, err = d.Update(d.other, made.ID, task.Change{Assignee: new(assignee.ToStaff(practice.PractitionerID(of.rita)))})
		d.want(err, task.ErrNotFound)
		_, err = d.Create(d.other, task.Change{Subject: new("x"), Assignee: new(assignee.ToTeam(of.desk))})
		d.want(err, assignee.ErrNotFound)
	})
}
