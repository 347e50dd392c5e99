package payment_test

import (
	"context"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
)

// register is a provider in memory that keeps customers.
type register struct {
	payment.Provider
	keys []string
	all  []payment.Customer
}

func (r *register) CreateCustomer(
	_ context.Context, _ practice.ID, key string, c payment.Customer,
) (payment.Customer, error) {
	c.ID = "cus_" + c.Name
	r.keys, r.all = append(r.keys, key), append(r.all, c)
	return c, nil
}

func (r *register) Customers(context.Context, practice.ID, string) ([]payment.Customer, error) {
	return r.all, nil
}

func TestTwoKeysThatNameARequestAlikeMakeTwoCustomers(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		there := &register{}
		d.Provider = there
		for _, key := range []access.KeyID{7, 8, 7} {
			who := access.Operator(d.group)
			who.Key = key
			_, err := d.CreateCustomer(access.With(t.Context(), who), payment.NewCustomer{Name: "Ada", Once: "1"})
			d.must(err)
		}
		if there.keys[0] == there.keys[1] || there.keys[0] != there.keys[2] {
			t.Errorf("the provider is asked under %v", there.keys)
		}
	})
}

func TestCustomersAreInTheAuditTrail(t *testing.T) {
	each(t, func(t *testing.T, d *till) {
		d.Provider = &register{}
		_, err := d.CreateCustomer(d.ctx, payment.NewCustomer{Name: "Byron", Patient: d.ada})
		d.must(err)
		_, err = d.CreateCustomer(d.ctx, payment.NewCustomer{Name: "Acme"})
		d.must(err)
		if len(d.jobs.audited) != 2 || d.jobs.audited[1].Action != "payment_customer.create" {
			t.Errorf("the entries are %+v", d.jobs.audited)
		}
		ctx, seen := audit.Collect(d.ctx)
		found, err := d.Customers(ctx, "b")
		d.must(err)
		var entry access.Entry
		if seen.Name(&entry); len(found) != 2 || entry.Entity != audit.Patient || entry.EntityID != int64(d.ada) {
			t.Errorf("%d customers shown, and the entry is %+v", len(found), entry)
		}
	})
}
