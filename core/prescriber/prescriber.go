// Package prescriber is by what members of staff prescribe and sign.
//
//	prescriber.go  members of staff listed, and by what other systems know them
//	signature.go   their signatures
package prescriber

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/seal"
	"frontdesk/core/write"
)

// Details is what a prescription says of who prescribes; empty text is not given.
type Details struct {
	Name         string `json:"name"`
	Email        string `json:"email"`
	Registration string `json:"registration_code"`
}

// Prescriber is by what other systems know a member of staff.
type Prescriber struct {
	Staff account.StaffID `json:"id,string"`
	// ExternalID is the id that the pharmacy's system has for them; empty is none.
	ExternalID string    `json:"external_prescriber_id,omitempty"`
	Details    *Details  `json:"prescriber_details,omitempty"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Admin is a member of staff and by what they prescribe.
type Admin struct {
	account.Staff
	Prescriber Prescriber
}

// Query says which rows of the list of members of staff to give, by id or by first name.
type Query struct {
	ByFirstName, Descending bool
	Offset, Limit           int
}

// Reader is what prescriber reads.
type Reader interface {
	// Staff finds members of staff by id; those the group lacks are left out.
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
	// Prescribers finds by what members of staff prescribe; those of whom nothing is known are left out.
	Prescribers(ctx context.Context, group practice.ID, ids []account.StaffID) (map[account.StaffID]Prescriber, error)
}

// Store is what prescriber needs remembered.
type Store interface {
	Reader
	// StaffPage lists the ids of members of staff who have not left, and how many there are, counted up as
	// input.CountTo says.
	StaffPage(ctx context.Context, group practice.ID, q Query) ([]account.StaffID, int, error)
	// Signature finds a signature, or returns ErrNoSignature.
	Signature(ctx context.Context, group practice.ID, of account.StaffID) (Signature, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockStaff keeps others from changing a member of staff until the end of the transaction, or returns
	// account.ErrNotFound.
	LockStaff(ctx context.Context, group practice.ID, id account.StaffID) error
	SavePrescriber(ctx context.Context, group practice.ID, p Prescriber) error
	SaveSignature(ctx context.Context, group practice.ID, s Signature) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the capability of prescribers.
type Service struct {
	Store Store
	// Box gives what signatures are sealed with.
	Box func() (*seal.Box, error)
	// MediaType says what a file is by its content.
	MediaType func(content []byte) string
	Now       func() time.Time
}

// List lists members of staff who have not left, and how many there are.
func (s *Service) List(ctx context.Context, q Query) ([]Admin, int, error) {
	who, err := access.Require(ctx, access.SettingsSeeUsers)
	if err != nil {
		return nil, 0, err
	}
	ids, count, err := s.Store.StaffPage(ctx, who.Group, q)
	if err != nil {
		return nil, 0, err
	}
	staff, err := s.Store.Staff(ctx, who.Group, ids)
	if err != nil {
		return nil, 0, err
	}
	of, err := s.Store.Prescribers(ctx, who.Group, ids)
	if err != nil {
		return nil, 0, err
	}
	known := make(map[account.StaffID]account.Staff, len(staff))
	for _, one := range staff {
		known[one.ID] = one
	}
	out := make([]Admin, len(ids))
	for i, id := range ids {
		out[i] = Admin{known[id], of[id]}
	}
	return out, count, nil
}

// Of finds by what members of staff prescribe; those of whom nothing is known are left out.
func (s *Service) Of(ctx context.Context, ids []account.StaffID) (map[account.StaffID]Prescriber, error) {
	return read.Of(ctx, access.SettingsSeeUsers, ids, s.Store.Prescribers)
}

// Change is what to set of a prescriber; nil leaves a thing as it is, and a pointer to nil takes it away.
type Change struct {
	ExternalID **string
	Details    **Details
}

func (c Change) apply(p *Prescriber) error {
	var in input.Checks
	if c.ExternalID != nil {
		p.ExternalID = ""
		if id := *c.ExternalID; id != nil {
			p.ExternalID = in.Required("external_prescriber_id", *id, 200)
		}
	}
	if c.Details == nil {
		return in.Err()
	}
	if p.Details = *c.Details; p.Details != nil {
		p.Details = &Details{
			Name:         in.Text("prescriber_details.name", p.Details.Name, 200),
			Email:        in.Email("prescriber_details.email", p.Details.Email),
			Registration: in.Text("prescriber_details.registration_code", p.Details.Registration, 100),
		}
	}
	return in.Err()
}

// Update says by what other systems know a member of staff. Errors: account.ErrNotFound, field faults.
func (s *Service) Update(ctx context.Context, id account.StaffID, c Change) (Prescriber, error) {
	return write.Do(ctx, access.EditUsers, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Prescriber, error) {
		if err := employed(ctx, e, id); err != nil {
			return Prescriber{}, err
		}
		of, err := e.Tx.Prescribers(ctx, e.Group(), []account.StaffID{id})
		if err != nil {
			return Prescriber{}, err
		}
		before := of[id]
		after := before
		after.Staff, after.UpdatedAt = id, e.Now
		if err := c.apply(&after); err != nil {
			return after, err
		}
		if err := e.Tx.SavePrescriber(ctx, e.Group(), after); err != nil {
			return after, err
		}
		return after, e.Audit(ctx, "user.prescriber", int64(id), before, after)
	})
}

// employed locks a member of staff who has not left. Error: account.ErrNotFound.
func employed(ctx context.Context, e write.Edit[Tx], id account.StaffID) error {
	if err := e.Tx.LockStaff(ctx, e.Group(), id); err != nil {
		return err
	}
	found, err := e.Tx.Staff(ctx, e.Group(), []account.StaffID{id})
	if err == nil && (len(found) == 0 || !found[0].DeletedAt.IsZero()) {
		err = account.ErrNotFound
	}
	return err
}
