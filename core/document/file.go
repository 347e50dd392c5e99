package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
)

// MaxSize is the largest file, in bytes.
const MaxSize = 10 << 20

// How long an address is good: for putting a file, and for fetching it, which
// can be done again and again.
const (
	UploadLife   = 15 * time.Minute
	DownloadLife = 2 * time.Hour
)

// What an address is signed for.
const (
	upload   = "file upload"
	download = "file download"
)

func (s *Documents) address(d Document, group practice.ID, about string, life time.Duration) (string, error) {
	sign, err := boxed(s.Box).sign(about, int64(group), int64(d.ID), s.Now().Add(life).Unix())
	return s.Pages() + "/files/" + sign, err
}

// UploadAddress is where to put a document's file; nothing when there is one or
// the document was deleted.
func (s *Documents) UploadAddress(ctx context.Context, d Document) (string, error) {
	who, err := access.Require(ctx, access.EditDocuments)
	if err != nil || !d.UploadedAt.IsZero() || d.Deleted() {
		return "", err
	}
	return s.address(d, who.Group, upload, UploadLife)
}

// FormAddress is where to put the file of an answer to a questionnaire, for
// the person who fills it in.
func (s *Documents) FormAddress(ctx context.Context, d Document) (string, error) {
	who, err := access.Require(ctx, access.FillQuestionnaires)
	if err != nil {
		return "", err
	}
	return s.address(d, who.Group, upload, UploadLife)
}

// DownloadAddress is where to fetch a document's file; nothing when there is none
// or the document was deleted.
func (s *Documents) DownloadAddress(ctx context.Context, d Document) (string, error) {
	who, err := access.Require(ctx, access.SeeDocuments)
	if err != nil || d.UploadedAt.IsZero() || d.Deleted() {
		return "", err
	}
	return s.address(d, who.Group, download, DownloadLife)
}

// opened finds which document of which group an address is for.
func (s *Documents) opened(ctx context.Context, address, about string) (access.Caller, ID, error) {
	n, ok, err := boxed(s.Box).signed(address, about, 3)
	switch {
	case err != nil:
		return access.Caller{}, 0, err
	case !ok || !s.Now().Before(time.Unix(n[2], 0)):
		return access.Caller{}, 0, ErrAddress
	}
	return access.Visitor(ctx, practice.ID(n[0]), "signed address"), ID(n[1]), nil
}

// With is the document once its file is there.
func (d Document) With(content []byte, now time.Time) Document {
	hash := sha256.Sum256(content)
	d.Size, d.Hash, d.UploadedAt, d.UpdatedAt = int64(len(content)), hash[:], now, now
	return d
}

// Upload keeps the file put at a signed address. Putting the same file again is
// putting it once. Errors: ErrAddress, ErrDeleted, ErrUploaded, ErrEmpty,
// ErrTooLarge.
func (s *Documents) Upload(ctx context.Context, address string, file io.Reader) error {
	who, id, err := s.opened(ctx, address, upload)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	switch {
	case err != nil:
		return err
	case len(content) == 0:
		return ErrEmpty
	case len(content) > MaxSize:
		return ErrTooLarge
	}
	hash := sha256.Sum256(content)
	now := s.Now().Truncate(time.Microsecond)
	return s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockDocument(ctx, who.Group, id)
		switch {
		case err != nil:
			return err
		case before.Deleted():
			return ErrDeleted
		case !before.UploadedAt.IsZero() && bytes.Equal(before.Hash, hash[:]):
			return nil
		case !before.UploadedAt.IsZero():
			return ErrUploaded
		}
		d := before.With(content, now)
		d.Version = before.Version + 1
		if err := tx.SaveDocument(ctx, who.Group, d); err != nil {
			return err
		}
		if err := tx.KeepContent(ctx, who.Group, id, content); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "document.upload", "document", int64(id), before, d))
	})
}

// Download gives the file of a signed address.
// Errors: ErrAddress, ErrDeleted.
func (s *Documents) Download(ctx context.Context, address string) (Document, []byte, error) {
	who, id, err := s.opened(ctx, address, download)
	if err != nil {
		return Document{}, nil, err
	}
	var d Document
	var content []byte
	err = s.Store.Do(ctx, func(tx Tx) error {
		if d, err = tx.Document(ctx, who.Group, id); err != nil {
			return err
		}
		if d.Deleted() {
			return ErrDeleted
		}
		content, err = tx.Content(ctx, who.Group, id)
		return err
	})
	if err == nil {
		seen := d.AuditSubject()
		seen.Personal = true // an address is good for anyone, so that even a template's download is noted
		audit.Seen(access.With(ctx, who), seen)
	}
	return d, content, err
}
