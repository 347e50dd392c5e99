package invoicing_test

import (
	"testing"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/membership"
	"frontdesk/core/practice"
	"frontdesk/rest/invoicing"
	"frontdesk/rest/oas"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// TestAListOfMembershipPoliciesTakesAFixedNumberOfStatements lists one policy and then many, each for a product.
func TestAListOfMembershipPoliciesTakesAFixedNumberOfStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := func() time.Time { return time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC) }
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
		must(t, err)
		ctx := access.With(t.Context(), access.Operator(g.ID))
		products := &billing.Products{Store: billingstore.NewProducts(db), Now: now, NewID: db.NewID}
		sells := func(kind billing.Kind) oas.ID {
			p, err := products.Create(ctx, billing.ProductChange{Kind: &kind, Name: new("A thing")})
			must(t, err)
			return oas.ID(p.ID.String())
		}
		door := invoicing.Operations{Core: &core.Core{MembershipPolicy: &membership.Policies{
			Store: billingstore.NewPolicies(db), Now: now, NewID: db.NewID}}}
		add := func() {
			made, err := door.CreateMembershipPolicy(ctx, &oas.MembershipPolicyRequest{Name: "Gold members",
				ProductID: string(sells(billing.MembershipKind)), PercentOff: oas.NewOptFloat64(12.25),
				AppliesTo: oas.NewOptMembershipPolicyProducts(oas.MembershipPolicyProducts{
					Products: []oas.ID{sells(billing.Other)}})}, oas.CreateMembershipPolicyParams{})
			must(t, err)
			if made.PercentOff.Value != 12.25 || made.AmountOff.Set || len(made.AppliesTo.Products) != 1 {
				t.Fatalf("made %+v", made)
			}
		}
		statements := func(want int) int64 {
			t.Helper()
			counting, count := store.Counting(ctx)
			got, err := door.ListMembershipPolicies(counting,
				oas.ListMembershipPoliciesParams{PageSize: oas.NewOptInt(100)})
			must(t, err)
			if len(got.Data) != want || got.Count != float64(want) || len(got.Data[want-1].AppliesTo.Products) != 1 {
				t.Fatalf("got %+v, want %d", got, want)
			}
			return count()
		}
		add()
		one := statements(1)
		for range 15 {
			add()
		}
		if many := statements(16); many != one || one > 3 {
			t.Fatalf("one policy takes %d statements, and 16 take %d", one, many)
		}
	})
}
