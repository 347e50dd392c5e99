package booking

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// sourceAPI is what this API calls itself in an appointment's source.
const sourceAPI = "api"

// request reads what a time is asked for with.
func request(
	check *input.Checks, kind, location, practitioner string, start time.Time, duration float64,
) booking.Request {
	return booking.Request{
		Type:         wire.FieldID[diary.TypeID](check, "appointment_type_id", kind),
		Location:     wire.FieldID[practice.LocationID](check, "location_id", location),
		Practitioner: wire.FieldID[practice.PractitionerID](check, "practitioner_id", practitioner), Start: start,
		Length: minutes(duration),
	}
}

// minutes is a length in minutes; core refuses what is out of bounds.
func minutes(n float64) time.Duration {
	return time.Duration(min(max(n, -1), 1e6) * float64(time.Minute))
}

// CheckSlotAvailability answers whether a time could be reserved now.
func (o Operations) CheckSlotAvailability(
	ctx context.Context, in *oas.AvailabilityRequest, _ oas.CheckSlotAvailabilityParams,
) (*oas.CheckSlotAvailabilityOK, error) {
	var check input.Checks
	r := request(&check, in.AppointmentTypeID, in.LocationID, in.PractitionerID, in.StartTime, in.Duration)
	if err := check.Err(); err != nil {
		return nil, err
	}
	yes, err := o.Core.Booking.Available(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.CheckSlotAvailabilityOK{Available: yes}, nil
}

// CreateAppointment holds a time.
func (o Operations) CreateAppointment(
	ctx context.Context, in *oas.AppointmentRequest, _ oas.CreateAppointmentParams,
) (*oas.Reservation, error) {
	var check input.Checks
	r := request(&check, in.AppointmentTypeID, in.LocationID, in.PractitionerID, in.StartTime.Value, in.Duration)
	r.Patient, r.Billpayer = wire.OptionalID[patient.ID](&check, "patient_id", in.PatientID),
		wire.OptionalID[patient.ID](&check, "billpayer_id", in.BillpayerID)
	r.Reason, r.SuppressMail, r.Override = in.Reason.Value, in.SuppressMail.Value, in.SuppressAvailabilityCheck.Value
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := o.Core.Booking.Reserve(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.Reservation{ID: a.ID.String(), ReservedUntil: wire.Instant(a.ReservedUntil), Warnings: warnings(a)}, nil
}

// move gives an appointment in a state another time.
func (o Operations) move(
	ctx context.Context, appointmentID string, in *oas.AppointmentEdit, state booking.State,
) (*oas.Appointment, error) {
	var check input.Checks
	of := wire.FieldID[practice.PractitionerID](&check, "practitioner_id", string(in.PractitionerID))
	if err := check.Err(); err != nil {
		return nil, err
	}
	start, end := in.StartTime.Value, in.StartTime.Value.Add(minutes(in.Duration))
	a, err := o.Core.Booking.Change(ctx, wire.ID[booking.ID](appointmentID), booking.Change{
		State: state, Practitioner: &of, Start: &start, End: &end, Override: in.SuppressAvailabilityCheck.Value,
		SuppressMail: wire.Ptr(in.SuppressMail.Get()), SuppressPolicy: in.SuppressCancellationPolicy.Value,
	})
	if err != nil {
		return nil, err
	}
	return o.appointment(ctx, a)
}

// EditAppointment changes a hold.
func (o Operations) EditAppointment(
	ctx context.Context, in *oas.AppointmentEdit, p oas.EditAppointmentParams,
) (*oas.Appointment, error) {
	a, err := o.move(ctx, p.ID, in, booking.Reserved)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// RescheduleAppointment moves a confirmed appointment.
func (o Operations) RescheduleAppointment(
	ctx context.Context, in *oas.AppointmentEdit, p oas.RescheduleAppointmentParams,
) (*oas.Appointment, error) {
	a, err := o.move(ctx, p.ID, in, booking.Booked)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// BookAppointment confirms a hold.
func (o Operations) BookAppointment(
	ctx context.Context, in oas.OptBookRequest, p oas.BookAppointmentParams,
) (*oas.Appointment, error) {
	var check input.Checks
	b := in.Value
	c := booking.Confirmation{
		Patient:   wire.OptionalID[patient.ID](&check, "patient_id", b.PatientID),
		Billpayer: wire.OptionalID[patient.ID](&check, "billpayer_id", b.BillpayerID),
		Reason:    wire.Ptr(b.Reason.Get()), SuppressMail: wire.Ptr(b.SuppressMail.Get()),
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := o.Core.Booking.Confirm(ctx, wire.ID[booking.ID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return o.appointment(ctx, a)
}

// CancelAppointment gives the time back.
func (o Operations) CancelAppointment(
	ctx context.Context, in oas.OptCancelRequest, p oas.CancelAppointmentParams,
) (*oas.Appointment, error) {
	a, err := o.Core.Booking.Cancel(ctx, wire.ID[booking.ID](p.ID), booking.Cancellation{
		SuppressMail: wire.Ptr(in.Value.SuppressMail.Get()), SuppressPolicy: in.Value.SuppressCancellationPolicy.Value,
	})
	if err != nil {
		return nil, err
	}
	return o.appointment(ctx, a)
}

// stages are the stages of a journey as this API spells them.
var stages = map[oas.JourneyRequestStage]booking.Stage{
	oas.JourneyRequestStageArrived:      booking.StageArrived,
	oas.JourneyRequestStageConsultation: booking.StageConsultation,
	oas.JourneyRequestStageDeparted:     booking.StageDeparted,
	oas.JourneyRequestStageDidNotAttend: booking.StageNoShow,
}

// UpdateAppointmentJourney notes how far the patient has come.
func (o Operations) UpdateAppointmentJourney(
	ctx context.Context, in *oas.JourneyRequest, p oas.UpdateAppointmentJourneyParams,
) (*oas.Appointment, error) {
	step := booking.Step{Stage: stages[in.Stage], At: in.At.Value, Undo: in.Undo.Value}
	a, err := o.Core.Booking.RecordJourney(ctx, wire.ID[booking.ID](p.ID), step)
	if err != nil {
		return nil, err
	}
	return o.appointment(ctx, a)
}

// warnings are what staff should know of an appointment that was held, booked or
// moved.
func warnings(a booking.Appointment) []oas.AppointmentWarning {
	var out []oas.AppointmentWarning
	for _, o := range a.Elsewhere {
		out = append(out, oas.AppointmentWarning{
			Code: oas.AppointmentWarningCodePatientBookedElsewhere, Message: booking.ErrElsewhere.Message,
			AppointmentID:  oas.NewOptID(wire.Digits(o.ID)),
			PractitionerID: oas.NewOptID(wire.Digits(o.Practitioner)), StartTime: oas.NewOptDateTime(o.Start),
			EndTime: oas.NewOptDateTime(o.End),
		})
	}
	return out
}

func person(p booking.Person) oas.OptPersonName {
	return oas.NewOptPersonName(oas.PersonName{Title: wire.String(p.Title), FirstName: wire.String(p.FirstName),
		LastName: wire.String(p.LastName)})
}

func appointment(a booking.Appointment) *oas.Appointment {
	source := string(a.Source)
	if a.Source == access.REST {
		source = sourceAPI
	}
	out := &oas.Appointment{
		ID: wire.Digits(a.ID), PatientID: wire.Text(""), PractitionerID: wire.Digits(a.Practitioner),
		LocationID:        wire.Digits(a.Location),
		AppointmentTypeID: wire.Digits(a.Type), Duration: oas.NewOptFloat64(a.Length().Minutes()),
		StartTime: wire.Instant(a.Start),
		Video:     oas.NewOptBool(a.Video), InPerson: oas.NewOptBool(a.InPerson),
		Telephone: oas.NewOptBool(a.Telephone),
		LinkID:    wire.Text(""), ReservedUntil: wire.OptInstant(a.ReservedUntil),
		BookingConfirmedAt: wire.OptInstant(a.ConfirmedAt),
		CanBeCancelled:     oas.NewOptBool(a.CanCancel), CanBeRescheduled: oas.NewOptBool(a.CanReschedule),
		CancellationPolicyHours: oas.NewOptFloat64(float64(a.PolicyHours)),
		SuppressMail:            oas.NewOptBool(a.SuppressMail || !a.Announced),
		Reason:                  wire.String(a.Reason), AppointmentTemplateName: wire.String(a.TypeName),
		LocationName:      wire.String(a.LocationName),
		AppointmentSource: wire.String(source), CancelledAt: wire.OptInstant(a.CancelledAt),
		Practitioner: person(a.PractitionerName),
		Warnings:     warnings(a),
		Journey: oas.NewOptAppointmentJourney(oas.AppointmentJourney{
			ArrivedAt: wire.OptInstant(a.Journey.Arrived), ConsultationAt: wire.OptInstant(a.Journey.Consultation),
			DepartedAt: wire.OptInstant(a.Journey.Departed), DidNotAttendAt: wire.OptInstant(a.Journey.NoShow),
		}),
	}
	if a.Link != 0 {
		out.LinkID = wire.Text(strconv.FormatInt(a.Link, 10))
	}
	if a.Patient != 0 {
		out.PatientID = wire.Text(a.Patient.String())
		out.Patient = person(a.PatientName)
	}
	return out
}

// appointment is an appointment with where it takes place by video.
func (o Operations) appointment(ctx context.Context, a booking.Appointment) (*oas.Appointment, error) {
	rooms, err := o.Core.Video.Addresses(ctx, a)
	if err != nil {
		return nil, err
	}
	out := appointment(a)
	out.VideoURL = given(rooms[a.ID].Patient)
	return out, nil
}

// GetAppointment finds one appointment.
func (o Operations) GetAppointment(ctx context.Context, p oas.GetAppointmentParams) (*oas.Appointment, error) {
	a, err := o.Core.Booking.Read(ctx, wire.ID[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return o.appointment(ctx, a)
}

// GetAppointmentStatus answers the status of an appointment.
func (o Operations) GetAppointmentStatus(
	ctx context.Context, p oas.GetAppointmentStatusParams,
) (*oas.AppointmentStatus, error) {
	a, err := o.Core.Booking.Read(ctx, wire.ID[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.AppointmentStatus{
		ID: wire.Digits(a.ID), Status: oas.AppointmentState(a.State), StartTime: wire.Instant(a.Start),
		ReservedUntil:      wire.Instant(a.ReservedUntil),
		BookingConfirmedAt: wire.Instant(a.ConfirmedAt), CancelledAt: wire.Instant(a.CancelledAt),
	}, nil
}

// nameFields are the names of patients that appointments are searched by.
var nameFields = map[oas.ListAppointmentsField]booking.NameField{
	oas.ListAppointmentsFieldPatientFirstName: booking.FirstName,
	oas.ListAppointmentsFieldPatientLastName:  booking.LastName,
	oas.ListAppointmentsFieldPatientFullName:  booking.FullName,
}

// searched adds to a query what is searched for in a field.
func searched(in *input.Checks, q *booking.Query, field oas.OptListAppointmentsField, search string) {
	wanted := in.Text("search", search, 2*patient.MaxName)
	switch {
	case !field.Set && wanted != "":
		in.Wrong("field", input.CodeChoice, "the field to search in", "A search needs a field to search in.")
	case !field.Set:
	case wanted == "":
		in.Wrong("search", input.CodeSmall, "the text to search for", "A field needs a text to search for.")
	case field.Value == oas.ListAppointmentsFieldPatientID:
		q.Patient = wire.FieldID[patient.ID](in, "search", wanted)
	case field.Value == oas.ListAppointmentsFieldPractitionerID:
		q.Practitioner = wire.FieldID[practice.PractitionerID](in, "search", wanted)
	default:
		q.NameField, q.Name = nameFields[field.Value], wanted
	}
}

// ListAppointments lists appointments by start.
func (o Operations) ListAppointments(ctx context.Context,
	p oas.ListAppointmentsParams) (*oas.ListAppointmentsOK, error) {
	var in input.Checks
	q := booking.Query{
		Patient:      wire.FilterID[patient.ID](&in, "patient_id", p.PatientID),
		Practitioner: wire.FilterID[practice.PractitionerID](&in, "practitioner_id", p.PractitionerID),
		Location:     wire.FilterID[practice.LocationID](&in, "location_id", p.LocationID),
		Type:         wire.FilterID[diary.TypeID](&in, "appointment_type_id", p.AppointmentTypeID),
		From:         diary.ReadMoment(&in, "start_date", p.StartDate.Value),
		To:           diary.ReadMoment(&in, "end_date", p.EndDate.Value),
		Descending:   p.OrderDescending.Value, Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value,
		Count: true,
	}
	if p.Status.Set {
		q.States = []booking.State{booking.State(p.Status.Value)}
	}
	searched(&in, &q, p.Field, p.Search.Value)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Booking.List(ctx, q)
	if err != nil {
		return nil, err
	}
	rooms, err := o.Core.Video.Addresses(ctx, found...)
	if err != nil {
		return nil, err
	}
	out := &oas.ListAppointmentsOK{Data: make([]oas.Appointment, len(found)), Count: float64(count)}
	for i, a := range found {
		out.Data[i] = *appointment(a)
		out.Data[i].VideoURL = given(rooms[a.ID].Patient)
	}
	return out, nil
}
