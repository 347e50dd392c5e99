package clinical_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	clinicalstore "frontdesk/store/clinical"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

var grants = []access.Permission{
	access.SeeRecords, access.EditRecords, access.SeeLetters, access.EditLetters, access.SeePrescriptions,
	access.SeeLabs,
}

// kit is a practice with a clinician, a place and two patients, beside another
// one, and a clock that moves.
type kit struct {
	records  *clinical.Records
	letters  *clinical.Letters
	imported *clinical.Imported
	*testing.T
	db       *store.DB
	now      time.Time
	group    practice.ID
	ctx      context.Context // a program's
	khan     context.Context // Dr Khan's
	operator context.Context
	other    context.Context // another practice's
	doctor   practice.PractitionerID
	place    practice.LocationID
	ada, ben patient.ID
	patients *patient.Service
}

func each(t *testing.T, test func(d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(open(t, db)) })
}

func open(t *testing.T, db *store.DB) *kit {
	t.Helper()
	d := &kit{T: t, db: db, now: time.Date(2031, time.July, 6, 23, 30, 0, 123456789, time.UTC)}
	clock := func() time.Time { return d.now }
	d.records = &clinical.Records{Store: clinicalstore.NewRecords(db), Now: clock, NewID: db.NewID}
	d.letters = &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: clock, NewID: db.NewID}
	d.imported = &clinical.Imported{Store: clinicalstore.NewImported(db), Now: clock, NewID: db.NewID}
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	d.patients = &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	d.must(err)
	d.group = g.ID
	other, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
	d.must(err)
	d.ctx, d.other = as(g.ID, "Partner", grants...), as(other.ID, "Partner", grants...)
	d.operator = access.With(context.Background(), access.Operator(g.ID))
	p, err := groups.CreatePractitioner(d.operator, practice.PractitionerChange{Title: ptr("Dr"), FirstName: ptr("A"),
		LastName: ptr("Khan")})
	d.must(err)
	l, err := groups.CreateLocation(d.operator, practice.LocationChange{Name: ptr("Room 1")})
	d.must(err)
	d.doctor, d.place = p.ID, l.ID
	who, _ := access.From(as(g.ID, "Dr A Khan (signed in)", grants...))
	who.Staff = int64(p.ID)
	d.khan = access.With(context.Background(), who)
	d.ada, d.ben = d.register("Ada"), d.register("Ben")
	return d
}

func (d *kit) register(name string) patient.ID {
	d.Helper()
	id, err := patienttest.Register(d.operator, d.patients,
		patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Email: ptr(name + "@example.org")})
	d.must(err)
	return id
}

// as is a caller in a group.
func as(group practice.ID, actor string, grants ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: group, Home: group, Key: 7, Actor: actor,
		RequestID: "r1", Permissions: grants})
}

func (d *kit) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *kit) want(err, target error) {
	d.Helper()
	if !errors.Is(err, target) {
		d.Fatalf("got %v, want %v", err, target)
	}
}

func (d *kit) text(of patient.ID, in clinical.ConsultationID, question, answer string) clinical.Record {
	d.Helper()
	r, err := d.records.CreateFreeText(d.ctx, clinical.Place{Patient: of, Consultation: in},
		clinical.FreeTextChange{Question: &question, Answer: &answer})
	d.must(err)
	return r
}

func (d *kit) letter(of patient.ID, title string) clinical.Letter {
	d.Helper()
	l, err := d.letters.Create(d.ctx, clinical.LetterChange{Patient: &of, Title: &title, Body: ptr("<p>Dear</p>")})
	d.must(err)
	return l
}

// titles are the names of what a list has.
func titles[T any](found []T, more bool, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range found {
		switch f := any(f).(type) {
		case clinical.Record:
			out = append(out, f.Title)
		case clinical.Letter:
			out = append(out, f.Title)
		case clinical.Prescription:
			out = append(out, f.Comments)
		case clinical.Lab:
			out = append(out, f.Tests)
		case clinical.Consultation:
			out = append(out, f.At.Format("15h"))
		}
	}
	if more {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

// shown is each one's page of a list of many.
func shown[K comparable, T any](of []K, parts map[K]input.Part[T], err error) string {
	var out []string
	for _, k := range of {
		out = append(out, titles(parts[k].Items, parts[k].More, err))
	}
	return strings.Join(out, "; ")
}

func date(s string) input.Date {
	v, ok := input.ParseDate(s)
	if !ok {
		panic(s)
	}
	return v
}

// merge makes Ben a part of Ada, and gives what makes them two again.
func (d *kit) merge() func() {
	d.Helper()
	preview, err := patienttest.Merging(d.db, d.patients).Preview(d.operator, d.ada, d.ben)
	d.must(err)
	m, err := patienttest.Merging(d.db, d.patients).Merge(d.operator, d.ada, d.ben, preview.Token)
	d.must(err)
	return func() {
		_, err := patienttest.Merging(d.db, d.patients).Unmerge(d.operator, d.ben, m.ID)
		d.must(err)
	}
}

// audited lists what the trail says was done, oldest first.
func audited(t *testing.T, address string) string {
	t.Helper()
	rows, err := storetest.Raw(t, address).Query(`SELECT action, length(before) > 0, length(after) > 0 FROM audit
		WHERE entity IN ('document', 'consultation', 'record', 'letter', 'prescription', 'lab') ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var action string
		var before, after bool
		if err := rows.Scan(&action, &before, &after); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(action, " ", before, " ", after))
	}
	return strings.Join(out, "\n")
}

// ctxOf gives a caller.
type ctxOf func() context.Context

func with(d *kit, grants ...access.Permission) ctxOf {
	return func() context.Context { return as(d.group, "Partner", grants...) }
}
