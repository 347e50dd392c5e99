package episode_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/episode"
	"frontdesk/core/task"
)

const days = 24 * time.Hour

func TestWhatComesInBelongsToTheMatterThatIsOpen(t *testing.T) {
	each(t, func(d *kit) {
		first, thing := d.arrives(d.ada)
		if e := d.find(first); e.Subject != "It came" || e.Origin != episode.Task || e.Status != episode.Open ||
			e.Priority != episode.Medium || len(e.Assignees) != 0 || e.CreatedBy != "system" || e.Version != 2 {
			d.Fatalf("got %+v", e)
		}
		if theirs, _ := d.arrives(d.ben); theirs == first {
			d.Fatal("two patients have one episode")
		}
		for _, c := range []struct {
			name string
			wait time.Duration
			do   func()
			same bool
		}{
			{"a day later", days, func() {}, true},
			{"while staff work on it", days, func() {
				_, err := d.Update(d.ctx, first, episode.Change{Status: new(episode.InProgress)})
				d.must(err)
			}, true},
			{"shortly after it was closed", 3 * days, func() { d.closed(first) }, true},
			{"28 days after the last thing in it", 28 * days, func() {}, true},
			{"long after the last thing in it", 28*days + time.Microsecond, func() {}, false},
		} {
			c.do()
			d.now = d.now.Add(c.wait)
			if got, _ := d.arrives(d.ada); (got == first) != c.same {
				d.Fatalf("%s: the same is %v, want %v", c.name, got == first, c.same)
			}
		}
		if got := d.events(first); got != "episode.opened episode.closed episode.reopened" {
			d.Fatalf("got %s", got)
		}
		// What is in one already stays there, also when it comes twice.
		e, err := d.Store.Episode(d.ctx, d.group, first)
		d.must(err)
		d.must(d.Store.Do(d.ctx, func(tx episode.Tx) error {
			in, err := episode.Arrive(d.ctx, tx, access.System(d.group), d.now, 1,
				episode.Arrival{Item: episode.Item{Thing: thing, At: d.now}, Patient: d.ada})
			if in != first {
				d.Fatalf("it is in %d now", in)
			}
			return err
		}))
		if d.find(first).Version != e.Version {
			d.Fatal("it was counted again")
		}
	})
}

func TestWhatComesLongAfterAMatterWasClosedOpensAnother(t *testing.T) {
	each(t, func(d *kit) {
		first, _ := d.arrives(d.ada)
		d.closed(first)
		d.now = d.now.Add(3*days + time.Microsecond)
		second, _ := d.arrives(d.ada)
		if second == first {
			d.Fatal("a matter that was closed days ago took something that does not answer it")
		}
		if e := d.find(first); e.Status != episode.Closed || e.Reason == "" {
			d.Fatalf("got %+v", e)
		}
		// The one that is open comes before the one that was closed lately.
		third := d.open(d.ada, "Another", episode.Change{})
		d.closed(second)
		if got, _ := d.arrives(d.ada); got != third.ID {
			d.Fatalf("got %d, want %d", got, third.ID)
		}
	})
}

func TestAnAnswerBelongsToWhatItAnswers(t *testing.T) {
	each(t, func(d *kit) {
		asked, question := d.arrives(d.ada)
		d.closed(asked)
		d.now = d.now.Add(10 * days)
		newer := d.open(d.ada, "Another", episode.Change{})
		if got, _ := d.arrives(d.ada, question); got != asked || d.find(asked).Status != episode.Open {
			d.Fatalf("got %d, want %d opened again", got, asked)
		}
		d.closed(asked)
		d.now = d.now.Add(28 * days)
		if got, _ := d.arrives(d.ada, episode.Thing{Kind: episode.Message, ID: 1}, question); got != asked {
			d.Fatalf("got %d after 28 days, want %d", got, asked)
		}
		d.closed(asked)
		d.now = d.now.Add(28*days + time.Microsecond)
		if got, _ := d.arrives(d.ada, question); got == asked || got == newer.ID {
			d.Fatalf("got %d, which is not new", got)
		}
		// What is in an episode of another patient is answered by no one else.
		if got, _ := d.arrives(d.ben, question); d.find(got).Patient != d.ben {
			d.Fatalf("got %+v", d.find(got))
		}
	})
}

func TestThingsThatComeAtOnceOpenOneEpisode(t *testing.T) {
	each(t, func(d *kit) {
		const many = 8
		things := make([]episode.Thing, many)
		for i := range things {
			things[i] = d.task(d.ada, "stands for a reply")
		}
		var wait sync.WaitGroup
		in, errs := make([]episode.ID, many), make([]error, many)
		for i := range things {
			wait.Go(func() {
				errs[i] = d.Store.Do(d.ctx, func(tx episode.Tx) (err error) {
					in[i], err = episode.Arrive(d.ctx, tx, access.System(d.group), d.now, episode.ID(d.NewID()),
						episode.Arrival{Item: episode.Item{Thing: things[i], At: d.now}, Patient: d.ada})
					return err
				})
			})
		}
		wait.Wait()
		for i := range things {
			if errs[i] != nil || in[i] != in[0] {
				d.Fatalf("%d is in %d, and the first in %d: %v", i, in[i], in[0], errs[i])
			}
		}
		all, n, err := d.List(d.ctx, episode.Query{Limit: 10})
		if err != nil || n != 1 || len(all) != 1 {
			d.Fatalf("got %d episodes, %v", n, err)
		}
		_, items, err := d.Items(d.ctx, in[0], 0, 1)
		if err != nil || items != many {
			d.Fatalf("got %d things, %v", items, err)
		}
		if got := d.events(in[0]); got != "episode.opened" {
			d.Fatalf("got %s", got)
		}
	})
}

func TestStaffPutMoveAndTakeOutThings(t *testing.T) {
	each(t, func(d *kit) {
		one, two := d.open(d.ada, "A rash", episode.Change{}), d.open(d.ada, "A cough", episode.Change{})
		theirs := d.open(d.ben, "His", episode.Change{})
		thing, other := d.task(d.ada, "Ring"), d.task(d.ben, "Write")
		items := func(of episode.ID) (titles []string) {
			d.Helper()
			found, n, err := d.Items(d.ctx, of, 0, 10)
			if err != nil || n != len(found) {
				d.Fatalf("got %d of %d, %v", len(found), n, err)
			}
			for _, i := range found {
				titles = append(titles, i.Title+" "+i.Status+" "+i.AddedBy)
			}
			return titles
		}
		put := func(into episode.ID, thing episode.Thing, want error) {
			d.Helper()
			if _, err := d.Put(d.ctx, into, thing); want != nil {
				d.want(err, want)
			} else {
				d.must(err)
			}
		}
		put(one.ID, thing, nil)
		put(one.ID, thing, nil) // twice is once
		if got := items(one.ID); len(got) != 1 || got[0] != "Ring open Partner" || d.find(one.ID).Version != 2 {
			d.Fatalf("got %v, %+v", got, d.find(one.ID))
		}
		put(two.ID, thing, nil)
		if a, b := items(one.ID), items(two.ID); len(a) != 0 || len(b) != 1 {
			d.Fatalf("got %v and %v", a, b)
		}
		put(two.ID, other, episode.ErrOtherPatient)
		put(theirs.ID, thing, episode.ErrOtherPatient)
		put(1, thing, episode.ErrNotFound)
		for _, kind := range episode.Kinds {
			put(one.ID, episode.Thing{Kind: kind, ID: 1}, episode.ErrNoItem)
		}
		if _, err := d.Put(d.ctx, one.ID, episode.Thing{Kind: episode.Link, ID: thing.ID}); err == nil {
			d.Fatal("a link was put into an episode")
		}
		_, err := d.TakeOut(d.ctx, one.ID, thing)
		d.want(err, episode.ErrNotIn)
		_, err = d.TakeOut(d.ctx, two.ID, thing)
		d.must(err)
		if got := items(two.ID); len(got) != 0 {
			d.Fatalf("got %v", got)
		}
		// A task that is given another patient is not in the episode any more, and its own again when that is taken back.
		put(one.ID, thing, nil)
		operator := access.With(context.Background(), access.Operator(d.group))
		for _, c := range []struct{ of, want int }{{int(d.ben), 0}, {int(d.ada), 1}} {
			of := d.ada
			if c.want == 0 {
				of = d.ben
			}
			_, err := d.tasks.Update(operator, task.ID(thing.ID), task.Change{Patient: &of})
			d.must(err)
			tasks, err := d.Tasks(d.ctx, []episode.ID{one.ID})
			if got := items(one.ID); err != nil || len(got) != c.want || len(tasks[one.ID]) != c.want {
				d.Fatalf("got %v and %v, want %d: %v", got, tasks, c.want, err)
			}
		}
		_, err = d.tasks.Delete(operator, task.ID(thing.ID))
		d.must(err)
		if got := items(one.ID); len(got) != 0 {
			d.Fatalf("got %v", got)
		}
	})
}
