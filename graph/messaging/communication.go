package messaging

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
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

func (d Resolver) sms(ctx context.Context, c messaging.Details) (*gql.Sms, error) {
	p, err := d.PatientByID(ctx, c.Patient)
	return &gql.Sms{
		ID: wire.Encode(wire.KindMessage, c.ID), To: c.LegContact(), From: c.From, Message: c.Content, Patient: p,
		Status:            communicationStatus(c.State),
		CommunicationType: gql.PatientCommunicationTypeSms, DateToProcess: scalar.Of(c.SendAt),
	}, err
}

func (d Resolver) email(ctx context.Context, c messaging.Details) (*gql.Email, error) {
	p, err := d.PatientByID(ctx, c.Patient)
	return &gql.Email{
		ID: wire.Encode(wire.KindMessage, c.ID), To: c.LegContact(), From: c.From, Message: c.Content,
		Subject: c.Subject, Patient: p,
		Status: communicationStatus(c.State), CommunicationType: gql.PatientCommunicationTypeEmail,
		DateToProcess: scalar.Of(c.SendAt),
		Attachments:   []gql.Attachment{},
	}, err
}

func (d Resolver) communication(ctx context.Context, c messaging.Details) (gql.PatientCommunication, error) {
	if c.LegChannel() == carrier.Email {
		return d.email(ctx, c)
	}
	return d.sms(ctx, c)
}

// PatientCommunication finds one message.
func (q Query) PatientCommunication(ctx context.Context, id string) (gql.PatientCommunication, error) {
	n, err := wire.Known[messaging.ID](wire.KindMessage, id)
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
func (q Query) PatientCommunications(
	ctx context.Context, options gql.PatientCommunicationQueryOptions,
) (*gql.PatientCommunicationData, error) {
	ask := messaging.Search{Query: messaging.Query{Ways: []carrier.Channel{carrier.SMS, carrier.Email},
		Uncounted: true}}
	var err error
	if ask.Patient, err = wire.Known[patient.ID](wire.KindPatient, options.Patient); err != nil {
		return nil, err
	}
	if ask.Sending, err = q.Span(ctx, options.DateToProcess.Value()); err != nil {
		return nil, err
	}
	if types := options.CommunicationType.Value(); len(types) > 0 {
		ask.Ways = nil
		for _, t := range types {
			ask.Ways = append(ask.Ways, communicationChannels[wire.Deref(t)])
		}
	}
	for _, s := range options.Status.Value() {
		ask.States = append(ask.States, communicationStates[gql.PatientCommunicationStatusType(wire.Deref(s))]...)
	}
	all, _, err := q.Core.Messaging.Messages(ctx, ask)
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

// instant is a moment as core takes it; zero for null.
func instant(m *scalar.Moment) time.Time {
	if m == nil || m.IsZero() {
		return time.Time{}
	}
	return m.T
}

// SendSms sends a text message.
func (m Mutation) SendSms(
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
func (m Mutation) SendEmail(
	ctx context.Context, patientID, subject, message string, at *scalar.Moment,
) (*gql.SendEmailPayload, error) {
	c, err := m.send(ctx, patientID, messaging.Request{Channel: carrier.Email, Subject: subject, Text: message}, at)
	if err != nil {
		return nil, err
	}
	data, err := m.email(ctx, c)
	return &gql.SendEmailPayload{Data: data}, err
}

func (d Resolver) send(
	ctx context.Context, patientID string, r messaging.Request, at *scalar.Moment,
) (c messaging.Details, err error) {
	if r.Patient, err = wire.Known[patient.ID](wire.KindPatient, patientID); err != nil {
		return c, err
	}
	if at != nil && at.Form == scalar.Local && !at.IsZero() {
		return c, wire.ErrDate
	}
	r.SendAt, r.PastIsNow = instant(at), true
	taken, err := d.Core.Messaging.Send(ctx, r)
	if err != nil {
		return c, err
	}
	return d.Core.Messaging.Message(ctx, taken.ID)
}

// textOrMail finds a text message or an e-mail: this API has no other messages.
func (d Resolver) textOrMail(ctx context.Context, id messaging.ID) (messaging.Details, error) {
	c, err := d.Core.Messaging.Message(ctx, id)
	if by := c.LegChannel(); err == nil && by != carrier.SMS && by != carrier.Email {
		return messaging.Details{}, messaging.ErrNotFound
	}
	return c, err
}

// CancelScheduledPatientCommunication calls back a message that has not gone.
func (m Mutation) CancelScheduledPatientCommunication(
	ctx context.Context, id string,
) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, m.Core.Messaging.Cancel)
}

// UnlockPatientCommunication lets a patient try the page of a message again.
func (m Mutation) UnlockPatientCommunication(ctx context.Context, id string) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, m.Core.Messaging.Unlock)
}

// SendPatientCommunicationAgain sends the text of a message once more.
func (m Mutation) SendPatientCommunicationAgain(
	ctx context.Context, id string,
) (*gql.PatientCommunicationPayload, error) {
	return m.about(ctx, id, func(ctx context.Context, id messaging.ID) (messaging.Message, error) {
		taken, err := m.Core.Messaging.SendAgain(ctx, id)
		return taken.Message, err
	})
}

// about changes one message, and answers it as it is then.
func (m Mutation) about(
	ctx context.Context, id string, do func(context.Context, messaging.ID) (messaging.Message, error),
) (*gql.PatientCommunicationPayload, error) {
	n, err := wire.Known[messaging.ID](wire.KindMessage, id)
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
	c, err := m.Core.Messaging.Message(ctx, changed.ID)
	if err != nil {
		return nil, err
	}
	data, err := m.communication(ctx, c)
	return &gql.PatientCommunicationPayload{Data: data}, err
}
