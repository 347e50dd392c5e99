package billing

import (
	"context"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Policies keeps what members pay less.
type Policies struct {
	*PolicyTx
	db *store.DB
}

// NewPolicies keeps membership policies in a database.
func NewPolicies(db *store.DB) *Policies { return &Policies{onPolicies(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Policies) Do(ctx context.Context, fn func(membership.PolicyTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(onPolicies(c)) })
}

// PolicyTx is the statements about membership policies in one transaction.
type PolicyTx struct {
	store.Conn
	product
}

func onPolicies(c store.Conn) *PolicyTx { return &PolicyTx{c, product{c}} }

const (
	policyColumns = `id, product_id, name, percent_off, amount_off, ended_at, version, created_at, updated_at`

	selectPolicies = `SELECT ` + policyColumns + ` FROM membership_policy WHERE practice_group_id = $1`
	allPolicies    = selectPolicies + ` ORDER BY id LIMIT $2 OFFSET $3`
	activePolicies = selectPolicies + ` AND ended_at IS NULL ORDER BY id LIMIT $2 OFFSET $3`

	countPolicies = `SELECT count(*) FROM (SELECT 1 FROM membership_policy WHERE practice_group_id = $1
		AND (ended_at IS NULL OR $3) LIMIT $2) AS matches`
)

func scanPolicy(scan store.Scanner) (membership.Policy, error) {
	var p membership.Policy
	err := scan(&p.ID, &p.Product, &p.Name, &p.Percent, &p.Amount, value.When(&p.EndedAt), &p.Version,
		value.When(&p.CreatedAt), value.When(&p.UpdatedAt))
	return p, err
}

// Policy finds a policy.
func (t *PolicyTx) Policy(ctx context.Context, group practice.ID, id membership.PolicyID) (membership.Policy, error) {
	p, err := store.Find(ctx, t.Conn, membership.ErrPolicyNotFound, selectPolicies+` AND id = $2`,
		store.In{group, id}, scanPolicy)
	if err != nil {
		return p, err
	}
	found := []membership.Policy{p}
	err = t.applied(ctx, group, found)
	return found[0], err
}

// LockPolicy keeps others from changing a policy, and finds it.
func (t *PolicyTx) LockPolicy(
	ctx context.Context, group practice.ID, id membership.PolicyID,
) (membership.Policy, error) {
	if _, err := t.Exec(ctx, `UPDATE membership_policy SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return membership.Policy{}, err
	}
	return t.Policy(ctx, group, id)
}

// Policies lists policies.
func (t *PolicyTx) Policies(
	ctx context.Context, group practice.ID, q membership.PolicyQuery, rows input.Rows,
) ([]membership.Policy, error) {
	text := activePolicies
	if q.Ended {
		text = allPolicies
	}
	found, err := store.ReadPage(ctx, t.Conn, text, store.In{group, rows.Limit, rows.Offset}, scanPolicy,
		func(p membership.Policy) store.Columns { return store.Columns{"id": p.ID} })
	if err != nil {
		return nil, err
	}
	return found, t.applied(ctx, group, found)
}

// CountPolicies counts what Policies would list, up to a limit.
func (t *PolicyTx) CountPolicies(
	ctx context.Context, group practice.ID, q membership.PolicyQuery, limit int,
) (n int, err error) {
	_, err = t.One(ctx, countPolicies, store.In{group, limit, q.Ended}, &n)
	return n, err
}

// PoliciesOf counts the policies of a membership that have not ended.
func (t *PolicyTx) PoliciesOf(ctx context.Context, group practice.ID, of billing.ProductID) (n int, err error) {
	_, err = t.One(ctx, `SELECT count(*) FROM membership_policy WHERE practice_group_id = $1 AND product_id = $2
		AND ended_at IS NULL`, store.In{group, of}, &n)
	return n, err
}

const selectApplied = `SELECT policy_id, product_id FROM membership_policy_product WHERE practice_group_id = $1
	AND policy_id IN `

var appliedProducts = store.Among(selectApplied+store.Few2+` ORDER BY policy_id, product_id`,
	selectApplied+store.Many2+` ORDER BY policy_id, product_id`)

// applied adds the products that policies name.
func (t *PolicyTx) applied(ctx context.Context, group practice.ID, all []membership.Policy) error {
	ids := make([]membership.PolicyID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	of, err := store.ByOwner(store.ListAmong(ctx, t.Conn, appliedProducts, store.In{group}, ids,
		func(scan store.Scanner) (store.Owned[membership.PolicyID, billing.ProductID], error) {
			var o store.Owned[membership.PolicyID, billing.ProductID]
			err := scan(&o.Of, &o.Thing)
			return o, err
		}))
	for i := range all {
		all[i].AppliesTo = of[all[i].ID]
	}
	return err
}

// SavePolicy keeps a policy with the products it names.
func (t *PolicyTx) SavePolicy(ctx context.Context, group practice.ID, p membership.Policy) error {
	if _, err := t.Exec(ctx, `INSERT INTO membership_policy (`+policyColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, percent_off = $4, amount_off = $5, ended_at = $6,
			version = $7, updated_at = $9`,
		p.ID, p.Product, p.Name, p.Percent, p.Amount, value.At(p.EndedAt), p.Version, p.CreatedAt, p.UpdatedAt,
		group); err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `DELETE FROM membership_policy_product WHERE practice_group_id = $1 AND policy_id = $2`,
		group, p.ID); err != nil {
		return err
	}
	rows := make([]store.In, len(p.AppliesTo))
	for i, id := range p.AppliesTo {
		rows[i] = store.In{group, p.ID, id}
	}
	return store.Insert(ctx, t.Conn, `INSERT INTO membership_policy_product (practice_group_id, policy_id, product_id)
		VALUES ($1, $2, $3)`, rows)
}

// reductions are what is taken off product $5 for patient $2 as a member on the day $3, which ends at $4.
const reductions = `SELECT p.id, p.percent_off, p.amount_off FROM membership m
	JOIN membership_policy p ON p.practice_group_id = m.practice_group_id AND p.product_id = m.product_id
		AND p.ended_at IS NULL
	WHERE m.practice_group_id = $1 AND m.patient_id = $2 AND m.start_date <= $3
		AND (m.ended_at IS NULL OR m.ended_at >= $4)
		AND (EXISTS (SELECT 1 FROM membership_policy_product x WHERE x.practice_group_id = p.practice_group_id
				AND x.policy_id = p.id AND x.product_id = $5)
			OR NOT EXISTS (SELECT 1 FROM membership_policy_product x WHERE x.practice_group_id = p.practice_group_id
				AND x.policy_id = p.id))
	ORDER BY p.id`

// Reductions lists what is taken off a product for a member.
func (t *Tx) Reductions(
	ctx context.Context, group practice.ID, of patient.ID, product billing.ProductID, on input.Date, over time.Time,
) ([]billing.Reduction, error) {
	return store.List(ctx, t.Conn, reductions, store.In{group, of, on.String(), over, product},
		func(scan store.Scanner) (billing.Reduction, error) {
			var r billing.Reduction
			err := scan(&r.Policy, &r.Percent, &r.Amount)
			return r, err
		})
}
