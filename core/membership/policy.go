package membership

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// PolicyID names a policy within a practice group.
type PolicyID = billing.MembershipPolicyID

// Policy is what a membership takes off the price of other products, from when it was made until it is ended. Lines of
// invoices are judged by the policies there are when they are put on, and stay as they are.
type Policy struct {
	ID      PolicyID          `json:"id"`
	Name    string            `json:"name"`
	Product billing.ProductID `json:"product_id"` // the membership
	// Percent is the share that is taken off, or Amount what is taken off one of a product; the other is 0.
	Percent billing.BasisPoints `json:"percent_off_hundredths,omitempty"`
	Amount  billing.Pence       `json:"amount_off,omitempty"`
	// AppliesTo are the products that members pay less for; none is every product that is no membership.
	AppliesTo []billing.ProductID `json:"applies_to"`
	EndedAt   time.Time           `json:"ended_at,omitzero"`
	Version   int64               `json:"version"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

// Ended reports whether the policy takes nothing off any more.
func (p Policy) Ended() bool { return !p.EndedAt.IsZero() }

// The faults of policies.
var (
	ErrPolicyNotFound = fault.New(fault.NotFound, "membership_policy_not_found",
		"This practice group has no such membership policy.")
	ErrPolicyEnded = fault.New(fault.Conflict, "membership_policy_ended",
		"This membership policy has ended. Create another.")
	ErrManyPolicies = fault.New(fault.Conflict, "many_membership_policies",
		"A membership has at most 100 policies that have not ended.")
)

const (
	// mostPolicies is how many policies of a membership there are at most that have not ended.
	mostPolicies = 100
	// mostProducts is how many products a policy names at most.
	mostProducts = 200
)

// PolicyQuery says which policies to list.
type PolicyQuery struct {
	input.Page
	Ended bool // those that have ended, too
}

// PolicyStore is what policies need remembered.
type PolicyStore interface {
	// Policy finds a policy, an ended one too, or returns ErrPolicyNotFound.
	Policy(ctx context.Context, group practice.ID, id PolicyID) (Policy, error)
	// Policies lists policies in the order of their ids.
	Policies(ctx context.Context, group practice.ID, q PolicyQuery, rows input.Rows) ([]Policy, error)
	// CountPolicies counts those that Policies would list, up to a limit.
	CountPolicies(ctx context.Context, group practice.ID, q PolicyQuery, limit int) (int, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(PolicyTx) error) error
}

// PolicyTx is a PolicyStore inside a transaction.
type PolicyTx interface {
	write.Tx
	// LockProduct keeps others from changing a product until the end of the
	// transaction, and finds it, or returns ErrProductNotFound.
	LockProduct(ctx context.Context, group practice.ID, id billing.ProductID) (billing.Product, error)
	// ProductsByID finds those of the products there are, deleted ones too.
	ProductsByID(
		ctx context.Context, group practice.ID, ids []billing.ProductID,
	) (map[billing.ProductID]billing.Product, error)
	// LockPolicy keeps others from changing the policy until the end of the transaction, and finds it, or returns
	// ErrPolicyNotFound.
	LockPolicy(ctx context.Context, group practice.ID, id PolicyID) (Policy, error)
	// PoliciesOf counts the policies of a membership that have not ended.
	PoliciesOf(ctx context.Context, group practice.ID, of billing.ProductID) (int, error)
	// SavePolicy keeps a policy. Its membership stays.
	SavePolicy(ctx context.Context, group practice.ID, p Policy) error
}

// Policies is what members pay less.
type Policies struct {
	Store PolicyStore
	Now   func() time.Time
	NewID func() int64
}

// PolicyChange is what to set of a policy; nil leaves a thing as it is. A share takes the place of an amount, and an
// amount that of a share.
type PolicyChange struct {
	Name      *string
	Percent   *billing.BasisPoints
	Amount    *billing.Pence
	AppliesTo *[]billing.ProductID
}

var policies = write.Kind[PolicyTx, PolicyID, Policy]{Needs: access.EditProducts, Lock: PolicyTx.LockPolicy,
	Save: PolicyTx.SavePolicy}

// Create makes a policy of a membership. Errors: field faults, billing.ErrProductNotFound, billing.ErrProductDeleted,
// ErrNotMembership, ErrManyPolicies.
func (s *Policies) Create(ctx context.Context, of billing.ProductID, c PolicyChange) (Policy, error) {
	id := PolicyID(s.NewID())
	return policies.Add(ctx, s.Now, s.Store.Do, "membership_policy.create", id, func(e write.Edit[PolicyTx],
		p *Policy) error {
		*p = Policy{ID: id, Product: of, Version: 1, CreatedAt: e.Now, UpdatedAt: e.Now}
		if err := c.apply(ctx, e, p); err != nil {
			return err
		}
		switch product, err := e.Tx.LockProduct(ctx, e.Group(), of); {
		case err != nil:
			return err
		case product.Kind != billing.MembershipKind:
			return ErrNotMembership
		case product.Deleted():
			return billing.ErrProductDeleted
		}
		n, err := e.Tx.PoliciesOf(ctx, e.Group(), of)
		if err == nil && n >= mostPolicies {
			err = ErrManyPolicies
		}
		return err
	})
}

// Update changes a policy for lines that are put on invoices from now on. Errors: ErrPolicyNotFound, ErrPolicyEnded,
// billing.ErrProductNotFound, field faults.
func (s *Policies) Update(ctx context.Context, id PolicyID, c PolicyChange) (Policy, error) {
	return policies.Change(ctx, s.Now, s.Store.Do, "membership_policy.update", id, func(e write.Edit[PolicyTx],
		p *Policy) error {
		if p.Ended() {
			return ErrPolicyEnded
		}
		before := *p
		if err := c.apply(ctx, e, p); err != nil {
			return err
		}
		if p.Name == before.Name && p.Percent == before.Percent && p.Amount == before.Amount &&
			slices.Equal(p.AppliesTo, before.AppliesTo) {
			return write.ErrSame
		}
		p.Version, p.UpdatedAt = p.Version+1, e.Now
		return nil
	})
}

// End ends a policy: it takes nothing off from now on, and stands on the invoices it took something off. Ending it
// again changes nothing. Error: ErrPolicyNotFound.
func (s *Policies) End(ctx context.Context, id PolicyID) (Policy, error) {
	return policies.Change(ctx, s.Now, s.Store.Do, "membership_policy.end", id, func(e write.Edit[PolicyTx],
		p *Policy) error {
		if p.Ended() {
			return write.ErrSame
		}
		p.EndedAt, p.UpdatedAt, p.Version = e.Now, e.Now, p.Version+1
		return nil
	})
}

// apply sets what is asked for, and checks it.
func (c PolicyChange) apply(ctx context.Context, e write.Edit[PolicyTx], p *Policy) error {
	var in input.Checks
	input.Set(&p.Name, c.Name)
	p.Name = in.Required("name", p.Name, 200)
	switch {
	case c.Percent != nil && c.Amount != nil:
		in.Wrong("amount_off", input.CodeChoice, "percent_off or amount_off", "A policy takes off a share or an amount, "+
			"and not both.")
	case c.Percent != nil:
		p.Percent, p.Amount = billing.BasisPoints(in.Between("percent_off", int(*c.Percent), 1, int(billing.AllOf))), 0
	case c.Amount != nil:
		p.Percent, p.Amount = 0, billing.Pence(in.Amount("amount_off", int(*c.Amount), 1, int(billing.MaxAmount)))
	case p.Percent == 0 && p.Amount == 0:
		in.Wrong("percent_off", input.CodeRequired, "percent_off or amount_off", "Say what the policy takes off.")
	}
	if c.AppliesTo == nil {
		return in.Err()
	}
	p.AppliesTo = slices.Clone(*c.AppliesTo)
	slices.Sort(p.AppliesTo)
	p.AppliesTo = slices.Compact(p.AppliesTo)
	if len(p.AppliesTo) > mostProducts {
		in.Wrong("applies_to", input.CodeBig, "at most 200", "These are too many products for one policy.")
	}
	if err := in.Err(); err != nil {
		return err
	}
	return p.checkProducts(ctx, e)
}

// checkProducts makes sure that the products a policy names are there, and are no memberships.
func (p *Policy) checkProducts(ctx context.Context, e write.Edit[PolicyTx]) error {
	found, err := e.Tx.ProductsByID(ctx, e.Group(), p.AppliesTo)
	if err != nil {
		return err
	}
	for _, id := range p.AppliesTo {
		switch product, ok := found[id]; {
		case !ok:
			missing := *billing.ErrProductNotFound
			missing.Fields = []fault.Field{{Path: []string{"applies_to"}, Code: missing.Code,
				Expected: "ids of products", Message: missing.Message}}
			return &missing
		case product.Kind == billing.MembershipKind:
			return fault.Wrong("applies_to", input.CodeChoice, "ids of products that are no memberships",
				"Nothing is taken off the price of a membership.")
		}
	}
	return nil
}

// Find finds one policy, an ended one too. Error: ErrPolicyNotFound.
func (s *Policies) Find(ctx context.Context, id PolicyID) (Policy, error) {
	return read.One(ctx, access.SeeProducts, id, s.Store.Policy)
}

// List lists policies in the order they were made, and reports whether more follow the page.
func (s *Policies) List(ctx context.Context, q PolicyQuery) (found []Policy, more bool, err error) {
	var in input.Checks
	return read.Page(ctx, access.SeeProducts, &in, in.Rows(q.Page), q, s.Store.Policies)
}

// Count counts the policies that List lists, as input.CountTo says.
func (s *Policies) Count(ctx context.Context, q PolicyQuery) (int, error) {
	var in input.Checks
	offset, size := in.Window(q.Page)
	if err := in.Err(); err != nil {
		return 0, err
	}
	return read.Of(ctx, access.SeeProducts, q,
		func(ctx context.Context, group practice.ID, q PolicyQuery) (int, error) {
			return s.Store.CountPolicies(ctx, group, q, input.CountTo(offset, size))
		})
}
