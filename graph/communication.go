package graph

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// How far a message is, in the contract's words for our states. What was called
// back did not reach the patient either.
var communicationStates = map[gql.PatientCommunicationStatusType][]messaging.State{
	gql.PatientCommunicationStatusTypeScheduled: {messaging.Scheduled, messaging.Queued, messaging.Sending},
	gql.PatientCommunicationStatusTypeSent:      {messaging.Sent, messaging.Delivered, messaging.Read},
	gql.PatientCommunicationStatusTypeFailed: {
		messaging.Failed, messaging.Cancelled, messaging.Expired, messaging.Suppressed, messaging.Unknown,
	},
}

func communicationStatus(s messaging.State) gql.PatientCommunicationStatusType {
	for status, states := range communicationStates {
		for _, state := range states {
			if state == s {
				return status
			}
		}
	}
	return gql.PatientCommunicationStatusTypeFailed
}

// The channels by the contract's words for them.
var communicationChannels = map[gql.PatientCommunicationType]carrier.Channel{
	gql.PatientCommunicationTypeSms: carrier.SMS, gql.PatientCommunicationTypeEmail: carrier.Email,
}

func (d *resolver) sms(ctx context.Context, c messaging.Details) (*gql.Sms, error) {
	p, err := d.patientByID(ctx, c.Patient)
	return &gql.Sms{
		ID: encode(kindMessage, c.ID), To: c.LegContact(), From: c.From, Message: c.Content, Patient: p,
		Status:            communicationStatus(c.State),
		CommunicationType: gql.PatientCommunicationTypeSms, DateToProcess: scalar.Of(c.SendAt),
	}, err
}

func (d *resolver) email(ctx context.Context, c messaging.Details) (*gql.Email, error) {
	p, err := d.patientByID(ctx, c.Patient)
	return &gql.Email{
		ID: encode(kindMessage, c.ID), To: c.LegContact(), From: c.From, Message: c.Content, Subject: c.Subject, Patient: p,
		Status: communicationStatus(c.State), CommunicationType: gql.PatientCommunicationTypeEmail,
		DateToProcess: scalar.Of(c.SendAt),
		Attachments:   []gql.Attachment{},
	}, err
}

func (d *resolver) communication(ctx context.Context, c messaging.Details) (gql.PatientCommunication, error) {
	if c.LegChannel() == carrier.Email {
		return d.email(ctx, c)
	}
	return d.sms(ctx, c)
}

// PatientCommunication finds one message.
func (q query) PatientCommunication(ctx context.Context, id string) (gql.PatientCommunication, error) {
	n, err := known[messaging.ID](kindMessage, id)
	if err != nil {
		return nil, err
	}
	c, err := q.textOrMail(ctx, n)
	switch {
	case errors.Is(err, messaging.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return q.communication(ctx, c)
}

// PatientCommunications lists the messages to a patient.
func (q query) PatientCommunications(
	ctx context.Context, options gql.PatientCommunicationQueryOptions,
) (*gql.PatientCommunicationData, error) {
	ask := messaging.Search{Query: messaging.Query{Ways: []carrier.Channel{carrier.SMS, carrier.Email}, Uncounted: true}}
	var err error
	if ask.Patient, err = known[patient.ID](kindPatient, options.Patient); err != nil {
		return nil, err
	}
	if ask.Sending, err = q.span(ctx, options.DateToProcess.Value()); err != nil {
		return nil, err
	}
	if types := options.CommunicationType.Value(); len(types) > 0 {
		ask.Ways = nil
		for _, t := range types {
			ask.Ways = append(ask.Ways, communicationChannels[deref(t)])
		}
	}
	for _, s := range options.Status.Value() {
		ask.States = append(ask.States, communicationStates[gql.PatientCommunicationStatusType(deref(s))]...)
	}
	all, _, err := q.core.Messaging.Messages(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &gql.PatientCommunicationData{Data: make([]gql.PatientCommunication, len(all))}
	for i, c := range all {
		if out.Data[i], err = q.communication(ctx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// instant is a moment as the core takes one; nothing for none.
func instant(m *scalar.Moment) string {
	if m == nil || m.IsZero() {
		return ""
	}
	return m.T.UTC().Format(time.RFC3339Nano)
}

// SendSms sends a text message.
func (m mutation) SendSms(
	ctx context.Context, patientID, message string, at *scalar.Moment,
) (*gql.SendSMSPayload, error) {
	c, err := m.send(ctx, patientID, messaging.Request{Channel: carrier.SMS, Text: message}, at)
	if err != nil {
		return nil, err
	}
	data, err := m.sms(ctx, c)
	return &gql.SendSMSPayload{Data: data}, err
}

// SendEmail sends an e-mail.
func (m mutation) SendEmail(
	ctx context.Context, patientID, subject, message string, at *scalar.Moment,
) (*gql.SendEmailPayload, error) {
	c, err := m.send(ctx, patientID, messaging.Request{Channel: carrier.Email, Subject: subject, Text: message}, at)
	if err != nil {
		return nil, err
	}
	data, err := m.email(ctx, c)
	return &gql.SendEmailPayload{Data: data}, err
}

func (d *resolver) send(
	ctx context.Context, patientID string, r messaging.Request, at *scalar.Moment,
) (c messaging.Details, err error) {
	if r.Patient, err = known[patient.ID](kindPatient, patientID); err != nil {
		return c, err
	}
	if at != nil && at.Form == scalar.Local && !at.IsZero() {
		return c, ErrDate
	}
	r.SendAt, r.PastIsNow = instant(at), true
	taken, err := d.core.Messaging.Send(ctx, r)
	if err != nil {
		return c, err
	}
	return d.core.Messaging.Message(ctx, taken.ID)
}

// textOrMail finds a text message or an e-mail: this API knows no other messages.
func (d *resolver) textOrMail(ctx context.Context, id messaging.ID) (messaging.Details, error) {
	c, err := d.core.Messaging.Message(ctx, id)
	if by := c.LegChannel(); err == nil && by != carrier.SMS && by != carrier.Email {
		return messaging.Details{}, messaging.ErrNotFound
	}
	return c, err
}

// CancelScheduledPatientCommunication calls back a message that has not gone.
func (m mutation) CancelScheduledPatientCommunication(
	ctx context.Context, id string,
) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, m.core.Messaging.Cancel)
}

// UnlockPatientCommunication lets a patient try the page of a message again.
func (m mutation) UnlockPatientCommunication(ctx context.Context, id string) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, m.core.Messaging.Unlock)
}

// SendPatientCommunicationAgain sends the text of a message once more.
func (m mutation) SendPatientCommunicationAgain(
	ctx context.Context, id string,
) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, func(ctx context.Context, id messaging.ID) (messaging.Message, error) {
		taken, err := m.core.Messaging.SendAgain(ctx, id)
		return taken.Message, err
	})
}

// about does something about one message, and gives what there is then.
func (m mutation) about(
	ctx context.Context, id string, do func(context.Context, messaging.ID) (messaging.Message, error),
) (*gql.PatientCommunicationPayload, error) {
	n, err := known[messaging.ID](kindMessage, id)
	if err != nil {
		return nil, err
	}
	if _, err := m.textOrMail(ctx, n); err != nil {
		return nil, err
	}
	changed, err := do(ctx, n)
	if err != nil {
		return nil, err
	}
	c, err := m.core.Messaging.Message(ctx, changed.ID)
	if err != nil {
		return nil, err
	}
	data, err := m.communication(ctx, c)
	return &gql.PatientCommunicationPayload{Data: data}, err
}
