package registry

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"frontdesk/connect/stripe"
	"frontdesk/core/connector"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/web"
)

// Payments has each practice group's patients pay through Stripe, as the group's settings say.
type Payments struct {
	Source
	// Public is the address that Stripe calls us back below, and patients' browsers come back to.
	Public func() string

	mu      sync.Mutex
	clients map[practice.ID]payer
}

// payer is a client made from one version of a connector.
type payer struct {
	version int64
	client  *stripe.Client
}

// stripeSettings reads a connector's settings.
func stripeSettings(c connector.Connector) (stripe.Settings, error) {
	s := stripe.Settings{BaseURL: cmp.Or(c.Settings["base_url"], stripe.API), Return: c.Settings["return_url"],
		Key: c.Secrets["api_key"], WebhookSecret: c.Secrets["webhook_secret"]}
	return s, s.Check()
}

// Callback is where Stripe calls a group back.
func (p *Payments) Callback(group practice.ID) string {
	return p.Public() + "/callbacks/stripe/" + strconv.FormatInt(int64(group), 36)
}

// Connected reports whether a group is connected to Stripe.
func (p *Payments) Connected(ctx context.Context, group practice.ID) (bool, error) {
	_, err := p.Connectors.Store.Connector(ctx, group, connector.Stripe)
	if errors.Is(err, connector.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// client gives the group's client, made anew when its settings have changed.
func (p *Payments) client(ctx context.Context, group practice.ID) (*stripe.Client, error) {
	kept, err := p.Connectors.Store.Connector(ctx, group, connector.Stripe)
	if errors.Is(err, connector.ErrNotFound) {
		return nil, payment.ErrNotConnected
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	simulated := kept.Settings[connector.Simulated] != ""
	if known, ok := p.clients[group]; ok && known.version == kept.Version && !simulated {
		return known.client, nil
	}
	c, err := p.Connectors.Get(ctx, group, connector.Stripe)
	if err != nil {
		return nil, err
	}
	if simulated {
		_ = p.Lead(group, &c) // it has no certificates of its own
	}
	s, err := stripeSettings(c)
	if err != nil {
		return nil, payment.ErrNotConnected.Because(err)
	}
	s.Return = cmp.Or(s.Return, p.Public()+"/pages/paid")
	client, err := stripe.New(s, p.Now)
	if err != nil {
		return nil, payment.ErrNotConnected.Because(err)
	}
	if p.clients == nil {
		p.clients = map[practice.ID]payer{}
	}
	p.clients[group] = payer{c.Version, client}
	return client, nil
}

// asked asks Stripe, and logs why it did not do what was asked, by codes alone.
func asked[T any](
	ctx context.Context, p *Payments, group practice.ID, ask func(c *stripe.Client) (T, error),
) (T, error) {
	var none T
	c, err := p.client(ctx, group)
	if err != nil {
		return none, err
	}
	out, err := ask(c)
	if err != nil {
		p.Log.WarnContext(ctx, "stripe did not do what was asked", "practice_group_id", int64(group), "error",
			err.Error())
		return none, err
	}
	return out, nil
}

// Coupons lists the reductions the practice gives.
func (p *Payments) Coupons(ctx context.Context, group practice.ID) ([]payment.Coupon, error) {
	return asked(ctx, p, group, func(c *stripe.Client) ([]payment.Coupon, error) { return c.Coupons(ctx) })
}

// Customers finds customers.
func (p *Payments) Customers(ctx context.Context, group practice.ID, query string) ([]payment.Customer, error) {
	return asked(ctx, p, group, func(c *stripe.Client) ([]payment.Customer, error) { return c.Customers(ctx, query) })
}

// CreateCustomer adds a customer.
func (p *Payments) CreateCustomer(
	ctx context.Context, group practice.ID, key string, n payment.Customer,
) (payment.Customer, error) {
	return asked(ctx, p, group, func(c *stripe.Client) (payment.Customer, error) {
		return c.CreateCustomer(ctx, key, n)
	})
}

// Methods lists a customer's payment methods.
func (p *Payments) Methods(ctx context.Context, group practice.ID, customer string) ([]payment.Method, error) {
	return asked(ctx, p, group, func(c *stripe.Client) ([]payment.Method, error) { return c.Methods(ctx, customer) })
}

// Try asks the system that a connector leads to whether it lets the practice in, where it can be asked without anything
// being done.
func Try(ctx context.Context, c connector.Connector) error {
	if c.Name != connector.Stripe || c.Settings[connector.Simulated] != "" {
		return nil
	}
	s, err := stripeSettings(c)
	if err != nil {
		return err
	}
	client, err := stripe.New(s, nil)
	if err != nil {
		return err
	}
	return client.Try(ctx)
}

// OpenPage makes a page on which an amount is paid.
func (p *Payments) OpenPage(
	ctx context.Context, group practice.ID, key string, q payment.PageRequest,
) (payment.Opened, error) {
	return asked(ctx, p, group, func(c *stripe.Client) (payment.Opened, error) { return c.OpenPage(ctx, key, q) })
}

// ClosePage keeps a page from being paid from now on.
func (p *Payments) ClosePage(ctx context.Context, group practice.ID, id string) error {
	_, err := asked(ctx, p, group, func(c *stripe.Client) (bool, error) { return true, c.ClosePage(ctx, id) })
	return err
}

// Money is what was paid and given back of a page or an invoice.
func (p *Payments) Money(
	ctx context.Context, group practice.ID, kind payment.Kind, id string,
) (payment.Money, error) {
	return asked(ctx, p, group, func(c *stripe.Client) (payment.Money, error) { return c.Money(ctx, kind, id) })
}

// PaidFor is what a payment was made for.
func (p *Payments) PaidFor(ctx context.Context, group practice.ID, intent string) (payment.PaidFor, error) {
	return asked(ctx, p, group, func(c *stripe.Client) (payment.PaidFor, error) { return c.PaidFor(ctx, group, intent) })
}

// Invoice finds an invoice of Stripe's.
func (p *Payments) Invoice(ctx context.Context, group practice.ID, id string) (payment.Invoice, error) {
	return asked(ctx, p, group, func(c *stripe.Client) (payment.Invoice, error) { return c.Invoice(ctx, id) })
}

// Listen serves the calls of Stripe. An event that was heard is answered at once: what it means is asked of Stripe
// afterwards.
func (p *Payments) Listen(hear func(context.Context, practice.ID, payment.Event) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p.listen(w, r, hear); err != nil {
			web.Fail(w, r, err)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

func (p *Payments) listen(
	w http.ResponseWriter, r *http.Request, hear func(context.Context, practice.ID, payment.Event) error,
) error {
	id, err := strconv.ParseInt(r.PathValue("group"), 36, 64)
	if err != nil || id <= 0 {
		return web.ErrNoPath
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		return err
	}
	group := practice.ID(id)
	c, err := p.client(r.Context(), group)
	if errors.Is(err, payment.ErrNotConnected) || errors.Is(err, practice.ErrGroupNotFound) {
		return web.ErrNoPath
	}
	if err != nil {
		return err
	}
	e, err := c.Event(body, r.Header.Get("Stripe-Signature"))
	if err != nil {
		p.Log.WarnContext(r.Context(), "a call in stripe's name was refused", "practice_group_id", id, "error",
			err.Error())
		return err
	}
	return hear(r.Context(), group, e)
}
