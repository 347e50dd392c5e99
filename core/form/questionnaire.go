// Package form is what patients are asked: questionnaires, and the answers to them.
//
//	questionnaire.go  questionnaires imported, found, listed
//	kind.go           what a form is for, and the concept that its answers are kept with
//	edit.go           forms made, edited and published by the practice, and their versions
//	field.go          the questions of a form as they are written, one after the other
//	check.go          what is right and wrong about a question, and about conditions
//	rule.go           what the answers to a care navigation form lead to
//	navigate.go       what is right and wrong about rules
//	fill.go           answers kept as a consultation
//	response.go       what was answered, by whom and to which version
//	answer.go         answers held against their questions
//	step.go           the pages a questionnaire is filled in on, and what is given until it is sent
package form

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/task"
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

// Questionnaire is questions to patients, as the practice has published them.
type Questionnaire struct {
	ID ID `json:"id"`
	// Token is what its page is known by.
	Token   string  `json:"token"`
	Type    Type    `json:"form_type"`
	Title   string  `json:"title"`
	Content Content `json:"content"`
	// Published is the number of the version that Title and Content are; 0 is that none was published yet.
	Published int64 `json:"published"`
	// Draft is what is edited and not published; nil is that nothing was changed since.
	Draft     *Draft    `json:"draft,omitempty"`
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
	// Description is for staff, PatientTitle what patients see in place of the title, and Header what they read
	// first.
	Description  string `json:"description,omitempty"`
	PatientTitle string `json:"patient_title,omitempty"`
	// Code and Term are the SNOMED CT concept that the answers are kept with; empty is that of the type.
	Code string `json:"snomed_code,omitempty"`
	Term string `json:"snomed_term,omitempty"`
	// Confirmation is what the patient reads afterwards, and Redirect where the
	// patient goes.
	Confirmation string    `json:"confirmation,omitempty"`
	Redirect     string    `json:"redirect,omitempty"`
	Header       string    `json:"header,omitempty"`
	Footer       string    `json:"footer,omitempty"`
	Styling      Styling   `json:"styling,omitzero"`
	Settings     Settings  `json:"settings,omitzero"`
	Sections     []Section `json:"sections"`
	// Rules are what the answers to a care navigation form lead to, the first that they meet, and Otherwise is what is
	// left.
	Rules     []Rule   `json:"rules,omitempty"`
	Otherwise *Outcome `json:"otherwise,omitempty"`
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
	// Key names the question where a form is written: see Field.
	Key string `json:"-"`
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
	// Questionnaires lists those that were published. Those asked for by when they were made or changed come in that
	// order, others in the order of ids.
	Questionnaires(ctx context.Context, group practice.ID, q clinical.Query, rows input.Rows) ([]Questionnaire, error)
	// Forms lists those that were not deleted, in the order of their ids; drafts has it list those never published too.
	Forms(ctx context.Context, group practice.ID, drafts bool, after ID, most int) ([]Questionnaire, error)
	VersionStore
	ResponseStore
	filter.Patients
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Keeper
	clinical.PatientLock
	// LockQuestionnaire keeps others from changing a form until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockQuestionnaire(ctx context.Context, group practice.ID, id ID) (Questionnaire, error)
	SaveQuestionnaire(ctx context.Context, group practice.ID, q Questionnaire) error
	AddVersion(ctx context.Context, group practice.ID, v Version) error
	// LockResponse keeps others from changing a response until the end of the transaction, and finds it, or returns
	// ErrNoResponse.
	LockResponse(ctx context.Context, group practice.ID, id clinical.ConsultationID) (Response, error)
}

// Keeper keeps answers in a transaction.
type Keeper interface {
	clinical.EntryTx
	SaveResponse(ctx context.Context, group practice.ID, r Response) error
	Bookable
	assignee.Finder
	// SaveTask keeps the task that answers lead to.
	SaveTask(ctx context.Context, group practice.ID, t task.Task) error
	// KeepFile keeps the document of an answer, with its content where that is there; nil is that it comes later.
	KeepFile(ctx context.Context, group practice.ID, d document.Document, content []byte) error
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

// Find finds one questionnaire that was published, deleted or not. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Questionnaire, error) {
	return read.One(ctx, access.SeeQuestionnaires, id, s.published)
}

// published finds a questionnaire that was published.
func (s *Service) published(ctx context.Context, group practice.ID, id ID) (Questionnaire, error) {
	q, err := s.Store.Questionnaire(ctx, group, id)
	if err == nil && q.Published == 0 {
		err = ErrNotFound
	}
	return q, err
}

// List lists questionnaires that were published, and reports whether more follow. Those asked for
// by when they were made or changed come in that order, others in the order of
// their ids.
func (s *Service) List(ctx context.Context, q clinical.Query) ([]Questionnaire, bool, error) {
	var in input.Checks
	return read.Page(ctx, access.SeeQuestionnaires, &in, q.Rows(&in), q, s.Store.Questionnaires)
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
		return &Dependency{Question: id, Answer: d.Answer, Negate: d.Negate}
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
		q.ID, q.Type, q.Version, q.CreatedAt, q.UpdatedAt = ID(s.NewID()), Asks, 1, e.Now, e.Now
		q.Published, q.Draft = 0, nil
		first := q.next(q.Title, q.Content, e.Who.Name(), e.Now)
		if err := e.Tx.SaveQuestionnaire(ctx, e.Group(), q); err != nil {
			return q, err
		}
		if err := e.Tx.AddVersion(ctx, e.Group(), first); err != nil {
			return q, err
		}
		return q, e.Audit(ctx, "questionnaire.import", int64(q.ID), nil, q)
	})
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
