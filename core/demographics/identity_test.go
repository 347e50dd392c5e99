package demographics_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// TestReferenceFindsTheDetailsGiven looks up what people were sent to a page for.
func TestReferenceFindsTheDetailsGiven(t *testing.T) {
	withKit(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		for _, c := range []struct {
			name    string
			ask     demographics.Registration
			reason  string
			said    demographics.Said
			differs []string
			known   patient.ID
		}{
			{
				"another birth date", demographics.Registration{NHSNumber: new("999 000 0018"),
					BirthDate: new(input.DayOf(1985, 12, 11))}, "details_differ",
				demographics.Said{NHSNumber: "9990000018", BirthDate: "1985-12-11"}, []string{"dob"}, ada,
			},
			{
				"no birth date", demographics.Registration{NHSNumber: new("9990000018")}, "no_birth_date",
				demographics.Said{NHSNumber: "9990000018"}, nil, ada,
			},
			{
				"a twin", demographics.Registration{
					NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10)), Forename: new("Grace"),
					Surname: new("King"), Postcode: new("zz12ab"), Sex: new(patient.Sex("Male")),
				}, "details_differ",
				demographics.Said{NHSNumber: "9990000018", BirthDate: "1985-12-10", Forename: "Grace", Surname: "King",
					Postcode: "ZZ1 2AB", Sex: "Male"},
				[]string{"surname", "forename", "sex"}, ada,
			},
		} {
			k.Clock = k.Clock.Add(time.Second)
			got, err := k.Demographics.Register(k.Ctx, c.ask)
			if err != nil || got.ID != 0 {
				k.Fatalf("%s: %+v, %v", c.name, got, err)
			}
			reference := got.Check.Reference()
			for _, quoted := range []string{reference, strings.ToLower(reference), " " + reference[:4] + " " +
				reference[4:], reference[:4] + "-" + reference[4:]} {
				check, known, err := k.Demographics.Quoted(k.Ctx, quoted)
				if err != nil || check.Reference() != reference || check.Reason != c.reason || check.Said != c.said ||
					!slices.Equal(check.Differs, c.differs) ||
					known != c.known || check.AskedBy != "operator" ||
					!check.ExpiresAt.Equal(k.Clock.Add(demographics.CheckLife)) {
					k.Errorf("%s, %q: got %+v, %s, %v", c.name, quoted, check, known, err)
				}
			}
			if _, _, err := k.Demographics.Quoted(access.With(context.Background(), access.Operator(k.Group+1)),
				reference); !errors.Is(err, demographics.ErrNoReference) {
				k.Errorf("another practice: %v", err)
			}
			key := access.Caller{Group: k.Group, Home: k.Group, Permissions: access.OfKey(access.Scopes, nil)}
			if _, _, err := k.Demographics.Quoted(access.With(context.Background(), key), reference); !errors.Is(err,
				access.ErrPermission) {
				k.Errorf("a key that may not: %v", err)
			}
			key.Permissions = access.OfKey(access.Scopes, []access.KeyPermission{access.Staff})
			if _, _, err := k.Demographics.Quoted(access.With(context.Background(), key), reference); err != nil {
				k.Errorf("a key that may: %v", err)
			}
			late := k.Clock
			k.Clock = k.Clock.Add(demographics.CheckLife)
			if _, _, err := k.Demographics.Quoted(k.Ctx, reference); !errors.Is(err, demographics.ErrNoReference) {
				k.Errorf("too late: %v", err)
			}
			k.Clock = late
		}
		for _, quoted := range []string{"", "-", "0", "ZZZZZZZZ", "ZZZZZZZZZ", "+1", "K3F9Q2Z!",
			strings.Repeat("A", 100), "é"} {
			if _, _, err := k.Demographics.Quoted(k.Ctx, quoted); !errors.Is(err, demographics.ErrNoReference) {
				k.Errorf("%q: %v", quoted, err)
			}
		}
	})
}
