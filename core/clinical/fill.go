package clinical

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/document"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/record"
)

// The faults of answers. Their messages name the question.
var (
	ErrNoQuestion = fault.New(fault.NotFound, "question_not_found", "This questionnaire has no such question.")
	ErrUnanswered = fault.New(fault.Invalid, "question_unanswered", "A question must be answered.")
	ErrAnswer     = fault.New(fault.Invalid, "answer_wrong", "This is no answer to the question.")
)

// Answer is an answer to a question: text, or a list of texts where the question
// takes several; for a medical term also an object with code and term, for
// a person around the patient an object of texts, for a signature a picture in
// Base64, for a file an object with name and type.
type Answer struct {
	Question int64
	Value    any
}

// Filled is where the answers to a questionnaire are.
type Filled struct {
	Consultation  Consultation
	Questionnaire QuestionnaireID
	// UploadAddresses is where to put the files, in the order of the questions.
	UploadAddresses []string
}

// value is one answer, read.
type value struct {
	text       string
	code, term string            // of a medical term
	file       *document.New     // of a file or a signature
	content    []byte            // of a signature
	room       document.Document // made for the file
}

// answered is a question with its answers.
type answered struct {
	section  Section
	question Question
	values   []value
}

// maxSignature is how large the picture of a signature may be, in bytes.
const maxSignature = 512 << 10

// Fill keeps a patient's answers as a consultation. All of them are checked
// before anything is kept. Errors: ErrNoQuestionnaire, patient.ErrNotFound,
// ErrNoQuestion, ErrUnanswered, ErrAnswer.
func (s *Service) Fill(ctx context.Context, id QuestionnaireID, of patient.ID, answers []Answer) (Filled, error) {
	who, err := access.Require(ctx, FillQuestionnaires)
	if err != nil {
		return Filled{}, err
	}
	q, err := s.Store.Questionnaire(ctx, who.Group, id)
	if err == nil && q.Deleted() {
		err = ErrNoQuestionnaire
	}
	if err != nil {
		return Filled{}, err
	}
	given, err := q.Content.read(answers, s.MediaType)
	if err != nil {
		return Filled{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var documents []document.Document
	for _, a := range given {
		for i := range a.values {
			if v := &a.values[i]; v.file != nil {
				if v.room, err = v.file.Make(document.ID(s.NewID()), now); err != nil {
					return Filled{}, ErrAnswer.Saying(fmt.Sprintf("%q takes the name of a file and its media type.",
						a.question.Title))
				}
			}
		}
	}
	out := Filled{Questionnaire: id}
	err = s.Store.Do(ctx, func(tx Tx) error {
		documents = nil
		held, err := tx.LockPatientAgainstMerge(ctx, who.Group, of)
		if err != nil {
			return err
		}
		if out.Consultation, err = s.consult(ctx, tx, who, Consultation{Patient: held, Encounter: "questionnaire",
			Questionnaire: id}, now); err != nil {
			return err
		}
		for _, a := range given {
			kept, err := s.keep(ctx, tx, who, out.Consultation, a, now)
			if err != nil {
				return err
			}
			documents = append(documents, kept...)
		}
		return patient.Record(ctx, tx, who, now, patient.Fact(event.QuestionnaireFilled, held, event.IDs{
			"questionnaire": int64(id), "consultation": int64(out.Consultation.ID),
		}))
	})
	if err != nil {
		return Filled{}, err
	}
	for _, d := range documents {
		address, err := s.Files.FormAddress(ctx, d)
		if err != nil {
			return Filled{}, err
		}
		out.UploadAddresses = append(out.UploadAddresses, address)
	}
	return out, nil
}

// keep puts a question's answers into a consultation, and gives the documents
// that wait for their files.
func (s *Service) keep(
	ctx context.Context, tx Tx, who access.Caller, c Consultation, a answered, now time.Time,
) ([]document.Document, error) {
	r := Record{Kind: FreeText, Section: a.section.ID, SectionTitle: a.section.Title, Title: a.question.Title}
	var waiting []document.Document
	var texts []string
	for _, v := range a.values {
		switch {
		case v.file != nil:
			d := v.room
			d.Patient = c.Patient
			if v.content == nil {
				waiting = append(waiting, d)
			} else {
				d = d.With(v.content, now)
			}
			if err := tx.SaveDocument(ctx, who.Group, d); err != nil {
				return nil, err
			}
			var err error
			if v.content != nil {
				err = tx.KeepContent(ctx, who.Group, d.ID, v.content)
			} else {
				err = patient.Record(ctx, tx, who, now, patient.Fact(event.DocumentCreated, d.Patient,
					event.IDs{"document": int64(d.ID)}))
			}
			if err != nil {
				return nil, err
			}
			if err := tx.Audit(ctx, who.Audit(now, "document.create", "document", int64(d.ID), nil, d)); err != nil {
				return nil, err
			}
			r.Kind = File
		case a.question.Kind == AskRelationship:
			r.Kind = Relationship
		case a.question.Kind == AskTerm:
			// Each term is an entry of its own.
			term := r
			term.Kind, term.Term, term.Code, term.CodeTerm = a.question.Becomes, v.text, v.code, v.term
			if term.Kind == Allergy || term.Kind == Condition {
				term.Status = Active
			}
			if _, err := s.enter(ctx, tx, who, c, term, now); err != nil {
				return nil, err
			}
			continue
		}
		texts = append(texts, v.text)
	}
	if len(texts) == 0 {
		return waiting, nil
	}
	r.Term = strings.Join(texts, ", ")
	_, err := s.enter(ctx, tx, who, c, r, now)
	return waiting, err
}

// read checks the answers, and gives them in the order of the questions. mediaType tells what a signature's picture is.
func (c Content) read(answers []Answer, mediaType func([]byte) string) ([]answered, error) {
	raw := map[int64][]any{}
	for _, a := range answers {
		if several, ok := a.Value.([]any); ok {
			raw[a.Question] = append(raw[a.Question], several...)
		} else {
			raw[a.Question] = append(raw[a.Question], a.Value)
		}
	}
	said := map[int64][]value{}
	var out []answered
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			values, err := q.read(raw[q.ID], mediaType)
			if err != nil {
				return nil, err
			}
			delete(raw, q.ID)
			if said[q.ID] = values; len(values) > 0 {
				out = append(out, answered{section: section, question: q, values: values})
			}
		}
	}
	if len(raw) > 0 {
		return nil, ErrNoQuestion
	}
	for _, section := range c.Sections {
		for _, q := range section.Questions {
			if q.Required && len(said[q.ID]) == 0 && section.DependsOn.asked(said) && q.DependsOn.asked(said) {
				return nil, ErrUnanswered.Saying(fmt.Sprintf("%q must be answered.", q.Title))
			}
		}
	}
	return out, nil
}

// asked reports whether the answers given are those something depends on. What
// depends on a question that was not answered is not asked.
func (d *Dependency) asked(said map[int64][]value) bool {
	if d == nil {
		return true
	}
	values := said[d.Question]
	has := slices.ContainsFunc(values, func(v value) bool { return v.text == d.Answer })
	return len(values) > 0 && has != d.Negate
}

// read checks the answers to a question; empty text is none.
func (q Question) read(raw []any, mediaType func([]byte) string) ([]value, error) {
	var out []value
	for _, v := range raw {
		if text, ok := v.(string); ok && strings.TrimSpace(text) == "" || v == nil {
			continue
		}
		one, wrong := q.value(v, mediaType)
		if wrong != "" {
			return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes %s.", q.Title, wrong))
		}
		out = append(out, one)
	}
	switch {
	case len(out) > 100:
		return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes at most 100 answers.", q.Title))
	case len(out) > 1 && !q.Multiple:
		return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes one answer.", q.Title))
	}
	return out, nil
}

// value reads one answer, or says what would have been one.
func (q Question) value(v any, typeOf func([]byte) string) (out value, wrong string) {
	var in input.Checks
	text, isText := v.(string)
	object, isObject := v.(map[string]any)
	switch q.Kind {
	case AskOption:
		if out.text = text; !slices.Contains(q.Choices, text) {
			return out, "one of the answers it gives"
		}
	case AskText:
		if out.text = in.Text("answer", text, 2000); !isText || in.Err() != nil {
			return out, "a line of text of at most 2,000 characters"
		}
	case AskLines:
		if out.text = in.Lines("answer", text, 20_000); !isText || in.Err() != nil {
			return out, "text of at most 20,000 characters"
		}
	case AskDate:
		if len(text) > 10 && text[10] == 'T' {
			text = text[:10] // the time says nothing
		}
		day, ok := input.ParseDate(text)
		if out.text = day.String(); !ok {
			return out, "a date as YYYY-MM-DD"
		}
	case AskTerm:
		return medical(text, isText, object)
	case AskSignature:
		return signed(text, typeOf)
	case AskFile:
		name, _ := object["name"].(string)
		mediaType, _ := object["type"].(string)
		if out.text, out.file = name, (&document.New{Name: name, MediaType: mediaType}); !isObject {
			return out, "the name of a file and its media type"
		}
	case AskRelationship:
		return aPerson(object, isObject)
	}
	return out, ""
}

// medical reads a medical term: in words, or as a SNOMED CT concept.
func medical(text string, isText bool, object map[string]any) (out value, wrong string) {
	var in input.Checks
	if !isText {
		out.code, _ = object["code"].(string)
		text, _ = object["term"].(string)
		if out.code != "" && !record.IsConcept(out.code) {
			return out, "the id of a SNOMED CT concept as code"
		}
	}
	if out.text = in.Required("answer", text, 500); in.Err() != nil {
		return out, "a medical term"
	}
	if out.code != "" {
		out.term = out.text
	}
	return out, ""
}

// signed reads the picture of a signature, which may be a data URL (RFC 2397).
func signed(text string, typeOf func([]byte) string) (out value, wrong string) {
	if head, data, ok := strings.Cut(text, ","); ok && strings.HasPrefix(head, "data:") {
		text = data
	}
	content, err := base64.StdEncoding.DecodeString(text)
	mediaType := typeOf(content)
	if err != nil || len(content) > maxSignature || !strings.HasPrefix(mediaType, "image/") {
		return out, "a picture of at most 512 KiB, in Base64"
	}
	out.text, out.content = "signature", content
	out.file = &document.New{Name: "signature." + strings.TrimPrefix(mediaType, "image/"), MediaType: mediaType}
	return out, ""
}

// aPerson reads who is around a patient: texts by what they are.
func aPerson(object map[string]any, isObject bool) (out value, wrong string) {
	var in input.Checks
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text, ok := object[key].(string)
		if !ok && object[key] != nil {
			return out, "an object of texts"
		}
		if text = in.Text("answer", text, 500); text != "" {
			lines = append(lines, in.Text("answer", key, 50)+": "+text)
		}
	}
	if !isObject || len(lines) == 0 || len(lines) > 30 || in.Err() != nil {
		return out, "an object of texts"
	}
	out.text = strings.Join(lines, "\n")
	return out, ""
}
