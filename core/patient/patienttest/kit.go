// Package patienttest is a practice group with patients and an invented national
// service, for tests of what is done with patients.
package patienttest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/archive"
	"frontdesk/core/attachment"
	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/identifier"
	"frontdesk/core/input"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	archivestore "frontdesk/store/archive"
	attachmentstore "frontdesk/store/attachment"
	demographicsstore "frontdesk/store/demographics"
	identifierstore "frontdesk/store/identifier"
	mergestore "frontdesk/store/merge"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// Spine is an invented national service: it knows whom a test gives it.
type Spine struct {
	mu     sync.Mutex
	People map[string]demographics.Person // by the number they are asked for by
	Err    error
	Asked  int
}

// Read finds a person by number.
func (s *Spine) Read(_ context.Context, _ practice.ID, number string) (demographics.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Asked++
	if s.Err != nil {
		return demographics.Person{}, s.Err
	}
	p, ok := s.People[number]
	if !ok {
		return p, demographics.ErrNotTraced
	}
	return p, nil
}

// Trace finds a person by what is known of them.
func (s *Spine) Trace(_ context.Context, _ practice.ID, q demographics.Trace) (demographics.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Asked++
	if s.Err != nil {
		return demographics.Person{}, s.Err
	}
	var found []demographics.Person
	for number, p := range s.People {
		if number == p.NHSNumber && p.LastName == q.LastName && p.FirstName == q.FirstName &&
			p.BirthDate == q.BirthDate && p.Address.Postcode == q.Postcode {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return demographics.Person{}, demographics.ErrNotTraced
	case 1:
		return found[0], nil
	}
	return demographics.Person{}, demographics.ErrSeveralTraced
}

// Put has it know a person.
func (s *Spine) Put(p demographics.Person) { s.People[p.NHSNumber] = p }

// Date reads a date.
func Date(s string) input.Date {
	d, ok := input.ParseDate(s)
	if !ok {
		panic(s)
	}
	return d
}

// Kit is one practice group with a national service, and a clock that a test moves.
type Kit struct {
	*testing.T
	DB           *store.DB
	Group        practice.ID
	Patients     *patient.Service
	Identifiers  *identifier.Service
	Demographics *demographics.Service
	Merging      *merge.Service
	Archive      *archive.Service
	Files        *attachment.Service
	Spine        *Spine
	Clock        time.Time
	Upkeep       demographics.Upkeep
	Ctx          context.Context
}

// Now is when tests begin.
var Now = time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)

// Each runs a test on each database.
func Each(t *testing.T, test func(k *Kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(New(t, db)) })
}

// New makes a group in a database. The test fails if an event is recorded that is not as its schema says.
func New(t *testing.T, db *store.DB) *Kit {
	t.Helper()
	k := &Kit{T: t, DB: db, Clock: Now, Spine: &Spine{People: map[string]demographics.Person{}}}
	clock := func() time.Time { return k.Clock }
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	k.Group = g.ID
	k.Ctx = access.With(context.Background(), access.Operator(g.ID))
	k.Patients = &patient.Service{
		Store: patientstore.New(db), Belongings: patientstore.NewBelongings(db), Now: clock,
		NewID: db.NewID,
	}
	k.Identifiers = &identifier.Service{Store: identifierstore.New(db), Now: clock, NewID: db.NewID}
	k.Demographics = &demographics.Service{
		Store: demographicsstore.New(db), Networks: practicestore.New(db), PDS: k.Spine, Now: clock, NewID: db.NewID,
		Pages:  func() string { return "https://desk.example.org" },
		Upkeep: func(context.Context, practice.ID) (demographics.Upkeep, error) { return k.Upkeep, nil },
	}
	k.Merging = &merge.Service{Store: mergestore.New(db), Now: clock, NewID: db.NewID}
	k.Archive = &archive.Service{Store: archivestore.New(db), Now: clock, NewID: db.NewID}
	k.Files = &attachment.Service{Store: attachmentstore.New(db), Now: clock, NewID: db.NewID}
	k.Spine.Put(Ada)
	t.Cleanup(func() {
		all, err := db.Events(k.Ctx, int64(k.Group), 0, 1000)
		if err != nil {
			t.Error(err)
		}
		apitest.Events(t, all)
	})
	return k
}

// Ada is how the national service knows Ada.
var Ada = demographics.Person{
	NHSNumber: "9990000018", Version: "1", Title: "Mrs", FirstName: "Ada", LastName: "Byron",
	BirthDate: Date("1985-12-10"), Sex: "Female",
	Mobile: "+447700900101", Email: "ada@example.org", Address: patient.Address{Line1: "4 Orchard Row",
		Town: "Brambleford", Postcode: "ZZ1 2AB"},
}

// Fields are the fields a fault names, with spaces between.
func Fields(err error) string {
	var f *fault.Error
	var out []string
	if errors.As(err, &f) {
		for _, field := range f.Fields {
			out = append(out, strings.Join(field.Path, "."))
		}
	}
	return strings.Join(out, " ")
}

// AdaSays is what a partner's program says of Ada.
func AdaSays() patient.Changes {
	return patient.Changes{
		FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: new("07700 900123"),
		NHSNumber: new("999 000 0018"),
	}
}

// Register registers a patient.
func Register(ctx context.Context, s *patient.Service, c patient.Changes) (patient.ID, error) {
	p, err := s.Register(ctx, patient.Registration{Changes: c})
	return p.ID, err
}

// Register registers a patient, and must.
func (k *Kit) Register(c patient.Changes) patient.ID {
	k.Helper()
	id, err := Register(k.Ctx, k.Patients, c)
	if err != nil {
		k.Fatal(err)
	}
	return id
}

// Merging is what merges the patients of a service.
func Merging(db *store.DB, s *patient.Service) *merge.Service {
	return &merge.Service{Store: mergestore.New(db), Now: s.Now, NewID: s.NewID}
}

// Trace registers through the national service, and must find a patient.
func (k *Kit) Trace(number, born string) patient.ID {
	k.Helper()
	got, err := k.Demographics.Register(k.Ctx, demographics.Registration{NHSNumber: &number,
		BirthDate: new(patient.ReadBirthDate(born))})
	if err != nil || got.ID == 0 {
		k.Fatalf("got %+v, %v", got, err)
	}
	return got.ID
}

// Profile reads a patient with their contact points.
func (k *Kit) Profile(id patient.ID) patient.Patient {
	k.Helper()
	p, err := k.Patients.Patient(k.Ctx, id, patient.WithContactPoints)
	if err != nil {
		k.Fatal(err)
	}
	return p
}

// Events are the types of what happened to a patient, with the data of the last.
func (k *Kit) Events(id patient.ID) ([]string, map[string]any) {
	k.Helper()
	all, err := k.DB.Events(context.Background(), int64(k.Group), 0, 1000)
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

// Recorded are the types of all events about a patient, in order.
func (k *Kit) Recorded(id patient.ID) []string {
	k.Helper()
	all, err := k.DB.Events(context.Background(), int64(k.Group), 0, 1000)
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

// Used is the contact point of a kind that is in use, and who gave it.
func (k *Kit) Used(id patient.ID, kind contactpoint.Kind) (string, contactpoint.Informant) {
	k.Helper()
	c, _ := k.Profile(id).ContactPoints.Used(kind)
	return c.Value, c.Source
}

// Merge merges two patients, as a preview shows it.
func (k *Kit) Merge(keep, from patient.ID) merge.Merge {
	k.Helper()
	p, err := k.Merging.Preview(k.Ctx, keep, from)
	if err != nil {
		k.Fatal(err)
	}
	m, err := k.Merging.Merge(k.Ctx, keep, from, p.Token)
	if err != nil {
		k.Fatal(err)
	}
	return m
}
