package patient

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Attachment is a file kept with a patient.
type Attachment struct {
	ID        int64
	Patient   ID
	FileName  string
	MediaType string
	Size      int64  // bytes
	Content   []byte // nothing in a list
	CreatedAt time.Time
}

// MaxAttachment is the largest file, in bytes: what a request of a mebibyte
// can hold.
const MaxAttachment = 700 << 10

// attachmentLimit is how many files of one patient are listed.
const attachmentLimit = 1000

// attachmentTypes are the kinds of file that are kept: none that a browser would
// run.
var attachmentTypes = []string{"application/pdf", "image/jpeg", "image/png", "image/gif", "image/webp", "text/plain; charset=utf-8"}

// ErrAttachmentNotFound is returned for a file the patient lacks.
var ErrAttachmentNotFound = fault.New(fault.NotFound, "attachment_not_found", "This patient has no such attachment.")

// Attach keeps a file with a patient; data is Base64. What kind of file it is
// is read from its content, whatever its name says. Errors: ErrNotFound and
// field faults.
func (s *Service) Attach(ctx context.Context, of ID, name, data string) (Attachment, error) {
	who, err := access.Require(ctx, access.EditDocuments, access.Booking, access.Messaging)
	if err != nil {
		return Attachment{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	a := Attachment{ID: s.NewID(), CreatedAt: now}
	var in input.Checks
	a.FileName = in.Required("file_name", name, 200)
	if strings.ContainsAny(a.FileName, `/\`) {
		in.Wrong("file_name", input.CodeString, "a file's name without a folder", "This is not a file's name.")
	}
	a.Content, err = base64.StdEncoding.DecodeString(data)
	a.Size, a.MediaType = int64(len(a.Content)), http.DetectContentType(a.Content)
	switch {
	case err != nil:
		in.Wrong("file_data", input.CodeString, "the file in Base64", "This is not Base64.")
	case a.Size == 0:
		in.Wrong("file_data", input.CodeSmall, "the file in Base64", "This may not be empty.")
	case a.Size > MaxAttachment:
		in.Wrong("file_data", input.CodeBig, fmt.Sprintf("a file of at most %d bytes", MaxAttachment), "This file is too large.")
	case !slices.Contains(attachmentTypes, a.MediaType):
		in.Wrong("file_data", input.CodeString, "a PDF, a picture (JPEG, PNG, GIF, WebP) or plain text", "Files of this kind are not kept.")
	}
	if err := in.Err(); err != nil {
		return a, err
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		p, _, err := lock(ctx, tx, who.Group, of)
		if err != nil {
			return err
		}
		a.Patient = p.ID
		if err := tx.AddAttachment(ctx, who.Group, a); err != nil {
			return err
		}
		noted := a
		noted.Content = nil
		return tx.Audit(ctx, who.Audit(now, "patient.attach", "patient", int64(p.ID), nil, noted))
	})
	a.Content = nil
	return a, err
}

// Attachments lists a patient's files, newest first, without their content.
// Error: ErrNotFound.
func (s *Service) Attachments(ctx context.Context, of ID) ([]Attachment, error) {
	p, err := s.Patient(ctx, of)
	if err != nil {
		return nil, err
	}
	who, err := access.Require(ctx, access.SeeDocuments, access.Messaging)
	if err != nil {
		return nil, err
	}
	return s.Store.Attachments(ctx, who.Group, p.ID, attachmentLimit)
}

// Attachment finds one file with its content. Errors: ErrNotFound,
// ErrAttachmentNotFound.
func (s *Service) Attachment(ctx context.Context, of ID, id int64) (Attachment, error) {
	p, err := s.Patient(ctx, of)
	if err != nil {
		return Attachment{}, err
	}
	who, err := access.Require(ctx, access.SeeDocuments, access.Messaging)
	if err != nil {
		return Attachment{}, err
	}
	return s.Store.Attachment(ctx, who.Group, p.ID, id)
}
