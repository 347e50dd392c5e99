package formlink

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/form"
	"frontdesk/core/link"
	"frontdesk/core/practice"
)

// Visit is a visitor who gave the date of birth, by the address of a link and the proof of it.
type Visit struct{ Address, Proof string }

// Page is a form as far as it is filled in.
type Page struct {
	Group practice.Group
	Form  form.Questionnaire
	Steps []form.Step
	Draft
	Files []File
	// Sent says that this visit has sent answers, and Shut that no more can be sent.
	Sent, Shut bool
	// Over says that the visit has ended.
	Over bool
	Now  time.Time
	// Until is the end of the link.
	Until time.Time
	// Decision is what the answers that were sent led to; nil is nothing. Book is the address of the link by which the
	// patient books, where they led to that.
	Decision *form.Decision
	Book     string
	asked    func(question int64) bool
}

// enter checks a visit by a form link.
func (s *Service) enter(ctx context.Context, v Visit) (link.Stay, error) {
	st, err := s.Link.Stay(ctx, v.Address, v.Proof)
	if st.Link.ID != 0 && st.Link.Kind != link.Form {
		err = link.ErrUnknown
	}
	return st, err
}

// Open is the form as far as a visitor has filled it in. Errors: those of link.Look, link.ErrVisitOver.
func (s *Service) Open(ctx context.Context, v Visit) (Page, error) {
	st, err := s.enter(ctx, v)
	if err == nil && st.Over {
		err = link.ErrVisitOver
	}
	if err != nil {
		return Page{Group: st.Group}, err
	}
	if err := s.begin(ctx, st); err != nil {
		return Page{Group: st.Group}, err
	}
	p, err := s.page(ctx, s.Store, st)
	if err == nil && p.Sent {
		err = s.led(ctx, &p, st.Link)
	}
	return p, err
}

// led finds what the answers that were sent by a link led to.
func (s *Service) led(ctx context.Context, p *Page, l link.Link) error {
	r, err := s.Form.Store.Response(ctx, p.Group.ID, clinical.ConsultationID(l.Response))
	if errors.Is(err, form.ErrNoResponse) {
		return nil // it was deleted since
	}
	if err != nil || r.Decision == nil {
		return err
	}
	p.Decision = r.Decision
	if r.Decision.Link == 0 {
		return nil
	}
	to, err := s.Link.Store.Link(ctx, p.Group.ID, link.ID(r.Decision.Link))
	if err == nil {
		to, err = s.Link.Shown(to)
		p.Book = to.URL
	}
	return err
}

// begin has a visitor go on with the version of the form that is published when it is opened, whatever is published
// until it is sent.
func (s *Service) begin(ctx context.Context, st link.Stay) error {
	r, err := s.Store.Request(ctx, st.Group.ID, st.Link.ID)
	now := s.Now()
	if err != nil || r.Version != 0 || r.Fillable(now) != nil {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		r, err := tx.LockRequest(ctx, st.Group.ID, st.Link.ID)
		if err != nil || r.Version != 0 || r.Fillable(now) != nil {
			return err
		}
		q, err := s.questionnaire(ctx, st.Group.ID, r)
		if err != nil {
			return err
		}
		r.Version = q.Published
		return tx.SaveRequest(ctx, st.Group.ID, r)
	})
}

// Late is Open for what was typed: also for a visit that ended within the last day, which sees nothing but that again.
func (s *Service) Late(ctx context.Context, v Visit) (Page, error) {
	st, err := s.enter(ctx, v)
	if err != nil {
		return Page{Group: st.Group}, err
	}
	return s.page(ctx, s.Store, st)
}

// page reads the form of a visit.
func (s *Service) page(ctx context.Context, from Reader, st link.Stay) (Page, error) {
	p := Page{Group: st.Group, Now: s.Now(), Until: st.Link.ExpiresAt, Over: st.Over}
	r, err := from.Request(ctx, st.Group.ID, st.Link.ID)
	if err != nil {
		return p, err
	}
	p.Sent, p.Shut = st.Counted(r.Link), errors.Is(r.Fillable(p.Now), link.ErrUsed)
	if p.Form, err = s.questionnaire(ctx, st.Group.ID, r); err != nil {
		return p, err
	}
	p.Steps = p.Form.Content.Steps()
	if p.Draft, err = from.Draft(ctx, st.Group.ID, r.ID); err != nil && !errors.Is(err, ErrNoDraft) {
		return p, err
	}
	if p.Files, err = from.Files(ctx, st.Group.ID, r.ID); err != nil {
		return p, err
	}
	s.settle(&p)
	return p, nil
}

// questionnaire finds the form of a link as it is filled in: the version it was opened with, or the one that is
// published. One that was deleted is asked for no more.
func (s *Service) questionnaire(ctx context.Context, group practice.ID, r Request) (form.Questionnaire, error) {
	q, err := s.Form.Asking(ctx, group, r.Form, r.Version)
	if errors.Is(err, form.ErrNoForm) {
		err = link.ErrWithdrawn
	}
	return q, err
}

// settle puts files among the answers, and finds what is asked.
func (s *Service) settle(p *Page) {
	if p.Given == nil {
		p.Given = form.Given{}
	}
	for _, step := range p.Steps {
		for _, q := range step.Questions {
			if q.Kind != form.AskFile {
				continue
			}
			files := []any{}
			for _, f := range p.Files {
				if f.Question == q.ID {
					files = append(files, map[string]any{"name": f.Name, "type": "application/octet-stream"})
				}
			}
			if _, seen := p.Given[q.ID]; seen || len(files) > 0 {
				p.Given[q.ID] = files
			}
		}
	}
	p.asked = s.Form.Asked(p.Form.Content, p.Given)
}

// Asked are the questions of a page that are asked.
func (p Page) Asked(step int) []form.Question {
	var out []form.Question
	for _, q := range p.Steps[step].Questions {
		if p.asked(q.ID) {
			out = append(out, q)
		}
	}
	return out
}

// Next is the first page that has not been filled in yet; -1 is that all were.
func (p Page) Next() int {
	for i := range p.Steps {
		for _, q := range p.Asked(i) {
			if _, seen := p.Given[q.ID]; !seen || q.Required && len(p.Given[q.ID]) == 0 {
				return i
			}
		}
	}
	return -1
}

// Before is the page before another of which questions are asked; -1 is that there is none.
func (p Page) Before(step int) int {
	for i := min(step, len(p.Steps)) - 1; i >= 0; i-- {
		if len(p.Asked(i)) > 0 {
			return i
		}
	}
	return -1
}

// visitor is who acts by a link.
func visitor(ctx context.Context, group practice.ID) access.Caller {
	return access.Visitor(ctx, group, "patient")
}
