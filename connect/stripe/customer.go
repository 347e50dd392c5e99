package stripe

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	stripe "github.com/stripe/stripe-go/v85"

	"frontdesk/core/payment"
)

// gbp is the one currency.
const gbp = stripe.CurrencyGBP

// upTo gives as many of a list as are read.
func upTo[T any](ctx context.Context, list *stripe.V1List[T], n int) ([]T, error) {
	var out []T
	for one, err := range list.All(ctx) {
		if err != nil {
			return nil, err
		}
		if out = append(out, one); len(out) == n {
			break
		}
	}
	return out, nil
}

func page() stripe.ListParams { return stripe.ListParams{Limit: new(int64(most))} }

// Coupons lists the reductions the practice gives that can be used now, but for those of another currency.
func (c *Client) Coupons(ctx context.Context) ([]payment.Coupon, error) {
	list := c.api.V1Coupons.List(ctx, &stripe.CouponListParams{ListParams: page(),
		Expand: []*string{new("data.applies_to")}})
	found, err := upTo(ctx, list, 10*most)
	if err != nil {
		return nil, judged(err, nil)
	}
	out := []payment.Coupon{}
	for _, k := range found {
		if !k.Valid || k.AmountOff > 0 && k.Currency != gbp {
			continue
		}
		one := payment.Coupon{ID: k.ID, Name: k.Name, AmountOff: k.AmountOff, PercentOff: k.PercentOff}
		if k.AppliesTo != nil {
			one.AppliesTo = k.AppliesTo.Products
		}
		out = append(out, one)
	}
	return out, nil
}

// shortest is the shortest part that Stripe looks for inside of a text; what is shorter is looked for as a whole.
const shortest = 3

// search is a text in Stripe's language of searches, quoted so that it is nothing but text:
// https://docs.stripe.com/search#search-query-language
func search(text string) string {
	op := "~"
	if utf8.RuneCountInString(text) < shortest {
		op = ":"
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	return fmt.Sprintf(`name%[1]s"%[2]s" OR email%[1]s"%[2]s" OR phone%[1]s"%[2]s"`, op, quoted)
}

// Customers finds customers.
func (c *Client) Customers(ctx context.Context, query string) ([]payment.Customer, error) {
	list := c.api.V1Customers.Search(ctx, &stripe.CustomerSearchParams{
		SearchParams: stripe.SearchParams{Query: search(query), Limit: new(int64(most))},
		Expand:       []*string{new("data.invoice_settings.default_payment_method")}})
	out := []payment.Customer{}
	for one, err := range list.All(ctx) {
		if err != nil {
			return nil, judged(err, nil)
		}
		if out = append(out, customer(one)); len(out) == most {
			break
		}
	}
	return out, nil
}

func customer(c *stripe.Customer) payment.Customer {
	out := payment.Customer{ID: c.ID, Name: c.Name, Email: c.Email, Phone: c.Phone}
	if s := c.InvoiceSettings; s != nil && s.DefaultPaymentMethod != nil {
		m := method(s.DefaultPaymentMethod)
		m.Default = true
		out.Methods = []payment.Method{m}
	}
	return out
}

func method(m *stripe.PaymentMethod) payment.Method {
	out := payment.Method{ID: m.ID, Type: string(m.Type)}
	switch {
	case m.Card != nil:
		out.Brand, out.Last4 = string(m.Card.Brand), m.Card.Last4
		out.Month, out.Year = int(m.Card.ExpMonth), int(m.Card.ExpYear)
	case m.BACSDebit != nil:
		out.Last4 = m.BACSDebit.Last4
	}
	return out
}

// CreateCustomer adds a customer. The same key is the same customer.
func (c *Client) CreateCustomer(ctx context.Context, key string, n payment.Customer) (payment.Customer, error) {
	p := &stripe.CustomerCreateParams{Name: &n.Name,
		Expand: []*string{new("invoice_settings.default_payment_method")}}
	p.IdempotencyKey = &key
	if n.Email != "" {
		p.Email = &n.Email
	}
	if n.Phone != "" {
		p.Phone = &n.Phone
	}
	for _, m := range n.Methods {
		p.PaymentMethod = &m.ID
		p.InvoiceSettings = &stripe.CustomerCreateInvoiceSettingsParams{DefaultPaymentMethod: &m.ID}
	}
	made, err := c.api.V1Customers.Create(ctx, p)
	if err != nil {
		return payment.Customer{}, judged(err, nil)
	}
	return customer(made), nil
}

// Methods lists a customer's payment methods.
func (c *Client) Methods(ctx context.Context, of string) ([]payment.Method, error) {
	who, err := c.api.V1Customers.Retrieve(ctx, of, nil)
	if err != nil {
		return nil, judged(err, nil)
	}
	first := ""
	if s := who.InvoiceSettings; s != nil && s.DefaultPaymentMethod != nil {
		first = s.DefaultPaymentMethod.ID
	}
	found, err := upTo(ctx, c.api.V1Customers.ListPaymentMethods(ctx,
		&stripe.CustomerListPaymentMethodsParams{ListParams: page(), Customer: &of}), most)
	if err != nil {
		return nil, judged(err, nil)
	}
	out := []payment.Method{}
	for _, m := range found {
		one := method(m)
		one.Default = m.ID == first
		out = append(out, one)
	}
	return out, nil
}
