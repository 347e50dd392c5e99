package billing

import (
	"context"
	"time"

	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/value"
)

// Memberships keeps the memberships of patients.
type Memberships struct {
	*MembershipTx
	db *store.DB
}

// NewMemberships keeps memberships in a database.
func NewMemberships(db *store.DB) *Memberships { return &Memberships{onMemberships(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Memberships) Do(ctx context.Context, fn func(membership.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(onMemberships(c)) })
}

// MembershipTx is the statements about memberships in one transaction, with what they ask of other areas there.
type MembershipTx struct {
	store.Conn
	practice.GroupReader
	product
	members
}

func onMemberships(c store.Conn) *MembershipTx {
	return &MembershipTx{c, practicestore.On(c), product{c}, patientstore.On(c)}
}

type members interface {
	LockPatientForChange(ctx context.Context, group practice.ID, id patient.ID) error
	PatientsByID(ctx context.Context, group practice.ID, ids []patient.ID) ([]patient.Patient, error)
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
}

const selectMemberships = `SELECT m.patient_id, m.id, m.product_id, p.name, m.start_date, m.said, m.comments,
	m.ended_at, m.created_at, m.updated_at FROM membership m
	JOIN product p ON p.practice_group_id = m.practice_group_id AND p.id = m.product_id
	WHERE m.practice_group_id = $1 AND m.patient_id IN `

// Memberships lists memberships, those that have ended too.
func (t *MembershipTx) Memberships(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]membership.Membership, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectMemberships+store.Few2+` ORDER BY m.id`,
		selectMemberships+store.Many2+
			` ORDER BY m.id`), group, of,
		func(m *membership.Membership) store.In {
			return store.In{&m.ID, &m.Product, &m.Name, value.Day(&m.Start), &m.Said, &m.Comments,
				value.When(&m.EndedAt),
				value.When(&m.CreatedAt), value.When(&m.UpdatedAt)}
		})
}

// SaveMembership keeps a membership.
func (t *MembershipTx) SaveMembership(ctx context.Context, group practice.ID, of patient.ID,
	m membership.Membership) error {
	_, err := t.Exec(ctx, `INSERT INTO membership (practice_group_id, id, patient_id, product_id, start_date, said,
		comments, ended_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET ended_at = $8, updated_at = $10`,
		group, m.ID, of, m.Product, m.Start.String(), m.Said, m.Comments, value.At(m.EndedAt), m.CreatedAt, m.UpdatedAt)
	return err
}
