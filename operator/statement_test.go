package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/operator"
	billingstore "frontdesk/store/billing"
	contactstore "frontdesk/store/contact"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func TestTheCommandLineMakesAStatement(t *testing.T) {
	address := storetest.SQLite(t)
	db := storetest.Open(t, address)
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	people := &practice.Service{Store: practicestore.New(db), Now: time.Now, NewID: db.NewID}
	g, err := people.CreateGroup(ctx, practice.Group{Name: "Mill Lane"})
	must(err)
	as := access.With(ctx, access.Operator(g.ID))
	name := "Okafor"
	place, err := people.CreateLocation(as, practice.LocationChange{Name: &name})
	must(err)
	gp, err := people.CreatePractitioner(as, practice.PractitionerChange{FirstName: &name, LastName: &name})
	must(err)
	yes := true
	payor, err := (&contact.Service{Store: contactstore.New(db), Now: time.Now, NewID: db.NewID}).Create(as,
		contact.Change{Company: &name, IsPayor: &yes})
	must(err)
	email := "ada@example.org"
	ada, err := patienttest.Register(as, &patient.Service{Store: patientstore.New(db), Now: time.Now, NewID: db.NewID},
		patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
			Email: &email})
	must(err)
	products := &billing.Products{Store: billingstore.NewProducts(db), Now: time.Now, NewID: db.NewID}
	invoices := &billing.Invoices{Store: billingstore.NewInvoices(db), Now: time.Now, NewID: db.NewID}
	price := billing.Pence(12305)
	p, err := products.Create(as, billing.ProductChange{Name: &name, Price: &price})
	must(err)
	day := input.DayOf(2031, time.January, 6)
	_, err = invoices.Create(as, billing.InvoiceRequest{Date: day, Patient: ada,
		Payer: billing.Account{Contact: payor.ID}, Practitioner: gp.ID, Location: place.ID,
		Lines:    []billing.LineRequest{{Date: day, Product: p.ID, Quantity: billing.One}},
		Payments: []billing.PaymentRequest{{Amount: 2300, Type: 1, Date: day}}})
	must(err)

	o, err := app.OpenOperator(ctx, app.Opening{DB: address})
	must(err)
	defer o.Close()
	ask := operator.NewStatement{Group: g.ID.String(), Contact: payor.ID.String(), From: "2031-01-01",
		Until: "2031-01-31", Unpaid: true}
	got, err := o.MakeStatement(ctx, ask)
	if want := (operator.Statement{ID: got.ID, Reference: payor.ID.String(), Total: "123.05", Paid: "23.00",
		Outstanding: "100.05"}); err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	for what, c := range map[string]struct {
		change func(*operator.NewStatement)
		want   error
	}{
		"a date that is none": {func(n *operator.NewStatement) { n.From = "January" }, fault.Input()},
		"an id that is none":  {func(n *operator.NewStatement) { n.Contact = "x" }, contact.ErrNotFound},
		"no contact":          {func(n *operator.NewStatement) { n.Contact = "" }, fault.Input()},
		"another practice":    {func(n *operator.NewStatement) { n.Group = "1" }, practice.ErrGroupNotFound},
	} {
		n := ask
		c.change(&n)
		if _, err := o.MakeStatement(ctx, n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
