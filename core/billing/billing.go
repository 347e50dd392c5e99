// Package billing is what a practice sells and what is owed and paid for it. Each noun has a service of its own:
// Products, Invoices and PaymentTypes. Memberships are in core/membership, account statements in core/statement.
//
//	money.go       amounts, rates of VAT, and how a line is worked out
//	product.go     what the practice offers: made, changed, deleted, found
//	offer.go       what comes with a product; where and by whom it is offered
//	label.go       the labels on products
//	metadata.go    what other programs keep with a product
//	invoice.go     invoices: made, changed, cancelled
//	bill.go        an invoice being written: its sums, and what is saved of it
//	line.go        what an invoice is for
//	reduction.go   what members pay less
//	payment.go     what was paid and refunded
//	receive.go     what a payment provider has received, recorded once
//	booked.go      the invoice of an appointment
//	paymenttype.go the ways to pay
//	stock.go       how many there are of a product, as invoices take them
//	event.go       the events of an invoice
//	read.go        invoices found and listed
//
// A change of an invoice locks its row first, and works out all its sums again, so that they are always those of its
// lines, payments and refunds.
package billing

import (
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
)

// The faults of billing.
var (
	// ErrProductNotFound says what the documented API says.
	ErrProductNotFound = fault.New(fault.NotFound, "product_not_found", "Product must exist.")
	ErrProductDeleted  = fault.New(fault.Conflict, "product_deleted", "This product has been deleted.")
	ErrProductKind     = fault.New(fault.Conflict, "product_kind_fixed",
		"An appointment cannot become another kind of product, nor another kind an appointment.")
	ErrStock = fault.New(fault.Conflict, "stock_out_of_range",
		"The stock of this product would be less or more than can be counted.")
	ErrNoLabel       = fault.New(fault.NotFound, "label_not_on_product", "This product has no such label.")
	ErrTooManyLabels = patient.ErrTooMany.Saying("A product can have at most 200 labels.")

	ErrPaymentTypeNotFound = fault.New(fault.NotFound, "payment_type_not_found",
		"This practice group has no such payment type.")

	ErrNotFound    = fault.New(fault.NotFound, "invoice_not_found", "This practice group has no such invoice.")
	ErrCancelled   = fault.New(fault.Conflict, "invoice_cancelled", "This invoice has been cancelled.")
	ErrPaid        = fault.New(fault.Conflict, "invoice_paid", "This invoice has been paid, and cannot be changed.")
	ErrHasPayments = fault.New(fault.Conflict, "invoice_has_payments",
		"This invoice has payments. Refund or remove them before it is cancelled.")
	ErrLineNotFound    = fault.New(fault.NotFound, "line_item_not_found", "This invoice has no such line item.")
	ErrPaymentNotFound = fault.New(fault.NotFound, "payment_not_found", "This invoice has no such payment.")
	ErrOverpaid        = fault.New(fault.Conflict, "invoice_overpaid",
		"More would have been paid than the invoice is for.")
	ErrRefundTooLarge  = fault.New(fault.Conflict, "refund_too_large", "More would have been given back than was paid.")
	ErrPaymentRefunded = fault.New(fault.Conflict, "payment_refunded",
		"Some of this payment was given back, so it cannot be removed.")
	// ErrExternal keeps what is recorded here the same as what the payment provider did.
	ErrExternal = fault.New(fault.Conflict, "payment_of_provider",
		"This was paid through the payment provider. Refund it there: the refund is recorded here by itself.")
	ErrTooMuch = fault.New(fault.Invalid, "invoice_too_long",
		"An invoice has at most 200 line items, 200 payments and 200 refunds.")
	ErrNotPayor         = fault.New(fault.Conflict, "contact_not_payor", "Invoices may not go to this contact.")
	ErrBookingOfAnother = fault.New(fault.Conflict, "booking_of_another_patient",
		"This booking is not one of the invoice's patient.")
)

// Account is the patient or the contact that an invoice goes to.
type Account struct {
	Patient patient.ID `json:"patient_id,omitempty"`
	Contact contact.ID `json:"contact_id,omitempty"`
}
