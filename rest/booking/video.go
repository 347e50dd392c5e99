package booking

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/video"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateVideoLink gives the address of an appointment's video consultation.
func (o Operations) CreateVideoLink(
	ctx context.Context, in *oas.VideoLinkRequest, _ oas.CreateVideoLinkParams,
) (*oas.VideoLink, error) {
	var check input.Checks
	r := video.Request{Appointment: wire.FieldID[booking.ID](&check, "appointment", string(in.AppointmentID))}
	if id, ok := in.PatientID.Get(); ok {
		r.Patient = wire.FieldID[patient.ID](&check, "patient", string(id))
	}
	if id, ok := in.PractitionerID.Get(); ok {
		r.Practitioner = wire.FieldID[practice.PractitionerID](&check, "practitioner", string(id))
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	l, err := o.Core.Video.MakeLink(ctx, r)
	if err != nil {
		return nil, err
	}
	return &oas.VideoLink{
		VideoLink: l.Patient, StaffLink: given(l.Staff), AppointmentID: wire.Digits(l.Appointment),
		OpensAt: l.Opens, ClosesAt: l.Closes, OwnProvider: l.Outside,
	}, nil
}

// given is a text that is left out where there is none.
func given(text string) oas.OptString { return oas.OptString{Value: text, Set: text != ""} }
