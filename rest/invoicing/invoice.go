package invoicing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// ListInvoices lists the practice's invoices.
func (o Operations) ListInvoices(ctx context.Context, p oas.ListInvoicesParams) (*oas.ListInvoicesOK, error) {
	var wrong input.Checks
	q := billing.InvoiceQuery{Listing: input.Listing{
		Page: input.Page{Number: p.PageIndex.Value + 1, Size: p.PageSize.Value}, Deleted: p.IncludeVoid.Value},
		From: wire.Day(&wrong, "start_date", p.StartDate), To: wire.Day(&wrong, "end_date", p.EndDate)}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, _, err := o.Core.Invoice.List(ctx, q)
	if err != nil {
		return nil, err
	}
	count, err := o.Core.Invoice.Count(ctx, q)
	if err != nil {
		return nil, err
	}
	data, err := o.invoices(ctx, found)
	if err != nil {
		return nil, err
	}
	return &oas.ListInvoicesOK{Data: data, Count: float64(count)}, nil
}

// GetInvoice finds one invoice.
func (o Operations) GetInvoice(ctx context.Context, p oas.GetInvoiceParams) (*oas.Invoice, error) {
	i, err := o.Core.Invoice.Find(ctx, wire.ID[billing.InvoiceID](p.ID))
	if err != nil {
		return nil, err
	}
	return o.invoice(ctx, i)
}

// LinkInvoice links an invoice at Stripe to an appointment.
func (o Operations) LinkInvoice(
	ctx context.Context, in *oas.LinkInvoiceReq, _ oas.LinkInvoiceParams,
) (*oas.Invoice, error) {
	var wrong input.Checks
	to := wire.FieldID[booking.ID](&wrong, "appointment_id", in.AppointmentID)
	issuer := wire.OptionalID[practice.PractitionerID](&wrong, "issuer_id", in.IssuerID)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	id, err := o.Core.Payment.Link(ctx, in.StripeInvoiceID, to, issuer)
	if err != nil {
		return nil, err
	}
	return o.GetInvoice(ctx, oas.GetInvoiceParams{ID: id.String()})
}

// CreatePaymentLink gives the page on which an invoice is paid.
func (o Operations) CreatePaymentLink(
	ctx context.Context, in oas.OptCreatePaymentLinkReq, p oas.CreatePaymentLinkParams,
) (*oas.CreatePaymentLinkOK, error) {
	if c := in.Value.Currency; c.Set && c.Value != payment.Pounds {
		return nil, fault.Wrong("currency", input.CodeChoice, payment.Pounds, "Only pounds sterling are taken.")
	}
	r, err := o.Core.Payment.Open(ctx, wire.ID[billing.InvoiceID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.CreatePaymentLinkOK{URL: r.URL, Amount: float64(r.Amount), Currency: oas.CreatePaymentLinkOKCurrencyGbp,
		ExpiresAt: wire.Instant(r.ExpiresAt)}, nil
}

// UpdateInvoice changes an invoice, or cancels it.
func (o Operations) UpdateInvoice(
	ctx context.Context, in *oas.UpdateInvoiceReq, p oas.UpdateInvoiceParams,
) (*oas.Invoice, error) {
	var wrong input.Checks
	id := wire.ID[billing.InvoiceID](p.ID)
	ch := billing.InvoiceChange{Date: wire.Day(&wrong, "date", in.Date),
		Comments: wire.Ptr(in.Comments.Get()), ExtraInfo: wire.Ptr(in.ExtraInfo.Get())}
	if in.PractitionerID.Set {
		ch.Practitioner = new(wire.FieldID[practice.PractitionerID](&wrong, "practitioner_id", in.PractitionerID.Value))
	}
	if in.LocationID.Set {
		ch.Location = new(wire.FieldID[practice.LocationID](&wrong, "location_id", in.LocationID.Value))
	}
	if in.Status.Set && ch != (billing.InvoiceChange{}) {
		wrong.Wrong("status", input.CodeChoice, "no other change", "An invoice is cancelled without other changes.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	change := func() (billing.Invoice, error) { return o.Core.Invoice.Update(ctx, id, ch) }
	if in.Status.Set {
		change = func() (billing.Invoice, error) { return o.Core.Invoice.Cancel(ctx, id) }
	}
	i, err := change()
	if err != nil {
		return nil, err
	}
	return o.invoice(ctx, i)
}

func (o Operations) invoice(ctx context.Context, i billing.Invoice) (*oas.Invoice, error) {
	all, err := o.invoices(ctx, []billing.Invoice{i})
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

var statuses = map[billing.Standing]oas.InvoiceStatus{billing.Outstanding: oas.InvoiceStatusOpen,
	billing.Paid: oas.InvoiceStatusPaid, billing.Void: oas.InvoiceStatusVoid}

// invoices are some invoices with what is on them, which is read for all of them at once.
func (o Operations) invoices(ctx context.Context, all []billing.Invoice) ([]oas.Invoice, error) {
	ids := make([]billing.InvoiceID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	lines, err := o.Core.Invoice.LinesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	payments, err := o.Core.Invoice.PaymentsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	refunds, err := o.Core.Invoice.RefundsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	requests, err := o.Core.Payment.OfInvoices(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]oas.Invoice, len(all))
	for i, v := range all {
		r := requests[v.ID]
		out[i] = oas.Invoice{
			ID: wire.Digits(v.ID), StripeID: orNull(r.Linked()), PaymentURL: wire.Text(o.Core.Payment.Address(r, v)),
			Status:   statuses[v.Standing()],
			Subtotal: float64(v.Total - v.VAT), AmountDue: float64(v.Outstanding()),
			CustomerID: orNull(r.Customer), Number: int(v.Number), Date: v.Date.String(),
			Currency: oas.InvoiceCurrencyGbp, PatientID: v.Patient.String(), BillpayerID: idOrNull(v.Payer.Patient),
			PractitionerID: v.Practitioner.String(), LocationID: v.Location.String(), Comments: some(v.Comments),
			Vat: float64(v.VAT), Total: float64(v.Total), AmountPaid: float64(v.Paid),
			AmountRefunded: float64(v.Refunded), Lines: linesOf(lines[v.ID]), Payments: paymentsOf(payments[v.ID]),
			Refunds: refundsOf(refunds[v.ID]),
		}
	}
	return out, nil
}

func linesOf(all []billing.Line) []oas.InvoiceLinesItem {
	out := make([]oas.InvoiceLinesItem, len(all))
	for i, l := range all {
		out[i] = oas.InvoiceLinesItem{ID: wire.Digits(l.ID), Date: l.Date.String(), Description: l.Title,
			ProductID: wire.Digits(l.Product), AppointmentID: idOrNull(l.Booking),
			Quantity: float64(l.Quantity) / float64(billing.One), UnitPrice: float64(l.Price),
			ListPrice:          oas.NilFloat64{Value: float64(l.ListPrice), Null: l.MembershipPolicy == 0},
			MembershipPolicyID: idOrNull(l.MembershipPolicy),
			VatRate:            float64(l.Rate) / 10, Vat: float64(l.VAT), Total: float64(l.Total)}
	}
	return out
}

func paymentsOf(all []billing.Payment) []oas.InvoicePaymentsItem {
	out := make([]oas.InvoicePaymentsItem, len(all))
	for i, p := range all {
		out[i] = oas.InvoicePaymentsItem{ID: wire.Digits(p.ID), Date: p.Date.String(), Amount: float64(p.Amount),
			Source: p.Source, StripeID: orNull(p.External)}
	}
	return out
}

func refundsOf(all []billing.Refund) []oas.InvoiceRefundsItem {
	out := make([]oas.InvoiceRefundsItem, len(all))
	for i, r := range all {
		out[i] = oas.InvoiceRefundsItem{ID: wire.Digits(r.ID), PaymentID: wire.Digits(r.Payment),
			Date: r.Date.String(), Amount: float64(r.Amount), Reason: r.Reason, StripeID: orNull(r.External)}
	}
	return out
}

func orNull(s string) oas.NilString { return oas.NilString{Value: s, Null: s == ""} }

func idOrNull[T interface {
	~int64
	String() string
}](id T) oas.NilString {
	if id == 0 {
		return orNull("")
	}
	return orNull(id.String())
}
