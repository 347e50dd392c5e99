// Package membership is which patients are members of what the practice sells, and what that saves them.
//
//	membership.go  who is a member of what
//	policy.go      what members pay less for
package membership

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// ID names one stretch of a patient's being a member.
type ID int64

// Membership is that a patient is, or was, a member. A patient has one at a time,
// and those there were are kept.
type Membership struct {
	ID      ID                `json:"id"`
	Product billing.ProductID `json:"product_id"`
	Name    string            `json:"-"` // the product's, as it is now
	// Start is the date it begins on, and Said that date as it was given.
	Start    input.Date `json:"start"`
	Said     string     `json:"said"`
	Comments string     `json:"comments"`
	EndedAt  time.Time  `json:"ended_at,omitzero"`
	// CreatedAt is when the patient was given it.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// The faults of memberships.
var (
	ErrNotMembership = fault.New(fault.Conflict, "product_not_a_membership", "This product is not a membership.")
	ErrNoMembership  = fault.New(fault.NotFound, "membership_not_found", "This patient has no such membership.")
)

// mostMemberships is how many memberships a patient can have had.
const mostMemberships = 200

// Store is what memberships need remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Reader is what memberships read.
type Reader interface {
	// Memberships lists those of some patients, those that have ended too.
	Memberships(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Membership, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	patient.EditTx
	event.Recorder
	practice.GroupReader
	// LockProduct keeps others from changing a product until the end of the
	// transaction, and finds it, or returns ErrProductNotFound.
	LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error)
	SaveMembership(ctx context.Context, group practice.ID, of patient.ID, m Membership) error
}

// Service is who is a member of what.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Subscription asks for a membership.
type Subscription struct {
	Product billing.ProductID
	Start   input.Date // it begins today where there is no Said
	// Said is the date as the caller wrote it.
	Said, Comments string
}

func (q Subscription) membership(today input.Date) (Membership, error) {
	var in input.Checks
	m := Membership{
		Product: q.Product, Start: today, Said: in.Text("membership_start_date", q.Said, 40),
		Comments: in.Lines("comments", q.Comments, 5000),
	}
	if m.Said == "" {
		m.Said = today.String()
		return m, in.Err()
	}
	m.Start = in.Day("membership_start_date", q.Start)
	return m, in.Err()
}

// current is the one that has not ended.
func currentMembership(all []Membership) (m Membership, ok bool) {
	for _, m := range all {
		if m.EndedAt.IsZero() {
			return m, true
		}
	}
	return Membership{}, false
}

// Add makes a patient a member; whatever membership they have ends.
// Giving them what they have already changes nothing. Errors: patient.ErrNotFound,
// billing.ErrProductNotFound, billing.ErrProductDeleted, ErrNotMembership, patient.ErrTooMany,
// field faults.
func (s *Service) Add(ctx context.Context, of patient.ID, q Subscription) (patient.Patient, error) {
	return s.edit(ctx, of, "patient.membership.add", func(tx Tx, group practice.ID,
		all []Membership, now time.Time) (*Membership, error) {
		today, err := practice.Today(ctx, tx, group, now)
		if err != nil {
			return nil, err
		}
		m, err := q.membership(today)
		if err != nil {
			return nil, err
		}
		switch product, err := tx.LockProduct(ctx, group, q.Product); {
		case err != nil:
			return nil, err
		case product.Kind != billing.MembershipKind:
			return nil, ErrNotMembership
		case product.Deleted():
			return nil, billing.ErrProductDeleted
		}
		had, ok := currentMembership(all)
		switch {
		case ok && had.Product == m.Product && had.Start == m.Start && had.Comments == m.Comments:
			return nil, patient.ErrUnchanged
		case len(all) >= mostMemberships:
			return nil, patient.ErrTooMany
		}
		m.ID, m.CreatedAt, m.UpdatedAt = ID(s.NewID()), now, now
		return &m, nil
	})
}

// Remove ends the membership a patient has. Errors:
// patient.ErrNotFound, ErrNoMembership.
func (s *Service) Remove(ctx context.Context, of patient.ID, id billing.ProductID) (patient.Patient, error) {
	return s.edit(ctx, of, "patient.membership.remove", func(_ Tx, _ practice.ID, all []Membership,
		_ time.Time) (*Membership, error) {
		if had, ok := currentMembership(all); !ok || had.Product != id {
			return nil, ErrNoMembership
		}
		return nil, nil
	})
}

// edit ends the membership a patient has and gives them the next, if
// there is one, with the event and the audit entry.
func (s *Service) edit(
	ctx context.Context, of patient.ID, action string,
	next func(tx Tx, group practice.ID, all []Membership, now time.Time) (*Membership, error),
) (patient.Patient, error) {
	now := s.Now().Truncate(time.Microsecond)
	return patient.Edit(ctx, s.Store.Do, now, of, func(tx Tx, who access.Caller, p patient.Patient) error {
		found, err := tx.Memberships(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		m, err := next(tx, who.Group, found[p.ID], now)
		if err != nil {
			return err
		}
		ids := event.IDs{}
		var before, after any
		if had, ok := currentMembership(found[p.ID]); ok {
			before, ids["previous_product"] = had, int64(had.Product)
			had.EndedAt, had.UpdatedAt = now, now
			if err := tx.SaveMembership(ctx, who.Group, p.ID, had); err != nil {
				return err
			}
		}
		if m != nil {
			after, ids["product"] = *m, int64(m.Product)
			if err := tx.SaveMembership(ctx, who.Group, p.ID, *m); err != nil {
				return err
			}
		}
		if err := patient.Record(ctx, tx, who, now, patient.Fact(event.PatientMembershipUpdated, p.ID,
			ids)); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), before, after))
	})
}

// Of are the memberships of those of some patients who have one.
func (s *Service) Of(ctx context.Context, of []patient.ID) (map[patient.ID]Membership, error) {
	all, err := read.Of(ctx, access.SeePatients, of, s.Store.Memberships)
	out := make(map[patient.ID]Membership, len(all))
	for id, each := range all {
		if m, ok := currentMembership(each); ok {
			out[id] = m
		}
	}
	return out, err
}
