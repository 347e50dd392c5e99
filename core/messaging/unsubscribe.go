package messaging

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/practice"
)

// unsubscribing is what the signature of an address to unsubscribe at is for.
const unsubscribing = "unsubscribe from e-mail"

// UnsubscribeURL is where the patient asks for no more e-mails like this one, for the leg a message is on (RFC 8058).
// It is empty for direct care, which cannot be unsubscribed from, and for other channels. It proves itself, as it may
// be used years later, and nothing is kept for it.
func (s *Service) UnsubscribeURL(group practice.ID, m Message) string {
	if m.Purpose == DirectCare || m.LegChannel() != carrier.Email || s.Box == nil {
		return ""
	}
	// Without a key nothing is sealed either, and no carrier has its password.
	box, err := s.Box()
	if err != nil {
		return ""
	}
	key := m.Key(group)
	sign, err := box.Sign(key, unsubscribing)
	if err != nil {
		return ""
	}
	return s.Pages() + "/unsubscribe/" + key + "-" + sign
}

// Subscription finds the practice that a link to unsubscribe is of, and changes nothing. Error: ErrLink.
func (s *Service) Subscription(ctx context.Context, link string) (practice.Group, error) {
	g, _, err := s.subscription(ctx, link)
	return g, err
}

// subscription finds the practice of a link, and the message by the leg that went to the address in question.
func (s *Service) subscription(ctx context.Context, link string) (practice.Group, Message, error) {
	part := strings.SplitN(link, "-", 4)
	if len(part) != 4 {
		return practice.Group{}, Message{}, ErrLink
	}
	key := strings.Join(part[:3], "-")
	group, id, leg, ok := ParseKey(key)
	if !ok || s.Box == nil {
		return practice.Group{}, Message{}, ErrLink
	}
	box, err := s.Box()
	if err != nil {
		return practice.Group{}, Message{}, err
	}
	if !box.Signed(key, part[3], unsubscribing) {
		return practice.Group{}, Message{}, ErrLink
	}
	m, err := s.Store.Message(ctx, group, id)
	if m.Leg = leg; errors.Is(err, ErrNotFound) || err == nil && m.LegChannel() != carrier.Email {
		err = ErrLink
	}
	if err != nil {
		return practice.Group{}, m, err
	}
	g, err := s.Store.Group(ctx, group)
	return practice.Group{ID: g.ID, Name: g.Name, Phone: g.Phone, TimeZone: g.TimeZone}, m, err
}

// Unsubscribe has the address that an e-mail went to get nothing but direct care
// from its practice any more. Doing it twice is doing it once. Error: ErrLink.
func (s *Service) Unsubscribe(ctx context.Context, link string) (practice.Group, error) {
	g, m, err := s.subscription(ctx, link)
	if err != nil {
		return g, err
	}
	now := s.Now().Truncate(time.Microsecond)
	who := access.Visitor(ctx, g.ID, "patient")
	at := Destination{carrier.Email, m.LegContact()}
	return g, s.Store.Do(ctx, func(tx Tx) error {
		out, err := tx.OptedOut(ctx, g.ID, []Destination{at})
		if err != nil || out[at] {
			return err
		}
		if err := tx.AddOptOut(ctx, g.ID, at.Channel, at.Contact, "unsubscribe", now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "opt_out.add", "message", int64(m.ID), nil,
			map[string]string{"channel": string(at.Channel), "contact": at.Contact}))
	})
}
