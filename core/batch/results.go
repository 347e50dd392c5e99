package batch

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/messaging"
	"frontdesk/core/template"
)

// shownAs is a recipient's status as callers know it.
func shownAs(s RecipientStatus) RecipientStatus {
	switch s {
	case RecipientTracing:
		return RecipientCreated
	case RecipientDuplicate:
		return RecipientError
	}
	return s
}

// AuditSubject says whom it shows in the audit trail.
func (r Recipient) AuditSubject() audit.Subject { return audit.Person(r.Patient) }

// Shown is a recipient's status as callers know it.
func (r Recipient) Shown() RecipientStatus { return shownAs(r.Status) }

// Recipients lists a batch's recipients with their status, and how many there are.
func (s *Service) Recipients(
	ctx context.Context, id messaging.BatchID, status RecipientStatus, pageIndex, pageSize int,
) ([]Recipient, int, error) {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return nil, 0, err
	}
	if _, _, err := s.Batch(ctx, id); err != nil {
		return nil, 0, err
	}
	found, err := s.Store.Recipients(ctx, who.Group, id,
		RecipientQuery{Status: status, After: -1, Offset: pageIndex * pageSize, Limit: pageSize, Whole: true})
	if err != nil {
		return nil, 0, err
	}
	counts, err := s.Store.CountRecipients(ctx, who.Group, id)
	total := 0
	for of, n := range counts {
		if status == "" || shownAs(of) == status {
			total += n
		}
	}
	audit.Seen(ctx, found...)
	return found, total, err
}

// Each calls fn with every recipient of a batch, in order, a page at a time.
func (s *Service) Each(ctx context.Context, id messaging.BatchID, fn func(Recipient) error) error {
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return err
	}
	for after := -1; ; {
		found, err := s.Store.Recipients(ctx, who.Group, id, RecipientQuery{After: after, Limit: 2 * chunk, Whole: true})
		if err != nil {
			return err
		}
		audit.Seen(ctx, found...)
		for _, r := range found {
			if err := fn(r); err != nil {
				return err
			}
			after = r.Ordinal
		}
		if len(found) < 2*chunk {
			return nil
		}
	}
}

// Preview is what sending a batch would do.
type Preview struct {
	// Looked is how many recipients have been looked up, of Total.
	Looked, Total int
	Reached       int
	// NotReached counts by reason.
	NotReached map[string]int
	Parts      int // text messages
	// Cost is in pence; the practice says what a text message costs.
	Cost int
	// Longest is the recipient's text with the most parts.
	Longest template.Parts
	Sample  string
}

// Preview says who of a batch would not be reached and why, and how many text messages it takes.
func (s *Service) Preview(ctx context.Context, id messaging.BatchID) (Preview, error) {
	b, _, err := s.Batch(ctx, id)
	if err != nil {
		return Preview{}, err
	}
	who, err := access.Require(ctx, access.SeeMessages)
	if err != nil {
		return Preview{}, err
	}
	t, err := s.terms(ctx, who.Group, b)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{}
	if out.NotReached, err = s.Store.CountReasons(ctx, who.Group, id); err != nil {
		return out, err
	}
	counts, err := s.Store.CountRecipients(ctx, who.Group, id)
	if err != nil {
		return out, err
	}
	for status, n := range counts {
		out.Total += n
		if status != RecipientCreated && status != RecipientTracing {
			out.Looked += n
		}
	}
	for _, status := range []RecipientStatus{RecipientEnriched, RecipientQueued} {
		for after := -1; ; {
			found, err := s.Store.Enlisted(ctx, who.Group, id, status, b.Channel, after, 2*chunk, false)
			if err != nil {
				return out, err
			}
			if err := s.foresee(ctx, t, found); err != nil {
				return out, err
			}
			for i := range found {
				after = found[i].Ordinal
				m := messaging.Message{}
				if found[i].Status != RecipientError {
					m = s.draft(t, b, &found[i])
				}
				out.add(b, &found[i], t.plan, m)
			}
			if len(found) < 2*chunk {
				break
			}
		}
	}
	out.Cost = out.Parts * t.group.SMSPrice
	return out, nil
}

// add adds one recipient's message to a preview.
func (p *Preview) add(b Batch, e *Enlisted, plan enclosure.Plan, m messaging.Message) {
	switch {
	case e.Status != RecipientQueued:
		p.NotReached[e.Reason]++
		return
	case !m.State.Waiting():
		p.NotReached[m.Code]++
		return
	}
	p.Reached++
	p.Parts += m.Parts
	if parts := template.CountParts(m.Content); b.Channel == carrier.SMS && parts.Parts > p.Longest.Parts {
		p.Longest = parts
	}
	if p.Sample == "" {
		p.Sample = plan.Unsent(m.Content)
	}
}
