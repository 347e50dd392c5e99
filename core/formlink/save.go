package formlink

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/form"
	"frontdesk/core/link"
)

// saved is what the audit trail says was saved: never what was answered.
type saved struct {
	Link      link.ID `json:"link_id"`
	Questions []int64 `json:"question_ids,omitempty"`
	File      int64   `json:"file_id,omitempty"`
}

// AuditSubject says what it is in the audit trail.
func (s saved) AuditSubject() audit.Subject { return audit.Subject{Kind: "link", ID: int64(s.Link)} }

// editing is a filling-in under way, in a transaction that has locked the link.
type editing struct {
	Page
	tx   Tx
	stay link.Stay
	who  access.Caller
	now  time.Time
}

// edit changes what was saved by a link. Errors: those of Open, and link.ErrUsed when nothing more can be sent.
func (s *Service) edit(ctx context.Context, v Visit, change func(*editing) error) (link.Stay, error) {
	st, err := s.enter(ctx, v)
	if err == nil {
		err = s.begin(ctx, st)
	}
	if err != nil {
		return st, err
	}
	now := s.Now().Truncate(time.Microsecond)
	return st, s.Store.Do(ctx, func(tx Tx) error {
		r, err := tx.LockRequest(ctx, st.Group.ID, st.Link.ID)
		if err != nil {
			return err
		}
		if err := errors.Join(st.Same(r.Link, now), r.Fillable(now)); err != nil {
			return err
		}
		p, err := s.page(ctx, tx, st)
		if err != nil {
			return err
		}
		if p.ID == 0 {
			p.ID, p.CreatedAt = s.NewID(), now
		}
		p.UpdatedAt = now
		e := &editing{Page: p, tx: tx, stay: st, who: visitor(ctx, st.Group.ID), now: now}
		if err := change(e); err != nil {
			return err
		}
		if text, err := json.Marshal(e.Given); err != nil || len(text) > mostSaved {
			return errors.Join(err, ErrTooMuch)
		}
		return tx.SaveDraft(ctx, st.Group.ID, r.ID, e.Draft)
	})
}

func (e *editing) note(ctx context.Context, action string, about saved) error {
	about.Link = e.stay.Link.ID
	return e.tx.Audit(ctx, e.who.Audit(e.now, action, "link", int64(about.Link), nil, about))
}

// errProblems ends a transaction in which nothing is saved.
var errProblems = errors.New("answers have problems")

// Save keeps the answers of a page. With problems nothing is kept. A visit that ended within the last day can still
// save; over says so. Errors: those of Open, link.ErrUsed, ErrNoStep, ErrTooMuch.
func (s *Service) Save(
	ctx context.Context, v Visit, step int, given form.Given,
) (over bool, problems []form.Problem, err error) {
	st, err := s.edit(ctx, v, func(e *editing) error {
		if problems = nil; step < 0 || step >= len(e.Steps) {
			return ErrNoStep
		}
		var ids []int64
		for _, q := range e.Asked(step) {
			answers := given[q.ID]
			if q.Kind == form.AskFile {
				answers = e.Given[q.ID]
			}
			if p := s.Form.Check(q, answers); p != nil {
				problems = append(problems, *p)
			}
			e.Given[q.ID] = slices.Clone(answers)
			ids = append(ids, q.ID)
		}
		if len(problems) > 0 {
			return errProblems
		}
		return e.note(ctx, "form.save", saved{Questions: ids})
	})
	if errors.Is(err, errProblems) {
		err = nil
	}
	return st.Over, problems, err
}

// question finds a question that takes a file and is asked.
func (e *editing) question(id int64) (form.Question, error) {
	for _, step := range e.Steps {
		for _, q := range step.Questions {
			if q.ID == id && q.Kind == form.AskFile && e.asked(id) {
				return q, nil
			}
		}
	}
	return form.Question{}, ErrNotAsked
}

// Upload keeps a file that answers a question, in place of another where the question takes one. Errors: those of Save
// and of attachment.Upload, ErrNotAsked, ErrTooMany.
func (s *Service) Upload(
	ctx context.Context, v Visit, question int64, name string, content []byte,
) (over bool, err error) {
	a, err := s.File.Upload(name, content)
	if err != nil {
		return false, err
	}
	st, err := s.edit(ctx, v, func(e *editing) error {
		q, err := e.question(question)
		if err != nil {
			return err
		}
		here := 0
		for _, f := range e.Files {
			if f.Question == question {
				here++
			}
		}
		switch {
		case !q.Multiple:
			for _, f := range e.Files {
				if f.Question != question {
					continue
				}
				if _, err := e.tx.DropFile(ctx, e.Group.ID, e.stay.Link.ID, f.ID); err != nil {
					return err
				}
			}
		case here >= perQuestion || len(e.Files) >= perForm:
			return ErrTooMany
		}
		e.Given[question] = []any{}
		if err := e.tx.SaveDraft(ctx, e.Group.ID, e.stay.Link.ID, e.Draft); err != nil {
			return err
		}
		if err := e.tx.AddFile(ctx, e.Group.ID, e.stay.Link.ID, question, a); err != nil {
			return err
		}
		return e.note(ctx, "form.upload", saved{File: a.ID, Questions: []int64{question}})
	})
	return st.Over, err
}

// Remove takes a file away again. One that is gone already is no error. Errors: those of Save.
func (s *Service) Remove(ctx context.Context, v Visit, file int64) (over bool, err error) {
	st, err := s.edit(ctx, v, func(e *editing) error {
		gone, err := e.tx.DropFile(ctx, e.Group.ID, e.stay.Link.ID, file)
		if err != nil || !gone {
			return err
		}
		return e.note(ctx, "form.remove", saved{File: file})
	})
	return st.Over, err
}

// forgetAtOnce is how many links' answers are deleted in one transaction.
const forgetAtOnce = 100

// Forget deletes what was saved by links that have ended.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	for {
		n, err := s.Store.Forget(ctx, who.Group, s.Now(), forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}
