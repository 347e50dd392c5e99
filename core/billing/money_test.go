package billing_test

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"frontdesk/core/billing"
	"frontdesk/core/fault"
)

func TestALineIsWorthPriceTimesQuantityAndVATToTheNearestPenny(t *testing.T) {
	for _, c := range []struct {
		name       string
		price      billing.Pence
		n          billing.Quantity
		rate       billing.Permille
		total, vat billing.Pence
	}{
		{"one without VAT", 6500, 1000, 0, 6500, 0},
		{"three with 20 %", 1001, 3000, 200, 3604, 601},
		{"half a penny of VAT goes up", 5, 1000, 100, 6, 1},
		{"less than half goes down", 4, 1000, 100, 4, 0},
		{"half of something that costs a penny", 1, 500, 200, 1, 0},
		{"17.5 %", 9999, 1000, 175, 11749, 1750},
		{"nothing", 0, 10_000_000, 1000, 0, 0},
		{"all there can be", 100_000_000, 10_000_000, 1000, 2_000_000_000_000, 1_000_000_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			if total, vat := billing.Worth(c.price, c.n, c.rate); total != c.total || vat != c.vat {
				t.Fatalf("got %d with VAT of %d", total, vat)
			}
		})
	}
}

func TestALineIsNeverWrongByMoreThanHalfAPennyTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(0, 100_000_000).Draw(t, "price")
		n := rapid.Int64Range(1, 10_000_000).Draw(t, "thousandths")
		rate := rapid.Int64Range(0, 1000).Draw(t, "rate")
		total, vat := billing.Worth(billing.Pence(price), billing.Quantity(n), billing.Permille(rate))
		half := big.NewRat(1, 2)
		off := func(got billing.Pence, exact *big.Rat) bool {
			d := new(big.Rat).Sub(big.NewRat(int64(got), 1), exact)
			return d.Abs(d).Cmp(half) > 0
		}
		net := new(big.Rat).Mul(big.NewRat(price, 1), big.NewRat(n, 1000))
		tax := new(big.Rat).Mul(big.NewRat(int64(total-vat), 1), big.NewRat(rate, 1000))
		if off(total-vat, net) || off(vat, tax) || vat < 0 || vat > total {
			t.Fatalf("%d thousandths at %d and %d permille: %d with VAT of %d", n, price, rate, total, vat)
		}
	})
}

// TestTheSumsOfAnInvoiceAreAlwaysThoseOfWhatIsOnIt does anything at all to
// invoices, and compares what is kept with a naive book.
func TestTheSumsOfAnInvoiceAreAlwaysThoseOfWhatIsOnIt(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.must(d.setVAT(50))
		done := map[string]int{}
		rapid.Check(t, func(t *rapid.T) {
			i := d.invoice(of(d.visit, 1))
			b := &book{T: t, d: d, id: i.ID, lines: d.lines(i), done: done}
			for range rapid.IntRange(10, 40).Draw(t, "changes") {
				b.change()
				b.compare()
			}
		})
		for _, what := range []string{"line", "relined", "unlined", "payment", "repaid", "unpaid", "refund", "cancel",
			"refused"} {
			if done[what] == 0 {
				t.Errorf("nothing was tried of: %s", what)
			}
		}
	})
}

// book is a naive account of one invoice.
type book struct {
	*rapid.T
	d         *kit
	id        billing.InvoiceID
	cancelled bool
	lines     []billing.Line
	payments  []billing.Payment
	refunds   []billing.Refund
	done      map[string]int
}

func (b *book) sums() (total, vat, paid, refunded billing.Pence) {
	for _, l := range b.lines {
		worth, tax := billing.Worth(l.Price, l.Quantity, l.Rate)
		total, vat = total+worth, vat+tax
	}
	for _, p := range b.payments {
		paid += p.Amount
	}
	for _, r := range b.refunds {
		refunded += r.Amount
	}
	return total, vat, paid, refunded
}

func (b *book) compare() {
	i, err := b.d.invoices.Find(b.d.ctx, b.id)
	if err != nil {
		b.Fatal(err)
	}
	total, vat, paid, refunded := b.sums()
	if i.Total != total || i.VAT != vat || i.Paid != paid || i.Refunded != refunded || i.Cancelled() != b.cancelled {
		b.Fatalf("kept %d (%d) -%d +%d, want %d (%d) -%d +%d", i.Total, i.VAT, i.Paid, i.Refunded, total, vat, paid,
			refunded)
	}
	if i.Outstanding() != i.Total-i.Paid+i.Refunded || i.Outstanding() < 0 || i.Outstanding() > i.Total ||
		i.Refunded > i.Paid {
		b.Fatalf("outstanding %d of %d, paid %d, given back %d", i.Outstanding(), i.Total, i.Paid, i.Refunded)
	}
	if paidUp := !b.cancelled && i.Outstanding() == 0; paidUp != (i.Standing() == billing.Paid) {
		b.Fatalf("%d outstanding is %s", i.Outstanding(), i.Standing())
	}
	of := []billing.InvoiceID{b.id}
	lines, err1 := b.d.invoices.LinesOf(b.d.ctx, of)
	payments, err2 := b.d.invoices.PaymentsOf(b.d.ctx, of)
	refunds, err3 := b.d.invoices.RefundsOf(b.d.ctx, of)
	if err := errors.Join(err1, err2, err3); err != nil {
		b.Fatal(err)
	}
	b.lines, b.payments, b.refunds = lines[b.id], payments[b.id], refunds[b.id]
	if again, tax, in, out := b.sums(); again != total || tax != vat || in != paid || out != refunded {
		b.Fatalf("on it are %d (%d) -%d +%d, want %d (%d) -%d +%d", again, tax, in, out, total, vat, paid, refunded)
	}
}

// pence is an amount, often one at the edge of what can be.
func (b *book) pence(name string, edges ...billing.Pence) billing.Pence {
	return rapid.OneOf(rapid.SampledFrom(append(edges, 1)), rapid.Map(rapid.IntRange(0, 3000),
		func(n int) billing.Pence { return billing.Pence(n) })).Draw(b.T, name)
}

func (b *book) quantity() billing.Quantity {
	return billing.Quantity(rapid.IntRange(1, 4000).Draw(b.T, "thousandths"))
}

// change does one thing, to the invoice and to the book. What the book says
// cannot be must be refused, and nothing else.
func (b *book) change() {
	total, _, paid, refunded := b.sums()
	left := total - paid + refunded
	settled := total > 0 && left == 0
	what := rapid.SampledFrom([]string{"line", "line", "relined", "unlined", "payment", "payment", "repaid", "unpaid",
		"refund", "refund", "cancel"}).Draw(b.T, "what")
	var err error
	var ok bool
	next := *b
	next.lines, next.payments, next.refunds = slices.Clone(b.lines), slices.Clone(b.payments), slices.Clone(b.refunds)
	switch what {
	case "line":
		p := rapid.SampledFrom([]billing.Product{b.d.visit, b.d.jab}).Draw(b.T, "product")
		l := billing.Line{Price: b.pence("price"), Quantity: b.quantity(), Rate: 50}
		if p.VAT != nil {
			l.Rate = *p.VAT
		}
		_, err = b.d.invoices.AddLine(b.d.ctx, b.id, billing.LineRequest{Date: day(6), Product: p.ID,
			Quantity: l.Quantity,
			Price:    &l.Price})
		next.lines, ok = append(next.lines, l), !settled
	case "relined", "unlined":
		if len(b.lines) == 0 {
			return
		}
		i := rapid.IntRange(0, len(b.lines)-1).Draw(b.T, "line")
		id := b.lines[i].ID
		if what == "unlined" {
			next.lines = slices.Delete(next.lines, i, i+1)
			_, err = b.d.invoices.RemoveLine(b.d.ctx, b.id, id)
		} else {
			l := &next.lines[i]
			l.Price, l.Quantity = b.pence("price"), b.quantity()
			_, err = b.d.invoices.UpdateLine(b.d.ctx, b.id, id, billing.LineChange{Price: &l.Price,
				Quantity: &l.Quantity})
		}
		after, _, _, _ := next.sums()
		ok = !settled && after >= paid-refunded
	case "payment":
		p := card(b.pence("amount", left, left+1))
		_, err = b.d.invoices.AddPayment(b.d.ctx, b.id, p)
		next.payments, ok = append(next.payments, billing.Payment{Amount: p.Amount}), p.Amount > 0 && p.Amount <= left
	case "repaid", "unpaid", "refund":
		if len(b.payments) == 0 {
			return
		}
		i := rapid.IntRange(0, len(b.payments)-1).Draw(b.T, "payment")
		p := b.payments[i]
		back := billing.Pence(0)
		for _, r := range b.refunds {
			if r.Payment == p.ID {
				back += r.Amount
			}
		}
		switch what {
		case "repaid":
			to := b.pence("amount", p.Amount+left, p.Amount+left+1, back, back-1)
			next.payments[i].Amount = to
			_, err = b.d.invoices.UpdatePayment(b.d.ctx, b.id, p.ID, billing.PaymentChange{Amount: &to})
			ok = to > 0 && to >= back && to <= p.Amount+left
		case "unpaid":
			next.payments = slices.Delete(next.payments, i, i+1)
			_, err = b.d.invoices.RemovePayment(b.d.ctx, b.id, p.ID)
			ok = back == 0
		case "refund":
			amount := b.pence("amount", p.Amount-back, p.Amount-back+1)
			next.refunds = append(next.refunds, billing.Refund{Payment: p.ID, Amount: amount})
			_, _, err = b.d.invoices.Refund(b.d.ctx, b.id, p.ID, billing.RefundRequest{Amount: &amount, Date: day(9)})
			ok = amount > 0 && back+amount <= p.Amount
		}
	case "cancel":
		if rapid.IntRange(0, 3).Draw(b.T, "really") > 0 {
			return
		}
		_, err = b.d.invoices.Cancel(b.d.ctx, b.id)
		next.cancelled, ok = true, b.cancelled || paid == refunded
	}
	if what != "cancel" {
		ok = ok && !b.cancelled
	}
	if ok != (err == nil) {
		b.Fatalf("%s: %v, though %d is left of %d", what, err, left, total)
	}
	if kind := fault.Of(err).Kind; err != nil && kind != fault.Conflict && kind != fault.Invalid {
		b.Fatalf("%s: %v, which no caller can make sense of", what, err)
	}
	if b.done[what]++; ok {
		*b = next
	} else {
		b.done["refused"]++
	}
}
