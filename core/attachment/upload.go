package attachment

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"frontdesk/core/fault"
)

// MaxUpload is the largest file that a patient may send, in bytes.
const MaxUpload = 10 << 20

// The faults of files that patients send.
var (
	ErrNoFile    = fault.New(fault.Invalid, "file_missing", "Choose a file.")
	ErrEmptyFile = fault.New(fault.Invalid, "file_empty", "The file is empty.")
	ErrTooLarge  = fault.New(fault.Invalid, "file_too_large", "The file must be smaller than 10 MB.")
	ErrWrongKind = fault.New(fault.Invalid, "file_kind", "The file must be a photograph (JPEG, PNG or HEIC) or a PDF.")
)

// uploads are the kinds of file that patients send.
var uploads = []string{"application/pdf", "image/jpeg", "image/png", heic}

// heicBrands are the brands of photographs in ISO 23008-12 files, as telephones make them.
var heicBrands = []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}

// isHEIC reports whether content begins as such a file does: with a box of the type ftyp that names such a brand.
func isHEIC(content []byte) bool {
	if len(content) < 16 || string(content[4:8]) != "ftyp" {
		return false
	}
	end := min(len(content), int(content[2])<<8|int(content[3]))
	if content[0] != 0 || content[1] != 0 {
		return false
	}
	for at := 8; at+4 <= end; at += 4 {
		if at != 12 && slices.Contains(heicBrands, string(content[at:at+4])) { // 12 is a version
			return true
		}
	}
	return false
}

// Upload reads a file that a patient sends. What kind of file it is is read from its content, whatever its name says.
// Errors: ErrNoFile, ErrEmptyFile, ErrTooLarge, ErrWrongKind.
func (s *Service) Upload(name string, content []byte) (Attachment, error) {
	a := Attachment{ID: s.NewID(), FileName: fileName(name), Content: content, Size: int64(len(content)),
		CreatedAt: s.Now().Truncate(time.Microsecond)}
	if a.MediaType = s.MediaType(content); isHEIC(content) {
		a.MediaType = heic
	}
	switch {
	case name == "" && a.Size == 0:
		return a, ErrNoFile
	case a.Size == 0:
		return a, ErrEmptyFile
	case a.Size > MaxUpload:
		return a, ErrTooLarge
	case !slices.Contains(uploads, a.MediaType):
		return a, ErrWrongKind
	}
	a.FileName = a.DownloadName()
	return a, nil
}

// fileName is a name without folders and without what no name should have, and short enough.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	const most = 100 // characters, so that its ending fits too
	if runes := []rune(strings.TrimSpace(name)); len(runes) > most {
		name = string(runes[len(runes)-most:])
	}
	return strings.TrimSpace(name)
}
