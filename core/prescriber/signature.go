package prescriber

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// Signature is a member of staff's signature.
type Signature struct {
	Staff account.StaffID
	// MediaType is image/png, image/jpeg or text/plain, and Size how many bytes there are.
	MediaType string
	Size      int
	Sealed    []byte
	UpdatedAt time.Time
	// Content is what was sealed, where it was opened.
	Content []byte
}

const (
	// mostImage and mostSigned are how long a signature may be: an image in bytes, a text in characters.
	mostImage  = 256 << 10
	mostSigned = 500

	textType = "text/plain"
)

// ErrNoSignature is returned for a member of staff who has no signature.
var ErrNoSignature = fault.New(fault.NotFound, "signature_not_found", "This member of staff has no signature.")

// Sign sets the signature of a member of staff: an image (PNG or JPEG) as Base64 or as a data URI, or a text. It is
// sealed, and neither logged nor in the audit trail. Members of staff may set their own. Errors: account.ErrNotFound,
// seal.ErrNoKey, field faults.
func (s *Service) Sign(ctx context.Context, id account.StaffID, signature string) (Signature, error) {
	needs := signing(ctx, id)
	if _, err := access.Require(ctx, needs); err != nil {
		return Signature{}, err
	}
	next, err := s.read(signature)
	if err != nil {
		return next, err
	}
	box, err := s.Box()
	if err != nil {
		return next, err
	}
	return write.Do(ctx, needs, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Signature, error) {
		if err := employed(ctx, e, id); err != nil {
			return next, err
		}
		next.Staff, next.UpdatedAt = id, e.Now
		if next.Sealed, err = box.Seal(next.Content, about(e.Group(), id)); err != nil {
			return next, err
		}
		if err := e.Tx.SaveSignature(ctx, e.Group(), next); err != nil {
			return next, err
		}
		return next, e.Audit(ctx, "user.sign", int64(id), nil,
			map[string]any{"media_type": next.MediaType, "size": next.Size})
	})
}

// Signed opens the signature of a member of staff, for those who may change members of staff and for themselves.
// Errors: ErrNoSignature, seal.ErrNoKey, seal.ErrCannotOpen.
func (s *Service) Signed(ctx context.Context, id account.StaffID) (Signature, error) {
	who, err := access.Require(ctx, signing(ctx, id))
	if err != nil {
		return Signature{}, err
	}
	found, err := s.Store.Signature(ctx, who.Group, id)
	if err != nil {
		return found, err
	}
	box, err := s.Box()
	if err == nil {
		found.Content, err = box.Open(found.Sealed, about(who.Group, id))
	}
	return found, err
}

// signing is the permission to set and see a signature, which members of staff do not need for their own.
func signing(ctx context.Context, of account.StaffID) access.Permission {
	who, _ := access.From(ctx)
	if who.Staff != 0 && who.Staff == int64(of) && !who.Foreign() {
		return access.SeePractice
	}
	return access.EditUsers
}

// about is what a sealed signature is about.
func about(group practice.ID, id account.StaffID) string {
	return "signature of " + id.String() + " of " + group.String()
}

// read finds out what a signature is.
func (s *Service) read(signature string) (Signature, error) {
	var in input.Checks
	text := strings.TrimSpace(signature)
	encoded, image := text, false
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		_, encoded, image = strings.Cut(rest, ";base64,")
		if !image {
			in.Wrong("signature", input.CodeString, "a data URI with ;base64, before the image",
				"This is not an image in Base64.")
			return Signature{}, in.Err()
		}
	}
	content, err := base64.StdEncoding.DecodeString(encoded)
	kind := s.MediaType(content)
	found := err == nil && (kind == "image/png" || kind == "image/jpeg")
	switch {
	case found && len(content) > mostImage:
		in.Wrong("signature", input.CodeBig, "at most 256 KiB", "This image is too large.")
	case found:
		return Signature{MediaType: kind, Size: len(content), Content: content}, nil
	case image:
		in.Wrong("signature", input.CodeString, "a PNG or a JPEG image in Base64", "This is neither a PNG nor a JPEG.")
	default:
		text = in.Required("signature", text, mostSigned)
	}
	return Signature{MediaType: textType, Size: len(text), Content: []byte(text)}, in.Err()
}
