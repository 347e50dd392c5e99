package payment

import (
	"context"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/practice"
)

// Provider is what a payment provider is asked, in the name of a practice group. Each call has a deadline of its own.
// Errors of all: ErrNotConnected, ErrDown where it is not known whether it was done, ErrRefused.
type Provider interface {
	// Connected reports whether a group is connected to it.
	Connected(ctx context.Context, group practice.ID) (bool, error)
	// Coupons lists the reductions the practice gives; those in another currency than pounds are left out.
	Coupons(ctx context.Context, group practice.ID) ([]Coupon, error)
	// Customers finds up to a hundred customers by part of a name, an e-mail address or a telephone number.
	Customers(ctx context.Context, group practice.ID, query string) ([]Customer, error)
	// CreateCustomer adds a customer. The same key is the same customer.
	CreateCustomer(ctx context.Context, group practice.ID, key string, c Customer) (Customer, error)
	// Methods lists a customer's payment methods.
	Methods(ctx context.Context, group practice.ID, customer string) ([]Method, error)
	// OpenPage makes a page on which an amount is paid. The same key is the same page.
	OpenPage(ctx context.Context, group practice.ID, key string, p PageRequest) (Opened, error)
	// ClosePage keeps a page from being paid from now on. One that was paid or has run out stays as it is.
	ClosePage(ctx context.Context, group practice.ID, id string) error
	// Money is what was paid and given back of a page or an invoice.
	Money(ctx context.Context, group practice.ID, kind Kind, id string) (Money, error)
	// PaidFor is what a payment was made for.
	PaidFor(ctx context.Context, group practice.ID, intent string) (PaidFor, error)
	// Invoice finds an invoice of the provider's, or returns ErrNoInvoice.
	Invoice(ctx context.Context, group practice.ID, id string) (Invoice, error)
}

// Pounds is the one currency, as Stripe names it.
const Pounds = "gbp"

// PageRequest asks for a page. It is the same whenever it is asked under the same key.
type PageRequest struct {
	Request  ID
	Group    practice.ID
	Amount   billing.Pence
	Name     string // what patients read: it says nothing of why they come
	Customer string // empty is none
	Until    time.Time
}

// PaidFor is what a payment was made for: a request of ours, or an invoice of the provider's; neither is something that
// is not ours.
type PaidFor struct {
	Request ID
	Invoice string
}

// Opened is a page.
type Opened struct{ ID, URL string }

// Money is what the provider knows of a request.
type Money struct {
	State    State // Live, Done or Ended
	Payments []Paid
}

// Paid is a payment, in the currency in which it was made.
type Paid struct {
	billing.Received
	Currency string
}

// Invoice is an invoice that the practice made at the provider.
type Invoice struct {
	ID, Customer, Currency, URL string
	State                       State // Opening is a draft
	// Net is without VAT, and Total with it.
	Net, Total billing.Pence
}

// Coupon is a reduction: of an amount, or of a part.
type Coupon struct {
	ID, Name string
	// AmountOff is in pence, and PercentOff in hundredths; 0 is that the coupon is not of that kind.
	AmountOff  int64
	PercentOff float64
	// AppliesTo are the provider's products it is for; none is all.
	AppliesTo []string
}

// Customer is who pays, as the provider knows them.
type Customer struct {
	ID, Name, Email, Phone string
	// Methods are payment methods: of a customer that is found, the one used first.
	Methods []Method
}

// Method is a way in which a customer pays. There is never a card's number in it.
type Method struct {
	ID    string
	Type  string // as Stripe names it: card, bacs_debit, link …
	Brand string // of a card: visa, mastercard …
	Last4 string
	// Month and Year are those in which a card expires; 0 is that it does not.
	Month, Year int
	Default     bool
}
