package messaging

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

func (s *Service) pageURL(group practice.ID, m Message) string {
	return s.Pages() + "/m/" + strconv.FormatInt(int64(group), 36) + "-" + m.Link
}

// linkLife is how long after it was sent a message can be opened, as often as
// the patient likes: each time for the birth date.
const linkLife = 30 * 24 * time.Hour

// The faults of a message's page.
var (
	ErrLink      = seal.ErrLink
	ErrLinkShut  = seal.ErrLinkLocked
	ErrWrongDate = seal.ErrWrongBirthDate
)

// Opened is a message's page.
type Opened struct {
	Group   practice.Group
	Subject string
	Text    string // only with the right date of birth
	Sent    time.Time
}

// Page finds the practice a message's page is of, without telling anything of
// the message. Errors: ErrLink, ErrLinkShut.
func (s *Service) Page(ctx context.Context, link string) (Opened, error) {
	o, _, err := s.page(ctx, link)
	return o, err
}

func (s *Service) page(ctx context.Context, link string) (Opened, Message, error) {
	part, token, ok := strings.Cut(link, "-")
	group, err := strconv.ParseInt(part, 36, 64)
	if !ok || err != nil || token == "" || len(token) > 64 {
		return Opened{}, Message{}, ErrLink
	}
	m, err := s.Store.MessageByLink(ctx, practice.ID(group), token)
	if errors.Is(err, ErrNotFound) {
		err = ErrLink
	}
	if err != nil {
		return Opened{}, m, err
	}
	g, err := s.Store.Group(ctx, practice.ID(group))
	if err != nil {
		return Opened{}, m, err
	}
	now := s.Now()
	wrong, _, err := s.Store.LinkState(ctx, g.ID, m.ID)
	switch {
	case err != nil:
	case m.State == Cancelled || now.After(m.SendAt.Add(linkLife)) || now.Before(m.SendAt):
		err = ErrLink
	case wrong >= seal.MaxWrongBirthDates:
		err = ErrLinkShut
	}
	return Opened{Group: practice.Group{ID: g.ID, Name: g.Name, Phone: g.Phone, TimeZone: g.TimeZone}, Sent: m.SendAt},
		m, err
}

// Open shows a message to a reader who gives the patient's date of birth. A message that was opened has been read: it
// goes no other way any more. Errors: ErrLink, ErrLinkShut, ErrWrongDate, and a field fault.
func (s *Service) Open(ctx context.Context, link string, birthDate input.Date) (Opened, error) {
	o, m, err := s.page(ctx, link)
	if err != nil {
		return o, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var in input.Checks
	born := patient.BirthDate(&in, "birth_date", birthDate, input.DateOf(now.UTC()))
	if err := in.Err(); err != nil {
		return o, err
	}
	group := o.Group.ID
	refused := error(nil)
	err = s.Store.Do(ctx, func(tx Tx) error {
		refused = nil
		before, err := tx.LockMessage(ctx, group, m.ID)
		if err != nil {
			return err
		}
		wrong, opened, err := tx.LinkState(ctx, group, m.ID)
		if err != nil {
			return err
		}
		if wrong >= seal.MaxWrongBirthDates {
			return ErrLinkShut
		}
		p, err := tx.Patient(ctx, group, before.Patient)
		if err != nil {
			return err
		}
		if p.BirthDate != born {
			refused = ErrWrongDate
			if err := tx.SaveLinkState(ctx, group, m.ID, wrong+1, opened); err != nil || wrong+1 < seal.MaxWrongBirthDates {
				return err
			}
			return s.mark(ctx, tx, group, before, Locked, now)
		}
		if opened.IsZero() {
			opened = now
		}
		if err := tx.SaveLinkState(ctx, group, m.ID, 0, opened); err != nil {
			return err
		}
		who := access.Visitor(ctx, group, "patient")
		e := who.Audit(now, "message.open", "message", int64(m.ID), nil, nil)
		return tx.Audit(ctx, audit.Shown(e, who.Door, "message", m))
	})
	if err = errors.Join(err, refused); err != nil {
		return o, err
	}
	o.Subject, o.Text = m.Subject, m.Content
	return o, s.Opened(ctx, group, m, now)
}
