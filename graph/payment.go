package graph

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
)

// Payments are what has been paid of an invoice.
func (f invoiceFields) Payments(ctx context.Context, obj *gql.Invoice) ([]*gql.InvoicePayment, error) {
	all, err := loaderOf(ctx, "payments of invoices", f.core.Billing.PaymentsOf).Load(ctx,
		ourID[billing.InvoiceID](&obj.ID))
	return mapped(all, func(p billing.Payment) *gql.InvoicePayment {
		return &gql.InvoicePayment{
			ID: encode(kindPayment, p.ID), PaymentAmount: money(p.Amount), PaymentSource: p.Source,
			PaymentDate: *on(p.Date), Comment: text(p.Comment),
		}
	}), err
}

// Refunds are what has been given back.
func (f invoiceFields) Refunds(ctx context.Context, obj *gql.Invoice) ([]*gql.InvoiceRefund, error) {
	all, err := loaderOf(ctx, "refunds of invoices", f.core.Billing.RefundsOf).Load(ctx,
		ourID[billing.InvoiceID](&obj.ID))
	return mapped(all, func(r billing.Refund) *gql.InvoiceRefund {
		return &gql.InvoiceRefund{
			ID: new(encode(kindRefund, r.ID)), RefundAmount: money(r.Amount), RefundDate: on(r.Date),
			RefundReason: text(r.Reason), Comment: text(r.Comment),
			RelatedPayment: idOrNull(kindPayment, r.Payment),
		}
	}), err
}

// PaymentTypes are the ways to pay that a payment can name.
func (f practiceFields) PaymentTypes(ctx context.Context, _ *gql.Practice) ([]*gql.PracticePaymentType, error) {
	all, err := f.core.Billing.PaymentTypes(ctx, false)
	return mapped(all, func(p billing.PaymentType) *gql.PracticePaymentType {
		return &gql.PracticePaymentType{ID: encode(kindPaymentType, p.ID), Name: &p.Name}
	}), err
}

func paymentRequest(in *gql.NewInvoicePaymentDataInput) (ask billing.PaymentRequest, err error) {
	ask = billing.PaymentRequest{Date: dateOf(&in.PaymentDate), Comment: word(in.Comment)}
	if ask.Type, err = known[billing.PaymentTypeID](kindPaymentType, in.PaymentTypeID); err != nil {
		return ask, err
	}
	amount, err := pence(&in.PaymentAmount)
	if err != nil {
		return ask, err
	}
	ask.Amount = *amount
	ask.Refunds, err = readEach(in.Refunds.Value(),
		func(in *gql.NewInvoiceRefundDataInput) (billing.RefundRequest, error) {
			amount, err := pence(&in.RefundAmount)
			return billing.RefundRequest{Amount: amount, Date: dateOf(&in.RefundDate), Reason: in.RefundReason,
				Comment: word(in.Comment)}, err
		})
	return ask, err
}

// AddInvoicePayment records a payment.
func (m mutation) AddInvoicePayment(
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
		return m.core.Billing.AddPayment(ctx, id, ask)
	})
}

// UpdateInvoicePayment changes what was recorded of a payment.
func (m mutation) UpdateInvoicePayment(
	ctx context.Context, invoiceID, invoicePaymentID string, in *gql.UpdateInvoicePaymentDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	payment, err := known[billing.PaymentID](kindPayment, invoicePaymentID)
	if err != nil {
		return nil, err
	}
	var ch billing.PaymentChange
	if in != nil {
		ch.Comment = change(in.Comment)
		if ch.Amount, err = pence(in.PaymentAmount.Value()); err != nil {
			return nil, err
		}
		if v := in.PaymentTypeID.Value(); v != nil {
			kind, err := known[billing.PaymentTypeID](kindPaymentType, *v)
			if err != nil {
				return nil, err
			}
			ch.Type = &kind
		}
		if v := in.PaymentDate.Value(); v != nil {
			ch.Date = new(dateOf(v))
		}
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.core.Billing.UpdatePayment(ctx, id, payment, ch)
	})
}

// DeleteInvoicePayment takes a payment off an invoice.
func (m mutation) DeleteInvoicePayment(
	ctx context.Context, invoiceID, invoicePaymentID string,
) (*gql.NewInvoiceResponsePayload, error) {
	payment, err := known[billing.PaymentID](kindPayment, invoicePaymentID)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.core.Billing.RemovePayment(ctx, id, payment)
	})
}

// RefundPayment records that a payment was given back.
func (m mutation) RefundPayment(
	ctx context.Context, invoiceID, paymentID string, amount *float64, reason, comment *string,
) (*gql.RefundPaymentPayload, error) {
	payment, err := known[billing.PaymentID](kindPayment, paymentID)
	if err != nil {
		return nil, err
	}
	ask := billing.RefundRequest{Date: input.NoDate, Reason: deref(reason), Comment: deref(comment)}
	if ask.Amount, err = pence(amount); err != nil {
		return nil, err
	}
	var made billing.RefundID
	p, err := m.withInvoice(ctx, invoiceID, func(ctx context.Context,
		id billing.InvoiceID) (i billing.Invoice, err error) {
		i, made, err = m.core.Billing.Refund(ctx, id, payment, ask)
		return i, err
	})
	if err != nil {
		return nil, err
	}
	return &gql.RefundPaymentPayload{Data: p.Data, RefundID: idOrNull(kindRefund, made)}, nil
}
