package billing

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// MembershipPolicyID names a policy by which members pay less; core/membership keeps them.
type MembershipPolicyID int64

// String gives the id as digits.
func (id MembershipPolicyID) String() string { return strconv.FormatInt(int64(id), 10) }

// BasisPoints are a share in hundredths of a per cent: 1250 is 12.5 per cent.
type BasisPoints int64

// AllOf is all of a price.
const AllOf BasisPoints = 10_000

// Reduction is what a membership takes off the price of a product: a share of it or, where that is 0, an amount.
type Reduction struct {
	Policy  MembershipPolicyID
	Percent BasisPoints
	Amount  Pence
}

// Reduced is what a member pays of a price, half a penny up. It is never below nothing.
func (r Reduction) Reduced(price Pence) Pence {
	if r.Percent > 0 {
		return Pence(rounded(int64(price)*int64(AllOf-r.Percent), int64(AllOf)))
	}
	return max(0, price-r.Amount)
}

// Reductions finds what members pay less.
type Reductions interface {
	// Reductions lists, in the order of their ids, what is taken off a product by the policies that have not ended of
	// the memberships that a patient has on a day: those that have begun, and had not ended when the day did, at over.
	Reductions(
		ctx context.Context, group practice.ID, of patient.ID, product ProductID, on input.Date, over time.Time,
	) ([]Reduction, error)
}

// reduce gives a line the least price that the patient has as a member on its date, and notes the price before. A
// membership itself is never reduced.
func (b *bill) reduce(ctx context.Context, l *Line) error {
	if l.Kind == MembershipKind || l.Price == 0 {
		return nil
	}
	g, err := b.tx.Group(ctx, b.group)
	if err != nil {
		return err
	}
	tomorrow := (l.Date + 1).UTC()
	over := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 0, 0, 0, 0, g.Zone())
	all, err := b.tx.Reductions(ctx, b.group, b.Patient, l.Product, l.Date, over)
	if err != nil {
		return err
	}
	full := l.Price
	for _, r := range all {
		if price := r.Reduced(full); price < l.Price {
			l.Price, l.ListPrice, l.MembershipPolicy = price, full, r.Policy
		}
	}
	l.Total, l.VAT = Worth(l.Price, l.Quantity, l.Rate)
	return nil
}
