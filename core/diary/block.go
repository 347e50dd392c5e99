package diary

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// maxBlockDays bounds a block, so that all its time can be worked out at once; maxComment is the longest comment.
const (
	maxBlockDays = 366
	maxComment   = 1000
)

// applyAway is apply for a block.
func (c SessionChange) applyAway(b *Session) error {
	var in input.Checks
	if b.Start == input.NoDate {
		input.Set(&b.Practitioner, c.Practitioner)
		input.Set(&b.Location, c.Location)
	}
	if c.Recurrence != nil && !c.Recurrence.Once {
		in.Wrong("recurrence", input.CodeType, "nothing", "A block does not recur.")
	}
	if c.Comment != nil {
		b.Comment = in.Lines("comment", *c.Comment, maxComment)
	}
	once := b.Until == b.Start
	input.Set(&b.Start, c.StartDate)
	switch {
	case c.EndDate != nil && *c.EndDate != input.NoDate:
		b.Until = *c.EndDate
	case c.EndDate != nil, once:
		b.Until = b.Start
	}
	c.times(&in, b)
	b.exclude(c.Exclusions)
	slices.SortFunc(b.Exceptions, func(x, y Exception) int { return cmp.Compare(x.From, y.From) })
	if len(b.Exceptions) > maxExceptions {
		in.Wrong("exclusions", input.CodeBig, fmt.Sprintf("at most %d", maxExceptions),
			"These are too many exclusions.")
	}
	if err := in.Err(); err != nil {
		return err // what follows needs the dates to be right
	}
	switch {
	case b.Until < b.Start:
		in.Wrong("end_date", input.CodeSmall, "a date on or after the first", "This ends before it starts.")
	case b.Until-b.Start >= maxBlockDays:
		in.Wrong("end_date", input.CodeBig, fmt.Sprintf("at most %d dates", maxBlockDays),
			"This block covers too many dates.")
	case b.Until > b.Start && b.To <= b.From:
		// All the time from the first date to the last may have been meant.
		in.Wrong("end_time", input.CodeSmall, "a time after it starts",
			"A block of several dates must end after it starts, on each of them.")
	case b.Until == b.Start && (c.StartDate != nil || c.EndDate != nil || c.From != nil || c.To != nil):
		exist(&in, b.zone(), b.Start, b.From, b.To)
	}
	return in.Err()
}

// absence is a stretch taken away at one place or, with 0, everywhere.
type absence struct {
	from, to minute
	at       practice.LocationID
}

// absences are all the times a block is about from a date on.
func (s *Session) absences(since input.Date) []absence {
	var out []absence
	zone, at := s.zone(), s.Location
	if s.Practitioner != 0 {
		at = 0 // a practitioner who is away is away everywhere
	}
	for day := max(since, s.Start); day <= s.Until; day++ {
		if from, to := between(zone, day, s.From, s.To); from < to && !s.excepted(day) {
			out = append(out, absence{from, to, at})
		}
	}
	return out
}

// longestDay is more than a day has minutes, and no block or session lasts longer.
const longestDay = 26 * 60

// away are the stretches taken away at a place that touch [from, to), in order and apart from one another.
func (s *sheet) away(at practice.LocationID, from, to minute) []stretch {
	if len(s.absent) == 0 {
		return nil
	}
	var out []stretch
	for _, a := range s.absent[sort.Search(len(s.absent),
		func(i int) bool { return s.absent[i].from > from-longestDay }):] {
		if a.from >= to {
			break
		}
		if a.to > from && (a.at == 0 || a.at == at) {
			out = append(out, stretch{from: a.from, to: a.to})
		}
	}
	return united(out)
}

// united puts stretches in order, and makes one of those that overlap or touch.
func united(all []stretch) []stretch {
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// less gives what is left of stretches without others; both are in order and apart from one another.
func less(all, gone []stretch) []stretch {
	var out []stretch
	for _, s := range all {
		for len(gone) > 0 && gone[0].to <= s.from {
			gone = gone[1:]
		}
		for _, g := range gone {
			if g.from >= s.to {
				break
			}
			if g.from > s.from {
				out = append(out, stretch{from: s.from, to: g.from})
			}
			s.from = g.to
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}
