package billing_test

import (
	"fmt"
	"sync"
	"testing"

	"frontdesk/core/billing"
)

// stock is how many are left of a product.
func (d *kit) stock(p billing.Product) string {
	d.t.Helper()
	p, err := d.products.Find(d.ctx, p.ID)
	d.must(err)
	if p.Stock == nil {
		return "not counted"
	}
	return fmt.Sprint(*p.Stock)
}

func TestInvoicesTakeOfStocks(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		counted := func(n int) billing.Product {
			return d.product(billing.ProductChange{Name: ptr("Plaster"), Price: ptr(billing.Pence(100)), Stock: &n})
		}
		plaster, bandage := counted(10), counted(2)
		is := func(when, want string) {
			t.Helper()
			if got := d.stock(plaster) + " " + d.stock(bandage) + " " + d.stock(d.jab); got != want+" not counted" {
				t.Errorf("%s: %s, want %s", when, got, want)
			}
		}
		i := d.invoice(of(plaster, 3), of(plaster, 1), of(d.jab, 1))
		is("an invoice", "6 2")
		_, err := d.invoices.AddLine(d.ctx, i.ID, of(bandage, 3))
		d.must(err)
		is("more than there are", "6 -1")
		lines := d.lines(i)
		_, err = d.invoices.UpdateLine(d.ctx, i.ID, lines[0].ID,
			billing.LineChange{Quantity: ptr(billing.Quantity(1500))})
		d.must(err)
		is("one and a half in place of three", "7 -1")
		_, err = d.invoices.UpdateLine(d.ctx, i.ID, lines[0].ID, billing.LineChange{Price: ptr(billing.Pence(5))})
		d.must(err)
		is("another price", "7 -1")
		_, err = d.invoices.RemoveLine(d.ctx, i.ID, lines[1].ID)
		d.must(err)
		is("a line that is removed", "8 -1")
		if _, err := d.invoices.AddLine(d.ctx, i.ID, billing.LineRequest{Date: day(6),
			Product: plaster.ID}); err == nil {
			t.Error("none of something was put on")
		}
		is("a line that is refused", "8 -1")

		// What was not counted when it was put on is not given back.
		_, err = d.products.Update(d.ctx, d.jab.ID, billing.ProductChange{Stock: ptr(5)})
		d.must(err)
		_, err = d.invoices.Cancel(d.ctx, i.ID)
		d.must(err)
		_, err = d.invoices.Cancel(d.ctx, i.ID)
		d.must(err)
		if got := d.stock(plaster) + " " + d.stock(bandage) + " " + d.stock(d.jab); got != "10 2 5" {
			t.Errorf("cancelled twice: %s", got)
		}
		if got := d.trail("product", int64(bandage.ID)); got != "product.create product.stock product.stock" {
			t.Errorf("the log has %s", got)
		}

		// A product that was deleted takes back what it gave.
		i = d.invoice(of(bandage, 2))
		_, err = d.products.Delete(d.ctx, bandage.ID)
		d.must(err)
		_, err = d.invoices.Cancel(d.ctx, i.ID)
		d.must(err)
		if got := d.stock(bandage); got != "2" {
			t.Errorf("a deleted product has %s", got)
		}

		_, err = d.products.Update(d.ctx, plaster.ID, billing.ProductChange{Stock: ptr(-999_999_999)})
		d.must(err)
		_, err = d.invoices.Create(d.ctx, d.ask(of(plaster, 2)))
		d.want(err, billing.ErrStock)
		if got := d.stock(plaster); got != "-999999999" {
			t.Errorf("there are %s", got)
		}
	})
}

// TestManyTakeOfOneStock bills two products in either order, side by side.
func TestManyTakeOfOneStock(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		a := d.product(billing.ProductChange{Name: ptr("A"), Stock: ptr(100)})
		b := d.product(billing.ProductChange{Name: ptr("B"), Stock: ptr(100)})
		var open []billing.Invoice
		for range 20 {
			open = append(open, d.invoice())
		}
		var wait sync.WaitGroup
		for n, i := range open {
			wait.Go(func() {
				lines := []billing.LineRequest{of(a, 2), of(b, 1)}
				for k := range lines {
					if _, err := d.invoices.AddLine(d.ctx, i.ID, lines[(k+n)%2]); err != nil {
						t.Error(err)
					}
				}
				if n%4 == 0 {
					if _, err := d.invoices.Cancel(d.ctx, i.ID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if got := d.stock(a) + " " + d.stock(b); got != "70 85" {
			t.Errorf("there are %s", got)
		}
	})
}
