package formlink

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/selfbooking"
)

// Intake is the address of the link by which a visitor who has an appointment fills in the form that goes with its
// type: the link there is, or a new one that ends with the appointment. The answers wait for approval for the record.
// Errors: those of selfbooking.Appointment, ErrNoForm, ErrUnpublished, seal.ErrNoKey.
func (s *Service) Intake(ctx context.Context, v selfbooking.Visit, id booking.ID) (string, error) {
	seen, err := s.SelfBooking.Appointment(ctx, v, id)
	if err == nil && seen.Form == 0 {
		err = ErrNoForm
	}
	if err == nil {
		err = s.offered(ctx, seen.Group.ID, form.ID(seen.Form))
	}
	if err != nil {
		return "", err
	}
	var r Request
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx Tx) (err error) {
		r, err = s.intake(ctx, tx, seen, now)
		return err
	})
	if err == nil {
		r.Link, err = s.Link.Shown(r.Link)
	}
	return r.URL, err
}

// intake finds or makes the form link for an appointment.
func (s *Service) intake(ctx context.Context, tx Tx, seen selfbooking.Seen, now time.Time) (Request, error) {
	group := seen.Group.ID
	held, err := tx.LockPatientAgainstMerge(ctx, group, seen.Patient)
	if err != nil {
		return Request{}, err
	}
	r, err := tx.RequestFor(ctx, group, seen.ID, form.ID(seen.Form))
	if err == nil {
		if ends := r.Fillable(now); ends == nil || errors.Is(ends, link.ErrUsed) {
			return r, nil
		}
	} else if !errors.Is(err, link.ErrNotFound) {
		return r, err
	}
	if r, err = s.Draft(seen.Group, held, Ask{Form: form.ID(seen.Form), Write: true,
		Expires: input.ReadBound(seen.End.UTC().Format(time.RFC3339))}, now); err != nil {
		return r, err
	}
	r.Appointment = seen.ID
	if err := link.Known(ctx, tx, r.Link); err != nil {
		return r, err
	}
	if err := tx.SaveRequest(ctx, group, r); err != nil {
		return r, err
	}
	return r, tx.Audit(ctx, visitor(ctx, group).Audit(now, "link.create", "link", int64(r.ID), nil, r))
}
