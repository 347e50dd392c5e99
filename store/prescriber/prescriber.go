// Package prescriber keeps what core/prescriber remembers.
package prescriber

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/prescriber"

	"frontdesk/store"
	accountstore "frontdesk/store/account"
	"frontdesk/store/value"
)

// Store is what core/prescriber remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(prescriber.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	staff
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, accountstore.On(c)} }

type staff interface {
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
	LockStaff(ctx context.Context, group practice.ID, id account.StaffID) error
}

const (
	countStaff = `SELECT count(*) FROM (SELECT 1 FROM staff s WHERE practice_group_id = $1 AND deleted_at IS NULL
		LIMIT $2) AS matches`
	pageOfStaff = `SELECT id FROM staff s WHERE practice_group_id = $1 AND deleted_at IS NULL`
	page        = ` LIMIT $2 OFFSET $3`
	byID        = pageOfStaff + ` ORDER BY id` + page
	byIDDown    = pageOfStaff + ` ORDER BY id DESC` + page
	byName      = pageOfStaff + ` ORDER BY lower(first_name), id` + page
	byNameDown  = pageOfStaff + ` ORDER BY lower(first_name) DESC, id DESC` + page
)

// StaffPage lists members of staff who have not left.
func (t *Tx) StaffPage(ctx context.Context, group practice.ID, q prescriber.Query) ([]account.StaffID, int, error) {
	count := 0
	if _, err := t.One(ctx, countStaff, store.In{group, input.CountTo(q.Offset, q.Limit)}, &count); err != nil {
		return nil, 0, err
	}
	text := byID
	switch {
	case q.ByFirstName && q.Descending:
		text = byNameDown
	case q.ByFirstName:
		text = byName
	case q.Descending:
		text = byIDDown
	}
	ids, err := store.List(ctx, t.Conn, text, store.In{group, q.Limit, q.Offset}, store.ScanID[account.StaffID])
	return ids, count, err
}

const selectPrescribers = `SELECT staff_id, external_id, detailed, name, email, registration_code, updated_at
	FROM staff_prescriber WHERE practice_group_id = $1 AND staff_id IN `

// Prescribers finds by what members of staff prescribe.
func (t *Tx) Prescribers(
	ctx context.Context, group practice.ID, ids []account.StaffID,
) (map[account.StaffID]prescriber.Prescriber, error) {
	all, err := store.ListAmong(ctx, t.Conn,
		store.Among(selectPrescribers+store.Few2, selectPrescribers+store.Many2), store.In{group}, ids,
		func(scan store.Scanner) (prescriber.Prescriber, error) {
			var p prescriber.Prescriber
			var d prescriber.Details
			var detailed bool
			err := scan(&p.Staff, &p.ExternalID, value.Bool(&detailed), &d.Name, &d.Email, &d.Registration,
				value.When(&p.UpdatedAt))
			if detailed {
				p.Details = &d
			}
			return p, err
		})
	out := make(map[account.StaffID]prescriber.Prescriber, len(all))
	for _, p := range all {
		out[p.Staff] = p
	}
	return out, err
}

// SavePrescriber keeps by what a member of staff prescribes.
func (t *Tx) SavePrescriber(ctx context.Context, group practice.ID, p prescriber.Prescriber) error {
	d := p.Details
	if d == nil {
		d = &prescriber.Details{}
	}
	_, err := t.Exec(ctx, `INSERT INTO staff_prescriber (practice_group_id, staff_id, external_id, detailed, name, email,
			registration_code, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, staff_id) DO UPDATE SET external_id = $3, detailed = $4, name = $5, email = $6,
			registration_code = $7, updated_at = $8`,
		group, p.Staff, p.ExternalID, p.Details != nil, d.Name, d.Email, d.Registration, p.UpdatedAt)
	return err
}

// Signature finds a signature.
func (t *Tx) Signature(ctx context.Context, group practice.ID, of account.StaffID) (prescriber.Signature, error) {
	return store.Find(ctx, t.Conn, prescriber.ErrNoSignature, `SELECT staff_id, media_type, size, sealed, updated_at
		FROM staff_signature WHERE practice_group_id = $1 AND staff_id = $2`, store.In{group, of},
		func(scan store.Scanner) (prescriber.Signature, error) {
			var s prescriber.Signature
			err := scan(&s.Staff, &s.MediaType, &s.Size, &s.Sealed, value.When(&s.UpdatedAt))
			return s, err
		})
}

// SaveSignature keeps a signature.
func (t *Tx) SaveSignature(ctx context.Context, group practice.ID, s prescriber.Signature) error {
	_, err := t.Exec(ctx, `INSERT INTO staff_signature (practice_group_id, staff_id, media_type, size, sealed,
			updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, staff_id) DO UPDATE SET media_type = $3, size = $4, sealed = $5,
			updated_at = $6`, group, s.Staff, s.MediaType, s.Size, s.Sealed, s.UpdatedAt)
	return err
}
