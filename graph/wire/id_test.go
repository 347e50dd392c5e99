package wire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/graph/scalar"
)

// written is a scalar as an answer has it, without quotes.
func written(m *scalar.Moment) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return strings.Trim(b.String(), `"`)
}

func TestIdsGoBothWays(t *testing.T) {
	for _, id := range []int64{1, 2, 63, 1 << 12, 1<<53 - 1, 31_104_000_000 << 12} {
		text := Encode(KindPatient, patient.ID(id))
		if len(text) != 24 {
			t.Errorf("%d is %s", id, text)
		}
		for _, spelt := range []string{text, strings.ToUpper(text)} {
			if back, err := Known[patient.ID](KindPatient, spelt); err != nil || int64(back) != id {
				t.Errorf("%d came back as %d, %v", id, back, err)
			}
		}
		if back, err := Known[patient.ID](KindContact, text); err != nil || back != 0 {
			t.Errorf("a patient's id found a contact: %d, %v", back, err)
		}
	}
	made := time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)
	text := Encode(KindBooking, (made.UnixMilli()-idEpoch)<<idShift)
	if !strings.HasPrefix(text, "72c42210") {
		t.Errorf("%s does not begin with the second it was made", text)
	}
}

func TestIdsThatAreNone(t *testing.T) {
	good := Encode(KindPatient, patient.ID(31_104_000_000<<12|77))
	for _, bad := range []string{"", "1", good[1:], good + "0", "zz" + good[2:], strings.Repeat("x", 500)} {
		_, err := Known[patient.ID](KindPatient, bad)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != ErrID.Code || !strings.HasPrefix(f.Message, "Cast to ObjectId failed") ||
			len(f.Message) > 150 {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for i := range good { // a digit typed wrong
		wrong := good[:i] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", good[i])+1)%16]) +
			good[i+1:]
		if id, err := Known[patient.ID](KindPatient, wrong); err == nil && id == 31_104_000_000<<12|77 {
			t.Errorf("%s is taken for %s", wrong, good)
		}
	}
	if id, _ := Known[patient.ID](KindPatient, good[:8]+"05ffffffffffffff"); id != 0 {
		t.Error("an id of more than 53 bits is read")
	}
}

func FuzzIds(f *testing.F) {
	f.Add(int64(1), byte(5), "69555b8005000000000001aa")
	f.Fuzz(func(t *testing.T, n int64, k byte, text string) {
		id := n & (1<<idBits - 1)
		if id != 0 {
			if gotKind, got, ok := Decode(Encode(Kind(k), id)); !ok || got != id || gotKind != Kind(k) {
				t.Fatalf("%d of %d came back as %d of %d, %v", id, k, got, gotKind, ok)
			}
		}
		if gotKind, got, ok := Decode(text); ok && Encode(gotKind, got) != strings.ToLower(text) {
			t.Fatalf("%q is read as %d and written as %s", text, got, Encode(gotKind, got))
		}
	})
}
