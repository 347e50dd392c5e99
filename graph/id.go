package graph

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"frontdesk/core/fault"
)

// kind is what a thing is whose id is told. It is part of the id, so that an id
// of one thing never finds another.
type kind byte

// The kinds. They are in ids that programs have kept: a number never changes.
const (
	kindPractice     kind = 0x01
	kindUser         kind = 0x02
	kindRoom         kind = 0x03
	kindPlace        kind = 0x04 // what groupId names
	kindPatient      kind = 0x05
	kindContact      kind = 0x06
	kindRelationship kind = 0x07
	kindPhone        kind = 0x08 // a number kept in a row of its own
	kindMobile       kind = 0x09 // the patient's mobile; the id is the patient's
	kindLandline     kind = 0x0a // the patient's landline; the id is the patient's
	kindBooking      kind = 0x0b
	kindProduct      kind = 0x0c
	kindTask         kind = 0x0d
	kindLetter       kind = 0x0e
	kindConsultation kind = 0x0f
	kindRecord       kind = 0x10
	kindPrescription kind = 0x11
	kindInvoice      kind = 0x12
	kindLineItem     kind = 0x13
	kindPayment      kind = 0x14
	kindRefund       kind = 0x15
	kindStatement    kind = 0x16
	kindPaymentType  kind = 0x17
	kindAccessGroup  kind = 0x18
	kindDefinition   kind = 0x19 // of a number patients are known by
	kindNumber       kind = 0x1a // that one of them is known by
	kindLabel        kind = 0x1b
	kindLabelUse     kind = 0x1c // a label on a patient or a product
	kindAttribute    kind = 0x1d
	kindAvailability kind = 0x1e
	kindForm         kind = 0x1f // a questionnaire
	kindSection      kind = 0x20
	kindQuestion     kind = 0x21
	kindDocument     kind = 0x22
	kindTemplate     kind = 0x23
	kindFolder       kind = 0x24
	kindMessage      kind = 0x25
	kindLab          kind = 0x26
	kindWebhook      kind = 0x27
	kindShare        kind = 0x28
	kindOwnNumber    kind = 0x29 // the number this program gives a patient; the id is the patient's
	kindNHSNumber    kind = 0x2a // the patient's NHS number; the id is the patient's
	kindRecordEntry  kind = 0x2b // proposed for a patient's record
	kindEvent        kind = 0x30 // that a webhook is told of
)

// The parts of our ids, as the store makes them: the milliseconds since epoch
// are above the lowest shift bits, and there are bits of it in all.
const (
	idEpoch = 1767225600000 // 1 January 2026 in milliseconds since 1970
	idShift = 12
	idBits  = 53
	hexLen  = 24
)

// encode writes an id as 24 hexadecimal digits: four bytes of the second it was
// made, as in a MongoDB ObjectId, one byte of its kind, seven of the id itself.
// Nothing has to be looked up either way.
func encode[T ~int64](k kind, id T) string {
	b := bytesOf(k, uint64(id))
	var out [hexLen]byte
	hex.Encode(out[:], b[:])
	return string(out[:])
}

// partID is an id for one of several parts of a thing, where programs keep what
// they read by its id and only the whole can be asked for. The number of the part
// is where the second would be, so that it finds nothing.
func partID[T ~int64](k kind, id T, part int) string {
	b := bytesOf(k, uint64(id))
	binary.BigEndian.PutUint32(b[:], uint32(part))
	return hex.EncodeToString(b[:])
}

func bytesOf(k kind, id uint64) [hexLen / 2]byte {
	second := uint32((idEpoch + id>>idShift) / 1000)
	return [...]byte{
		byte(second >> 24), byte(second >> 16), byte(second >> 8), byte(second), byte(k),
		byte(id >> 48), byte(id >> 40), byte(id >> 32), byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id),
	}
}

// decode reads what encode writes, in either case of letters. The second in
// front must be that of the id, so that a digit typed wrong finds nothing.
func decode(s string) (kind, int64, bool) {
	var b [hexLen / 2]byte
	if !isHex(s) {
		return 0, 0, false
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return 0, 0, false
	}
	var id uint64
	for _, c := range b[5:] {
		id = id<<8 | uint64(c)
	}
	if id == 0 || id>>idBits != 0 || bytesOf(kind(b[4]), id) != b {
		return 0, 0, false
	}
	return kind(b[4]), int64(id), true
}

// isHex reports whether the text has the form of an id.
func isHex(s string) bool {
	if len(s) != hexLen {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// known reads an id of one kind. An id of the right form that can be nobody's
// gives 0, which no store has: the thing is not found.
func known[T ~int64](k kind, s string) (T, error) {
	if !isHex(s) {
		return 0, errCast(s)
	}
	got, id, ok := decode(s)
	if !ok || got != k {
		return 0, nil
	}
	return T(id), nil
}

// longestEcho is as much of what was sent as an answer repeats.
const longestEcho = 64

// CodeCast is the code of an id that is not one.
const CodeCast = "invalid_id"

// errCast is the fault of an id that has not the form of one, in the words
// programs look for.
func errCast(s string) error {
	if r := []rune(s); len(r) > longestEcho {
		s = string(r[:longestEcho])
	}
	return fault.New(fault.Invalid, CodeCast,
		fmt.Sprintf(`Cast to ObjectId failed for value "%s" (type string) at path "_id"`, strings.ToValidUTF8(s, "?")))
}

// idOrNull is an id to answer with; 0 is null.
func idOrNull[T ~int64](k kind, id T) *string {
	if id == 0 {
		return nil
	}
	return new(encode(k, id))
}

// ourID is the id in a text that we wrote ourselves; none is 0.
func ourID[T ~int64](s *string) T {
	_, id, _ := decode(deref(s))
	return T(id)
}
