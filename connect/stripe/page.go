package stripe

import (
	"cmp"
	"context"
	"strconv"
	"time"

	stripe "github.com/stripe/stripe-go/v85"

	"frontdesk/core/billing"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
)

// The names under which Stripe keeps what a payment is for.
const (
	requestName = "frontdesk_request"
	groupName   = "frontdesk_group"
)

// OpenPage makes a page of Stripe Checkout on which an amount is paid by card, which is known at once: the methods that
// take days are left out. The price is shown in pounds alone.
func (c *Client) OpenPage(ctx context.Context, key string, p payment.PageRequest) (payment.Opened, error) {
	about := map[string]string{requestName: p.Request.String(), groupName: p.Group.String()}
	amount, until, pounds := int64(p.Amount), p.Until.Unix(), payment.Pounds
	q := &stripe.CheckoutSessionCreateParams{
		Mode: new(string(stripe.CheckoutSessionModePayment)), SuccessURL: &c.settings.Return,
		CancelURL: &c.settings.Return, ExpiresAt: &until, ClientReferenceID: new(p.Request.String()), Metadata: about,
		PaymentMethodTypes: []*string{new("card")},
		AdaptivePricing:    &stripe.CheckoutSessionCreateAdaptivePricingParams{Enabled: new(false)},
		PaymentIntentData:  &stripe.CheckoutSessionCreatePaymentIntentDataParams{Metadata: about},
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{Quantity: new(int64(1)),
			PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{Currency: &pounds, UnitAmount: &amount,
				ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: &p.Name}}}},
	}
	q.IdempotencyKey = &key
	if p.Customer != "" {
		q.Customer = &p.Customer
	}
	made, err := c.api.V1CheckoutSessions.Create(ctx, q)
	if err != nil {
		return payment.Opened{}, judged(err, nil)
	}
	return payment.Opened{ID: made.ID, URL: made.URL}, nil
}

// ClosePage has a page expire. One that was paid or has run out stays as it is.
func (c *Client) ClosePage(ctx context.Context, id string) error {
	p := &stripe.CheckoutSessionExpireParams{}
	p.IdempotencyKey = new("close-" + id)
	_, err := c.api.V1CheckoutSessions.Expire(ctx, id, p)
	if err == nil {
		return nil
	}
	if s, askErr := c.api.V1CheckoutSessions.Retrieve(ctx, id, nil); askErr == nil &&
		s.Status != stripe.CheckoutSessionStatusOpen {
		return nil
	}
	return judged(err, nil)
}

// Money is what was paid and given back of a page or an invoice.
func (c *Client) Money(ctx context.Context, kind payment.Kind, id string) (payment.Money, error) {
	if kind == payment.Linked {
		return c.invoiceMoney(ctx, id)
	}
	s, err := c.api.V1CheckoutSessions.Retrieve(ctx, id, &stripe.CheckoutSessionRetrieveParams{
		Expand: []*string{new("payment_intent.latest_charge")}})
	if err != nil {
		return payment.Money{}, judged(err, nil)
	}
	m := payment.Money{State: payment.Live}
	if s.Status == stripe.CheckoutSessionStatusExpired {
		m.State = payment.Ended
	}
	p := s.PaymentIntent
	if p == nil || p.Status != stripe.PaymentIntentStatusSucceeded {
		return m, nil
	}
	at := p.Created
	if p.LatestCharge != nil {
		at = cmp.Or(p.LatestCharge.Created, at)
	}
	m.State = payment.Done
	one, err := c.paid(ctx, p.ID, p.AmountReceived, string(p.Currency), at)
	m.Payments = []payment.Paid{one}
	return m, err
}

// paid is a payment with what was given back of it.
func (c *Client) paid(
	ctx context.Context, intent string, amount int64, currency string, at int64,
) (payment.Paid, error) {
	out := payment.Paid{Currency: currency, Received: billing.Received{ID: intent, Amount: billing.Pence(amount),
		At: time.Unix(at, 0)}}
	found, err := upTo(ctx, c.api.V1Refunds.List(ctx, &stripe.RefundListParams{ListParams: page(),
		PaymentIntent: &intent}), most)
	if err != nil {
		return out, judged(err, nil)
	}
	for _, r := range found {
		if r.Status == stripe.RefundStatusSucceeded {
			out.Returned = append(out.Returned, billing.Returned{ID: r.ID, Amount: billing.Pence(r.Amount),
				At: time.Unix(r.Created, 0), Reason: plain(string(r.Reason))})
		}
	}
	return out, nil
}

func (c *Client) invoice(ctx context.Context, id string) (*stripe.Invoice, error) {
	i, err := c.api.V1Invoices.Retrieve(ctx, id, &stripe.InvoiceRetrieveParams{Expand: []*string{new("payments")}})
	return i, judged(err, payment.ErrNoInvoice)
}

// states are what the states of Stripe's invoices are here.
var states = map[stripe.InvoiceStatus]payment.State{stripe.InvoiceStatusDraft: payment.Opening,
	stripe.InvoiceStatusOpen: payment.Live, stripe.InvoiceStatusPaid: payment.Done,
	stripe.InvoiceStatusUncollectible: payment.Live, stripe.InvoiceStatusVoid: payment.Ended}

func (c *Client) invoiceMoney(ctx context.Context, id string) (payment.Money, error) {
	i, err := c.invoice(ctx, id)
	if err != nil {
		return payment.Money{}, err
	}
	m := payment.Money{State: cmp.Or(states[i.Status], payment.Live)}
	if i.Payments == nil {
		return m, nil
	}
	for _, p := range i.Payments.Data {
		if p.Status != "paid" || p.Payment == nil || p.Payment.PaymentIntent == nil {
			continue
		}
		one, err := c.paid(ctx, p.Payment.PaymentIntent.ID, p.AmountPaid, string(p.Currency), p.Created)
		if err != nil {
			return m, err
		}
		m.Payments = append(m.Payments, one)
	}
	return m, nil
}

// Invoice finds an invoice of Stripe's.
func (c *Client) Invoice(ctx context.Context, id string) (payment.Invoice, error) {
	i, err := c.invoice(ctx, id)
	if err != nil {
		return payment.Invoice{}, err
	}
	out := payment.Invoice{ID: i.ID, Currency: string(i.Currency), URL: i.HostedInvoiceURL,
		State: cmp.Or(states[i.Status], payment.Opening), Net: billing.Pence(i.TotalExcludingTax),
		Total: billing.Pence(i.Total)}
	if i.Customer != nil {
		out.Customer = i.Customer.ID
	}
	return out, nil
}

// PaidFor is what a payment was made for: the request of a practice group that it names, or an invoice of Stripe's.
func (c *Client) PaidFor(ctx context.Context, group practice.ID, intent string) (payment.PaidFor, error) {
	p, err := c.api.V1PaymentIntents.Retrieve(ctx, intent, nil)
	if err != nil {
		return payment.PaidFor{}, judged(err, nil)
	}
	if p.Metadata[groupName] != group.String() {
		of, err := c.invoiceOf(ctx, intent)
		return payment.PaidFor{Invoice: of}, err
	}
	id, err := strconv.ParseInt(p.Metadata[requestName], 10, 64)
	if err != nil {
		return payment.PaidFor{}, nil //nolint:nilerr // it is not one of ours
	}
	return payment.PaidFor{Request: payment.ID(id)}, nil
}

// invoiceOf is the invoice of Stripe's that a payment was made for; empty is none. The payment does not say:
// https://docs.stripe.com/api/invoice-payment.
func (c *Client) invoiceOf(ctx context.Context, intent string) (string, error) {
	found, err := upTo(ctx, c.api.V1InvoicePayments.List(ctx, &stripe.InvoicePaymentListParams{ListParams: page(),
		Payment: &stripe.InvoicePaymentListPaymentParams{Type: new("payment_intent"), PaymentIntent: &intent}}), most)
	if err != nil {
		return "", judged(err, nil)
	}
	for _, one := range found {
		if one.Invoice != nil {
			return one.Invoice.ID, nil
		}
	}
	return "", nil
}
