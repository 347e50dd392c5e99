package invoicing_test

import (
	"fmt"
	"testing"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/rest/invoicing"
	"frontdesk/rest/oas"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
	paymentstore "frontdesk/store/payment"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAListOfInvoicesTakesAFixedNumberOfStatements lists one invoice and then many, each of another patient, with
// lines, a payment, a refund and a payment page.
func TestAListOfInvoicesTakesAFixedNumberOfStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := func() time.Time { return time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC) }
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
		must(t, err)
		ctx := access.With(t.Context(), access.Operator(g.ID))
		at, err := groups.CreateLocation(ctx, practice.LocationChange{Name: new("Mill Lane")})
		must(t, err)
		gp, err := groups.CreatePractitioner(ctx, practice.PractitionerChange{FirstName: new("A"), LastName: new("Khan")})
		must(t, err)
		products := &billing.Products{Store: billingstore.NewProducts(db), Now: now, NewID: db.NewID}
		product, err := products.Create(ctx, billing.ProductChange{Kind: new(billing.Other), Name: new("A check"),
			Price: new(billing.Pence(4000))})
		must(t, err)
		invoices := &billing.Invoices{Store: billingstore.NewInvoices(db), Now: now, NewID: db.NewID}
		pages := paymentstore.New(db)
		people := &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
		door := invoicing.Operations{Core: &core.Core{Invoice: invoices,
			Payment: &payment.Service{Store: pages, Invoices: invoices, Now: now, NewID: db.NewID}}}
		day := input.DayOf(2031, time.January, 6)
		line := billing.LineRequest{Date: day, Product: product.ID, Quantity: billing.One}
		add := func(i int) {
			of, err := patienttest.Register(ctx, people, patient.Changes{FirstName: new(fmt.Sprint("Ada", i)),
				LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Email: new(fmt.Sprintf("ada%d@example.org", i))})
			must(t, err)
			made, err := invoices.Create(ctx, billing.InvoiceRequest{Date: day, Patient: of, Practitioner: gp.ID,
				Location: at.ID, Lines: []billing.LineRequest{line, line},
				Payments: []billing.PaymentRequest{{Amount: 1000, Type: 1, Date: day}}})
			must(t, err)
			paid, err := invoices.PaymentsOf(ctx, []billing.InvoiceID{made.ID})
			must(t, err)
			made, _, err = invoices.Refund(ctx, made.ID, paid[made.ID][0].ID, billing.RefundRequest{
				Amount: new(billing.Pence(100)), Date: day})
			must(t, err)
			must(t, pages.Do(ctx, func(tx payment.Tx) error {
				return tx.SaveRequest(ctx, g.ID, payment.Request{ID: payment.ID(db.NewID()), Invoice: made.ID,
					Kind: payment.Page, State: payment.Live, Amount: made.Outstanding(), URL: "https://pay.example",
					External: fmt.Sprint("cs_", i), ExpiresAt: now().Add(time.Hour), CreatedAt: now(), UpdatedAt: now()})
			}))
		}
		statements := func(want int) int64 {
			t.Helper()
			counting, count := store.Counting(ctx)
			got, err := door.ListInvoices(counting, oas.ListInvoicesParams{PageSize: oas.NewOptInt(100)})
			must(t, err)
			if len(got.Data) != want || got.Count != float64(want) {
				t.Fatalf("got %d of %v, want %d", len(got.Data), got.Count, want)
			}
			for _, i := range got.Data {
				if len(i.Lines) != 2 || len(i.Payments) != 1 || len(i.Refunds) != 1 ||
					i.PaymentURL.Value != "https://pay.example" || i.AmountDue != 7100 {
					t.Fatalf("got %+v", i)
				}
			}
			return count()
		}
		add(0)
		one := statements(1)
		for i := range 15 {
			add(i + 1)
		}
		if many := statements(16); many != one || one > 6 {
			t.Fatalf("one invoice takes %d statements, and 16 take %d", one, many)
		}
	})
}
