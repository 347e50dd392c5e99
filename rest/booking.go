package rest

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
)

// source is what appointments made through this door say they came from.
const source = "api"

// CheckSlotAvailability says whether a time could be reserved now.
func (d *door) CheckSlotAvailability(ctx context.Context, in *oas.AvailabilityRequest, _ oas.CheckSlotAvailabilityParams) (oas.CheckSlotAvailabilityRes, error) {
	var check input.Checks
	r := booking.Request{
		Type: body[diary.TypeID](&check, "appointment_type_id", in.AppointmentTypeID), Location: body[practice.LocationID](&check, "location_id", in.LocationID),
		Practitioner: body[practice.PractitionerID](&check, "practitioner_id", in.PractitionerID), Start: in.StartTime, Minutes: in.Duration,
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	yes, err := d.core.Booking.Available(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.CheckSlotAvailabilityOK{Available: yes}, nil
}

// CreateAppointment holds a time.
func (d *door) CreateAppointment(ctx context.Context, in *oas.AppointmentRequest, _ oas.CreateAppointmentParams) (oas.CreateAppointmentRes, error) {
	var check input.Checks
	r := booking.Request{
		Type: body[diary.TypeID](&check, "appointment_type_id", in.AppointmentTypeID), Location: body[practice.LocationID](&check, "location_id", in.LocationID),
		Practitioner: body[practice.PractitionerID](&check, "practitioner_id", in.PractitionerID), Start: in.StartTime.Value, Minutes: in.Duration,
		Patient: optional[patient.ID](&check, "patient_id", in.PatientID), Billpayer: optional[patient.ID](&check, "billpayer_id", in.BillpayerID),
		Reason: in.Reason.Value, SuppressMail: in.SuppressMail.Value, Override: in.SuppressAvailabilityCheck.Value, Source: source,
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Reserve(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.Reservation{ID: a.ID.String(), ReservedUntil: instant(a.ReservedUntil), Warnings: warnings(a)}, nil
}

func move(in *oas.AppointmentEdit) (booking.Move, error) {
	var check input.Checks
	m := booking.Move{
		Practitioner: body[practice.PractitionerID](&check, "practitioner_id", string(in.PractitionerID)), Start: in.StartTime.Value, Minutes: in.Duration,
		Override: in.SuppressAvailabilityCheck.Value, SuppressMail: ptr(in.SuppressMail.Get()), SuppressPolicy: in.SuppressCancellationPolicy.Value,
	}
	return m, check.Err()
}

// EditAppointment changes a hold.
func (d *door) EditAppointment(ctx context.Context, in *oas.AppointmentEdit, p oas.EditAppointmentParams) (oas.EditAppointmentRes, error) {
	m, err := move(in)
	if err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Edit(ctx, id[booking.ID](p.ID), m)
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// RescheduleAppointment moves a confirmed appointment.
func (d *door) RescheduleAppointment(ctx context.Context, in *oas.AppointmentEdit, p oas.RescheduleAppointmentParams) (oas.RescheduleAppointmentRes, error) {
	m, err := move(in)
	if err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Reschedule(ctx, id[booking.ID](p.ID), m)
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// BookAppointment confirms a hold.
func (d *door) BookAppointment(ctx context.Context, in oas.OptBookRequest, p oas.BookAppointmentParams) (oas.BookAppointmentRes, error) {
	var check input.Checks
	b := in.Value
	c := booking.Confirmation{
		Patient: optional[patient.ID](&check, "patient_id", b.PatientID), Billpayer: optional[patient.ID](&check, "billpayer_id", b.BillpayerID),
		Reason: ptr(b.Reason.Get()), SuppressMail: ptr(b.SuppressMail.Get()),
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Book(ctx, id[booking.ID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// CancelAppointment gives the time back.
func (d *door) CancelAppointment(ctx context.Context, in oas.OptCancelRequest, p oas.CancelAppointmentParams) (oas.CancelAppointmentRes, error) {
	a, err := d.core.Booking.Cancel(ctx, id[booking.ID](p.ID), booking.Cancellation{
		SuppressMail: ptr(in.Value.SuppressMail.Get()), SuppressPolicy: in.Value.SuppressCancellationPolicy.Value,
	})
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// stages are the stages of a journey as this API spells them.
var stages = map[oas.JourneyRequestStage]booking.Stage{
	oas.JourneyRequestStageArrived: booking.StageArrived, oas.JourneyRequestStageConsultation: booking.StageConsultation,
	oas.JourneyRequestStageDeparted: booking.StageDeparted, oas.JourneyRequestStageDidNotAttend: booking.StageNoShow,
}

// UpdateAppointmentJourney notes how far the patient has come.
func (d *door) UpdateAppointmentJourney(ctx context.Context, in *oas.JourneyRequest, p oas.UpdateAppointmentJourneyParams) (oas.UpdateAppointmentJourneyRes, error) {
	b, err := d.core.Booking.Step(ctx, id[booking.ID](p.ID), booking.Step{Stage: stages[in.Stage], At: in.At.Value, Undo: in.Undo.Value})
	if err != nil {
		return nil, err
	}
	return appointment(b.Details), nil
}

// warnings are what staff should know of an appointment that was held, booked or
// moved.
func warnings(a booking.Appointment) []oas.AppointmentWarning {
	var out []oas.AppointmentWarning
	for _, o := range a.Elsewhere {
		out = append(out, oas.AppointmentWarning{
			Code: oas.AppointmentWarningCodePatientBookedElsewhere, Message: booking.ErrElsewhere.Message, AppointmentID: oas.NewOptID(digits(o.ID)),
			PractitionerID: oas.NewOptID(digits(o.Practitioner)), StartTime: oas.NewOptDateTime(o.Start), EndTime: oas.NewOptDateTime(o.End),
		})
	}
	return out
}

func person(p booking.Person) oas.OptPersonName {
	return oas.NewOptPersonName(oas.PersonName{Title: str(p.Title), FirstName: str(p.FirstName), LastName: str(p.LastName)})
}

func appointment(a booking.Details) *oas.Appointment {
	out := &oas.Appointment{
		ID: digits(a.ID), PatientID: text(""), PractitionerID: digits(a.Appointment.Practitioner), LocationID: digits(a.Location),
		AppointmentTypeID: digits(a.Type), Duration: oas.NewOptFloat64(a.Length().Minutes()), StartTime: instant(a.Start),
		Video: oas.NewOptBool(a.Video), InPerson: oas.NewOptBool(a.InPerson), Telephone: oas.NewOptBool(a.Telephone),
		LinkID: text(""), ReservedUntil: optInstant(a.ReservedUntil), BookingConfirmedAt: optInstant(a.ConfirmedAt),
		CanBeCancelled: oas.NewOptBool(a.CanCancel), CanBeRescheduled: oas.NewOptBool(a.CanReschedule),
		CancellationPolicyHours: oas.NewOptFloat64(float64(a.PolicyHours)), SuppressMail: oas.NewOptBool(len(a.Told()) == 0), Reason: str(a.Reason),
		AppointmentTemplateName: str(a.TypeName), LocationName: str(a.LocationName), AppointmentSource: str(a.Source),
		CancelledAt: optInstant(a.CancelledAt), Practitioner: person(a.PractitionerName), Warnings: warnings(a.Appointment),
		Journey: oas.NewOptAppointmentJourney(oas.AppointmentJourney{
			ArrivedAt: optInstant(a.Journey.Arrived), ConsultationAt: optInstant(a.Journey.Consultation), DepartedAt: optInstant(a.Journey.Departed),
			DidNotAttendAt: optInstant(a.Journey.NoShow),
		}),
	}
	if a.Patient != 0 {
		out.PatientID = text(a.Patient.String())
		out.Patient = person(a.PatientName)
	}
	return out
}

// GetAppointment finds one appointment.
func (d *door) GetAppointment(ctx context.Context, p oas.GetAppointmentParams) (oas.GetAppointmentRes, error) {
	a, err := d.core.Booking.Appointment(ctx, id[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// GetAppointmentStatus says where an appointment is in its life.
func (d *door) GetAppointmentStatus(ctx context.Context, p oas.GetAppointmentStatusParams) (oas.GetAppointmentStatusRes, error) {
	a, err := d.core.Booking.Appointment(ctx, id[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.AppointmentStatus{
		ID: digits(a.ID), Status: oas.AppointmentState(a.State), StartTime: instant(a.Start), ReservedUntil: instant(a.ReservedUntil),
		BookingConfirmedAt: instant(a.ConfirmedAt), CancelledAt: instant(a.CancelledAt),
	}, nil
}

// ListAppointments lists appointments by start.
func (d *door) ListAppointments(ctx context.Context, p oas.ListAppointmentsParams) (oas.ListAppointmentsRes, error) {
	var in input.Checks
	q := booking.Query{
		Patient: filter[patient.ID](&in, "patient_id", p.PatientID), Practitioner: filter[practice.PractitionerID](&in, "practitioner_id", p.PractitionerID),
		Location: filter[practice.LocationID](&in, "location_id", p.LocationID), Type: filter[diary.TypeID](&in, "appointment_type_id", p.AppointmentTypeID),
		State: booking.State(p.Status.Value), Descending: p.OrderDescending.Value,
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, count, err := d.core.Booking.Appointments(ctx, booking.Search{
		Query: q,
		By:    booking.Field(p.Field.Value), Text: p.Search.Value, FromText: p.StartDate.Value, ToText: p.EndDate.Value,
		PageIndex: p.PageIndex.Value, PageSize: p.PageSize.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &oas.ListAppointmentsOK{Data: make([]oas.Appointment, len(found)), Count: float64(count)}
	for i, a := range found {
		out.Data[i] = *appointment(a)
	}
	return out, nil
}
