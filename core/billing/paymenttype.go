package billing

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
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

// PaymentTypes is the ways to pay that a practice knows.
type PaymentTypes struct{ Store PaymentTypeReader }

// List lists the ways to pay; inactive ones too when asked. A caller who may
// see the practice may see these.
func (s *PaymentTypes) List(ctx context.Context, inactive bool) ([]PaymentType, error) {
	return read.Of(ctx, access.SeePractice, inactive, s.Store.PaymentTypes)
}
