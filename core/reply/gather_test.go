package reply_test

import (
	"fmt"
	"sync"
	"testing"

	"frontdesk/core/assignee"
	"frontdesk/core/carrier"
	"frontdesk/core/episode"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/reply"
	"frontdesk/core/team"
	"frontdesk/store"
	episodestore "frontdesk/store/episode"
	"frontdesk/store/storetest"
	teamstore "frontdesk/store/team"
)

// episodes lists the episodes of a patient, and what is in the newest.
func (j *kit) episodes(of patient.ID) (all []episode.Episode, kinds string) {
	j.Helper()
	s := &episode.Service{Store: episodestore.New(j.db), Now: j.s.Now, NewID: j.db.NewID}
	all, _, err := s.List(j.ctx, episode.Query{Patient: of, Limit: 10})
	if err != nil {
		j.Fatal(err)
	}
	if len(all) == 0 {
		return nil, ""
	}
	items, _, err := s.Items(j.ctx, all[0].ID, 0, 50)
	if err != nil {
		j.Fatal(err)
	}
	count := map[episode.Kind]int{}
	for _, i := range items {
		count[i.Kind]++
	}
	return all, fmt.Sprint(count)
}

func TestRepliesOpenAnEpisodeUnlessTheProgramSeesToThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		j := newKit(t, db)
		j.text(j.ada, "")
		j.answer("1", "+447700900001", "STOP")
		j.answer("2", "+447700900001", "START")
		if all, _ := j.episodes(j.ada); len(all) != 0 {
			t.Fatalf("got %+v", all)
		}
		j.answer("3", "+447700900001", "It is back")
		if all, kinds := j.episodes(j.ada); len(all) != 1 || all[0].Origin != episode.Reply || kinds != "map[reply:1]" {
			t.Fatalf("got %+v with %s", all, kinds)
		}
		// The task that a reply raises is with it.
		teams := &team.Service{Store: teamstore.New(db), Now: j.s.Now, NewID: db.NewID}
		desk, err := teams.Create(j.ctx, team.Change{Name: new("Reception")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.s.Dispatch.Messages.Send(j.ctx, messaging.Request{Patient: j.ada, Channel: carrier.SMS,
			Text: "How is it?", Assignee: assignee.ToTeam(desk.ID)}); err != nil {
			t.Fatal(err)
		}
		j.answer("4", "+447700900001", "Worse")
		j.answer("5", "+447700900001", "Much worse")
		if all, kinds := j.episodes(j.ada); len(all) != 1 || kinds != "map[reply:3 task:1]" {
			t.Fatalf("got %+v with %s", all, kinds)
		}
	})
}

func TestAReplyOfSeveralPatientsIsInAnEpisodeOnceStaffSayWhose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		j := newKit(t, db)
		other := j.person("Byron", "07700 900001", "byron@example.org")
		r := j.answer("1", "+447700900001", "Can I come earlier?")
		if a, _ := j.episodes(j.ada); len(a) != 0 {
			t.Fatalf("got %+v", a)
		}
		for _, of := range []patient.ID{other, j.ada} { // staff change their mind
			if _, err := j.s.Change(j.ctx, r.ID, reply.Change{Patient: &of}); err != nil {
				t.Fatal(err)
			}
			if all, kinds := j.episodes(of); len(all) != 1 || kinds != "map[reply:1]" {
				t.Fatalf("got %+v with %s", all, kinds)
			}
		}
		if _, kinds := j.episodes(other); kinds != "map[]" {
			t.Fatalf("it is still in the other's: %s", kinds)
		}
	})
}

func TestRepliesAtOnceOpenOneEpisode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		j := newKit(t, db)
		const many = 12
		ids := make([]messaging.ID, many)
		for i := range ids {
			ids[i] = j.text(j.ada, "")
		}
		var wait sync.WaitGroup
		for i, id := range ids {
			wait.Go(func() {
				err := j.s.Receive(j.ctx, j.group, "a", carrier.Report{Replies: []carrier.Reply{{ID: fmt.Sprint(i),
					Channel: carrier.SMS, From: "+447700900001", Text: "Thank you",
					Key: messaging.Message{ID: id, Leg: 1}.Key(j.group)}}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if all, kinds := j.episodes(j.ada); len(all) != 1 || kinds != fmt.Sprintf("map[reply:%d]", many) {
			t.Fatalf("got %d episodes with %s", len(all), kinds)
		}
	})
}
