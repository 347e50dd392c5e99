package billing

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"frontdesk/core/booking"
	"frontdesk/core/input"
)

// LineID names a line of an invoice.
type LineID int64

// String gives the id as digits.
func (id LineID) String() string { return strconv.FormatInt(int64(id), 10) }

// Line is one thing on an invoice, as the product was when it was put on.
type Line struct {
	ID      LineID     `json:"id"`
	Invoice InvoiceID  `json:"-"`
	Date    input.Date `json:"date"` // when it was given
	Product ProductID  `json:"product_id"`
	Title   string     `json:"title"`
	Kind    Kind       `json:"kind"`
	Code    string     `json:"code"`
	Cost    Pence      `json:"cost"` // what one costs the practice; -1 is not known
	Price   Pence      `json:"price"`
	// MembershipPolicy is the policy by which the patient pays less as a member, and ListPrice the price that it was
	// taken off; 0 is that none was.
	MembershipPolicy MembershipPolicyID `json:"membership_policy_id,omitempty"`
	ListPrice        Pence              `json:"list_price,omitempty"`

	Quantity Quantity `json:"quantity"`
	Rate     Permille `json:"vat_permille"`
	VAT      Pence    `json:"vat"`
	Total    Pence    `json:"total"` // with VAT
	// Booking is the booking it is for; 0 is none.
	Booking booking.ID `json:"booking_id,omitempty"`
	// Taken is how many it takes of the product's stock: none where that was not
	// counted when the line was put on.
	Taken int `json:"taken,omitempty"`
}

// Unknown is a cost that was not given.
const Unknown Pence = -1

// LineRequest asks for a line.
type LineRequest struct {
	Date     input.Date
	Product  ProductID
	Quantity Quantity
	Price    *Pence // nil is the product's, less what a membership takes off it
	Booking  booking.ID
}

// LineChange is what to set of a line; nil leaves a thing as it is.
type LineChange struct {
	Date     *input.Date
	Quantity *Quantity
	Price    *Pence
	Booking  *booking.ID
}

// AddLine puts something on an invoice. Errors: ErrNotFound, ErrCancelled,
// ErrPaid, ErrTooMuch, ErrProductNotFound, ErrProductDeleted,
// booking.ErrNotFound, ErrBookingOfAnother, ErrStock.
func (s *Invoices) AddLine(ctx context.Context, id InvoiceID, r LineRequest) (Invoice, error) {
	return s.changeLines(ctx, id, "invoice.add_line", func(ctx context.Context, b *bill) error {
		return b.addLine(ctx, r)
	})
}

func (b *bill) addLine(ctx context.Context, r LineRequest) error {
	p, err := b.tx.Product(ctx, b.group, r.Product)
	if err != nil {
		return err
	}
	if p.Deleted() {
		return ErrProductDeleted
	}
	l := Line{
		ID: LineID(b.s.NewID()), Invoice: b.ID, Date: r.Date, Product: p.ID, Title: p.Name, Kind: p.Kind, Code: p.Code,
		Cost:  Unknown,
		Price: p.Price, Quantity: r.Quantity, Booking: r.Booking,
	}
	input.Set(&l.Cost, p.Cost)
	input.Set(&l.Price, r.Price)
	if p.VAT != nil {
		l.Rate = *p.VAT
	} else {
		g, err := b.tx.Group(ctx, b.group)
		if err != nil {
			return err
		}
		l.Rate = Permille(g.VAT)
	}
	if err := b.check(ctx, &l); err != nil {
		return err
	}
	if r.Price == nil {
		if err := b.reduce(ctx, &l); err != nil {
			return err
		}
	}
	if p.Stock != nil {
		l.Taken = pieces(l.Quantity)
	}
	b.Lines = append(b.Lines, l)
	return nil
}

// check checks a line and works it out.
func (b *bill) check(ctx context.Context, l *Line) error {
	var in input.Checks
	l.Date = Dated(&in, "date", l.Date)
	if l.Quantity < 1 || l.Quantity > maxQuantity {
		in.Wrong("quantity", input.CodeBig, fmt.Sprintf("more than none, and at most %d", maxQuantity/One),
			"There cannot be so many.")
	}
	l.Price = amount(&in, "price", l.Price, 0)
	if err := in.Err(); err != nil {
		return err
	}
	l.Total, l.VAT = Worth(l.Price, l.Quantity, l.Rate)
	if l.Booking == 0 {
		return nil
	}
	a, err := b.tx.Appointment(ctx, b.group, l.Booking)
	if err == nil && a.Patient != b.Patient {
		err = ErrBookingOfAnother
	}
	return err
}

// UpdateLine changes a line. Its product, its title and its rate of VAT stay as
// they were when it was put on, and so does what a membership took off its price,
// until another price is given. Errors: as AddLine, and ErrLineNotFound,
// ErrOverpaid.
func (s *Invoices) UpdateLine(ctx context.Context, id InvoiceID, of LineID, ch LineChange) (Invoice, error) {
	return s.changeLines(ctx, id, "invoice.update_line", func(ctx context.Context, b *bill) error {
		i := slices.IndexFunc(b.Lines, func(l Line) bool { return l.ID == of })
		if i < 0 {
			return ErrLineNotFound
		}
		l := &b.Lines[i]
		input.Set(&l.Date, ch.Date)
		input.Set(&l.Quantity, ch.Quantity)
		if ch.Price != nil && *ch.Price != l.Price {
			l.Price, l.MembershipPolicy, l.ListPrice = *ch.Price, 0, 0
		}
		input.Set(&l.Booking, ch.Booking)
		if err := b.check(ctx, l); err != nil {
			return err
		}
		if l.Taken > 0 {
			l.Taken = pieces(l.Quantity)
		}
		return nil
	})
}

// RemoveLine takes a line off an invoice. Errors: ErrNotFound, ErrCancelled,
// ErrPaid, ErrLineNotFound, ErrOverpaid.
func (s *Invoices) RemoveLine(ctx context.Context, id InvoiceID, of LineID) (Invoice, error) {
	return s.changeLines(ctx, id, "invoice.remove_line", func(_ context.Context, b *bill) error {
		left := slices.DeleteFunc(slices.Clone(b.Lines), func(l Line) bool { return l.ID == of })
		if len(left) == len(b.Lines) {
			return ErrLineNotFound
		}
		b.Lines = left
		return nil
	})
}

// changeLines is change for one that has not been paid.
func (s *Invoices) changeLines(
	ctx context.Context, id InvoiceID, action string, fn func(ctx context.Context, b *bill) error,
) (Invoice, error) {
	return s.change(ctx, id, action, func(ctx context.Context, b *bill) error {
		if b.settled() {
			return ErrPaid
		}
		return fn(ctx, b)
	})
}
