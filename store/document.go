package store

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

type documentStore struct{ *Tx }

// Document is what document remembers.
func (db *DB) Document() document.Store { return documentStore{db.plain()} }

func (s documentStore) Do(ctx context.Context, fn func(document.Tx) error) error {
	return s.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

const documentColumns = `id, patient_id, folder_id, title, name, media_type, size, hash, uploaded_at, shared_at, deleted_at, version, created_at, updated_at`

func scanDocument(scan scanner) (document.Document, error) {
	var d document.Document
	err := scan(&d.ID, num[patient.ID]{&d.Patient}, num[document.FolderID]{&d.Folder}, &d.Title, &d.Name, &d.MediaType, &d.Size, &d.Hash, when{&d.UploadedAt},
		when{&d.SharedAt}, when{&d.DeletedAt}, &d.Version, when{&d.CreatedAt}, when{&d.UpdatedAt})
	return d, err
}

// Document finds a document.
func (t *Tx) Document(ctx context.Context, group practice.ID, id document.ID) (document.Document, error) {
	return find(ctx, t, document.ErrNotFound, `SELECT `+documentColumns+` FROM document WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanDocument)
}

// LockDocument keeps others from changing the document, and reads it.
func (t *Tx) LockDocument(ctx context.Context, group practice.ID, id document.ID) (document.Document, error) {
	if _, err := t.exec(ctx, `UPDATE document SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id); err != nil {
		return document.Document{}, err
	}
	return t.Document(ctx, group, id)
}

const (
	someDocuments = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listed + ` AND patient_id IS NOT NULL`
	someTemplates = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listed + ` AND patient_id IS NULL`
	// COALESCE keeps a database from reading all of them to sort them by time.
	templatesTimed = `SELECT ` + documentColumns + ` FROM document WHERE practice_group_id = $1` + listed + ` AND COALESCE(patient_id, 0) = 0`
)

var (
	documentOrders = orders{byID: someDocuments + inOrderOfIDs, made: someDocuments + inOrderMade, told: someDocuments + inOrderTold}
	templateOrders = orders{byID: someTemplates + inOrderOfIDs, made: templatesTimed + inOrderMade, told: templatesTimed + inOrderTold}
)

// Documents lists documents.
func (s documentStore) Documents(ctx context.Context, group practice.ID, q document.Rows) ([]document.Document, error) {
	o := documentOrders
	if q.Templates {
		o = templateOrders
	}
	return readPage(ctx, s.Tx, o.of(q.Listing), listing(group, q.Listing, q.Limit, int64(q.Offset)), scanDocument, func(d document.Document) columns {
		return columns{"id": d.ID, "created_at": d.CreatedAt, "updated_at": d.UpdatedAt}
	})
}

const placedDocuments = `SELECT ` + documentColumns + ` FROM (SELECT ` + documentColumns + ofPatients + `document` + amongLive

var documentsOf = amongst{placedDocuments + few4 + inTheirPlace, placedDocuments + many4 + inTheirPlace}

// DocumentsOf lists some of each patient's documents.
func (s documentStore) DocumentsOf(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]document.Document, error) {
	return someOf(ctx, s.Tx, documentsOf, group, of, from, until, scanDocument, func(d document.Document) patient.ID { return d.Patient })
}

// SaveDocument keeps a document.
func (t *Tx) SaveDocument(ctx context.Context, group practice.ID, d document.Document) error {
	_, err := t.exec(ctx, `INSERT INTO document (`+documentColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET size = $7, hash = $8, uploaded_at = $9, deleted_at = $11, version = $12, updated_at = $14`,
		d.ID, opt(d.Patient), opt(d.Folder), d.Title, d.Name, d.MediaType, d.Size, d.Hash, at(d.UploadedAt), at(d.SharedAt), at(d.DeletedAt), d.Version,
		d.CreatedAt, d.UpdatedAt, group)
	return err
}

// KeepContent keeps a document's file.
func (t *Tx) KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error {
	_, err := t.exec(ctx, `INSERT INTO document_content (practice_group_id, document_id, content) VALUES ($1, $2, $3)`, group, id, content)
	return err
}

// Content reads a document's file.
func (t *Tx) Content(ctx context.Context, group practice.ID, id document.ID) ([]byte, error) {
	return find(ctx, t, document.ErrNotFound, `SELECT content FROM document_content WHERE practice_group_id = $1 AND document_id = $2`, in{group, id},
		func(scan scanner) ([]byte, error) {
			var content []byte
			err := scan(&content)
			return content, err
		})
}

const foldersByID = `SELECT id, patient_id, parent_id, name, path, created_at FROM folder WHERE practice_group_id = $1 AND id IN `

var folders = amongst{foldersByID + few2, foldersByID + many2}

// FoldersByID finds folders.
func (t *Tx) FoldersByID(ctx context.Context, group practice.ID, ids []document.FolderID) (map[document.FolderID]document.Folder, error) {
	found, err := listAmong(ctx, t, folders, in{group}, ids, func(scan scanner) (document.Folder, error) {
		var f document.Folder
		err := scan(&f.ID, num[patient.ID]{&f.Patient}, num[document.FolderID]{&f.Parent}, &f.Name, &f.Path, when{&f.CreatedAt})
		return f, err
	})
	return keyed(found, err, func(f document.Folder) document.FolderID { return f.ID })
}

// AddFolder keeps a new folder.
func (t *Tx) AddFolder(ctx context.Context, group practice.ID, f document.Folder) error {
	_, err := t.exec(ctx, `INSERT INTO folder (practice_group_id, id, patient_id, parent_id, name, path, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		group, f.ID, opt(f.Patient), opt(f.Parent), f.Name, f.Path, f.CreatedAt)
	return err
}

const shareColumns = `id, kind, subject_id, patient_id, recipient_kind, recipient_id, email, name, title, method, record_ids, at, deleted_at`

func scanShare(scan scanner) (document.Share, error) {
	var sh document.Share
	var records string
	err := scan(&sh.ID, &sh.Kind, &sh.Subject, &sh.Patient, &sh.Recipient, num[int64]{&sh.RecipientID}, &sh.Email, &sh.Name, &sh.Title, &sh.Method, &records,
		when{&sh.At}, when{&sh.DeletedAt})
	if err != nil {
		return sh, err
	}
	if sh.Recipient == document.ToPatient {
		sh.RecipientID = int64(sh.Patient)
	}
	return sh, json.Unmarshal([]byte(records), &sh.Records)
}

// shared are the texts that note on a thing when it was last shared.
var shared = map[document.Kind]string{
	document.KindLetter:       `UPDATE letter SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND patient_id = $3 AND deleted_at IS NULL`,
	document.KindLab:          `UPDATE lab SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND patient_id = $3 AND deleted_at IS NULL`,
	document.KindPrescription: `UPDATE prescription SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND patient_id = $3 AND deleted_at IS NULL`,
	document.KindDocument:     `UPDATE document SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND patient_id = $3 AND deleted_at IS NULL`,
	document.KindConsultation: `UPDATE consultation SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND patient_id = $3 AND deleted_at IS NULL`,
}

// MarkShared notes on a thing, and on the entries of a consultation, when they
// were last shared.
func (t *Tx) MarkShared(ctx context.Context, group practice.ID, sh document.Share) (bool, error) {
	n, err := t.exec(ctx, shared[sh.Kind], group, sh.Subject, sh.Patient, sh.At)
	if err != nil || n == 0 {
		return false, err
	}
	for _, id := range sh.Records {
		n, err := t.exec(ctx, `UPDATE record_item SET shared_at = $4 WHERE practice_group_id = $1 AND id = $2 AND consultation_id = $3 AND deleted_at IS NULL`,
			group, id, sh.Subject, sh.At)
		if err != nil || n == 0 {
			return false, err
		}
	}
	return true, nil
}

// Share finds a share.
func (t *Tx) Share(ctx context.Context, group practice.ID, id int64) (document.Share, error) {
	return find(ctx, t, document.ErrNotShared, `SELECT `+shareColumns+` FROM share WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanShare)
}

// SaveShare keeps a share.
func (t *Tx) SaveShare(ctx context.Context, group practice.ID, sh document.Share) error {
	if sh.Recipient == document.ToPatient {
		sh.RecipientID = 0
	}
	_, err := t.exec(ctx, `INSERT INTO share (`+shareColumns+`, practice_group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET deleted_at = $13`,
		sh.ID, sh.Kind, sh.Subject, sh.Patient, sh.Recipient, opt(sh.RecipientID), sh.Email, sh.Name, sh.Title, sh.Method,
		string(audit.Snapshot(sh.Records)), sh.At, at(sh.DeletedAt), group)
	return err
}

const (
	sharesOfKind = `SELECT ` + shareColumns + ` FROM share WHERE practice_group_id = $1 AND kind = $2 AND ($3 OR deleted_at IS NULL) AND subject_id IN `
	inTurnShared = ` ORDER BY subject_id, at, id`
)

var sharesOf = amongst{sharesOfKind + few4 + inTurnShared, sharesOfKind + many4 + inTurnShared}

// SharesOf lists with whom things were shared.
func (s documentStore) SharesOf(ctx context.Context, group practice.ID, kind document.Kind, of []int64, deleted bool) ([]document.Share, error) {
	return listAmong(ctx, s.Tx, sharesOf, in{group, kind, deleted}, of, scanShare)
}

// Each thing once, as it was last shared with the patient, and the newest first.
const (
	lastShared = `SELECT ` + shareColumns + ` FROM (SELECT ` + shareColumns + `, ROW_NUMBER() OVER (PARTITION BY patient_id ORDER BY at DESC, id DESC) AS place
		FROM (SELECT ` + shareColumns + `, ROW_NUMBER() OVER (PARTITION BY patient_id, kind, subject_id ORDER BY at DESC, id DESC) AS latest FROM share
			WHERE practice_group_id = $1 AND deleted_at IS NULL AND recipient_kind = 'PATIENT' AND patient_id IN `
	lastSharedEnd = `) AS each_of WHERE latest = 1) AS placed WHERE place > $2 AND place <= $3 ORDER BY patient_id, place`
)

var sharedWith = amongst{lastShared + few4 + lastSharedEnd, lastShared + many4 + lastSharedEnd}

// SharedWith lists what was shared with patients.
func (s documentStore) SharedWith(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]document.Share, error) {
	return someOf(ctx, s.Tx, sharedWith, group, of, from, until, scanShare, func(sh document.Share) patient.ID { return sh.Patient })
}

const tokenColumns = `id, patient_id, expires_at, created_at`

func scanToken(scan scanner) (document.Token, error) {
	var t document.Token
	err := scan(&t.ID, &t.Patient, when{&t.ExpiresAt}, when{&t.CreatedAt})
	return t, err
}

// IntegrationToken finds a patient's newest token.
func (s documentStore) IntegrationToken(ctx context.Context, group practice.ID, of patient.ID, now time.Time) (document.Token, error) {
	return find(ctx, s.Tx, document.ErrNoToken, `SELECT `+tokenColumns+` FROM integration_token
		WHERE practice_group_id = $1 AND patient_id = $2 AND expires_at > $3 ORDER BY expires_at DESC, id DESC LIMIT 1`, in{group, of, now}, scanToken)
}

// IntegrationTokenByID finds a token.
func (s documentStore) IntegrationTokenByID(ctx context.Context, group practice.ID, id int64) (document.Token, error) {
	return find(ctx, s.Tx, document.ErrNoToken, `SELECT `+tokenColumns+` FROM integration_token WHERE practice_group_id = $1 AND id = $2`, in{group, id}, scanToken)
}

// AddIntegrationToken keeps a token.
func (t *Tx) AddIntegrationToken(ctx context.Context, group practice.ID, v document.Token) error {
	_, err := t.exec(ctx, `INSERT INTO integration_token (practice_group_id, `+tokenColumns+`) VALUES ($1, $2, $3, $4, $5)`, group, v.ID, v.Patient, v.ExpiresAt, v.CreatedAt)
	return err
}

// ForgetIntegrationTokens deletes tokens that have ended.
func (s documentStore) ForgetIntegrationTokens(ctx context.Context, group practice.ID, before time.Time) error {
	return s.db.do(ctx, func(t *Tx) error {
		_, err := t.exec(ctx, `DELETE FROM integration_token WHERE practice_group_id = $1 AND expires_at <= $2`, group, before)
		return err
	})
}
