package diary

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// Recurrence is every how many weeks, and on which days of the week; without
// days it is the day of the first date. Or it is Once.
type Recurrence struct {
	Once     bool
	Interval int
	Days     []int // Sunday is 0
}

// HoursChange is what to set of a session or a block; nil leaves a thing as it is.
type HoursChange struct {
	Comment    *string
	Recurrence *Recurrence
	// Exclusions are added to those there are.
	Exclusions         []string
	StartDate, EndDate *string // YYYY-MM-DD; an empty EndDate is none
	From, To           *string // HH:MM
}

// NewHours is a session or a block to be made.
type NewHours struct {
	Away         bool
	Practitioner practice.PractitionerID
	Location     practice.LocationID
	HoursChange
}

// session is the change of a session that this is.
func (c HoursChange) session(s Session) (SessionChange, error) {
	var in input.Checks
	out := SessionChange{Comment: c.Comment, StartDate: c.StartDate, From: c.From, To: c.To}
	if c.Recurrence != nil || c.EndDate != nil {
		out.Rule = new(string)
		*out.Rule = c.rule(&in, s)
	}
	if len(c.Exclusions) > 0 {
		all := make([]ExceptionInput, len(s.Exceptions), len(s.Exceptions)+len(c.Exclusions))
		for i, e := range s.Exceptions {
			all[i] = ExceptionInput{e.From.String(), e.To.String(), e.Reason}
		}
		for _, text := range c.Exclusions {
			e := ExceptionInput{From: text, To: text}
			if day := in.Date("exclusions", text); !s.excepted(day) && !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
		out.Exceptions = &all
	}
	return out, in.Err()
}

// rule is the recurrence rule of a session after the change.
func (c HoursChange) rule(in *input.Checks, s Session) string {
	r := Recurrence{Once: s.Interval == 0, Interval: s.Interval}
	if strings.Contains(s.Rule, "BYDAY") {
		for day := range 7 {
			if s.Days&(1<<day) != 0 {
				r.Days = append(r.Days, day)
			}
		}
	}
	if c.Recurrence != nil {
		r = *c.Recurrence
	}
	until := s.Until
	if c.EndDate != nil {
		if until = input.NoDate; *c.EndDate != "" {
			until = in.Date("end_date", *c.EndDate)
		}
	}
	if r.Once {
		start := s.Start.String()
		if c.StartDate != nil {
			start = *c.StartDate
		}
		if c.EndDate != nil && *c.EndDate != "" && *c.EndDate != start {
			in.Wrong("end_date", input.CodeDate, "the first date, or nothing", "What does not recur is on its first date alone. Give recurrence besides.")
		}
		return ""
	}
	text := "FREQ=WEEKLY"
	if in.Between("recurrence.interval", r.Interval, 1, maxInterval); r.Interval > 1 {
		text += fmt.Sprint(";INTERVAL=", r.Interval)
	}
	if s.Rule != "" && s.WeekStart != time.Monday {
		text += ";WKST=" + weekdays[s.WeekStart]
	}
	var on []string
	for day, name := range weekdays {
		if slices.Contains(r.Days, day) {
			on = append(on, name)
		}
	}
	if len(on) > 0 {
		text += ";BYDAY=" + strings.Join(on, ",")
	}
	if slices.ContainsFunc(r.Days, func(day int) bool { return day < 0 || day >= len(weekdays) }) {
		in.Wrong("recurrence.days", input.CodeBig, "0, which is Sunday, to 6", "This is no day of the week.")
	}
	if until != input.NoDate {
		text += ";UNTIL=" + strings.ReplaceAll(until.String(), "-", "")
	}
	return text
}

var weekdays = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// editHours runs fn in one transaction for a caller who may change hours.
func (s *Service) editHours(ctx context.Context, fn func(tx Tx, who access.Caller, now time.Time) error) error {
	who, err := access.Require(ctx, access.EditAvailability)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.Store.Do(ctx, func(tx Tx) error { return fn(tx, who, now) })
}

// CreateHours adds a session or a block. A session offers what its practitioner
// offers at the place, in steps as long as the shortest of that. Errors: field
// faults; ErrNothingOffered; not found for a practitioner or place the group lacks.
func (s *Service) CreateHours(ctx context.Context, n NewHours) (Hours, error) {
	var made Hours
	err := s.editHours(ctx, func(tx Tx, who access.Caller, now time.Time) error {
		if n.Practitioner == 0 && !n.Away {
			return fault.Wrong("user", input.CodeType, "the id of a member of staff", "A user is needed: a room does not work on its own.")
		}
		g, err := tx.Group(ctx, who.Group)
		if err != nil {
			return err
		}
		if n.Away {
			b := Block{
				ID: BlockID(s.NewID()), Practitioner: n.Practitioner, Location: n.Location, From: -1, To: -1, TimeZone: g.TimeZone,
				CreatedBy: staff(who), CreatedAt: now,
			}
			if b, err = saveBlock(ctx, tx, who, now, "block.create", nil, b, n.HoursChange); err == nil {
				made = hoursOfBlock(b)
			}
			return err
		}
		fresh := Session{ID: SessionID(s.NewID()), Start: input.NoDate, Until: input.NoDate, From: -1, To: -1, TimeZone: g.TimeZone, CreatedBy: staff(who), CreatedAt: now}
		c, err := n.session(fresh)
		if err != nil {
			return err
		}
		offered, err := tx.TypesOffered(ctx, who.Group, n.Practitioner, n.Location)
		if err != nil {
			return err
		}
		c.Practitioner, c.Location = &n.Practitioner, &n.Location
		for _, t := range offered {
			fresh.Types = append(fresh.Types, t.ID)
			if fresh.Step == 0 || t.Minutes < fresh.Step {
				fresh.Step = t.Minutes
			}
		}
		if len(offered) == 0 {
			if err := exists(ctx, tx, who.Group, n.Practitioner, n.Location); err != nil {
				return err
			}
			return ErrNothingOffered
		}
		if err := saveSession(ctx, tx, who, now, "session.create", nil, &fresh, c); err != nil {
			return err
		}
		made = hoursOf(fresh)
		return nil
	})
	return made, err
}

// exists makes sure that the group has a practitioner and a place.
func exists(ctx context.Context, tx Tx, group practice.ID, by practice.PractitionerID, at practice.LocationID) error {
	if _, err := tx.Practitioner(ctx, group, by); err != nil {
		return err
	}
	_, err := tx.Location(ctx, group, at)
	return err
}

// lockHours locks the diary or diaries a session or a block is of.
func lockHours(ctx context.Context, tx Tx, group practice.ID, of practice.PractitionerID) error {
	if of == 0 {
		return tx.ChangeAllHours(ctx, group)
	}
	return tx.ChangeHours(ctx, group, of)
}

func saveBlock(ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, before any, b Block, c HoursChange) (Block, error) {
	b.UpdatedBy, b.UpdatedAt = staff(who), now
	if err := b.apply(c); err != nil {
		return b, err
	}
	if _, err := tx.Location(ctx, who.Group, b.Location); err != nil {
		return b, err
	}
	if err := lockHours(ctx, tx, who.Group, b.Practitioner); err != nil {
		return b, err
	}
	if err := tx.SaveBlock(ctx, who.Group, b); err != nil {
		return b, err
	}
	return b, tx.Audit(ctx, who.Audit(now, action, "block", int64(b.ID), before, b))
}

// UpdateHours changes a session or a block from now on. Appointments already made
// stay as they are. Errors: field faults; ErrHoursNotFound.
func (s *Service) UpdateHours(ctx context.Context, id HoursID, c HoursChange) (Hours, error) {
	var after Hours
	err := s.editHours(ctx, func(tx Tx, who access.Caller, now time.Time) error {
		x, b, err := lockedHours(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		if b != nil {
			changed, err := saveBlock(ctx, tx, who, now, "block.update", *b, *b, c)
			after = hoursOfBlock(changed)
			return err
		}
		changed := *x
		ch, err := c.session(*x)
		if err != nil {
			return err
		}
		err = saveSession(ctx, tx, who, now, "session.update", *x, &changed, ch)
		after = hoursOf(changed)
		return err
	})
	return after, err
}

// DeleteHours ends a session or a block, and gives what it was. Appointments
// already made stay as they are. Error: ErrHoursNotFound.
func (s *Service) DeleteHours(ctx context.Context, id HoursID) (Hours, error) {
	var was Hours
	err := s.editHours(ctx, func(tx Tx, who access.Caller, now time.Time) error {
		x, b, err := lockedHours(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		if x != nil {
			was = hoursOf(*x)
			return dropSession(ctx, tx, who, now, *x)
		}
		was = hoursOfBlock(*b)
		if err := tx.DropBlock(ctx, who.Group, b.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "block.delete", "block", int64(b.ID), *b, nil))
	})
	return was, err
}

// lockedHours finds a session or a block and locks whose diary it is in. It is
// read once to know which to lock, and again for what it says then. Error:
// ErrHoursNotFound.
func lockedHours(ctx context.Context, tx Tx, group practice.ID, id HoursID) (*Session, *Block, error) {
	x, err := tx.Session(ctx, group, SessionID(id))
	if err == nil {
		if err = lockHours(ctx, tx, group, x.Practitioner); err == nil {
			x, err = tx.Session(ctx, group, SessionID(id))
		}
		return &x, nil, gone(err)
	}
	if fault.Of(err).Code != ErrSessionNotFound.Code {
		return nil, nil, err
	}
	b, err := tx.Block(ctx, group, BlockID(id))
	if err == nil {
		if err = lockHours(ctx, tx, group, b.Practitioner); err == nil {
			b, err = tx.Block(ctx, group, BlockID(id))
		}
	}
	return nil, &b, err
}

// gone tells of a session that has been deleted in the words of hours.
func gone(err error) error {
	if err != nil && fault.Of(err).Code == ErrSessionNotFound.Code {
		return ErrHoursNotFound
	}
	return err
}
