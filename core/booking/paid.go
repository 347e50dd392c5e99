package booking

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
)

// ErrUnpaid is returned, as an Unpaid, where an appointment must be paid before it is confirmed.
var ErrUnpaid = fault.New(fault.Conflict, "payment_required",
	"This appointment must be paid before it is confirmed. It is held, and confirmed when it has been paid.")

// Unpaid is ErrUnpaid with the way to pay: the id of the invoice, and the page it is paid on; where the practice is not
// connected to a payment provider there is no page.
type Unpaid struct {
	Fault        *fault.Error
	Invoice, URL string
}

// Error gives the fault's code.
func (u *Unpaid) Error() string { return u.Fault.Error() }

// Unwrap gives the fault.
func (u *Unpaid) Unwrap() error { return u.Fault }

// Bill is how an appointment was billed.
type Bill struct {
	// Made says that it has an invoice which was not cancelled, and Settled that nothing is due on one.
	Made, Settled bool
	// Paid is what such settled invoices are for the appointment, without VAT, in pence.
	Paid int
}

// Payments judges and asks for what must be paid first.
type Payments interface {
	// MustBePaid reports whether appointments of a type must be paid before they are confirmed; one that costs nothing
	// need not be.
	MustBePaid(ctx context.Context, group practice.ID, of diary.TypeID) (bool, error)
	// Billed finds how an appointment was billed.
	Billed(ctx context.Context, group practice.ID, of ID) (Bill, error)
	// Ask bills a hold, once, and gives ErrUnpaid with the way to pay.
	Ask(ctx context.Context, group practice.ID, hold Appointment) error
}

// payTime is how long a time is held for which a patient has to pay: a payment page is good for half an hour at least.
const payTime = 45 * time.Minute

// mustPay reports whether an appointment of a type has to be paid before the caller confirms it. A member of staff who
// has signed in and may write invoices may do without: what is due is paid at the desk.
func (s *Service) mustPay(ctx context.Context, who access.Caller, of diary.TypeID, price int) (bool, error) {
	if s.Payments == nil || price == 0 || who.Staff != 0 && who.Session != 0 && who.May(access.EditInvoices) {
		return false, nil
	}
	return s.Payments.MustBePaid(ctx, who.Group, of)
}

// unpaid refuses to confirm a hold that has to be paid and was not. Who comes and who pays is kept with the hold, which
// is confirmed when it has been paid; the first time it is held as long as that may take. It gives the type it judged.
// Errors: ErrUnpaid, ErrNeedsPatient as a field fault, and not found.
func (s *Service) unpaid(ctx context.Context, who access.Caller, id ID, c Confirmation) (diary.TypeID, error) {
	a, err := s.Store.Appointment(ctx, who.Group, id)
	if err != nil || a.State != Reserved || a.Lapsed(s.Now()) {
		return a.Type, err
	}
	must, err := s.mustPay(ctx, who, a.Type, a.Price)
	if err != nil || !must {
		return a.Type, err
	}
	bill, err := s.Payments.Billed(ctx, who.Group, id)
	if err != nil || bill.Settled {
		return a.Type, err
	}
	held, err := s.changing(ctx, who, id, 0, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		named := Appointment{Patient: c.Patient, Billpayer: c.Billpayer, Link: c.Link}
		if err := locked(ctx, tx, who.Group, &named); err != nil {
			return a, err
		}
		if !bill.Made {
			named.ReservedUntil = now.Add(payTime)
		}
		return s.named(ctx, tx, who, a, named, now)
	})
	if err != nil {
		return a.Type, err
	}
	return a.Type, s.Payments.Ask(ctx, who.Group, held)
}

// paidBefore refuses to give a confirmed appointment a type that has to be paid first, where less was paid than
// that costs, and a hold that is being paid for another type than it is billed as.
func (s *Service) paidBefore(ctx context.Context, who access.Caller, seen Appointment, c Change) error {
	after, _ := c.apply(seen)
	if seen.State != Booked && seen.State != Reserved || after.Type == seen.Type {
		return nil
	}
	must, err := s.mustPay(ctx, who, after.Type, someCost)
	if err == nil && !must && seen.State == Reserved {
		must, err = s.mustPay(ctx, who, seen.Type, seen.Price)
	}
	if err != nil || !must {
		return err
	}
	kind, err := s.Diary.Store.AppointmentType(ctx, who.Group, after.Type)
	if err != nil {
		return err
	}
	bill, err := s.Payments.Billed(ctx, who.Group, seen.ID)
	paid := bill.Settled && bill.Paid >= kind.Price
	switch {
	case err != nil || seen.State == Booked && paid || seen.State == Reserved && !bill.Made:
		return err // an unbilled hold is judged when it is confirmed
	case seen.State == Reserved:
		return ErrUnpaid.Saying("This time is held until it has been paid, for the type of appointment it was billed as. " +
			"Give it back and hold another.")
	}
	if bill.Settled {
		return ErrUnpaid.Saying("An appointment of this type must be paid before it is confirmed, and costs more than was " +
			"paid. Cancel it and book another, or have a member of staff change it.")
	}
	return ErrUnpaid.Saying("An appointment of this type must be paid before it is confirmed, and this one was not. " +
		"Cancel it and book another, or have a member of staff change it.")
}

// named keeps who comes, who pays and by which link with a hold, and holds it as long as they have to pay.
func (s *Service) named(
	ctx context.Context, tx Tx, who access.Caller, a, named Appointment, now time.Time,
) (Appointment, error) {
	if a.State != Reserved || a.Lapsed(now) {
		return a, ErrHoldExpired
	}
	after := a
	if named.Patient != 0 {
		after.Patient = named.Patient
	}
	if named.Billpayer != 0 {
		after.Billpayer = named.Billpayer
	}
	if named.Link != 0 {
		after.Link = named.Link
	}
	if a.ReservedUntil.Before(named.ReservedUntil) {
		after.ReservedUntil = named.ReservedUntil
	}
	if after.Patient == 0 {
		return a, fault.Wrong("patient", ErrNeedsPatient.Code, "the id of the patient",
			"An appointment without a patient cannot be confirmed.")
	}
	if after.Patient == a.Patient && after.Billpayer == a.Billpayer && after.Link == a.Link &&
		after.ReservedUntil.Equal(a.ReservedUntil) {
		return a, nil
	}
	after.UpdatedAt = now // what is noted with a hold is no event of its own
	if err := tx.SaveAppointment(ctx, who.Group, after); err != nil {
		return a, err
	}
	if err := tx.Audit(ctx, who.Audit(now, "appointment.name", "appointment", int64(a.ID), a, after)); err != nil {
		return a, err
	}
	return after, tx.Enqueue(ctx, ReleaseJob(who.Group, after.ReservedUntil))
}
