// Package document is files: those kept with patients, and those a practice makes
// others from. Documents, Shares and Tokens are services of their own.
//
//	document.go  the document: room made for it, found, listed
//	folder.go    the folders documents are in
//	file.go      the file itself, put and fetched by signed addresses
//	share.go     what was shared, and the recipients
//	token.go     tokens that say who a patient is
//	sign.go      what addresses and tokens are signed with
package document

import (
	"context"
	"mime"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/seal"
	"frontdesk/core/write"
)

// ID names a document within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Document is a file, without its content.
type Document struct {
	ID ID `json:"id"`
	// Patient is the patient; 0 is none, for a template.
	Patient   patient.ID `json:"patient_id,omitempty"`
	Folder    FolderID   `json:"folder_id,omitempty"`
	Title     string     `json:"title"`
	Name      string     `json:"name"`
	MediaType string     `json:"media_type"`
	Size      int64      `json:"size"` // bytes
	Hash      []byte     `json:"hash,omitempty"`
	// UploadedAt is when the file came; until then there is none.
	UploadedAt time.Time `json:"uploaded_at,omitzero"`
	SharedAt   time.Time `json:"shared_at,omitzero"`
	DeletedAt  time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (d Document) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "document", ID: int64(d.ID), Patient: int64(d.Patient)}
}

// Deleted reports whether the document was deleted.
func (d Document) Deleted() bool { return !d.DeletedAt.IsZero() }

// The faults of document.
var (
	ErrNotFound = fault.New(fault.NotFound, "document_not_found", "This practice group has no such document.")
	ErrNoFolder = fault.New(fault.NotFound, "folder_not_found", "There is no such folder.")
	ErrDeleted  = fault.New(fault.Conflict, "document_deleted", "This document has been deleted.")
	// ErrAddress is returned for an address that is not one of ours or is no longer
	// good.
	ErrAddress = fault.New(fault.NotFound, "address_not_found",
		"This address is not known, or is too old to use. Ask for a new one.")
	// ErrUploaded is returned for a second file where there is one already.
	ErrUploaded = fault.New(fault.Conflict, "document_uploaded",
		"There is another file already. Make a new document for this one.")
	ErrEmpty    = fault.New(fault.Invalid, "document_empty", "This file is empty.")
	ErrTooLarge = fault.New(fault.Invalid, "document_too_large", "A file may have at most 10 MiB.")
	ErrNoToken  = fault.New(fault.NotFound, "integration_token_not_found",
		"This token is not known, or is too old to use.")
)

// Query is what documents to list.
type Query struct {
	input.Listing
	// Templates lists templates in place of patients' documents.
	Templates bool
}

// Reader is what documents read.
type Reader interface {
	// Document finds a document, deleted ones too, or returns ErrNotFound.
	Document(ctx context.Context, group practice.ID, id ID) (Document, error)
	// FoldersByID finds those of the folders there are.
	FoldersByID(ctx context.Context, group practice.ID, ids []FolderID) (map[FolderID]Folder, error)
}

// Store is what documents need remembered.
type Store interface {
	Reader
	// Documents lists documents. Those asked for by when they were made or changed
	// come in that order, others in the order of their ids.
	Documents(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Document, error)
	// DocumentsOf lists each patient's documents but those deleted: the rows after
	// from and up to until, counted from 1.
	DocumentsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Document, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	PatientLock
	// LockDocument keeps others from changing the document until the end of the
	// transaction, and finds it, or returns ErrNotFound.
	LockDocument(ctx context.Context, group practice.ID, id ID) (Document, error)
	// SaveDocument keeps a new or a changed document.
	SaveDocument(ctx context.Context, group practice.ID, d Document) error
	// KeepContent keeps a document's file, and Content reads it.
	KeepContent(ctx context.Context, group practice.ID, id ID, content []byte) error
	Content(ctx context.Context, group practice.ID, id ID) ([]byte, error)
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// PatientLock locks the patient something is kept with.
type PatientLock interface {
	// LockPatientAgainstMerge finds the patient an id stands for and keeps them from being merged into another until
	// the
	// end of the transaction, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

// Documents is the files of a practice, and the folders they are in.
type Documents struct {
	Store Store
	// Box gives what addresses are signed with.
	Box func() (*seal.Box, error)
	// Pages is the address files are below.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}

// New is a document that is to be: whose, what it is called, and what kind of
// file it will be, as a media type.
type New struct {
	Patient         patient.ID // 0 for a file others are made from
	Folder          FolderID
	Name, MediaType string
}

// Make checks a new document and gives it an id. Whose it is, and the folder, are
// not looked at.
func (n New) Make(id ID, now time.Time) (Document, error) {
	var in input.Checks
	d := Document{ID: id, Patient: n.Patient, Folder: n.Folder, Version: 1, CreatedAt: now, UpdatedAt: now}
	d.Name = in.Required("name", n.Name, 128)
	d.Title = d.Name
	if strings.ContainsAny(d.Name, `/\`) {
		in.Wrong("name", input.CodeString, "a file's name without a folder", "This is not a file's name.")
	}
	mediaType, params, err := mime.ParseMediaType(n.MediaType)
	if d.MediaType = mime.FormatMediaType(mediaType, params); err != nil || d.MediaType == "" ||
		len(d.MediaType) > 200 || !strings.Contains(mediaType, "/") {
		in.Wrong("type", input.CodeString, "a media type such as application/pdf", "This is not a media type.")
	}
	return d, in.Err()
}

// Create makes room for a patient's file. Errors: field faults,
// patient.ErrNotFound, ErrNoFolder.
func (s *Documents) Create(ctx context.Context, n New) (Document, error) {
	if n.Patient == 0 {
		return Document{}, patient.ErrNotFound
	}
	return s.create(ctx, n)
}

// CreateTemplate makes room for a file others are made from. Errors: field
// faults, ErrNoFolder.
func (s *Documents) CreateTemplate(ctx context.Context, n New) (Document, error) {
	n.Patient = 0
	return s.create(ctx, n)
}

var documents = write.Kind[Tx, ID, Document]{Needs: access.EditDocuments, Lock: Tx.LockDocument,
	Save: Tx.SaveDocument}

func (s *Documents) create(ctx context.Context, n New) (Document, error) {
	id := ID(s.NewID())
	return documents.Add(ctx, s.Now, s.Store.Do, "document.create", id, func(e write.Edit[Tx], d *Document) (err error) {
		if *d, err = n.Make(id, e.Now); err != nil {
			return err
		}
		if n.Patient != 0 {
			if d.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), n.Patient); err != nil {
				return err
			}
		}
		if _, err := folderOf(ctx, e.Tx, e.Group(), n.Folder, d.Patient); err != nil {
			return err
		}
		return d.record(ctx, e.Tx, e.Who, e.Now, event.DocumentCreated)
	})
}

// record records a change of a patient's document; a document without a patient has
// no events.
func (d Document) record(ctx context.Context, tx Tx, who access.Caller, now time.Time, of event.Type) error {
	if d.Patient == 0 {
		return nil
	}
	return patient.Record(ctx, tx, who, now, patient.Fact(of, d.Patient, event.IDs{"document": int64(d.ID)}))
}

// Delete deletes a document: it is kept, with its file, and is no longer given
// out. Deleting it again changes nothing. Error: ErrNotFound.
func (s *Documents) Delete(ctx context.Context, id ID) (Document, error) {
	return documents.Change(ctx, s.Now, s.Store.Do, "document.delete", id, func(e write.Edit[Tx], d *Document) error {
		if d.Deleted() {
			return write.ErrSame
		}
		d.DeletedAt, d.UpdatedAt, d.Version = e.Now, e.Now, d.Version+1
		return d.record(ctx, e.Tx, e.Who, e.Now, event.DocumentDeleted)
	})
}

// Find finds one patient's document, deleted or not. Error: ErrNotFound.
func (s *Documents) Find(ctx context.Context, id ID) (Document, error) { return s.find(ctx, id, false) }

// Template finds one document others are made from, deleted or not. Error:
// ErrNotFound.
func (s *Documents) Template(ctx context.Context, id ID) (Document, error) {
	return s.find(ctx, id, true)
}

func (s *Documents) find(ctx context.Context, id ID, template bool) (Document, error) {
	return read.One(ctx, access.SeeDocuments, id, func(ctx context.Context, group practice.ID,
		id ID) (Document, error) {
		d, err := s.Store.Document(ctx, group, id)
		if err == nil && (d.Patient == 0) != template {
			return Document{}, ErrNotFound
		}
		return d, err
	})
}

// List lists patients' documents, or templates, and reports whether more follow. Those asked for
// by when they were made or changed come in that order, others in the order of
// their ids.
func (s *Documents) List(ctx context.Context, q Query) (found []Document, more bool, err error) {
	var in input.Checks
	return read.Page(ctx, access.SeeDocuments, &in, in.Rows(q.Page), q, s.Store.Documents)
}

// OfPatients lists a page of each patient's documents.
func (s *Documents) OfPatients(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Document], error) {
	return read.Parts(ctx, access.SeeDocuments, of, p, s.Store.DocumentsOf)
}
