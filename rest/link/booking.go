package link

import (
	"context"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// CreateBookingLink makes a link by which a patient books.
func (o Operations) CreateBookingLink(
	ctx context.Context, in *oas.BookingLinkRequest, _ oas.CreateBookingLinkParams,
) (*oas.BookingLink, error) {
	var wrong input.Checks
	want := OfferOf(&wrong, &oas.BookingLinkUpdate{
		AppointmentTypeID: oas.NewOptOneOrMoreIds(in.AppointmentTypeID), LocationID: in.LocationID,
		PractitionerID: in.PractitionerID, FromDate: in.FromDate, ToDate: in.ToDate, ExpiryDate: in.ExpiryDate,
		MaximumUseCount: in.MaximumUseCount, NewPatients: in.NewPatients,
		NetworkPatients: in.NetworkPatients,
	})
	of := patient.ID(0)
	if in.PatientID.Value != "" {
		of = wire.FieldID[patient.ID](&wrong, "patient_id", in.PatientID.Value)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return bookingLink(o.Core.SelfBooking.Create(ctx, of, want))
}

// UpdateBookingLink changes what a booking link offers.
func (o Operations) UpdateBookingLink(
	ctx context.Context, in *oas.BookingLinkUpdate, p oas.UpdateBookingLinkParams,
) (*oas.BookingLink, error) {
	var wrong input.Checks
	want := OfferOf(&wrong, in)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return bookingLink(o.Core.SelfBooking.Change(ctx, wire.ID[link.ID](p.ID), want))
}

// GetBookingLink finds a booking link.
func (o Operations) GetBookingLink(ctx context.Context, p oas.GetBookingLinkParams) (*oas.BookingLink, error) {
	return bookingLink(o.Core.SelfBooking.Find(ctx, wire.ID[link.ID](p.ID)))
}

// ListBookingLinks lists booking links, newest first.
func (o Operations) ListBookingLinks(
	ctx context.Context, p oas.ListBookingLinksParams,
) (*oas.ListBookingLinksOK, error) {
	var wrong input.Checks
	q := selfbooking.Query{Patient: wire.FilterID[patient.ID](&wrong, "patient_id", p.PatientID),
		Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.SelfBooking.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListBookingLinksOK{Data: make([]oas.BookingLink, len(found)), Count: float64(count)}
	for i, one := range found {
		shown, err := bookingLink(one, nil)
		if err != nil {
			return nil, err
		}
		out.Data[i] = *shown
	}
	return out, nil
}

// OfferOf is what a booking link is to offer.
func OfferOf(wrong *input.Checks, in *oas.BookingLinkUpdate) selfbooking.Change {
	return selfbooking.Change{
		Types:           ids[diary.TypeID](wrong, "appointment_type_id", in.AppointmentTypeID),
		Locations:       ids[practice.LocationID](wrong, "location_id", in.LocationID),
		Practitioners:   ids[practice.PractitionerID](wrong, "practitioner_id", in.PractitionerID),
		From:            wire.Day(wrong, "from_date", in.FromDate),
		To:              wire.Day(wrong, "to_date", in.ToDate),
		Expires:         input.ReadBound(in.ExpiryDate.Value),
		MaxUses:         wire.Ptr(in.MaximumUseCount.Value, in.MaximumUseCount.Set),
		NewPatients:     wire.Ptr(in.NewPatients.Value, in.NewPatients.Set),
		NetworkPatients: wire.Ptr(in.NetworkPatients.Value, in.NetworkPatients.Set),
	}
}

// Offered is what a booking link is to offer, as it was asked for.
func Offered(c selfbooking.Change) oas.BookingLinkUpdate {
	out := oas.BookingLinkUpdate{AppointmentTypeID: listed(c.Types), LocationID: listed(c.Locations),
		PractitionerID: listed(c.Practitioners), FromDate: dated(c.From), ToDate: dated(c.To)}
	if c.Expires != nil {
		out.ExpiryDate = oas.NewOptString(c.Expires.String())
	}
	if c.MaxUses != nil {
		out.MaximumUseCount = oas.NewOptInt(*c.MaxUses)
	}
	return out
}

func listed[T interface{ String() string }](ids *[]T) oas.OptOneOrMoreIds {
	if ids == nil {
		return oas.OptOneOrMoreIds{}
	}
	return oas.NewOptOneOrMoreIds(oas.NewIDArrayOneOrMoreIds(digits(*ids)))
}

func dated(d *input.Date) oas.OptString {
	if d == nil {
		return oas.OptString{}
	}
	return oas.NewOptString(d.String())
}

// ids reads an id or a list of them; nil is that none was sent.
func ids[T ~int64](wrong *input.Checks, field string, in oas.OptOneOrMoreIds) *[]T {
	switch {
	case !in.Set:
		return nil
	case in.Value.Type == oas.StringOneOrMoreIds:
		return &[]T{wire.FieldID[T](wrong, field, in.Value.String)}
	}
	list := wire.IDs[T](wrong, field, in.Value.IDArray)
	return &list
}

func bookingLink(l selfbooking.Offer, err error) (*oas.BookingLink, error) {
	if err != nil {
		return nil, err
	}
	out := &oas.BookingLink{
		ID: wire.Digits(l.ID), PracticeGroupID: oas.ID(l.Group.String()), ShortLink: l.URL,
		Active:     l.Status == link.Unused || l.Status == link.Opened || l.Status == link.Held,
		ExpiryDate: l.ExpiresAt.UTC(), NumberOfUses: float64(l.Used()), OpenCount: float64(l.Opens),
		UnlimitedUse: l.MaxUses == nil, Status: oas.NewOptBookingLinkStatus(oas.BookingLinkStatus(l.Status)),
		NewPatients: oas.NewOptBool(l.NewPatients), NetworkPatients: oas.NewOptBool(l.NetworkPatients),
		FromDate: wire.Text(l.From.String()),
		ToDate:   wire.Text(l.To.String()), ShortLinkUUID: wire.String(l.UUID),
		Meta: oas.BookingLinkMeta{
			AppointmentTypeID: digits(l.Types), LocationID: digits(l.Locations), PractitionerID: digits(l.Practitioners),
		},
	}
	if !l.Anyone() {
		out.PatientID = oas.NewOptID(wire.Digits(l.Patient))
	}
	if l.Status == link.Held {
		out.NumberOfUses++
	}
	out.MaximumUses.SetToNull()
	if l.MaxUses != nil {
		out.MaximumUses.SetTo(float64(*l.MaxUses))
	}
	return out, nil
}

func digits[T interface{ String() string }](list []T) []oas.ID {
	out := make([]oas.ID, len(list))
	for i, id := range list {
		out[i] = wire.Digits(id)
	}
	return out
}
