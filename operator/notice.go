package operator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/notice"
	"frontdesk/core/practice"
)

// Notices is how a practice group sends messages around its appointments.
type Notices struct {
	On bool `json:"on"`
	notice.Settings
}

// Rows are what is set, as a table shows it.
func (n Notices) Rows() [][]string {
	state := "off"
	if n.On {
		state = "on"
	}
	var leads []string
	for _, l := range n.Reminders {
		leads = append(leads, l.String())
	}
	rows := [][]string{{"messages", state}, {"reminders", strings.Join(leads, " ")},
		{"channels", strings.Trim(fmt.Sprint(n.Channels), "[]")}, {"not sent", strings.Trim(fmt.Sprint(n.Off), "[]")},
		{"night", practice.Clock(*n.NightFrom) + " to " + practice.Clock(*n.NightUntil)}, {"how to cancel", n.Cancelling}}
	for _, on := range booking.Occasions {
		t := n.Texts[on]
		rows = append(rows, []string{string(on), t.SMS}, []string{"  subject", t.Subject},
			[]string{"  e-mail", strings.ReplaceAll(t.Email, "\n", " / ")})
	}
	for _, at := range slices.Sorted(maps.Keys(n.Directions)) {
		rows = append(rows, []string{"directions to " + at.String(), n.Directions[at]})
	}
	return rows
}

// NoticeChange is what to set; what is empty stays as it is.
type NoticeChange struct {
	Type string // a type of appointment; empty is the practice group's own
	// Reminders replaces the reminders; None leaves no reminder.
	Reminders []time.Duration
	None      bool
	Channels  []string
	// Without are occasions on which nothing is sent, and With those on which it is again.
	Without, With         []string
	NightFrom, NightUntil string // such as 21:00
	Cancelling            string
	// Directions is how to find Place.
	Place, Directions string
	// On is the occasion that the texts are of.
	On, SMS, Subject, Email string
}

// Notices shows how messages around appointments are sent, of a type or of the practice group.
func (o *Operator) Notices(ctx context.Context, group, of string) (Notices, error) {
	ctx, g, err := o.in(ctx, group)
	if err != nil {
		return Notices{}, err
	}
	kind, err := typeNamed(of)
	if err != nil {
		return Notices{}, err
	}
	_, holds, err := o.Core.Notice.Settings(ctx, kind)
	return Notices{g.Announces, holds}, err
}

// SwitchNotices has messages around appointments sent, or not.
func (o *Operator) SwitchNotices(ctx context.Context, group string, on bool) (Notices, error) {
	in, _, err := o.in(ctx, group)
	if err != nil {
		return Notices{}, err
	}
	if _, err := o.Core.Practice.UpdateGroup(in, practice.GroupChange{Announces: &on}); err != nil {
		return Notices{}, err
	}
	return o.Notices(ctx, group, "")
}

// SetNotices sets how they are sent. Errors: field faults, diary.ErrTypeNotFound, practice.ErrLocationNotFound.
func (o *Operator) SetNotices(ctx context.Context, group string, c NoticeChange) (Notices, error) {
	in, _, err := o.in(ctx, group)
	if err != nil {
		return Notices{}, err
	}
	kind, err := typeNamed(c.Type)
	if err != nil {
		return Notices{}, err
	}
	var place practice.LocationID
	if c.Place != "" {
		if place, err = parsed[practice.LocationID](c.Place, practice.ErrLocationNotFound); err != nil {
			return Notices{}, err
		}
	}
	var check input.Checks
	from, until := clock(&check, "night_from", c.NightFrom), clock(&check, "night_until", c.NightUntil)
	if err := check.Err(); err != nil {
		return Notices{}, err
	}
	_, err = o.Core.Notice.Set(in, kind, func(s *notice.Settings) {
		c.apply(s)
		if from != nil {
			s.NightFrom = from
		}
		if until != nil {
			s.NightUntil = until
		}
		if place != 0 {
			if s.Directions == nil {
				s.Directions = map[practice.LocationID]string{}
			}
			s.Directions[place] = c.Directions
		}
	})
	if err != nil {
		return Notices{}, err
	}
	return o.Notices(ctx, group, c.Type)
}

// apply sets what was given, but for what has to be read first.
func (c NoticeChange) apply(s *notice.Settings) {
	if len(c.Reminders) > 0 || c.None {
		s.Reminders = make([]notice.Lead, len(c.Reminders))
		for i, lead := range c.Reminders {
			s.Reminders[i].Duration = lead
		}
	}
	if len(c.Channels) > 0 {
		s.Channels = make([]carrier.Channel, len(c.Channels))
		for i, channel := range c.Channels {
			s.Channels[i] = carrier.Channel(channel)
		}
	}
	off := slices.DeleteFunc(slices.Clone(s.Off), func(on booking.Occasion) bool {
		return slices.Contains(c.With, string(on))
	})
	for _, on := range c.Without {
		if !slices.Contains(off, booking.Occasion(on)) {
			off = append(off, booking.Occasion(on))
		}
	}
	if len(c.With)+len(c.Without) > 0 {
		s.Off = append([]booking.Occasion{}, off...)
	}
	if c.Cancelling != "" {
		s.Cancelling = c.Cancelling
	}
	if c.On == "" {
		return
	}
	if s.Texts == nil {
		s.Texts = map[booking.Occasion]notice.Text{}
	}
	t := s.Texts[booking.Occasion(c.On)]
	t.SMS, t.Subject, t.Email = cmp.Or(c.SMS, t.SMS), cmp.Or(c.Subject, t.Subject), cmp.Or(c.Email, t.Email)
	s.Texts[booking.Occasion(c.On)] = t
}

// typeNamed is a type of appointment, or 0 where none is named. Error: diary.ErrTypeNotFound.
func typeNamed(text string) (diary.TypeID, error) {
	if text == "" {
		return 0, nil
	}
	return parsed[diary.TypeID](text, diary.ErrTypeNotFound)
}

// parsed is an id, or the fault of what there is not.
func parsed[T ~int64](text string, missing error) (T, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, missing
	}
	return T(n), nil
}

// clock is a time of day in minutes; nil where none is given.
func clock(in *input.Checks, field, text string) *int {
	if text == "" {
		return nil
	}
	return diary.ReadTime(in, field, &text, false)
}
