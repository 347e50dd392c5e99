// Package communication is the text messages and e-mails to a patient as the
// practice's own staff see them: by the way each goes now, and from whom. What
// becomes of a message is core/messaging's.
package communication

import (
	"cmp"
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Communication is a text message or an e-mail.
type Communication struct {
	messaging.Message
	From string
}

// Query says which of a patient's messages to list. What is left empty does not
// narrow the list.
type Query struct {
	Patient patient.ID
	// When is when they go, or went.
	When     input.Span
	Channels []carrier.Channel // SMS and Email; none is both
	States   []messaging.State
	Limit    int
}

// Most is how many of a patient's messages are listed.
const Most = 1000

// Store is what communication reads.
type Store interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Message finds a message, or returns messaging.ErrNotFound.
	Message(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error)
	// Communications lists messages of one patient, newest first.
	Communications(ctx context.Context, group practice.ID, q Query) ([]messaging.Message, error)
}

// Service is the communication capability.
type Service struct {
	Store    Store
	Messages *messaging.Service
}

// from says whom a message is from.
func (s *Service) from(ctx context.Context, group practice.ID, all ...messaging.Message) ([]Communication, error) {
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return nil, err
	}
	out := make([]Communication, len(all))
	for i, m := range all {
		out[i] = Communication{m, g.Name}
		if m.LegChannel() == carrier.Email {
			out[i].From = cmp.Or(g.Email, g.Name)
		}
	}
	return out, nil
}

func (s *Service) one(ctx context.Context, group practice.ID, m messaging.Message) (Communication, error) {
	out, err := s.from(ctx, group, m)
	if err != nil {
		return Communication{}, err
	}
	return out[0], nil
}

// Communication finds a text message or an e-mail. Error: messaging.ErrNotFound.
func (s *Service) Communication(ctx context.Context, id messaging.ID) (Communication, error) {
	who, err := access.Require(ctx, access.SeeCommunications)
	if err != nil {
		return Communication{}, err
	}
	m, err := s.find(ctx, who.Group, id)
	if err != nil {
		return Communication{}, err
	}
	return s.one(ctx, who.Group, m)
}

func (s *Service) find(ctx context.Context, group practice.ID, id messaging.ID) (messaging.Message, error) {
	m, err := s.Store.Message(ctx, group, id)
	if err == nil && m.LegChannel() != carrier.SMS && m.LegChannel() != carrier.Email {
		err = messaging.ErrNotFound
	}
	return m, err
}

// Communications lists a patient's text messages and e-mails, the newest first,
// up to Most.
func (s *Service) Communications(ctx context.Context, q Query) ([]Communication, error) {
	who, err := access.Require(ctx, access.SeeCommunications)
	if err != nil {
		return nil, err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, q.Patient)
	if errors.Is(err, patient.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	q.Patient, q.Limit = p.ID, Most
	if len(q.Channels) == 0 {
		q.Channels = []carrier.Channel{carrier.SMS, carrier.Email}
	}
	all, err := s.Store.Communications(ctx, who.Group, q)
	if err != nil {
		return nil, err
	}
	return s.from(ctx, who.Group, all...)
}

// Send sends a text message or an e-mail. Errors: as messaging's Send.
func (s *Service) Send(ctx context.Context, r messaging.Request) (Communication, error) {
	who, err := access.Require(ctx, access.SendCommunications)
	if err != nil {
		return Communication{}, err
	}
	t, err := s.Messages.Send(ctx, r)
	if err != nil {
		return Communication{}, err
	}
	return s.one(ctx, who.Group, t.Message)
}

// CallBack keeps a text message or an e-mail from going. Errors:
// messaging.ErrNotFound, messaging.ErrNotWaiting.
func (s *Service) CallBack(ctx context.Context, id messaging.ID) (Communication, error) {
	who, err := access.Require(ctx, access.SendCommunications)
	if err != nil {
		return Communication{}, err
	}
	if _, err := s.find(ctx, who.Group, id); err != nil {
		return Communication{}, err
	}
	m, err := s.Messages.CallBack(ctx, id)
	if err != nil {
		return Communication{}, err
	}
	return s.one(ctx, who.Group, m)
}

// Unlock lets a patient try the page of a message again. Error:
// messaging.ErrNotFound.
func (s *Service) Unlock(ctx context.Context, id messaging.ID) (Communication, error) {
	who, err := access.Require(ctx, access.SendCommunications)
	if err != nil {
		return Communication{}, err
	}
	if _, err := s.find(ctx, who.Group, id); err != nil {
		return Communication{}, err
	}
	m, err := s.Messages.Unlock(ctx, id)
	if err != nil {
		return Communication{}, err
	}
	return s.one(ctx, who.Group, m)
}

// SendAgain sends a text message or an e-mail once more. Errors:
// messaging.ErrNotFound, and as messaging's Send.
func (s *Service) SendAgain(ctx context.Context, id messaging.ID) (Communication, error) {
	who, err := access.Require(ctx, access.SendCommunications)
	if err != nil {
		return Communication{}, err
	}
	if _, err := s.find(ctx, who.Group, id); err != nil {
		return Communication{}, err
	}
	t, err := s.Messages.SendAgain(ctx, id)
	if err != nil {
		return Communication{}, err
	}
	return s.one(ctx, who.Group, t.Message)
}
