// Package form keeps what core/form remembers.
package form

import (
	"context"

	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/filter"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/task"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	clinicalstore "frontdesk/store/clinical"
	diarystore "frontdesk/store/diary"
	documentstore "frontdesk/store/document"
	"frontdesk/store/listing"
	patientstore "frontdesk/store/patient"
	taskstore "frontdesk/store/task"
	"frontdesk/store/value"
)

// Store is what core/form remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(form.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	entries
	files
	assignee.Finder
	filter.Patients
	types
	tasks
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx {
	return &Tx{c, clinicalstore.On(c), documentstore.On(c), assigneestore.On(c), patientstore.On(c),
		diarystore.On(c), taskstore.On(c)}
}

// entries are the consultations and records that answers become.
type entries interface {
	practice.GroupReader
	clinical.PatientLock
	SaveConsultation(ctx context.Context, group practice.ID, c clinical.Consultation) error
	SaveClinicalRecord(ctx context.Context, group practice.ID, r clinical.Record) error
}

// types and tasks are what the answers to a care navigation form lead to.
type (
	types interface {
		AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	}
	tasks interface {
		SaveTask(ctx context.Context, group practice.ID, t task.Task) error
	}
)

// files are the documents that answers are kept in.
type files interface {
	SaveDocument(ctx context.Context, group practice.ID, d document.Document) error
	KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error
}

// KeepFile keeps the document of an answer, and its content.
func (t *Tx) KeepFile(ctx context.Context, group practice.ID, d document.Document, content []byte) error {
	if err := t.SaveDocument(ctx, group, d); err != nil || content == nil {
		return err
	}
	return t.KeepContent(ctx, group, d.ID, content)
}

const questionnaireColumns = `id, token, title, content, deleted_at, version, created_at, updated_at, form_type, ` +
	`published, draft`

func scanQuestionnaire(scan store.Scanner) (form.Questionnaire, error) {
	var q form.Questionnaire
	err := scan(&q.ID, &q.Token, &q.Title, value.Stored(&q.Content), value.When(&q.DeletedAt), &q.Version,
		value.When(&q.CreatedAt), value.When(&q.UpdatedAt), &q.Type, &q.Published, value.Stored(&q.Draft))
	return q, err
}

// Questionnaire finds a questionnaire.
func (t *Tx) Questionnaire(
	ctx context.Context, group practice.ID, id form.ID,
) (form.Questionnaire, error) {
	return store.Find(ctx, t.Conn, form.ErrNotFound, `SELECT `+questionnaireColumns+` FROM questionnaire
		WHERE practice_group_id = $1 AND id = $2`,
		store.In{group, id}, scanQuestionnaire)
}

const someQuestionnaires = `SELECT ` + questionnaireColumns + ` FROM questionnaire WHERE practice_group_id = $1
	AND published > 0` + listing.Asked

var questionnaireOrders = listing.Orders{
	ByID: someQuestionnaires + listing.InOrderOfIDs, Made: someQuestionnaires + listing.InOrderMade,
	Updated: someQuestionnaires + listing.InOrderUpdated,
	Next:    someQuestionnaires + listing.NextIDs, Previous: someQuestionnaires + listing.PreviousIDs,
}

func questionnaireOrder(q form.Questionnaire) store.Columns {
	return store.Columns{"id": q.ID, "created_at": q.CreatedAt, "updated_at": q.UpdatedAt}
}

// Questionnaires lists questionnaires that were published.
func (t *Tx) Questionnaires(
	ctx context.Context, group practice.ID, q clinical.Query, rows input.Rows,
) ([]form.Questionnaire, error) {
	return clinicalstore.Read(ctx, t.Conn, questionnaireOrders, group, q, rows, scanQuestionnaire, questionnaireOrder)
}

// LockQuestionnaire keeps others from changing a form, and finds it.
func (t *Tx) LockQuestionnaire(ctx context.Context, group practice.ID, id form.ID) (form.Questionnaire, error) {
	if _, err := t.Exec(ctx, `UPDATE questionnaire SET version = version WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return form.Questionnaire{}, err
	}
	return t.Questionnaire(ctx, group, id)
}

// SaveQuestionnaire keeps a questionnaire.
func (t *Tx) SaveQuestionnaire(ctx context.Context, group practice.ID, q form.Questionnaire) error {
	draft := ""
	if q.Draft != nil {
		draft = string(audit.Snapshot(q.Draft))
	}
	_, err := t.Exec(ctx, `INSERT INTO questionnaire (`+questionnaireColumns+`, practice_group_id) VALUES ($1, $2, `+
		`$3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $3, content = $4, deleted_at = $5, version = $6,
			updated_at = $8, form_type = $9, published = $10, draft = $11`,
		q.ID, q.Token, q.Title, string(audit.Snapshot(q.Content)), value.At(q.DeletedAt), q.Version, q.CreatedAt,
		q.UpdatedAt, q.Type, q.Published, draft, group)
	return err
}

// Forms lists forms in the order of their ids, those after one of them.
func (t *Tx) Forms(
	ctx context.Context, group practice.ID, drafts bool, after form.ID, most int,
) ([]form.Questionnaire, error) {
	return store.List(ctx, t.Conn, `SELECT `+questionnaireColumns+` FROM questionnaire WHERE practice_group_id = $1
		AND id > $4 AND deleted_at IS NULL AND ($2 OR published > 0) ORDER BY id LIMIT $3`,
		store.In{group, drafts, most, after}, scanQuestionnaire)
}
