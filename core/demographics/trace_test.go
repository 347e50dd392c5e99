package demographics_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
)

func TestTracedPersonBecomesPatient(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("999 000 0018", "1985-12-10")
		p := k.Profile(id)
		if p.NHSNumber != "9990000018" || p.LastName != "Byron" || p.Source != patient.SourcePDS ||
			p.NumberStatus != patient.NumberVerified ||
			p.Mobile != "+447700900101" || p.Address.Postcode != "ZZ1 2AB" || !p.SyncedAt.Equal(k.Clock) {
			k.Fatalf("got %+v", p)
		}
		if _, source := k.Used(id, contactpoint.Mobile); source != contactpoint.FromPDS {
			k.Fatalf("the mobile is from %s", source)
		}
		if again := k.Trace("9990000018", "1985-12-10T00:00:00Z"); again != id {
			k.Fatalf("two patients: %s and %s", id, again)
		}
		got, err := k.Demographics.Register(k.Ctx, demographics.Registration{
			BirthDate: new(input.DayOf(1985, 12, 10)), Forename: new("Ada"), Surname: new("Byron"),
			Postcode:   new("zz12ab"),
			EHRPartner: new("systm_one"), EHRPartnerID: new("E-1"),
		})
		if err != nil || got.ID != id {
			k.Fatalf("by name: got %+v, %v", got, err)
		}
		if p := k.Profile(id); p.EHRPartnerID != "E-1" || p.RecordSystem() != patient.SourceSystmOne {
			k.Fatalf("got %+v", p)
		}
	})
}

func TestUncertainMatchShowsNoDetails(t *testing.T) {
	withKit(t, func(k *kit) {
		k.Spine.Put(demographics.Person{NHSNumber: "9000000033"})
		twin := patienttest.Ada
		twin.NHSNumber = "9990000026"
		k.Spine.Put(twin)
		for name, r := range map[string]demographics.Registration{
			"another birth date": {NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 11))},
			"no birth date":      {NHSNumber: new("9990000018")},
			"another surname": {NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Surname: new("King")},
			"a twin's forename": {NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Surname: new("Byron"), Forename: new("Grace")},
			"another sex": {NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Sex: new(patient.Sex("Male"))},
			"a record with nothing but number": {NHSNumber: new("9000000033"),
				BirthDate: new(input.DayOf(1985, 12, 10))},
			"two people who match": {BirthDate: new(input.DayOf(1985, 12, 10)), Forename: new("Ada"),
				Surname: new("Byron"), Postcode: new("ZZ1 2AB")},
		} {
			got, err := k.Demographics.Register(k.Ctx, r)
			if err != nil || got.ID != 0 || !strings.HasPrefix(got.Check.URL, "https://desk.example.org/verify/") {
				k.Fatalf("%s: got %+v, %v", name, got, err)
			}
			link := got.Check.URL[strings.LastIndexByte(got.Check.URL, '/')+1:]
			check, group, err := k.Demographics.IdentityCheck(context.Background(), link)
			if err != nil || group != k.Group || check.Reference() != got.Check.Reference() {
				k.Fatalf("%s: the page has %+v, %v", name, check, err)
			}
			if _, _, err := k.Demographics.IdentityCheck(context.Background(), link+"x"); !errors.Is(err,
				demographics.ErrNoCheck) {
				k.Fatalf("a changed link: %v", err)
			}
			k.Clock = k.Clock.Add(demographics.CheckLife)
			if _, _, err := k.Demographics.IdentityCheck(context.Background(), link); !errors.Is(err,
				demographics.ErrNoCheck) {
				k.Fatalf("an old link: %v", err)
			}
		}
		if _, n, _ := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 5}); n != 0 {
			k.Fatalf("%d patients were made", n)
		}
		if err := k.Demographics.Forget(k.Ctx); err != nil {
			k.Fatal(err)
		}
		// An accent, case or a former name in use is no other surname.
		odd := patienttest.Ada
		odd.NHSNumber, odd.LastName, odd.OtherNames = "9990000034", "O'Neill", []string{"Łuczak"}
		k.Spine.Put(odd)
		for _, name := range []string{"oneill", "O’NEILL", "Luczak"} {
			if got, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000034"),
				BirthDate: new(input.DayOf(1985, 12, 10)), Surname: &name}); err != nil || got.ID == 0 {
				k.Fatalf("%s: got %+v, %v", name, got, err)
			}
		}
	})
}

func TestForenameOfPDSRegistrationMayBeShort(t *testing.T) {
	withKit(t, func(k *kit) {
		lizzie := patienttest.Ada
		lizzie.NHSNumber, lizzie.FirstName = "9990000034", "Elizabeth Anne"
		k.Spine.Put(lizzie)
		first := k.Trace("9990000034", "1985-12-10")
		for _, said := range []string{"Elizabeth", "ELIZABETH ANNE", "Lizzie", "E", "E.", "Anne"} {
			got, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000034"),
				BirthDate: new(input.DayOf(1985, 12, 10)), Forename: &said})
			if err != nil || got.ID != first {
				k.Errorf("%s: got %+v, %v", said, got, err)
			}
		}
	})
}

func TestNoBreakSpaceDoesNotStopTrace(t *testing.T) {
	withKit(t, func(k *kit) {
		for _, postcode := range []string{"ZZ1\u00a02AB", "zz12ab", "\u2007ZZ1\u202f2AB\u200b"} {
			got, err := k.Demographics.Register(k.Ctx,
				demographics.Registration{BirthDate: new(input.DayOf(1985, 12, 10)),
					Forename: new("Ada"), Surname: new("Byron"), Postcode: &postcode})
			if err != nil || got.ID == 0 {
				k.Errorf("%q: got %+v, %v", postcode, got, err)
			}
		}
	})
}

func TestInvalidTraceIsRefusedFieldByField(t *testing.T) {
	withKit(t, func(k *kit) {
		for _, c := range []struct {
			r    demographics.Registration
			want string
		}{
			{demographics.Registration{NHSNumber: new("999 000 0019"), BirthDate: new(input.DayOf(1985, 12, 10))},
				"nhs_number"},
			{demographics.Registration{NHSNumber: new(" "), BirthDate: new(input.DayOf(1985, 12, 10))}, "nhs_number"},
			{demographics.Registration{NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(2031, 1, 7))},
				"birth_date"},
			{demographics.Registration{NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1874, 1, 7))},
				"birth_date"},
			{demographics.Registration{BirthDate: new(input.DayOf(1985, 12, 10))}, "forename surname postcode"},
			{demographics.Registration{BirthDate: new(input.DayOf(1985, 12, 10)), Forename: new("A\u202eda"),
				Surname:  new("B\x00"),
				Postcode: new("ZZ1 2AB")}, "forename surname"},
			{demographics.Registration{NHSNumber: new("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Sex: new(patient.Sex("x"))}, "sex"},
		} {
			if _, err := k.Demographics.Register(k.Ctx, c.r); patienttest.Fields(err) != c.want {
				k.Errorf("got %q, %v; want %q", patienttest.Fields(err), err, c.want)
			}
		}
		if k.Spine.Asked != 0 {
			k.Error("the national service was asked all the same")
		}
	})
}

func TestWhileTheServiceIsDownAPersonReadLatelyIsStillFound(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		k.Spine.Err = demographics.ErrDown
		k.Clock = k.Clock.Add(23 * time.Hour)
		if got := k.Trace("9990000018", "1985-12-10"); got != id {
			k.Fatal("another person was found")
		}
		byName := demographics.Registration{BirthDate: new(input.DayOf(1985, 12, 10)), Forename: new("ada"),
			Surname:  new("byron"),
			Postcode: new("ZZ1 2AB")}
		if got, err := k.Demographics.Register(k.Ctx, byName); err != nil || got.ID != id {
			k.Fatalf("by name: got %+v, %v", got, err)
		}
		down := func(what string, r demographics.Registration) {
			k.Helper()
			if _, err := k.Demographics.Register(k.Ctx, r); !errors.Is(err, demographics.ErrDown) ||
				fault.Of(err).RetryAfter == 0 {
				k.Errorf("%s: %v", what, err)
			}
		}
		down("another birth date", demographics.Registration{NHSNumber: new("9990000018"),
			BirthDate: new(input.DayOf(1985, 12, 11))})
		down("an unknown person", demographics.Registration{NHSNumber: new("9990000026"),
			BirthDate: new(input.DayOf(1985, 12, 10))})
		k.Clock = k.Clock.Add(2 * time.Hour)
		down("read long ago", demographics.Registration{NHSNumber: new("9990000018"),
			BirthDate: new(input.DayOf(1985, 12, 10))})
		down("read long ago, by name", byName)
		if _, n, _ := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 5}); n != 1 {
			k.Fatalf("%d patients", n)
		}
	})
}

func TestRestrictedRecordHasNoContactPoints(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Register(ada()) // with a mobile of the caller's
		hidden := patienttest.Ada
		hidden.Restricted, hidden.Mobile, hidden.Email, hidden.Address = true, "", "", patient.Address{}
		k.Spine.Put(hidden)
		if k.Trace("9990000018", "1985-12-10") != id {
			k.Fatal("another patient")
		}
		bare := func(what string) {
			k.Helper()
			if p := k.Profile(id); !p.Restricted || p.Mobile != "" || p.Landline != "" || p.Email != "" ||
				p.Address != (patient.Address{}) || len(p.ContactPoints) != 0 {
				k.Fatalf("%s: got %+v", what, p)
			}
		}
		bare("traced")
		k.Register(ada())
		bare("registered again by a caller who gives a mobile")
		if _, err := k.Patients.SetContactPoint(k.Ctx, id, contactpoint.Mobile,
			patient.PointChange{Value: new("07700 900123")}); !errors.Is(err, patient.ErrRestricted) {
			k.Fatalf("got %v", err)
		}
		k.Spine.Put(patienttest.Ada)
		k.Trace("9990000018", "1985-12-10")
		if p := k.Profile(id); p.Restricted || p.Mobile != "+447700900101" {
			k.Fatalf("no longer restricted: got %+v", p)
		}
	})
}
