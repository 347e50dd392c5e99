package episode_test

import (
	"strings"
	"testing"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/episode"
	"frontdesk/core/fault"
)

func TestEpisodesAreListed(t *testing.T) {
	each(t, func(d *kit) {
		khan, lee := assignee.ToStaff(d.khan), assignee.ToStaff(d.lee)
		for _, c := range []struct {
			name string
			episode.Change
		}{
			{"a", episode.Change{Priority: new(episode.High), Assignees: &[]assignee.Ref{khan}}},
			{"b", episode.Change{Priority: new(episode.Low), Status: new(episode.InProgress),
				Assignees: &[]assignee.Ref{khan, lee}}},
			{"c", episode.Change{Priority: new(episode.High), Status: new(episode.Closed), Reason: new("Done")}},
			{"d", episode.Change{Priority: new(episode.Highest)}},
			{"e", episode.Change{Priority: new(episode.Low), Assignees: &[]assignee.Ref{lee}}},
		} {
			of := d.ada
			if c.name == "d" {
				of = d.ben
			}
			d.open(of, c.name, c.Change)
			d.now = d.now.Add(time.Hour)
		}
		live := []episode.Status{episode.Open, episode.InProgress}
		by := func(orders ...episode.Order) []episode.Order { return orders }
		priority, created := episode.Order{By: episode.ByPriority}, episode.Order{By: episode.ByCreated}
		down := func(o episode.Order) episode.Order { o.Descending = true; return o }
		for _, c := range []struct {
			name string
			q    episode.Query
			want string
		}{
			{"all, the newest first", episode.Query{}, "e d c b a"},
			{"the oldest first", episode.Query{Orders: by(created)}, "a b c d e"},
			{"by priority", episode.Query{Orders: by(priority)}, "b e a c d"},
			{"the highest first", episode.Query{Orders: by(down(priority))}, "d a c b e"},
			{"the highest and newest first", episode.Query{Orders: by(down(priority), down(created))}, "d c a e b"},
			{"the lowest and newest first", episode.Query{Orders: by(priority, down(created))}, "e b c a d"},
			{"time before priority", episode.Query{Orders: by(down(created), priority)}, "e d c b a"},
			{"not closed", episode.Query{Statuses: live}, "e d b a"},
			{"not closed, the highest first", episode.Query{Statuses: live, Orders: by(down(priority))}, "d a b e"},
			{"closed", episode.Query{Statuses: []episode.Status{episode.Closed}}, "c"},
			{"of two priorities", episode.Query{Priorities: []episode.Priority{episode.Low, episode.Highest}}, "e d b"},
			{"one member's", episode.Query{AssigneeIDs: []int64{int64(d.khan)}}, "b a"},
			{"one member's, not closed, by priority",
				episode.Query{AssigneeIDs: []int64{int64(d.lee)}, Statuses: live, Orders: by(priority)}, "b e"},
			{"two members'", episode.Query{AssigneeIDs: []int64{int64(d.khan), int64(d.lee)}}, "e b a"},
			{"any member's", episode.Query{AssigneeKinds: []assignee.Kind{assignee.Admin}}, "e b a"},
			{"any team's", episode.Query{AssigneeKinds: []assignee.Kind{assignee.Team}}, ""},
			{"a team with a member's id", episode.Query{AssigneeKinds: []assignee.Kind{assignee.Team},
				AssigneeIDs: []int64{int64(d.khan)}}, ""},
			{"no one's", episode.Query{Unassigned: true}, "d c"},
			{"one member's or no one's", episode.Query{Unassigned: true, AssigneeIDs: []int64{int64(d.khan)}},
				"d c b a"},
			{"a patient's", episode.Query{Patient: d.ada}, "e c b a"},
			{"a patient's, by priority", episode.Query{Patient: d.ada, Orders: by(down(priority))}, "a c b e"},
			{"an unknown patient's", episode.Query{Patient: 1}, ""},
		} {
			t := d.T
			c.q.Limit = 10
			found, n, err := d.List(d.ctx, c.q)
			var names []string
			for _, e := range found {
				names = append(names, e.Subject)
			}
			if got := strings.Join(names, " "); err != nil || got != c.want || n != len(found) {
				t.Errorf("%s: got %q and %d, %v; want %q", c.name, got, n, err, c.want)
			}
			c.q.Limit, c.q.Offset = 2, 1
			found, n, err = d.List(d.ctx, c.q)
			all := strings.Fields(c.want)
			if err != nil || n != len(all) || len(found) != max(0, min(2, len(all)-1)) ||
				len(found) > 0 && found[0].Subject != all[1] {
				t.Errorf("%s, from the second on: got %v and %d, %v", c.name, found, n, err)
			}
		}
		_, _, err := d.List(d.ctx, episode.Query{Limit: 1, Orders: by(priority, priority)})
		d.want(err, fault.Input())
	})
}
