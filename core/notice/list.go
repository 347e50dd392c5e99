package notice

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
)

// Query is one search for notices. What is left empty does not narrow it.
type Query struct {
	Patient patient.ID
	On      booking.Occasion
	// States are those of notices without a message, and Messages those of the messages of the others.
	States        []State
	Messages      []messaging.State
	Oldest        bool // the oldest first
	Offset, Limit int
}

// Standing is the one word for how far a notice has come: its own state, or that of its message. A message that was
// withheld is invalidated as one that was never made.
func (n Notice) Standing() string {
	switch {
	case n.State == Planned:
		return string(messaging.Scheduled)
	case n.Message.ID == 0:
		return string(n.State)
	case n.Message.State == messaging.Suppressed:
		return string(Invalidated)
	}
	return string(n.Message.State)
}

// Standings are all the words of Standing.
func Standings() []string {
	out := []string{string(Invalidated), string(Skipped)}
	for _, s := range messaging.States {
		if s != messaging.Suppressed {
			out = append(out, string(s))
		}
	}
	return out
}

// standing narrows a query to a word of Standing.
func (q *Query) standing(word string) {
	switch word {
	case string(Invalidated):
		q.States, q.Messages = []State{Invalidated}, []messaging.State{messaging.Suppressed}
	case string(Skipped):
		q.States = []State{Skipped}
	case string(messaging.Scheduled):
		q.States = []State{Planned}
		fallthrough
	default:
		q.Messages = []messaging.State{messaging.State(word)}
	}
}

// List lists the messages around appointments, newest first, and how many match in all, counted as input.CountTo says.
// standing is a word of Standings, or empty.
func (s *Service) List(ctx context.Context, q Query, standing string) ([]Notice, int, error) {
	who, err := access.Require(ctx, access.EditBookingLinks)
	if err != nil {
		return nil, 0, err
	}
	var in input.Checks
	if standing != "" {
		if !slices.Contains(Standings(), standing) {
			input.Choice(&in, "status", standing, Standings())
		}
		q.standing(standing)
	}
	if q.On != "" {
		input.Choice(&in, "notification_type", q.On, booking.Occasions)
	}
	if err := in.Err(); err != nil {
		return nil, 0, err
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, 0, err
	}
	found, count, err := s.Store.Notices(ctx, who.Group, q)
	audit.Seen(ctx, found...)
	return found, count, err
}

// AuditSubject says what it is in the audit trail.
func (n Notice) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "notice", ID: int64(n.ID), Patient: int64(n.Patient)}
}
