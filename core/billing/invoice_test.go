package billing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

func TestAnInvoiceIsKeptAsItWasAsked(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		visit := d.book(d.ada, time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC))
		r := d.ask(of(d.visit, 1), of(d.jab, 3))
		r.Lines[0].Booking = visit
		r.Lines[1].Price = ptr(billing.Pence(1001))
		r.Comments, r.ExtraInfo = " ask the insurer ", "Thank you"
		r.Payments = []billing.PaymentRequest{{Amount: 5000, Type: 2, Date: day(5), Comment: "deposit",
			Refunds: []billing.RefundRequest{{Amount: ptr(billing.Pence(100)), Date: day(6), Reason: "too much"}}}}
		made, err := d.invoices.Create(d.ctx, r)
		d.must(err)
		found, err := d.invoices.Find(d.ctx, made.ID)
		d.must(err)
		now := d.Now().Truncate(time.Microsecond)
		want := billing.Invoice{
			ID: made.ID, Number: 1, Kind: billing.Plain, Date: day(6), Patient: d.ada,
			Payer: billing.Account{Patient: d.ada}, Practitioner: d.gp.ID, Location: d.place.ID,
			Insured: billing.Insured{Title: "Ms", BirthDate: input.DayOf(1985, 12, 10)},
			Payee:   "Ms Ada Byron, 1 Mill Lane, Brambleford, ZZ1 1AA", PaymentReference: "INV-1",
			Comments: "ask the insurer", ExtraInfo: "Thank you",
			// 65.00, and three at 10.01 with 20 % on 30.03.
			Total: 6500 + 3003 + 601, VAT: 601, Paid: 5000, Refunded: 100, Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		if found != want || made != want || found.Outstanding() != 5204 {
			t.Fatalf("got  %+v\nwant %+v", found, want)
		}
		lines := d.lines(made)
		if len(lines) != 2 || lines[0] != (billing.Line{ID: lines[0].ID, Invoice: made.ID, Date: day(6),
			Product: d.visit.ID, Title: "Consultation", Kind: billing.Appointment,
			Cost: billing.Unknown, Price: 6500, Quantity: billing.One, Total: 6500, Booking: visit}) ||
			lines[1] != (billing.Line{ID: lines[1].ID, Invoice: made.ID, Date: day(6), Product: d.jab.ID,
				Title: "Travel vaccine", Kind: billing.Vaccine, Code: "TV-1",
				Cost: 1250, Price: 1001, Quantity: 3 * billing.One, Rate: 200, VAT: 601, Total: 3604}) {
			t.Fatalf("got %+v", lines)
		}
		paid, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{made.ID})
		d.must(err)
		back, err := d.invoices.RefundsOf(d.ctx, []billing.InvoiceID{made.ID})
		d.must(err)
		p, b := paid[made.ID][0], back[made.ID][0]
		if p != (billing.Payment{ID: p.ID, Invoice: made.ID, Type: 2, Source: "Cash", Amount: 5000, Date: day(5),
			Comment: "deposit", CreatedAt: now, UpdatedAt: now}) ||
			b != (billing.Refund{ID: b.ID, Invoice: made.ID, Payment: p.ID, Amount: 100, Date: day(6),
				Reason: "too much", CreatedAt: now}) {
			t.Fatalf("got %+v, %+v", p, b)
		}
		// What the product becomes later does not change what was billed.
		d.must(second(d.products.Update(d.ctx, d.jab.ID, billing.ProductChange{Name: ptr("Jab"),
			Price: ptr(billing.Pence(1)), VAT: ptr(billing.Permille(0))})))
		if again := d.lines(made); !slices.Equal(again, lines) {
			t.Fatalf("got %+v", again)
		}
	})
}

func TestAnInvoiceGoesToWhomeverPays(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		r := d.ask()
		r.Payer.Contact = d.insurer.ID
		i, err := d.invoices.Create(d.ctx, r)
		d.must(err)
		if i.Payee != "Claims, Crown Insurance, 2 High Street, London" || i.PaymentReference != "CR-7" ||
			i.Patient != d.ada || i.Payer != (billing.Account{Contact: d.insurer.ID}) {
			t.Fatalf("got %+v", i)
		}
		r.Payer = billing.Account{Patient: d.bob}
		if i, err = d.invoices.Create(d.ctx, r); err != nil || i.Payee != "Bob Bell" || i.Patient != d.ada ||
			i.Payer != r.Payer {
			t.Fatalf("got %+v, %v", i, err)
		}
		friend, err := d.contacts.Create(d.setup, contact.Change{LastName: ptr("Friend")})
		d.must(err)
		r.Payer = billing.Account{Contact: friend.ID}
		d.want(second(d.invoices.Create(d.ctx, r)), billing.ErrNotPayor)
		d.must(second(d.contacts.Delete(d.setup, d.insurer.ID)))
		r.Payer.Contact = d.insurer.ID
		d.want(second(d.invoices.Create(d.ctx, r)), contact.ErrDeleted)
	})
}

func TestVATIsTheProductsOrThePractices(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		if rate, err := d.products.VAT(d.ctx); err != nil || rate != 0 {
			t.Fatalf("a practice begins with %d, %v", rate, err)
		}
		before := d.invoice(of(d.visit, 1))
		d.must(d.setVAT(175))
		i := d.invoice(of(d.visit, 1), of(d.jab, 1))
		if got := d.sums(i.ID) + ", " + d.sums(before.ID); got != "10037 (1538) -0 +0 = 10037 Outstanding, 6500 (0) "+
			"-0 +0 = 6500 Outstanding" {
			t.Fatal(got)
		}
		if i.Number != 2 {
			t.Fatalf("setting the rate moved the numbers: %d", i.Number)
		}
		d.want(d.setVAT(1001), fault.Input())
	})
}

func TestWhatAnInvoiceMayBe(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		bobs := d.book(d.bob, time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC))
		gone := d.product(billing.ProductChange{Name: ptr("Gone")})
		d.must(second(d.products.Delete(d.ctx, gone.ID)))
		line := func(change func(*billing.LineRequest)) func(*billing.InvoiceRequest) {
			return func(r *billing.InvoiceRequest) {
				l := of(d.jab, 1)
				change(&l)
				r.Lines = append(r.Lines, l)
			}
		}
		pay := func(p billing.PaymentRequest) func(*billing.InvoiceRequest) {
			return func(r *billing.InvoiceRequest) {
				r.Lines, r.Payments = append(r.Lines, of(d.visit, 1)), append(r.Payments, p)
			}
		}
		for _, c := range []struct {
			name   string
			change func(*billing.InvoiceRequest)
			want   error
		}{
			{"nothing is on it yet", func(*billing.InvoiceRequest) {}, nil},
			{"no date", func(r *billing.InvoiceRequest) { r.Date = input.NoDate }, fault.Input()},
			{"a patient there is not", func(r *billing.InvoiceRequest) { r.Patient = 1 }, patient.ErrNotFound},
			{"a payer there is not", func(r *billing.InvoiceRequest) { r.Payer.Patient = 1 }, patient.ErrNotFound},
			{"a contact there is not", func(r *billing.InvoiceRequest) { r.Payer.Contact = 1 }, contact.ErrNotFound},
			{"a practitioner there is not", func(r *billing.InvoiceRequest) { r.Practitioner = 1 },
				practice.ErrPractitionerNotFound},
			{"a place there is not", func(r *billing.InvoiceRequest) { r.Location = 1 }, practice.ErrLocationNotFound},
			{"a product there is not", line(func(l *billing.LineRequest) { l.Product = 1 }),
				billing.ErrProductNotFound},
			{"a product that was deleted", line(func(l *billing.LineRequest) { l.Product = gone.ID }),
				billing.ErrProductDeleted},
			{"none of something", line(func(l *billing.LineRequest) { l.Quantity = 0 }), fault.Input()},
			{"more than ten thousand of something",
				line(func(l *billing.LineRequest) { l.Quantity = 10_000*billing.One + 1 }), fault.Input()},
			{"half of something", line(func(l *billing.LineRequest) { l.Quantity = billing.One / 2 }), nil},
			{"something for nothing", line(func(l *billing.LineRequest) { l.Price = ptr(billing.Pence(0)) }), nil},
			{"something for less than nothing", line(func(l *billing.LineRequest) { l.Price = ptr(billing.Pence(-1)) }),
				fault.Input()},
			{"a line without a date", line(func(l *billing.LineRequest) { l.Date = input.NoDate }), fault.Input()},
			{"a date before there were invoices", func(r *billing.InvoiceRequest) {
				r.Date = input.DayOf(1799, time.December, 31)
			}, fault.Input()},
			{"the last date there is", func(r *billing.InvoiceRequest) {
				r.Date = input.DayOf(2199, time.December, 31)
			}, nil},
			{"a line of long ago", line(func(l *billing.LineRequest) { l.Date = input.DayOf(1582, time.October, 10) }),
				fault.Input()},
			{"a payment of long after", pay(billing.PaymentRequest{Amount: 1, Type: 1, Date: input.DayOf(9999,
				time.December, 31)}), fault.Input()},
			{"a refund of long ago", pay(billing.PaymentRequest{Amount: 10, Type: 1, Date: day(7),
				Refunds: []billing.RefundRequest{{Amount: ptr(billing.Pence(1)), Date: input.DayOf(1, time.January,
					1)}}}), fault.Input()},
			{"a booking there is not", line(func(l *billing.LineRequest) { l.Booking = 1 }), booking.ErrNotFound},
			{"another patient's booking", line(func(l *billing.LineRequest) { l.Booking = bobs }),
				billing.ErrBookingOfAnother},
			{"all of it paid", pay(card(6500)), nil},
			{"a penny too much", pay(card(6501)), billing.ErrOverpaid},
			{"a payment of nothing", pay(card(0)), fault.Input()},
			{"a payment below nothing", pay(card(-1)), fault.Input()},
			{"a payment in a way there is not", pay(billing.PaymentRequest{Amount: 1, Type: 9, Date: day(7)}),
				billing.ErrPaymentTypeNotFound},
			{"more given back than was paid", pay(billing.PaymentRequest{Amount: 10, Type: 1, Date: day(7),
				Refunds: []billing.RefundRequest{{Amount: ptr(billing.Pence(11)), Date: day(7)}}}),
				billing.ErrRefundTooLarge},
			{"two hundred and one lines",
				func(r *billing.InvoiceRequest) { r.Lines = slices.Repeat([]billing.LineRequest{of(d.jab, 1)}, 201) },
				billing.ErrTooMuch},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := d.ask()
				c.change(&r)
				if _, err := d.invoices.Create(d.ctx, r); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			})
		}
		// Those that were refused left no gap, and nothing else.
		all, _, err := d.invoices.List(d.ctx, billing.InvoiceQuery{})
		d.must(err)
		for i, invoice := range all {
			if invoice.Number != int64(i+1) {
				t.Fatalf("invoice %d has number %d", i+1, invoice.Number)
			}
		}
		if len(all) != 5 {
			t.Fatalf("%d invoices", len(all))
		}
	})
}

func TestLinesComeAndGoUntilAllIsPaid(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		i := d.invoice()
		if got := d.sums(i.ID); got != "0 (0) -0 +0 = 0 Paid" {
			t.Fatal(got)
		}
		d.move(time.Hour)
		after, err := d.invoices.AddLine(d.ctx, i.ID, of(d.jab, 2))
		d.must(err)
		if got := d.sums(i.ID); got != "4798 (800) -0 +0 = 4798 Outstanding" || after.Version != 2 ||
			!after.UpdatedAt.Equal(i.CreatedAt.Add(time.Hour)) {
			t.Fatal(got, after)
		}
		jab := d.lines(i)[0].ID
		d.must(second(d.invoices.AddLine(d.ctx, i.ID, of(d.visit, 1))))
		visit := d.lines(i)[1].ID
		d.must(second(d.invoices.UpdateLine(d.ctx, i.ID, jab, billing.LineChange{Quantity: ptr(billing.One),
			Price: ptr(billing.Pence(1000)), Date: ptr(day(3))})))
		if got := d.sums(i.ID); got != "7700 (200) -0 +0 = 7700 Outstanding" || d.lines(i)[0].Date != day(3) {
			t.Fatal(got)
		}
		first := d.pay(i, 1500)
		d.want(second(d.invoices.RemoveLine(d.ctx, i.ID, visit)), billing.ErrOverpaid)
		d.want(second(d.invoices.UpdateLine(d.ctx, i.ID, visit, billing.LineChange{Price: ptr(billing.Pence(299))})),
			billing.ErrOverpaid)
		d.must(second(d.invoices.RemoveLine(d.ctx, i.ID, jab)))
		d.want(second(d.invoices.RemoveLine(d.ctx, i.ID, jab)), billing.ErrLineNotFound)
		d.want(second(d.invoices.UpdateLine(d.ctx, i.ID, jab, billing.LineChange{})), billing.ErrLineNotFound)
		d.pay(i, 5000)
		if got := d.sums(i.ID); got != "6500 (0) -6500 +0 = 0 Paid" {
			t.Fatal(got)
		}
		for name, err := range map[string]error{
			"add a line": second(d.invoices.AddLine(d.ctx, i.ID, of(d.jab, 1))),
			"change a line": second(d.invoices.UpdateLine(d.ctx, i.ID, visit,
				billing.LineChange{Quantity: ptr(2 * billing.One)})),
			"remove a line": second(d.invoices.RemoveLine(d.ctx, i.ID, visit)),
			"date it anew":  second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{Date: ptr(day(1))})),
		} {
			if !errors.Is(err, billing.ErrPaid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		d.want(second(d.invoices.AddPayment(d.ctx, i.ID, card(1))), billing.ErrOverpaid)
		d.must(second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{Comments: ptr("paid in two")})))
		d.must(second(d.invoices.RemovePayment(d.ctx, i.ID, first)))
		d.must(second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{Date: ptr(day(1)),
			ExtraInfo: ptr("net 30")})))
		if i, err = d.invoices.Find(d.ctx, i.ID); err != nil || i.Date != day(1) || i.Comments != "paid in two" ||
			i.ExtraInfo != "net 30" {
			t.Fatalf("got %+v, %v", i, err)
		}
		d.want(second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{Location: ptr(practice.LocationID(1))})),
			practice.ErrLocationNotFound)
		const trail = "invoice.create invoice.add_line invoice.add_line invoice.update_line invoice.add_payment " +
			"invoice.remove_line invoice.add_payment " +
			"invoice.update invoice.remove_payment invoice.update"
		if got := d.trail("invoice", int64(i.ID)); got != trail || i.Version != 10 {
			t.Fatal(got, i.Version)
		}
	})
}

func TestPaymentsAndRefunds(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		i := d.invoice(of(d.visit, 1))
		p := d.pay(i, 6500)
		d.must(second(d.invoices.UpdatePayment(d.ctx, i.ID, p, billing.PaymentChange{Amount: ptr(billing.Pence(6000)),
			Type: ptr(billing.PaymentTypeID(3)), Date: ptr(day(8)), Comment: ptr("by bank")})))
		d.want(second(d.invoices.UpdatePayment(d.ctx, i.ID, p,
			billing.PaymentChange{Amount: ptr(billing.Pence(6501))})),
			billing.ErrOverpaid)
		d.want(second(d.invoices.UpdatePayment(d.ctx, i.ID, p,
			billing.PaymentChange{Type: ptr(billing.PaymentTypeID(9))})),
			billing.ErrPaymentTypeNotFound)
		d.want(second(d.invoices.UpdatePayment(d.ctx, i.ID, p+1, billing.PaymentChange{})), billing.ErrPaymentNotFound)
		paid, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{i.ID})
		d.must(err)
		if got := paid[i.ID][0]; got.Amount != 6000 || got.Source != "Bank transfer" || got.Date != day(8) ||
			got.Comment != "by bank" {
			t.Fatalf("got %+v", got)
		}
		refund := func(amount *billing.Pence) (billing.RefundID, error) {
			_, id, err := d.invoices.Refund(d.ctx, i.ID, p, billing.RefundRequest{Amount: amount, Date: input.NoDate,
				Reason: "cancelled"})
			return id, err
		}
		d.want(second(refund(ptr(billing.Pence(6001)))), billing.ErrRefundTooLarge)
		d.want(second(refund(ptr(billing.Pence(0)))), fault.Input())
		one, err := refund(ptr(billing.Pence(1000)))
		d.must(err)
		if got := d.sums(i.ID); got != "6500 (0) -6000 +1000 = 1500 Outstanding" {
			t.Fatal(got)
		}
		d.want(second(d.invoices.RemovePayment(d.ctx, i.ID, p)), billing.ErrPaymentRefunded)
		d.want(second(d.invoices.UpdatePayment(d.ctx, i.ID, p, billing.PaymentChange{Amount: ptr(billing.Pence(999))})),
			billing.ErrRefundTooLarge)
		d.want(second(d.invoices.Cancel(d.ctx, i.ID)), billing.ErrHasPayments)
		rest, err := refund(nil)
		d.must(err)
		d.want(second(refund(nil)), billing.ErrRefundTooLarge)
		back, err := d.invoices.RefundsOf(d.ctx, []billing.InvoiceID{i.ID})
		d.must(err)
		if r := back[i.ID]; len(r) != 2 || r[0].ID != one || r[1].ID != rest || r[1].Amount != 5000 ||
			r[1].Date != day(6) || r[1].Payment != p || r[1].Reason != "cancelled" {
			t.Fatalf("got %+v", r)
		}
		// A patient who got everything back can pay again, or be let go.
		again := d.pay(i, 6500)
		if got := d.sums(i.ID); got != "6500 (0) -12500 +6000 = 0 Paid" {
			t.Fatal(got)
		}
		d.must(second(d.invoices.RemovePayment(d.ctx, i.ID, again)))
		d.want(second(d.invoices.RemovePayment(d.ctx, i.ID, again)), billing.ErrPaymentNotFound)
		d.must(second(d.invoices.Cancel(d.ctx, i.ID)))
		if got := d.sums(i.ID); got != "6500 (0) -6000 +6000 = 6500 Void" {
			t.Fatal(got)
		}
	})
}

func TestACancelledInvoiceIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		visit := d.book(d.ada, time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC))
		l := of(d.visit, 1)
		l.Booking = visit
		i := d.invoice(l)
		if billed, err := d.invoices.BilledBookings(d.ctx, []booking.ID{visit, 1}); err != nil || !billed[visit] ||
			billed[1] {
			t.Fatalf("got %v, %v", billed, err)
		}
		d.move(time.Hour)
		gone, err := d.invoices.Cancel(d.ctx, i.ID)
		d.must(err)
		d.move(time.Hour)
		again, err := d.invoices.Cancel(d.ctx, i.ID)
		if err != nil || gone != again || gone.Version != 2 || gone.Standing() != billing.Void {
			t.Fatalf("got %+v, %v", again, err)
		}
		for name, err := range map[string]error{
			"update":  second(d.invoices.Update(d.ctx, i.ID, billing.InvoiceChange{})),
			"line":    second(d.invoices.AddLine(d.ctx, i.ID, of(d.jab, 1))),
			"payment": second(d.invoices.AddPayment(d.ctx, i.ID, card(1))),
		} {
			if !errors.Is(err, billing.ErrCancelled) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if billed, err := d.invoices.BilledBookings(d.ctx, []booking.ID{visit}); err != nil || billed[visit] {
			t.Fatalf("got %v, %v", billed, err)
		}
		if next := d.invoice(); next.Number != 2 {
			t.Fatalf("a cancelled number is used again: %d", next.Number)
		}
	})
}

func TestInvoicesAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		start := d.Now()
		for _, c := range []struct {
			about patient.ID
			dated int
		}{{d.ada, 9}, {d.bob, 8}, {d.ada, 7}, {d.ada, 7}} {
			r := d.ask(of(d.visit, 1))
			r.Patient, r.Date = c.about, day(c.dated)
			d.must(second(d.invoices.Create(d.ctx, r)))
			d.move(time.Hour)
		}
		numbers := func(found []billing.Invoice, more bool, err error) string {
			t.Helper()
			d.must(err)
			var out []string
			for _, i := range found {
				out = append(out, fmt.Sprint(i.Number))
			}
			if more {
				out = append(out, "…")
			}
			return strings.Join(out, " ")
		}
		all, _, err := d.invoices.List(d.ctx, billing.InvoiceQuery{})
		d.must(err)
		d.must(second(d.invoices.AddLine(d.ctx, all[0].ID, of(d.jab, 1))))
		d.must(second(d.invoices.Cancel(d.ctx, all[3].ID)))
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour).Truncate(time.Microsecond) }
		for _, c := range []struct {
			name string
			q    billing.InvoiceQuery
			want string
		}{
			{"in the order they were made", billing.InvoiceQuery{}, "1 2 3"},
			{"cancelled ones too", billing.InvoiceQuery{Listing: input.Listing{Deleted: true}}, "1 2 3 4"},
			{"a page", billing.InvoiceQuery{Listing: input.Listing{Page: input.Page{Number: 2, Size: 1}}}, "2 …"},
			{"by the date on them", billing.InvoiceQuery{From: ptr(day(7)), To: ptr(day(8))}, "3 2"},
			{"from a date on", billing.InvoiceQuery{From: ptr(day(8))}, "2 1"},
			{"up to a date", billing.InvoiceQuery{To: ptr(day(7)), Listing: input.Listing{Deleted: true}}, "3 4"},
			{"made in a stretch of time", billing.InvoiceQuery{Listing: input.Listing{Created: input.Span{From: hour(1),
				Until: hour(2)}}}, "2 3"},
			{"changed since", billing.InvoiceQuery{Listing: input.Listing{Updated: input.Span{From: hour(2)},
				Deleted: true}}, "3 1 4"},
			{"changed since, by date", billing.InvoiceQuery{From: ptr(day(8)),
				Listing: input.Listing{Updated: input.Span{From: hour(1)}}}, "2 1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := numbers(d.invoices.List(d.ctx, c.q)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		of, err := d.invoices.OfPatients(d.ctx, []patient.ID{d.ada, d.bob, 1}, day(7), day(9))
		d.must(err)
		if got := numbers(of[d.ada], false, nil) + "/" + numbers(of[d.bob], false, nil); got != "3 1/2" ||
			len(of) != 2 {
			t.Fatal(got)
		}
		if of, err = d.invoices.OfPatients(d.ctx, []patient.ID{d.ada}, day(8), day(8)); err != nil || len(of) != 0 {
			t.Fatalf("got %v, %v", of, err)
		}
		byID, err := d.invoices.ByID(d.ctx, []billing.InvoiceID{all[3].ID, all[1].ID, 5})
		if err != nil || len(byID) != 2 || !byID[all[3].ID].Cancelled() || byID[all[1].ID] != all[1] {
			t.Fatalf("got %v, %v", byID, err)
		}
	})
}
