package billing

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// PaymentID names a payment.
type PaymentID int64

// String gives the id as digits.
func (id PaymentID) String() string { return strconv.FormatInt(int64(id), 10) }

// RefundID names a refund.
type RefundID int64

// String gives the id as digits.
func (id RefundID) String() string { return strconv.FormatInt(int64(id), 10) }

// Payment is money paid for an invoice.
type Payment struct {
	ID      PaymentID     `json:"id"`
	Invoice InvoiceID     `json:"-"`
	Type    PaymentTypeID `json:"payment_type_id"`
	Source  string        `json:"source"` // the payment type's name at the time
	Amount  Pence         `json:"amount"`
	Date    input.Date    `json:"date"`
	Comment string        `json:"comment"`
	// External is the payment provider's id of it; empty is that it was recorded by staff.
	External  string    `json:"external_id,omitempty"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Refund is money of a payment refunded.
type Refund struct {
	ID        RefundID   `json:"id"`
	Invoice   InvoiceID  `json:"-"`
	Payment   PaymentID  `json:"payment_id"`
	Amount    Pence      `json:"amount"`
	Date      input.Date `json:"date"`
	Reason    string     `json:"reason"`
	Comment   string     `json:"comment"`
	External  string     `json:"external_id,omitempty"` // as in Payment
	CreatedAt time.Time  `json:"created_at"`
}

// PaymentRequest is a payment to record, with what of it was refunded.
type PaymentRequest struct {
	Amount  Pence
	Type    PaymentTypeID
	Date    input.Date
	Comment string
	Refunds []RefundRequest
}

// RefundRequest is a refund to record.
type RefundRequest struct {
	Amount          *Pence     // nil is what is left of the payment
	Date            input.Date // NoDate is today
	Reason, Comment string
}

// PaymentChange is what to set of a payment; nil leaves a thing as it is.
type PaymentChange struct {
	Amount  *Pence
	Type    *PaymentTypeID
	Date    *input.Date
	Comment *string
}

// AddPayment records a payment. Errors: ErrNotFound, ErrCancelled, ErrTooMuch,
// ErrPaymentTypeNotFound, ErrOverpaid, ErrRefundTooLarge.
func (s *Invoices) AddPayment(ctx context.Context, id InvoiceID, r PaymentRequest) (Invoice, error) {
	return s.change(ctx, id, "invoice.add_payment", func(ctx context.Context, b *bill) error {
		return b.addPayment(ctx, r)
	})
}

func (b *bill) addPayment(ctx context.Context, r PaymentRequest) error {
	p := Payment{ID: PaymentID(b.s.NewID()), Invoice: b.ID, Type: r.Type, Amount: r.Amount, Date: r.Date,
		Comment: r.Comment, CreatedAt: b.now}
	if err := b.checkPayment(ctx, &p, true); err != nil {
		return err
	}
	b.Payments = append(b.Payments, p)
	for _, refund := range r.Refunds {
		if _, err := b.refund(ctx, p.ID, refund); err != nil {
			return err
		}
	}
	return nil
}

// checkPayment checks a payment; retyped says that how it was paid is new.
func (b *bill) checkPayment(ctx context.Context, p *Payment, retyped bool) error {
	var in input.Checks
	p.Amount = amount(&in, "payment_amount", p.Amount, 1)
	p.Date = Dated(&in, "payment_date", p.Date)
	p.Comment = in.Lines("comment", p.Comment, 2000)
	p.UpdatedAt = b.now
	if err := in.Err(); err != nil || !retyped {
		return err
	}
	t, err := paymentType(ctx, b.tx, b.group, p.Type, false)
	p.Source = t.Name
	return err
}

func (b *bill) payment(id PaymentID) (*Payment, error) {
	i := slices.IndexFunc(b.Payments, func(p Payment) bool { return p.ID == id })
	if i < 0 {
		return nil, ErrPaymentNotFound
	}
	return &b.Payments[i], nil
}

// refundedOf is what of a payment was refunded.
func (b *bill) refundedOf(id PaymentID) (sum Pence) {
	for _, r := range b.Refunds {
		if r.Payment == id {
			sum += r.Amount
		}
	}
	return sum
}

// UpdatePayment changes what was recorded of a payment. Errors: as AddPayment,
// ErrPaymentNotFound and ErrExternal.
func (s *Invoices) UpdatePayment(ctx context.Context, id InvoiceID, of PaymentID, ch PaymentChange) (Invoice, error) {
	return s.change(ctx, id, "invoice.update_payment", func(ctx context.Context, b *bill) error {
		p, err := b.payment(of)
		if err == nil && p.External != "" && (ch.Amount != nil || ch.Type != nil || ch.Date != nil) {
			err = ErrExternal
		}
		if err != nil {
			return err
		}
		retyped := ch.Type != nil && *ch.Type != p.Type
		input.Set(&p.Amount, ch.Amount)
		input.Set(&p.Type, ch.Type)
		input.Set(&p.Date, ch.Date)
		input.Set(&p.Comment, ch.Comment)
		return b.checkPayment(ctx, p, retyped)
	})
}

// RemovePayment takes a payment that was recorded by mistake off an invoice.
// Errors: ErrNotFound, ErrCancelled, ErrPaymentNotFound, ErrPaymentRefunded, ErrExternal.
func (s *Invoices) RemovePayment(ctx context.Context, id InvoiceID, of PaymentID) (Invoice, error) {
	return s.change(ctx, id, "invoice.remove_payment", func(_ context.Context, b *bill) error {
		p, err := b.payment(of)
		if err == nil && p.External != "" {
			err = ErrExternal
		}
		if err != nil {
			return err
		}
		if b.refundedOf(of) > 0 {
			return ErrPaymentRefunded
		}
		b.Payments = slices.DeleteFunc(b.Payments, func(p Payment) bool { return p.ID == of })
		return nil
	})
}

// Refund records that a payment, or a part of it, was refunded. Errors:
// ErrNotFound, ErrCancelled, ErrTooMuch, ErrPaymentNotFound, ErrRefundTooLarge, ErrExternal.
func (s *Invoices) Refund(ctx context.Context, id InvoiceID, of PaymentID, r RefundRequest) (Invoice, RefundID, error) {
	var made RefundID
	after, err := s.change(ctx, id, "invoice.refund", func(ctx context.Context, b *bill) (err error) {
		made, err = b.refund(ctx, of, r)
		return err
	})
	return after, made, err
}

func (b *bill) refund(ctx context.Context, of PaymentID, r RefundRequest) (RefundID, error) {
	p, err := b.payment(of)
	if err == nil && p.External != "" {
		err = ErrExternal
	}
	if err != nil {
		return 0, err
	}
	made := Refund{ID: RefundID(b.s.NewID()), Invoice: b.ID, Payment: of, Amount: p.Amount - b.refundedOf(of),
		Date: r.Date, CreatedAt: b.now}
	if r.Amount == nil && made.Amount == 0 {
		return 0, ErrRefundTooLarge
	}
	input.Set(&made.Amount, r.Amount)
	if made.Date == input.NoDate {
		if made.Date, err = practice.Today(ctx, b.tx, b.group, b.now); err != nil {
			return 0, err
		}
	}
	var in input.Checks
	made.Amount = amount(&in, "refund_amount", made.Amount, 1)
	made.Date = Dated(&in, "refund_date", made.Date)
	made.Reason = in.Text("refund_reason", r.Reason, 200)
	made.Comment = in.Lines("comment", r.Comment, 2000)
	b.Refunds = append(b.Refunds, made)
	return made.ID, in.Err()
}
