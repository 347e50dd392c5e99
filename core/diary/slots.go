package diary

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Slot is a free time that can be reserved.
type Slot struct {
	ID           string
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Type         TypeID
	Start, End   time.Time
}

// slotID spells the session, the type and the start of a slot in digits: the session's id, then the type's in sixteen,
// then minutes since 1970 in nine. The same slot always has the same id: of several sessions that offer it, that of the
// first.
func slotID(s SessionID, t TypeID, start minute) string {
	// A search makes thousands of them: fmt takes five times as long.
	text := strconv.AppendInt(make([]byte, 0, 16+slotTail), int64(s), 10)
	text = padded(text, int64(t), slotTail-9)
	return string(padded(text, int64(start), 9))
}

// padded adds a number with zeros before it, so many digits wide.
func padded(text []byte, n int64, width int) []byte {
	digits := 1
	for rest := n; rest >= 10; rest /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		text = append(text, '0')
	}
	return strconv.AppendInt(text, n, 10)
}

const slotTail = 16 + 9

// parseSlotID reads what slotID wrote.
func parseSlotID(id string) (s SessionID, t TypeID, start minute, ok bool) {
	if len(id) <= slotTail || len(id) > slotTail+16 || id[0] == '0' {
		return 0, 0, 0, false
	}
	cut := len(id) - slotTail
	a, err1 := strconv.ParseUint(id[:cut], 10, 63)
	b, err2 := strconv.ParseUint(id[cut:cut+16], 10, 63)
	c, err3 := strconv.ParseUint(id[cut+16:], 10, 63)
	return SessionID(a), TypeID(b), minute(c), err1 == nil && err2 == nil && err3 == nil
}

func (s slot) public() Slot {
	return Slot{
		ID: slotID(s.session.ID, s.kind.ID, s.start), Practitioner: s.session.Practitioner,
		Location: s.session.Location, Type: s.kind.ID, Start: s.start.time(), End: s.end().time(),
	}
}

func public(slots []slot) []Slot {
	out := make([]Slot, len(slots))
	for i, sl := range slots {
		out[i] = sl.public()
	}
	return out
}

// compareSlots orders by start, then practitioner, then type, then session.
func compareSlots(a, b slot) int {
	return cmp.Or(
		cmp.Compare(a.start, b.start), cmp.Compare(a.session.Practitioner, b.session.Practitioner),
		cmp.Compare(a.kind.ID, b.kind.ID), cmp.Compare(a.session.ID, b.session.ID),
	)
}

// SlotQuery says which free slots to look for. From and To are dates in the group's zone, both included, or instants;
// none is from now, and to the end of the group's booking window.
type SlotQuery struct {
	Locations     []practice.LocationID
	Practitioners []practice.PractitionerID
	Types         []TypeID
	From, To      Moment
	// Index is the page, counted from 0, and Size its length; with no Size, slots are counted and none listed.
	Index, Size int
	// Explain counts why other times in the sessions are not offered.
	Explain bool
}

// found is a search made ready: what to look in, and between which instants.
type found struct {
	diary    *diary
	from, to minute
}

// search reads what a query asks about. Errors: a field fault for the dates, and not found for a place, practitioner or
// type the group lacks.
func (s *Service) search(ctx context.Context, group practice.ID, q SlotQuery) (found, error) {
	g, err := s.Practice.Group(ctx, group)
	if err != nil {
		return found{}, err
	}
	now := s.Now()
	from, to, err := q.window(now, g)
	if err != nil {
		return found{}, err
	}
	types, err := s.Store.AppointmentTypes(ctx, group, false)
	if err != nil {
		return found{}, err
	}
	d, err := s.open(ctx, g, look{of: q.Practitioners, from: from, to: to, now: now, taken: true})
	if err != nil {
		return found{}, err
	}
	d.types = make(map[TypeID]*Type, len(types))
	for i, t := range types {
		if len(q.Types) == 0 || slices.Contains(q.Types, t.ID) {
			d.types[t.ID] = &types[i]
		}
	}
	for _, id := range q.Types {
		if d.types[id] == nil {
			if _, err := s.Store.AppointmentType(ctx, group, id); err != nil {
				return found{}, err
			}
		}
	}
	if err := s.known(ctx, group, q, d); err != nil {
		return found{}, err
	}
	if len(q.Locations) > 0 {
		maps.DeleteFunc(d.places, func(id practice.LocationID, _ bool) bool {
			return !slices.Contains(q.Locations, id)
		})
	}
	return found{d, minuteOf(from), minuteOf(to)}, nil
}

// known checks that every place and practitioner asked about exists. Those the search has found need no question.
func (s *Service) known(ctx context.Context, group practice.ID, q SlotQuery, d *diary) error {
	for _, id := range q.Locations {
		if !d.places[id] {
			if _, err := s.Practice.Location(ctx, group, id); err != nil {
				return err
			}
		}
	}
	if len(d.sheets) == len(q.Practitioners) {
		return nil
	}
	for _, id := range q.Practitioners {
		if _, err := s.Practice.Practitioner(ctx, group, id); err != nil {
			return err
		}
	}
	return nil
}

// window turns the two ends of a query into instants, the second excluded.
func (q SlotQuery) window(now time.Time, g practice.Group) (from, to time.Time, err error) {
	zone := g.Zone()
	if from = now; q.From.Given() {
		from = q.From.Begin(zone).Time()
	}
	if to = q.To.End(zone).Time(); !q.To.Given() {
		to = Midnight(zone, input.DateOf(from.In(zone))+input.Date(g.WindowDays))
	}
	if to.Before(from) || q.To.of == isDate && to.Equal(from) {
		// From now until a day that is over is nothing, not a mistake.
		if !q.From.Given() {
			return from, from, nil
		}
		return from, to, errNoDates
	}
	if days := input.DateOf(to.In(zone)) - input.DateOf(from.In(zone)); days > practice.MaxWindowDays {
		return from, to,
			fault.Wrong("end", input.CodeBig, fmt.Sprintf("at most %d days after the start", practice.MaxWindowDays),
				fmt.Sprintf("A search may cover at most %d days.", practice.MaxWindowDays))
	}
	return from, to, nil
}

// SlotPage is one page of free slots.
type SlotPage struct {
	Slots []Slot
	// Count is how many there are on all pages.
	Count int
	// Why is set when an explanation was asked for.
	Why *Explanation
}

// Slots counts free slots, and lists a page of them by start, then practitioner.
func (s *Service) Slots(ctx context.Context, q SlotQuery) (SlotPage, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return SlotPage{}, err
	}
	f, err := s.search(ctx, who.Group, q)
	if err != nil {
		return SlotPage{}, err
	}
	page := SlotPage{}
	if q.Explain {
		page.Why = &Explanation{}
		f.diary.why = page.Why
	}
	if q.Size == 0 {
		f.diary.each(f.from, f.to, func(slot) { page.Count++ })
		return page, nil
	}
	// Count by the hour first, so that only the hours on this page are ever held in memory and sorted.
	first := f.from / hour
	hours := make([]int, f.to/hour-first+1)
	f.diary.each(f.from, f.to, func(sl slot) {
		hours[sl.start/hour-first]++
		page.Count++
	})
	f.diary.why = nil
	if q.Index > page.Count || q.Index*q.Size >= page.Count { // the first keeps the product from overflowing
		return page, nil
	}
	begin, end, skip := hoursOfPage(hours, q.Index*q.Size, q.Size)
	var slots []slot
	f.diary.each(max(f.from, (first+begin)*hour), min(f.to, (first+end)*hour), func(sl slot) {
		slots = append(slots, sl)
	})
	slices.SortFunc(slots, compareSlots)
	page.Slots = public(slots[skip:min(skip+q.Size, len(slots))])
	return page, nil
}

// hour is an hour in minutes.
const hour = 60

// hoursOfPage finds the hours that have a page after skip slots: from begin to end, which is excluded. Of their slots
// the page leaves out the first left.
func hoursOfPage(hours []int, skip, size int) (begin, end minute, left int) {
	for left = skip; left >= hours[begin]; begin++ {
		left -= hours[begin]
	}
	have := 0
	for end = begin; int(end) < len(hours) && have < left+size; end++ {
		have += hours[end]
	}
	return begin, end, left
}

// Slot finds one free slot by its id. Error: ErrSlotNotFound.
func (s *Service) Slot(ctx context.Context, id string) (Slot, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return Slot{}, err
	}
	session, kind, start, ok := parseSlotID(id)
	if !ok {
		return Slot{}, ErrSlotNotFound
	}
	of, err := s.Store.Session(ctx, who.Group, session)
	if err != nil {
		return Slot{}, notFound(err)
	}
	t, err := s.Store.AppointmentType(ctx, who.Group, kind)
	if err != nil {
		return Slot{}, notFound(err)
	}
	g, err := s.Practice.Group(ctx, who.Group)
	if err != nil {
		return Slot{}, err
	}
	from := start.time()
	d, err := s.open(ctx, g,
		look{of: []practice.PractitionerID{of.Practitioner}, from: from, to: from.Add(t.Length()), now: s.Now(),
			taken: true})
	if err != nil {
		return Slot{}, err
	}
	if t.Active {
		d.types = map[TypeID]*Type{kind: &t}
	}
	var hit *Slot
	d.each(start, start+1, func(sl slot) {
		// When the id was given out, its session was the first to offer the time. Another may be now.
		if sl.session.ID == session || sl.session.Location == of.Location && d.runsAt(session, t, start) {
			p := sl.public()
			hit = &p
		}
	})
	if hit == nil {
		return Slot{}, ErrSlotNotFound
	}
	return *hit, nil
}

// runsAt reports whether a session has a slot of the type at the time.
func (d *diary) runsAt(session SessionID, kind Type, start minute) bool {
	for _, sh := range d.sheets {
		for _, r := range d.runs(sh, start, start+1) {
			if r.session.ID == session && r.offers(kind.ID, start, minute(kind.Minutes)) {
				return true
			}
		}
	}
	return false
}

// notFound answers for a session or a type that is gone as for a slot that is gone.
func notFound(err error) error {
	if fault.Of(err).Kind == fault.NotFound {
		return ErrSlotNotFound
	}
	return err
}

// nearestCount is how many free slots a conflict offers instead.
const nearestCount = 5

// nearby is how far from the time asked for they are looked for.
const nearby = 14 * 24 * time.Hour

// Nearest lists the free slots of the practitioner and type closest to a time, in order of time.
func (s *Service) Nearest(
	ctx context.Context, group practice.ID, of practice.PractitionerID, kind TypeID, to time.Time,
) ([]Slot, error) {
	now := s.Now()
	from, until := to.Add(-nearby), to.Add(nearby)
	if from.Before(now) {
		from, until = now, now.Add(2*nearby)
	}
	if until.Before(from) {
		return nil, nil
	}
	f, err := s.search(ctx, group, SlotQuery{
		Practitioners: []practice.PractitionerID{of}, Types: []TypeID{kind},
		From: At(from), To: At(until),
	})
	if err != nil {
		return nil, err
	}
	wanted := minuteOf(to)
	far := func(sl slot) minute { return max(sl.start-wanted, wanted-sl.start) }
	var best []slot
	f.diary.each(f.from, f.to, func(sl slot) {
		at, _ := slices.BinarySearchFunc(best, sl,
			func(a, b slot) int { return cmp.Or(cmp.Compare(far(a), far(b)), compareSlots(a, b)) })
		if at < nearestCount {
			best = slices.Insert(best, at, sl)
			best = best[:min(len(best), nearestCount)]
		}
	})
	slices.SortFunc(best, compareSlots)
	return public(best), nil
}
