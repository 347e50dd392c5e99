package billing

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
)

// PaymentTypeID names a way to pay. Every practice begins with 1 to 5.
type PaymentTypeID int64

// String gives the id as digits.
func (id PaymentTypeID) String() string { return strconv.FormatInt(int64(id), 10) }

// PaymentType is a way to pay, in the practice's words.
type PaymentType struct {
	ID        PaymentTypeID `json:"id"`
	Name      string        `json:"name"`
	Active    bool          `json:"active"` // an inactive one is not used for new payments
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// PaymentTypeReader reads the ways to pay.
type PaymentTypeReader interface {
	// PaymentTypes lists them in the order they were made; inactive ones too
	// when asked.
	PaymentTypes(ctx context.Context, group practice.ID, inactive bool) ([]PaymentType, error)
}

// paymentType finds one of the ways to pay. Error: ErrPaymentTypeNotFound.
func paymentType(
	ctx context.Context, r PaymentTypeReader, group practice.ID, id PaymentTypeID, inactive bool,
) (PaymentType, error) {
	types, err := r.PaymentTypes(ctx, group, inactive)
	if err != nil {
		return PaymentType{}, err
	}
	i := slices.IndexFunc(types, func(t PaymentType) bool { return t.ID == id })
	if i < 0 {
		return PaymentType{}, ErrPaymentTypeNotFound
	}
	return types[i], nil
}

// PaymentTypeStore is what payment types need remembered.
type PaymentTypeStore interface {
	PaymentTypeReader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(PaymentTypeTx) error) error
}

// PaymentTypeTx is a PaymentTypeStore inside a transaction.
type PaymentTypeTx interface {
	PaymentTypeReader
	SavePaymentType(ctx context.Context, group practice.ID, p PaymentType) error
	Audit(ctx context.Context, e audit.Entry) error
}

// PaymentTypes is the ways to pay that a practice knows.
type PaymentTypes struct {
	Store PaymentTypeStore
	Now   func() time.Time
	NewID func() int64
}

// List lists the ways to pay; inactive ones too when asked. A caller who may
// see the practice may see these.
func (s *PaymentTypes) List(ctx context.Context, inactive bool) ([]PaymentType, error) {
	return read.Of(ctx, access.SeePractice, inactive, s.Store.PaymentTypes)
}

// Save changes a way to pay, or with no id adds one. Payments made
// keep the name it had. Error: ErrPaymentTypeNotFound.
func (s *PaymentTypes) Save(ctx context.Context, id PaymentTypeID, name string, active bool) (PaymentType, error) {
	who, err := access.Require(ctx, access.SettingsGeneral)
	if err != nil {
		return PaymentType{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var in input.Checks
	name = in.Required("name", name, 100)
	if err := in.Err(); err != nil {
		return PaymentType{}, err
	}
	var after PaymentType
	err = s.Store.Do(ctx, func(tx PaymentTypeTx) (err error) {
		var before any
		after = PaymentType{ID: PaymentTypeID(s.NewID()), CreatedAt: now}
		if id != 0 {
			if after, err = paymentType(ctx, tx, who.Group, id, true); err != nil {
				return err
			}
			before = after
		}
		after.Name, after.Active, after.UpdatedAt = name, active, now
		if err := tx.SavePaymentType(ctx, who.Group, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "payment_type.save", "payment_type", int64(after.ID), before, after))
	})
	return after, err
}
