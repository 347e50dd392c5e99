package batch

import (
	"context"
	"encoding/json"
	"fmt"

	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// carry notes in a batch which link goes to each recipient. One that is for a patient alone goes to no others.
func (s *Service) carry(ctx context.Context, group practice.ID, b *Batch, want enclosure.Want) error {
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return err
	}
	plan, err := s.Messages.Enclosures.Check(ctx, g, want, "content", b.Content)
	if err != nil || plan.None() {
		return err
	}
	if plan.Personal() {
		return fault.Wrong("short_link_id", input.CodeChoice, "a link for anyone, or `booking_link`",
			"This link is for one patient. `booking_link` makes one for each recipient.")
	}
	text, err := json.Marshal(plan.Want())
	b.Carries = string(text)
	return err
}

// plan is the link that goes to each recipient of a batch.
func (s *Service) plan(g practice.Group, b Batch) (enclosure.Plan, error) {
	if b.Carries == "" {
		return enclosure.Plan{}, nil
	}
	var want enclosure.Want
	if err := json.Unmarshal([]byte(b.Carries), &want); err != nil {
		return enclosure.Plan{}, fmt.Errorf("read what batch %s carries: %w", b.ID, err)
	}
	return s.Messages.Enclosures.Plan(g, want, b.Content)
}

// outgoing is the message to a recipient, before it is kept.
type outgoing struct {
	messaging.Message
	to *Enlisted
}

// enclose puts into messages the links that go with them, each made with its message. A recipient whom no link can go
// to gets no message.
func (s *Service) enclose(
	ctx context.Context, tx Tx, t terms, all []outgoing,
) ([]messaging.Message, error) {
	var of []patient.ID
	for _, m := range all {
		if m.State.Waiting() {
			of = append(of, m.Patient)
		}
	}
	links, err := s.Messages.Enclosures.Enclose(ctx, tx, t.plan, of, t.now, nil)
	if err != nil {
		return nil, err
	}
	out := make([]messaging.Message, 0, len(all))
	for _, m := range all {
		switch e := links[m.Patient]; {
		case t.plan.None():
		case !m.State.Waiting():
			m.Content = t.plan.Unsent(m.Content)
		case e.Err != nil:
			m.to.fail(e.Err)
			continue
		default:
			m.Carry(t.plan, e)
		}
		out = append(out, m.Message)
	}
	return out, nil
}

// fail notes why a recipient gets no message.
func (r *Recipient) fail(err error) {
	r.Status, r.Reason, r.Message = RecipientError, fault.Of(err).Code, 0
}

// foresee notes those of a preview whom no link could go to.
func (s *Service) foresee(ctx context.Context, t terms, found []Enlisted) error {
	var of []patient.ID
	for _, e := range found {
		if e.Status == RecipientEnriched {
			of = append(of, e.Person.ID)
		}
	}
	not, err := s.Messages.Enclosures.Foresee(ctx, t.plan, of, t.now)
	for i := range found {
		if why := not[found[i].Person.ID]; why != nil && found[i].Status == RecipientEnriched {
			found[i].fail(why)
		}
	}
	return err
}
