package link

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/practice"
)

// Form leads to a questionnaire that the patient fills in. How often it was used is how often answers were sent.
const Form Kind = "form"

// Filled is what a form link asks for and what it was sent, where links are read.
type Filled struct {
	// Questionnaire is the form, and Response the consultation that the last answers became; 0 is none.
	Questionnaire int64 `json:"-"`
	Response      int64 `json:"-"`
}

// lateBy is how long after the end of a visit something that was typed during it can still be saved.
const lateBy = 24 * time.Hour

// Stay is a visit under way, by one address of a link.
type Stay struct {
	Group practice.Group
	Link  Link
	// Over says that the visit has ended: what was typed during it can be saved, and nothing is shown.
	Over  bool
	visit string
}

// Stay checks a visit. One that has ended within the last day is given with Over. Errors: those of Look, ErrVisitOver.
func (s *Service) Stay(ctx context.Context, address, proof string) (Stay, error) {
	p, l, err := s.look(ctx, address)
	st := Stay{Group: p.Group, Link: l}
	if err != nil {
		return st, err
	}
	v, err := s.visit(ctx, l, proof)
	st.visit = v.name
	st.Over = v.name != "" && errors.Is(err, ErrVisitOver) && s.Now().Before(v.until.Add(lateBy))
	if err != nil && !st.Over {
		return st, errors.Join(l.shut(s.Now()), err)
	}
	return st, l.shutTo(v.name, s.Now())
}

// Same is why the visit cannot go on by a link that was locked and read again. Errors: ErrUnknown when the link has
// another address since, and those of Look.
func (st Stay) Same(l Link, now time.Time) error {
	if l.Version != st.Link.Version {
		return ErrUnknown
	}
	return l.shutTo(st.visit, now)
}

// Counted reports whether a use was counted for the visit.
func (st Stay) Counted(l Link) bool { return l.counted(st.visit) }

// Count counts a use for the visit.
func (st Stay) Count(l *Link) { l.count(st.visit) }

// Fillable is why no more answers can be sent by the link; nil is that some can. Errors: ErrWithdrawn, ErrLocked,
// ErrUsed, ErrExpired.
func (l Link) Fillable(now time.Time) error { return ends[l.StatusAt(now)] }
