package graph

import (
	"fmt"
	"testing"

	"frontdesk/core/billing"
	"frontdesk/core/membership"
	"frontdesk/graph/wire"
)

const policiesAsked = `{ data { id name membershipId membership { id name } percentOff amountOff productIds endedAt ` +
	`createdAt updatedAt } pageInfo { page pageSize hasMore } }`

// TestMembershipPoliciesAreListed makes policies as REST does, and lists them page by page, with a fixed number of
// statements.
func TestMembershipPoliciesAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		n := 0
		grow := func() int {
			for range 7 {
				plan := d.plan(fmt.Sprint("Gold ", n))
				cap := d.product(map[string]any{"name": fmt.Sprint("Plaster ", n), "price": 2})
				ids := []billing.ProductID{wire.Decoded[billing.ProductID](&cap)}
				_, err := d.core.MembershipPolicy.Create(d.ctx, wire.Decoded[billing.ProductID](&plan),
					membership.PolicyChange{Name: new(fmt.Sprint("Policy ", n)), Amount: new(billing.Pence(150)),
						AppliesTo: &ids})
				d.must(err)
				n++
			}
			return n
		}
		d.flat("membershipPolicies.data", `{ membershipPolicies `+policiesAsked+` }`, nil, grow)
		all := d.get("membershipPolicies", `{ membershipPolicies(pagination: {page: 2, pageSize: 5}) `+policiesAsked+` }`)
		first := at(t, all, "data.0").(map[string]any)
		holds(t, all, map[string]any{"data.0.name": "Policy 5", "data.0.membership.name": "Gold 5",
			"data.0.membership.id": first["membershipId"], "data.0.percentOff": nil, "data.0.amountOff": 1.5,
			"data.0.endedAt": nil, "pageInfo.page": 2.0, "pageInfo.hasMore": true})
		id, _ := first["id"].(string)
		_, err := d.core.MembershipPolicy.End(d.ctx, wire.Decoded[membership.PolicyID](&id))
		d.must(err)
		rows := func(arguments string) int {
			list, _ := d.get("membershipPolicies.data", `{ membershipPolicies`+arguments+` `+policiesAsked+` }`).([]any)
			return len(list)
		}
		if left, ever := rows(""), rows("(includeEnded: true)"); left != n-1 || ever != n {
			t.Errorf("%d are left of %d, and not %d of %d", left, ever, n-1, n)
		}
		d.role("till", "seeInvoices")
		d.forbidden("seeProducts", `{ membershipPolicies { data { id } } }`)
	})
}
