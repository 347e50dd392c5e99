package store

import (
	"context"
	"encoding/json"
	"strings"

	"frontdesk/core/audit"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
)

type relationshipStore struct {
	relationship.Reader
	tx *Tx
}

// Relationship is what relationship remembers.
func (db *DB) Relationship() relationship.Store { return relationshipStore{db.plain(), db.plain()} }

func (s relationshipStore) Do(ctx context.Context, fn func(relationship.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const selectRelationships = `SELECT patient_id, id, kind, label, other_patient_id, contact_id, details FROM relationship
	WHERE practice_group_id = $1 AND patient_id IN `

// details reads JSON.
type details struct{ to any }

// Scan implements sql.Scanner.
func (d details) Scan(src any) error {
	var s string
	if err := (text{&s}).Scan(src); err != nil || s == "" {
		return err
	}
	return json.Unmarshal([]byte(s), d.to)
}

func relationshipDest(r *relationship.Relationship) in {
	return in{&r.ID, lower[relationship.Kind]{&r.Kind}, &r.Label, num[patient.ID]{&r.Other}, num[int64]{&r.Contact},
		details{&r.Details}}
}

// Relationships lists the people around patients.
func (t *Tx) Relationships(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]relationship.Relationship, error) {
	return around(ctx, t, amongst{selectRelationships + few2 + ` ORDER BY id`, selectRelationships + many2 +
		` ORDER BY id`}, group, of, relationshipDest)
}

const selectRelationshipsByID = `SELECT id, kind, label, other_patient_id, contact_id, details FROM relationship
	WHERE practice_group_id = $1 AND id IN `

var relationshipsByID = amongst{selectRelationshipsByID + few2, selectRelationshipsByID + many2}

// RelationshipsByID finds relationships.
func (s relationshipStore) RelationshipsByID(ctx context.Context, group practice.ID,
	ids []relationship.ID) (map[relationship.ID]relationship.Relationship, error) {
	found, err := listAmong(ctx, s.tx, relationshipsByID, in{group}, ids,
		func(scan scanner) (relationship.Relationship, error) {
			var r relationship.Relationship
			err := scan(relationshipDest(&r)...)
			return r, err
		})
	return keyed(found, err, func(r relationship.Relationship) relationship.ID { return r.ID })
}

// RelatedTo is the patient a relationship is one of, or 0.
func (t *Tx) RelatedTo(ctx context.Context, group practice.ID, id int64) (patient.ID, error) {
	var of patient.ID
	_, err := t.one(ctx, `SELECT patient_id FROM relationship WHERE practice_group_id = $1 AND id = $2`, in{group, id},
		&of)
	return of, err
}

// SaveRelationship keeps a person around a patient.
func (t *Tx) SaveRelationship(ctx context.Context, group practice.ID, of patient.ID,
	r relationship.Relationship) error {
	_, err := t.exec(ctx, `INSERT INTO relationship (practice_group_id, id, patient_id, kind, label,
		other_patient_id, contact_id, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET other_patient_id = $6, contact_id = $7, details = $8`,
		group, r.ID, of, strings.ToUpper(string(r.Kind)), r.Label, opt(r.Other), opt(r.Contact),
		string(audit.Snapshot(r.Details)))
	return err
}

// DropRelationship forgets a person around a patient.
func (t *Tx) DropRelationship(ctx context.Context, group practice.ID, of patient.ID, id relationship.ID) (bool, error) {
	n, err := t.exec(ctx, `DELETE FROM relationship`+whereRow, group, of, id)
	return n > 0, err
}
