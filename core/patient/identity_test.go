package patient_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/patient"
)

// TestAReferenceSaysWhoSomebodySaidTheyWere looks up what people were sent to a
// page for.
func TestAReferenceSaysWhoSomebodySaidTheyWere(t *testing.T) {
	withKit(t, func(k *kit) {
		ada := k.trace("9990000018", "1985-12-10")
		for _, c := range []struct {
			name    string
			ask     patient.PDSRegistration
			reason  string
			said    patient.Said
			differs []string
			known   patient.ID
		}{
			{
				"another birth date", patient.PDSRegistration{NHSNumber: ptr("999 000 0018"), BirthDate: ptr("1985-12-11")}, "details_differ",
				patient.Said{NHSNumber: "9990000018", BirthDate: "1985-12-11"}, []string{"dob"}, ada,
			},
			{
				"no birth date", patient.PDSRegistration{NHSNumber: ptr("9990000018")}, "no_birth_date", patient.Said{NHSNumber: "9990000018"}, nil, ada,
			},
			{
				"a twin", patient.PDSRegistration{
					NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10"), Forename: ptr("Grace"), Surname: ptr("King"), Postcode: ptr("zz12ab"), Sex: ptr(patient.Sex("Male")),
				}, "details_differ",
				patient.Said{NHSNumber: "9990000018", BirthDate: "1985-12-10", Forename: "Grace", Surname: "King", Postcode: "ZZ1 2AB", Sex: "Male"},
				[]string{"surname", "forename", "sex"}, ada,
			},
		} {
			k.clock = k.clock.Add(time.Second)
			got, err := k.s.RegisterPDS(k.ctx, c.ask)
			if err != nil || got.ID != 0 {
				k.Fatalf("%s: %+v, %v", c.name, got, err)
			}
			reference := got.Check.Reference()
			for _, quoted := range []string{reference, strings.ToLower(reference), " " + reference[:4] + " " + reference[4:], reference[:4] + "-" + reference[4:]} {
				check, known, err := k.s.Quoted(k.ctx, quoted)
				if err != nil || check.Reference() != reference || check.Reason != c.reason || check.Said != c.said || !slices.Equal(check.Differs, c.differs) ||
					known != c.known || check.AskedBy != "operator" || !check.ExpiresAt.Equal(k.clock.Add(patient.CheckLife)) {
					k.Errorf("%s, %q: got %+v, %s, %v", c.name, quoted, check, known, err)
				}
			}
			if _, _, err := k.s.Quoted(access.With(context.Background(), access.Operator(k.group+1)), reference); !errors.Is(err, patient.ErrNoReference) {
				k.Errorf("another practice: %v", err)
			}
			key := access.Caller{Group: k.group, Home: k.group, Permissions: access.OfKey(access.Scopes, nil)}
			if _, _, err := k.s.Quoted(access.With(context.Background(), key), reference); !errors.Is(err, access.ErrPermission) {
				k.Errorf("a key that may not: %v", err)
			}
			key.Permissions = access.OfKey(access.Scopes, []access.KeyPermission{access.Staff})
			if _, _, err := k.s.Quoted(access.With(context.Background(), key), reference); err != nil {
				k.Errorf("a key that may: %v", err)
			}
			late := k.clock
			k.clock = k.clock.Add(patient.CheckLife)
			if _, _, err := k.s.Quoted(k.ctx, reference); !errors.Is(err, patient.ErrNoReference) {
				k.Errorf("too late: %v", err)
			}
			k.clock = late
		}
		for _, quoted := range []string{"", "-", "0", "ZZZZZZZZ", "ZZZZZZZZZ", "+1", "K3F9Q2Z!", strings.Repeat("A", 100), "é"} {
			if _, _, err := k.s.Quoted(k.ctx, quoted); !errors.Is(err, patient.ErrNoReference) {
				k.Errorf("%q: %v", quoted, err)
			}
		}
	})
}
