package membership

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

const selectMemberships = `SELECT m.patient_id, m.id, m.product_id, p.name, m.start_date, m.said, m.comments,
	m.ended_at, m.created_at, m.updated_at FROM membership m
	JOIN product p ON p.practice_group_id = m.practice_group_id AND p.id = m.product_id
	WHERE m.practice_group_id = $1 AND m.patient_id IN `

// Memberships lists memberships, those that have ended too.
func (t *Tx) Memberships(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]billing.Membership, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectMemberships+store.Few2+` ORDER BY m.id`,
		selectMemberships+store.Many2+
			` ORDER BY m.id`), group, of,
		func(m *billing.Membership) store.In {
			return store.In{&m.ID, &m.Product, &m.Name, store.Day(&m.Start), &m.Said, &m.Comments,
				store.When(&m.EndedAt),
				store.When(&m.CreatedAt), store.When(&m.UpdatedAt)}
		})
}

// SaveMembership keeps a membership.
func (t *Tx) SaveMembership(ctx context.Context, group practice.ID, of patient.ID, m billing.Membership) error {
	_, err := t.Exec(ctx, `INSERT INTO membership (practice_group_id, id, patient_id, product_id, start_date, said,
		comments, ended_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET ended_at = $8, updated_at = $10`,
		group, m.ID, of, m.Product, m.Start.String(), m.Said, m.Comments, store.At(m.EndedAt), m.CreatedAt, m.UpdatedAt)
	return err
}
