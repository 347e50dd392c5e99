package diary

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// CreateSession adds a session or a block, in the group's zone when none is given. Errors: field faults;
// ErrNothingOffered; not found for a practitioner, a place or a type the group lacks.
func (s *Service) CreateSession(ctx context.Context, c SessionChange) (Session, error) {
	return write.Do(ctx, access.EditAvailability, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Session, error) {
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return Session{}, err
		}
		made := Session{
			ID: SessionID(s.NewID()), Away: c.Away, Start: input.NoDate, Until: input.NoDate, From: -1, To: -1,
			TimeZone: g.TimeZone, CreatedBy: staff(e.Who), CreatedAt: e.Now,
		}
		if c.AsOffered && !c.Away {
			if err := offers(ctx, e.Tx, e.Group(), &made, c); err != nil {
				return made, err
			}
		}
		err = s.saveSession(ctx, e.Tx, e.Who, e.Now, "create", nil, &made, c)
		return made, err
	})
}

// offers gives a new session the types its practitioner offers at the place, and steps as long as the shortest of them.
func offers(ctx context.Context, tx Tx, group practice.ID, s *Session, c SessionChange) error {
	input.Set(&s.Practitioner, c.Practitioner)
	input.Set(&s.Location, c.Location)
	if s.Practitioner == 0 {
		var in input.Checks
		in.Wrong("practitioner", input.CodeType, "the id of a practitioner", "A session needs a practitioner.")
		return in.Err()
	}
	offered, err := tx.TypesOffered(ctx, group, s.Practitioner, s.Location)
	for _, t := range offered {
		s.Types = append(s.Types, t.ID)
		if s.Step == 0 || t.Minutes < s.Step {
			s.Step = t.Minutes
		}
	}
	if err != nil || len(offered) > 0 {
		return err
	}
	if _, err := tx.Practitioner(ctx, group, s.Practitioner); err != nil {
		return err
	}
	if _, err := tx.Location(ctx, group, s.Location); err != nil {
		return err
	}
	return ErrNothingOffered
}

// ChangeSession changes a session or a block from now on. Appointments already made stay as they are. Errors: field
// faults; ErrSessionNotFound; as CreateSession.
func (s *Service) ChangeSession(ctx context.Context, id SessionID, c SessionChange) (Session, error) {
	return write.Do(ctx, access.EditAvailability, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Session, error) {
		before, err := lockedSession(ctx, e.Tx, e.Group(), id)
		if err != nil {
			return before, err
		}
		after := before
		err = s.saveSession(ctx, e.Tx, e.Who, e.Now, "update", before, &after, c)
		return after, err
	})
}

// DeleteSession ends a session or a block, and gives what it was. Appointments already made stay as they are. Error:
// ErrSessionNotFound.
func (s *Service) DeleteSession(ctx context.Context, id SessionID) (Session, error) {
	return write.Do(ctx, access.EditAvailability, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Session, error) {
		was, err := lockedSession(ctx, e.Tx, e.Group(), id)
		if err != nil {
			return was, err
		}
		if err := e.Tx.DropSession(ctx, e.Group(), was); err != nil {
			return was, err
		}
		if err := s.changed(ctx, e.Tx, e.Group(), was, e.Now); err != nil {
			return was, err
		}
		return was, e.Audit(ctx, was.kind()+".delete", int64(id), was, nil)
	})
}

// lockedSession finds a session or a block and locks whose diary it is in. It is read once to know which to lock, and
// again as it is then. Error: ErrSessionNotFound.
func lockedSession(ctx context.Context, tx Tx, group practice.ID, id SessionID) (Session, error) {
	s, err := tx.Session(ctx, group, id)
	if err != nil {
		return s, err
	}
	if err := lockDiary(ctx, tx, group, s.Practitioner); err != nil {
		return s, err
	}
	return tx.Session(ctx, group, id)
}

// lockDiary locks the diary of a session or a block, or all of them.
func lockDiary(ctx context.Context, tx Tx, group practice.ID, of practice.PractitionerID) error {
	if of == 0 {
		return tx.ChangeAllHours(ctx, group)
	}
	return tx.ChangeHours(ctx, group, of)
}

// kind is what the audit trail calls it.
func (s *Session) kind() string {
	if s.Away {
		return "block"
	}
	return "session"
}

// changed has a change of a session or a block followed, where anything follows it.
func (s *Service) changed(ctx context.Context, tx Tx, group practice.ID, of Session, now time.Time) error {
	if s.Changed == nil {
		return nil
	}
	return s.Changed(ctx, tx, group, of, now)
}

func (s *Service) saveSession(
	ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, before any, of *Session,
	c SessionChange,
) error {
	of.UpdatedBy, of.UpdatedAt = staff(who), now
	if err := c.apply(of); err != nil {
		return err
	}
	if _, err := tx.Location(ctx, who.Group, of.Location); err != nil {
		return err
	}
	for _, t := range of.Types {
		if _, err := tx.AppointmentType(ctx, who.Group, t); err != nil {
			return err
		}
	}
	if err := lockDiary(ctx, tx, who.Group, of.Practitioner); err != nil {
		return err
	}
	if err := tx.SaveSession(ctx, who.Group, *of); err != nil {
		return err
	}
	if err := s.changed(ctx, tx, who.Group, *of, now); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, of.kind()+"."+action, of.kind(), int64(of.ID), before, *of))
}

// staff is the member of staff a caller is; 0 when a program asks.
func staff(who access.Caller) practice.PractitionerID { return practice.PractitionerID(who.Staff) }
