package diary

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// HoursID names a session or a block; no two of them have the same id.
type HoursID int64

// String gives the id as digits.
func (id HoursID) String() string { return strconv.FormatInt(int64(id), 10) }

// Hours is when somebody works in a room, or does not: a session or a block, as
// the front desk sees either.
type Hours struct {
	ID HoursID
	// Away marks a block: time that is taken away.
	Away bool
	// Practitioner is 0 for a block of everybody at the place.
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	Comment      string
	// Start is the first date and Until the last, or NoDate. From and To are
	// minutes of the day; To is of the next day when it is not after From.
	Start, Until input.Date
	From, To     int
	// Weekly says on which dates; one with an Interval of 0 is about each date
	// from Start to Until.
	Weekly
	// Excluded are dates it is not about, though the rest would say so.
	Excluded             []input.Date
	CreatedBy, UpdatedBy practice.PractitionerID // 0 is a program
	CreatedAt, UpdatedAt time.Time
}

// maxLooked is how many dates of a session's exceptions are looked at.
const maxLooked = 10_000

func hoursOf(s Session) Hours {
	h := Hours{
		ID: HoursID(s.ID), Practitioner: s.Practitioner, Location: s.Location, Comment: s.Comment, Start: s.Start, Until: s.Until, From: s.From,
		To: s.To, Weekly: s.Weekly, CreatedBy: s.CreatedBy, UpdatedBy: s.UpdatedBy, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	if h.Interval == 0 {
		h.Until = h.Start
	}
	looked := 0
	for _, e := range s.Exceptions {
		last := e.To
		if h.Until != input.NoDate {
			last = min(last, h.Until)
		}
		for day := max(e.From, h.Start); day <= last && looked < maxLooked; day++ {
			if looked++; h.runs(h.Start, h.Until, day) {
				h.Excluded = append(h.Excluded, day)
			}
		}
	}
	slices.Sort(h.Excluded)
	h.Excluded = slices.Compact(h.Excluded)
	return h
}

func hoursOfBlock(b Block) Hours {
	return Hours{
		ID: HoursID(b.ID), Away: true, Practitioner: b.Practitioner, Location: b.Location, Comment: b.Comment, Start: b.Start, Until: b.Until,
		From: b.From, To: b.To, Excluded: b.Excluded, CreatedBy: b.CreatedBy, UpdatedBy: b.UpdatedBy, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
	}
}

// HoursQuery is which sessions and blocks to list: those that are of one of the
// practitioners and at one of the places, where any are named.
type HoursQuery struct {
	Practitioners []practice.PractitionerID
	Locations     []practice.LocationID
	input.Page
}

// HoursRows is a HoursQuery in the form the store takes: Limit rows after Offset.
type HoursRows struct {
	HoursQuery
	Offset, Limit int
}

// maxNamed is how many practitioners or places a list may be narrowed to.
const maxNamed = 200

// OneHours finds one session or block. Error: ErrHoursNotFound.
func (s *Service) OneHours(ctx context.Context, id HoursID) (Hours, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return Hours{}, err
	}
	all, err := hoursByID(ctx, s.Store, who.Group, []HoursID{id})
	if err == nil && len(all) == 0 {
		err = ErrHoursNotFound
	}
	if err != nil {
		return Hours{}, err
	}
	return all[0], nil
}

// Hours lists sessions and blocks in the order of their ids, and whether more
// follow the page.
func (s *Service) Hours(ctx context.Context, q HoursQuery) (found []Hours, more bool, err error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	atMost(&in, "user_ids", len(q.Practitioners), maxNamed)
	atMost(&in, "room_ids", len(q.Locations), maxNamed)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	ids, err := s.Store.Hours(ctx, who.Group, HoursRows{q, offset, size + 1})
	if err != nil {
		return nil, false, err
	}
	if more = len(ids) > size; more {
		ids = ids[:size]
	}
	found, err = hoursByID(ctx, s.Store, who.Group, ids)
	return found, more, err
}

func atMost(in *input.Checks, field string, n, most int) {
	if n > most {
		in.Wrong(field, input.CodeBig, fmt.Sprintf("at most %d ids", most), "These are too many.")
	}
}

// hoursByID finds sessions and blocks in the order of the ids.
func hoursByID(ctx context.Context, r Reader, group practice.ID, ids []HoursID) ([]Hours, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	sessions, err := r.SessionsByID(ctx, group, as[SessionID](ids))
	if err != nil {
		return nil, err
	}
	blocks, err := r.BlocksByID(ctx, group, as[BlockID](ids))
	if err != nil {
		return nil, err
	}
	var out []Hours
	for _, id := range ids {
		if s, ok := sessions[SessionID(id)]; ok {
			out = append(out, hoursOf(s))
		}
		if b, ok := blocks[BlockID(id)]; ok {
			out = append(out, hoursOfBlock(b))
		}
	}
	return out, nil
}

func as[T ~int64](ids []HoursID) []T {
	out := make([]T, len(ids))
	for i, id := range ids {
		out[i] = T(id)
	}
	return out
}

// HoursToCome lists the sessions and blocks that are not over, with the date at
// the practice.
func (s *Service) HoursToCome(ctx context.Context) ([]Hours, input.Date, error) {
	who, err := access.Require(ctx, access.SeeAvailability)
	if err != nil {
		return nil, 0, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, 0, err
	}
	today := input.DateOf(s.Now().In(g.Zone()))
	sessions, err := s.Store.Sessions(ctx, who.Group, SessionQuery{From: today, To: lastDay})
	if err != nil {
		return nil, 0, err
	}
	blocks, err := s.Store.Blocks(ctx, who.Group, SessionQuery{From: today, To: lastDay})
	if err != nil {
		return nil, 0, err
	}
	var out []Hours
	for _, x := range sessions {
		if h := hoursOf(x); h.Until == input.NoDate || h.Until >= today {
			out = append(out, h)
		}
	}
	for _, b := range blocks {
		out = append(out, hoursOfBlock(b))
	}
	slices.SortFunc(out, func(a, b Hours) int { return cmp.Compare(a.ID, b.ID) })
	return out, today, nil
}
