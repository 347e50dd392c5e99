package store

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// checkDetails are what is kept of a check as JSON.
type checkDetails struct {
	Said    patient.Said `json:"said"`
	Differs []string     `json:"differs,omitempty"`
	AskedBy string       `json:"asked_by,omitempty"`
}

const selectCheck = `SELECT hash, id, reason, details, created_at, expires_at FROM identity_check WHERE practice_group_id = $1`

func scanCheck(scan scanner) (patient.IdentityCheck, error) {
	var c patient.IdentityCheck
	var kept string
	err := scan(&c.Hash, &c.ID, &c.Reason, &kept, when{&c.CreatedAt}, when{&c.ExpiresAt})
	if err != nil || kept == "" { // it was made by a program that kept none
		return c, err
	}
	var d checkDetails
	err = json.Unmarshal([]byte(kept), &d)
	c.Said, c.Differs, c.AskedBy = d.Said, d.Differs, d.AskedBy
	return c, err
}

// AddIdentityCheck keeps the page of somebody who could not be identified.
func (t *Tx) AddIdentityCheck(ctx context.Context, group practice.ID, c patient.IdentityCheck) error {
	details, err := json.Marshal(checkDetails{c.Said, c.Differs, c.AskedBy})
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO identity_check (practice_group_id, hash, id, reason, details, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		group, c.Hash, c.ID, c.Reason, string(details), c.CreatedAt, c.ExpiresAt)
	return err
}

// IdentityCheck finds the check of a token's hash.
func (s patientStore) IdentityCheck(ctx context.Context, group practice.ID, hash []byte) (patient.IdentityCheck, error) {
	return find(ctx, s.tx, patient.ErrNoCheck, selectCheck+` AND hash = $2`, in{group, hash}, scanCheck)
}

// IdentityCheckQuoted finds the check of a reference, which is its id but for
// patient.ReferenceSpan.
func (s patientStore) IdentityCheckQuoted(ctx context.Context, group practice.ID, reference int64, now time.Time) (patient.IdentityCheck, error) {
	return find(ctx, s.tx, patient.ErrNoReference, selectCheck+` AND (id % 2821109907456) = $2 AND expires_at > $3 ORDER BY id DESC LIMIT 1`,
		in{group, reference, now}, scanCheck)
}
