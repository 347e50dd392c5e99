package demographics_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"frontdesk/core/archive"
	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/idempotency"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/seal"
	auditstore "frontdesk/store/audit"
	demographicsstore "frontdesk/store/demographics"
	idempotencystore "frontdesk/store/idempotency"
)

func TestSupersededNumberIsReplacedByTheNewOne(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.Trace("9990000018", "1985-12-10")
		fresh := patienttest.Ada
		fresh.NHSNumber = "9990000026"
		k.Spine.People["9990000018"], k.Spine.People["9990000026"] = fresh, fresh
		if id := k.Trace("9990000018", "1985-12-10"); id != old || k.Profile(id).NHSNumber != "9990000026" {
			k.Fatalf("got %v", k.Profile(id))
		}
		if _, err := demographicsstore.New(k.DB).PatientByNHSNumber(k.Ctx, k.Group, "9990000018"); !errors.Is(err,
			patient.ErrNotFound) {
			k.Fatalf("the old number still has a patient: %v", err)
		}
		types, _ := k.Events(old)
		if !slices.Contains(types, "patient.demographics-updated") {
			k.Fatalf("events %v", types)
		}
	})
}

func TestTwoPatientsOfOneSupersededNumberWaitToBeMerged(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.Trace("9990000018", "1985-12-10")
		fresh := patienttest.Ada
		fresh.NHSNumber = "9990000026"
		k.Spine.Put(fresh)
		newer := k.Trace("9990000026", "1985-12-10")
		k.Spine.People["9990000018"] = fresh
		if got := k.Trace("9990000018", "1985-12-10"); got != newer {
			k.Fatalf("got %v", got)
		}
		if p := k.Profile(old); p.NHSNumber != "" || p.SupersededBy != "9990000026" {
			k.Fatalf("got %+v", p)
		}
		found, err := k.Merging.Candidates(k.Ctx, old)
		if err != nil || len(found) != 1 || found[0].ID != newer {
			k.Fatalf("candidates %v, %v", found, err)
		}
		k.Merge(newer, old)
	})
}

// TestSupersededNumberFindsPatientWithTheNewOne comes with the old number by every way in, again and again.
func TestSupersededNumberFindsPatientWithTheNewOne(t *testing.T) {
	for name, prepare := range map[string]func(k *kit, fresh demographics.Person) patient.ID{
		"the patient with the old number got the new one": func(k *kit, fresh demographics.Person) patient.ID {
			id := k.Trace("9990000018", "1985-12-10")
			k.Spine.People["9990000018"], k.Spine.People["9990000026"] = fresh, fresh
			return id
		},
		"another had the new one already": func(k *kit, fresh demographics.Person) patient.ID {
			k.Trace("9990000018", "1985-12-10")
			k.Spine.Put(fresh)
			id := k.Trace("9990000026", "1985-12-10")
			k.Spine.People["9990000018"] = fresh
			return id
		},
		"no patient had either": func(k *kit, fresh demographics.Person) patient.ID {
			k.Spine.People["9990000018"], k.Spine.People["9990000026"] = fresh, fresh
			return k.Trace("9990000018", "1985-12-10")
		},
		"and was merged since": func(k *kit, fresh demographics.Person) patient.ID {
			r := ada()
			r.NHSNumber = nil
			other := k.Register(r)
			k.Spine.People["9990000018"], k.Spine.People["9990000026"] = fresh, fresh
			k.Merge(other, k.Trace("9990000018", "1985-12-10"))
			return other
		},
	} {
		t.Run(name, func(t *testing.T) {
			withKit(t, func(k *kit) {
				fresh := patienttest.Ada
				fresh.NHSNumber = "9990000026"
				want := prepare(k, fresh)
				k.Trace("9990000018", "1985-12-10")
				_, before, err := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 9})
				if err != nil {
					k.Fatal(err)
				}
				for range 3 {
					if got := k.Trace("9990000018", "1985-12-10"); got != want {
						k.Fatalf("traced: got %v, want %v", got, want)
					}
					if got := k.Register(ada()); got != want {
						k.Fatalf("registered: got %v, want %v", got, want)
					}
					found, n, err := k.Patients.List(k.Ctx, patient.Query{Text: "999 000 0018", Count: true, Limit: 9})
					if err != nil || n != 1 || found[0].ID != want || found[0].NHSNumber != "9990000026" {
						k.Fatalf("searched: got %+v, %v", found, err)
					}
				}
				if _, n, _ := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 9}); n != before {
					k.Fatalf("there are %d patients, and were %d", n, before)
				}
				k.Spine.Err = demographics.ErrDown
				if got := k.Trace("9990000018", "1985-12-10"); got != want {
					k.Fatalf("while the service is down: got %v, want %v", got, want)
				}
				r := ada()
				r.BirthDate = new(input.DayOf(1985, 12, 11))
				if _, err := patienttest.Register(k.Ctx, k.Patients, r); !errors.Is(err, patient.ErrNHSNumberTaken) {
					k.Fatalf("another person with the old number: %v", err)
				}
			})
		})
	}
}

func TestManyRegisterWithANumberThatIsSupersededMeanwhile(t *testing.T) {
	withKit(t, func(k *kit) {
		old := k.Trace("9990000018", "1985-12-10")
		fresh := patienttest.Ada
		fresh.NHSNumber = "9990000026"
		k.Spine.People["9990000018"], k.Spine.People["9990000026"] = fresh, fresh
		var wait sync.WaitGroup
		for i := range 12 {
			wait.Go(func() {
				if i == 3 {
					k.Trace("9990000018", "1985-12-10")
					return
				}
				if id, err := patienttest.Register(k.Ctx, k.Patients, ada()); err != nil || id != old {
					k.Errorf("got %v, %v; want %v", id, err, old)
				}
			})
		}
		wait.Wait()
		if _, n, _ := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 9}); n != 1 {
			k.Fatalf("%d patients", n)
		}
	})
}

// TestTwinDoesNotChangeVerifiedRecord comes with the number and the birth date
// of a person whom the national service has verified.
func TestTwinDoesNotChangeVerifiedRecord(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		before := k.Profile(id)
		for name, change := range map[string]func(*patient.Changes){
			"another forename": func(r *patient.Changes) { r.FirstName = new("Grace") },
			"another surname":  func(r *patient.Changes) { r.LastName = new("King") },
			"another sex":      func(r *patient.Changes) { r.Sex = new(patient.Sex("Male")) },
		} {
			r := ada()
			r.Mobile = new("07700 900777")
			change(&r)
			if _, err := patienttest.Register(k.Ctx, k.Patients, r); !errors.Is(err, patient.ErrDetailsDiffer) {
				k.Errorf("%s: got %v", name, err)
			}
			if after := k.Profile(id); !reflect.DeepEqual(after, before) || !slices.Equal(after.ContactPoints,
				before.ContactPoints) {
				k.Errorf("%s: it became %+v", name, after)
			}
		}
		trail, err := auditstore.New(k.DB).Trail(k.Ctx, int64(k.Group), "patient", int64(id), 10)
		if err != nil || len(trail) != 4 || trail[3].Action != "patient.contested" {
			k.Fatalf("audit trail %+v, %v", trail, err)
		}
		// The same person under a short name, in capitals, with more details.
		r := ada()
		r.FirstName, r.LastName, r.Title, r.Sex, r.Mobile = new("A"), new("BYRON"), new("Dr"),
			new(patient.Sex("Not known")), new("07700 900777")
		if got := k.Register(r); got != id {
			k.Fatalf("got %v", got)
		}
		p := k.Profile(id)
		if p.FirstName != "Ada" || p.LastName != "Byron" || p.Title != "Mrs" || p.Sex != "Female" ||
			p.NumberStatus != patient.NumberVerified || p.Mobile != "+447700900777" {
			k.Fatalf("got %+v", p)
		}
	})
}

func TestOnlyTheServiceChangesWhatItVerified(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		amend := func(c patient.Changes) error {
			_, err := k.Patients.Change(k.Ctx, id, c)
			return err
		}
		for name, c := range map[string]patient.Changes{
			"a forename": {FirstName: new("Grace")}, "a surname": {LastName: new("King")},
			"no sex": {Sex: new(patient.Sex(""))},
			"a sex":  {Sex: new(patient.Sex("Male"))}, "a birth date": {BirthDate: new(input.DayOf(1990, 1, 1))},
		} {
			if err := amend(c); !errors.Is(err, patient.ErrVerified) {
				k.Errorf("%s: got %v", name, err)
			}
		}
		if err := amend(patient.Changes{FirstName: new("ADA"), Email: new("new@example.org")}); err != nil {
			k.Fatal(err)
		}
		if p := k.Profile(id); p.FirstName != "Ada" || p.Email != "new@example.org" {
			k.Fatalf("got %+v", p)
		}
	})
}

// TestPDSDoesNotRenameAnotherPerson has a patient with another person's number, typed wrong perhaps.
func TestPDSDoesNotRenameAnotherPerson(t *testing.T) {
	withKit(t, func(k *kit) {
		r := ada()
		r.FirstName = new("Grace")
		id := k.Register(r)
		_, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000018"),
			BirthDate: new(input.DayOf(1985, 12, 10))})
		if p := k.Profile(id); !errors.Is(err, patient.ErrDetailsDiffer) || p.FirstName != "Grace" ||
			p.NumberStatus != "" {
			k.Fatalf("got %v, %+v", err, p)
		}
		if err := k.Demographics.RefreshPatient(k.Ctx, id); err != nil {
			k.Fatal(err)
		}
		if p := k.Profile(id); p.FirstName != "Grace" || p.NumberStatus != patient.NumberDisputed {
			k.Fatalf("read again: got %+v", p)
		}
	})
}

// TestDemographicsChangesAreRecordedAsEvents changes a patient by each way in.
func TestDemographicsChangesAreRecordedAsEvents(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Register(ada())
		n := 0
		changed := func(name, want string) {
			k.Helper()
			types, data := k.Events(id)
			if n++; len(types) != n || types[n-1] != "patient.demographics-updated" ||
				fmt.Sprint(data["changed"]) != want {
				k.Fatalf("%s: events %v, the last of %v; want %s", name, types, data, want)
			}
		}
		r := ada()
		r.LastName, r.Sex, r.Mobile = new("King"), new(patient.Sex("Female")), new("07700 900777")
		k.Register(r)
		changed("registered again", "[last_name sex mobile]")
		k.Register(r) // nothing new
		if _, err := k.Patients.SetContactPoint(k.Ctx, id, contactpoint.Mobile,
			patient.PointChange{Value: new("07700 900555")}); err != nil {
			k.Fatal(err)
		}
		changed("staff entered a number", "[mobile]")
		done := func(_ patient.Patient, err error) {
			k.Helper()
			if err != nil {
				k.Fatal(err)
			}
		}
		done(k.Patients.Change(k.Ctx, id, patient.Changes{FirstName: new("Augusta"), Email: new("a@example.org")}))
		changed("staff changed the record", "[first_name email]")
		done(k.Patients.RemoveNumber(k.Ctx, id, 0, true))
		changed("staff removed the number", "[nhs_number]")
		done(k.Archive.Archive(k.Ctx, id, archive.Reasons{Reason: patient.ReasonDeceased}))
		changed("they have died", "[deceased_at]")
	})
}

// TestDeathIsTheSameWhicheverSourceReportsIt has a patient die by either way.
func TestDeathIsTheSameWhicheverSourceReportsIt(t *testing.T) {
	withKit(t, func(k *kit) {
		dead := patienttest.Ada
		dead.DeceasedAt = k.Clock.Add(-24 * time.Hour)
		byPDS := k.Trace("9990000018", "1985-12-10")
		k.Spine.Put(dead)
		k.Trace("9990000018", "1985-12-10")
		r := ada()
		r.NHSNumber, r.FirstName = nil, new("Grace")
		byPractice := k.Register(r)
		set := func(reason patient.ArchiveReason) {
			if _, err := k.Archive.Archive(k.Ctx, byPractice, archive.Reasons{Reason: reason}); err != nil {
				k.Fatal(err)
			}
		}
		set("moved_away_or_transfer_of_care")
		if p := k.Profile(byPractice); p.Dead() || p.Reachable() != nil {
			k.Fatalf("moved away: got %+v", p)
		}
		set(patient.ReasonDeceased) // archived before, and has died since
		for _, id := range []patient.ID{byPDS, byPractice} {
			p := k.Profile(id)
			if !p.Dead() || p.DeceasedAt.IsZero() || !p.SetAside() || !errors.Is(p.Reachable(), patient.ErrDeceased) {
				k.Errorf("got %+v", p)
			}
		}
		k.Spine.Put(patienttest.Ada)
		k.Trace("9990000018", "1985-12-10")
		if p := k.Profile(byPDS); p.Dead() {
			k.Errorf("the service was wrong: got %+v", p)
		}
	})
}

func TestWithdrawnNumberIsMarked(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		k.Spine.Err = demographics.ErrNumberInvalid
		_, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000018"),
			BirthDate: new(input.DayOf(1985, 12, 10))})
		if !errors.Is(err, demographics.ErrNumberInvalid) || k.Profile(id).NumberStatus != patient.NumberWithdrawn {
			k.Fatalf("got %v, %+v", err, k.Profile(id))
		}
	})
}

func TestPatientWithNumberAndAnotherBirthDateIsNotChanged(t *testing.T) {
	withKit(t, func(k *kit) {
		r := ada()
		r.BirthDate = new(input.DayOf(1985, 12, 11))
		id := k.Register(r)
		_, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000018"),
			BirthDate: new(input.DayOf(1985, 12, 10))})
		if p := k.Profile(id); !errors.Is(err, patient.ErrNHSNumberTaken) || p.NumberStatus != "" ||
			p.BirthDate.String() != "1985-12-11" {
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
				got, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: new("9990000018"),
					BirthDate: new(input.DayOf(1985, 12, 10))})
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

func TestCallersDetailsAreUsedBeforeTheServices(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Register(ada())
		k.Trace("9990000018", "1985-12-10")
		value, source := k.Used(id, contactpoint.Mobile)
		if value != "+447700900123" || source != contactpoint.FromCaller {
			k.Fatalf("the mobile is %s from %s", value, source)
		}
		if _, err := k.Patients.SetContactPoint(k.Ctx, id, contactpoint.Mobile,
			patient.PointChange{Value: new("07700 900555"), Verified: new(true)}); err != nil {
			k.Fatal(err)
		}
		k.Clock = k.Clock.Add(time.Hour)
		r := ada()
		r.Mobile = new("07700 900777")
		k.Register(r)
		value, source = k.Used(id, contactpoint.Mobile)
		if value != "+447700900555" || source != contactpoint.FromPractice {
			k.Fatalf("the mobile is %s from %s", value, source)
		}
		p := k.Profile(id)
		if used, _ := p.ContactPoints.Used(contactpoint.Mobile); used.VerifiedAt.IsZero() || len(p.ContactPoints) < 5 {
			k.Fatalf("contacts %+v", p.ContactPoints)
		}
		if _, err := k.Patients.SetContactPoint(k.Ctx, id, contactpoint.Mobile,
			patient.PointChange{Value: new("")}); err != nil {
			k.Fatal(err)
		}
		if value, _ = k.Used(id, contactpoint.Mobile); value != "+447700900777" {
			k.Fatalf("what the caller said last is not used: %s", value)
		}
	})
}

func TestMobileOfTwoPatientsIsFlagged(t *testing.T) {
	withKit(t, func(k *kit) {
		a := k.Register(ada())
		if k.Profile(a).SharedMobile {
			k.Fatal("flagged for one patient")
		}
		child := patient.Changes{FirstName: new("Byron"), LastName: new("King"), BirthDate: new(input.DayOf(2020, 5, 12)),
			Mobile: new("+44 7700 900123")}
		b := k.Register(child)
		if !k.Profile(a).SharedMobile || !k.Profile(b).SharedMobile {
			k.Fatal("not flagged for both")
		}
	})
}

func TestThoseWhoAreComingAreReadAgain(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		if err := k.Demographics.RefreshPatient(k.Ctx, id); err != nil {
			k.Fatal(err)
		}
		if types, _ := k.Events(id); len(types) != 0 {
			k.Fatalf("nothing changed, but there are events %v", types)
		}
		married := patienttest.Ada
		married.LastName, married.Mobile, married.Version = "King", "+447700900102", "2"
		k.Spine.Put(married)
		k.Clock = k.Clock.Add(25 * time.Hour)
		if err := k.Demographics.RefreshPatient(k.Ctx, id); err != nil {
			k.Fatal(err)
		}
		types, data := k.Events(id)
		changed, _ := data["changed"].([]any)
		if !slices.Equal(types, []string{"patient.demographics-updated"}) || len(changed) != 2 ||
			changed[0] != "last_name" || changed[1] != "mobile" {
			k.Fatalf("events %v, %v", types, data)
		}
		if p := k.Profile(id); p.LastName != "King" || p.PDSVersion != "2" || !p.SyncedAt.Equal(k.Clock) {
			k.Fatalf("got %+v", p)
		}
		other := married
		other.BirthDate = patienttest.Date("1999-01-01")
		k.Spine.Put(other)
		if err := k.Demographics.RefreshPatient(k.Ctx, id); err != nil {
			k.Fatal(err)
		}
		if p := k.Profile(id); p.NumberStatus != patient.NumberDisputed || p.BirthDate != patienttest.Ada.BirthDate {
			k.Fatalf("got %+v", p)
		}
	})
}

// TestChangeIsRecordedOnce follows the events of a patient whom the national service knows.
func TestChangeIsRecordedOnce(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Trace("9990000018", "1985-12-10")
		heard := []string{"patient.created"}
		hears := func(name string, more ...string) {
			k.Helper()
			if heard = append(heard, more...); !slices.Equal(k.Recorded(id), heard) {
				k.Fatalf("%s: told %v, want %v", name, k.Recorded(id), heard)
			}
		}
		refresh := func(p demographics.Person) {
			k.Helper()
			k.Spine.Put(p)
			k.Clock = k.Clock.Add(25 * time.Hour)
			if err := k.Demographics.RefreshPatient(k.Ctx, id); err != nil {
				k.Fatal(err)
			}
		}
		hears("traced")
		refresh(patienttest.Ada)
		hears("read again")
		married := patienttest.Ada
		married.LastName, married.Mobile = "King", "+447700900102"
		refresh(married)
		hears("another name and number", "patient.phone-updated", "patient.updated", "patient.demographics-updated")
		connect := func() {
			k.Helper()
			number, partner, known := "9990000018", "EMIS", "7"
			if _, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: &number,
				BirthDate: new(input.DayOf(1985, 12, 10)), EHRPartner: &partner, EHRPartnerID: &known}); err != nil {
				k.Fatal(err)
			}
		}
		connect()
		hears("connected to the practice's record system", "patient.updated")
		connect()
		hears("connected again")
		moved := married
		moved.NHSNumber = "9990000026"
		k.Spine.People["9990000018"], k.Spine.People["9990000026"] = moved, moved
		k.Trace("9990000018", "1985-12-10")
		hears("another NHS number", "patient.number-updated", "patient.demographics-updated")
	})
}

func TestPatientsAreReadAgainOnlyWhereTheGroupWantsIt(t *testing.T) {
	withKit(t, func(k *kit) {
		if err := k.Demographics.Refresh(context.Background(), job.Job{Group: int64(k.Group),
			Kind: demographics.RefreshKind}); err != nil || k.Spine.Asked != 0 {
			k.Fatalf("asked %d times, %v", k.Spine.Asked, err)
		}
		if err := k.Demographics.AskRefresh(k.Ctx); err != nil {
			k.Fatal(err)
		}
	})
}

func TestRequestWithIdempotencyKeyAsksTheServiceOutsideItsTransaction(t *testing.T) {
	withKit(t, func(k *kit) {
		answers := &idempotency.Service{
			Store: idempotencystore.New(k.DB), Now: func() time.Time { return k.Clock },
			Box: sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) }),
		}
		runs := 0
		once := func() (idempotency.Answer, bool, error) {
			claim := idempotency.Claim{Group: k.Group, Key: 1, Name: "a", Fingerprint: []byte("x")}
			return answers.Once(k.Ctx, claim, func(ctx context.Context) idempotency.Answer {
				runs++
				got, err := k.Demographics.Register(ctx, demographics.Registration{NHSNumber: new("9990000018"),
					BirthDate: new(input.DayOf(1985, 12, 10))})
				if err != nil {
					return idempotency.Answer{Status: 503}
				}
				return idempotency.Answer{Status: 200, Body: []byte(got.ID.String())}
			})
		}
		first, _, err := once()
		if err != nil || first.Status != 200 || runs != 2 || k.Spine.Asked != 1 {
			k.Fatalf("got %+v, %v after %d runs and %d questions", first, err, runs, k.Spine.Asked)
		}
		second, again, err := once()
		if err != nil || !again || string(second.Body) != string(first.Body) || k.Spine.Asked != 1 {
			k.Fatalf("got %+v, %v, %v", second, again, err)
		}
	})
}
