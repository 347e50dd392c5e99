package formlink_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/seal"
	"frontdesk/core/task"
	"frontdesk/store"
	attachmentstore "frontdesk/store/attachment"
	clinicalstore "frontdesk/store/clinical"
	documentstore "frontdesk/store/document"
	formstore "frontdesk/store/form"
	formlinkstore "frontdesk/store/formlink"
	linkstore "frontdesk/store/link"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
	taskstore "frontdesk/store/task"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var born = input.DayOf(1985, 12, 10)

// kit is a practice with a form and its patient Ada, beside another practice.
type kit struct {
	*testing.T
	db       *store.DB
	clock    *clock
	ctx      context.Context
	other    context.Context
	group    practice.Group
	people   *patient.Service
	links    *link.Service
	forms    *form.Service
	files    *attachment.Service
	fill     *formlink.Service
	records  *record.Service
	clinical *clinical.Records
	tasks    *task.Service
	ada      patient.ID
	nurse    practice.PractitionerID
	form     form.Questionnaire
}

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(newKit(t, db)) })
}

func newKit(t *testing.T, db *store.DB) *kit {
	k := &kit{T: t, db: db, clock: &clock{at: time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC)}}
	now, newID, pages := k.clock.Now, db.NewID, func() string { return "https://frontdesk.example" }
	sealed, err := seal.Parse([]byte(seal.NewKey()))
	k.must(err)
	box := func() (*seal.Box, error) { return sealed, nil }
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: newID}
	k.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: newID}
	k.files = &attachment.Service{Store: attachmentstore.New(db), MediaType: http.DetectContentType, Now: now,
		NewID: newID}
	k.links = &link.Service{Store: linkstore.New(db), Attachment: k.files, Box: box, Pages: pages, Now: now,
		NewID: newID}
	k.clinical = &clinical.Records{Store: clinicalstore.NewRecords(db), Now: now, NewID: newID}
	k.records = &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Pages: pages, Now: now, NewID: newID}
	k.tasks = &task.Service{Store: taskstore.New(db), Now: now, NewID: newID}
	k.forms = &form.Service{Store: formstore.New(db), Records: k.clinical,
		Files: &document.Documents{Store: documentstore.NewDocuments(db), Box: box, Pages: pages, Now: now,
			NewID: newID},
		MediaType: http.DetectContentType, Now: now, NewID: newID}
	k.fill = &formlink.Service{Store: formlinkstore.New(db), Link: k.links, Form: k.forms, Record: k.records,
		File: k.files, Now: now, NewID: newID}
	k.group, err = groups.CreateGroup(context.Background(), practice.Group{Name: "Brambleford", Phone: "+441632960100"})
	k.must(err)
	k.ctx = access.With(context.Background(), access.Operator(k.group.ID))
	elsewhere, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
	k.must(err)
	k.other = access.With(context.Background(), access.Operator(elsewhere.ID))
	k.ada, err = patienttest.Register(k.ctx, k.people, patient.Changes{FirstName: new("Ada"), LastName: new("Byron"),
		BirthDate: new(born), Email: new("ada@example.org")})
	k.must(err)
	nurse, err := groups.CreatePractitioner(k.ctx, practice.PractitionerChange{FirstName: new("Nia"),
		LastName: new("Price"), Profession: new(practice.Professions[0])})
	k.must(err)
	k.nurse = nurse.ID
	k.form, err = k.forms.Import(k.ctx, everything())
	k.must(err)
	return k
}

// everything is a form with every kind of question; the second section is for smokers alone.
func everything() form.Questionnaire {
	return form.Questionnaire{Title: "Health check", Content: form.Content{Sections: []form.Section{
		{Title: "You", Questions: []form.Question{
			{ID: 1, Title: "Do you smoke?", Kind: form.AskOption, Required: true, Choices: []string{"Yes", "No"}},
			{ID: 2, Title: "Weight", Kind: form.AskText, Code: "27113001", Term: "Body weight",
				Number: &form.Bounds{Low: 20, High: 400, Decimals: 1, Unit: "kg"}},
			{ID: 3, Title: "Allergies", Kind: form.AskTerm, Becomes: clinical.Allergy, Multiple: true},
			{ID: 4, Title: "Anything else?", Kind: form.AskLines},
			{ID: 5, Title: "Last check", Kind: form.AskDate},
			{ID: 6, Title: "Signed", Kind: form.AskSignature},
		}},
		{Title: "Smoking", DependsOn: &form.Dependency{Question: 1, Answer: "Yes"}, Questions: []form.Question{
			{ID: 7, Title: "How many a day?", Kind: form.AskText, Required: true,
				Number: &form.Bounds{Low: 1, High: 100}},
			{ID: 8, Title: "A photograph", Kind: form.AskFile, Multiple: true},
		}},
	}}}
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%v %+v", err, fault.Of(err).Fields)
	}
}

func (k *kit) want(err, target error) {
	k.Helper()
	if !errors.Is(err, target) {
		k.Fatalf("got %v, want %v", err, target)
	}
}

// q is a question of the form by its title.
func (k *kit) q(title string) form.Question {
	k.Helper()
	for _, s := range k.form.Content.Sections {
		for _, q := range s.Questions {
			if q.Title == title {
				return q
			}
		}
	}
	k.Fatalf("no question %q", title)
	return form.Question{}
}

func (k *kit) make(more func(*formlink.New)) formlink.Request {
	k.Helper()
	want := formlink.New{Ask: formlink.Ask{Form: k.form.ID}, Patient: k.ada}
	if more != nil {
		more(&want)
	}
	r, err := k.fill.Create(k.ctx, want)
	k.must(err)
	return r
}

// open is a visit by a link.
func (k *kit) open(r formlink.Request) formlink.Visit {
	k.Helper()
	v := formlink.Visit{Address: r.URL[strings.LastIndex(r.URL, "/")+1:]}
	var err error
	v.Proof, err = k.links.Prove(context.Background(), v.Address, born)
	k.must(err)
	return v
}

// save saves a page, by the titles of its questions.
func (k *kit) save(v formlink.Visit, step int, given map[string]any) []form.Problem {
	k.Helper()
	answers := form.Given{}
	for title, text := range given {
		answers[k.q(title).ID] = []any{text}
	}
	_, problems, err := k.fill.Save(context.Background(), v, step, answers)
	k.must(err)
	return problems
}

func (k *kit) page(v formlink.Visit) formlink.Page {
	k.Helper()
	p, err := k.fill.Open(context.Background(), v)
	k.must(err)
	return p
}

// filled is a visit that has answered all there is to answer of a smoker.
func (k *kit) filled(r formlink.Request) formlink.Visit {
	k.Helper()
	v := k.open(r)
	k.save(v, 0, map[string]any{"Do you smoke?": "Yes", "Weight": "82.5", "Allergies": "Nuts",
		"Anything else?": "One.\nTwo.", "Last check": "2030-05-01"})
	k.save(v, 1, map[string]any{"Signed": map[string]any{"typed": "Ada Byron"}})
	k.save(v, 2, map[string]any{"How many a day?": "10"})
	k.save(v, 3, nil)
	if next := k.page(v).Next(); next != -1 {
		k.Fatalf("page %d is not filled in", next)
	}
	return v
}

func (k *kit) send(v formlink.Visit) error {
	k.Helper()
	return k.fill.Send(context.Background(), v, k.page(v).ID)
}

// count counts rows of a table.
func (k *kit) count(table, where string) int {
	k.Helper()
	n := 0
	_, err := k.db.Conn().One(k.ctx, fmt.Sprintf(`SELECT count(*) FROM %s WHERE practice_group_id = $1 AND %s`, table,
		where), store.In{k.group.ID}, &n)
	k.must(err)
	return n
}
