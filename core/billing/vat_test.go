package billing_test

import (
	"testing"

	"frontdesk/core/billing"
)

// sold is a line of the table: so many thousandths of something at a price in pence without VAT, and what is worked out
// by hand: the VAT and the total of the line.
type sold struct {
	price      billing.Pence
	n          billing.Quantity
	rate       billing.Permille
	vat, total billing.Pence
}

// vatTable has the sum of each line worked out by hand beside it. Half a penny goes up, for each line: first of what
// the quantity comes to, then of the VAT on that.
var vatTable = []struct {
	name                             string
	lines                            []sold
	off                              billing.BasisPoints // what Ada pays less as a member
	pay, refund                      billing.Pence       // 0 is none
	vat, total, outstanding, refunds billing.Pence
}{
	{name: "no VAT", lines: []sold{
		{6500, 1000, 0, 0, 6500}, // 1 × 65.00 = 65.00
	}, vat: 0, total: 6500, outstanding: 6500},
	{name: "5 %: half a penny goes up", lines: []sold{
		{1010, 1000, 50, 51, 1061}, // 10.10 × 5 % = 50.5p, up to 51p
		{1009, 1000, 50, 50, 1059}, // 10.09 × 5 % = 50.45p, down to 50p
	}, vat: 101, total: 2120, outstanding: 2120},
	{name: "20 %", lines: []sold{
		{1001, 3000, 200, 601, 3604}, // 3 × 10.01 = 30.03; × 20 % = 600.6p, up to 601p
		{1002, 1000, 200, 200, 1202}, // 10.02 × 20 % = 200.4p, down to 200p
	}, vat: 801, total: 4806, outstanding: 4806},
	{name: "17.5 %", lines: []sold{
		{100, 1000, 175, 18, 118},      // 1.00 × 17.5 % = 17.5p, up to 18p
		{9999, 1000, 175, 1750, 11749}, // 99.99 × 17.5 % = 1749.825p, up to 1750p
		{102, 1000, 175, 18, 120},      // 1.02 × 17.5 % = 17.85p, up to 18p
	}, vat: 1786, total: 11987, outstanding: 11987},
	{name: "thousandths", lines: []sold{
		{999, 1500, 200, 300, 1799},    // 1.5 × 9.99 = 1498.5p, up to 1499p; × 20 % = 299.8p, up to 300p
		{333, 333, 0, 0, 111},          // 0.333 × 3.33 = 110.889p, up to 111p
		{1, 500, 200, 0, 1},            // 0.5 × 0.01 = 0.5p, up to 1p; × 20 % = 0.2p, down to nothing
		{1, 499, 200, 0, 0},            // 0.499 × 0.01 = 0.499p, down to nothing
		{10000, 2125, 50, 1063, 22313}, // 2.125 × 100.00 = 212.50; × 5 % = 1062.5p, up to 1063p
	}, vat: 1363, total: 24224, outstanding: 24224},
	{name: "each line is rounded alone, not the sum", lines: []sold{
		{10, 1000, 50, 1, 11}, // 0.10 × 5 % = 0.5p, up to 1p
		{10, 1000, 50, 1, 11}, // the same
		{10, 1000, 50, 1, 11}, // the same: 3p, where 5 % of 0.30 were 1.5p, or 2p
	}, vat: 3, total: 33, outstanding: 33},
	{name: "every rate on one invoice, part refunded", lines: []sold{
		{6500, 1000, 0, 0, 6500},     // 65.00
		{2050, 1000, 50, 103, 2153},  // 20.50 × 5 % = 102.5p, up to 103p
		{1999, 2000, 200, 800, 4798}, // 2 × 19.99 = 39.98; × 20 % = 799.6p, up to 800p
		{2220, 1000, 175, 389, 2609}, // 22.20 × 17.5 % = 388.5p, up to 389p
	}, pay: 16000, refund: 1515, // 160.60 less 160.00 paid is 0.60; 15.15 given back is owed again
		vat: 1292, total: 16060, outstanding: 1575, refunds: 1515},
	{name: "all paid and all refunded", lines: []sold{
		{100, 1000, 200, 20, 120}, // 1.00 + 20p
	}, pay: 120, refund: 120, vat: 20, total: 120, outstanding: 120, refunds: 120},
	{name: "what a member pays less bears less VAT", off: 1250, lines: []sold{
		{1999, 1000, 200, 350, 2099}, // 19.99 less 12.5 % = 17.49125, down to 17.49; × 20 % = 349.8p, up to 350p
		{1030, 3000, 50, 135, 2838},  // 10.30 less 12.5 % = 9.0125, down to 9.01; × 3 = 27.03; × 5 % = 135.15p, down
		{4, 1000, 175, 1, 5},         // 0.04 less 12.5 % = 3.5p, up to 4p; × 17.5 % = 0.7p, up to 1p
		{100, 333, 200, 6, 35},       // 1.00 less 12.5 % = 87.5p, up to 88p; × 0.333 = 29.304p; × 20 % = 5.8p, up
		{6500, 2000, 0, 0, 11376},    // 65.00 less 12.5 % = 56.875, up to 56.88; × 2 = 113.76
	}, vat: 492, total: 16353, outstanding: 16353},
	{name: "a member pays nothing", off: billing.AllOf, lines: []sold{{6500, 1000, 200, 0, 0}}},
	{name: "nothing", lines: []sold{{0, 10_000_000, 200, 0, 0}}},
}

func TestVATAndTotals(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, row := range vatTable {
			t.Run(row.name, func(t *testing.T) {
				i := d.invoice()
				if row.off > 0 {
					end := d.member(row.off)
					defer end()
				}
				for _, s := range row.lines {
					p := d.product(billing.ProductChange{Kind: ptr(billing.Other), Name: ptr("A thing"), Price: &s.price,
						VAT: &s.rate})
					var err error
					i, err = d.invoices.AddLine(d.ctx, i.ID, billing.LineRequest{Date: day(6), Product: p.ID, Quantity: s.n})
					d.must(err)
				}
				for n, l := range d.lines(i) {
					if s := row.lines[n]; l.VAT != s.vat || l.Total != s.total || l.Rate != s.rate {
						t.Errorf("line %d is %d with VAT of %d, not %d with %d", n+1, l.Total, l.VAT, s.total, s.vat)
					}
				}
				if row.pay > 0 {
					paid := d.pay(i, row.pay)
					_, _, err := d.invoices.Refund(d.ctx, i.ID, paid, billing.RefundRequest{Amount: &row.refund, Date: day(9)})
					d.must(err)
				}
				got, err := d.invoices.Find(d.ctx, i.ID)
				d.must(err)
				if got.VAT != row.vat || got.Total != row.total || got.Paid != row.pay || got.Refunded != row.refunds ||
					got.Outstanding() != row.outstanding {
					t.Errorf("it is %s", d.sums(i.ID))
				}
			})
		}
	})
}

func TestNothingOnAnInvoiceIsNegative(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		i := d.invoice(of(d.jab, 1)) // 19.99 × 20 % = 399.8p, up to 400p: 23.99
		const untouched = "2399 (400) -1000 +400 = 1799 Outstanding"
		paid := d.pay(i, 1000)
		back := func(p billing.Pence) error {
			_, _, err := d.invoices.Refund(d.ctx, i.ID, paid, billing.RefundRequest{Amount: &p, Date: day(9)})
			return err
		}
		d.must(back(400))
		line := func(price billing.Pence, n billing.Quantity) error {
			return second(d.invoices.AddLine(d.ctx, i.ID, billing.LineRequest{Date: day(6), Product: d.jab.ID, Quantity: n,
				Price: &price}))
		}
		for what, err := range map[string]error{
			"a price":           line(-1, billing.One),
			"a quantity":        line(100, -1),
			"a quantity of 0":   line(100, 0),
			"a payment":         second(d.invoices.AddPayment(d.ctx, i.ID, card(-1))),
			"a refund":          back(-1),
			"a refund of 0":     back(0),
			"more than is left": back(601), // 10.00 paid, 4.00 given back
			"more than is due":  second(d.invoices.AddPayment(d.ctx, i.ID, card(1800))),
			"a rate": second(d.products.Update(d.ctx, d.jab.ID,
				billing.ProductChange{VAT: ptr(billing.Permille(-1))})),
		} {
			if err == nil {
				t.Errorf("%s was taken", what)
			}
		}
		if got := d.sums(i.ID); got != untouched {
			t.Errorf("it is %s, not %s", got, untouched)
		}
	})
}
