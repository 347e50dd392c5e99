package billing_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/statement"
)

func TestAnotherPracticesBillingIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		visit := d.book(d.ada, time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC))
		l := of(d.visit, 1)
		l.Booking = visit
		i := d.invoice(l)
		p := d.pay(i, 100)
		d.must(second(d.invoices.AddPayment(d.ctx, i.ID, card(200))))
		_, _, err := d.invoices.Refund(d.ctx, i.ID, p, billing.RefundRequest{Date: day(7)})
		d.must(err)
		st, err := d.statements.Create(d.ctx, statement.Request{Kind: statement.Activity,
			Account: billing.Account{Patient: d.ada}, From: day(1), Until: day(31)})
		d.must(err)
		plan := d.product(billing.ProductChange{Name: ptr("Plan")})
		d.offer(plan.ID, "part", d.visit.ID)
		d.offer(plan.ID, "location", d.place.ID)
		d.offer(plan.ID, "practitioner", d.gp.ID)
		before, line := d.sums(i.ID), d.lines(i)[0]
		home := *d
		d.open("Elsewhere")
		here := d.invoice()
		ask := func(change func(*billing.InvoiceRequest)) error {
			r := d.ask()
			change(&r)
			return second(d.invoices.Create(d.ctx, r))
		}
		refund := func() error {
			_, _, err := d.invoices.Refund(d.ctx, i.ID, p, billing.RefundRequest{Date: day(7)})
			return err
		}
		for name, err := range map[string]error{
			"product":           second(d.products.Find(d.ctx, home.jab.ID)),
			"update product":    second(d.products.Update(d.ctx, home.visit.ID, billing.ProductChange{Name: ptr("x")})),
			"delete product":    second(d.products.Delete(d.ctx, home.visit.ID)),
			"invoice":           second(d.invoices.Find(d.ctx, i.ID)),
			"update invoice":    second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{})),
			"cancel invoice":    second(d.invoices.Cancel(d.ctx, i.ID)),
			"add line":          second(d.invoices.AddLine(d.ctx, i.ID, of(d.jab, 1))),
			"add their product": second(d.invoices.AddLine(d.ctx, here.ID, of(home.jab, 1))),
			"add their booking": second(d.invoices.AddLine(d.ctx, here.ID, billing.LineRequest{Product: d.jab.ID,
				Date: day(6), Quantity: 1, Booking: visit})),
			"update line":         second(d.invoices.UpdateLine(d.ctx, i.ID, line.ID, billing.LineChange{})),
			"update line of ours": second(d.invoices.UpdateLine(d.ctx, here.ID, line.ID, billing.LineChange{})),
			"remove line":         second(d.invoices.RemoveLine(d.ctx, i.ID, line.ID)),
			"add payment":         second(d.invoices.AddPayment(d.ctx, i.ID, card(1))),
			"update payment":      second(d.invoices.UpdatePayment(d.ctx, i.ID, p, billing.PaymentChange{})),
			"remove payment":      second(d.invoices.RemovePayment(d.ctx, here.ID, p)),
			"refund":              refund(),
			"about their patient": ask(func(r *billing.InvoiceRequest) { r.Patient = home.ada }),
			"to their patient":    ask(func(r *billing.InvoiceRequest) { r.Payer.Patient = home.ada }),
			"to their contact":    ask(func(r *billing.InvoiceRequest) { r.Payer.Contact = home.insurer.ID }),
			"by their people":     ask(func(r *billing.InvoiceRequest) { r.Practitioner = home.gp.ID }),
			"at their place":      ask(func(r *billing.InvoiceRequest) { r.Location = home.place.ID }),
			"statement":           second(d.statements.Find(d.ctx, st.ID)),
			"delete statement":    second(d.statements.Delete(d.ctx, st.ID)),
			"statement of patient": second(d.statements.Create(d.ctx, statement.Request{Kind: statement.Activity,
				Account: billing.Account{Patient: home.ada}, From: day(1), Until: day(2)})),
			"statement of contact": second(d.statements.Create(d.ctx, statement.Request{Kind: statement.Activity,
				Account: billing.Account{Contact: home.insurer.ID}, From: day(1), Until: day(2)})),
		} {
			if fault.Of(err).Kind != fault.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		found := 0
		count := func(n int, err error) {
			t.Helper()
			d.must(err)
			found += n
		}
		products, err := d.products.ByID(d.ctx, []billing.ProductID{home.visit.ID})
		count(len(products), err)
		parts, err := d.products.PartsOf(d.ctx, []billing.ProductID{plan.ID})
		count(len(parts), err)
		at, err := d.products.OfferedAt(d.ctx, []practice.LocationID{home.place.ID})
		count(len(at), err)
		by, err := d.products.OfferedBy(d.ctx, []practice.PractitionerID{home.gp.ID})
		count(len(by), err)
		invoices, err := d.invoices.ByID(d.ctx, []billing.InvoiceID{i.ID})
		count(len(invoices), err)
		ofPatients, err := d.invoices.OfPatients(d.ctx, []patient.ID{home.ada}, day(1), day(31))
		count(len(ofPatients), err)
		lines, err := d.invoices.LinesOf(d.ctx, []billing.InvoiceID{i.ID})
		count(len(lines), err)
		payments, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{i.ID})
		count(len(payments), err)
		refunds, err := d.invoices.RefundsOf(d.ctx, []billing.InvoiceID{i.ID})
		count(len(refunds), err)
		billed, err := d.invoices.BilledBookings(d.ctx, []booking.ID{visit})
		count(len(billed), err)
		on, err := d.statements.InvoicesOn(d.ctx, []statement.ID{st.ID})
		count(len(on), err)
		statements, _, err := d.statements.List(d.ctx, statement.Query{})
		count(len(statements), err)
		if found != 0 {
			t.Errorf("found %v %v %v %v %v %v %v %v %v %v %v %v", products, parts, at, by, invoices, ofPatients, lines,
				payments, refunds, billed, on, statements)
		}
		if after := home.sums(i.ID); after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

func TestBillingNeedsItsGrants(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		i := d.invoice(of(d.visit, 1))
		type call func(context.Context) error
		for _, c := range []struct {
			grant access.Permission
			calls map[string]call
		}{
			{access.SeeInvoices, map[string]call{
				"invoice": func(ctx context.Context) error { return second(d.invoices.Find(ctx, i.ID)) },
				"list": func(ctx context.Context) error {
					_, _, err := d.invoices.List(ctx, billing.InvoiceQuery{})
					return err
				},
				"by id": func(ctx context.Context) error { return second(d.invoices.ByID(ctx, nil)) },
				"of patients": func(ctx context.Context) error {
					return second(d.invoices.OfPatients(ctx, []patient.ID{d.ada}, day(1), day(2)))
				},
				"lines":    func(ctx context.Context) error { return second(d.invoices.LinesOf(ctx, nil)) },
				"payments": func(ctx context.Context) error { return second(d.invoices.PaymentsOf(ctx, nil)) },
				"refunds":  func(ctx context.Context) error { return second(d.invoices.RefundsOf(ctx, nil)) },
				"statements": func(ctx context.Context) error {
					_, _, err := d.statements.List(ctx, statement.Query{})
					return err
				},
				"on statements": func(ctx context.Context) error { return second(d.statements.InvoicesOn(ctx, nil)) },
			}},
			{access.EditInvoices, map[string]call{
				"create": func(ctx context.Context) error { return second(d.invoices.Create(ctx, d.ask())) },
				"update": func(ctx context.Context) error {
					return second(d.invoices.Update(ctx, i.ID, billing.InvoiceChange{}))
				},
				"line": func(ctx context.Context) error {
					return second(d.invoices.AddLine(ctx, i.ID,
						of(d.jab, 1)))
				},
				"payment": func(ctx context.Context) error { return second(d.invoices.AddPayment(ctx, i.ID, card(1))) },
				"statement": func(ctx context.Context) error {
					return second(d.statements.Create(ctx, statement.Request{Kind: statement.Unpaid,
						Account: billing.Account{Patient: d.ada}, From: day(1), Until: day(2)}))
				},
			}},
			{access.SeeProducts, map[string]call{
				"product": func(ctx context.Context) error { return second(d.products.Find(ctx, d.jab.ID)) },
				"list": func(ctx context.Context) error {
					_, _, err := d.products.List(ctx, billing.ProductQuery{})
					return err
				},
				"by id":  func(ctx context.Context) error { return second(d.products.ByID(ctx, nil)) },
				"parts":  func(ctx context.Context) error { return second(d.products.PartsOf(ctx, nil)) },
				"places": func(ctx context.Context) error { return second(d.products.OfferedAt(ctx, nil)) },
				"people": func(ctx context.Context) error { return second(d.products.OfferedBy(ctx, nil)) },
				"VAT":    func(ctx context.Context) error { return second(d.products.VAT(ctx)) },
			}},
			{access.EditProducts, map[string]call{
				"create": func(ctx context.Context) error {
					return second(d.products.Create(ctx, billing.ProductChange{Name: ptr("x")}))
				},
				"update": func(ctx context.Context) error {
					return second(d.products.Update(ctx, d.jab.ID, billing.ProductChange{}))
				},
			}},
			{"seeBookings", map[string]call{
				"billed": func(ctx context.Context) error { return second(d.invoices.BilledBookings(ctx, nil)) },
			}},
		} {
			all := []access.Permission{access.SeeInvoices, access.EditInvoices, access.SeeProducts, access.EditProducts,
				"seeBookings"}
			others := slices.DeleteFunc(all, func(g access.Permission) bool { return g == c.grant })
			for name, call := range c.calls {
				if err := call(d.as(others...)); !errors.Is(err, access.ErrPermission) ||
					fault.Of(err).Message != "Missing permission "+string(c.grant) {
					t.Errorf("%s without %s: %v", name, c.grant, err)
				}
				if err := call(d.as(c.grant)); err != nil {
					t.Errorf("%s with %s: %v", name, c.grant, err)
				}
			}
		}
	})
}
