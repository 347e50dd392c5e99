package chart

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// MembershipID names one stretch of a patient's being a member.
type MembershipID int64

// Membership is that a patient is, or was, a member. A patient has one at a time,
// and those there were are kept.
type Membership struct {
	ID      MembershipID      `json:"id"`
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

// MembershipTx is what is kept of memberships.
type MembershipTx interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// LockProduct keeps others from changing a product until the end of the
	// transaction, and finds it, or returns billing.ErrProductNotFound.
	LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error)
	SaveMembership(ctx context.Context, group practice.ID, of patient.ID, m Membership) error
}

// Subscription asks for a membership.
type Subscription struct {
	Product billing.ProductID
	// Start is the date it begins on, as YYYY-MM-DD or as an instant, whose date is
	// taken as it is written; empty is today.
	Start    string
	Comments string
}

func (q Subscription) membership(today input.Date) (Membership, error) {
	var in input.Checks
	m := Membership{Product: q.Product, Start: today, Said: in.Text("membershipStartDate", q.Start, 40),
		Comments: in.Lines("comments", q.Comments, 5000)}
	if m.Said == "" {
		m.Said = today.String()
		return m, in.Err()
	}
	date := m.Said
	if at, err := time.Parse(time.RFC3339, date); err == nil {
		date = input.DateOf(at).String()
	}
	m.Start = in.Date("membershipStartDate", date)
	return m, in.Err()
}

// current is the one that has not ended.
func current(all []Membership) (m Membership, ok bool) {
	for _, m := range all {
		if m.EndedAt.IsZero() {
			return m, true
		}
	}
	return Membership{}, false
}

// AddMembership makes a patient a member; whatever membership they have ends.
// Giving them what they have already changes nothing. Errors: patient.ErrNotFound,
// billing.ErrProductNotFound, billing.ErrProductDeleted, ErrNotMembership,
// ErrTooMany, field faults.
func (s *Service) AddMembership(ctx context.Context, of patient.ID, q Subscription) (patient.Full, error) {
	return s.members(ctx, of, "patient.membership.add",
		func(tx Tx, who access.Caller, all []Membership, now time.Time) (*Membership, error) {
			g, err := tx.Group(ctx, who.Group)
			if err != nil {
				return nil, err
			}
			m, err := q.membership(input.DateOf(now.In(g.Zone())))
			if err != nil {
				return nil, err
			}
			switch product, err := tx.LockProduct(ctx, who.Group, q.Product); {
			case err != nil:
				return nil, err
			case product.Kind != billing.Membership:
				return nil, ErrNotMembership
			case product.Deleted():
				return nil, billing.ErrProductDeleted
			}
			had, ok := current(all)
			switch {
			case ok && had.Product == m.Product && had.Start == m.Start && had.Comments == m.Comments:
				return nil, errNone
			case len(all) >= most:
				return nil, ErrTooMany
			}
			m.ID, m.CreatedAt, m.UpdatedAt = MembershipID(s.NewID()), now, now
			return &m, nil
		})
}

// RemoveMembership ends the membership a patient has. Errors:
// patient.ErrNotFound, ErrNoMembership.
func (s *Service) RemoveMembership(ctx context.Context, of patient.ID, id billing.ProductID) (patient.Full, error) {
	return s.members(ctx, of, "patient.membership.remove",
		func(_ Tx, _ access.Caller, all []Membership, _ time.Time) (*Membership, error) {
			if had, ok := current(all); !ok || had.Product != id {
				return nil, ErrNoMembership
			}
			return nil, nil
		})
}

// members ends the membership a patient has and gives them the next, if there is
// one, with the news and the audit entry.
func (s *Service) members(
	ctx context.Context, of patient.ID, action string,
	next func(tx Tx, who access.Caller, all []Membership, now time.Time) (*Membership, error),
) (patient.Full, error) {
	return s.unlessNone(ctx, of, "", nil, s.lock, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		found, err := tx.Memberships(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		m, err := next(tx, who, found[p.ID], now)
		if err != nil {
			return err
		}
		ids := event.IDs{}
		var before, after any
		if had, ok := current(found[p.ID]); ok {
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
		if err := patient.Record(ctx, tx, who, now, patient.Fact(event.PatientMembershipUpdated, p.ID, ids)); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), before, after))
	})
}

// Memberships are the memberships of some patients who have one.
func (s *Service) Memberships(ctx context.Context, of []patient.ID) (map[patient.ID]Membership, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Memberships(ctx, who.Group, of)
	out := make(map[patient.ID]Membership, len(all))
	for id, each := range all {
		if m, ok := current(each); ok {
			out[id] = m
		}
	}
	return out, err
}
