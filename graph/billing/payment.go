package billing

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
)

// Payments are what has been paid of an invoice.
func (f InvoiceFields) Payments(ctx context.Context, obj *gql.Invoice) ([]*gql.InvoicePayment, error) {
	all, err := wire.Loader(ctx, "payments of invoices", f.Core.Invoice.PaymentsOf).Load(ctx,
		wire.Decoded[billing.InvoiceID](&obj.ID))
	return wire.Map(all, func(p billing.Payment) *gql.InvoicePayment {
		return &gql.InvoicePayment{
			ID: wire.Encode(wire.KindPayment, p.ID), PaymentAmount: money(p.Amount), PaymentSource: p.Source,
			PaymentDate: *wire.Date(p.Date), Comment: wire.Text(p.Comment),
		}
	}), err
}

// Refunds are what has been given back.
func (f InvoiceFields) Refunds(ctx context.Context, obj *gql.Invoice) ([]*gql.InvoiceRefund, error) {
	all, err := wire.Loader(ctx, "refunds of invoices", f.Core.Invoice.RefundsOf).Load(ctx,
		wire.Decoded[billing.InvoiceID](&obj.ID))
	return wire.Map(all, func(r billing.Refund) *gql.InvoiceRefund {
		return &gql.InvoiceRefund{
			ID: new(wire.Encode(wire.KindRefund, r.ID)), RefundAmount: money(r.Amount), RefundDate: wire.Date(r.Date),
			RefundReason: wire.Text(r.Reason), Comment: wire.Text(r.Comment),
			RelatedPayment: wire.IDOrNull(wire.KindPayment, r.Payment),
		}
	}), err
}

// PaymentTypes are the ways to pay that a payment can name.
func (f PracticeFields) PaymentTypes(ctx context.Context, _ *gql.Practice) ([]*gql.PracticePaymentType, error) {
	all, err := f.Core.PaymentType.List(ctx, false)
	return wire.Map(all, func(p billing.PaymentType) *gql.PracticePaymentType {
		return &gql.PracticePaymentType{ID: wire.Encode(wire.KindPaymentType, p.ID), Name: &p.Name}
	}), err
}

func paymentRequest(in *gql.NewInvoicePaymentDataInput) (ask billing.PaymentRequest, err error) {
	ask = billing.PaymentRequest{Date: wire.DateOf(&in.PaymentDate), Comment: wire.Word(in.Comment)}
	if ask.Type, err = wire.Known[billing.PaymentTypeID](wire.KindPaymentType, in.PaymentTypeID); err != nil {
		return ask, err
	}
	amount, err := pence("paymentAmount", &in.PaymentAmount)
	if err != nil {
		return ask, err
	}
	ask.Amount = *amount
	ask.Refunds, err = readEach(in.Refunds.Value(),
		func(in *gql.NewInvoiceRefundDataInput) (billing.RefundRequest, error) {
			amount, err := pence("refundAmount", &in.RefundAmount)
			return billing.RefundRequest{Amount: amount, Date: wire.DateOf(&in.RefundDate), Reason: in.RefundReason,
				Comment: wire.Word(in.Comment)}, err
		})
	return ask, err
}

// AddInvoicePayment records a payment.
func (m Mutation) AddInvoicePayment(
	ctx context.Context, invoiceID string, in *gql.NewInvoicePaymentDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		return nil, ErrNoData
	}
	ask, err := paymentRequest(in)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.AddPayment(ctx, id, ask)
	})
}

// UpdateInvoicePayment changes what was recorded of a payment.
func (m Mutation) UpdateInvoicePayment(
	ctx context.Context, invoiceID, invoicePaymentID string, in *gql.UpdateInvoicePaymentDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	payment, err := wire.Known[billing.PaymentID](wire.KindPayment, invoicePaymentID)
	if err != nil {
		return nil, err
	}
	var ch billing.PaymentChange
	if in != nil {
		ch.Comment = wire.Change(in.Comment)
		if ch.Amount, err = pence("paymentAmount", in.PaymentAmount.Value()); err != nil {
			return nil, err
		}
		if v := in.PaymentTypeID.Value(); v != nil {
			kind, err := wire.Known[billing.PaymentTypeID](wire.KindPaymentType, *v)
			if err != nil {
				return nil, err
			}
			ch.Type = &kind
		}
		if v := in.PaymentDate.Value(); v != nil {
			ch.Date = new(wire.DateOf(v))
		}
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.UpdatePayment(ctx, id, payment, ch)
	})
}

// DeleteInvoicePayment takes a payment off an invoice.
func (m Mutation) DeleteInvoicePayment(
	ctx context.Context, invoiceID, invoicePaymentID string,
) (*gql.NewInvoiceResponsePayload, error) {
	payment, err := wire.Known[billing.PaymentID](wire.KindPayment, invoicePaymentID)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.RemovePayment(ctx, id, payment)
	})
}

// RefundPayment records that a payment was given back.
func (m Mutation) RefundPayment(
	ctx context.Context, invoiceID, paymentID string, amount *float64, reason, comment *string,
) (*gql.RefundPaymentPayload, error) {
	payment, err := wire.Known[billing.PaymentID](wire.KindPayment, paymentID)
	if err != nil {
		return nil, err
	}
	ask := billing.RefundRequest{Date: input.NoDate, Reason: wire.Deref(reason), Comment: wire.Deref(comment)}
	if ask.Amount, err = pence("amount", amount); err != nil {
		return nil, err
	}
	var made billing.RefundID
	p, err := m.withInvoice(ctx, invoiceID, func(ctx context.Context,
		id billing.InvoiceID) (i billing.Invoice, err error) {
		i, made, err = m.Core.Invoice.Refund(ctx, id, payment, ask)
		return i, err
	})
	if err != nil {
		return nil, err
	}
	return &gql.RefundPaymentPayload{Data: p.Data, RefundID: wire.IDOrNull(wire.KindRefund, made)}, nil
}
