package document

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/document"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const documentColumns = `id, patient_id, folder_id, title, name, media_type, size, hash, uploaded_at, shared_at, ` +
	`deleted_at, version, created_at, updated_at`

func scanDocument(scan store.Scanner) (document.Document, error) {
	var d document.Document
	err := scan(&d.ID, value.Num(&d.Patient), value.Num(&d.Folder), &d.Title, &d.Name, &d.MediaType, &d.Size, &d.Hash,
		value.When(&d.UploadedAt),
		value.When(&d.SharedAt), value.When(&d.DeletedAt), &d.Version, value.When(&d.CreatedAt),
		value.When(&d.UpdatedAt))
	return d, err
}

// Document finds a document.
func (t *Tx) Document(ctx context.Context, group practice.ID, id document.ID) (document.Document, error) {
	return store.Find(ctx, t.Conn, document.ErrNotFound, `SELECT `+documentColumns+` FROM document WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id}, scanDocument)
}

// LockDocument keeps others from changing the document, and reads it.
func (t *Tx) LockDocument(ctx context.Context, group practice.ID, id document.ID) (document.Document, error) {
	if _, err := t.Exec(ctx, `UPDATE document SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return document.Document{}, err
	}
	return t.Document(ctx, group, id)
}

const (
	someDocuments = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listing.Asked +
		` AND patient_id IS NOT NULL`
	someTemplates = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listing.Asked +
		` AND patient_id IS NULL`
	// COALESCE keeps a database from reading all of them to sort them by time.
	templatesTimed = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listing.Asked +
		` AND COALESCE(patient_id, 0) = 0`
)

var (
	documentOrders = listing.Orders{ByID: someDocuments + listing.InOrderOfIDs, Made: someDocuments +
		listing.InOrderMade,
		Updated: someDocuments + listing.InOrderUpdated}
	templateOrders = listing.Orders{ByID: someTemplates + listing.InOrderOfIDs, Made: templatesTimed +
		listing.InOrderMade,
		Updated: templatesTimed + listing.InOrderUpdated}
)

// Documents lists documents.
func (t *Tx) Documents(ctx context.Context, group practice.ID, q document.Query,
	rows input.Rows) ([]document.Document, error) {
	o := documentOrders
	if q.Templates {
		o = templateOrders
	}
	return store.ReadPage(ctx, t.Conn, o.Of(q.Listing), listing.Arguments(group, q.Listing, rows.Limit,
		int64(rows.Offset)),
		scanDocument, func(d document.Document) store.Columns {
			return store.Columns{"id": d.ID, "created_at": d.CreatedAt, "updated_at": d.UpdatedAt}
		})
}

const placedDocuments = `SELECT ` + documentColumns + ` FROM (SELECT ` + documentColumns + listing.OfPatients +
	`document` + listing.AmongLive

var documentsOf = store.Among(placedDocuments+store.Few4+listing.InTheirPlace, placedDocuments+store.Many4+
	listing.InTheirPlace)

// DocumentsOf lists some of each patient's documents.
func (t *Tx) DocumentsOf(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]document.Document, error) {
	return store.SomeOf(ctx, t.Conn, documentsOf, group, of, from, until, scanDocument,
		func(d document.Document) patient.ID { return d.Patient })
}

// SaveDocument keeps a document.
func (t *Tx) SaveDocument(ctx context.Context, group practice.ID, d document.Document) error {
	_, err := t.Exec(ctx, `INSERT INTO document (`+documentColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET size = $7, hash = $8, uploaded_at = $9,
		deleted_at = $11, version = $12, updated_at = $14`,
		d.ID, value.Opt(d.Patient), value.Opt(d.Folder), d.Title, d.Name, d.MediaType, d.Size, d.Hash,
		value.At(d.UploadedAt), value.At(d.SharedAt), value.At(d.DeletedAt), d.Version,
		d.CreatedAt, d.UpdatedAt, group)
	return err
}

// KeepContent keeps a document's file.
func (t *Tx) KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error {
	_, err := t.Exec(ctx, `INSERT INTO document_content (practice_group_id, document_id, content) VALUES ($1, $2, $3)`,
		group, id, content)
	return err
}

// Content reads a document's file.
func (t *Tx) Content(ctx context.Context, group practice.ID, id document.ID) ([]byte, error) {
	return store.Find(ctx, t.Conn, document.ErrNotFound, `SELECT content FROM document_content WHERE
		practice_group_id = $1 AND document_id = $2`, store.In{group, id},
		func(scan store.Scanner) ([]byte, error) {
			var content []byte
			err := scan(&content)
			return content, err
		})
}

const foldersByID = `SELECT id, patient_id, parent_id, name, path, created_at FROM folder
	WHERE practice_group_id = $1 AND id IN `

var folders = store.Among(foldersByID+store.Few2, foldersByID+store.Many2)

// FoldersByID finds folders.
func (t *Tx) FoldersByID(
	ctx context.Context, group practice.ID, ids []document.FolderID,
) (map[document.FolderID]document.Folder, error) {
	found, err := store.ListAmong(ctx, t.Conn, folders, store.In{group}, ids,
		func(scan store.Scanner) (document.Folder, error) {
			var f document.Folder
			err := scan(&f.ID, value.Num(&f.Patient), value.Num(&f.Parent), &f.Name, &f.Path, value.When(&f.CreatedAt))
			return f, err
		})
	return store.Keyed(found, err, func(f document.Folder) document.FolderID { return f.ID })
}

const shareColumns = `id, kind, subject_id, patient_id, recipient_kind, recipient_id, email, name, title, method, ` +
	`record_ids, at, deleted_at`

func scanShare(scan store.Scanner) (document.Share, error) {
	var sh document.Share
	var records string
	err := scan(&sh.ID, &sh.Kind, &sh.Subject, &sh.Patient, &sh.Recipient, value.Num(&sh.RecipientID), &sh.Email,
		&sh.Name, &sh.Title, &sh.Method, &records,
		value.When(&sh.At), value.When(&sh.DeletedAt))
	if err != nil {
		return sh, err
	}
	if sh.Recipient == document.ToPatient {
		sh.RecipientID = int64(sh.Patient)
	}
	return sh, json.Unmarshal([]byte(records), &sh.Records)
}

const (
	sharesOfKind = `SELECT ` + shareColumns + ` FROM share WHERE practice_group_id = $1 AND kind = $2 AND ($3 OR
		deleted_at IS NULL) AND subject_id IN `
	inTurnShared = ` ORDER BY subject_id, at, id`
)

var sharesOf = store.Among(sharesOfKind+store.Few4+inTurnShared, sharesOfKind+store.Many4+inTurnShared)

// SharesOf lists with whom things were shared.
func (t *Tx) SharesOf(
	ctx context.Context, group practice.ID, kind document.Kind, of []int64, deleted bool,
) ([]document.Share, error) {
	return store.ListAmong(ctx, t.Conn, sharesOf, store.In{group, kind, deleted}, of, scanShare)
}

// Each thing once, as it was last shared with the patient, and the newest first.
const (
	lastShared = `SELECT ` + shareColumns + ` FROM (SELECT ` + shareColumns +
		`, ROW_NUMBER() OVER (PARTITION BY patient_id ORDER BY at DESC, id DESC) AS place
		FROM (SELECT ` + shareColumns + `, ROW_NUMBER() OVER (PARTITION BY patient_id, kind,
		subject_id ORDER BY at DESC, id DESC) AS latest FROM share
			WHERE practice_group_id = $1 AND deleted_at IS NULL AND recipient_kind = 'PATIENT' AND patient_id IN `
	lastSharedEnd = `) AS each_of WHERE latest = 1) AS placed WHERE place > $2 AND place <= $3 ORDER BY patient_id, ` +
		`place`
)

var sharedWith = store.Among(lastShared+store.Few4+lastSharedEnd, lastShared+store.Many4+lastSharedEnd)

// SharedWith lists what was shared with patients.
func (t *Tx) SharedWith(
	ctx context.Context, group practice.ID, of []patient.ID, from, until int,
) (map[patient.ID][]document.Share, error) {
	return store.SomeOf(ctx, t.Conn, sharedWith, group, of, from, until, scanShare,
		func(sh document.Share) patient.ID { return sh.Patient })
}

const tokenColumns = `id, patient_id, expires_at, created_at`

func scanToken(scan store.Scanner) (document.Token, error) {
	var t document.Token
	err := scan(&t.ID, &t.Patient, value.When(&t.ExpiresAt), value.When(&t.CreatedAt))
	return t, err
}

// IntegrationToken finds a patient's newest token.
func (t *Tx) IntegrationToken(
	ctx context.Context, group practice.ID, of patient.ID, now time.Time,
) (document.Token, error) {
	return store.Find(ctx, t.Conn, document.ErrNoToken, `SELECT `+tokenColumns+` FROM integration_token
		WHERE practice_group_id = $1 AND patient_id = $2 AND expires_at > $3 ORDER BY expires_at DESC, id DESC LIMIT 1`,
		store.In{group, of, now}, scanToken)
}

// AddIntegrationToken keeps a token.
func (t *Tx) AddIntegrationToken(ctx context.Context, group practice.ID, v document.Token) error {
	_, err := t.Exec(ctx, `INSERT INTO integration_token (practice_group_id, `+tokenColumns+`) VALUES ($1, $2, $3, `+
		`$4, $5)`, group, v.ID, v.Patient, v.ExpiresAt, v.CreatedAt)
	return err
}

// ForgetIntegrationTokens deletes tokens that have ended.
func (t *Tx) ForgetIntegrationTokens(ctx context.Context, group practice.ID, before time.Time) error {
	_, err := t.Exec(ctx, `DELETE FROM integration_token WHERE practice_group_id = $1 AND expires_at <= $2`, group,
		before)
	return err
}
