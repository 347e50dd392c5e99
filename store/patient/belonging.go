package patient

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
)

// Touch notes that something around the patient changed.
func (t *Tx) Touch(ctx context.Context, group practice.ID, id patient.ID, now time.Time) error {
	_, err := t.Exec(ctx, `UPDATE patient SET updated_at = $3, version = version + 1 WHERE practice_group_id = $1
		AND id = $2`, group, id, now)
	return err
}

const selectPatientPhones = `SELECT patient_id, id, kind, number FROM patient_phone WHERE practice_group_id = $1
	AND patient_id IN `

// Phones lists telephone numbers.
func (t *Tx) Phones(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]patient.Phone, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectPatientPhones+store.Few2+` ORDER BY id`,
		selectPatientPhones+store.Many2+
			` ORDER BY id`), group, of,
		func(p *patient.Phone) store.In { return store.In{&p.ID, &p.Kind, &p.Number} })
}

// HasNumberDefinition reports whether a group has a kind of number of its own.
func (t *Tx) HasNumberDefinition(ctx context.Context, group practice.ID, id patient.DefinitionID) (bool, error) {
	return t.One(ctx, `SELECT id FROM number_definition WHERE practice_group_id = $1 AND id = $2
		AND deleted_at IS NULL`, store.In{group, id}, &id)
}

const selectNumbers = `SELECT n.patient_id, n.id, n.definition_id, d.name, n.value FROM patient_number n
	JOIN number_definition d ON d.practice_group_id = n.practice_group_id AND d.id = n.definition_id
	WHERE n.practice_group_id = $1 AND d.deleted_at IS NULL AND n.patient_id IN `

// Numbers lists the numbers patients are known by.
func (t *Tx) Numbers(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]patient.Number, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectNumbers+store.Few2+` ORDER BY n.id`,
		selectNumbers+store.Many2+` ORDER BY n.id`),
		group, of,
		func(n *patient.Number) store.In { return store.In{&n.ID, &n.Definition, &n.Name, &n.Value} })
}

const selectAttributes = `SELECT patient_id, id, title, text, response FROM patient_attribute WHERE
	practice_group_id = $1 AND patient_id IN `

// Attributes lists attributes.
func (t *Tx) Attributes(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]patient.Attribute, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectAttributes+store.Few2+` ORDER BY id`,
		selectAttributes+store.Many2+` ORDER BY id`),
		group, of,
		func(a *patient.Attribute) store.In { return store.In{&a.ID, &a.Title, &a.Text, &a.Response} })
}

const selectLabelsOn = `SELECT u.patient_id, u.id, l.id, l.title, l.colour FROM label_use u
	JOIN label l ON l.practice_group_id = u.practice_group_id AND l.id = u.label_id
	WHERE u.practice_group_id = $1 AND u.patient_id IN `

// LabelsOn lists the labels on patients.
func (t *Tx) LabelsOn(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]label.Use, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectLabelsOn+store.Few2+` ORDER BY u.id`,
		selectLabelsOn+store.Many2+` ORDER BY u.id`),
		group, of,
		func(u *label.Use) store.In { return store.In{&u.ID, &u.Label.ID, &u.Label.Title, &u.Label.Colour} })
}

const selectPatientGroups = `SELECT p.patient_id, g.id, g.name, g.label, g.public FROM access_group_patient p
	JOIN access_group g ON g.practice_group_id = p.practice_group_id AND g.id = p.access_group_id
	WHERE p.practice_group_id = $1 AND p.patient_id IN `

// AccessGroupsOfPatients lists the access groups that look after patients.
func (t *Tx) AccessGroupsOfPatients(ctx context.Context, group practice.ID,
	of []patient.ID) (map[patient.ID][]account.AccessGroup, error) {
	return store.ListOwned(ctx, t.Conn, store.Among(selectPatientGroups+store.Few2+` ORDER BY g.name, g.id`,
		selectPatientGroups+store.Many2+
			` ORDER BY g.name, g.id`), group, of,
		func(g *account.AccessGroup) store.In { return store.In{&g.ID, &g.Name, &g.Label, &g.Public} })
}

// SaveBelonging keeps a thing of a patient's.
func (t *Tx) SaveBelonging(ctx context.Context, group practice.ID, of patient.ID, b patient.Belonging) (err error) {
	switch b := b.(type) {
	case patient.Phone:
		_, err = t.Exec(ctx, `INSERT INTO patient_phone (practice_group_id, id, patient_id, kind, number) VALUES
			($1, $2, $3, $4, $5)
			ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $4, number = $5`, group, b.ID, of, b.Kind,
			b.Number)
	case patient.Number:
		_, err = t.Exec(ctx, `INSERT INTO patient_number (practice_group_id, id, definition_id, patient_id, value,
			value_key)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (practice_group_id, id) DO UPDATE SET value = $5, value_key = $6`,
			group, b.ID, b.Definition, of, b.Value, patient.NumberKey(b.Value))
	case patient.Attribute:
		_, err = t.Exec(ctx, `INSERT INTO patient_attribute (practice_group_id, id, patient_id, title, text, response)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $4, text = $5, response = $6`,
			group, b.ID, of, b.Title, b.Text, b.Response)
	case patient.LabelOn:
		_, err = t.Exec(ctx, `INSERT INTO label_use (practice_group_id, id, label_id, patient_id) VALUES ($1, $2,
			$3, $4)`,
			group, b.Use, b.Label, of)
	case patient.InGroup:
		_, err = t.Exec(ctx, `INSERT INTO access_group_patient (practice_group_id, id, access_group_id, patient_id)
			VALUES ($1, $2, $3, $4)`, group, b.Row, b.Group, of)
	default:
		panic(fmt.Sprintf("%T does not belong to patients", b))
	}
	return err
}

const whereRow = ` WHERE practice_group_id = $1 AND patient_id = $2 AND id = $3`

// DropBelonging forgets a thing of a patient's, and reports whether it was there.
func (t *Tx) DropBelonging(ctx context.Context, group practice.ID, of patient.ID, b patient.Belonging) (bool, error) {
	var n int64
	var err error
	switch b := b.(type) {
	case patient.Phone:
		n, err = t.Exec(ctx, `DELETE FROM patient_phone`+whereRow, group, of, b.ID)
	case patient.Number:
		n, err = t.Exec(ctx, `DELETE FROM patient_number`+whereRow, group, of, b.ID)
	case patient.Attribute:
		n, err = t.Exec(ctx, `DELETE FROM patient_attribute`+whereRow, group, of, b.ID)
	case patient.LabelOn:
		n, err = t.Exec(ctx, `DELETE FROM label_use`+whereRow, group, of, b.Use)
	case patient.InGroup:
		n, err = t.Exec(ctx, `DELETE FROM access_group_patient
			WHERE practice_group_id = $1 AND patient_id = $2 AND access_group_id = $3`, group, of, b.Group)
	default:
		panic(fmt.Sprintf("%T does not belong to patients", b))
	}
	return n > 0, err
}
