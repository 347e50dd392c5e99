package billing_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/statement"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	billingstore "frontdesk/store/billing"
	bookingstore "frontdesk/store/booking"
	contactstore "frontdesk/store/contact"
	diarystore "frontdesk/store/diary"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	statementstore "frontdesk/store/statement"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

func second[T any](_ T, err error) error { return err }

// day is a date in January 2031.
func day(n int) input.Date { return input.DayOf(2031, time.January, n) }

// kit is a practice that bills, beside another one, and a clock that moves.
type kit struct {
	products   *billing.Products
	invoices   *billing.Invoices
	types      *billing.PaymentTypes
	statements *statement.Service
	Now        func() time.Time
	t          testing.TB
	db         *store.DB
	clock      *atomic.Pointer[time.Time]
	practice   *practice.Service
	patients   *patient.Service
	contacts   *contact.Service
	diary      *diary.Service
	booking    *booking.Service
	group      practice.Group
	// ctx is a member of staff with a role, and setup the person at the command line.
	ctx, setup context.Context
	place      practice.Location
	gp         practice.Practitioner
	ada, bob   patient.ID
	insurer    contact.Contact
	visit, jab billing.Product // an appointment without VAT, and a vaccine with 20 %
}

func (d *kit) move(by time.Duration) {
	at := d.clock.Load().Add(by)
	d.clock.Store(&at)
}

// setVAT sets the practice's own rate.
func (d *kit) setVAT(rate int) error {
	return second(d.practice.UpdateGroup(d.setup, practice.GroupChange{VAT: &rate}))
}

func newKit(t testing.TB, db *store.DB) *kit {
	t.Helper()
	d := &kit{t: t, db: db, clock: &atomic.Pointer[time.Time]{}}
	d.clock.Store(ptr(time.Date(2031, time.January, 6, 7, 0, 0, 123456789, time.UTC)))
	now := func() time.Time { return *d.clock.Load() }
	d.bill(db, now)
	d.practice = &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	d.patients = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	d.contacts = &contact.Service{Store: contactstore.New(db), Now: now, NewID: db.NewID}
	d.diary = &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: db.NewID}
	d.booking = &booking.Service{Store: bookingstore.New(db), Diary: d.diary, Now: now, NewID: db.NewID,
		Hold: 15 * time.Minute}
	d.open("Brambleford")
	return d
}

// bill has billing keep what it does in a database.
func (d *kit) bill(db *store.DB, now func() time.Time) {
	d.Now = now
	d.products = &billing.Products{Store: billingstore.NewProducts(db), Now: now, NewID: db.NewID}
	d.invoices = &billing.Invoices{Store: billingstore.NewInvoices(db), Now: now, NewID: db.NewID}
	d.types = &billing.PaymentTypes{Store: billingstore.NewPaymentTypes(db)}
	d.statements = &statement.Service{Store: statementstore.New(db), Now: now, NewID: db.NewID}
}

// offer says what comes with a product, or where or by whom it is offered, as an import does.
func (d *kit) offer(of billing.ProductID, what string, id any) {
	d.t.Helper()
	storetest.Insert(d.t, d.db, "product_"+what, storetest.Row{"practice_group_id": d.group.ID, "product_id": of,
		what + "_id": id})
}

// open makes a practice and goes there.
func (d *kit) open(name string) {
	d.t.Helper()
	var err error
	d.group, err = d.practice.CreateGroup(context.Background(), practice.Group{Name: name})
	d.must(err)
	d.setup = access.With(context.Background(), access.Operator(d.group.ID))
	d.ctx = d.as("seeInvoices", "editInvoices", "seeProducts", "editProducts", "seeBookings")
	d.place, err = d.practice.CreateLocation(d.setup, practice.LocationChange{Name: ptr("Mill Lane")})
	d.must(err)
	d.gp, err = d.practice.CreatePractitioner(d.setup, practice.PractitionerChange{Title: ptr("Dr"),
		FirstName: ptr("Chidi"), LastName: ptr("Okafor")})
	d.must(err)
	d.ada, err = patienttest.Register(d.setup, d.patients,
		patient.Changes{Title: ptr("Ms"), FirstName: new("Ada"), LastName: new("Byron"),
			BirthDate: new(input.DayOf(1985, 12, 10)),
			Email:     ptr("ada@example.org"),
			Line1:     ptr("1 Mill Lane"), Town: ptr("Brambleford"), Postcode: ptr("ZZ1 1AA")})
	d.must(err)
	d.bob, err = patienttest.Register(d.setup, d.patients,
		patient.Changes{FirstName: new("Bob"), LastName: new("Bell"), BirthDate: new(input.DayOf(1975, 1, 1)),
			Email: ptr("bob@example.org")})
	d.must(err)
	d.insurer, err = d.contacts.Create(d.setup, contact.Change{Company: ptr("Crown Insurance"), IsPayor: ptr(true),
		InvoiceRecipient: ptr("Claims"),
		Line1:            ptr("2 High Street"), Town: ptr("London"), PaymentReference: ptr("CR-7")})
	d.must(err)
	d.visit = d.product(billing.ProductChange{Kind: ptr(billing.Appointment), Name: ptr("Consultation"),
		Price: ptr(billing.Pence(6500)), Minutes: ptr(20)})
	d.jab = d.product(billing.ProductChange{Kind: ptr(billing.Vaccine), Name: ptr("Travel vaccine"),
		Price: ptr(billing.Pence(1999)), Code: ptr("TV-1"),
		Cost: ptr(billing.Pence(1250)), VAT: ptr(billing.Permille(200))})
}

// as is a member of staff whose role grants some things.
func (d *kit) as(grants ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{
		Group: d.group.ID, Home: d.group.ID, Key: 7, Actor: "Partner", RequestID: "r1", Permissions: append(grants,
			access.SeePractice),
	})
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err, fault.Of(err).Fields)
	}
}

func (d *kit) want(err, target error) {
	d.t.Helper()
	if !errors.Is(err, target) {
		d.t.Fatalf("got %v, want %v", err, target)
	}
}

func (d *kit) product(ch billing.ProductChange) billing.Product {
	d.t.Helper()
	p, err := d.products.Create(d.ctx, ch)
	d.must(err)
	return p
}

// member makes Ada a member who pays so much less for all, until end.
func (d *kit) member(off billing.BasisPoints) (end func()) {
	d.t.Helper()
	plan := d.product(billing.ProductChange{Kind: ptr(billing.MembershipKind), Name: ptr("Gold")})
	members := &membership.Service{Store: billingstore.NewMemberships(d.db), Now: d.Now, NewID: d.db.NewID}
	policies := &membership.Policies{Store: billingstore.NewPolicies(d.db), Now: d.Now, NewID: d.db.NewID}
	d.must(second(members.Add(d.setup, d.ada, membership.Subscription{Product: plan.ID, Start: day(6),
		Said: day(6).String()})))
	d.must(second(policies.Create(d.setup, plan.ID, membership.PolicyChange{Name: ptr("Members"), Percent: &off})))
	return func() { d.must(second(members.Remove(d.setup, d.ada, plan.ID))) }
}

// ask is a request for an invoice about Ada, of the sixth.
func (d *kit) ask(lines ...billing.LineRequest) billing.InvoiceRequest {
	return billing.InvoiceRequest{Date: day(6), Patient: d.ada, Practitioner: d.gp.ID, Location: d.place.ID,
		Lines: lines}
}

// of is a line for so many of a product.
func of(p billing.Product, n int) billing.LineRequest {
	return billing.LineRequest{Date: day(6), Product: p.ID, Quantity: billing.Quantity(n) * billing.One}
}

func (d *kit) invoice(lines ...billing.LineRequest) billing.Invoice {
	d.t.Helper()
	i, err := d.invoices.Create(d.ctx, d.ask(lines...))
	d.must(err)
	return i
}

// card is a payment by card.
func card(p billing.Pence) billing.PaymentRequest {
	return billing.PaymentRequest{Amount: p, Type: 1, Date: day(7)}
}

func (d *kit) pay(i billing.Invoice, p billing.Pence) billing.PaymentID {
	d.t.Helper()
	d.must(second(d.invoices.AddPayment(d.ctx, i.ID, card(p))))
	all, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{i.ID})
	d.must(err)
	return all[i.ID][len(all[i.ID])-1].ID
}

func (d *kit) lines(i billing.Invoice) []billing.Line {
	d.t.Helper()
	all, err := d.invoices.LinesOf(d.ctx, []billing.InvoiceID{i.ID})
	d.must(err)
	return all[i.ID]
}

// sums are an invoice's total, VAT, what was paid, given back and is
// outstanding, and its standing.
func (d *kit) sums(id billing.InvoiceID) string {
	d.t.Helper()
	i, err := d.invoices.Find(d.ctx, id)
	d.must(err)
	return fmt.Sprintf("%d (%d) -%d +%d = %d %s", i.Total, i.VAT, i.Paid, i.Refunded, i.Outstanding(), i.Standing())
}

// book gives a patient an appointment.
func (d *kit) book(of patient.ID, start time.Time) booking.ID {
	d.t.Helper()
	a, err := d.booking.Reserve(d.setup, booking.Request{Type: diary.TypeID(d.visit.ID), Location: d.place.ID,
		Practitioner: d.gp.ID, Start: start,
		Length: 20 * time.Minute, Patient: of, Override: true})
	d.must(err)
	d.must(second(d.booking.Confirm(d.setup, a.ID, booking.Confirmation{})))
	return a.ID
}

// trail is what was done to a thing, and by whom.
func (d *kit) trail(entity string, id int64) string {
	d.t.Helper()
	all, err := auditstore.New(d.db).Trail(d.ctx, int64(d.group.ID), entity, id, 100)
	d.must(err)
	var out []string
	for _, e := range all {
		if len(e.After) == 0 || e.Actor != "Partner" && e.Actor != "operator" {
			d.t.Fatalf("an entry says nothing: %+v", e)
		}
		out = append(out, e.Action)
	}
	return strings.Join(out, " ")
}

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newKit(t, db)) })
}
