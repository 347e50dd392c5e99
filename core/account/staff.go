package account

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/read"
)

// Staff finds members of staff by id; those the practice lacks are left out.
func (s *Service) Staff(ctx context.Context, ids []StaffID) ([]Staff, error) {
	return read.Of(ctx, access.SettingsSeeUsers, ids, s.Store.Staff)
}

// List lists members of staff by id. One who has no e-mail address to sign in with is never waited for: they are
// listed as those are who have signed in.
func (s *Service) List(ctx context.Context, q Query) ([]Staff, error) {
	return read.Of(ctx, access.SettingsSeeUsers, q, s.Store.StaffList)
}

// Change is what to set of a member of staff; nil leaves a thing as it is.
type Change struct {
	Title, FirstName, LastName, Email, Gender, Pronouns, Mobile *string
	Qualifications, Registration, PositionTitle, Position, Role *string
	Specialties                                                 *[]string
	MinimumAge                                                  **int
	LocumFor                                                    *StaffID
	LocumFrom, LocumUntil                                       *time.Time
	SignsAlone, Clinician                                       *bool
	Settings                                                    json.RawMessage
	// Groups are the access groups they are to be in; AllPublic adds every
	// public one.
	Groups    *[]GroupID
	AllPublic bool
}

func (c Change) apply(s *Staff) error {
	email, mobile := s.Email, s.Mobile
	if c.Email != nil && !s.VerifiedAt.IsZero() && EmailKey(*c.Email) != EmailKey(s.Email) {
		return ErrEmailFixed
	}
	input.Set(&s.Title, c.Title)
	input.Set(&s.FirstName, c.FirstName)
	input.Set(&s.LastName, c.LastName)
	input.Set(&s.Email, c.Email)
	input.Set(&s.Gender, c.Gender)
	input.Set(&s.Pronouns, c.Pronouns)
	input.Set(&s.Mobile, c.Mobile)
	input.Set(&s.Qualifications, c.Qualifications)
	input.Set(&s.Registration, c.Registration)
	input.Set(&s.PositionTitle, c.PositionTitle)
	input.Set(&s.Position, c.Position)
	input.Set(&s.Role, c.Role)
	input.Set(&s.Specialties, c.Specialties)
	input.Set(&s.MinimumAge, c.MinimumAge)
	input.Set(&s.LocumFor, c.LocumFor)
	input.Set(&s.LocumFrom, c.LocumFrom)
	input.Set(&s.LocumUntil, c.LocumUntil)
	input.Set(&s.SignsAlone, c.SignsAlone)
	input.Set(&s.Clinician, c.Clinician)
	if c.Settings != nil {
		s.Settings = c.Settings
	}
	return s.check(email, mobile)
}

const maxSpecialties = 50

// check tidies a member of staff, of whom these were kept already.
func (s *Staff) check(kept ...string) error {
	var in input.Checks
	in.Keep(kept...)
	s.Title = in.Text("title", s.Title, 40)
	s.FirstName = in.Required("first_name", s.FirstName, 200)
	s.LastName = in.Required("last_name", s.LastName, 200)
	s.Email = in.Email("email", s.Email)
	s.Mobile = in.Telephone("mobile_number", s.Mobile)
	s.Qualifications = in.Text("qualifications", s.Qualifications, 500)
	s.Registration = in.Text("registration", s.Registration, 100)
	s.PositionTitle = in.Text("position_title", s.PositionTitle, 200)
	s.Position = in.Text("position", s.Position, 200)
	if len(s.Specialties) > maxSpecialties {
		in.Wrong("medical_specialties", input.CodeBig, "at most 50", "These are too many specialties.")
		return in.Err()
	}
	s.Specialties = slices.Clone(s.Specialties)
	for i, x := range s.Specialties {
		s.Specialties[i] = in.Text("medical_specialties", x, 200)
	}
	if s.MinimumAge != nil {
		in.Between("minimum_treatment_age", *s.MinimumAge, 0, 150)
	}
	return in.Err()
}

// Add adds a member of staff, and sends them an invitation to choose a password.
// Errors: field faults, ErrEmailTaken.
func (s *Service) Add(ctx context.Context, c Change) (Staff, error) {
	who, err := access.Require(ctx, access.EditUsers)
	if err != nil {
		return Staff{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	n := Staff{ID: StaffID(s.NewID()), Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := c.apply(&n); err != nil {
		return Staff{}, err
	}
	if n.Email == "" {
		return Staff{}, fault.Wrong("email", input.CodeSmall, "an e-mail address",
			"A user needs an e-mail address to sign in with.")
	}
	if err := s.mayHave(ctx, who, n.Role); err != nil {
		return Staff{}, err
	}
	return n, s.Store.Do(ctx, func(tx Tx) error {
		if err := s.locum(ctx, tx, who, n); err != nil {
			return err
		}
		if err := tx.SaveStaff(ctx, who.Group, n); err != nil {
			return err
		}
		if err := join(ctx, tx, who, n.ID, c.Groups, c.AllPublic); err != nil {
			return err
		}
		if _, err := s.invite(ctx, tx, who, n.ID, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "user.create", "user", int64(n.ID), nil, n))
	})
}

// Change changes a member of staff. An invitation that was not used goes to a new
// address too, and the link at the former one ends. Errors: ErrNotFound, for one who has left too, ErrEmailFixed,
// ErrEmailTaken, field faults.
func (s *Service) Change(ctx context.Context, id StaffID, c Change) (Staff, error) {
	who, err := access.Require(ctx, access.EditUsers)
	if err != nil {
		return Staff{}, err
	}
	if c.Role != nil {
		if err := s.mayHave(ctx, who, *c.Role); err != nil {
			return Staff{}, err
		}
	}
	return s.change(ctx, who, id, "user.update", func(tx Tx, n *Staff, now time.Time) error {
		if !n.DeletedAt.IsZero() {
			return ErrNotFound
		}
		was := EmailKey(n.Email)
		if err := c.apply(n); err != nil {
			return err
		}
		if EmailKey(n.Email) != was {
			if err := s.follow(ctx, tx, who, *n, now); err != nil {
				return err
			}
		}
		return join(ctx, tx, who, id, c.Groups, c.AllPublic)
	})
}

// follow has an invitation that was not used follow them to a new address.
func (s *Service) follow(ctx context.Context, tx Tx, who access.Caller, n Staff, now time.Time) error {
	open, err := tx.EndInvitations(ctx, who.Group, n.ID, now)
	if err != nil || !open || n.Email == "" {
		return err
	}
	_, err = s.invite(ctx, tx, who, n.ID, now)
	return err
}

// mayHave refuses a role that is none, or that lets do more than the caller may
// do: no one can raise themselves, or a friend.
func (s *Service) mayHave(ctx context.Context, who access.Caller, name string) error {
	r, err := s.Keys.RoleNamed(ctx, who.Group, name)
	if err != nil {
		return err
	}
	for _, g := range r.Permissions {
		if !who.May(g) {
			return access.Missing(g).Saying("Missing permission " + string(g) + ", which the role has")
		}
	}
	return nil
}

func (s *Service) locum(ctx context.Context, tx Tx, who access.Caller, n Staff) error {
	if n.LocumFor == 0 {
		return nil
	}
	_, err := find(ctx, tx, who.Group, n.LocumFor)
	return err
}

func (s *Service) change(
	ctx context.Context, who access.Caller, id StaffID, action string, how func(tx Tx, n *Staff, now time.Time) error,
) (Staff, error) {
	now := s.Now().Truncate(time.Microsecond)
	var after Staff
	err := s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.LockStaff(ctx, who.Group, id); err != nil {
			return err
		}
		before, err := find(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		after = before
		if err := how(tx, &after, now); err != nil {
			return err
		}
		if err := s.locum(ctx, tx, who, after); err != nil {
			return err
		}
		after.Version, after.UpdatedAt = before.Version+1, now
		if err := tx.SaveStaff(ctx, who.Group, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "user", int64(id), before, after))
	})
	return after, err
}
