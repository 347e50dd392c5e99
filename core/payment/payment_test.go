package payment_test

import (
	"errors"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/payment"
)

func TestAnInvoiceHasOnePage(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		id, other := d.owes(4000), d.owes(4000)
		d.bank.lost = 2
		for range 2 {
			_, err := d.Open(d.ctx, id)
			d.want(err, payment.ErrDown)
		}
		first := d.open(id)
		if again := d.open(id); again.ID != first.ID || again.URL != first.URL || len(d.bank.pages) != 1 {
			t.Errorf("%+v and then %+v; the provider made %d pages", first, again, len(d.bank.pages))
		}
		if p := d.bank.pages[first.External]; p.Amount != 4000 || p.Name != "Invoice 1" {
			t.Errorf("the page is %+v", p)
		}
		if second := d.open(other); second.URL == first.URL {
			t.Error("two invoices have one page")
		}
		if got := d.address(id); got != first.URL {
			t.Errorf("it is paid at %q, not %q", got, first.URL)
		}
	})
}

func TestAPageThatIsForAnotherAmountIsClosed(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		id := d.owes(4000)
		first := d.open(id)
		_, err := d.invoices.AddLine(d.ctx, id, d.line(1050))
		d.must(err)
		if got := d.address(id); got != "" {
			t.Errorf("a page for what was due before is shown: %s", got)
		}
		second := d.open(id)
		if d.bank.pages[first.External].state != payment.Ended || d.bank.pages[second.External].Amount != 5050 {
			t.Errorf("first %+v, then %+v", d.bank.pages[first.External], d.bank.pages[second.External])
		}
		// One that has run out is not given again.
		d.now = second.ExpiresAt
		if got := d.address(id); got != "" {
			t.Errorf("a page that has run out is shown: %s", got)
		}
		if third := d.open(id); third.ID == second.ID || d.address(id) != third.URL {
			t.Error("there is no new page")
		}
	})
}

func TestAPageThatWasBeingMadeIsNotForAnotherAmount(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		id := d.owes(4000)
		d.bank.lost = 1
		_, err := d.Open(d.ctx, id)
		d.want(err, payment.ErrDown)
		_, err = d.invoices.AddLine(d.ctx, id, d.line(1000))
		d.must(err)
		if r := d.open(id); d.bank.pages[r.External].Amount != 5000 || d.address(id) != r.URL {
			t.Errorf("the page is %+v", d.bank.pages[r.External])
		}
	})
}

func TestAPageNeedsSomethingToPay(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		for price, want := range map[billing.Pence]error{0: payment.ErrNothingDue, 29: payment.ErrTooSmall, 30: nil} {
			if _, err := d.Open(d.ctx, d.owes(price)); !errors.Is(err, want) {
				t.Errorf("%d pence: %v, not %v", price, err, want)
			}
		}
		id := d.owes(4000)
		d.open(id)
		_, err := d.invoices.Cancel(d.ctx, id)
		d.must(err)
		_, err = d.Open(d.ctx, id)
		d.want(err, billing.ErrCancelled)
		if got := d.address(id); got != "" {
			t.Errorf("a cancelled invoice can be paid at %s", got)
		}
		_, err = d.Open(d.ctx, 1)
		d.want(err, billing.ErrNotFound)
	})
}

func TestAPaymentIsNotedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		id := d.owes(4000)
		r := d.open(id)
		d.pays(r, "pi_1", 4000, payment.Pounds)
		d.hears("evt_1", r)
		asked := d.bank.asked
		d.hears("evt_1", r) // told again
		if d.bank.asked != asked {
			t.Error("an event that was told before had the provider asked")
		}
		d.hears("evt_2", r)
		if ids, due := d.paid(id); ids != "pi_1" || due != 0 || d.address(id) != "" {
			t.Errorf("%q, %d are due, paid at %q", ids, due, d.address(id))
		}
		d.bank.pages[r.External].payments[0].Returned = []billing.Returned{{ID: "re_1", Amount: 1500, At: d.now}}
		d.now = d.now.Add(25 * time.Hour) // no event tells of the refund
		d.must(d.GoRound(d.ctx, d.group))
		all := d.jobs.of(payment.SettleKind)
		d.must(d.Settle(d.ctx, all[len(all)-1]))
		d.must(d.Settle(d.ctx, all[len(all)-1]))
		if ids, due := d.paid(id); ids != "pi_1 re_1" || due != 1500 {
			t.Errorf("%q, %d are due", ids, due)
		}
		if n := len(d.jobs.of(job.Task{}.Job(1).Kind)); n != 0 {
			t.Errorf("%d tasks for staff", n)
		}
	})
}

func TestMoneyThatAnInvoiceHasNoRoomForIsReportedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		paid, foreign := d.owes(4000), d.owes(4000)
		r, f := d.open(paid), d.open(foreign)
		_, err := d.invoices.AddPayment(d.ctx, paid, billing.PaymentRequest{Amount: 4000, Type: 1,
			Date: input.DayOf(2031, time.January, 6)})
		d.must(err)
		d.pays(r, "pi_1", 4000, payment.Pounds)
		d.pays(f, "pi_2", 4000, "usd")
		d.hears("evt_1", r)
		d.hears("evt_2", f)
		d.hears("evt_3", r)
		if ids, due := d.paid(paid); ids != "" || due != 0 {
			t.Errorf("%q, %d are due", ids, due)
		}
		if ids, due := d.paid(foreign); ids != "" || due != 4000 {
			t.Errorf("%q in another currency, %d are due", ids, due)
		}
		if n := len(d.jobs.of(job.Task{}.Job(1).Kind)); n != 2 {
			t.Errorf("%d tasks for staff, not one for each", n)
		}
	})
}

func TestAPageOfACancelledInvoiceIsClosed(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		id := d.owes(4000)
		r := d.open(id)
		_, err := d.invoices.Cancel(d.ctx, id)
		d.must(err)
		d.now = d.now.Add(16 * time.Minute)
		d.must(d.GoRound(d.ctx, d.group))
		for _, j := range d.jobs.of(payment.SettleKind) {
			d.must(d.Settle(d.ctx, j))
		}
		if p := d.bank.pages[r.External]; p.state != payment.Ended {
			t.Errorf("a cancelled invoice can be paid: its page is %s", p.state)
		}
	})
}

func TestAnInvoiceOfTheProviderIsLinkedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		first, second := d.owes(4000), d.owes(4000)
		link := func(id payment.ID, to billing.InvoiceID) error {
			return d.jobs.Do(d.ctx, func(tx payment.Tx) error {
				return tx.SaveRequest(d.ctx, d.group, payment.Request{ID: id, Invoice: to, Kind: payment.Linked,
					State: payment.Live, Amount: 4000, External: "in_1", CreatedAt: d.now, UpdatedAt: d.now})
			})
		}
		d.must(link(1, first))
		d.must(link(1, first)) // saved again
		d.want(link(2, second), payment.ErrLinked)
	})
}
