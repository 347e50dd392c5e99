package fill

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/pages/words"
	"frontdesk/web"
)

const (
	// maxAnswers is how much one page of answers may have, in bytes as a browser sends it.
	maxAnswers = 1 << 20
	// maxForm is how much any other page may send.
	maxForm    = 4 << 10
	pageField  = "p"
	fileField  = "f"
	draftField = "d"
)

// visit is the visit to a form that a request is part of.
func (s *Site) visit(r *http.Request) formlink.Visit {
	return formlink.Visit{Address: r.PathValue("link"), Proof: s.Proof(r)}
}

func formAt(r *http.Request) string { return "/s/" + r.PathValue("link") }

// stepAt is the address of a page of a form; -1 is where the answers are checked.
func stepAt(r *http.Request, step int) string {
	if step < 0 {
		return formAt(r) + "/answers"
	}
	return formAt(r) + "/form?" + pageField + "=" + strconv.Itoa(step+1)
}

// stepOf is the page a request names, from 0.
func stepOf(v url.Values) int {
	n, ok := input.Digits(v.Get(pageField))
	if !ok || n < 1 || n > 10_000 {
		return -1
	}
	return int(n) - 1
}

// Home is where a form link leads: to the first page, or to where it was left.
func (s *Site) Home(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	p, err := s.Core.FormLink.Open(ctx, s.visit(r))
	switch {
	case err != nil:
		s.formFail(w, r, err)
	case p.Shut:
		s.showSent(w, r, p)
	case p.ID != 0:
		to(w, r, stepAt(r, p.Next()))
	default:
		v := startView{site: s, Group: p.Group, At: stepAt(r, p.Next()), Title: p.Form.Shown(), About: p.Form.Content.Header,
			Until: words.Moment(ctx, p.Until.In(p.Group.Zone())), Again: p.Sent}
		s.Show(w, r, http.StatusOK, words.Say(ctx, "fill.start_title"), p.Group, startPage(v))
	}
}

// formStep shows a page of the form.
func (s *Site) formStep(w http.ResponseWriter, r *http.Request) {
	p, err := s.Core.FormLink.Open(r.Context(), s.visit(r))
	step := stepOf(r.URL.Query())
	switch {
	case err != nil:
		s.formFail(w, r, err)
	case p.Shut:
		to(w, r, formAt(r))
	case step < 0 || step >= len(p.Steps) || len(p.Asked(step)) == 0:
		to(w, r, stepAt(r, p.Next()))
	default:
		v := s.stepViewOf(r, p, step)
		s.Show(w, r, http.StatusOK, v.title(r.Context()), p.Group, stepPage(v))
	}
}

// formSave keeps the answers of a page, and goes on.
func (s *Site) formSave(w http.ResponseWriter, r *http.Request) {
	if err := s.Read(w, r, maxAnswers); err != nil {
		s.Fail(w, r, err)
		return
	}
	step := stepOf(r.PostForm)
	fields, given, broken, err := s.sent(r, step)
	if err != nil {
		s.formFail(w, r, err)
		return
	}
	var over bool
	var problems []form.Problem
	if !broken {
		over, problems, err = s.Core.FormLink.Save(r.Context(), s.visit(r), step, given)
	}
	switch {
	case errors.Is(err, formlink.ErrTooMuch):
		fields[0].Error = said(r, err)
	case err != nil:
		s.formFail(w, r, err)
		return
	}
	if broken || len(problems) > 0 || err != nil { // problems are marked already
		s.stepAgain(w, r, step, fields)
		return
	}
	s.goOn(w, r, over)
}

// sent reads the fields of a page that was sent.
func (s *Site) sent(r *http.Request, step int) (
	fields []Field, given form.Given, broken bool, err error,
) {
	p, err := s.Core.FormLink.Late(r.Context(), s.visit(r))
	if err != nil {
		return nil, nil, false, err
	}
	if step < 0 || step >= len(p.Steps) || len(p.Asked(step)) == 0 {
		return nil, nil, false, formlink.ErrNoStep
	}
	given = form.Given{}
	for _, q := range p.Asked(step) {
		f, answers := Read(r.Context(), q, r.PostForm, s.Month)
		given[q.ID] = answers
		if problem := s.Core.Form.Check(q, answers); problem != nil && f.Error == "" {
			f.mark(r.Context(), *problem)
		}
		fields, broken = append(fields, f), broken || f.Error != ""
	}
	return fields, given, broken, nil
}

// goOn leads to the next page; who has given the date of birth too long ago gives it again first.
func (s *Site) goOn(w http.ResponseWriter, r *http.Request, over bool) {
	if over {
		to(w, r, formAt(r))
		return
	}
	p, err := s.Core.FormLink.Open(r.Context(), s.visit(r))
	if err != nil {
		s.formFail(w, r, err)
		return
	}
	to(w, r, stepAt(r, p.Next()))
}

// stepAgain shows a page again with what was typed and what is wrong with it.
func (s *Site) stepAgain(w http.ResponseWriter, r *http.Request, step int, fields []Field) {
	p, err := s.Core.FormLink.Late(r.Context(), s.visit(r))
	if err != nil {
		s.formFail(w, r, err)
		return
	}
	v := s.stepViewOf(r, p, step)
	for i := range fields {
		if fields[i].Kind == form.AskFile && !p.Over {
			fields[i].Files = v.Fields[i].Files
		}
	}
	v.Fields = fields
	v.alone()
	s.Show(w, r, http.StatusBadRequest, v.title(r.Context()), p.Group, stepPage(v))
}

// formAnswers shows all answers before they are sent.
func (s *Site) formAnswers(w http.ResponseWriter, r *http.Request) {
	p, err := s.Core.FormLink.Open(r.Context(), s.visit(r))
	switch {
	case err != nil:
		s.formFail(w, r, err)
	case p.Shut || p.ID == 0:
		to(w, r, formAt(r))
	case p.Next() >= 0:
		to(w, r, stepAt(r, p.Next()))
	default:
		s.Show(w, r, http.StatusOK, words.Say(r.Context(), "fill.check"), p.Group, answersPage(s.answersOf(r, p)))
	}
}

// formSend sends the answers.
func (s *Site) formSend(w http.ResponseWriter, r *http.Request) {
	if err := s.Read(w, r, maxForm); err != nil {
		s.Fail(w, r, err)
		return
	}
	draft, _ := input.Digits(r.PostForm.Get(draftField))
	switch err := s.Core.FormLink.Send(r.Context(), s.visit(r), draft); {
	case errors.Is(err, formlink.ErrChanged):
		to(w, r, formAt(r))
	case err != nil:
		s.formFail(w, r, err)
	default:
		to(w, r, formAt(r)+"/sent")
	}
}

// formSent says that the answers were sent.
func (s *Site) formSent(w http.ResponseWriter, r *http.Request) {
	p, err := s.Core.FormLink.Open(r.Context(), s.visit(r))
	switch {
	case err != nil:
		s.formFail(w, r, err)
	case !p.Sent:
		to(w, r, formAt(r))
	default:
		s.showSent(w, r, p)
	}
}

func (s *Site) showSent(w http.ResponseWriter, r *http.Request, p formlink.Page) {
	if p.Decision != nil {
		v := ledView{site: s, Group: p.Group, Form: p.Form.Shown(), About: p.Form.Content.Confirmation, Book: p.Book,
			Outcome: p.Decision.Outcome}
		s.Show(w, r, http.StatusOK, v.title(r.Context()), p.Group, ledPage(v))
		return
	}
	v := startView{site: s, Group: p.Group, At: formAt(r), Title: p.Form.Shown(), About: p.Form.Content.Confirmation,
		Again: !p.Shut}
	s.Show(w, r, http.StatusOK, words.Say(r.Context(), "fill.sent"), p.Group, sentPage(v))
}

// formFail says why nothing was done, or leads to where it can be.
func (s *Site) formFail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, link.ErrVisitOver), errors.Is(err, link.ErrUsed), errors.Is(err, formlink.ErrNoStep),
		errors.Is(err, formlink.ErrNotAsked):
		if errors.Is(err, link.ErrUsed) && s.Proof(r) == "" {
			break
		}
		to(w, r, formAt(r))
		return
	}
	s.Shut(w, r, err)
}

// said is what a fault says to the reader.
func said(r *http.Request, err error) string {
	f := web.Fault(err)
	return strings.TrimSuffix(words.Fault(r.Context(), f.Code, f.Message), ".")
}
