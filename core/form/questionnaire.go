// Package form is what patients are asked: questionnaires, and the answers to them.
//
//	questionnaire.go  questionnaires imported, found, listed
//	fill.go           answers kept as a consultation
//	answer.go         answers held against their questions
//	step.go           the pages a questionnaire is filled in on, and what is given until it is sent
package form

import (
	"context"
	"math"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/record"
	"frontdesk/core/write"
)

// ID names a questionnaire within a practice group.
type ID = clinical.FormID

// The faults of questionnaires. The messages about answers name the question.
var (
	ErrNotFound = fault.New(fault.NotFound, "questionnaire_not_found",
		"This practice group has no such questionnaire.")
	ErrNoQuestion = fault.New(fault.NotFound, "question_not_found", "This questionnaire has no such question.")
	ErrUnanswered = fault.New(fault.Invalid, "question_unanswered", "A question must be answered.")
	ErrAnswer     = fault.New(fault.Invalid, "answer_wrong", "This is no answer to the question.")
)

// Questionnaire is questions to patients. None is made through an API.
type Questionnaire struct {
	ID ID `json:"id"`
	// Token is what its page is known by.
	Token     string    `json:"token"`
	Title     string    `json:"title"`
	Content   Content   `json:"content"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (q Questionnaire) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "questionnaire", ID: int64(q.ID)}
}

// Deleted reports whether the questionnaire was deleted.
func (q Questionnaire) Deleted() bool { return !q.DeletedAt.IsZero() }

// Content is what a questionnaire shows and asks.
type Content struct {
	// Confirmation is what the patient reads afterwards, and Redirect where the
	// patient goes.
	Confirmation string    `json:"confirmation,omitempty"`
	Redirect     string    `json:"redirect,omitempty"`
	Header       string    `json:"header,omitempty"`
	Footer       string    `json:"footer,omitempty"`
	Styling      Styling   `json:"styling,omitzero"`
	Settings     Settings  `json:"settings,omitzero"`
	Sections     []Section `json:"sections"`
}

// Styling is a questionnaire's colours: behind and of what stands in it.
type Styling struct {
	MainBackground     string `json:"main_background,omitempty"`
	MainFont           string `json:"main_font,omitempty"`
	HeaderBackground   string `json:"header_background,omitempty"`
	HeaderFont         string `json:"header_font,omitempty"`
	SectionsBackground string `json:"sections_background,omitempty"`
	SectionsFont       string `json:"sections_font,omitempty"`
	FooterBackground   string `json:"footer_background,omitempty"`
	FooterFont         string `json:"footer_font,omitempty"`
}

// Settings are what a questionnaire asks for besides its questions.
type Settings struct {
	ShowLogo     bool `json:"show_logo,omitempty"`
	BirthSurname bool `json:"birth_surname,omitempty"`
	Title        bool `json:"title,omitempty"`
	Email        bool `json:"email,omitempty"`
	BirthDate    bool `json:"birth_date,omitempty"`
	Address      bool `json:"address,omitempty"`
	Gender       bool `json:"gender,omitempty"`
	Phone        bool `json:"phone,omitempty"`
}

// Section is some of a questionnaire's questions.
type Section struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	// Description is HTML, and Plain the same as text.
	Description string      `json:"description,omitempty"`
	Plain       string      `json:"plain,omitempty"`
	DependsOn   *Dependency `json:"depends_on,omitempty"`
	Questions   []Question  `json:"questions"`
}

// Dependency is the answer that decides whether something is asked.
type Dependency struct {
	Question int64  `json:"question"`
	Answer   string `json:"answer"`
	// Negate says that it must be another answer.
	Negate bool `json:"negate,omitempty"`
}

// QuestionKind is what kind of answer a question takes.
type QuestionKind string

// The kinds of question.
const (
	AskOption       QuestionKind = "option"
	AskText         QuestionKind = "text"
	AskLines        QuestionKind = "multiline"
	AskTerm         QuestionKind = "snomed"
	AskSignature    QuestionKind = "signature"
	AskDate         QuestionKind = "date"
	AskRelationship QuestionKind = "relationship"
	AskFile         QuestionKind = "fileUpload"
)

// QuestionKinds are all the kinds of question.
var QuestionKinds = []QuestionKind{AskOption, AskText, AskLines, AskTerm, AskSignature, AskDate, AskRelationship,
	AskFile}

// Question is one question.
type Question struct {
	ID        int64        `json:"id"`
	Title     string       `json:"title"`
	Kind      QuestionKind `json:"kind"`
	Required  bool         `json:"required,omitempty"`
	DependsOn *Dependency  `json:"depends_on,omitempty"`
	// Multiple says that it takes several answers.
	Multiple bool `json:"multiple,omitempty"`
	// Hint helps to answer it, on the page of a link.
	Hint string `json:"hint,omitempty"`
	// Choices are the answers to choose from.
	Choices []string `json:"choices,omitempty"`
	// Number bounds a line of text that is a number; nil is any text.
	Number *Bounds `json:"number,omitempty"`
	// Longest is how many characters an answer in words may have; 0 is as many as fit.
	Longest int `json:"longest,omitempty"`
	// Code and Term are the SNOMED CT concept of the answer, such as 27113001, Body weight; empty is none.
	Code string `json:"snomed_code,omitempty"`
	Term string `json:"snomed_term,omitempty"`
	// Becomes is the kind of record a medical term is kept as.
	Becomes clinical.Kind `json:"becomes,omitempty"`
	// Relationship is what the person asked for is to the patient, and Capture what is
	// asked of them besides the name.
	Relationship string  `json:"relationship,omitempty"`
	Capture      Capture `json:"capture,omitzero"`
}

// Bounds are what a number must be within.
type Bounds struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Decimals is how many digits may follow the point.
	Decimals int    `json:"decimals,omitempty"`
	Unit     string `json:"unit,omitempty"`
}

// Capture is what a question about a person around the patient asks for.
type Capture struct {
	Company       bool `json:"company,omitempty"`
	Email         bool `json:"email,omitempty"`
	Phone         bool `json:"phone,omitempty"`
	Address       bool `json:"address,omitempty"`
	PolicyNumber  bool `json:"policy_number,omitempty"`
	Authorisation bool `json:"authorisation,omitempty"`
}

// Store is what questionnaires need remembered.
type Store interface {
	// Questionnaire finds a questionnaire, deleted ones too, or returns ErrNotFound.
	Questionnaire(ctx context.Context, group practice.ID, id ID) (Questionnaire, error)
	// Questionnaires lists them. Those asked for by when they were made or changed come in that order, others in the
	// order of ids.
	Questionnaires(ctx context.Context, group practice.ID, q clinical.Query, rows input.Rows) ([]Questionnaire, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Keeper
	clinical.PatientLock
	SaveQuestionnaire(ctx context.Context, group practice.ID, q Questionnaire) error
}

// Keeper keeps answers in a transaction.
type Keeper interface {
	clinical.EntryTx
	// SaveDocument and KeepContent keep the files of answers.
	SaveDocument(ctx context.Context, group practice.ID, d document.Document) error
	KeepContent(ctx context.Context, group practice.ID, id document.ID, content []byte) error
	event.Recorder
}

// Service is the questionnaires of a practice.
type Service struct {
	Store Store
	// Records keeps the answers.
	Records *clinical.Records
	// Files gives the addresses that files of answers are put at.
	Files *document.Documents
	// MediaType tells what kind of file some content is, by its first bytes.
	MediaType func(content []byte) string
	Now       func() time.Time
	NewID     func() int64
}

// Find finds one questionnaire, deleted or not. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Questionnaire, error) {
	return read.One(ctx, access.SeeQuestionnaires, id, s.Store.Questionnaire)
}

// List lists questionnaires, and reports whether more follow. Those asked for
// by when they were made or changed come in that order, others in the order of
// their ids.
func (s *Service) List(ctx context.Context, q clinical.Query) ([]Questionnaire, bool, error) {
	var in input.Checks
	return read.Page(ctx, access.SeeQuestionnaires, &in, q.Rows(&in), q, s.Store.Questionnaires)
}

// mostListed is how many questionnaires All lists.
const mostListed = 1000

// All lists the questionnaires that are not deleted, in the order of their ids: the first thousand.
func (s *Service) All(ctx context.Context) ([]Questionnaire, error) {
	var out []Questionnaire
	q := clinical.Query{Listing: input.Listing{Page: input.Page{Number: 1, Size: 100}}}
	for len(out) < mostListed {
		found, more, err := s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			one.Content = Content{Header: one.Content.Header}
			out = append(out, one)
		}
		if q.Page.Number++; !more {
			break
		}
	}
	return out, nil
}

// Import keeps a new questionnaire. Its sections and questions get
// ids of their own; what depends on a question names it by the id it came with.
// It needs the permission access.ImportRecords.
func (s *Service) Import(ctx context.Context, q Questionnaire) (Questionnaire, error) {
	if _, err := access.Require(ctx, access.ImportRecords); err != nil {
		return Questionnaire{}, err
	}
	var in input.Checks
	q.Title = in.Required("title", q.Title, 200)
	if q.Content.Sections == nil {
		q.Content.Sections = []Section{}
	}
	known := map[int64]int64{}
	s.number(&in, q.Content.Sections, known)
	again := func(d *Dependency) *Dependency {
		if d == nil {
			return nil
		}
		id, ok := known[d.Question]
		if !ok || id == 0 {
			in.Wrong("dependent_on", input.CodeString, "the id of one question of this questionnaire",
				"There is no such question, or more than one.")
		}
		return &Dependency{id, d.Answer, d.Negate}
	}
	for i := range q.Content.Sections {
		section := &q.Content.Sections[i]
		section.DependsOn = again(section.DependsOn)
		for j := range section.Questions {
			section.Questions[j].DependsOn = again(section.Questions[j].DependsOn)
		}
	}
	if q.Content.circular() {
		in.Wrong("dependent_on", input.CodeString, "the id of a question that does not depend on this one",
			"A question depends on itself.")
	}
	if err := in.Err(); err != nil {
		return Questionnaire{}, err
	}
	return write.Do(ctx, access.ImportRecords, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Questionnaire, error) {
		q.ID, q.Version, q.CreatedAt, q.UpdatedAt = ID(s.NewID()), 1, e.Now, e.Now
		if err := e.Tx.SaveQuestionnaire(ctx, e.Group(), q); err != nil {
			return q, err
		}
		return q, e.Audit(ctx, "questionnaire.import", int64(q.ID), nil, q)
	})
}

// circular reports whether a question depends on itself, by way of others or not.
func (c Content) circular() bool {
	needs := c.dependencies()
	open, over := map[int64]bool{}, map[int64]bool{}
	var circle func(question int64) bool
	circle = func(question int64) bool {
		if open[question] || over[question] {
			return !over[question]
		}
		open[question] = true
		if slices.ContainsFunc(needs[question], func(d *Dependency) bool { return circle(d.Question) }) {
			return true
		}
		over[question] = true
		return false
	}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			if circle(q.ID) {
				return true
			}
		}
	}
	return false
}

// check checks a question as far as it is right by itself.
func (q *Question) check(in *input.Checks) {
	q.Title = in.Required("title", q.Title, 2000)
	q.Kind = input.Choice(in, "type", q.Kind, QuestionKinds)
	if q.Kind == AskOption && len(q.Choices) == 0 {
		in.Wrong("possible_answers", input.CodeSmall, "at least one answer", "There is nothing to choose from.")
	}
	for i, choice := range q.Choices {
		if in.Required("possible_answers", choice, 2000) != choice || slices.Contains(q.Choices[:i], choice) {
			in.Wrong("possible_answers", input.CodeString, "answers that differ, without spaces around them",
				"These are not answers to choose from.")
		}
	}
	q.checkBounds(in)
	if q.Kind == AskTerm {
		q.Becomes = input.Choice(in, "record_type", q.Becomes, []clinical.Kind{clinical.Allergy,
			clinical.Condition, clinical.FamilyHistory, clinical.Medication, clinical.Procedure})
	}
}

// checkBounds checks what an answer must be within, and what it is called in SNOMED CT.
func (q *Question) checkBounds(in *input.Checks) {
	q.Hint = in.Text("hint", q.Hint, 500)
	if b := q.Number; b != nil {
		b.Unit = in.Text("unit", b.Unit, 50)
		in.Between("decimals", b.Decimals, 0, maxDecimals)
		if q.Kind != AskText || !(b.Low <= b.High) || math.Abs(b.Low) >= tooMuch || math.Abs(b.High) >= tooMuch {
			in.Wrong("number", input.CodeString, "the lowest and the highest number, for a question of type `text`",
				"These are no bounds for this question.")
		}
	}
	in.Between("longest", q.Longest, 0, maxLines)
	if q.Code = in.Text("snomed_code", q.Code, 18); q.Code == "" {
		q.Term = ""
		return
	}
	if q.Term = in.Required("snomed_term", q.Term, 255); !record.IsConcept(q.Code) {
		in.Wrong("snomed_code", input.CodeString, "the id of a SNOMED CT concept, such as 27113001",
			"This is not the id of a SNOMED CT concept.")
	}
}

// number gives sections and questions their ids, and notes which question had
// which before; 0 is more than one.
func (s *Service) number(in *input.Checks, sections []Section, known map[int64]int64) {
	for i := range sections {
		sections[i].ID, sections[i].Title = s.NewID(), in.Text("section_title", sections[i].Title, 200)
		if sections[i].Questions == nil {
			sections[i].Questions = []Question{}
		}
		for j := range sections[i].Questions {
			q := &sections[i].Questions[j]
			q.check(in)
			id := s.NewID()
			if _, twice := known[q.ID]; twice {
				known[q.ID], q.ID = 0, id
				continue
			}
			known[q.ID], q.ID = id, id
		}
	}
}
