package invoicing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// ListMembershipPolicies lists what memberships take off prices.
func (o Operations) ListMembershipPolicies(
	ctx context.Context, p oas.ListMembershipPoliciesParams,
) (*oas.ListMembershipPoliciesOK, error) {
	q := membership.PolicyQuery{Page: input.Page{Number: p.PageIndex.Value + 1, Size: p.PageSize.Value},
		Ended: p.IncludeEnded.Value}
	found, _, err := o.Core.MembershipPolicy.List(ctx, q)
	if err != nil {
		return nil, err
	}
	count, err := o.Core.MembershipPolicy.Count(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListMembershipPoliciesOK{Data: make([]oas.MembershipPolicy, len(found)), Count: float64(count)}
	for i, p := range found {
		out.Data[i] = *policyOf(p)
	}
	return out, nil
}

// CreateMembershipPolicy makes a policy.
func (o Operations) CreateMembershipPolicy(
	ctx context.Context, in *oas.MembershipPolicyRequest, _ oas.CreateMembershipPolicyParams,
) (*oas.MembershipPolicy, error) {
	var wrong input.Checks
	of := wire.FieldID[billing.ProductID](&wrong, "product_id", in.ProductID)
	c := policyChange(&wrong, oas.MembershipPolicyUpdate{Name: oas.NewOptString(in.Name), PercentOff: in.PercentOff,
		AmountOff: in.AmountOff, AppliesTo: in.AppliesTo})
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return policy(o.Core.MembershipPolicy.Create(ctx, of, c))
}

// GetMembershipPolicy finds a policy.
func (o Operations) GetMembershipPolicy(
	ctx context.Context, p oas.GetMembershipPolicyParams,
) (*oas.MembershipPolicy, error) {
	return policy(o.Core.MembershipPolicy.Find(ctx, wire.ID[membership.PolicyID](p.ID)))
}

// UpdateMembershipPolicy changes a policy.
func (o Operations) UpdateMembershipPolicy(
	ctx context.Context, in *oas.MembershipPolicyUpdate, p oas.UpdateMembershipPolicyParams,
) (*oas.MembershipPolicy, error) {
	var wrong input.Checks
	c := policyChange(&wrong, *in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return policy(o.Core.MembershipPolicy.Update(ctx, wire.ID[membership.PolicyID](p.ID), c))
}

// EndMembershipPolicy ends a policy.
func (o Operations) EndMembershipPolicy(
	ctx context.Context, p oas.EndMembershipPolicyParams,
) (*oas.MembershipPolicy, error) {
	return policy(o.Core.MembershipPolicy.End(ctx, wire.ID[membership.PolicyID](p.ID)))
}

func policyChange(wrong *input.Checks, in oas.MembershipPolicyUpdate) membership.PolicyChange {
	c := membership.PolicyChange{Name: wire.Ptr(in.Name.Get())}
	if share, ok := in.PercentOff.Get(); ok {
		c.Percent = new(billing.BasisPoints(wrong.Percent("percent_off", share)))
	}
	if amount, ok := in.AmountOff.Get(); ok {
		c.Amount = new(billing.Pence(amount))
	}
	if to, ok := in.AppliesTo.Get(); ok {
		ids := wire.IDs[billing.ProductID](wrong, "applies_to", to.Products)
		c.AppliesTo = &ids
	}
	return c
}

func policy(p membership.Policy, err error) (*oas.MembershipPolicy, error) {
	if err != nil {
		return nil, err
	}
	return policyOf(p), nil
}

func policyOf(p membership.Policy) *oas.MembershipPolicy {
	out := &oas.MembershipPolicy{ID: wire.Digits(p.ID), Name: p.Name, ProductID: wire.Digits(p.Product),
		AppliesTo: oas.MembershipPolicyProducts{Products: make([]oas.ID, len(p.AppliesTo))},
		EndedAt:   wire.Instant(p.EndedAt), CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC()}
	if p.Percent > 0 {
		out.PercentOff = oas.NewOptFloat64(float64(p.Percent) / 100)
	} else {
		out.AmountOff = oas.NewOptFloat64(float64(p.Amount))
	}
	for i, id := range p.AppliesTo {
		out.AppliesTo.Products[i] = wire.Digits(id)
	}
	return out
}
