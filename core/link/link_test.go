package link_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	linkstore "frontdesk/store/link"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// kit is a practice with a patient beside another one, and a clock that a test moves.
type kit struct {
	*testing.T
	db         *store.DB
	links      *link.Service
	patients   *patient.Service
	ctx, other context.Context
	group      practice.ID
	ada        patient.ID
	clock      time.Time
}

var birth = input.DayOf(1985, 12, 10)

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newKit(t, db)) })
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	k := &kit{T: t, db: db, clock: time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return k.clock }
	box, err := seal.Parse([]byte(seal.NewKey()))
	k.must(err)
	files := &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
		NewID: db.NewID}
	k.links = &link.Service{Store: linkstore.New(db), Attachment: files, Now: now, NewID: db.NewID,
		Box: func() (*seal.Box, error) { return box, nil }, Pages: func() string { return "https://desk.example.org" }}
	k.patients = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	one, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane", TimeZone: "Europe/London"})
	k.must(err)
	two, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Elsewhere", TimeZone: "Europe/London"})
	k.must(err)
	k.group = one.ID
	k.ctx = access.With(t.Context(), access.Caller{Group: one.ID, Home: one.ID, Actor: "A partner",
		Permissions: access.OfKey([]access.Scope{access.BookingLinks}, nil)})
	k.other = access.With(t.Context(), access.Operator(two.ID))
	k.ada, err = patienttest.Register(access.With(t.Context(), access.Operator(one.ID)), k.patients, patient.Changes{
		FirstName: new("Ada"), LastName: new("Byron"), BirthDate: &birth, Mobile: new("07700 900555")})
	k.must(err)
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// make makes a link to a letter.
func (k *kit) make(change func(*link.ToFile)) link.Link {
	k.Helper()
	want := link.ToFile{Patient: k.ada, Name: "Letter.txt", Data: base64.StdEncoding.EncodeToString([]byte("Dear Ada"))}
	if change != nil {
		change(&want)
	}
	l, err := k.links.CreateAttachment(k.ctx, want)
	k.must(err)
	return l
}

func address(l link.Link) string { return strings.TrimPrefix(l.URL, "https://desk.example.org/s/") }

// visit proves a visit, and fetch fetches the file on it.
func (k *kit) visit(l link.Link) string {
	k.Helper()
	proof, err := k.links.Prove(k.Context(), address(l), birth)
	k.must(err)
	return proof
}

func (k *kit) fetch(l link.Link, proof string) error {
	file, err := k.links.Fetch(k.Context(), address(l), proof)
	if err == nil && string(file.Content) != "Dear Ada" {
		k.Errorf("the file is %q", file.Content)
	}
	return err
}

// count counts rows of the practice.
func (k *kit) count(text string) (n int) {
	k.Helper()
	_, err := k.db.Conn().One(k.Context(), text, store.In{k.group}, &n)
	k.must(err)
	return n
}

func (k *kit) is(l link.Link, want link.Status) {
	k.Helper()
	found, err := k.links.Find(k.ctx, l.ID, "")
	k.must(err)
	if found.Status != want {
		k.Errorf("the link is %s, not %s", found.Status, want)
	}
}

func TestAPatientFetchesAFile(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(func(w *link.ToFile) { w.MaxUses = new(1) })
		k.is(l, link.Unused)
		p, err := k.links.Look(k.Context(), address(l))
		k.must(err)
		if p.Group.Name != "Mill Lane" || p.FileName != "" {
			k.Errorf("a stranger sees %+v", p)
		}
		k.is(l, link.Unused) // looking changes nothing
		proof := k.visit(l)
		k.is(l, link.Opened)
		if p, err = k.links.Visit(k.Context(), address(l), proof); err != nil || p.FileName != "Letter.txt" ||
			p.Size != 8 {
			k.Errorf("the page is %+v, %v", p, err)
		}
		k.must(k.fetch(l, proof))
		k.must(k.fetch(l, proof)) // on one visit as often as it takes
		k.is(l, link.Used)
		if _, err := k.links.Prove(k.Context(), address(l), birth); !errors.Is(err, link.ErrUsed) {
			k.Errorf("a second visit: %v", err)
		}
	})
}

func TestADateOfBirthIsAskedOften(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		proof := k.visit(l)
		k.clock = k.clock.Add(31 * time.Minute)
		if err := k.fetch(l, proof); !errors.Is(err, link.ErrVisitOver) {
			k.Errorf("after half an hour: %v", err)
		}
		other := k.make(nil)
		if err := k.fetch(other, k.visit(l)); !errors.Is(err, link.ErrVisitOver) {
			k.Errorf("with the visit of another link: %v", err)
		}
		for _, forged := range []string{"", "a.b", proof[:len(proof)-1] + "A", strings.Repeat("x", 300)} {
			if err := k.fetch(l, forged); !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("with a forged proof: %v", err)
			}
		}
	})
}

func TestTenWrongDatesOfBirthLockALink(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		wrong := func() error {
			_, err := k.links.Prove(k.Context(), address(l), birth+1)
			return err
		}
		for range 9 {
			if err := wrong(); !errors.Is(err, link.ErrWrongDate) {
				k.Fatal(err)
			}
		}
		k.visit(l) // the right one is a new beginning
		for range 10 {
			if err := wrong(); !errors.Is(err, link.ErrWrongDate) {
				k.Fatal(err)
			}
		}
		k.is(l, link.Locked)
		if _, err := k.links.Prove(k.Context(), address(l), birth); !errors.Is(err, link.ErrLocked) {
			k.Errorf("the right date opens a locked link: %v", err)
		}
		events := k.count(`SELECT count(*) FROM event WHERE practice_group_id = $1 AND type = 'link.locked'`)
		if events != 1 {
			k.Errorf("%d events say so", events)
		}
		again, err := k.links.Reissue(k.ctx, l.ID)
		k.must(err)
		if _, err := k.links.Look(k.Context(), address(l)); !errors.Is(err, link.ErrUnknown) {
			k.Errorf("the old address: %v", err)
		}
		k.must(k.fetch(again, k.visit(again)))
	})
}

func TestALinkEnds(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(func(w *link.ToFile) { w.Expires = input.ReadBound("2031-01-08") })
		proof := k.visit(l)
		k.clock = time.Date(2031, 1, 8, 23, 59, 59, 0, time.UTC)
		k.is(l, link.Opened)
		k.clock = k.clock.Add(time.Second)
		k.is(l, link.Expired)
		for _, err := range []error{k.fetch(l, proof), func() error {
			_, err := k.links.Look(k.Context(), address(l))
			return err
		}()} {
			if !errors.Is(err, link.ErrExpired) && !errors.Is(err, link.ErrVisitOver) {
				k.Errorf("after its last day: %v", err)
			}
		}
		live := k.make(nil)
		proof = k.visit(live)
		_, err := k.links.Withdraw(k.ctx, live.ID)
		k.must(err)
		k.is(live, link.Withdrawn)
		if err := k.fetch(live, proof); !errors.Is(err, link.ErrWithdrawn) {
			k.Errorf("a visitor of a link that was withdrawn meanwhile: %v", err)
		}
	})
}

func TestALinkIsOfOnePractice(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		if _, err := k.links.Find(k.other, l.ID, ""); !errors.Is(err, link.ErrNotFound) {
			k.Errorf("by its id: %v", err)
		}
		if _, err := k.links.Find(k.other, 0, l.URL); !errors.Is(err, link.ErrNotFound) {
			k.Errorf("by its address: %v", err)
		}
		if _, err := k.links.Withdraw(k.other, l.ID); !errors.Is(err, link.ErrNotFound) {
			k.Errorf("withdrawn from elsewhere: %v", err)
		}
		if found, err := k.links.Find(k.ctx, l.ID, l.URL); err != nil || found.ID != l.ID || found.URL != l.URL {
			k.Errorf("by both: %+v, %v", found, err)
		}
		second := k.make(nil)
		if _, err := k.links.Find(k.ctx, l.ID, second.URL); !errors.Is(err, link.ErrNotFound) {
			k.Errorf("by an id and another's address: %v", err)
		}
		_, secret, _ := strings.Cut(address(l), "-")
		if _, err := k.links.Look(k.Context(), "1-"+secret); !errors.Is(err, link.ErrUnknown) {
			k.Errorf("the secret in another practice: %v", err)
		}
		if len(secret) < 32 || strings.Contains(string(l.Sealed), secret) || string(l.Hash) == secret {
			k.Error("the secret is kept as it is, or short")
		}
	})
}

func TestALinkIsRefusedForWhatIsWrong(t *testing.T) {
	each(t, func(k *kit) {
		for name, c := range map[string]struct {
			change func(*link.ToFile)
			field  string
			is     error
		}{
			"a day that is over": {func(w *link.ToFile) { w.Expires = input.ReadBound("2031-01-05") },
				"expires", nil},
			"a day too far": {func(w *link.ToFile) { w.Expires = input.ReadBound("2033-01-05") },
				"expires", nil},
			"no day": {func(w *link.ToFile) { w.Expires = input.ReadBound("soon") }, "expires",
				nil},
			"no uses":                    {func(w *link.ToFile) { w.MaxUses = new(0) }, "max_uses", nil},
			"no file":                    {func(w *link.ToFile) { w.Data = "" }, "file_data", nil},
			"a file that is a page":      {func(w *link.ToFile) { w.Data = "PGh0bWw+" }, "file_data", nil},
			"a patient who is not there": {func(w *link.ToFile) { w.Patient = 1 }, "", patient.ErrNotFound},
			"a file the patient lacks":   {func(w *link.ToFile) { w.File = 1 }, "", attachment.ErrNotFound},
		} {
			want := link.ToFile{Patient: k.ada, Name: "Letter.txt", Data: "RGVhciBBZGE="}
			c.change(&want)
			_, err := k.links.CreateAttachment(k.ctx, want)
			if c.is != nil {
				if !errors.Is(err, c.is) {
					k.Errorf("%s: %v", name, err)
				}
				continue
			}
			if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path[0] != c.field {
				k.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestManyVisitorsAtOnceTakeOneUseOnce(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(func(w *link.ToFile) { w.MaxUses = new(1) })
		const visitors = 20
		proofs := make([]string, visitors)
		for i := range proofs {
			proofs[i] = k.visit(l)
		}
		got := make([]error, visitors)
		var all sync.WaitGroup
		for i, proof := range proofs {
			all.Go(func() { got[i] = k.fetch(l, proof) })
		}
		all.Wait()
		took := 0
		for _, err := range got {
			switch {
			case err == nil:
				took++
			case !errors.Is(err, link.ErrUsed):
				k.Error(err)
			}
		}
		if took != 1 {
			k.Errorf("%d of %d visitors took the one use", took, visitors)
		}
	})
}

func TestALinkFollowsItsPatientIntoAnotherRecord(t *testing.T) {
	each(t, func(k *kit) {
		l := k.make(nil)
		staff := access.With(k.Context(), access.Operator(k.group))
		kept, err := patienttest.Register(staff, k.patients, patient.Changes{FirstName: new("Ada"),
			LastName: new("Byron"), BirthDate: &birth, Mobile: new("07700 900556")})
		k.must(err)
		merging := patienttest.Merging(k.db, k.patients)
		preview, err := merging.Preview(staff, kept, k.ada)
		k.must(err)
		_, err = merging.Merge(staff, kept, k.ada, preview.Token)
		k.must(err)
		k.must(k.fetch(l, k.visit(l)))
		found, err := k.links.Find(k.ctx, l.ID, "")
		k.must(err)
		if found.Patient != kept {
			k.Errorf("the link is of %v, not of %v", found.Patient, kept)
		}
	})
}
