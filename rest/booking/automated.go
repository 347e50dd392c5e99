package booking

import (
	"context"
	"maps"
	"strings"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// aboutAppointments begins this API's names for the occasions of messages.
const aboutAppointments = "appointment_"

func notificationType(on booking.Occasion) oas.NotificationType {
	return oas.NotificationType(aboutAppointments + string(on))
}

func occasion(of oas.NotificationType) booking.Occasion {
	return booking.Occasion(strings.TrimPrefix(string(of), aboutAppointments))
}

// ListAutomatedMessages lists the messages around appointments.
func (o Operations) ListAutomatedMessages(
	ctx context.Context, p oas.ListAutomatedMessagesParams,
) (*oas.ListAutomatedMessagesOK, error) {
	var in input.Checks
	q := notice.Query{
		Patient: wire.FilterID[patient.ID](&in, "recipient_id", p.RecipientID), On: occasion(p.NotificationType.Value),
		Oldest: !p.OrderDescending.Or(true), Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Notice.List(ctx, q, strings.ToLower(string(p.Status.Value)))
	if err != nil {
		return nil, err
	}
	out := &oas.ListAutomatedMessagesOK{Data: make([]oas.AutomatedMessage, len(found)), Count: float64(count)}
	for i, n := range found {
		reason := n.Reason
		if n.Standing() == string(notice.Invalidated) && reason == "" {
			reason = n.Message.Code
		}
		out.Data[i] = oas.AutomatedMessage{
			ID: n.ID.String(), RecipientID: n.Patient.String(), AppointmentID: n.Appointment.String(),
			NotificationType: notificationType(n.On),
			Status:           oas.AutomatedMessageStatus(strings.ToUpper(n.Standing())), Reason: wire.Text(reason),
			StartTime: wire.OptInstant(n.Start), ScheduledAt: wire.OptInstant(n.DueAt),
			MinutesBefore: oas.OptNilInt{Value: int(n.Lead / time.Minute), Set: true, Null: n.Lead == 0},
			MessageID:     wire.IDOrNull(n.Message.ID), Channel: wire.Text(n.Message.Channel),
			SentAt: wire.OptInstant(n.Message.SentAt), CreatedAt: n.CreatedAt.UTC(),
		}
	}
	return out, nil
}

// GetAutomatedMessageSettings answers how they are sent.
func (o Operations) GetAutomatedMessageSettings(
	ctx context.Context, p oas.GetAutomatedMessageSettingsParams,
) (*oas.AutomatedMessageSettings, error) {
	return o.automatedSettings(ctx, p.AppointmentTypeID)
}

// UpdateAutomatedMessageSettings sets how they are sent.
func (o Operations) UpdateAutomatedMessageSettings(
	ctx context.Context, in *oas.AutomatedMessageSettings, p oas.UpdateAutomatedMessageSettingsParams,
) (*oas.AutomatedMessageSettings, error) {
	var check input.Checks
	of := wire.FilterID[diary.TypeID](&check, "appointment_type_id", p.AppointmentTypeID)
	directions := map[practice.LocationID]string{}
	for id, text := range in.Directions.Value {
		directions[wire.FieldID[practice.LocationID](&check, "directions", id)] = text
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	_, err := o.Core.Notice.Set(ctx, of, func(s *notice.Settings) { setAutomated(s, in, directions) })
	if err != nil {
		return nil, err
	}
	return o.automatedSettings(ctx, p.AppointmentTypeID)
}

// setAutomated sets what was given.
func setAutomated(
	s *notice.Settings, in *oas.AutomatedMessageSettings, directions map[practice.LocationID]string,
) {
	if in.Off != nil {
		s.Off = make([]booking.Occasion, len(in.Off))
		for i, of := range in.Off {
			s.Off[i] = occasion(of)
		}
	}
	if in.Reminders != nil {
		s.Reminders = make([]notice.Lead, len(in.Reminders))
		for i, minutes := range in.Reminders {
			s.Reminders[i].Duration = time.Duration(minutes) * time.Minute
		}
	}
	if in.Channels != nil {
		s.Channels = make([]carrier.Channel, len(in.Channels))
		for i, c := range in.Channels {
			s.Channels[i] = carrier.Channel(c)
		}
	}
	if from := wire.Clock(in.NightFrom); from != nil {
		s.NightFrom = from
	}
	if until := wire.Clock(in.NightUntil); until != nil {
		s.NightUntil = until
	}
	input.Set(&s.Cancelling, wire.Ptr(in.HowToCancel.Get()))
	s.Directions = joined(s.Directions, directions)
	texts := map[booking.Occasion]notice.Text{}
	for of, t := range in.Texts.Value {
		on := occasion(oas.NotificationType(of))
		text := s.Texts[on]
		input.Set(&text.SMS, wire.Ptr(t.SMS.Get()))
		input.Set(&text.Subject, wire.Ptr(t.Subject.Get()))
		input.Set(&text.Email, wire.Ptr(t.Email.Get()))
		texts[on] = text
	}
	s.Texts = joined(s.Texts, texts)
}

// joined is a map with the entries of another in it.
func joined[K comparable, V any](was, more map[K]V) map[K]V {
	if was == nil {
		return more
	}
	maps.Copy(was, more)
	return was
}

func (o Operations) automatedSettings(ctx context.Context, of oas.OptID) (*oas.AutomatedMessageSettings, error) {
	var in input.Checks
	id := wire.FilterID[diary.TypeID](&in, "appointment_type_id", of)
	if err := in.Err(); err != nil {
		return nil, err
	}
	_, s, err := o.Core.Notice.Settings(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &oas.AutomatedMessageSettings{
		Off: []oas.NotificationType{}, Reminders: make([]int, len(s.Reminders)),
		NightFrom: wire.String(practice.Clock(*s.NightFrom)), NightUntil: wire.String(practice.Clock(*s.NightUntil)),
		HowToCancel: wire.String(s.Cancelling),
		Directions:  oas.NewOptAutomatedMessageSettingsDirections(map[string]string{}),
		Texts:       oas.NewOptAutomatedMessageSettingsTexts(map[string]oas.AutomatedText{}),
	}
	for _, on := range s.Off {
		out.Off = append(out.Off, notificationType(on))
	}
	for i, l := range s.Reminders {
		out.Reminders[i] = int(l.Duration / time.Minute)
	}
	for _, c := range s.Channels {
		out.Channels = append(out.Channels, oas.AutomatedMessageSettingsChannelsItem(c))
	}
	for at, text := range s.Directions {
		out.Directions.Value[at.String()] = text
	}
	for on, t := range s.Texts {
		out.Texts.Value[string(notificationType(on))] = oas.AutomatedText{SMS: wire.String(t.SMS),
			Subject: wire.String(t.Subject), Email: wire.String(t.Email)}
	}
	return out, nil
}
