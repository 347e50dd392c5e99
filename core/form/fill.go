package form

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/diary"
	"frontdesk/core/document"
	"frontdesk/core/event"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Filled is where the answers to a questionnaire are.
type Filled struct {
	Consultation  clinical.Consultation
	Questionnaire ID
	// UploadAddresses is where to put the files, in the order of the questions.
	UploadAddresses []string
}

// Fill keeps a patient's answers as a consultation. All of them are checked
// before anything is kept. Errors: ErrNotFound, patient.ErrNotFound,
// ErrNoQuestion, ErrUnanswered, ErrAnswer.
func (s *Service) Fill(ctx context.Context, id ID, of patient.ID, answers []Answer) (Filled, error) {
	who, err := access.Require(ctx, access.FillQuestionnaires)
	if err != nil {
		return Filled{}, err
	}
	q, err := s.published(ctx, who.Group, id)
	if err == nil && q.Deleted() {
		err = ErrNotFound
	}
	if err != nil {
		return Filled{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	given, err := s.read(q, answers, now)
	if err != nil {
		return Filled{}, err
	}
	out := Filled{Questionnaire: id}
	// A file without an address is found before anything is kept.
	for _, d := range waiting(given) {
		address, err := s.Files.FormAddress(ctx, d)
		if err != nil {
			return Filled{}, err
		}
		out.UploadAddresses = append(out.UploadAddresses, address)
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		held, err := tx.LockPatientAgainstMerge(ctx, who.Group, of)
		if err != nil {
			return err
		}
		r, err := s.enter(ctx, tx, who, q, held, given, Filling{Admin: practice.Member(who)}, now)
		if err != nil {
			return err
		}
		out.Consultation = r.Consultation
		return tx.Record(ctx, r.Event(who.Group, now, 0))
	})
	if err != nil {
		return Filled{}, err
	}
	return out, nil
}

// Entered is answers that were kept: the response, and the consultation that it is.
type Entered struct {
	Response
	Consultation clinical.Consultation
}

// Event is that a response has arrived; entry is what it was proposed for the record as, or 0.
func (r Entered) Event(group practice.ID, now time.Time, entry int64) event.Event {
	ids := event.IDs{"link": r.Link, "form": int64(r.Form), "patient": int64(r.Consultation.Patient),
		"form_response": int64(r.ID), "appointment": r.Appointment, "record_entry": entry}
	if d := r.Decision; d != nil {
		ids["task"], ids["booking_link"] = int64(d.Task), d.Link
	}
	e := event.Of(int64(group), now, patient.Fact(event.QuestionnaireFilled, r.Consultation.Patient, event.IDs{
		"questionnaire": int64(r.Form), "consultation": int64(r.ID),
	}), event.Fact{Type: event.FormCompleted, IDs: ids})
	e.Subject, e.Sequence = int64(r.ID), 1
	return e
}

// Filling is how a form came to be filled in.
type Filling struct {
	// Link is the link it was filled in by, and Appointment the one it was for; 0 is none.
	Link, Appointment int64
	// Admin is the member of staff whom the answers are for, or who filled it in; 0 is none.
	Admin practice.PractitionerID
	// Offer makes the link by which the patient books a type of appointment, in the same transaction; nil makes none.
	Offer func(context.Context, diary.TypeID) (int64, error)
}

// enter keeps answers as a consultation of a patient, whom the transaction has locked against a merge, and what the
// response is beyond that.
func (s *Service) enter(
	ctx context.Context, tx Keeper, who access.Caller, q Questionnaire, held patient.ID, given []answered,
	f Filling, now time.Time,
) (Entered, error) {
	c, err := s.Records.Consult(ctx, tx, who, clinical.Consultation{Patient: held, Encounter: "questionnaire",
		Questionnaire: q.ID}, now)
	r := Response{ID: c.ID, Form: q.ID, Version: q.Published, Patient: held, Link: f.Link, Appointment: f.Appointment,
		Admin: f.Admin, CreatedAt: now, UpdatedAt: now}
	if err == nil {
		err = s.decide(ctx, tx, who, q, &r, given, f, now)
	}
	if err == nil {
		err = tx.SaveResponse(ctx, who.Group, r)
	}
	if err != nil {
		return Entered{}, err
	}
	for _, a := range given {
		if err := s.keep(ctx, tx, who, c, a, now); err != nil {
			return Entered{}, err
		}
	}
	return Entered{r, c}, nil
}

// waiting are the documents that wait for their files, in the order of the questions.
func waiting(given []answered) (out []document.Document) {
	for _, a := range given {
		for _, v := range a.values {
			if v.file != nil && v.content == nil {
				out = append(out, v.document)
			}
		}
	}
	return out
}

// read holds the answers against the questions, and makes documents of the files among them.
func (s *Service) read(q Questionnaire, answers []Answer, now time.Time) ([]answered, error) {
	given, err := q.Content.read(answers, s.MediaType)
	if err != nil {
		return nil, err
	}
	for _, a := range given {
		for i := range a.values {
			v := &a.values[i]
			if v.file == nil {
				continue
			}
			if v.document, err = v.file.Make(document.ID(s.NewID()), now); err != nil {
				return nil, ErrAnswer.Saying(fmt.Sprintf("%q takes the name of a file and its media type.",
					a.question.Title))
			}
		}
	}
	return given, nil
}

// between stands between several answers to one question.
const between = ", "

// keep puts a question's answers into a consultation.
func (s *Service) keep(
	ctx context.Context, tx Keeper, who access.Caller, c clinical.Consultation, a answered, now time.Time,
) error {
	r := clinical.Record{Kind: clinical.FreeText, Section: a.section.ID, SectionTitle: a.section.Title,
		Title: a.question.Title, Detail: clinical.Detail{Question: a.question.ID}}
	var texts []string
	for _, v := range a.values {
		switch a.question.Kind {
		case AskTerm:
			// Each term is an entry of its own.
			term := r
			term.Kind, term.Term, term.Code, term.CodeTerm = a.question.Becomes, v.text, v.code, v.term
			if term.Kind == clinical.Allergy || term.Kind == clinical.Condition {
				term.Status = clinical.Active
			}
			if _, err := s.Records.Enter(ctx, tx, who, c, term, now); err != nil {
				return err
			}
			continue
		case AskFile, AskSignature:
			if a.question.Kind == AskSignature && v.file == nil {
				break // it was typed
			}
			if r.Kind = clinical.File; v.file == nil {
				break // it is kept elsewhere
			}
			d := v.document
			d.Patient = c.Patient
			if err := keepFile(ctx, tx, who, d, v.content, now); err != nil {
				return err
			}
		case AskRelationship:
			r.Kind = clinical.Relationship
		}
		texts = append(texts, v.text)
	}
	if len(texts) == 0 {
		return nil
	}
	r.Term = strings.Join(texts, between)
	_, err := s.Records.Enter(ctx, tx, who, c, r, now)
	return err
}

// keepFile keeps the document of an answer, with its content where that is there already.
func keepFile(
	ctx context.Context, tx Keeper, who access.Caller, d document.Document, content []byte, now time.Time,
) error {
	if content != nil {
		d = d.With(content, now)
	}
	if err := tx.KeepFile(ctx, who.Group, d, content); err != nil {
		return err
	}
	var err error
	if content == nil {
		err = patient.Record(ctx, tx, who, now, patient.Fact(event.DocumentCreated, d.Patient,
			event.IDs{"document": int64(d.ID)}))
	}
	if err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "document.create", "document", int64(d.ID), nil, d))
}
