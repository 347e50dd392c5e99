package diary

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// sheets remembers what has been read of each diary. Each half of a sheet is used only while the diary still has the
// version it was read at, and the database is asked that first every time: what is remembered is never out of date.
type sheets struct {
	mu    sync.Mutex
	known *simplelru.LRU[sheetKey, *sheet] // nil until the first is kept
	size  int                              // the weight of all
}

type sheetKey struct {
	group practice.ID
	of    practice.PractitionerID
}

// sheet is what was read of a diary. It is never changed once others can see it.
type sheet struct {
	hours    int64
	since    input.Date // sessions and blocks that had ended by then are left out
	sessions []Session
	absent   []absence // in order

	version  int64
	from, to minute // between which taken is known
	taken    []stretch
}

// stretch is a time that is held or booked.
type stretch struct {
	from, to minute
	until    int64 // when a hold runs out, in microseconds since 1970; 0 for a booking
}

// maxWeight bounds what is remembered, to about sixteen megabytes; emptyWeight is the share of it that a sheet has with
// nothing on it.
const (
	maxWeight   = 500_000
	emptyWeight = 10
)

// weight is a sheet's share of maxWeight.
func (s *sheet) weight() int { return len(s.taken) + len(s.absent) + 10*len(s.sessions) + emptyWeight }

// ahead is how far a diary is read at once, so that searches for different days of the next weeks share a sheet.
const ahead = 29 * 24 * time.Hour

// look is what to read of some diaries, or of all: their sessions, and, when taken is set, what is held or booked
// between two instants.
type look struct {
	group    practice.ID
	of       []practice.PractitionerID
	from, to time.Time
	now      time.Time
	taken    bool
}

// read gives the diaries of practitioners who offer slots, read now or remembered, in the order of their ids.
func (m *sheets) read(ctx context.Context, r Store, l look) ([]*sheet, error) {
	all, err := r.Diaries(ctx, l.group, l.of)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d Diary) bool { return !d.Active })
	slices.SortFunc(all, func(a, b Diary) int { return cmp.Compare(a.Practitioner, b.Practitioner) })
	// A day earlier: sessions have zones of their own and may run past midnight.
	since := input.DateOf(l.from.UTC()) - 1
	out := make([]*sheet, len(all))
	var noHours, noTaken []practice.PractitionerID
	m.mu.Lock()
	for i, d := range all {
		out[i] = &sheet{since: since, hours: d.Hours, version: d.Version}
		known := m.find(sheetKey{l.group, d.Practitioner})
		if known == nil {
			noHours, noTaken = append(noHours, d.Practitioner), append(noTaken, d.Practitioner)
			continue
		}
		if known.hours == d.Hours && d.Hours != 0 && known.since <= since {
			out[i].sessions, out[i].absent, out[i].since = known.sessions, known.absent, known.since
		} else {
			noHours = append(noHours, d.Practitioner)
		}
		fresh := known.version == d.Version && d.Version != 0
		if fresh {
			out[i].from, out[i].to, out[i].taken = known.from, known.to, known.taken
		}
		if !fresh || known.from > minuteOf(l.from) || known.to < minuteOf(l.to) {
			noTaken = append(noTaken, d.Practitioner)
		}
	}
	m.mu.Unlock()
	if !l.taken {
		noTaken = nil
	}
	if len(noHours)+len(noTaken) == 0 {
		return out, nil
	}
	if err := fillHours(ctx, r, l.group, all, out, noHours); err != nil {
		return nil, err
	}
	if err := fillTaken(ctx, r, l, all, out, noTaken); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, d := range all {
		m.keep(sheetKey{l.group, d.Practitioner}, out[i])
	}
	return out, nil
}

// fillHours reads the sessions and the blocks of some of the diaries.
func fillHours(
	ctx context.Context, r Store, group practice.ID, all []Diary, out []*sheet, of []practice.PractitionerID,
) error {
	if len(of) == 0 {
		return nil
	}
	since := slices.MinFunc(out, func(a, b *sheet) int { return cmp.Compare(a.since, b.since) }).since
	// A block of the night before ends in the morning.
	q := Dates{Practitioners: of, From: since - 1, To: lastDay, Blocks: true}
	sessions, err := r.Sessions(ctx, group, q)
	if err != nil {
		return err
	}
	var blocks []Session
	for _, s := range sessions {
		if s.Away {
			blocks = append(blocks, s)
		} else if i, ok := slices.BinarySearchFunc(all, s.Practitioner, byPractitioner); ok &&
			slices.Contains(of, s.Practitioner) {
			out[i].sessions = append(out[i].sessions, s)
		}
	}
	for i, d := range all {
		if !slices.Contains(of, d.Practitioner) {
			continue
		}
		for _, b := range blocks {
			if b.Practitioner == d.Practitioner || b.Practitioner == 0 {
				out[i].absent = append(out[i].absent, b.absences(q.From)...)
			}
		}
		slices.SortFunc(out[i].absent, func(a, b absence) int { return cmp.Compare(a.from, b.from) })
	}
	return nil
}

// fillTaken reads what is held or booked in some of the diaries.
func fillTaken(
	ctx context.Context, r Store, l look, all []Diary, out []*sheet, of []practice.PractitionerID,
) error {
	if len(of) == 0 {
		return nil
	}
	from, to := l.from, l.to
	if base := l.now.Truncate(24 * time.Hour).Add(-24 * time.Hour); !from.Before(base) && !to.After(base.Add(ahead)) {
		from, to = base, base.Add(ahead)
	}
	found, err := r.Taken(ctx, l.group, TakenQuery{Practitioners: of, From: from, To: to})
	if err != nil {
		return err
	}
	for i, d := range all {
		if slices.Contains(of, d.Practitioner) {
			out[i].version, out[i].from, out[i].to, out[i].taken = d.Version, minuteOf(from), minuteOf(to), nil
		}
	}
	slices.SortFunc(found, func(a, b Taken) int { return a.Start.Compare(b.Start) })
	for _, o := range found {
		i, ok := slices.BinarySearchFunc(all, o.Practitioner, byPractitioner)
		if !ok || !slices.Contains(of, o.Practitioner) {
			continue
		}
		t := stretch{from: minuteOf(o.Start), to: minuteOf(o.End)}
		if !o.HeldUntil.IsZero() {
			t.until = o.HeldUntil.UnixMicro()
		}
		out[i].taken = append(out[i].taken, t)
	}
	return nil
}

func byPractitioner(d Diary, id practice.PractitionerID) int { return cmp.Compare(d.Practitioner, id) }

// find gives a sheet that is remembered, or nil.
func (m *sheets) find(key sheetKey) *sheet {
	if m.known == nil {
		return nil
	}
	s, _ := m.known.Get(key)
	return s
}

// keep remembers a sheet, and forgets those that were not used for longest.
func (m *sheets) keep(key sheetKey, s *sheet) {
	if s.hours == 0 || s.weight() > maxWeight/4 {
		return
	}
	if m.known == nil {
		// The weight bounds it long before the number does. An error is a number below one.
		m.known, _ = simplelru.NewLRU(maxWeight/emptyWeight, func(_ sheetKey, s *sheet) { m.size -= s.weight() })
	}
	m.known.Remove(key)
	m.known.Add(key, s)
	for m.size += s.weight(); m.size > maxWeight; {
		m.known.RemoveOldest()
	}
}
