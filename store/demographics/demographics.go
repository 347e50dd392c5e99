package demographics

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/demographics"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

// Forget deletes identity checks that have expired.
func (s *Store) Forget(ctx context.Context, group practice.ID, before time.Time) error {
	return s.db.Do(ctx, func(t store.Conn) error {
		_, err := t.Exec(ctx, `DELETE FROM identity_check WHERE practice_group_id = $1 AND expires_at <= $2`, group,
			before)
		return err
	})
}

// Due lists live patients who are coming and whose national record was read
// long ago.
func (t *Tx) Due(ctx context.Context, group practice.ID, from, to, stale time.Time, limit int) ([]patient.ID, error) {
	return store.List(ctx, t.Conn, `SELECT DISTINCT p.id FROM appointment a
		JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id
		WHERE a.practice_group_id = $1 AND a.start_at >= $2 AND a.start_at < $3 AND a.state = 'booked'
		AND p.nhs_number IS NOT NULL AND p.merged_into IS NULL AND p.deleted_at IS NULL AND (p.synced_at IS NULL OR
		p.synced_at < $4)
		ORDER BY p.id LIMIT $5`, store.In{group, from, to, stale, limit}, store.ScanID[patient.ID])
}

// checkDetails are what is kept of a check as JSON.
type checkDetails struct {
	Said    demographics.Said `json:"said"`
	Differs []string          `json:"differs,omitempty"`
	AskedBy string            `json:"asked_by,omitempty"`
}

const selectCheck = `SELECT hash, id, reason, details, created_at, expires_at FROM identity_check WHERE
	practice_group_id = $1`

func scanCheck(scan store.Scanner) (demographics.IdentityCheck, error) {
	var c demographics.IdentityCheck
	var kept string
	err := scan(&c.Hash, &c.ID, &c.Reason, &kept, value.When(&c.CreatedAt), value.When(&c.ExpiresAt))
	if err != nil || kept == "" { // it was made by a program that kept none
		return c, err
	}
	var d checkDetails
	err = json.Unmarshal([]byte(kept), &d)
	c.Said, c.Differs, c.AskedBy = d.Said, d.Differs, d.AskedBy
	return c, err
}

// AddIdentityCheck keeps the page of a person who could not be identified.
func (t *Tx) AddIdentityCheck(ctx context.Context, group practice.ID, c demographics.IdentityCheck) error {
	details, err := json.Marshal(checkDetails{c.Said, c.Differs, c.AskedBy})
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO identity_check (practice_group_id, hash, id, reason, details, created_at,
		expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		group, c.Hash, c.ID, c.Reason, string(details), c.CreatedAt, c.ExpiresAt)
	return err
}

// IdentityCheck finds the check of a token's hash.
func (s *Store) IdentityCheck(ctx context.Context, group practice.ID,
	hash []byte) (demographics.IdentityCheck, error) {
	return store.Find(ctx, s.Conn, demographics.ErrNoCheck, selectCheck+` AND hash = $2`, store.In{group, hash},
		scanCheck)
}

// IdentityCheckQuoted finds the check of a reference, which is its id but for
// demographics.ReferenceSpan.
func (s *Store) IdentityCheckQuoted(ctx context.Context, group practice.ID, reference int64,
	now time.Time) (demographics.IdentityCheck, error) {
	return store.Find(ctx, s.Conn, demographics.ErrNoReference, selectCheck+
		` AND (id % 2821109907456) = $2 AND expires_at > $3 ORDER BY id DESC LIMIT 1`,
		store.In{group, reference, now}, scanCheck)
}

// SaveFormerNumber keeps that a number was a patient's.
func (t *Tx) SaveFormerNumber(ctx context.Context, group practice.ID, f demographics.FormerNumber) error {
	_, err := t.Exec(ctx, `INSERT INTO former_number (practice_group_id, id, patient_id, nhs_number, recorded_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (practice_group_id, nhs_number) DO UPDATE SET patient_id = $3, recorded_at = $5`, group, f.ID,
		f.Patient, f.Number, f.At)
	return err
}

// Synced notes that the national record was read and held nothing new.
func (t *Tx) Synced(ctx context.Context, group practice.ID, id patient.ID, version string, now time.Time) error {
	_, err := t.Exec(ctx, `UPDATE patient SET pds_version = $3, synced_at = $4 WHERE practice_group_id = $1
		AND id = $2`,
		group, id, version, now)
	return err
}
