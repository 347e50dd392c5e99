// Package document is files: those kept with patients, and those a practice makes
// others from.
//
//	document.go  the document: room made for it, found, listed
//	folder.go    the folders documents are in
//	file.go      the file itself, put and fetched by signed addresses
//	share.go     with whom what was shared
//	token.go     tokens that say who a patient is
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
	"frontdesk/core/seal"
)

// What a role grants of documents. Who fills in questionnaires for patients
// makes the tokens that say who they are.
const (
	See  access.Permission = "seeDocuments"
	Edit access.Permission = "editDocuments"
	Fill access.Permission = "fillQuestionnaires"
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
	// ErrNotShared is returned when there is nothing to share.
	ErrNotShared = fault.New(fault.NotFound, "shared_thing_not_found", "This patient has no such thing to share.")
	ErrNoToken   = fault.New(fault.NotFound, "integration_token_not_found",
		"This token is not known, or is too old to use.")
)

// Rows says which documents to list: Limit of them after Offset.
type Rows struct {
	input.Listing
	// Templates lists templates in place of patients' documents.
	Templates     bool
	Offset, Limit int
}

// Reader is what document reads.
type Reader interface {
	// Document finds a document, deleted ones too, or returns ErrNotFound.
	Document(ctx context.Context, group practice.ID, id ID) (Document, error)
	// FoldersByID finds those of the folders there are.
	FoldersByID(ctx context.Context, group practice.ID, ids []FolderID) (map[FolderID]Folder, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what document needs remembered.
type Store interface {
	Reader
	// Documents lists documents. Those asked for by when they were made or changed
	// come in that order, others in the order of their ids.
	Documents(ctx context.Context, group practice.ID, q Rows) ([]Document, error)
	// DocumentsOf lists each patient's documents but those deleted: the rows after
	// from and up to until, counted from 1.
	DocumentsOf(
		ctx context.Context, group practice.ID, of []patient.ID, from, until int,
	) (map[patient.ID][]Document, error)
	// SharesOf lists with whom things of a kind were shared, oldest first; those
	// taken off again too when asked.
	SharesOf(ctx context.Context, group practice.ID, kind Kind, of []int64, deleted bool) ([]Share, error)
	// SharedWith lists what was shared with each patient, the newest first and each
	// thing once: the rows after from and up to until, counted from 1.
	SharedWith(ctx context.Context, group practice.ID, of []patient.ID, from, until int) (map[patient.ID][]Share, error)
	// IntegrationToken finds the newest of a patient's tokens that is good at a time,
	// or returns ErrNoToken.
	IntegrationToken(ctx context.Context, group practice.ID, of patient.ID, at time.Time) (Token, error)
	// IntegrationTokenByID finds a token, or returns ErrNoToken.
	IntegrationTokenByID(ctx context.Context, group practice.ID, id int64) (Token, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged
	// away, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	// LockDocument keeps others from changing the document until the end of the
	// transaction, and finds it, or returns ErrNotFound.
	LockDocument(ctx context.Context, group practice.ID, id ID) (Document, error)
	// SaveDocument keeps a new or a changed document.
	SaveDocument(ctx context.Context, group practice.ID, d Document) error
	// KeepContent keeps a document's file, and Content reads it.
	KeepContent(ctx context.Context, group practice.ID, id ID, content []byte) error
	Content(ctx context.Context, group practice.ID, id ID) ([]byte, error)
	AddFolder(ctx context.Context, group practice.ID, f Folder) error
	// MarkShared notes on a patient's thing when it was last shared, and reports
	// whether there is one.
	MarkShared(ctx context.Context, group practice.ID, s Share) (bool, error)
	// Share finds a share, or returns ErrNotShared.
	Share(ctx context.Context, group practice.ID, id int64) (Share, error)
	SaveShare(ctx context.Context, group practice.ID, s Share) error
	AddIntegrationToken(ctx context.Context, group practice.ID, t Token) error
	// ForgetIntegrationTokens deletes those that ended before a time.
	ForgetIntegrationTokens(ctx context.Context, group practice.ID, before time.Time) error
	event.Recorder
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the document capability.
type Service struct {
	Store Store
	// Box gives what addresses and tokens are signed with.
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
func (s *Service) Create(ctx context.Context, n New) (Document, error) {
	if n.Patient == 0 {
		return Document{}, patient.ErrNotFound
	}
	return s.create(ctx, n)
}

// CreateTemplate makes room for a file others are made from. Errors: field
// faults, ErrNoFolder.
func (s *Service) CreateTemplate(ctx context.Context, n New) (Document, error) {
	n.Patient = 0
	return s.create(ctx, n)
}

func (s *Service) create(ctx context.Context, n New) (Document, error) {
	who, err := access.Require(ctx, Edit)
	if err != nil {
		return Document{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	d, err := n.Make(ID(s.NewID()), now)
	if err != nil {
		return Document{}, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if n.Patient != 0 {
			if d.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, n.Patient); err != nil {
				return err
			}
		}
		if _, err := folderOf(ctx, tx, who.Group, n.Folder, d.Patient); err != nil {
			return err
		}
		if err := tx.SaveDocument(ctx, who.Group, d); err != nil {
			return err
		}
		if err := d.record(ctx, tx, who, now, event.DocumentCreated); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "document.create", "document", int64(d.ID), nil, d))
	})
	return d, err
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
func (s *Service) Delete(ctx context.Context, id ID) (Document, error) {
	who, err := access.Require(ctx, Edit)
	if err != nil {
		return Document{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var d Document
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockDocument(ctx, who.Group, id)
		if d = before; err != nil || d.Deleted() {
			return err
		}
		d.DeletedAt, d.UpdatedAt, d.Version = now, now, before.Version+1
		if err := tx.SaveDocument(ctx, who.Group, d); err != nil {
			return err
		}
		if err := d.record(ctx, tx, who, now, event.DocumentDeleted); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "document.delete", "document", int64(id), before, d))
	})
	return d, err
}

// Document finds one patient's document, deleted or not. Error: ErrNotFound.
func (s *Service) Document(ctx context.Context, id ID) (Document, error) {
	return s.find(ctx, id, false)
}

// Template finds one document others are made from, deleted or not. Error:
// ErrNotFound.
func (s *Service) Template(ctx context.Context, id ID) (Document, error) {
	return s.find(ctx, id, true)
}

func (s *Service) find(ctx context.Context, id ID, template bool) (Document, error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return Document{}, err
	}
	d, err := s.Store.Document(ctx, who.Group, id)
	if err == nil && (d.Patient == 0) != template {
		return Document{}, ErrNotFound
	}
	if err == nil {
		audit.Seen(ctx, d)
	}
	return d, err
}

// Documents lists patients' documents, and whether more follow. Those asked for
// by when they were made or changed come in that order, others in the order of
// their ids.
func (s *Service) Documents(ctx context.Context, l input.Listing) ([]Document, bool, error) {
	return s.list(ctx, Rows{Listing: l})
}

// Templates lists documents others are made from, as Documents does.
func (s *Service) Templates(ctx context.Context, l input.Listing) ([]Document, bool, error) {
	return s.list(ctx, Rows{Listing: l, Templates: true})
}

func (s *Service) list(ctx context.Context, q Rows) (found []Document, more bool, err error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	q.Offset, q.Limit = offset, size+1
	found, err = s.Store.Documents(ctx, who.Group, q)
	more = len(found) > size
	found = found[:min(len(found), size)]
	audit.Seen(ctx, found...)
	return found, more, err
}

// parts lists a page of what belongs to each of many patients.
func parts[T audit.Thing](
	ctx context.Context, of []patient.ID, p input.Page,
	list func(context.Context, practice.ID, []patient.ID, int, int) (map[patient.ID][]T, error),
) (map[patient.ID]input.Part[T], error) {
	who, err := access.Require(ctx, See)
	if err != nil {
		return nil, err
	}
	out, err := input.Parts(p, func(from, until int) (map[patient.ID][]T, error) {
		return list(ctx, who.Group, of, from, until)
	})
	for _, part := range out {
		audit.Seen(ctx, part.Items...)
	}
	return out, err
}

// DocumentsOf lists a page of each patient's documents.
func (s *Service) DocumentsOf(
	ctx context.Context, of []patient.ID, p input.Page,
) (map[patient.ID]input.Part[Document], error) {
	return parts(ctx, of, p, s.Store.DocumentsOf)
}
