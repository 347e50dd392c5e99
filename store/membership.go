package store

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type membershipStore struct {
	billing.MembershipReader
	tx *Tx
}

// Memberships is what memberships need remembered.
func (db *DB) Memberships() billing.MembershipStore { return membershipStore{db.plain(), db.plain()} }

func (s membershipStore) Do(ctx context.Context, fn func(billing.MembershipTx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const selectMemberships = `SELECT m.patient_id, m.id, m.product_id, p.name, m.start_date, m.said, m.comments,
	m.ended_at, m.created_at, m.updated_at FROM membership m
	JOIN product p ON p.practice_group_id = m.practice_group_id AND p.id = m.product_id
	WHERE m.practice_group_id = $1 AND m.patient_id IN `

// Memberships lists memberships, those that have ended too.
func (t *Tx) Memberships(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]billing.Membership, error) {
	return around(ctx, t, amongst{selectMemberships + few2 + ` ORDER BY m.id`, selectMemberships + many2 +
		` ORDER BY m.id`}, group, of,
		func(m *billing.Membership) in {
			return in{&m.ID, &m.Product, &m.Name, day{&m.Start}, &m.Said, &m.Comments, when{&m.EndedAt},
				when{&m.CreatedAt}, when{&m.UpdatedAt}}
		})
}

// SaveMembership keeps a membership.
func (t *Tx) SaveMembership(ctx context.Context, group practice.ID, of patient.ID, m billing.Membership) error {
	_, err := t.exec(ctx, `INSERT INTO membership (practice_group_id, id, patient_id, product_id, start_date, said,
		comments, ended_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET ended_at = $8, updated_at = $10`,
		group, m.ID, of, m.Product, m.Start.String(), m.Said, m.Comments, at(m.EndedAt), m.CreatedAt, m.UpdatedAt)
	return err
}
