package wire

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"frontdesk/core/fault"
)

// Kind is the kind of thing an id stands for. It is part of the id, so that an id
// of one thing never finds another.
type Kind byte

// The kinds. They are in ids that programs have kept: a number never changes.
const (
	KindPractice     Kind = 0x01
	KindUser         Kind = 0x02
	KindRoom         Kind = 0x03
	KindPlace        Kind = 0x04 // what groupId names
	KindPatient      Kind = 0x05
	KindContact      Kind = 0x06
	KindRelationship Kind = 0x07
	KindPhone        Kind = 0x08 // a number kept in a row of its own
	KindMobile       Kind = 0x09 // the patient's mobile; the id is the patient's
	KindLandline     Kind = 0x0a // the patient's landline; the id is the patient's
	KindBooking      Kind = 0x0b
	KindProduct      Kind = 0x0c
	KindTask         Kind = 0x0d
	KindLetter       Kind = 0x0e
	KindConsultation Kind = 0x0f
	KindRecord       Kind = 0x10
	KindPrescription Kind = 0x11
	KindInvoice      Kind = 0x12
	KindLineItem     Kind = 0x13
	KindPayment      Kind = 0x14
	KindRefund       Kind = 0x15
	KindStatement    Kind = 0x16
	KindPaymentType  Kind = 0x17
	KindAccessGroup  Kind = 0x18
	KindDefinition   Kind = 0x19 // of a number patients are known by
	KindNumber       Kind = 0x1a // that one of them is known by
	KindLabel        Kind = 0x1b
	KindLabelUse     Kind = 0x1c // a label on a patient or a product
	KindAttribute    Kind = 0x1d
	KindAvailability Kind = 0x1e
	KindForm         Kind = 0x1f // a questionnaire
	KindSection      Kind = 0x20
	KindQuestion     Kind = 0x21
	KindDocument     Kind = 0x22
	KindTemplate     Kind = 0x23
	KindFolder       Kind = 0x24
	KindMessage      Kind = 0x25
	KindLab          Kind = 0x26
	KindWebhook      Kind = 0x27
	KindShare        Kind = 0x28
	KindOwnNumber    Kind = 0x29 // the number this program gives a patient; the id is the patient's
	KindNHSNumber    Kind = 0x2a // the patient's NHS number; the id is the patient's
	KindRecordEntry  Kind = 0x2b // proposed for a patient's record
	KindEvent        Kind = 0x30 // that is sent to a webhook
	KindTeam         Kind = 0x38 // of members of staff
	KindPathway      Kind = 0x39

	KindMembershipPolicy Kind = 0x3a
)

// The parts of our ids, as the store makes them: the milliseconds since epoch
// are above the lowest shift bits, and there are bits of it in all.
const (
	idEpoch = 1767225600000 // 1 January 2026 in milliseconds since 1970
	idShift = 12
	idBits  = 53
	HexLen  = 24
)

// Encode writes an id as 24 hexadecimal digits: four bytes of the second it was
// made, as in a MongoDB ObjectId, one byte of its kind, seven of the id itself.
// Nothing has to be looked up either way.
func Encode[T ~int64](k Kind, id T) string {
	b := bytesOf(k, uint64(id))
	var out [HexLen]byte
	hex.Encode(out[:], b[:])
	return string(out[:])
}

// PartID is an id for one of several parts of a thing, where programs keep what
// they read by its id and only the whole can be asked for. The number of the part
// is where the second would be, so that it finds nothing.
func PartID[T ~int64](k Kind, id T, part int) string {
	b := bytesOf(k, uint64(id))
	binary.BigEndian.PutUint32(b[:], uint32(part))
	return hex.EncodeToString(b[:])
}

func bytesOf(k Kind, id uint64) [HexLen / 2]byte {
	second := uint32((idEpoch + id>>idShift) / 1000)
	return [...]byte{
		byte(second >> 24), byte(second >> 16), byte(second >> 8), byte(second), byte(k),
		byte(id >> 48), byte(id >> 40), byte(id >> 32), byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id),
	}
}

// Decode reads what encode writes, in either case of letters. The second in
// front must be that of the id, so that a digit typed wrong finds nothing.
func Decode(s string) (Kind, int64, bool) {
	var b [HexLen / 2]byte
	if !IsHex(s) {
		return 0, 0, false
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return 0, 0, false
	}
	var id uint64
	for _, c := range b[5:] {
		id = id<<8 | uint64(c)
	}
	if id == 0 || id>>idBits != 0 || bytesOf(Kind(b[4]), id) != b {
		return 0, 0, false
	}
	return Kind(b[4]), int64(id), true
}

// IsHex reports whether the text has the form of an id.
func IsHex(s string) bool {
	if len(s) != HexLen {
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

// Known reads an id of one kind. An id of the right form that no thing can have
// gives 0, which no store has: the thing is not found.
func Known[T ~int64](k Kind, s string) (T, error) {
	if !IsHex(s) {
		return 0, ErrCast(s)
	}
	got, id, ok := Decode(s)
	if !ok || got != k {
		return 0, nil
	}
	return T(id), nil
}

// longestEcho is as much of what was sent as an answer repeats.
const longestEcho = 64

// ErrID is the fault of an id that is not one.
var ErrID = fault.New(fault.Invalid, "invalid_id", "This is not an id.")

// ErrCast is ErrID for an id that has not the form of one, in the words
// programs look for.
func ErrCast(s string) error {
	if r := []rune(s); len(r) > longestEcho {
		s = string(r[:longestEcho])
	}
	return ErrID.Saying(
		fmt.Sprintf(`Cast to ObjectId failed for value "%s" (type string) at path "_id"`, strings.ToValidUTF8(s, "?")))
}

// IDOrNull is an id to answer with; 0 is null.
func IDOrNull[T ~int64](k Kind, id T) *string {
	if id == 0 {
		return nil
	}
	return new(Encode(k, id))
}

// Decoded is the id in a text that we wrote ourselves; 0 for null.
func Decoded[T ~int64](s *string) T {
	_, id, _ := Decode(Deref(s))
	return T(id)
}
