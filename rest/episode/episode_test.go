package episode_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	episoderest "frontdesk/rest/episode"
	"frontdesk/rest/oas"
	"frontdesk/store"
	archivestore "frontdesk/store/archive"
	episodestore "frontdesk/store/episode"
	mergestore "frontdesk/store/merge"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
)

// desk is a practice that lists its episodes, with a member of staff.
type desk struct {
	episoderest.Operations
	t   *testing.T
	ctx context.Context
	now func() time.Time
	who practice.PractitionerID
}

func newDesk(t *testing.T, db *store.DB) *desk {
	t.Helper()
	now := func() time.Time { return time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC) }
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	g, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
	must(t, err)
	ctx := access.With(t.Context(), access.Operator(g.ID))
	who, err := groups.CreatePractitioner(ctx, practice.PractitionerChange{FirstName: new("A"), LastName: new("Khan")})
	must(t, err)
	return &desk{episoderest.Operations{Core: &core.Core{
		Episode: &episode.Service{Store: episodestore.New(db), Now: now, NewID: db.NewID},
		Task:    &task.Service{Store: taskstore.New(db), Now: now, NewID: db.NewID},
		Merge:   &merge.Service{Store: mergestore.New(db), Now: now, NewID: db.NewID},
		Patient: &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID},
	}}, t, ctx, now, who.ID}
}

// add opens an episode of a new patient, with two tasks.
func (d *desk) add(i int) patient.ID {
	d.t.Helper()
	of, err := patienttest.Register(d.ctx, d.Core.Patient, patient.Changes{FirstName: new(fmt.Sprint("Ada", i)),
		LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
		Email: new(fmt.Sprintf("ada%d@example.org", i))})
	must(d.t, err)
	e, err := d.Core.Episode.Create(d.ctx, of, episode.Change{Subject: new("A rash"),
		Assignees: &[]assignee.Ref{assignee.ToStaff(d.who)}})
	must(d.t, err)
	for range 2 {
		made, err := d.Core.Task.Create(d.ctx, task.Change{Subject: new("Ring"), Patient: &of,
			Assignee: new(assignee.ToStaff(d.who))})
		must(d.t, err)
		_, err = d.Core.Episode.Put(d.ctx, e.ID, episode.Thing{Kind: episode.Task, ID: int64(made.ID)})
		must(d.t, err)
	}
	return of
}

// TestAListOfEpisodesTakesAFixedNumberOfStatements lists one episode and then many, each of another patient, with tasks
// and assignees.
func TestAListOfEpisodesTakesAFixedNumberOfStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		statements := func(want int) int64 {
			t.Helper()
			counting, count := store.Counting(d.ctx)
			got, err := d.ListEpisodes(counting, oas.ListEpisodesParams{PageSize: oas.NewOptInt(100)})
			must(t, err)
			if len(got.Data) != want || got.Count != float64(want) {
				t.Fatalf("got %d of %v, want %d", len(got.Data), got.Count, want)
			}
			for _, e := range got.Data {
				if len(e.Tasks) != 2 || len(e.Assignees) != 1 || e.Patient.Null {
					t.Fatalf("got %+v", e)
				}
			}
			return count()
		}
		d.add(0)
		one := statements(1)
		for i := range 15 {
			d.add(i + 1)
		}
		if many := statements(16); many != one || one > 7 {
			t.Fatalf("one episode takes %d statements, and 16 take %d", one, many)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnEpisodeOfADeletedPatientStays deletes a patient whose episode is open.
func TestAnEpisodeOfADeletedPatientStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		of := d.add(0)
		leave := &archive.Service{Store: archivestore.New(db), Now: d.now, NewID: db.NewID}
		one := func() oas.Episode {
			t.Helper()
			got, err := d.ListEpisodes(d.ctx, oas.ListEpisodesParams{PageSize: oas.NewOptInt(10)})
			must(t, err)
			if len(got.Data) != 1 {
				t.Fatalf("got %+v", got)
			}
			return got.Data[0]
		}
		_, err := leave.Archive(d.ctx, of, archive.Reasons{Reason: "moved_away_or_transfer_of_care"})
		must(t, err)
		if e := one(); e.Patient.Null || e.Status != oas.EpisodeStatusOpen {
			t.Fatalf("archived: %+v", e)
		}
		_, err = leave.Delete(d.ctx, of)
		must(t, err)
		e := one()
		if !e.Patient.Null || e.Status != oas.EpisodeStatusOpen {
			t.Fatalf("deleted: %+v", e)
		}
		shut, err := d.UpdateEpisode(d.ctx, &oas.EpisodeUpdate{Status: oas.NewOptEpisodeStatus(oas.EpisodeStatusClosed),
			Reason: oas.NewOptString("The record was deleted")}, oas.UpdateEpisodeParams{ID: e.ID})
		if err != nil || shut.Status != oas.EpisodeStatusClosed {
			t.Fatalf("got %+v, %v", shut, err)
		}
	})
}
