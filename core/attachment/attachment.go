// Package attachment is the files kept with a patient.
//
//	attachment.go  files that a program keeps, and reads
//	upload.go      files that patients send
package attachment

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Attachment is a file kept with a patient.
type Attachment struct {
	ID        int64
	Patient   patient.ID
	FileName  string
	MediaType string
	Size      int64  // bytes
	Content   []byte // nothing in a list
	CreatedAt time.Time
}

// AuditSubject says what it is in the audit trail.
func (a Attachment) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "attachment", ID: a.ID, Patient: int64(a.Patient)}
}

// MaxSize is the largest file, in bytes: what a request of a mebibyte can hold.
const MaxSize = 700 << 10

// most is how many files of one patient are listed.
const most = 1000

// types are the kinds of file that are kept: none that a browser would run.
var types = []string{"application/pdf", "image/jpeg", "image/png", "image/gif", "image/webp", text}

const (
	text = "text/plain; charset=utf-8"
	heic = "image/heic"
)

// endings are how the names of each kind of file end, the usual one first.
var endings = map[string][]string{
	"application/pdf": {".pdf"}, "image/jpeg": {".jpg", ".jpeg"}, "image/png": {".png"}, "image/gif": {".gif"},
	"image/webp": {".webp"}, heic: {".heic", ".heif"}, text: {".txt", ".csv", ".text", ".log", ".md"},
}

// DownloadName is the file's name for a computer that keeps it: it ends as files of its kind do, so that a text is not
// opened as a page or a program, and is neither hidden nor a folder.
func (a Attachment) DownloadName() string {
	name := strings.Trim(a.FileName, ". ")
	if name == "" {
		name = "file"
	}
	usual := endings[a.MediaType]
	fits := func(end string) bool { return strings.HasSuffix(strings.ToLower(name), end) }
	if len(usual) == 0 || slices.ContainsFunc(usual, fits) {
		return name
	}
	return name + usual[0]
}

// ErrNotFound is returned for a file the patient lacks.
var ErrNotFound = fault.New(fault.NotFound, "attachment_not_found", "This patient has no such attachment.")

// Store is what attachment needs remembered.
type Store interface {
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	Attachments(ctx context.Context, group practice.ID, of patient.ID, limit int) ([]Attachment, error)
	// Attachment finds a file with its content, or returns ErrNotFound.
	Attachment(ctx context.Context, group practice.ID, of patient.ID, id int64) (Attachment, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	// LockPatientAgainstMerge finds the patient an id stands for and keeps it from being merged
	// away, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	AddAttachment(ctx context.Context, group practice.ID, a Attachment) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the attachment capability.
type Service struct {
	Store Store
	// MediaType tells what kind of file some content is, by its first bytes.
	MediaType func(content []byte) string
	Now       func() time.Time
	NewID     func() int64
}

// Attach keeps a file with a patient; data is Base64. What kind of file it is is read from its content, whatever its
// name says. Errors: patient.ErrNotFound and field faults.
func (s *Service) Attach(ctx context.Context, of patient.ID, name, data string) (Attachment, error) {
	who, err := access.Require(ctx, access.EditDocuments)
	if err != nil {
		return Attachment{}, err
	}
	var in input.Checks
	a := s.Read(&in, name, data)
	if err := in.Err(); err != nil {
		return a, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if a.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, of); err != nil {
			return err
		}
		return s.Keep(ctx, tx, who, a)
	})
	a.Content = nil
	return a, err
}

// Read reads a file that is to be kept.
func (s *Service) Read(in *input.Checks, name, data string) Attachment {
	a := Attachment{ID: s.NewID(), CreatedAt: s.Now().Truncate(time.Microsecond)}
	a.FileName = in.Required("file_name", name, 200)
	if strings.ContainsAny(a.FileName, `/\`) {
		in.Wrong("file_name", input.CodeString, "a file's name without a folder", "This is not a file's name.")
	}
	var err error
	a.Content, err = base64.StdEncoding.DecodeString(data)
	a.Size, a.MediaType = int64(len(a.Content)), s.MediaType(a.Content)
	switch {
	case err != nil:
		in.Wrong("file_data", input.CodeString, "the file in Base64", "This is not Base64.")
	case a.Size == 0:
		in.Wrong("file_data", input.CodeSmall, "the file in Base64", "This may not be empty.")
	case a.Size > MaxSize:
		in.Wrong("file_data", input.CodeBig, fmt.Sprintf("a file of at most %d bytes", MaxSize),
			"This file is too large.")
	case !slices.Contains(types, a.MediaType):
		in.Wrong("file_data", input.CodeString, "a PDF, a picture (JPEG, PNG, GIF, WebP) or plain text",
			"Files of this kind are not kept.")
	}
	return a
}

// Keep keeps a file with its patient, whom the transaction has locked against a merge.
func (s *Service) Keep(ctx context.Context, tx Tx, who access.Caller, a Attachment) error {
	if err := tx.AddAttachment(ctx, who.Group, a); err != nil {
		return err
	}
	noted := a
	noted.Content = nil
	return tx.Audit(ctx, who.Audit(a.CreatedAt, "patient.attach", "patient", int64(a.Patient), nil, noted))
}

// Attachments lists a patient's files, newest first, without their content. Error: patient.ErrNotFound.
func (s *Service) Attachments(ctx context.Context, of patient.ID) ([]Attachment, error) {
	who, p, err := s.reader(ctx, of)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Attachments(ctx, who.Group, p.ID, most)
	if err == nil {
		audit.Seen(ctx, audit.Person(p.ID)) // even one without files
		audit.Seen(ctx, found...)
	}
	return found, err
}

// Attachment finds one file with its content. Errors: patient.ErrNotFound, ErrNotFound.
func (s *Service) Attachment(ctx context.Context, of patient.ID, id int64) (Attachment, error) {
	who, p, err := s.reader(ctx, of)
	if err != nil {
		return Attachment{}, err
	}
	a, err := s.Store.Attachment(ctx, who.Group, p.ID, id)
	if err == nil {
		audit.Seen(ctx, a)
	}
	return a, err
}

// reader is who reads, and of which patient.
func (s *Service) reader(ctx context.Context, of patient.ID) (access.Caller, patient.Patient, error) {
	who, err := access.Require(ctx, access.SeeDocuments)
	if err != nil {
		return who, patient.Patient{}, err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, of)
	return who, p, err
}
