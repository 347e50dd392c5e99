package patient_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/seal"
)

func TestSomebodyTracedBecomesAPatient(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("999 000 0018", "1985-12-10")
		p := k.profile(id)
		if p.NHSNumber != "9990000018" || p.LastName != "Byron" || p.Source != patient.SourcePDS || p.NumberStatus != patient.NumberVerified ||
			p.Mobile != "+447700900101" || p.Address.Postcode != "ZZ1 2AB" || !p.SyncedAt.Equal(k.clock) {
			k.Fatalf("got %+v", p)
		}
		if _, source := k.used(id, patient.ContactMobile); source != patient.FromPDS {
			k.Fatalf("the mobile is from %s", source)
		}
		if again := k.trace("9990000018", "1985-12-10T00:00:00Z"); again != id {
			k.Fatalf("two patients: %s and %s", id, again)
		}
		got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{
			BirthDate: ptr("1985-12-10"), Forename: ptr("Ada"), Surname: ptr("Byron"), Postcode: ptr("zz12ab"), EHRPartner: ptr("systm_one"), EHRPartnerID: ptr("E-1"),
		})
		if err != nil || got.ID != id {
			k.Fatalf("by name: got %+v, %v", got, err)
		}
		if p := k.profile(id); p.EHRPartnerID != "E-1" || p.RecordSystem() != "Systm One" {
			k.Fatalf("got %+v", p.Patient)
		}
	})
}

func TestSomebodyWhoIsNotCertainlyMeantIsNotToldOf(t *testing.T) {
	withKit(t, func(k *kit) {
		k.spine.put(patient.Person{NHSNumber: "9000000033"})
		twin := ada0
		twin.NHSNumber = "9990000026"
		k.spine.put(twin)
		for name, r := range map[string]patient.PDSRegistration{
			"another birth date":               {NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-11")},
			"no birth date":                    {NHSNumber: ptr("9990000018")},
			"another surname":                  {NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10"), Surname: ptr("King")},
			"a twin's forename":                {NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10"), Surname: ptr("Byron"), Forename: ptr("Grace")},
			"another sex":                      {NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10"), Sex: ptr(patient.Sex("Male"))},
			"a record with nothing but number": {NHSNumber: ptr("9000000033"), BirthDate: ptr("1985-12-10")},
			"two people who match":             {BirthDate: ptr("1985-12-10"), Forename: ptr("Ada"), Surname: ptr("Byron"), Postcode: ptr("ZZ1 2AB")},
		} {
			got, err := k.s.RegisterPDS(k.ctx, r)
			if err != nil || got.ID != 0 || !strings.HasPrefix(got.Check.URL, "https://desk.example.org/verify/") {
				k.Fatalf("%s: got %+v, %v", name, got, err)
			}
			link := got.Check.URL[strings.LastIndexByte(got.Check.URL, '/')+1:]
			check, group, err := k.s.IdentityCheck(context.Background(), link)
			if err != nil || group != k.group || check.Reference() != got.Check.Reference() {
				k.Fatalf("%s: the page has %+v, %v", name, check, err)
			}
			if _, _, err := k.s.IdentityCheck(context.Background(), link+"x"); !errors.Is(err, patient.ErrNoCheck) {
				k.Fatalf("a changed link: %v", err)
			}
			k.clock = k.clock.Add(patient.CheckLife)
			if _, _, err := k.s.IdentityCheck(context.Background(), link); !errors.Is(err, patient.ErrNoCheck) {
				k.Fatalf("an old link: %v", err)
			}
		}
		if _, n, _ := k.s.Search(k.ctx, patient.Search{PageSize: 5}); n != 0 {
			k.Fatalf("%d patients were made", n)
		}
		if err := k.s.Forget(k.ctx); err != nil {
			k.Fatal(err)
		}
		// An accent, case or a former name in use is no other surname.
		odd := ada0
		odd.NHSNumber, odd.LastName, odd.OtherNames = "9990000034", "O'Neill", []string{"Łuczak"}
		k.spine.put(odd)
		for _, name := range []string{"oneill", "O’NEILL", "Luczak"} {
			if got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000034"), BirthDate: ptr("1985-12-10"), Surname: &name}); err != nil || got.ID == 0 {
				k.Fatalf("%s: got %+v, %v", name, got, err)
			}
		}
	})
}

func TestAForenameOfAPDSRegistrationMayBeShort(t *testing.T) {
	withKit(t, func(k *kit) {
		lizzie := ada0
		lizzie.NHSNumber, lizzie.FirstName = "9990000034", "Elizabeth Anne"
		k.spine.put(lizzie)
		first := k.trace("9990000034", "1985-12-10")
		for _, said := range []string{"Elizabeth", "ELIZABETH ANNE", "Lizzie", "E", "E.", "Anne"} {
			got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000034"), BirthDate: ptr("1985-12-10"), Forename: &said})
			if err != nil || got.ID != first {
				k.Errorf("%s: got %+v, %v", said, got, err)
			}
		}
	})
}

func TestANoBreakSpaceDoesNotStopATrace(t *testing.T) {
	withKit(t, func(k *kit) {
		for _, postcode := range []string{"ZZ1\u00a02AB", "zz12ab", "\u2007ZZ1\u202f2AB\u200b"} {
			got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{BirthDate: ptr("1985-12-10"), Forename: ptr("Ada"), Surname: ptr("Byron"), Postcode: &postcode})
			if err != nil || got.ID == 0 {
				k.Errorf("%q: got %+v, %v", postcode, got, err)
			}
		}
	})
}

func TestATraceThatMakesNoSenseIsRefusedFieldByField(t *testing.T) {
	withKit(t, func(k *kit) {
		for _, c := range []struct {
			r    patient.PDSRegistration
			want string
		}{
			{patient.PDSRegistration{NHSNumber: ptr("999 000 0019"), BirthDate: ptr("1985-12-10")}, "nhs_number"},
			{patient.PDSRegistration{NHSNumber: ptr(" "), BirthDate: ptr("1985-12-10")}, "nhs_number"},
			{patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("2031-01-07")}, "dob"},
			{patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1874-01-07")}, "dob"},
			{patient.PDSRegistration{BirthDate: ptr("1985-12-10")}, "forename surname postcode"},
			{patient.PDSRegistration{BirthDate: ptr("1985-12-10"), Forename: ptr("A\u202eda"), Surname: ptr("B\x00"), Postcode: ptr("ZZ1 2AB")}, "forename surname"},
			{patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10"), Sex: ptr(patient.Sex("x"))}, "sex"},
		} {
			if _, err := k.s.RegisterPDS(k.ctx, c.r); fields(err) != c.want {
				k.Errorf("got %q, %v; want %q", fields(err), err, c.want)
			}
		}
		if k.spine.asked != 0 {
			k.Error("the national service was asked all the same")
		}
	})
}

func TestWhileTheServiceIsDownSomebodyReadLatelyIsStillFound(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		k.spine.err = patient.ErrDemographicsDown
		k.clock = k.clock.Add(23 * time.Hour)
		if got := k.trace("9990000018", "1985-12-10"); got != id {
			k.Fatal("somebody else was found")
		}
		byName := patient.PDSRegistration{BirthDate: ptr("1985-12-10"), Forename: ptr("ada"), Surname: ptr("byron"), Postcode: ptr("ZZ1 2AB")}
		if got, err := k.s.RegisterPDS(k.ctx, byName); err != nil || got.ID != id {
			k.Fatalf("by name: got %+v, %v", got, err)
		}
		down := func(what string, r patient.PDSRegistration) {
			k.Helper()
			if _, err := k.s.RegisterPDS(k.ctx, r); !errors.Is(err, patient.ErrDemographicsDown) || fault.Of(err).RetryAfter == 0 {
				k.Errorf("%s: %v", what, err)
			}
		}
		down("another birth date", patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-11")})
		down("somebody unknown", patient.PDSRegistration{NHSNumber: ptr("9990000026"), BirthDate: ptr("1985-12-10")})
		k.clock = k.clock.Add(2 * time.Hour)
		down("read long ago", patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
		down("read long ago, by name", byName)
		if _, n, _ := k.s.Search(k.ctx, patient.Search{PageSize: 5}); n != 1 {
			k.Fatalf("%d patients", n)
		}
	})
}

func TestARestrictedRecordHasNoWhereabouts(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.register(ada()) // with a mobile of the caller's
		hidden := ada0
		hidden.Restricted, hidden.Mobile, hidden.Email, hidden.Address = true, "", "", patient.Address{}
		k.spine.put(hidden)
		if k.trace("9990000018", "1985-12-10") != id {
			k.Fatal("another patient")
		}
		bare := func(what string) {
			k.Helper()
			if p := k.profile(id); !p.Restricted || p.Mobile != "" || p.Landline != "" || p.Email != "" || p.Address != (patient.Address{}) || len(p.Contacts) != 0 {
				k.Fatalf("%s: got %+v", what, p)
			}
		}
		bare("traced")
		k.register(ada())
		bare("registered again by a caller who gives a mobile")
		if _, err := k.s.SetContact(k.ctx, id, patient.ContactMobile, patient.ContactChange{Value: ptr("07700 900123")}); !errors.Is(err, patient.ErrRestricted) {
			k.Fatalf("got %v", err)
		}
		k.spine.put(ada0)
		k.trace("9990000018", "1985-12-10")
		if p := k.profile(id); p.Restricted || p.Mobile != "+447700900101" {
			k.Fatalf("no longer restricted: got %+v", p)
		}
	})
}

func TestASupersededNumberIsFollowed(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.trace("9990000018", "1985-12-10")
		fresh := ada0
		fresh.NHSNumber = "9990000026"
		k.spine.people["9990000018"], k.spine.people["9990000026"] = fresh, fresh
		if id := k.trace("9990000018", "1985-12-10"); id != old || k.profile(id).NHSNumber != "9990000026" {
			k.Fatalf("got %v", k.profile(id))
		}
		if _, err := k.db.Patient().PatientByNHSNumber(k.ctx, k.group, "9990000018"); !errors.Is(err, patient.ErrNotFound) {
			k.Fatalf("the old number is still somebody's: %v", err)
		}
		types, _ := k.events(old)
		if !slices.Contains(types, "patient.demographics-updated") {
			k.Fatalf("events %v", types)
		}
	})
}

func TestTwoPatientsOfOneSupersededNumberWaitToBeMerged(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.trace("9990000018", "1985-12-10")
		fresh := ada0
		fresh.NHSNumber = "9990000026"
		k.spine.put(fresh)
		newer := k.trace("9990000026", "1985-12-10")
		k.spine.people["9990000018"] = fresh
		if got := k.trace("9990000018", "1985-12-10"); got != newer {
			k.Fatalf("got %v", got)
		}
		if p := k.profile(old); p.NHSNumber != "" || p.SupersededBy != "9990000026" {
			k.Fatalf("got %+v", p.Patient)
		}
		found, err := k.s.Candidates(k.ctx, old)
		if err != nil || len(found) != 1 || found[0].ID != newer {
			k.Fatalf("candidates %v, %v", found, err)
		}
		k.merge(newer, old)
	})
}

func TestAWithdrawnNumberIsMarked(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		k.spine.err = patient.ErrNumberInvalid
		_, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
		if !errors.Is(err, patient.ErrNumberInvalid) || k.profile(id).NumberStatus != patient.NumberWithdrawn {
			k.Fatalf("got %v, %+v", err, k.profile(id))
		}
	})
}

func TestAPatientWithTheNumberAndAnotherBirthDateIsNotTouched(t *testing.T) {
	withKit(t, func(k *kit) {
		r := ada()
		r.BirthDate = "1985-12-11"
		id := k.register(r)
		_, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
		if p := k.profile(id); !errors.Is(err, patient.ErrNHSNumberTaken) || p.NumberStatus != "" || p.BirthDate.String() != "1985-12-11" {
			k.Fatalf("got %v, %+v", err, p)
		}
	})
}

func TestManyTraceTheSameNewPersonAtOnce(t *testing.T) {
	withKit(t, func(k *kit) {
		ids := make([]patient.ID, 16)
		var wait sync.WaitGroup
		for i := range ids {
			wait.Go(func() {
				got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
				if err != nil {
					k.Error(err)
				}
				ids[i] = got.ID
			})
		}
		wait.Wait()
		if slices.ContainsFunc(ids, func(id patient.ID) bool { return id != ids[0] || id == 0 }) {
			k.Fatalf("several patients: %v", ids)
		}
	})
}

func TestWhatTheCallerSaidIsUsedBeforeWhatTheServiceSays(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.register(ada())
		k.trace("9990000018", "1985-12-10")
		value, source := k.used(id, patient.ContactMobile)
		if value != "+447700900123" || source != patient.FromCaller {
			k.Fatalf("the mobile is %s from %s", value, source)
		}
		if _, err := k.s.SetContact(k.ctx, id, patient.ContactMobile, patient.ContactChange{Value: ptr("07700 900555"), Verified: ptr(true)}); err != nil {
			k.Fatal(err)
		}
		k.clock = k.clock.Add(time.Hour)
		r := ada()
		r.Mobile = ptr("07700 900777")
		k.register(r)
		value, source = k.used(id, patient.ContactMobile)
		if value != "+447700900555" || source != patient.FromPractice {
			k.Fatalf("the mobile is %s from %s", value, source)
		}
		p := k.profile(id)
		if used, _ := p.Contacts.Used(patient.ContactMobile); used.VerifiedAt.IsZero() || len(p.Contacts) < 5 {
			k.Fatalf("contacts %+v", p.Contacts)
		}
		if _, err := k.s.SetContact(k.ctx, id, patient.ContactMobile, patient.ContactChange{Value: ptr("")}); err != nil {
			k.Fatal(err)
		}
		if value, _ = k.used(id, patient.ContactMobile); value != "+447700900777" {
			k.Fatalf("what the caller said last is not used: %s", value)
		}
	})
}

func TestAMobileOfTwoPatientsIsFlagged(t *testing.T) {
	withKit(t, func(k *kit) {
		a := k.register(ada())
		if k.profile(a).SharedMobile {
			k.Fatal("flagged for one patient")
		}
		child := patient.Registration{FirstName: "Byron", LastName: "King", BirthDate: "2020-05-12", Mobile: ptr("+44 7700 900123")}
		b := k.register(child)
		if !k.profile(a).SharedMobile || !k.profile(b).SharedMobile {
			k.Fatal("not flagged for both")
		}
	})
}

func TestThoseWhoAreComingAreReadAgain(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		if err := k.s.RefreshPatient(k.ctx, id); err != nil {
			k.Fatal(err)
		}
		if types, _ := k.events(id); len(types) != 0 {
			k.Fatalf("nothing changed, but there are events %v", types)
		}
		married := ada0
		married.LastName, married.Mobile, married.Version = "King", "+447700900102", "2"
		k.spine.put(married)
		k.clock = k.clock.Add(25 * time.Hour)
		if err := k.s.RefreshPatient(k.ctx, id); err != nil {
			k.Fatal(err)
		}
		types, data := k.events(id)
		changed, _ := data["changed"].([]any)
		if !slices.Equal(types, []string{"patient.demographics-updated"}) || len(changed) != 2 || changed[0] != "last_name" || changed[1] != "mobile" {
			k.Fatalf("events %v, %v", types, data)
		}
		if p := k.profile(id); p.LastName != "King" || p.PDSVersion != "2" || !p.SyncedAt.Equal(k.clock) {
			k.Fatalf("got %+v", p.Patient)
		}
		other := married
		other.BirthDate = date("1999-01-01")
		k.spine.put(other)
		if err := k.s.RefreshPatient(k.ctx, id); err != nil {
			k.Fatal(err)
		}
		if p := k.profile(id); p.NumberStatus != patient.NumberDisputed || p.BirthDate != ada0.BirthDate {
			k.Fatalf("got %+v", p.Patient)
		}
	})
}

// TestAChangeIsToldOfOnce follows what subscriptions are told of somebody whom the
// national service knows.
func TestAChangeIsToldOfOnce(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		heard := []string{"patient.created"}
		hears := func(name string, more ...string) {
			k.Helper()
			if heard = append(heard, more...); !slices.Equal(k.told(id), heard) {
				k.Fatalf("%s: told %v, want %v", name, k.told(id), heard)
			}
		}
		refresh := func(p patient.Person) {
			k.Helper()
			k.spine.put(p)
			k.clock = k.clock.Add(25 * time.Hour)
			if err := k.s.RefreshPatient(k.ctx, id); err != nil {
				k.Fatal(err)
			}
		}
		hears("traced")
		refresh(ada0)
		hears("read again")
		married := ada0
		married.LastName, married.Mobile = "King", "+447700900102"
		refresh(married)
		hears("another name and number", "patient.phone.updated", "patient.demographics-updated")
		connect := func() {
			k.Helper()
			number, born, partner, known := "9990000018", "1985-12-10", "EMIS", "7"
			if _, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: &number, BirthDate: &born, EHRPartner: &partner, EHRPartnerID: &known}); err != nil {
				k.Fatal(err)
			}
		}
		connect()
		hears("connected to the practice's record system", "patient.updated")
		connect()
		hears("connected again")
		moved := married
		moved.NHSNumber = "9990000026"
		k.spine.people["9990000018"], k.spine.people["9990000026"] = moved, moved
		k.trace("9990000018", "1985-12-10")
		hears("another NHS number", "patient.number.updated", "patient.demographics-updated")
	})
}

func TestNobodyIsReadAgainUnlessTheGroupWantsIt(t *testing.T) {
	withKit(t, func(k *kit) {
		if err := k.s.Refresh(context.Background(), job.Job{Group: int64(k.group), Kind: patient.RefreshKind}); err != nil || k.spine.asked != 0 {
			k.Fatalf("asked %d times, %v", k.spine.asked, err)
		}
		if err := k.s.AskRefresh(k.ctx); err != nil {
			k.Fatal(err)
		}
	})
}

func TestARequestWithAnIdempotencyKeyAsksTheServiceOutsideItsTransaction(t *testing.T) {
	withKit(t, func(k *kit) {
		keys := &access.Service{Store: k.db.Access(), Now: func() time.Time { return k.clock }, NewID: k.db.NewID, Box: sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })}
		made, _, err := keys.CreateKey(k.ctx, access.Key{Partner: "x", Scopes: access.Scopes})
		if err != nil {
			k.Fatal(err)
		}
		runs := 0
		once := func() (access.Answer, bool, error) {
			claim := access.Claim{Group: k.group, Key: made.ID, Name: "a", Fingerprint: []byte("x")}
			return keys.Once(k.ctx, claim, func(ctx context.Context) access.Answer {
				runs++
				got, err := k.s.RegisterPDS(ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
				if err != nil {
					return access.Answer{Status: 503}
				}
				return access.Answer{Status: 200, Body: []byte(got.ID.String())}
			})
		}
		first, _, err := once()
		if err != nil || first.Status != 200 || runs != 2 || k.spine.asked != 1 {
			k.Fatalf("got %+v, %v after %d runs and %d questions", first, err, runs, k.spine.asked)
		}
		second, again, err := once()
		if err != nil || !again || string(second.Body) != string(first.Body) || k.spine.asked != 1 {
			k.Fatalf("got %+v, %v, %v", second, again, err)
		}
	})
}
