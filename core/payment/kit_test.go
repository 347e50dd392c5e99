package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
	paymentstore "frontdesk/store/payment"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// page is a page as the provider in memory has it.
type page struct {
	payment.PageRequest
	state    payment.State
	payments []payment.Paid
}

// bank is a provider in memory: the same key is the same page, and a page that was paid or closed stays so.
type bank struct {
	payment.Provider // what these tests do not ask for
	pages            map[string]*page
	lost             int // how many answers are lost after the page was made
	asked            int // how often it was asked what was paid
}

func (b *bank) Connected(context.Context, practice.ID) (bool, error) { return true, nil }

func (b *bank) OpenPage(
	_ context.Context, _ practice.ID, key string, r payment.PageRequest,
) (payment.Opened, error) {
	if b.pages[key] == nil {
		b.pages[key] = &page{PageRequest: r, state: payment.Live}
	}
	if b.lost > 0 {
		b.lost--
		return payment.Opened{}, payment.ErrDown
	}
	return payment.Opened{ID: key, URL: "https://pay.example/" + key}, nil
}

func (b *bank) ClosePage(_ context.Context, _ practice.ID, id string) error {
	if p := b.pages[id]; p.state == payment.Live {
		p.state = payment.Ended
	}
	return nil
}

func (b *bank) Money(_ context.Context, _ practice.ID, _ payment.Kind, id string) (payment.Money, error) {
	b.asked++
	return payment.Money{State: b.pages[id].state, Payments: b.pages[id].payments}, nil
}

// jobs keeps the jobs that are added beside adding them.
type jobs struct {
	payment.Store
	added []job.Job
	// audited are the entries of changes.
	audited []access.Entry
}

func (s *jobs) Do(ctx context.Context, fn func(payment.Tx) error) error {
	return s.Store.Do(ctx, func(tx payment.Tx) error { return fn(noting{tx, s}) })
}

type noting struct {
	payment.Tx
	to *jobs
}

func (n noting) Enqueue(ctx context.Context, j job.Job) error {
	n.to.added = append(n.to.added, j)
	return n.Tx.Enqueue(ctx, j)
}

func (n noting) Audit(ctx context.Context, e access.Entry) error {
	n.to.audited = append(n.to.audited, e)
	return n.Tx.Audit(ctx, e)
}

// of are the jobs that were added of a kind.
func (s *jobs) of(kind string) (out []job.Job) {
	for _, j := range s.added {
		if j.Kind == kind {
			out = append(out, j)
		}
	}
	return out
}

// till is a practice that has invoices paid, with a clock that moves.
type till struct {
	*payment.Service
	t        *testing.T
	ctx      context.Context
	now      time.Time
	group    practice.ID
	bank     *bank
	jobs     *jobs
	product  billing.Product
	place    practice.LocationID
	gp       practice.PractitionerID
	ada      patient.ID
	invoices *billing.Invoices
}

func each(t *testing.T, test func(t *testing.T, d *till)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newTill(t, db)) })
}

func newTill(t *testing.T, db *store.DB) *till {
	t.Helper()
	d := &till{t: t, now: time.Date(2031, time.January, 6, 9, 0, 0, 0, time.UTC),
		bank: &bank{pages: map[string]*page{}}, jobs: &jobs{Store: paymentstore.New(db)}}
	clock := func() time.Time { return d.now }
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
	d.must(err)
	d.group, d.ctx = g.ID, access.With(t.Context(), access.Operator(g.ID))
	at, err := groups.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
	d.must(err)
	gp, err := groups.CreatePractitioner(d.ctx, practice.PractitionerChange{FirstName: new("A"), LastName: new("Khan")})
	d.must(err)
	d.place, d.gp = at.ID, gp.ID
	d.ada, err = patienttest.Register(d.ctx, &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID},
		patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Email: new("ada@example.org")})
	d.must(err)
	products := &billing.Products{Store: billingstore.NewProducts(db), Now: clock, NewID: db.NewID}
	d.product, err = products.Create(d.ctx, billing.ProductChange{Kind: new(billing.Other), Name: new("A check"),
		Price: new(billing.Pence(4000))})
	d.must(err)
	d.invoices = &billing.Invoices{Store: billingstore.NewInvoices(db), Now: clock, NewID: db.NewID}
	d.Service = &payment.Service{Store: d.jobs, Provider: d.bank, Customer: paymentstore.New(db),
		Invoices: d.invoices, Now: clock, NewID: db.NewID}
	return d
}

func (d *till) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *till) want(err, target error) {
	d.t.Helper()
	if !errors.Is(err, target) {
		d.t.Fatalf("got %v, want %v", err, target)
	}
}

// line is a line for one at a price.
func (d *till) line(price billing.Pence) billing.LineRequest {
	return billing.LineRequest{Date: input.DayOf(2031, time.January, 6), Product: d.product.ID, Quantity: billing.One,
		Price: &price}
}

// owes makes an invoice for an amount.
func (d *till) owes(price billing.Pence) billing.InvoiceID {
	d.t.Helper()
	i, err := d.invoices.Create(d.ctx, billing.InvoiceRequest{Date: input.DayOf(2031, time.January, 6), Patient: d.ada,
		Practitioner: d.gp, Location: d.place, Lines: []billing.LineRequest{d.line(price)}})
	d.must(err)
	return i.ID
}

func (d *till) open(id billing.InvoiceID) payment.Request {
	d.t.Helper()
	r, err := d.Open(d.ctx, id)
	d.must(err)
	return r
}

// address is where an invoice can be paid.
func (d *till) address(id billing.InvoiceID) string {
	d.t.Helper()
	all, err := d.Addresses(d.ctx, []billing.InvoiceID{id})
	d.must(err)
	return all[id]
}

// pays has a page paid, whatever its state.
func (d *till) pays(r payment.Request, id string, amount billing.Pence, currency string) {
	p := d.bank.pages[r.External]
	p.state = payment.Done
	p.payments = append(p.payments, payment.Paid{Currency: currency,
		Received: billing.Received{ID: id, Amount: amount, At: d.now}})
}

// hears tells of an event about a request, and runs the job that it added, twice.
func (d *till) hears(event string, r payment.Request) {
	d.t.Helper()
	before := len(d.jobs.of(payment.SettleKind))
	d.must(d.Hear(d.ctx, d.group, payment.Event{ID: event, Type: "paid", At: d.now, Object: r.External}))
	for _, j := range d.jobs.of(payment.SettleKind)[before:] {
		d.must(d.Settle(d.ctx, j))
		d.must(d.Settle(d.ctx, j))
	}
}

// paid are the payments and refunds of an invoice, by the provider's ids, and what is due.
func (d *till) paid(id billing.InvoiceID) (ids string, due billing.Pence) {
	d.t.Helper()
	payments, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{id})
	d.must(err)
	refunds, err := d.invoices.RefundsOf(d.ctx, []billing.InvoiceID{id})
	d.must(err)
	i, err := d.invoices.Find(d.ctx, id)
	d.must(err)
	var all []string
	for _, p := range payments[id] {
		all = append(all, p.External)
	}
	for _, r := range refunds[id] {
		all = append(all, r.External)
	}
	return strings.Join(all, " "), i.Outstanding()
}
