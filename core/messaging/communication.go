package messaging

import (
	"cmp"
	"context"
	"errors"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Communication is a text message or an e-mail to a patient, as the practice sees
// it: by the way it goes now, and from whom.
type Communication struct {
	Message
	From string
}

// CommunicationQuery says which of a patient's messages to list. What is left
// empty does not narrow the list.
type CommunicationQuery struct {
	Patient patient.ID
	// When is when they go, or went.
	When     input.Span
	Channels []Channel // SMS and Email; none is both
	States   []State
	Limit    int
}

// MostCommunications is how many of a patient's messages are listed.
const MostCommunications = 1000

// told is a message as a communication of its practice.
func told(g practice.Group, m Message) Communication {
	from := g.Name
	if m.LegChannel() == Email {
		from = cmp.Or(g.Email, g.Name)
	}
	return Communication{Message: m, From: from}
}

// Communication finds a text message or an e-mail. Error: ErrNotFound.
func (s *Service) Communication(ctx context.Context, id ID) (Communication, error) {
	who, err := access.RequireGrant(ctx, access.SeeCommunications)
	if err != nil {
		return Communication{}, err
	}
	return s.communication(ctx, who.Group, id)
}

func (s *Service) communication(ctx context.Context, group practice.ID, id ID) (Communication, error) {
	m, err := s.Store.Message(ctx, group, id)
	if err == nil && m.LegChannel() != SMS && m.LegChannel() != Email {
		err = ErrNotFound
	}
	if err != nil {
		return Communication{}, err
	}
	g, err := s.Store.Group(ctx, group)
	return told(g, m), err
}

// Communications lists a patient's text messages and e-mails, the newest first,
// up to MostCommunications.
func (s *Service) Communications(ctx context.Context, q CommunicationQuery) ([]Communication, error) {
	who, err := access.RequireGrant(ctx, access.SeeCommunications)
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
	q.Patient, q.Limit = p.ID, MostCommunications
	if len(q.Channels) == 0 {
		q.Channels = []Channel{SMS, Email}
	}
	all, err := s.Store.Communications(ctx, who.Group, q)
	if err != nil {
		return nil, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	out := make([]Communication, len(all))
	for i, m := range all {
		out[i] = told(g, m)
	}
	return out, err
}

// SendCommunication sends a text message or an e-mail. Errors: as Send.
func (s *Service) SendCommunication(ctx context.Context, r Request) (Communication, error) {
	t, err := s.Send(ctx, r)
	if err != nil {
		return Communication{}, err
	}
	who, err := access.Require(ctx)
	if err != nil {
		return Communication{}, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	return told(g, t.Message), err
}

// CallBack is Cancel for a text message or an e-mail. Errors: ErrNotFound,
// ErrNotWaiting.
func (s *Service) CallBack(ctx context.Context, id ID) (Communication, error) {
	who, err := access.RequireGrant(ctx, access.SendCommunications)
	if err != nil {
		return Communication{}, err
	}
	c, err := s.communication(ctx, who.Group, id)
	if err != nil {
		return Communication{}, err
	}
	c.Message, err = s.cancel(ctx, who, id)
	return c, err
}
