package patient_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	"frontdesk/store/storetest"
)

// spine is a national service that knows what a test tells it.
type spine struct {
	mu     sync.Mutex
	people map[string]patient.Person // by the number they are asked for by
	err    error
	asked  int
}

func (s *spine) Read(_ context.Context, _ practice.ID, number string) (patient.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return patient.Person{}, s.err
	}
	p, ok := s.people[number]
	if !ok {
		return p, patient.ErrNotTraced
	}
	return p, nil
}

func (s *spine) Trace(_ context.Context, _ practice.ID, q patient.Trace) (patient.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return patient.Person{}, s.err
	}
	var found []patient.Person
	for number, p := range s.people {
		if number == p.NHSNumber && p.LastName == q.LastName && p.FirstName == q.FirstName && p.BirthDate == q.BirthDate && p.Address.Postcode == q.Postcode {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return patient.Person{}, patient.ErrNotTraced
	case 1:
		return found[0], nil
	}
	return patient.Person{}, patient.ErrSeveralTraced
}

func (s *spine) put(p patient.Person) { s.people[p.NHSNumber] = p }

func date(s string) input.Date {
	d, ok := input.ParseDate(s)
	if !ok {
		panic(s)
	}
	return d
}

// kit is one practice group with a national service, and a clock that a test
// moves.
type kit struct {
	*testing.T
	db     *store.DB
	group  practice.ID
	s      *patient.Service
	files  *attachment.Service
	spine  *spine
	clock  time.Time
	upkeep patient.Upkeep
	ctx    context.Context
}

func withKit(t *testing.T, test func(k *kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newKit(t, db)) })
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	k := &kit{T: t, db: db, clock: now, spine: &spine{people: map[string]patient.Person{}}}
	clock := func() time.Time { return k.clock }
	groups := &practice.Service{Store: db.Practice(), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	k.group = g.ID
	k.ctx = access.With(context.Background(), access.Operator(g.ID))
	k.s = &patient.Service{
		Store: db.Patient(), Demographics: k.spine, Now: clock, NewID: db.NewID, Pages: func() string { return "https://desk.example.org" },
		Upkeep: func(context.Context, practice.ID) (patient.Upkeep, error) { return k.upkeep, nil },
	}
	k.files = &attachment.Service{Store: attachmentstore.New(db), Now: clock, NewID: db.NewID}
	k.spine.put(ada0)
	t.Cleanup(func() {
		all, err := db.Events(k.ctx, int64(k.group), 0, 1000)
		if err != nil {
			t.Error(err)
		}
		apitest.Events(t, all)
	})
	return k
}

// ada0 is how the national service knows Ada.
var ada0 = patient.Person{
	NHSNumber: "9990000018", Version: "1", Title: "Mrs", FirstName: "Ada", LastName: "Byron", BirthDate: date("1985-12-10"), Sex: "Female",
	Mobile: "+447700900101", Email: "ada@example.org", Address: patient.Address{Line1: "4 Orchard Row", Town: "Brambleford", Postcode: "ZZ1 2AB"},
}

func (k *kit) register(r patient.Registration) patient.ID {
	k.Helper()
	id, err := k.s.Register(k.ctx, r)
	if err != nil {
		k.Fatal(err)
	}
	return id
}

// trace registers through the national service, and must find a patient.
func (k *kit) trace(number, born string) patient.ID {
	k.Helper()
	got, err := k.s.RegisterPDS(k.ctx, patient.PDSRegistration{NHSNumber: &number, BirthDate: &born})
	if err != nil || got.ID == 0 {
		k.Fatalf("got %+v, %v", got, err)
	}
	return got.ID
}

func (k *kit) profile(id patient.ID) patient.Profile {
	k.Helper()
	p, err := k.s.Profile(k.ctx, id, false)
	if err != nil {
		k.Fatal(err)
	}
	return p
}

// events are the types of what happened to a patient, with the data of the last.
func (k *kit) events(id patient.ID) ([]string, map[string]any) {
	k.Helper()
	all, err := k.db.Events(context.Background(), int64(k.group), 0, 1000)
	if err != nil {
		k.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e event.Event) bool { return e.Subject != int64(id) })
	var types []string
	data := map[string]any{}
	for i, e := range all {
		types = append(types, string(e.Type))
		if e.Sequence != int64(i+1) {
			k.Errorf("event %d of the patient has number %d", i+1, e.Sequence)
		}
		clear(data)
		if err := json.Unmarshal(e.Data, &data); err != nil {
			k.Fatal(err)
		}
	}
	return types, data
}

// told are the types of what anybody was told of a patient, in order.
func (k *kit) told(id patient.ID) []string {
	k.Helper()
	all, err := k.db.Events(context.Background(), int64(k.group), 0, 1000)
	if err != nil {
		k.Fatal(err)
	}
	var types []string
	for _, e := range all {
		var data struct {
			Patient patient.ID `json:"patient_id,string"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			k.Fatal(err)
		}
		if data.Patient == id {
			types = append(types, string(e.Type))
		}
	}
	return types
}

func (k *kit) used(id patient.ID, kind patient.ContactKind) (string, patient.ContactSource) {
	k.Helper()
	c, _ := k.profile(id).Contacts.Used(kind)
	return c.Value, c.Source
}
