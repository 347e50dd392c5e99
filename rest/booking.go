package rest

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
)

// sourceAPI is what this API calls itself in an appointment's source.
const sourceAPI = "api"

// request reads what a time is asked for with.
func request(
	check *input.Checks, kind, location, practitioner string, start time.Time, duration float64,
) booking.Request {
	return booking.Request{
		Type:         body[diary.TypeID](check, "appointment_type_id", kind),
		Location:     body[practice.LocationID](check, "location_id", location),
		Practitioner: body[practice.PractitionerID](check, "practitioner_id", practitioner), Start: start,
		Length: minutes(duration),
	}
}

// minutes is a length in minutes; core refuses what is out of bounds.
func minutes(n float64) time.Duration {
	return time.Duration(min(max(n, -1), 1e6) * float64(time.Minute))
}

// CheckSlotAvailability says whether a time could be reserved now.
func (d *door) CheckSlotAvailability(
	ctx context.Context, in *oas.AvailabilityRequest, _ oas.CheckSlotAvailabilityParams,
) (*oas.CheckSlotAvailabilityOK, error) {
	var check input.Checks
	r := request(&check, in.AppointmentTypeID, in.LocationID, in.PractitionerID, in.StartTime, in.Duration)
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
func (d *door) CreateAppointment(
	ctx context.Context, in *oas.AppointmentRequest, _ oas.CreateAppointmentParams,
) (*oas.Reservation, error) {
	var check input.Checks
	r := request(&check, in.AppointmentTypeID, in.LocationID, in.PractitionerID, in.StartTime.Value, in.Duration)
	r.Patient, r.Billpayer = optional[patient.ID](&check, "patient_id", in.PatientID),
		optional[patient.ID](&check, "billpayer_id", in.BillpayerID)
	r.Reason, r.SuppressMail, r.Override = in.Reason.Value, in.SuppressMail.Value, in.SuppressAvailabilityCheck.Value
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Reserve(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.Reservation{ID: a.ID.String(), ReservedUntil: instant(a.ReservedUntil), Warnings: warnings(a)}, nil
}

// move gives an appointment in a state another time.
func (d *door) move(
	ctx context.Context, appointmentID string, in *oas.AppointmentEdit, state booking.State,
) (*oas.Appointment, error) {
	var check input.Checks
	of := body[practice.PractitionerID](&check, "practitioner_id", string(in.PractitionerID))
	if err := check.Err(); err != nil {
		return nil, err
	}
	start, end := in.StartTime.Value, in.StartTime.Value.Add(minutes(in.Duration))
	a, err := d.core.Booking.Change(ctx, id[booking.ID](appointmentID), booking.Change{
		State: state, Practitioner: &of, Start: &start, End: &end, Override: in.SuppressAvailabilityCheck.Value,
		SuppressMail: ptr(in.SuppressMail.Get()), SuppressPolicy: in.SuppressCancellationPolicy.Value,
	})
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// EditAppointment changes a hold.
func (d *door) EditAppointment(
	ctx context.Context, in *oas.AppointmentEdit, p oas.EditAppointmentParams,
) (*oas.Appointment, error) {
	a, err := d.move(ctx, p.ID, in, booking.Reserved)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// RescheduleAppointment moves a confirmed appointment.
func (d *door) RescheduleAppointment(
	ctx context.Context, in *oas.AppointmentEdit, p oas.RescheduleAppointmentParams,
) (*oas.Appointment, error) {
	a, err := d.move(ctx, p.ID, in, booking.Booked)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// BookAppointment confirms a hold.
func (d *door) BookAppointment(
	ctx context.Context, in oas.OptBookRequest, p oas.BookAppointmentParams,
) (*oas.Appointment, error) {
	var check input.Checks
	b := in.Value
	c := booking.Confirmation{
		Patient:   optional[patient.ID](&check, "patient_id", b.PatientID),
		Billpayer: optional[patient.ID](&check, "billpayer_id", b.BillpayerID),
		Reason:    ptr(b.Reason.Get()), SuppressMail: ptr(b.SuppressMail.Get()),
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	a, err := d.core.Booking.Confirm(ctx, id[booking.ID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// CancelAppointment gives the time back.
func (d *door) CancelAppointment(
	ctx context.Context, in oas.OptCancelRequest, p oas.CancelAppointmentParams,
) (*oas.Appointment, error) {
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
func (d *door) UpdateAppointmentJourney(
	ctx context.Context, in *oas.JourneyRequest, p oas.UpdateAppointmentJourneyParams,
) (*oas.Appointment, error) {
	step := booking.Step{Stage: stages[in.Stage], At: in.At.Value, Undo: in.Undo.Value}
	a, err := d.core.Booking.RecordJourney(ctx, id[booking.ID](p.ID), step)
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// warnings are what staff should know of an appointment that was held, booked or
// moved.
func warnings(a booking.Appointment) []oas.AppointmentWarning {
	var out []oas.AppointmentWarning
	for _, o := range a.Elsewhere {
		out = append(out, oas.AppointmentWarning{
			Code: oas.AppointmentWarningCodePatientBookedElsewhere, Message: booking.ErrElsewhere.Message,
			AppointmentID:  oas.NewOptID(digits(o.ID)),
			PractitionerID: oas.NewOptID(digits(o.Practitioner)), StartTime: oas.NewOptDateTime(o.Start),
			EndTime: oas.NewOptDateTime(o.End),
		})
	}
	return out
}

func person(p booking.Person) oas.OptPersonName {
	return oas.NewOptPersonName(oas.PersonName{Title: str(p.Title), FirstName: str(p.FirstName),
		LastName: str(p.LastName)})
}

func appointment(a booking.Appointment) *oas.Appointment {
	source := string(a.Source)
	if a.Source == access.REST {
		source = sourceAPI
	}
	out := &oas.Appointment{
		ID: digits(a.ID), PatientID: text(""), PractitionerID: digits(a.Practitioner), LocationID: digits(a.Location),
		AppointmentTypeID: digits(a.Type), Duration: oas.NewOptFloat64(a.Length().Minutes()), StartTime: instant(a.Start),
		Video: oas.NewOptBool(a.Video), InPerson: oas.NewOptBool(a.InPerson), Telephone: oas.NewOptBool(a.Telephone),
		LinkID: text(""), ReservedUntil: optInstant(a.ReservedUntil), BookingConfirmedAt: optInstant(a.ConfirmedAt),
		CanBeCancelled: oas.NewOptBool(a.CanCancel), CanBeRescheduled: oas.NewOptBool(a.CanReschedule),
		CancellationPolicyHours: oas.NewOptFloat64(float64(a.PolicyHours)), SuppressMail: oas.NewOptBool(len(a.Told()) == 0),
		Reason: str(a.Reason), AppointmentTemplateName: str(a.TypeName), LocationName: str(a.LocationName),
		AppointmentSource: str(source), CancelledAt: optInstant(a.CancelledAt), Practitioner: person(a.PractitionerName),
		Warnings: warnings(a),
		Journey: oas.NewOptAppointmentJourney(oas.AppointmentJourney{
			ArrivedAt: optInstant(a.Journey.Arrived), ConsultationAt: optInstant(a.Journey.Consultation),
			DepartedAt: optInstant(a.Journey.Departed), DidNotAttendAt: optInstant(a.Journey.NoShow),
		}),
	}
	if a.Patient != 0 {
		out.PatientID = text(a.Patient.String())
		out.Patient = person(a.PatientName)
	}
	return out
}

// GetAppointment finds one appointment.
func (d *door) GetAppointment(ctx context.Context, p oas.GetAppointmentParams) (*oas.Appointment, error) {
	a, err := d.core.Booking.Read(ctx, id[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return appointment(a), nil
}

// GetAppointmentStatus says where an appointment is in its life.
func (d *door) GetAppointmentStatus(
	ctx context.Context, p oas.GetAppointmentStatusParams,
) (*oas.AppointmentStatus, error) {
	a, err := d.core.Booking.Read(ctx, id[booking.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.AppointmentStatus{
		ID: digits(a.ID), Status: oas.AppointmentState(a.State), StartTime: instant(a.Start),
		ReservedUntil:      instant(a.ReservedUntil),
		BookingConfirmedAt: instant(a.ConfirmedAt), CancelledAt: instant(a.CancelledAt),
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
		q.Patient = body[patient.ID](in, "search", wanted)
	case field.Value == oas.ListAppointmentsFieldPractitionerID:
		q.Practitioner = body[practice.PractitionerID](in, "search", wanted)
	default:
		q.NameField, q.Name = nameFields[field.Value], wanted
	}
}

// ListAppointments lists appointments by start.
func (d *door) ListAppointments(ctx context.Context, p oas.ListAppointmentsParams) (*oas.ListAppointmentsOK, error) {
	var in input.Checks
	q := booking.Query{
		Patient:      filter[patient.ID](&in, "patient_id", p.PatientID),
		Practitioner: filter[practice.PractitionerID](&in, "practitioner_id", p.PractitionerID),
		Location:     filter[practice.LocationID](&in, "location_id", p.LocationID),
		Type:         filter[diary.TypeID](&in, "appointment_type_id", p.AppointmentTypeID),
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
	found, count, err := d.core.Booking.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListAppointmentsOK{Data: make([]oas.Appointment, len(found)), Count: float64(count)}
	for i, a := range found {
		out.Data[i] = *appointment(a)
	}
	return out, nil
}
