package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/demographics"
	"frontdesk/core/event"
	"frontdesk/core/identity"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	linkstore "frontdesk/store/link"
	practicestore "frontdesk/store/practice"
)

const pages = "https://desk.example.org"

// kit is a practice with a national service, and links for anyone.
type kit struct {
	*patienttest.Kit
	links    *link.Service
	identity *identity.Service
	group    practice.Group
}

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	patienttest.Each(t, func(p *patienttest.Kit) {
		k := &kit{Kit: p, group: practice.Group{ID: p.Group, TimeZone: "Europe/London"}}
		box, err := seal.Parse([]byte(seal.NewKey()))
		k.must(err)
		now := func() time.Time { return k.Clock }
		k.links = &link.Service{Store: linkstore.New(p.DB), Now: now, NewID: p.DB.NewID,
			Box: func() (*seal.Box, error) { return box, nil }, Pages: func() string { return pages }}
		k.identity = &identity.Service{Link: k.links, Demographics: p.Demographics, Now: now}
		k.exec(`UPDATE practice_group SET ods_code = 'Z99001' WHERE practice_group_id = $1`, p.Group)
		test(k)
	})
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) exec(text string, args ...any) {
	k.Helper()
	k.must(k.DB.Do(k.Context(), func(c store.Conn) error {
		_, err := c.Exec(k.Context(), text, args...)
		return err
	}))
}

// anyone makes a link for anyone, or with of for one patient.
func (k *kit) anyone(of patient.ID, change func(*link.Link)) link.Link {
	k.Helper()
	var in input.Checks
	l, err := k.links.New(&in, k.group, link.Booking, of, nil, nil, k.Clock)
	k.must(errors.Join(err, in.Err()))
	if change != nil {
		change(&l)
	}
	k.must(linkstore.New(k.DB).Do(k.Context(), func(tx link.Tx) error { return tx.SaveLink(k.Context(), k.Group, l) }))
	l, err = k.links.Shown(l)
	k.must(err)
	return l
}

func address(l link.Link) string { return strings.TrimPrefix(l.URL, pages+"/s/") }

func (k *kit) says(l link.Link, s identity.Said) (identity.Found, error) {
	return k.identity.Identify(k.Context(), address(l), "192.0.2.9", s)
}

// who is the patient a visit belongs to.
func (k *kit) who(l link.Link, proof string) (patient.ID, error) {
	_, seen, err := k.links.Visited(k.Context(), address(l), proof)
	return seen.Patient, err
}

func (k *kit) count(table string) (n int) {
	k.Helper()
	k.must(k.DB.Do(k.Context(), func(c store.Conn) error {
		_, err := c.One(k.Context(), `SELECT count(*) FROM `+table+` WHERE practice_group_id = $1`, store.In{k.Group}, &n)
		return err
	}))
	return n
}

var adaSays = identity.Said{FirstName: "Ada", LastName: "Byron", BirthDate: input.DayOf(1985, 12, 10),
	NHSNumber: "999 000 0018"}

var byPostcode = identity.Said{FirstName: "Ada", LastName: "Byron", BirthDate: input.DayOf(1985, 12, 10),
	Postcode: "zz1 2ab"}

func TestAVisitorWhoIsAPatientGoesOnAsThemselves(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		l := k.anyone(0, nil)
		for name, s := range map[string]identity.Said{"by number": adaSays, "by postcode": byPostcode,
			"by a short name": {FirstName: "A", LastName: "byron", BirthDate: adaSays.BirthDate, NHSNumber: "9990000018"}} {
			got, err := k.says(l, s)
			k.must(err)
			if of, err := k.who(l, got.Proof); err != nil || of != ada {
				k.Errorf("%s: %v, %v", name, of, err)
			}
		}
		found, err := k.links.Find(k.Ctx, l.ID, "")
		k.must(err)
		if found.Opens != 3 || found.Patient != 0 || found.Status != link.Opened {
			k.Errorf("got %+v", found)
		}
	})
}

func TestAVisitIsOfTheVisitorAlone(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		bob := k.Register(patient.Changes{FirstName: new("Bob"), LastName: new("Day"), Mobile: new("07700 900557"),
			BirthDate: new(input.DayOf(1970, 1, 2)), Postcode: new("ZZ1 4VN")})
		l, other := k.anyone(0, nil), k.anyone(0, nil)
		one, err := k.says(l, adaSays)
		k.must(err)
		k.Spine.Err = demographics.ErrNotSetUp
		two, err := k.says(l, identity.Said{FirstName: "Bob", LastName: "Day", BirthDate: input.DayOf(1970, 1, 2),
			Postcode: "ZZ1 4VN"})
		k.must(err)
		for proof, want := range map[string]patient.ID{one.Proof: ada, two.Proof: bob} {
			if of, err := k.who(l, proof); err != nil || of != want {
				k.Errorf("%v, %v", of, err)
			}
		}
		// A proof is of no use with another link, or with another's name in it.
		changed := strings.Split(one.Proof, ".")
		changed[2] = strings.Split(two.Proof, ".")[2]
		tied := k.anyone(ada, nil)
		for name, try := range map[string]struct {
			l     link.Link
			proof string
		}{"of another link": {other, one.Proof}, "changed": {l, strings.Join(changed, ".")}, "tied": {tied, one.Proof}} {
			if _, err := k.who(try.l, try.proof); !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("%s: %v", name, err)
			}
		}
		k.Merge(ada, bob)
		if of, err := k.who(l, two.Proof); err != nil || of != ada {
			k.Errorf("after a merge: %v, %v", of, err)
		}
		k.exec(`UPDATE patient SET deleted_at = $2 WHERE practice_group_id = $1`, k.Group, k.Clock)
		if _, err := k.who(l, one.Proof); !errors.Is(err, link.ErrVisitOver) {
			k.Errorf("of a record that was deleted: %v", err)
		}
	})
}

// resident is a person whom the national service has as a patient of a practice.
func resident(number, first, at string) demographics.Person {
	return demographics.Person{NHSNumber: number, FirstName: first, LastName: "Vaughan", Practice: at,
		BirthDate: input.DayOf(1962, 5, 17), Address: patient.Address{Postcode: "ZZ1 4VN"}}
}

func vaughan(number, first string) identity.Said {
	return identity.Said{FirstName: first, LastName: "Vaughan", BirthDate: input.DayOf(1962, 5, 17), NHSNumber: number}
}

func TestAPersonOfThePracticeIsRegistered(t *testing.T) {
	each(t, func(k *kit) {
		k.Spine.Put(resident("9991000003", "Idris", "z99001"))
		k.Spine.Put(resident("9991000011", "Nadia", "Z99003"))
		l, open := k.anyone(0, nil), k.anyone(0, func(l *link.Link) { l.NewPatients = true })
		got, err := k.says(l, vaughan("9991000003", "Idris"))
		k.must(err)
		of, err := k.who(l, got.Proof)
		k.must(err)
		if p := k.Profile(of); p.NumberStatus != patient.NumberVerified || p.FirstName != "Idris" {
			k.Errorf("got %+v", p)
		}
		if got, err = k.says(l, vaughan("9991000011", "Nadia")); err != nil || got.Proof != "" ||
			got.Check.Reason != "elsewhere" || k.count("patient") != 1 {
			k.Errorf("%+v, %v, %d patients", got, err, k.count("patient"))
		}
		if got, err = k.says(open, vaughan("9991000011", "Nadia")); err != nil || got.Proof == "" || k.count("patient") != 2 {
			k.Errorf("%+v, %v, %d patients", got, err, k.count("patient"))
		}
	})
}

// TestAHubRegistersThePatientsOfItsNetwork follows links of a hub: only the one that says so takes patients of the
// other practices, and it takes those of no practice outside.
func TestAHubRegistersThePatientsOfItsNetwork(t *testing.T) {
	each(t, func(k *kit) {
		groups := &practice.Service{Store: practicestore.New(k.DB), Now: func() time.Time { return k.Clock },
			NewID: k.DB.NewID}
		other, err := groups.CreateGroup(k.Context(), practice.Group{Name: "Elsewhere", ODSCode: "Z99003"})
		k.must(err)
		for _, group := range []practice.ID{k.Group, other.ID} {
			k.must(groups.JoinNetwork(access.With(k.Context(), access.Operator(group)), "Westmarch"))
		}
		k.Spine.Put(resident("9991000011", "Nadia", "Z99003"))
		k.Spine.Put(resident("9991000003", "Idris", "Z99004"))
		own, hub := k.anyone(0, nil), k.anyone(0, func(l *link.Link) { l.NetworkPatients = true })
		for _, c := range []struct {
			by   link.Link
			says identity.Said
			in   bool
		}{{own, vaughan("9991000011", "Nadia"), false}, {hub, vaughan("9991000003", "Idris"), false},
			{hub, vaughan("9991000011", "Nadia"), true}} {
			got, err := k.says(c.by, c.says)
			if k.must(err); (got.Proof != "") != c.in || !c.in && got.Check.Reason != "elsewhere" {
				k.Errorf("%s: %+v", c.says.FirstName, got)
			}
		}
		k.must(groups.LeaveNetwork(access.With(k.Context(), access.Operator(other.ID)), "Westmarch"))
		k.Spine.Put(resident("9991000038", "Walter", "Z99003"))
		if got, err := k.says(hub, vaughan("9991000038", "Walter")); err != nil || got.Proof != "" {
			k.Errorf("a practice that has left the network: %+v, %v", got, err)
		}
	})
}

func TestARefusalIsTheSameWhateverItsReason(t *testing.T) {
	each(t, func(k *kit) {
		twin, dead, restricted := resident("9991000070", "Tamsin", "Z99001"), resident("9991000038", "Walter", "Z99001"),
			resident("9991000011", "Nadia", "Z99001")
		double := twin
		double.NHSNumber = "9991000089"
		dead.DeceasedAt, restricted.Restricted = k.Clock.AddDate(-1, 0, 0), true
		for _, p := range []demographics.Person{twin, double, dead, restricted, resident("9991000003", "Idris", "Z99003")} {
			k.Spine.Put(p)
		}
		gone := k.Trace("9990000018", "1985-12-10")
		_, err := k.Archive.Archive(k.Ctx, gone, archive.Reasons{Reason: "moved_away_or_transfer_of_care"})
		k.must(err)
		l := k.anyone(0, func(l *link.Link) { l.NewPatients = true })
		several := vaughan("", "Tamsin")
		several.Postcode = "ZZ1 4VN"
		unknown := vaughan("", "Owen")
		unknown.Postcode = "ZZ1 4VN"
		before := k.count("patient")
		for reason, s := range map[string]identity.Said{"no_match": unknown, "several_match": several,
			"deceased": vaughan("9991000038", "Walter"), "restricted": vaughan("9991000011", "Nadia"), "elsewhere": adaSays,
			"details_differ": vaughan("9991000070", "Tamara")} {
			got, err := k.says(l, s)
			if err != nil || got.Proof != "" || got.Check.Reason != reason ||
				!strings.HasPrefix(got.Check.Path(), "/verify/") {
				k.Errorf("%s: %+v, %v", reason, got, err)
			}
		}
		if k.count("patient") != before {
			k.Error("one was registered who was refused")
		}
	})
}

func TestWithoutTheNationalServicePatientsAreFoundAmongTheOwn(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Register(patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), Mobile: new("07700 900123"),
			BirthDate: new(input.DayOf(1985, 12, 10)), NHSNumber: new("9990000018"), Postcode: new("ZZ1 2AB")})
		k.Spine.Err = demographics.ErrNotSetUp
		l := k.anyone(0, func(l *link.Link) { l.NewPatients = true })
		for _, s := range []identity.Said{adaSays, byPostcode} {
			got, err := k.says(l, s)
			k.must(err)
			if of, err := k.who(l, got.Proof); err != nil || of != ada {
				k.Errorf("%+v: %v, %v", s, of, err)
			}
		}
		for name, change := range map[string]func(*identity.Said){
			"another date":      func(s *identity.Said) { s.BirthDate++ },
			"another last name": func(s *identity.Said) { s.LastName = "King" },
			"another number":    func(s *identity.Said) { s.NHSNumber = "9990000026" },
			"another postcode":  func(s *identity.Said) { s.NHSNumber, s.Postcode = "", "ZZ1 4VN" },
			"an initial":        func(s *identity.Said) { *s = byPostcode; s.FirstName = "A" },
		} {
			s := adaSays
			change(&s)
			if got, err := k.says(l, s); err != nil || got.Proof != "" || got.Check.Reason != "no_match" {
				k.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		k.Register(patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), Mobile: new("07700 900124"),
			BirthDate: new(input.DayOf(1985, 12, 10)), Postcode: new("ZZ1 2AB")})
		if got, err := k.says(l, byPostcode); err != nil || got.Proof != "" {
			k.Errorf("two who match: %+v, %v", got, err)
		}
		if k.count("patient") != 2 {
			k.Error("one was registered")
		}
	})
}

func TestTooManyWhoAreNotIdentifiedPauseALink(t *testing.T) {
	each(t, func(k *kit) {
		k.Trace("9990000018", "1985-12-10")
		l := k.anyone(0, nil)
		wrong := adaSays
		wrong.LastName = "King"
		from := func(network string, s identity.Said) error {
			got, err := k.identity.Identify(k.Context(), address(l), network, s)
			if err == nil && got.Proof == "" {
				err = demographics.ErrNotTraced
			}
			return err
		}
		paused := func() (n int) {
			all, err := k.DB.Events(k.Context(), int64(k.Group), 0, 1000)
			k.must(err)
			for _, e := range all {
				if e.Type == event.LinkPaused {
					n++
				}
			}
			return n
		}
		for i := range link.MostWrong - 1 {
			if err := from("192.0.2.9", wrong); !errors.Is(err, demographics.ErrNotTraced) {
				k.Fatalf("%d: %v", i, err)
			}
		}
		// Who is identified, what cannot be read and an outage are not counted.
		k.must(from("192.0.2.9", adaSays))
		if err := from("192.0.2.9", identity.Said{}); err == nil || errors.Is(err, link.ErrPaused) {
			k.Fatal(err)
		}
		k.Spine.Err = demographics.ErrDown
		if err := from("192.0.2.9", wrong); !errors.Is(err, identity.ErrNotNow) {
			k.Fatal(err)
		}
		k.Spine.Err = nil
		if paused() != 0 {
			k.Fatal("it was paused too early")
		}
		if err := from("192.0.2.9", wrong); !errors.Is(err, demographics.ErrNotTraced) || paused() != 1 {
			k.Fatalf("%v, %d events", err, paused())
		}
		for range 2 {
			if err := from("192.0.2.9", adaSays); !errors.Is(err, link.ErrPaused) || paused() != 1 {
				k.Fatalf("%v, %d events", err, paused())
			}
		}
		k.must(from("192.0.2.10", adaSays))
		k.Clock = k.Clock.Add(link.Pause)
		k.must(from("192.0.2.9", adaSays))
		// Many networks together pause it for all.
		for i := 0; paused() == 1; i++ {
			if err := from("198.51.100."+string(rune('a'+i/5)), wrong); !errors.Is(err, demographics.ErrNotTraced) || i > 100 {
				k.Fatalf("%d: %v", i, err)
			}
		}
		if err := from("203.0.113.1", adaSays); !errors.Is(err, link.ErrPaused) {
			k.Fatal(err)
		}
		k.Clock = k.Clock.Add(3 * link.Pause)
		k.must(k.links.Forget(access.With(context.Background(), access.System(k.Group))))
		if k.count("link_try") != 0 {
			k.Error("tries are kept for ever")
		}
		k.must(from("203.0.113.1", adaSays))
	})
}

func TestALinkForAnyoneOpensByNoDateOfBirth(t *testing.T) {
	each(t, func(k *kit) {
		ada := k.Trace("9990000018", "1985-12-10")
		l, tied := k.anyone(0, nil), k.anyone(ada, nil)
		if _, err := k.links.Prove(k.Context(), address(l), adaSays.BirthDate); !errors.Is(err, link.ErrUnknown) {
			k.Errorf("got %v", err)
		}
		if _, err := k.says(tied, adaSays); !errors.Is(err, link.ErrUnknown) {
			k.Errorf("got %v", err)
		}
		got, err := k.says(l, adaSays)
		k.must(err)
		again, err := k.links.Reissue(k.Ctx, l.ID)
		k.must(err)
		if _, err := k.who(again, got.Proof); !errors.Is(err, link.ErrVisitOver) {
			k.Errorf("a visit of the old address: %v", err)
		}
		if _, err := k.says(l, adaSays); !errors.Is(err, link.ErrUnknown) {
			k.Errorf("the old address: %v", err)
		}
		_, err = k.links.Withdraw(k.Ctx, l.ID)
		k.must(err)
		if _, err := k.says(again, adaSays); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("got %v", err)
		}
	})
}
