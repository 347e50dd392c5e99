package practice

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Country says whose bank holidays a group keeps, in the words of
// https://www.gov.uk/bank-holidays.
type Country string

// The countries.
const (
	EnglandAndWales Country = "england-and-wales"
	Scotland        Country = "scotland"
	NorthernIreland Country = "northern-ireland"
	NoHolidays      Country = "none"
)

// Countries are all the countries.
var Countries = []Country{EnglandAndWales, Scotland, NorthernIreland, NoHolidays}

// Holiday is one date and whether the practice is closed on it.
type Holiday struct {
	Day    input.Date `json:"date"`
	Name   string     `json:"name"`
	Closed bool       `json:"closed"`
	// ByHand marks what the practice set itself, over the rule.
	ByHand bool `json:"by_hand"`
}

// HolidaysByRule lists a country's bank holidays in a year, in order. When one
// falls on a weekend, both it and its substitute day are listed. Days added by
// a single proclamation are not known here; a practice sets those by hand.
//
// Sources: Banking and Financial Dealings Act 1971, schedule 1; the usual
// proclamations for New Year's Day, early May and substitute days, as listed at
// https://www.gov.uk/bank-holidays; St Andrew's Day Bank Holiday (Scotland) Act
// 2007.
func HolidaysByRule(country Country, year int) []Holiday {
	var out []Holiday
	add := func(day input.Date, name string) {
		out = append(out, Holiday{Day: day, Name: name, Closed: true})
	}
	taken := func(day input.Date) bool {
		return slices.ContainsFunc(out, func(h Holiday) bool { return h.Day == day })
	}
	// Days fixed by date. One that falls on a weekend moves to the next weekday
	// that is not itself a bank holiday; neighbours are given together, so that
	// neither takes the other's own day.
	fixed := func(days ...Holiday) {
		out = append(out, days...)
		for _, h := range days {
			if !weekend(h.Day) {
				continue
			}
			day := h.Day
			for weekend(day) || taken(day) {
				day++
			}
			add(day, h.Name+" (substitute day)")
		}
	}
	on := func(month time.Month, d int, name string) Holiday {
		return Holiday{Day: input.DayOf(year, month, d), Name: name, Closed: true}
	}
	easter := easterSunday(year)
	switch country {
	case EnglandAndWales:
		fixed(on(time.January, 1, "New Year's Day"))
		add(easter-2, "Good Friday")
		add(easter+1, "Easter Monday")
		add(monday(year, time.May, 1), "Early May bank holiday")
		add(lastMonday(year, time.May), "Spring bank holiday")
		add(lastMonday(year, time.August), "Summer bank holiday")
	case Scotland:
		fixed(on(time.January, 1, "New Year's Day"), on(time.January, 2, "2nd January"))
		add(easter-2, "Good Friday")
		add(monday(year, time.May, 1), "Early May bank holiday")
		add(lastMonday(year, time.May), "Spring bank holiday")
		add(monday(year, time.August, 1), "Summer bank holiday")
		fixed(on(time.November, 30, "St Andrew's Day"))
	case NorthernIreland:
		fixed(on(time.January, 1, "New Year's Day"))
		fixed(on(time.March, 17, "St Patrick's Day"))
		add(easter-2, "Good Friday")
		add(easter+1, "Easter Monday")
		add(monday(year, time.May, 1), "Early May bank holiday")
		add(lastMonday(year, time.May), "Spring bank holiday")
		fixed(on(time.July, 12, "Battle of the Boyne (Orangemen's Day)"))
		add(lastMonday(year, time.August), "Summer bank holiday")
	default:
		return nil
	}
	fixed(on(time.December, 25, "Christmas Day"), on(time.December, 26, "Boxing Day"))
	slices.SortFunc(out, func(a, b Holiday) int { return int(a.Day - b.Day) })
	return out
}

func weekend(d input.Date) bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}

// monday is the first Monday on or after a day of a month.
func monday(year int, month time.Month, d int) input.Date {
	day := input.DayOf(year, month, d)
	for day.Weekday() != time.Monday {
		day++
	}
	return day
}

func lastMonday(year int, month time.Month) input.Date {
	day := input.DayOf(year, month+1, 1) - 1
	for day.Weekday() != time.Monday {
		day--
	}
	return day
}

// easterSunday is the date of Easter in the Gregorian calendar, by the
// anonymous method first printed in Nature, 20 April 1876.
func easterSunday(year int) input.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return input.DayOf(year, time.Month(n/31), n%31+1)
}

// Holidays lists a group's bank holidays between two dates, both included: by
// rule, and over that what was set by hand.
func Holidays(ctx context.Context, r HolidayReader, g Group, from, to input.Date) ([]Holiday, error) {
	changes, err := r.HolidayChanges(ctx, g.ID, from, to)
	if err != nil {
		return nil, err
	}
	byHand := func(d input.Date) bool {
		return slices.ContainsFunc(changes, func(h Holiday) bool { return h.Day == d })
	}
	out := slices.Clone(changes)
	for year := from.UTC().Year(); year <= to.UTC().Year(); year++ {
		for _, h := range HolidaysByRule(g.Holidays, year) {
			if h.Day >= from && h.Day <= to && !byHand(h.Day) {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b Holiday) int { return int(a.Day - b.Day) })
	return out, nil
}

// maxHolidayDays bounds one list of bank holidays.
const maxHolidayDays = 366 * 10

// Holidays lists the group's bank holidays between two dates, both included.
func (s *Service) Holidays(ctx context.Context, from, to input.Date) ([]Holiday, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	if to < from || to-from > maxHolidayDays {
		return nil, fault.Wrong("end_date", input.CodeDate, "a date on or after start_date, at most ten years later",
			"This range ends before it starts, or is too long.")
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, err
	}
	return Holidays(ctx, s.Store, g, from, to)
}

// SetHoliday says by hand whether the practice is closed on a date.
func (s *Service) SetHoliday(ctx context.Context, h Holiday) (Holiday, error) {
	var in input.Checks
	h.Name, h.ByHand = in.Required("name", h.Name, 200), true
	if err := in.Err(); err != nil {
		return Holiday{}, err
	}
	err := s.save(ctx, "bank_holiday.set", "bank_holiday", func(tx Tx, who access.Caller,
		_ time.Time) (any, any, int64, error) {
		before, err := tx.HolidayChanges(ctx, who.Group, h.Day, h.Day)
		if err != nil {
			return nil, nil, 0, err
		}
		return before, h, int64(h.Day), tx.SaveHoliday(ctx, who.Group, h)
	})
	return h, err
}

// ResetHoliday forgets what was set by hand for a date: the rule decides again.
// Doing it twice is doing it once.
func (s *Service) ResetHoliday(ctx context.Context, day input.Date) error {
	return s.save(ctx, "bank_holiday.reset", "bank_holiday", func(tx Tx, who access.Caller,
		_ time.Time) (any, any, int64, error) {
		before, err := tx.HolidayChanges(ctx, who.Group, day, day)
		if err != nil {
			return nil, nil, 0, err
		}
		return before, nil, int64(day), tx.DropHoliday(ctx, who.Group, day)
	})
}
