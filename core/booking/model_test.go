package booking_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// grid is a naive model of a practice: it considers every minute, and knows nothing of how the real one works.
type grid struct {
	sessions []gridSession
	holidays map[string]bool                            // dates
	busy     map[practice.PractitionerID]map[int64]bool // minutes since 1970
	away     map[practice.PractitionerID]map[int64]int  // how often each was taken away
}

type gridSession struct {
	id         diary.SessionID
	who        practice.PractitionerID
	kinds      map[diary.TypeID]int64 // and their minutes
	zone       *time.Location
	from, to   int
	step       int64
	dates      map[string]bool
	closed     bool // on bank holidays
	exceptions [][2]string
	spans      map[int64][2]int64 // found before
}

type gridSlot struct {
	start int64
	who   practice.PractitionerID
	kind  diary.TypeID
	id    diary.SessionID
}

// wall is what clocks in a zone show: minutes since 1970 as if it were UTC.
func wall(zone *time.Location, m int64) int64 {
	t := time.Unix(m*60, 0).In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC).Unix() / 60
}

// slots lists the free slots that start in [from, to) and not before now.
func (g *grid) slots(from, to, now int64) []gridSlot {
	var out []gridSlot
	for _, s := range g.sessions {
		for date := range s.dates {
			if s.closed && g.holidays[date] ||
				slices.ContainsFunc(s.exceptions, func(e [2]string) bool { return date >= e[0] && date <= e[1] }) {
				continue
			}
			day, _ := time.Parse("2006-01-02", date)
			midnight := day.Unix() / 60
			if midnight+3*1440 < from || midnight-2*1440 > to {
				continue
			}
			start, end := s.span(midnight)
			for at := start; at < end; at += s.step {
				for kind, minutes := range s.kinds {
					free := at+minutes <= end && at >= from && at < to && at >= now
					for m := at; free && m < at+minutes; m++ {
						free = !g.busy[s.who][m] && g.away[s.who][m] == 0
					}
					if free {
						out = append(out, gridSlot{at, s.who, kind, s.id})
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b gridSlot) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.who, b.who), cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.id, b.id))
	})
	// Several sessions of one practitioner at one place may offer the same time.
	return slices.CompactFunc(out,
		func(a, b gridSlot) bool { return a.start == b.start && a.who == b.who && a.kind == b.kind })
}

// span finds the first minute at which clocks show the session's start or later, and the first at which they show its
// end or later.
func (s *gridSession) span(midnight int64) (start, end int64) {
	if known, ok := s.spans[midnight]; ok {
		return known[0], known[1]
	}
	length := int64(s.to - s.from)
	if length <= 0 {
		length += 1440
	}
	start, end = -1, -1
	for m := midnight - 1440; end < 0; m++ {
		w := wall(s.zone, m)
		if start < 0 && w >= midnight+int64(s.from) {
			start = m
		}
		if w >= midnight+int64(s.from)+length {
			end = m
		}
	}
	s.spans[midnight] = [2]int64{start, end}
	return start, end
}

// TestSlotsAgreeWithAMinuteGrid makes practices at random, books at random in them, and compares every search for free
// slots over two years, with all their clock changes, with the grid.
func TestSlotsAgreeWithAMinuteGrid(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		seeds := uint64(6)
		if testing.Short() {
			seeds = 1
		}
		for seed := range seeds {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				d := newKit(t, d.db)
				compareWithGrid(t, d, rand.New(rand.NewPCG(seed, 7)))
			})
		}
	})
}

func compareWithGrid(t *testing.T, d *kit, random *rand.Rand) {
	zones := []string{"Europe/London", "Europe/London", "Europe/London", "America/New_York", "Australia/Lord_Howe",
		"UTC"}
	g := &grid{holidays: map[string]bool{}, busy: map[practice.PractitionerID]map[int64]bool{},
		away: map[practice.PractitionerID]map[int64]int{}}
	for year := 2029; year < 2035; year++ {
		for _, h := range practice.HolidaysByRule(practice.EnglandAndWales, year) {
			g.holidays[h.Day.String()] = true
		}
	}
	kinds := map[diary.TypeID]int64{}
	for _, minutes := range []int{5, 10, 12, 30} {
		kinds[d.newType(fmt.Sprint(minutes), minutes).ID] = int64(minutes)
	}
	all := slices.Sorted(func(yield func(diary.TypeID) bool) {
		for k := range kinds {
			if !yield(k) {
				return
			}
		}
	})
	var people []practice.PractitionerID
	for range 4 {
		p := d.newGP("Grid")
		people = append(people, p.ID)
		g.busy[p.ID], g.away[p.ID] = map[int64]bool{}, map[int64]int{}
	}
	for range 9 {
		addSession(d, g, random, zones[random.IntN(len(zones))], people[random.IntN(len(people))], all, kinds)
	}
	first := time.Date(2031, time.January, 6, 0, 0, 0, 0, time.UTC)
	search := func(from, to time.Time) {
		t.Helper()
		want := g.slots(from.Unix()/60, to.Unix()/60, (d.clock.Now().Unix()+59)/60)
		var got []gridSlot
		q := diary.SlotQuery{Practitioners: people, From: diary.At(from), To: diary.At(to)}
		size := 1 + random.IntN(400)
		for index := 0; ; index++ {
			q.Index, q.Size = index, size
			page, err := d.diary.Slots(d.ctx, q)
			d.must(err)
			if page.Count != len(want) {
				t.Fatalf("%v to %v: counted %d, want %d", from, to, page.Count, len(want))
			}
			for _, s := range page.Slots {
				got = append(got, gridSlot{start: s.Start.Unix() / 60, who: s.Practitioner, kind: s.Type})
				if s.End.Sub(s.Start) != time.Duration(kinds[s.Type])*time.Minute {
					t.Fatalf("slot %+v", s)
				}
			}
			if len(page.Slots) < size {
				break
			}
		}
		for i := range want {
			if w := want[i]; i >= len(got) || got[i].start != w.start || got[i].who != w.who || got[i].kind != w.kind {
				t.Fatalf("%v to %v: slot %d is %+v, want %+v", from, to, i, append(got, gridSlot{})[i], w)
			}
		}
	}
	for window := range 8 {
		from := first.AddDate(0, 0, 92*window)
		to := from.AddDate(0, 0, 92)
		search(from, to)
		bookSome(t, d, g, random, from, kinds)
		for range 4 {
			takeAway(d, g, random, from, people)
		}
		search(from, to)
		search(from.Add(time.Duration(random.IntN(80*1440))*time.Minute), to)
		g.compareStretches(d, from.Add(time.Duration(random.IntN(84*1440))*time.Minute), people)
	}
}

// takeAway makes a block, of one practitioner or of all, in the practice and in the grid; some are ended again, and
// some changed.
func takeAway(d *kit, g *grid, random *rand.Rand, from time.Time, people []practice.PractitionerID) {
	d.t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	d.must(err)
	first := from.AddDate(0, 0, random.IntN(90))
	b := gridSession{zone: zone, from: random.IntN(1440), to: random.IntN(1440), spans: map[int64][2]int64{}}
	if random.IntN(2) == 0 {
		b.from, b.to = random.IntN(120), 121+random.IntN(200) // over the hours clocks change in
	}
	if b.from == b.to {
		b.to = (b.to + 90) % 1440
	}
	count := 1
	if b.from < b.to {
		count += random.IntN(6)
	}
	of := people
	n := newHours{Away: true, Location: d.place.ID, SessionChange: diary.SessionChange{
		StartDate: new(input.DateOf(first)), EndDate: new(input.DateOf(first.AddDate(0, 0, count-1))),
		From: &b.from, To: &b.to,
	}}
	if random.IntN(4) > 0 {
		n.Practitioner = people[random.IntN(len(people))]
		of = []practice.PractitionerID{n.Practitioner}
	}
	made, err := d.diary.CreateSession(d.ctx, n.change())
	d.must(err)
	switch random.IntN(5) {
	case 0:
		_, err = d.diary.DeleteSession(d.ctx, made.ID)
		d.must(err)
		return
	case 1:
		_, err = d.diary.ChangeSession(d.ctx, made.ID, diary.SessionChange{Exclusions: []input.Date{*n.StartDate}})
		d.must(err)
		first, count = first.AddDate(0, 0, 1), count-1
	}
	for i := range count {
		start, end := b.span(first.AddDate(0, 0, i).Unix() / 60)
		for _, who := range of {
			for m := start; m < end; m++ {
				g.away[who][m]++
			}
		}
	}
}

// compareStretches compares the time that is worked and that is free in five days with the grid.
func (g *grid) compareStretches(d *kit, from time.Time, people []practice.PractitionerID) {
	d.t.Helper()
	to := from.AddDate(0, 0, 5)
	worked, free := map[string]bool{}, map[string]bool{}
	key := func(who practice.PractitionerID, m int64) string { return fmt.Sprint(who, " ", m) }
	for i := range g.sessions {
		s := &g.sessions[i]
		for date := range s.dates {
			day, _ := time.Parse("2006-01-02", date)
			if day.Before(from.AddDate(0, 0, -3)) || day.After(to.AddDate(0, 0, 3)) || s.closed && g.holidays[date] ||
				slices.ContainsFunc(s.exceptions, func(e [2]string) bool { return date >= e[0] && date <= e[1] }) {
				continue
			}
			start, end := s.span(day.Unix() / 60)
			for m := max(start, from.Unix()/60); m < min(end, to.Unix()/60); m++ {
				if g.away[s.who][m] == 0 {
					worked[key(s.who, m)] = true
					free[key(s.who, m)] = !g.busy[s.who][m] && m >= (d.clock.Now().Unix()+59)/60
				}
			}
		}
	}
	gotWorked, _, err := d.diary.WorkingTime(d.ctx, diary.TimeQuery{Places: []practice.LocationID{d.place.ID},
		From: from, To: to})
	d.must(err)
	gotFree, more, err := d.diary.WorkingTime(d.ctx, diary.TimeQuery{Free: true, Practitioners: people, From: from,
		To:   to,
		Page: input.Page{Size: input.MaxPage}})
	d.must(err)
	for _, c := range []struct {
		name string
		want map[string]bool
		got  []diary.Stretch
	}{{"worked", worked, gotWorked}, {"free", free, gotFree}} {
		seen := map[string]bool{}
		for _, s := range c.got {
			if !slices.Contains(people, s.Practitioner) {
				continue // the one the practice began with
			}
			for m := s.Start.Unix() / 60; m < s.End.Unix()/60; m++ {
				if k := key(s.Practitioner, m); !c.want[k] || seen[k] {
					d.t.Fatalf("%v: %s: minute %s of %+v", from, c.name, k, s)
				}
				seen[key(s.Practitioner, m)] = true
			}
		}
		for k, yes := range c.want {
			if yes && !seen[k] && !(c.name == "free" && more) {
				d.t.Fatalf("%v: minute %s is not %s", from, k, c.name)
			}
		}
	}
}

// addSession adds a session to the practice and to the grid.
func addSession(
	d *kit, g *grid, random *rand.Rand, zone string, who practice.PractitionerID, all []diary.TypeID,
	kinds map[diary.TypeID]int64,
) {
	d.t.Helper()
	loc, err := time.LoadLocation(zone)
	d.must(err)
	s := gridSession{who: who, zone: loc, kinds: map[diary.TypeID]int64{}, dates: map[string]bool{},
		spans: map[int64][2]int64{}, closed: random.IntN(2) == 0}
	s.from, s.to = random.IntN(1440), random.IntN(1440)
	if random.IntN(3) == 0 {
		s.from, s.to = random.IntN(120), 60+random.IntN(200) // over the hours clocks change in
	}
	if s.from == s.to {
		s.to = (s.to + 90) % 1440
	}
	s.step = []int64{5, 7, 10, 15, 30}[random.IntN(5)]
	var types []diary.TypeID
	for _, k := range all {
		if random.IntN(2) == 0 || len(types) == 0 {
			types = append(types, k)
			s.kinds[k] = kinds[k]
		}
	}
	start := time.Date(2030, time.December, 1+random.IntN(200), 0, 0, 0, 0, time.UTC)
	rule := fmt.Sprintf("FREQ=WEEKLY;INTERVAL=%d;BYDAY=%s", 1+random.IntN(3),
		[]string{"SU", "SU,MO", "MO,TU,WE,TH,FR", "SA,SU", "WE,SA"}[random.IntN(5)])
	if random.IntN(3) == 0 {
		rule += fmt.Sprint(";COUNT=", 5+random.IntN(100))
	}
	if random.IntN(6) == 0 {
		rule = ""
		s.dates[start.Format("2006-01-02")] = true
	} else {
		r, err := rrule.StrToRRule(rule)
		d.must(err)
		r.DTStart(start)
		for _, at := range r.Between(start, start.AddDate(3, 0, 0), true) {
			s.dates[at.Format("2006-01-02")] = true
		}
	}
	var exceptions []diary.Exception
	for range random.IntN(6) {
		a := start.AddDate(0, 0, random.IntN(700))
		b := a.AddDate(0, 0, random.IntN(20))
		e := [2]string{a.Format("2006-01-02"), b.Format("2006-01-02")}
		s.exceptions = append(s.exceptions, e)
		exceptions = append(exceptions, diary.Exception{From: input.DateOf(a), To: input.DateOf(b)})
	}
	made := d.session(diary.SessionChange{
		Practitioner: &who, Types: &types, StartDate: new(input.DateOf(start)), From: &s.from, To: &s.to,
		Step: ptr(int(s.step)), Rule: &rule, TimeZone: &zone, WorksHolidays: ptr(!s.closed), Exceptions: &exceptions,
	})
	s.id = made.ID
	g.sessions = append(g.sessions, s)
}

// bookSome reserves, books, moves and cancels some of the free slots, keeps the grid in step, and lets some holds run
// out.
func bookSome(t *testing.T, d *kit, g *grid, random *rand.Rand, from time.Time, kinds map[diary.TypeID]int64) {
	t.Helper()
	mark := func(a booking.Appointment, busy bool) {
		for m := a.Start.Unix() / 60; m < a.End.Unix()/60; m++ {
			if g.busy[a.Practitioner][m] == busy {
				t.Fatalf("minute %d of %+v was busy: %v", m, a, busy)
			}
			g.busy[a.Practitioner][m] = busy
		}
	}
	some := func() []gridSlot {
		day := from.Unix()/60 + int64(random.IntN(85))*1440
		return g.slots(day, day+4*1440, (d.clock.Now().Unix()+59)/60)
	}
	var held []booking.Appointment
	for range 25 {
		free := some()
		if len(free) == 0 {
			continue
		}
		s := free[random.IntN(len(free))]
		r := booking.Request{Type: s.kind, Location: d.place.ID, Practitioner: s.who, Start: time.Unix(s.start*60, 0),
			Length: time.Duration(kinds[s.kind]) * time.Minute, Patient: d.ada}
		a, err := d.booking.Reserve(d.ctx, r)
		if err != nil {
			t.Fatalf("%+v is free, but: %v", s, err)
		}
		mark(a, true)
		switch random.IntN(4) {
		case 0:
			held = append(held, a)
			continue
		case 1:
			got, err := d.booking.Cancel(d.ctx, a.ID, booking.Cancellation{})
			d.must(err)
			mark(got, false)
			continue
		}
		got, err := d.booking.Confirm(d.ctx, a.ID, booking.Confirmation{})
		d.must(err)
		if random.IntN(2) == 0 {
			continue
		}
		if free = some(); len(free) == 0 {
			continue
		}
		s = free[random.IntN(len(free))]
		moved, err := d.reschedule(a.ID, move{
			Practitioner: s.who, Start: time.Unix(s.start*60, 0), Minutes: int(kinds[got.Type]), SuppressPolicy: true,
			Override: true,
		})
		if strings.Contains(fmt.Sprint(err), booking.ErrSlotTaken.Code) {
			continue // of another length, it may run into what follows
		}
		d.must(err)
		mark(got, false)
		mark(moved, true)
	}
	d.clock.Move(d.booking.Hold)
	for _, a := range held {
		mark(a, false)
	}
}

func TestSlotIDFindsItsSlot(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		page, err := d.diary.Slots(d.ctx, diary.SlotQuery{To: diary.On(input.DateOf(monday.AddDate(0, 0, 20))),
			Index: 2, Size: 30})
		d.must(err)
		for _, s := range page.Slots {
			same, err := d.diary.Slot(d.ctx, s.ID)
			if err != nil || same != s {
				t.Fatalf("got %+v, %v; want %+v", same, err, s)
			}
		}
		for _, id := range []string{"", "1", "x", "-1", page.Slots[0].ID + "0", "0" + page.Slots[0].ID,
			page.Slots[0].ID[:30],
			strings.Repeat("9", 41), strings.Repeat("9", 500)} {
			_, err := d.diary.Slot(d.ctx, id)
			want(t, err, diary.ErrSlotNotFound)
		}
	})
}
