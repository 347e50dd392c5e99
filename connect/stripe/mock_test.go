package stripe_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/core/payment"
)

// mock runs stripe-mock, which Stripe writes from its own description of its interface. It checks the names and types
// of what is asked and forgets it: so only the shapes of requests and answers are tried against it.
func mock(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.Command("go", "build", "-modfile=tools/go.mod", "-o", program, "github.com/stripe/stripe-mock")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("stripe-mock is not built: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	run := exec.Command(program, "-http-addr", address)
	lines, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	ready := make(chan struct{})
	go func() {
		for s := bufio.NewScanner(lines); s.Scan(); {
			if strings.Contains(s.Text(), "Listening") {
				close(ready)
				break
			}
		}
	}()
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		t.Fatal("stripe-mock does not listen")
	}
	return "http://" + address
}

// TestEveryRequestIsOneThatStripeDescribes asks stripe-mock everything that is asked of Stripe.
func TestEveryRequestIsOneThatStripeDescribes(t *testing.T) {
	c := client(t, mock(t), "sk_test_1")
	for what, ask := range map[string]func(ctx context.Context) error{
		"coupons": func(ctx context.Context) error {
			got, err := c.Coupons(ctx)
			return some(len(got), err)
		},
		"customers": func(ctx context.Context) error {
			got, err := c.Customers(ctx, "ada")
			return some(len(got), err)
		},
		"a new customer": func(ctx context.Context) error {
			got, err := c.CreateCustomer(ctx, "k", payment.Customer{Name: "Ada", Email: "ada@example.org",
				Phone: "+447700900123", Methods: []payment.Method{{ID: "pm_1"}}})
			if err == nil && (got.Name != "Ada" || got.ID == "") {
				err = fmt.Errorf("got %+v", got)
			}
			return err
		},
		"payment methods": func(ctx context.Context) error {
			got, err := c.Methods(ctx, "cus_1")
			return some(len(got), err)
		},
		"a page": func(ctx context.Context) error {
			got, err := c.OpenPage(ctx, "k", payment.PageRequest{Request: 7, Group: 1, Amount: 4200,
				Name: "Invoice 1", Customer: "cus_1", Until: noon})
			return some(len(got.ID)*len(got.URL), err)
		},
		"a page closed": func(ctx context.Context) error { return c.ClosePage(ctx, "cs_test_1") },
		"what was paid on a page": func(ctx context.Context) error {
			got, err := c.Money(ctx, payment.Page, "cs_test_1")
			return some(len(got.State), err)
		},
		"what was paid of an invoice": func(ctx context.Context) error {
			got, err := c.Money(ctx, payment.Linked, "in_1")
			return some(len(got.State), err)
		},
		"an invoice": func(ctx context.Context) error {
			got, err := c.Invoice(ctx, "in_1")
			return some(len(got.ID), err)
		},
		"a payment": func(ctx context.Context) error {
			got, err := c.PaidFor(ctx, 1, "pi_1")
			return some(len(got.Invoice), err)
		},
	} {
		if err := ask(t.Context()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func some(n int, err error) error {
	if err == nil && n == 0 {
		return fmt.Errorf("nothing was answered")
	}
	return err
}
