package record_test

import (
	"testing"

	"frontdesk/core/input"
	"frontdesk/core/record"
)

func TestIsConcept(t *testing.T) {
	for code, want := range map[string]bool{
		"371531000": true, "72313002": true, "307778003": true, "22298006": true, "184103008": true, "279991000000102": true,
		"1659111000000107": true, "24671000000101": true, "401271004": true, "3457005": true, "37291000000107": true,
		"22298007": false, "1036741000000106": false, // wrong check digits
		"": false, "12345": false, "022298006": false, "22298006x": false, "1234567890123456789": false,
	} {
		if got := record.IsConcept(code); got != want {
			t.Errorf("%s: got %v", code, got)
		}
	}
}

// FuzzIsConcept checks that changing one digit of a code is always noticed, which is what the check digit is for.
func FuzzIsConcept(f *testing.F) {
	f.Add("279991000000102", uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, code string, at, by uint8) {
		if !record.IsConcept(code) {
			return
		}
		b := []byte(code)
		i := int(at) % len(b)
		b[i] = '0' + (b[i]-'0'+1+by%9)%10
		if record.IsConcept(string(b)) {
			t.Fatalf("%s and %s are both codes", code, b)
		}
	})
}

func TestAConceptHasItsTerm(t *testing.T) {
	for _, c := range []struct {
		code, term, channel string
		want                record.Concept
		wrong               bool
	}{
		{"", "", "sms", record.Concept{Code: "279991000000102", Term: "SMS text message sent to patient"}, false},
		{"", "", "nhs_app", record.Concept{Code: "401271004", Term: "Email/notification sent to patient"}, false},
		{"401271004", "", "email", record.Concept{Code: "401271004", Term: "Email/notification sent to patient"}, false},
		{"72313002", "Systolic arterial pressure", "sms",
			record.Concept{Code: "72313002", Term: "Systolic arterial pressure"}, false},
		{"72313002", "", "sms", record.Concept{}, true},
		{"72313003", "x", "sms", record.Concept{}, true},
	} {
		var in input.Checks
		got := record.Choose(&in, c.code, c.term, c.channel)
		if wrong := in.Err() != nil; wrong != c.wrong || !wrong && got != c.want {
			t.Errorf("%+v: got %+v, %v", c, got, in.Err())
		}
	}
}
