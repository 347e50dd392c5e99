package store

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/chart"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type chartStore struct {
	chart.Reader
	tx *Tx
}

// Chart is what chart remembers.
func (db *DB) Chart() chart.Store { return chartStore{db.plain(), db.plain()} }

func (s chartStore) Do(ctx context.Context, fn func(chart.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// around reads rows that belong to some patients: the patient comes first.
func around[T any](ctx context.Context, t *Tx, of amongst, group practice.ID, ids []patient.ID, dest func(row *T) in) (map[patient.ID][]T, error) {
	return byOwner(listAmong(ctx, t, of, in{group}, ids, func(scan scanner) (Owned[patient.ID, T], error) {
		var o Owned[patient.ID, T]
		err := scan(append(in{&o.Of}, dest(&o.Thing)...)...)
		return o, err
	}))
}

// Touch notes that something around the patient changed.
func (t *Tx) Touch(ctx context.Context, group practice.ID, id patient.ID, now time.Time) error {
	_, err := t.exec(ctx, `UPDATE patient SET updated_at = $3, version = version + 1 WHERE practice_group_id = $1 AND id = $2`, group, id, now)
	return err
}

// drop forgets a row of a patient's, and reports whether there was one.
func (t *Tx) drop(ctx context.Context, text string, args ...any) (bool, error) {
	n, err := t.exec(ctx, text, args...)
	return n > 0, err
}

const selectPatientPhones = `SELECT patient_id, id, kind, number FROM patient_phone WHERE practice_group_id = $1 AND patient_id IN `

// Phones lists telephone numbers.
func (t *Tx) Phones(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]chart.Phone, error) {
	return around(ctx, t, amongst{selectPatientPhones + few2 + ` ORDER BY id`, selectPatientPhones + many2 + ` ORDER BY id`}, group, of,
		func(p *chart.Phone) in { return in{&p.ID, &p.Kind, &p.Number} })
}

// SavePhone keeps a telephone number.
func (t *Tx) SavePhone(ctx context.Context, group practice.ID, of patient.ID, p chart.Phone) error {
	_, err := t.exec(ctx, `INSERT INTO patient_phone (practice_group_id, id, patient_id, kind, number) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $4, number = $5`, group, p.ID, of, p.Kind, p.Number)
	return err
}

// DropPhone forgets a telephone number.
func (t *Tx) DropPhone(ctx context.Context, group practice.ID, of patient.ID, id chart.PhoneID) (bool, error) {
	return t.drop(ctx, `DELETE FROM patient_phone WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`, group, of, id)
}

// Definitions lists a group's kinds of numbers.
func (t *Tx) Definitions(ctx context.Context, group practice.ID) ([]chart.Definition, error) {
	return list(ctx, t, `SELECT id, name, id_type, is_primary, deleted_at, created_at, updated_at FROM number_definition
		WHERE practice_group_id = $1 ORDER BY id`, in{group}, func(scan scanner) (chart.Definition, error) {
		var d chart.Definition
		err := scan(&d.ID, &d.Name, &d.Type, &d.Primary, when{&d.DeletedAt}, when{&d.CreatedAt}, when{&d.UpdatedAt})
		return d, err
	})
}

// SaveDefinition keeps a kind of number.
func (t *Tx) SaveDefinition(ctx context.Context, group practice.ID, d chart.Definition) error {
	_, err := t.exec(ctx, `INSERT INTO number_definition (practice_group_id, id, name, id_type, is_primary, deleted_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, is_primary = $5, deleted_at = $6, updated_at = $8`,
		group, d.ID, d.Name, d.Type, d.Primary, at(d.DeletedAt), d.CreatedAt, d.UpdatedAt)
	return err
}

const selectNumbers = `SELECT n.patient_id, n.id, n.definition_id, d.name, n.value FROM patient_number n
	JOIN number_definition d ON d.practice_group_id = n.practice_group_id AND d.id = n.definition_id
	WHERE n.practice_group_id = $1 AND d.deleted_at IS NULL AND n.patient_id IN `

// Numbers lists the numbers patients are known by.
func (t *Tx) Numbers(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]chart.Number, error) {
	return around(ctx, t, amongst{selectNumbers + few2 + ` ORDER BY n.id`, selectNumbers + many2 + ` ORDER BY n.id`}, group, of,
		func(n *chart.Number) in { return in{&n.ID, &n.Definition, &n.Name, &n.Value} })
}

// SaveNumber keeps a number.
func (t *Tx) SaveNumber(ctx context.Context, group practice.ID, of patient.ID, n chart.Number) error {
	_, err := t.exec(ctx, `INSERT INTO patient_number (practice_group_id, id, definition_id, patient_id, value, value_key) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET value = $5, value_key = $6`, group, n.ID, n.Definition, of, n.Value, patient.NumberKey(n.Value))
	return err
}

// DropNumber forgets a number.
func (t *Tx) DropNumber(ctx context.Context, group practice.ID, of patient.ID, id chart.NumberID) (bool, error) {
	return t.drop(ctx, `DELETE FROM patient_number WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`, group, of, id)
}

const selectAttributes = `SELECT patient_id, id, title, text, response FROM patient_attribute WHERE practice_group_id = $1 AND patient_id IN `

// Attributes lists attributes.
func (t *Tx) Attributes(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]chart.Attribute, error) {
	return around(ctx, t, amongst{selectAttributes + few2 + ` ORDER BY id`, selectAttributes + many2 + ` ORDER BY id`}, group, of,
		func(a *chart.Attribute) in { return in{&a.ID, &a.Title, &a.Text, &a.Response} })
}

// SaveAttribute keeps an attribute.
func (t *Tx) SaveAttribute(ctx context.Context, group practice.ID, of patient.ID, a chart.Attribute) error {
	_, err := t.exec(ctx, `INSERT INTO patient_attribute (practice_group_id, id, patient_id, title, text, response) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $4, text = $5, response = $6`, group, a.ID, of, a.Title, a.Text, a.Response)
	return err
}

// DropAttribute forgets an attribute.
func (t *Tx) DropAttribute(ctx context.Context, group practice.ID, of patient.ID, id chart.AttributeID) (bool, error) {
	return t.drop(ctx, `DELETE FROM patient_attribute WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`, group, of, id)
}

const selectLabelsOn = `SELECT u.patient_id, u.id, l.id, l.title, l.colour FROM label_use u
	JOIN label l ON l.practice_group_id = u.practice_group_id AND l.id = u.label_id
	WHERE u.practice_group_id = $1 AND u.patient_id IN `

// LabelsOn lists the labels on patients.
func (t *Tx) LabelsOn(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]label.Use, error) {
	return around(ctx, t, amongst{selectLabelsOn + few2 + ` ORDER BY u.id`, selectLabelsOn + many2 + ` ORDER BY u.id`}, group, of,
		func(u *label.Use) in { return in{&u.ID, &u.Label.ID, &u.Label.Title, &u.Label.Colour} })
}

// PutLabel puts a label on a patient.
func (t *Tx) PutLabel(ctx context.Context, group practice.ID, of patient.ID, use label.UseID, id label.ID) error {
	_, err := t.exec(ctx, `INSERT INTO label_use (practice_group_id, id, label_id, patient_id) VALUES ($1, $2, $3, $4)`, group, use, id, of)
	return err
}

// DropLabel takes a label off a patient.
func (t *Tx) DropLabel(ctx context.Context, group practice.ID, of patient.ID, use label.UseID) (bool, error) {
	return t.drop(ctx, `DELETE FROM label_use WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`, group, of, use)
}

const selectPatientGroups = `SELECT p.patient_id, g.id, g.name, g.label, g.public FROM access_group_patient p
	JOIN access_group g ON g.practice_group_id = p.practice_group_id AND g.id = p.access_group_id
	WHERE p.practice_group_id = $1 AND p.patient_id IN `

// AccessGroupsOfPatients lists the access groups that look after patients.
func (t *Tx) AccessGroupsOfPatients(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]account.AccessGroup, error) {
	return around(ctx, t, amongst{selectPatientGroups + few2 + ` ORDER BY g.name, g.id`, selectPatientGroups + many2 + ` ORDER BY g.name, g.id`}, group, of,
		func(g *account.AccessGroup) in { return in{&g.ID, &g.Name, &g.Label, &g.Public} })
}

// JoinAccessGroup lets an access group look after a patient.
func (t *Tx) JoinAccessGroup(ctx context.Context, group practice.ID, of patient.ID, row int64, id account.GroupID) error {
	_, err := t.exec(ctx, `INSERT INTO access_group_patient (practice_group_id, id, access_group_id, patient_id) VALUES ($1, $2, $3, $4)`, group, row, id, of)
	return err
}

// LeaveAccessGroup ends that.
func (t *Tx) LeaveAccessGroup(ctx context.Context, group practice.ID, of patient.ID, id account.GroupID) (bool, error) {
	return t.drop(ctx, `DELETE FROM access_group_patient WHERE practice_group_id = $1 AND patient_id = $2 AND access_group_id = $3`, group, of, id)
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

func relationshipDest(r *chart.Relationship) in {
	return in{&r.ID, &r.Kind, &r.Label, num[patient.ID]{&r.Other}, num[int64]{&r.Contact}, details{&r.Details}}
}

// Relationships lists the people around patients.
func (t *Tx) Relationships(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]chart.Relationship, error) {
	return around(ctx, t, amongst{selectRelationships + few2 + ` ORDER BY id`, selectRelationships + many2 + ` ORDER BY id`}, group, of, relationshipDest)
}

const selectRelationshipsByID = `SELECT id, kind, label, other_patient_id, contact_id, details FROM relationship WHERE practice_group_id = $1 AND id IN `

var relationshipsByID = amongst{selectRelationshipsByID + few2, selectRelationshipsByID + many2}

// RelationshipsByID finds relationships.
func (t *Tx) RelationshipsByID(ctx context.Context, group practice.ID, ids []chart.RelationshipID) (map[chart.RelationshipID]chart.Relationship, error) {
	found, err := listAmong(ctx, t, relationshipsByID, in{group}, ids, func(scan scanner) (chart.Relationship, error) {
		var r chart.Relationship
		err := scan(relationshipDest(&r)...)
		return r, err
	})
	return keyed(found, err, func(r chart.Relationship) chart.RelationshipID { return r.ID })
}

// RelatedTo is the patient a relationship is one of, or 0.
func (t *Tx) RelatedTo(ctx context.Context, group practice.ID, relationship int64) (patient.ID, error) {
	var of patient.ID
	_, err := t.one(ctx, `SELECT patient_id FROM relationship WHERE practice_group_id = $1 AND id = $2`, in{group, relationship}, &of)
	return of, err
}

// SaveRelationship keeps somebody around a patient.
func (t *Tx) SaveRelationship(ctx context.Context, group practice.ID, of patient.ID, r chart.Relationship) error {
	_, err := t.exec(ctx, `INSERT INTO relationship (practice_group_id, id, patient_id, kind, label, other_patient_id, contact_id, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET other_patient_id = $6, contact_id = $7, details = $8`,
		group, r.ID, of, r.Kind, r.Label, opt(r.Other), opt(r.Contact), string(audit.Snapshot(r.Details)))
	return err
}

// DropRelationship forgets somebody around a patient.
func (t *Tx) DropRelationship(ctx context.Context, group practice.ID, of patient.ID, id chart.RelationshipID) (bool, error) {
	return t.drop(ctx, `DELETE FROM relationship WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`, group, of, id)
}
