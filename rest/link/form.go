package link

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateFormLink makes a link by which a patient fills in a form.
func (o Operations) CreateFormLink(
	ctx context.Context, in *oas.CreateFormLinkReq, _ oas.CreateFormLinkParams,
) (*oas.CreateFormLinkOK, error) {
	var wrong input.Checks
	want := formlink.New{
		Ask: AskOf(&wrong, &oas.FormLinkOffer{FormID: in.FormID, ExpiryDate: in.ExpiryDate,
			MaximumUseCount: in.MaximumUseCount, WriteToRecord: in.WriteToRecord, SnomedCode: in.SnomedCode,
			SnomedTerm: in.SnomedTerm, AssigneeID: in.AssigneeID, AssigneeType: oas.OptFormLinkOfferAssigneeType{
				Value: oas.FormLinkOfferAssigneeType(in.AssigneeType.Value), Set: in.AssigneeType.Set}}),
		Patient:     wire.ID[patient.ID](string(in.PatientID)),
		Appointment: wire.OptionalID[booking.ID](&wrong, "appointment_id", in.AppointmentID),
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	l, err := o.Core.FormLink.Create(ctx, want)
	if err != nil {
		return nil, err
	}
	return &oas.CreateFormLinkOK{FormLink: l.URL, FormUUID: l.UUID, ID: wire.Digits(l.ID),
		ExpiryDate: l.ExpiresAt.UTC()}, nil
}

// AskOf is what a form link is to ask for.
func AskOf(wrong *input.Checks, in *oas.FormLinkOffer) formlink.Ask {
	return formlink.Ask{
		Form:     wire.ID[form.ID](string(in.FormID)),
		Assignee: wire.Assignee(wrong, in.AssigneeType.Value, in.AssigneeID.Value),
		Expires:  input.ReadBound(in.ExpiryDate.Value),
		Write:    in.WriteToRecord.Value, Code: in.SnomedCode.Value, Term: in.SnomedTerm.Value,
		MaxUses: wire.Ptr(in.MaximumUseCount.Value, in.MaximumUseCount.Set),
	}
}
