package relationship

import (
	"context"
	"strings"

	"frontdesk/core/audit"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"

	"frontdesk/store"
	"frontdesk/store/value"
)

const selectRelationships = `SELECT patient_id, id, kind, label, other_patient_id, contact_id, details FROM relationship
	WHERE practice_group_id = $1 AND patient_id IN `

func relationshipDest(r *relationship.Relationship) store.In {
	return store.In{&r.ID, value.Lower(&r.Kind), &r.Label, value.Num(&r.Other), value.Num(&r.Contact),
		value.Stored(&r.Details)}
}

// Relationships lists the people around patients.
func (t *Tx) Relationships(
	ctx context.Context, group practice.ID, of []patient.ID,
) (map[patient.ID][]relationship.Relationship, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectRelationships+store.Few2+` ORDER BY id`,
		selectRelationships+store.Many2+` ORDER BY id`), group, of, relationshipDest)
}

const selectRelationshipsByID = `SELECT id, kind, label, other_patient_id, contact_id, details FROM relationship
	WHERE practice_group_id = $1 AND id IN `

var relationshipsByID = store.Among(selectRelationshipsByID+store.Few2, selectRelationshipsByID+store.Many2)

// RelationshipsByID finds relationships.
func (s *Store) RelationshipsByID(ctx context.Context, group practice.ID,
	ids []relationship.ID) (map[relationship.ID]relationship.Relationship, error) {
	found, err := store.ListAmong(ctx, s.Conn, relationshipsByID, store.In{group}, ids,
		func(scan store.Scanner) (relationship.Relationship, error) {
			var r relationship.Relationship
			err := scan(relationshipDest(&r)...)
			return r, err
		})
	return store.Keyed(found, err, func(r relationship.Relationship) relationship.ID { return r.ID })
}

// RelatedTo is the patient a relationship is one of, or 0.
func (t *Tx) RelatedTo(ctx context.Context, group practice.ID, id int64) (patient.ID, error) {
	var of patient.ID
	_, err := t.One(ctx, `SELECT patient_id FROM relationship WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id},
		&of)
	return of, err
}

// SaveRelationship keeps a person around a patient.
func (t *Tx) SaveRelationship(ctx context.Context, group practice.ID, of patient.ID,
	r relationship.Relationship) error {
	_, err := t.Exec(ctx, `INSERT INTO relationship (practice_group_id, id, patient_id, kind, label,
		other_patient_id, contact_id, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET other_patient_id = $6, contact_id = $7, details = $8`,
		group, r.ID, of, strings.ToUpper(string(r.Kind)), r.Label, value.Opt(r.Other), value.Opt(r.Contact),
		string(audit.Snapshot(r.Details)))
	return err
}

// DropRelationship forgets a person around a patient.
func (t *Tx) DropRelationship(ctx context.Context, group practice.ID, of patient.ID, id relationship.ID) (bool, error) {
	n, err := t.Exec(ctx, `DELETE FROM relationship WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`,
		group, of, id)
	return n > 0, err
}
