package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/store/storetest"
)

// TestNumbersHaveNoGaps lets many callers on two nodes make invoices, of which
// many fail in every way there is, late and early. Those that are kept must be
// numbered 1, 2, 3.
func TestNumbersHaveNoGaps(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		one := newKit(t, storetest.Open(t, address))
		two := *one
		two.db = storetest.Open(t, address)
		two.bill(two.db, one.Now)
		elsewhere := *one
		elsewhere.open("Elsewhere")
		callers, calls := 40, 12
		if testing.Short() {
			callers = 16
		}
		var made, failed atomic.Int64
		var wait sync.WaitGroup
		for i := range callers {
			d := []*kit{one, &two}[i%2]
			random := rand.New(rand.NewPCG(uint64(i), 6))
			wait.Go(func() {
				for range calls {
					r := d.ask(of(d.visit, 1), of(d.jab, 2))
					ctx, stop := d.ctx, context.CancelFunc(func() {})
					switch random.IntN(6) {
					case 0:
						r.Location = practice.LocationID(1) // fails with the number in hand
					case 1:
						r.Payments = []billing.PaymentRequest{card(1), card(1_000_000)} // fails last of all
					case 2:
						ctx, stop = context.WithTimeout(ctx, time.Duration(random.IntN(3000))*time.Microsecond)
					}
					_, err := d.invoices.Create(ctx, r)
					stop()
					switch {
					case err == nil:
						made.Add(1)
					case fault.Of(err).Kind == fault.NotFound, errors.Is(err, billing.ErrOverpaid), ctx.Err() != nil:
						failed.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
		wait.Go(func() {
			for range calls {
				elsewhere.invoice()
			}
		})
		wait.Wait()
		db := storetest.Raw(t, address)
		check := func(group practice.ID, least, most int64) {
			t.Helper()
			var n, low, high, last int64
			err := db.QueryRow(fmt.Sprintf(`SELECT count(DISTINCT number), min(number), max(number),
			(SELECT last_number FROM billing WHERE practice_group_id = %[1]d)
				FROM invoice WHERE practice_group_id = %[1]d`, group)).Scan(&n, &low, &high, &last)
			if err != nil || low != 1 || high != n || last != n || n < least || n > most {
				t.Errorf("%d invoices have numbers from %d to %d, and the last one given is %d, %v; %d to %d were made",
					n, low, high, last, err, least, most)
			}
			for what, text := range map[string]string{
				"invoices without their audit entry": `SELECT count(*) FROM invoice i
				WHERE i.practice_group_id = %d AND NOT EXISTS (SELECT 1 FROM audit a
					WHERE a.practice_group_id = i.practice_group_id AND a.entity = 'invoice' AND a.entity_id = i.id)`,
				"lines of no invoice": `SELECT count(*) FROM invoice_line l WHERE l.practice_group_id = %d
				AND NOT EXISTS (SELECT 1 FROM invoice i
					WHERE i.practice_group_id = l.practice_group_id AND i.id = l.invoice_id)`,
			} {
				var wrong int64
				if err := db.QueryRow(fmt.Sprintf(text, group)).Scan(&wrong); err != nil || wrong != 0 {
					t.Errorf("%d %s, %v", wrong, what, err)
				}
			}
		}
		// The caller that ran out of time may have been a moment too late to stop it.
		check(one.group.ID, made.Load(), made.Load()+failed.Load())
		check(elsewhere.group.ID, int64(calls), int64(calls))
		if made.Load() == 0 || failed.Load() == 0 {
			t.Fatalf("%d made, %d failed", made.Load(), failed.Load())
		}
		next := one.invoice()
		var n int64
		if err := db.QueryRow(fmt.Sprintf(`SELECT count(*) FROM invoice WHERE practice_group_id = %d`,
			one.group.ID)).Scan(&n); err != nil || next.Number != n {
			t.Fatalf("the next is %d of %d, %v", next.Number, n, err)
		}
	})
}

// TestTenCanPayATenthEach settles who of many may still pay.
func TestTenCanPayATenthEach(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		i := d.invoice(billing.LineRequest{Date: day(6), Product: d.visit.ID, Quantity: billing.One,
			Price: ptr(billing.Pence(1000))})
		var wait sync.WaitGroup
		var paid atomic.Int64
		for range 30 {
			wait.Go(func() {
				switch _, err := d.invoices.AddPayment(d.ctx, i.ID, card(100)); {
				case err == nil:
					paid.Add(1)
				case !errors.Is(err, billing.ErrOverpaid):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if got := d.sums(i.ID); paid.Load() != 10 || got != "1000 (0) -1000 +0 = 0 Paid" {
			t.Fatalf("%d paid: %s", paid.Load(), got)
		}
	})
}
