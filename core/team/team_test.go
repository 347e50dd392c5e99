package team_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/key"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/core/team"
	"frontdesk/store"
	accountstore "frontdesk/store/account"
	episodestore "frontdesk/store/episode"
	keystore "frontdesk/store/key"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
	teamstore "frontdesk/store/team"
)

// kit is a practice with two members of staff, and another practice.
type kit struct {
	*testing.T
	*team.Service
	db         *store.DB
	ctx, other context.Context
	staff      *account.Service
	tasks      *task.Service
	episodes   *episode.Service
	rita, sam  account.StaffID
}

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := func() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }
		k := &kit{T: t, db: db, Service: &team.Service{Store: teamstore.New(db), Now: now, NewID: db.NewID},
			tasks:    &task.Service{Store: taskstore.New(db), Now: now, NewID: db.NewID},
			episodes: &episode.Service{Store: episodestore.New(db), Now: now, NewID: db.NewID},
			staff: &account.Service{Store: accountstore.New(db), Now: now, NewID: db.NewID,
				Keys: &key.Service{Store: keystore.New(db), Now: now, NewID: db.NewID}}}
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		for _, ctx := range []*context.Context{&k.ctx, &k.other} {
			g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
			k.must(err)
			*ctx = access.With(context.Background(), access.Operator(g.ID))
		}
		k.rita, k.sam = k.employ("rita"), k.employ("sam")
		test(k)
	})
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) want(err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Fatalf("got %v, want %v", err, want)
	}
}

// patient registers one.
func (k *kit) patient() patient.ID {
	k.Helper()
	patients := &patient.Service{Store: patientstore.New(k.db), Now: k.Now, NewID: k.db.NewID}
	id, err := patienttest.Register(k.ctx, patients, patient.Changes{FirstName: new("Ada"), LastName: new("Byron"),
		BirthDate: new(input.DayOf(1985, 12, 10)), Email: new("ada@example.org")})
	k.must(err)
	return id
}

func (k *kit) employ(name string) account.StaffID {
	k.Helper()
	made, err := k.staff.Add(k.ctx, account.Change{FirstName: new(name), LastName: new("Reed"),
		Email: new(name + "@example.org"), Role: new("frontdesk"), Clinician: new(false)})
	k.must(err)
	return made.ID
}

// leaves has a member of staff leave.
func (k *kit) leaves(id account.StaffID) {
	k.Helper()
	who, _ := access.From(k.ctx)
	k.must(k.db.Do(k.ctx, func(c store.Conn) error {
		n, err := c.Exec(k.ctx, `UPDATE staff SET deleted_at = updated_at WHERE practice_group_id = $1 AND id = $2`,
			who.Group, id)
		if n != 1 {
			k.Errorf("%d left", n)
		}
		return err
	}))
}

func (k *kit) make(name string, members ...account.StaffID) team.Team {
	k.Helper()
	made, err := k.Create(k.ctx, team.Change{Name: &name, Members: &members})
	k.must(err)
	return made
}

// names are the teams of a list, and how many there are.
func (k *kit) names(q team.Query) string {
	k.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	found, n, err := k.List(k.ctx, q)
	k.must(err)
	var out []string
	for _, t := range found {
		out = append(out, t.Name)
	}
	return fmt.Sprint(strings.Join(out, " "), " of ", n)
}

func TestATeamIsMadeChangedAndListedByName(t *testing.T) {
	each(t, func(k *kit) {
		desk := k.make(" Reception ", k.sam, k.rita, k.sam)
		both := []account.StaffID{k.rita, k.sam}
		slices.Sort(both)
		if desk.Name != "Reception" || !slices.Equal(desk.Members, both) || desk.Version != 1 {
			k.Fatalf("got %+v", desk)
		}
		found, err := k.Find(k.ctx, desk.ID)
		k.must(err)
		if !slices.Equal(found.Members, both) || found.Name != desk.Name || !found.CreatedAt.Equal(desk.CreatedAt) {
			k.Fatalf("got %+v", found)
		}
		k.make("billing", k.rita)
		k.make("Ärzte")
		if got := k.names(team.Query{}); got != "Ärzte billing Reception of 3" {
			k.Errorf("listed %s", got)
		}
		if got := k.names(team.Query{Offset: 1, Limit: 1}); got != "billing of 3" {
			k.Errorf("listed %s", got)
		}
		if got := k.names(team.Query{Staff: k.sam}); got != "Reception of 1" {
			k.Errorf("Sam is in %s", got)
		}
		changed, err := k.Update(k.ctx, desk.ID, team.Change{Members: &[]account.StaffID{k.sam}})
		k.must(err)
		if changed.Version != 2 || !slices.Equal(changed.Members, []account.StaffID{k.sam}) ||
			changed.Name != "Reception" {
			k.Errorf("got %+v", changed)
		}
		same, err := k.Update(k.ctx, desk.ID, team.Change{Name: new("Reception")})
		if k.must(err); same.Version != 2 {
			k.Errorf("got %+v", same)
		}
		// Who has left is in no team.
		k.leaves(k.sam)
		if found, err = k.Find(k.ctx, desk.ID); err != nil || len(found.Members) != 0 {
			k.Errorf("got %+v, %v", found, err)
		}
	})
}

func TestATeamIsRefusedWhatItCannotBe(t *testing.T) {
	each(t, func(k *kit) {
		desk := k.make("Reception")
		gone := k.employ("gone")
		k.leaves(gone)
		many := make([]account.StaffID, team.MostMembers+1)
		for i := range many {
			many[i] = account.StaffID(i + 1)
		}
		for name, c := range map[string]struct {
			change team.Change
			want   error
		}{
			"no name":             {team.Change{}, fault.Input()},
			"a long name":         {team.Change{Name: new(strings.Repeat("x", 201))}, fault.Input()},
			"another's name":      {team.Change{Name: new("RECEPTION")}, team.ErrNameTaken},
			"a stranger":          {team.Change{Name: new("x"), Members: &[]account.StaffID{1}}, assignee.ErrNotFound},
			"one who has left":    {team.Change{Name: new("x"), Members: &[]account.StaffID{gone}}, assignee.ErrNotFound},
			"more than there are": {team.Change{Name: new("x"), Members: &many}, fault.Input()},
		} {
			if _, err := k.Create(k.ctx, c.change); !errors.Is(err, c.want) {
				k.Errorf("%s: got %v", name, err)
			}
		}
		_, err := k.Create(k.other, team.Change{Name: new("x"), Members: &[]account.StaffID{k.sam}})
		k.want(err, assignee.ErrNotFound)
		_, err = k.Find(k.other, desk.ID)
		k.want(err, team.ErrNotFound)
		_, err = k.Update(k.other, desk.ID, team.Change{Name: new("x")})
		k.want(err, team.ErrNotFound)
		_, err = k.Archive(k.other, desk.ID)
		k.want(err, team.ErrNotFound)
		if found, n, err := k.List(k.other, team.Query{Limit: 50}); err != nil || n != 0 || len(found) != 0 {
			k.Errorf("another practice sees %+v, %v", found, err)
		}
		who, _ := access.From(k.ctx)
		blind := access.With(context.Background(), access.Caller{Group: who.Group, Home: who.Group,
			Permissions: []access.Permission{access.SeeTasks}})
		_, err = k.Create(blind, team.Change{Name: new("x")})
		k.want(err, access.ErrPermission)
		_, err = k.Find(blind, desk.ID)
		k.want(err, access.ErrPermission)
		_, _, err = k.List(blind, team.Query{Limit: 1})
		k.want(err, access.ErrPermission)
	})
}

func TestATeamWithWorkIsNotArchived(t *testing.T) {
	each(t, func(k *kit) {
		desk := k.make("Reception", k.sam)
		to := assignee.ToTeam(desk.ID)
		ring, err := k.tasks.Create(k.ctx, task.Change{Subject: new("Ring"), Assignee: &to})
		k.must(err)
		_, err = k.Archive(k.ctx, desk.ID)
		k.want(err, team.ErrInUse)
		_, err = k.tasks.Update(k.ctx, ring.ID, task.Change{Status: new(task.Closed)})
		k.must(err)
		gone, err := k.Archive(k.ctx, desk.ID)
		if k.must(err); !gone.Archived() {
			k.Fatalf("got %+v", gone)
		}
		if again, err := k.Archive(k.ctx, desk.ID); err != nil || again.Version != gone.Version {
			k.Errorf("got %+v, %v", again, err)
		}
		_, err = k.Update(k.ctx, desk.ID, team.Change{Name: new("x")})
		k.want(err, team.ErrArchived)
		_, err = k.tasks.Create(k.ctx, task.Change{Subject: new("Ring"), Assignee: &to})
		k.want(err, assignee.ErrNotFound)
		if got := k.names(team.Query{}); got != " of 0" {
			k.Errorf("listed %s", got)
		}
		if found, err := k.Find(k.ctx, desk.ID); err != nil || !found.Archived() {
			k.Errorf("got %+v, %v", found, err)
		}
		k.make("Reception") // its name is free again
	})
}

// TestATeamGetsNoWorkWhileItIsArchived races the two: never is an archived team left with a task that is open.
func TestATeamGetsNoWorkWhileItIsArchived(t *testing.T) {
	each(t, func(k *kit) {
		for i := range 20 {
			desk := k.make(fmt.Sprint("Team ", i))
			to := assignee.ToTeam(desk.ID)
			var both sync.WaitGroup
			var given, archived error
			both.Go(func() { _, given = k.tasks.Create(k.ctx, task.Change{Subject: new("Ring"), Assignee: &to}) })
			both.Go(func() { _, archived = k.Archive(k.ctx, desk.ID) })
			both.Wait()
			if (given == nil) == (archived == nil) {
				k.Fatalf("given: %v, archived: %v", given, archived)
			}
		}
	})
}

func TestATeamWithAnEpisodeIsNotArchived(t *testing.T) {
	each(t, func(k *kit) {
		desk := k.make("Reception", k.sam)
		matter, err := k.episodes.Create(k.ctx, k.patient(), episode.Change{Subject: new("A rash"),
			Assignees: &[]assignee.Ref{assignee.ToTeam(desk.ID), assignee.ToStaff(k.sam)}})
		k.must(err)
		_, err = k.Archive(k.ctx, desk.ID)
		k.want(err, team.ErrInUse)
		_, err = k.episodes.Update(k.ctx, matter.ID, episode.Change{Status: new(episode.Closed), Reason: new("done")})
		k.must(err)
		_, err = k.Archive(k.ctx, desk.ID)
		k.must(err)
	})
}

// TestWhatIsTakenUpAgainIsNotAnArchivedTeams opens what was closed for a team that was archived meanwhile.
func TestWhatIsTakenUpAgainIsNotAnArchivedTeams(t *testing.T) {
	each(t, func(k *kit) {
		desk := k.make("Reception", k.sam)
		to := assignee.ToTeam(desk.ID)
		ring, err := k.tasks.Create(k.ctx, task.Change{Subject: new("Ring"), Assignee: &to, Status: new(task.Closed)})
		k.must(err)
		var closed [3]episode.Episode
		for i := range closed {
			closed[i], err = k.episodes.Create(k.ctx, k.patient(), episode.Change{Subject: new("A rash"),
				Assignees: &[]assignee.Ref{to, assignee.ToStaff(k.sam)}, Status: new(episode.Closed), Reason: new("done")})
			k.must(err)
		}
		_, err = k.Archive(k.ctx, desk.ID)
		k.must(err)
		ring, err = k.tasks.Update(k.ctx, ring.ID, task.Change{Status: new(task.Open)})
		if k.must(err); !ring.Assignee.IsZero() {
			k.Errorf("the task is %+v's", ring.Assignee)
		}
		still := []assignee.Ref{assignee.ToStaff(k.sam)}
		again, err := k.episodes.Update(k.ctx, closed[0].ID, episode.Change{Status: new(episode.Open)})
		if k.must(err); !slices.Equal(again.Assignees, still) {
			k.Errorf("opened by staff it is %v's", again.Assignees)
		}
		_, err = k.episodes.Update(k.ctx, closed[1].ID, episode.Change{Status: new(episode.Open),
			Assignees: &[]assignee.Ref{to}})
		k.want(err, assignee.ErrNotFound)
		store := episodestore.New(k.db)
		k.must(store.Do(k.ctx, func(tx episode.Tx) error {
			who, _ := access.From(k.ctx)
			id, err := episode.Arrive(k.ctx, tx, who, k.Now(), episode.ID(k.db.NewID()), episode.Arrival{
				Patient: closed[2].Patient,
				Item:    episode.Item{Thing: episode.Thing{Kind: episode.Reply, ID: k.db.NewID()}, At: k.Now()}})
			if id != closed[2].ID {
				k.Errorf("it went into %d, not %d", id, closed[2].ID)
			}
			return err
		}))
		last, err := k.episodes.Find(k.ctx, closed[2].ID)
		if k.must(err); last.Status != episode.Open || !slices.Equal(last.Assignees, still) {
			k.Errorf("opened by a reply it is %s and %v's", last.Status, last.Assignees)
		}
	})
}

func TestTwoTeamsOfOneNameAreNotMadeAtOnce(t *testing.T) {
	each(t, func(k *kit) {
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() { _, errs[i] = k.Create(k.ctx, team.Change{Name: new("Reception")}) })
		}
		all.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else if !errors.Is(err, team.ErrNameTaken) {
				k.Error(err)
			}
		}
		if made != 1 {
			k.Errorf("%d were made", made)
		}
	})
}

func TestALongListOfTeamsTakesAsManyStatementsAsAShortOne(t *testing.T) {
	each(t, func(k *kit) {
		count := func() int64 {
			ctx, n := store.Counting(k.ctx)
			_, _, err := k.List(ctx, team.Query{Limit: 50})
			k.must(err)
			return n()
		}
		k.make("Team 0", k.sam)
		one := count()
		for i := range 9 {
			k.make(fmt.Sprint("Team ", i+1), k.sam, k.rita)
		}
		if ten := count(); ten != one || ten > 3 {
			k.Errorf("one team takes %d statements, ten take %d", one, ten)
		}
	})
}
