package billing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// MembershipPolicies lists what memberships take off prices.
func (q Query) MembershipPolicies(
	ctx context.Context, includeEnded *bool, pagination *gql.Pagination,
) (*gql.MembershipPolicyData, error) {
	at := wire.PageOf(pagination)
	all, more, err := q.Core.MembershipPolicy.List(ctx, membership.PolicyQuery{
		Page: input.Page{Number: at.Number, Size: at.Size}, Ended: wire.Deref(includeEnded)})
	if err != nil {
		return nil, err
	}
	return &gql.MembershipPolicyData{Data: wire.Map(all, policyOf), PageInfo: at.Info(more)}, nil
}

func policyOf(p membership.Policy) *gql.MembershipPolicy {
	out := &gql.MembershipPolicy{ID: wire.Encode(wire.KindMembershipPolicy, p.ID), Name: wire.Text(p.Name),
		MembershipID: wire.IDOrNull(wire.KindProduct, p.Product), ProductIds: make([]string, len(p.AppliesTo)),
		EndedAt: scalar.Of(p.EndedAt), CreatedAt: scalar.Of(p.CreatedAt), UpdatedAt: scalar.Of(p.UpdatedAt)}
	if p.Percent > 0 {
		out.PercentOff = new(float64(p.Percent) / 100)
	} else {
		out.AmountOff = money(p.Amount)
	}
	for i, id := range p.AppliesTo {
		out.ProductIds[i] = wire.Encode(wire.KindProduct, id)
	}
	return out
}

// Membership is the product that is the membership, deleted or not.
func (f MembershipPolicyFields) Membership(ctx context.Context, obj *gql.MembershipPolicy) (*gql.Product, error) {
	found, err := f.productsByID(ctx, []billing.ProductID{wire.Decoded[billing.ProductID](obj.MembershipID)})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
