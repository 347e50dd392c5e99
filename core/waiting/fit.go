package waiting

import (
	"cmp"
	"context"
	"slices"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Rank is where an entry stands in the order: by priority, then by joining, which is the order of ids.
type Rank struct {
	Priority int
	Entry    ID
}

func (r Rank) compare(o Rank) int {
	return cmp.Or(cmp.Compare(r.Priority, o.Priority), cmp.Compare(r.Entry, o.Entry))
}

// Key is a combination to look entries up by, and the days between which there is a free time of it.
type Key struct {
	Type diary.TypeID
	Want
	First, Last input.Date
}

// heads is how many entries are read at once for a key.
const heads = 20

// keys are all the combinations under which an entry may stand that would have one of some free times.
func keys(slots []diary.Slot, zone *time.Location) []Key {
	type place struct {
		of   diary.TypeID
		want Want
	}
	days := map[place][2]input.Date{}
	for _, sl := range slots {
		local := sl.Start.In(zone)
		on := input.DateOf(local)
		for _, with := range []practice.PractitionerID{0, sl.Practitioner} {
			for _, at := range []practice.LocationID{0, sl.Location} {
				for _, h := range []int{anyHalf, half(local)} {
					p := place{sl.Type, Want{with, at, h}}
					d, known := days[p]
					if !known {
						d = [2]input.Date{on, on}
					}
					days[p] = [2]input.Date{min(d[0], on), max(d[1], on)}
				}
			}
		}
	}
	out := make([]Key, 0, len(days))
	for p, d := range days {
		out = append(out, Key{p.of, p.want, d[0], d[1]})
	}
	return out
}

// line gives the entries that some free times may fit, one after the other in their order.
type line struct {
	queue Queue
	group practice.ID
	keys  []Key
	after Rank
	ready []Rank
	over  bool
}

// next gives the next entry; 0 is that there is none.
func (l *line) next(ctx context.Context) (ID, error) {
	for len(l.ready) == 0 {
		if l.over {
			return 0, nil
		}
		if err := l.read(ctx); err != nil {
			return 0, err
		}
	}
	first := l.ready[0]
	l.ready = l.ready[1:]
	return first.Entry, nil
}

// read reads a stretch of the order: under each key as many entries as fit, and all of them up to where the first key
// has more.
func (l *line) read(ctx context.Context) error {
	var all []Rank
	var bound *Rank
	for _, k := range l.keys {
		found, err := l.queue.Heads(ctx, l.group, k, l.after, heads)
		if err != nil {
			return err
		}
		all = append(all, found...)
		if len(found) == heads {
			last := found[heads-1]
			if bound == nil || last.compare(*bound) < 0 {
				bound = &last
			}
		}
	}
	slices.SortFunc(all, Rank.compare)
	all = slices.Compact(all)
	if bound == nil {
		l.ready, l.over = all, true
		return nil
	}
	l.ready = slices.DeleteFunc(all, func(r Rank) bool { return r.compare(*bound) > 0 })
	l.after = *bound
	return nil
}
