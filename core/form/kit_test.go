package form_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	clinicalstore "frontdesk/store/clinical"
	documentstore "frontdesk/store/document"
	formstore "frontdesk/store/form"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// kit is a practice with a patient, beside another practice.
type kit struct {
	*testing.T
	db       *store.DB
	forms    *form.Service
	records  *clinical.Records
	files    *document.Documents
	box      func() (*seal.Box, error)
	group    practice.ID
	ctx      context.Context // a program's
	operator context.Context
	other    context.Context // another practice's
	ada      patient.ID
}

func each(t *testing.T, test func(d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(open(t, db)) })
}

func open(t *testing.T, db *store.DB) *kit {
	t.Helper()
	clock := func() time.Time { return time.Date(2031, time.July, 6, 23, 30, 0, 123456789, time.UTC) }
	d := &kit{T: t, db: db, records: &clinical.Records{Store: clinicalstore.NewRecords(db), Now: clock, NewID: db.NewID}}
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	d.box = func() (*seal.Box, error) { return box, nil }
	d.files = &document.Documents{Store: documentstore.NewDocuments(db),
		Box:   func() (*seal.Box, error) { return d.box() },
		Pages: func() string { return "https://desk.example.org" }, Now: clock, NewID: db.NewID}
	d.forms = &form.Service{Store: formstore.New(db), Records: d.records, Files: d.files,
		MediaType: http.DetectContentType, Now: clock, NewID: db.NewID}
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	d.must(err)
	other, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
	d.must(err)
	all := []access.Permission{access.SeeQuestionnaires, access.FillQuestionnaires, access.SeeRecords,
		access.EditRecords}
	d.group, d.ctx, d.other = g.ID, as(g.ID, all...), as(other.ID, all...)
	d.operator = access.With(context.Background(), access.Operator(g.ID))
	people := &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID}
	d.ada, err = patienttest.Register(d.operator, people, patient.Changes{FirstName: new("Ada"),
		LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)), Email: new("ada@example.org")})
	d.must(err)
	return d
}

// as is a program in a group.
func as(group practice.ID, has ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: group, Home: group, Key: 7, Actor: "Partner",
		RequestID: "r1", Permissions: has})
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

// entered are the entries of a consultation: section, kind, title, term, code and status of each.
func (d *kit) entered(id clinical.ConsultationID) []clinical.Record {
	d.Helper()
	of, err := d.records.RecordsOfConsultations(d.ctx, []clinical.ConsultationID{id})
	d.must(err)
	return of[id]
}

// kept counts the consultations there are.
func (d *kit) kept() int {
	d.Helper()
	found, _, err := d.records.Consultations(d.ctx, clinical.Query{})
	d.must(err)
	return len(found)
}

// audited lists what the trail says was done, oldest first.
func audited(t *testing.T, address string) string {
	t.Helper()
	rows, err := storetest.Raw(t, address).Query(`SELECT action, length(before) > 0, length(after) > 0 FROM audit
		WHERE entity IN ('document', 'consultation', 'record', 'questionnaire') ORDER BY id`)
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

// messageOf is the message of a refusal.
func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Message
}
