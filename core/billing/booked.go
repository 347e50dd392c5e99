package billing

import (
	"context"

	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// errMade is returned when an invoice was made for a booking at the same time: the number is free again.
var errMade = fault.New(fault.Unavailable, "invoice_being_made", "An invoice is being made for this appointment. Try "+
	"again.")

// ForBooking says how an appointment is billed, where no invoice is for it yet.
type ForBooking struct {
	// Practitioner is whose work it is for; 0 is the appointment's own.
	Practitioner practice.PractitionerID
	// Net is what it costs without VAT; nil is the price of its product, less what a membership takes off it.
	Net *Pence
}

// ForBooking finds the invoice that is for an appointment, or makes one, in a transaction: of one line, for the product
// that the appointment's type is, to the patient or to the other one who pays. Errors: booking.ErrNotFound,
// booking.ErrNeedsPatient, and those of Create.
func (s *Invoices) ForBooking(
	ctx context.Context, e write.Edit[InvoiceTx], of booking.ID, as ForBooking,
) (Invoice, error) {
	a, err := e.Tx.Appointment(ctx, e.Group(), of)
	if err != nil {
		return Invoice{}, err
	}
	if a.Patient == 0 {
		return Invoice{}, booking.ErrNeedsPatient
	}
	if id, err := e.Tx.InvoiceForBooking(ctx, e.Group(), of); err != nil || id != 0 {
		i, _, findErr := e.Tx.LockInvoice(ctx, e.Group(), id)
		if err == nil {
			err = findErr
		}
		return i, err
	}
	today, err := practice.Today(ctx, e.Tx, e.Group(), e.Now)
	if err != nil {
		return Invoice{}, err
	}
	r := InvoiceRequest{Date: today, Patient: a.Patient, Payer: Account{Patient: a.Billpayer},
		Practitioner: as.Practitioner, Location: a.Location, Lines: []LineRequest{{Date: today,
			Product: ProductID(a.Type), Quantity: One, Price: as.Net, Booking: of}}}
	if r.Practitioner == 0 {
		r.Practitioner = a.Practitioner
	}
	i, err := s.create(ctx, e, r)
	if err != nil {
		return i, err
	}
	// The number that it took keeps others from making one: what was made before they waited is found now.
	if id, err := e.Tx.InvoiceForBooking(ctx, e.Group(), of); err != nil || id != i.ID {
		return i, errMade.Because(err)
	}
	return i, nil
}
