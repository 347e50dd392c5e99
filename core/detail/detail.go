// Package detail tells what events leave out: names, contact details and texts, as they
// are now, for endpoints that are to have them. What a restricted record hides is left
// out here, too. The shape of details is that of api/events/parts.json.
package detail

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/reply"
)

// Service finds the details of events.
type Service struct {
	Patients  *patient.Service
	Bookings  *booking.Service
	Practices *practice.Service
	Messages  *messaging.Service
	Replies   *reply.Service
}

// named is what of an event's data names something.
type named struct {
	Patient      string          `json:"patient_id"`
	Appointment  string          `json:"appointment_id"`
	Practitioner string          `json:"practitioner_id"`
	Message      string          `json:"message_id"`
	ReplyID      string          `json:"reply_id"`
	Channel      carrier.Channel `json:"channel"`
	At           time.Time       `json:"at"`
}

// details are those of an event; what is empty is left out.
type details struct {
	Patient      *person `json:"patient,omitempty"`
	Type         string  `json:"appointment_type,omitempty"`
	Practitioner string  `json:"practitioner,omitempty"`
	Location     string  `json:"location,omitempty"`
	Contact      string  `json:"contact,omitempty"`
	Subject      string  `json:"subject,omitempty"`
	Content      string  `json:"content,omitempty"`
	Reply        string  `json:"reply,omitempty"`
}

type person struct {
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	BirthDate string `json:"dob,omitempty"`
	NHSNumber string `json:"nhs_number,omitempty"`
	Mobile    string `json:"mobile,omitempty"`
	Email     string `json:"email,omitempty"`

	restricted bool
}

// Of gives the details of an event; nothing where there are none, or where what it is about is not there any more.
func (s *Service) Of(ctx context.Context, group practice.ID, e event.Event) (json.RawMessage, error) {
	ctx = access.With(ctx, access.System(group))
	var data named
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, err
	}
	out, err := s.patient(ctx, data)
	if err != nil {
		return nil, err
	}
	switch e.Type.Noun() {
	case "appointment":
		err = s.appointment(ctx, data, &out)
	case "message":
		if data.Message != "" {
			err = s.message(ctx, data, &out)
		}
		if err == nil && e.Type == event.MessageReplied {
			err = s.reply(ctx, data, &out)
		}
	}
	if err != nil || out == (details{}) {
		return nil, err
	}
	return json.Marshal(out)
}

// idOf reads an id; nothing has the id 0.
func idOf[T ~int64](digits string) T {
	n, _ := input.Digits(digits)
	return T(n)
}

// unlessGone is an error, but not of a thing that is not there.
func unlessGone(err error) error {
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		return nil
	}
	return err
}

func (s *Service) patient(ctx context.Context, data named) (details, error) {
	if data.Patient == "" {
		return details{}, nil
	}
	p, err := s.Patients.Patient(ctx, idOf[patient.ID](data.Patient))
	if err != nil {
		return details{}, unlessGone(err)
	}
	return details{Patient: &person{
		FirstName: p.FirstName, LastName: p.LastName, BirthDate: p.BirthDate.String(), NHSNumber: p.NHSNumber,
		Mobile: p.Mobile, Email: p.Email, restricted: p.Restricted, // a restricted record has neither
	}}, nil
}

func (s *Service) appointment(ctx context.Context, data named, out *details) error {
	a, err := s.Bookings.Read(ctx, idOf[booking.ID](data.Appointment))
	if err != nil {
		return unlessGone(err)
	}
	out.Type, out.Location = a.TypeName, a.LocationName
	// It may have been moved to another practitioner since.
	if a.Practitioner.String() == data.Practitioner {
		out.Practitioner = name(a.PractitionerName.Title, a.PractitionerName.FirstName, a.PractitionerName.LastName)
		return nil
	}
	all, err := s.Practices.Practitioners(ctx, true)
	for _, p := range all {
		if p.ID.String() == data.Practitioner {
			out.Practitioner = name(p.Title, p.FirstName, p.LastName)
		}
	}
	return err
}

func name(parts ...string) string { return strings.Join(strings.Fields(strings.Join(parts, " ")), " ") }

func (s *Service) message(ctx context.Context, data named, out *details) error {
	m, err := s.Messages.Message(ctx, idOf[messaging.ID](data.Message))
	if err != nil {
		return unlessGone(err)
	}
	out.Subject, out.Content = m.Subject, m.Content
	if out.Patient != nil && !out.Patient.restricted {
		if out.Contact = m.Contact; data.Channel == m.Fallback {
			out.Contact = m.FallbackContact
		}
	}
	return nil
}

// reply adds what was sent back. Events of earlier versions name the message alone.
func (s *Service) reply(ctx context.Context, data named, out *details) error {
	if data.ReplyID != "" {
		r, err := s.Replies.Find(ctx, idOf[reply.ID](data.ReplyID))
		out.Reply = r.Text
		return unlessGone(err)
	}
	all, err := s.Replies.Of(ctx, idOf[messaging.ID](data.Message))
	for _, r := range all {
		if data.Channel == r.Channel && data.At.Equal(r.At) {
			out.Reply = r.Text
		}
	}
	return unlessGone(err)
}
