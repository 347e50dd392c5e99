package patient_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
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

// TestASupersededNumberFindsThePatientItBecame comes with the old number by every
// way in, again and again.
func TestASupersededNumberFindsThePatientItBecame(t *testing.T) {
	for name, prepare := range map[string]func(k *kit, fresh patient.Person) patient.ID{
		"the patient with the old number got the new one": func(k *kit, fresh patient.Person) patient.ID {
			id := k.trace("9990000018", "1985-12-10")
			k.spine.people["9990000018"], k.spine.people["9990000026"] = fresh, fresh
			return id
		},
		"another had the new one already": func(k *kit, fresh patient.Person) patient.ID {
			k.trace("9990000018", "1985-12-10")
			k.spine.put(fresh)
			id := k.trace("9990000026", "1985-12-10")
			k.spine.people["9990000018"] = fresh
			return id
		},
		"nobody had either": func(k *kit, fresh patient.Person) patient.ID {
			k.spine.people["9990000018"], k.spine.people["9990000026"] = fresh, fresh
			return k.trace("9990000018", "1985-12-10")
		},
		"and was merged since": func(k *kit, fresh patient.Person) patient.ID {
			r := ada()
			r.NHSNumber = nil
			other := k.register(r)
			k.spine.people["9990000018"], k.spine.people["9990000026"] = fresh, fresh
			k.merge(other, k.trace("9990000018", "1985-12-10"))
			return other
		},
	} {
		t.Run(name, func(t *testing.T) {
			withKit(t, func(k *kit) {
				fresh := ada0
				fresh.NHSNumber = "9990000026"
				want := prepare(k, fresh)
				k.trace("9990000018", "1985-12-10")
				_, before, err := k.s.Search(k.ctx, patient.Search{PageSize: 9})
				if err != nil {
					k.Fatal(err)
				}
				for range 3 {
					if got := k.trace("9990000018", "1985-12-10"); got != want {
						k.Fatalf("traced: got %v, want %v", got, want)
					}
					if got := k.register(ada()); got != want {
						k.Fatalf("registered: got %v, want %v", got, want)
					}
					found, n, err := k.s.Search(k.ctx, patient.Search{Text: "999 000 0018", PageSize: 9})
					if err != nil || n != 1 || found[0].ID != want || found[0].NHSNumber != "9990000026" {
						k.Fatalf("searched: got %+v, %v", found, err)
					}
				}
				if _, n, _ := k.s.Search(k.ctx, patient.Search{PageSize: 9}); n != before {
					k.Fatalf("there are %d patients, and were %d", n, before)
				}
				k.spine.err = patient.ErrDemographicsDown
				if got := k.trace("9990000018", "1985-12-10"); got != want {
					k.Fatalf("while the service is down: got %v, want %v", got, want)
				}
				r := ada()
				r.BirthDate = "1985-12-11"
				if _, err := k.s.Register(k.ctx, r); !errors.Is(err, patient.ErrNHSNumberTaken) {
					k.Fatalf("somebody else with the old number: %v", err)
				}
			})
		})
	}
}

func TestManyRegisterWithANumberThatIsSupersededMeanwhile(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.trace("9990000018", "1985-12-10")
		fresh := ada0
		fresh.NHSNumber = "9990000026"
		k.spine.people["9990000018"], k.spine.people["9990000026"] = fresh, fresh
		var wait sync.WaitGroup
		for i := range 12 {
			wait.Go(func() {
				if i == 3 {
					k.trace("9990000018", "1985-12-10")
					return
				}
				if id, err := k.s.Register(k.ctx, ada()); err != nil || id != old {
					k.Errorf("got %v, %v; want %v", id, err, old)
				}
			})
		}
		wait.Wait()
		if _, n, _ := k.s.Search(k.ctx, patient.Search{PageSize: 9}); n != 1 {
			k.Fatalf("%d patients", n)
		}
	})
}

// TestATwinDoesNotTakeAVerifiedRecordOver comes with the number and the birth date
// of somebody whom the national service has verified.
func TestATwinDoesNotTakeAVerifiedRecordOver(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		before := k.profile(id)
		for name, change := range map[string]func(*patient.Registration){
			"another forename": func(r *patient.Registration) { r.FirstName = "Grace" },
			"another surname":  func(r *patient.Registration) { r.LastName = "King" },
			"another sex":      func(r *patient.Registration) { r.Sex = ptr(patient.Sex("Male")) },
		} {
			r := ada()
			r.Mobile = ptr("07700 900777")
			change(&r)
			if _, err := k.s.Register(k.ctx, r); !errors.Is(err, patient.ErrDetailsDiffer) {
				k.Errorf("%s: got %v", name, err)
			}
			if after := k.profile(id); after.Patient != before.Patient || !slices.Equal(after.Contacts, before.Contacts) {
				k.Errorf("%s: it became %+v", name, after)
			}
		}
		trail, err := k.db.Trail(k.ctx, int64(k.group), "patient", int64(id), 10)
		if err != nil || len(trail) != 4 || trail[3].Action != "patient.contested" {
			k.Fatalf("audit trail %+v, %v", trail, err)
		}
		// The same person under a short name, in capitals, with more details.
		r := ada()
		r.FirstName, r.LastName, r.Title, r.Sex, r.Mobile = "A", "BYRON", ptr("Dr"), ptr(patient.Sex("Not known")), ptr("07700 900777")
		if got := k.register(r); got != id {
			k.Fatalf("got %v", got)
		}
		p := k.profile(id)
		if p.FirstName != "Ada" || p.LastName != "Byron" || p.Title != "Mrs" || p.Sex != "Female" || p.NumberStatus != patient.NumberVerified || p.Mobile != "+447700900777" {
			k.Fatalf("got %+v", p.Patient)
		}
	})
}

func TestWhatTheServiceVerifiedIsReplacedOnlyByIt(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.trace("9990000018", "1985-12-10")
		amend := func(c patient.Changes) error {
			return k.db.Patient().Do(k.ctx, func(tx patient.Tx) error {
				who, _ := access.From(k.ctx)
				if err := tx.LockPatient(k.ctx, k.group, id); err != nil {
					return err
				}
				all, err := tx.People(k.ctx, k.group, []patient.ID{id})
				if err != nil {
					return err
				}
				_, err = k.s.Amend(k.ctx, tx, who, all[0], c, k.clock)
				return err
			})
		}
		born := date("1990-01-01")
		for name, c := range map[string]patient.Changes{
			"a forename": {FirstName: ptr("Grace")}, "a surname": {LastName: ptr("King")}, "no sex": {Sex: ptr(patient.Sex(""))},
			"a sex": {Sex: ptr(patient.Sex("Male"))}, "a birth date": {BirthDate: &born},
		} {
			if err := amend(c); !errors.Is(err, patient.ErrVerified) {
				k.Errorf("%s: got %v", name, err)
			}
		}
		if err := amend(patient.Changes{FirstName: ptr("ADA"), Email: ptr("new@example.org")}); err != nil {
			k.Fatal(err)
		}
		if p := k.profile(id); p.FirstName != "Ada" || p.Email != "new@example.org" {
			k.Fatalf("got %+v", p.Patient)
		}
	})
}

// TestThePDSDoesNotRenameSomebodyElse has a patient with another person's number,
// typed wrong perhaps.
func TestThePDSDoesNotRenameSomebodyElse(t *testing.T) {
	withKit(t, func(k *kit) {
		r := ada()
		r.FirstName = "Grace"
		id := k.register(r)
		_, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
		if p := k.profile(id); !errors.Is(err, patient.ErrDetailsDiffer) || p.FirstName != "Grace" || p.NumberStatus != "" {
			k.Fatalf("got %v, %+v", err, p.Patient)
		}
		if err := k.s.RefreshPatient(k.ctx, id); err != nil {
			k.Fatal(err)
		}
		if p := k.profile(id); p.FirstName != "Grace" || p.NumberStatus != patient.NumberDisputed {
			k.Fatalf("read again: got %+v", p.Patient)
		}
	})
}

// TestEveryChangeOfDemographicsIsAnEvent changes a patient by each way in.
func TestEveryChangeOfDemographicsIsAnEvent(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.register(ada())
		n := 0
		changed := func(name, want string) {
			k.Helper()
			types, data := k.events(id)
			if n++; len(types) != n || types[n-1] != "patient.demographics-updated" || fmt.Sprint(data["changed"]) != want {
				k.Fatalf("%s: events %v, the last of %v; want %s", name, types, data, want)
			}
		}
		r := ada()
		r.LastName, r.Sex, r.Mobile = "King", ptr(patient.Sex("Female")), ptr("07700 900777")
		k.register(r)
		changed("registered again", "[last_name sex mobile]")
		k.register(r) // nothing new
		if _, err := k.s.SetContact(k.ctx, id, patient.ContactMobile, patient.ContactChange{Value: ptr("07700 900555")}); err != nil {
			k.Fatal(err)
		}
		changed("staff entered a number", "[mobile]")
		who, _ := access.From(k.ctx)
		within := func(do func(tx patient.Tx, p patient.Full) error) {
			k.Helper()
			err := k.db.Patient().Do(k.ctx, func(tx patient.Tx) error {
				if err := tx.LockPatient(k.ctx, k.group, id); err != nil {
					return err
				}
				all, err := tx.People(k.ctx, k.group, []patient.ID{id})
				if err != nil {
					return err
				}
				return do(tx, all[0])
			})
			if err != nil {
				k.Fatal(err)
			}
		}
		within(func(tx patient.Tx, p patient.Full) error {
			_, err := k.s.Amend(k.ctx, tx, who, p, patient.Changes{FirstName: ptr("Augusta"), Email: ptr("a@example.org")}, k.clock)
			return err
		})
		changed("staff changed the record", "[first_name email]")
		within(func(tx patient.Tx, p patient.Full) error { return k.s.SetNHSNumber(k.ctx, tx, who, p, "", k.clock) })
		changed("staff removed the number", "[nhs_number]")
		within(func(tx patient.Tx, p patient.Full) error {
			return k.s.Archive(k.ctx, tx, who, p, patient.Reasons{Reason: patient.Deceased}, 0, k.clock)
		})
		changed("they have died", "[deceased_at]")
	})
}

// TestTheDeadAreOneThing has somebody die by either way.
func TestTheDeadAreOneThing(t *testing.T) {
	withKit(t, func(k *kit) {
		dead := ada0
		dead.DeceasedAt = k.clock.Add(-24 * time.Hour)
		byPDS := k.trace("9990000018", "1985-12-10")
		k.spine.put(dead)
		k.trace("9990000018", "1985-12-10")
		r := ada()
		r.NHSNumber, r.FirstName = nil, "Grace"
		byPractice := k.register(r)
		who, _ := access.From(k.ctx)
		archive := func(reason string) {
			err := k.db.Patient().Do(k.ctx, func(tx patient.Tx) error {
				all, err := tx.People(k.ctx, k.group, []patient.ID{byPractice})
				if err != nil {
					return err
				}
				return k.s.Archive(k.ctx, tx, who, all[0], patient.Reasons{Reason: reason}, 0, k.clock)
			})
			if err != nil {
				k.Fatal(err)
			}
		}
		archive("MOVED_AWAY_OR_TRANSFER_OF_CARE")
		if p := k.profile(byPractice); p.Dead() || p.Reachable() != nil {
			k.Fatalf("moved away: got %+v", p.Patient)
		}
		archive(patient.Deceased) // archived before, and has died since
		for _, id := range []patient.ID{byPDS, byPractice} {
			p := k.profile(id)
			if !p.Dead() || p.DeceasedAt.IsZero() || !p.SetAside() || !errors.Is(p.Reachable(), patient.ErrDeceased) {
				k.Errorf("got %+v", p.Patient)
			}
		}
		k.spine.put(ada0)
		k.trace("9990000018", "1985-12-10")
		if p := k.profile(byPDS); p.Dead() {
			k.Errorf("the service was wrong: got %+v", p.Patient)
		}
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
		hears("another name and number", "patient.phone-updated", "patient.updated", "patient.demographics-updated")
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
		hears("another NHS number", "patient.number-updated", "patient.demographics-updated")
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
		answers := &idempotency.Service{
			Store: k.db.Idempotency(), Now: func() time.Time { return k.clock },
			Box: sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) }),
		}
		runs := 0
		once := func() (idempotency.Answer, bool, error) {
			claim := idempotency.Claim{Group: k.group, Key: 1, Name: "a", Fingerprint: []byte("x")}
			return answers.Once(k.ctx, claim, func(ctx context.Context) idempotency.Answer {
				runs++
				got, err := k.s.RegisterPDS(ctx, patient.PDSRegistration{NHSNumber: ptr("9990000018"), BirthDate: ptr("1985-12-10")})
				if err != nil {
					return idempotency.Answer{Status: 503}
				}
				return idempotency.Answer{Status: 200, Body: []byte(got.ID.String())}
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
