// Package invoicing has the operations on invoices, and on how they are paid.
//
//	invoicing.go  coupons, customers, payment methods and who pays
//	invoice.go    invoices
//	policy.go     what members pay less
package invoicing

import (
	"context"

	"frontdesk/core"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/payment"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }

// ListCoupons lists the practice's coupons at Stripe.
func (o Operations) ListCoupons(ctx context.Context) (*oas.ListCouponsOK, error) {
	found, err := o.Core.Payment.Coupons(ctx)
	if err != nil {
		return nil, err
	}
	out := &oas.ListCouponsOK{Data: make([]oas.Coupon, len(found)), Count: float64(len(found))}
	for i, c := range found {
		one := oas.Coupon{ID: c.ID, Name: c.Name}
		if c.AmountOff > 0 {
			one.AmountOff = oas.NewOptFloat64(float64(c.AmountOff))
		} else {
			one.PercentOff = oas.NewOptFloat64(c.PercentOff)
		}
		if len(c.AppliesTo) > 0 {
			one.AppliesTo = oas.NewOptCouponAppliesTo(oas.CouponAppliesTo{Products: c.AppliesTo})
		}
		out.Data[i] = one
	}
	return out, nil
}

// ListCustomers finds the practice's customers at Stripe.
func (o Operations) ListCustomers(ctx context.Context, p oas.ListCustomersParams) (*oas.ListCustomersOK, error) {
	found, err := o.Core.Payment.Customers(ctx, p.Query)
	if err != nil {
		return nil, err
	}
	out := &oas.ListCustomersOK{Data: make([]oas.Customer, len(found)), Count: float64(len(found))}
	for i, c := range found {
		out.Data[i] = *customer(c)
	}
	return out, nil
}

// CreateCustomer adds a customer at Stripe.
func (o Operations) CreateCustomer(
	ctx context.Context, in *oas.CreateCustomerReq, p oas.CreateCustomerParams,
) (*oas.Customer, error) {
	var wrong input.Checks
	n := payment.NewCustomer{Name: in.Name, Email: in.Email.Value, Phone: in.Phone.Value, Methods: in.Sources,
		Patient: wire.OptionalID[patient.ID](&wrong, "patient_id", in.PatientID), Once: p.IdempotencyKey.Value}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	made, err := o.Core.Payment.CreateCustomer(ctx, n)
	if err != nil {
		return nil, err
	}
	return customer(made), nil
}

// ListPatientPaymentMethods lists how a patient pays.
func (o Operations) ListPatientPaymentMethods(
	ctx context.Context, p oas.ListPatientPaymentMethodsParams,
) (*oas.ListPatientPaymentMethodsOK, error) {
	found, err := o.Core.Payment.Methods(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	return &oas.ListPatientPaymentMethodsOK{Data: methods(found), Count: float64(len(found))}, nil
}

// PatientBillingInfo says who pays for a patient, and what is still to be paid.
func (o Operations) PatientBillingInfo(
	ctx context.Context, p oas.PatientBillingInfoParams,
) (*oas.BillingInfo, error) {
	i, err := o.Core.Payment.Info(ctx, wire.ID[patient.ID](p.ID))
	if err != nil {
		return nil, err
	}
	out := &oas.BillingInfo{PatientID: wire.Digits(i.Patient), BillpayerID: idOrNull(i.Payer),
		Name: i.Name, Email: orNull(i.Email),
		Address: oas.PostalAddress{Line1: some(i.Address.Line1), Line2: some(i.Address.Line2), Line3: some(i.Address.Line3),
			Town: some(i.Address.Town), County: some(i.Address.County), Country: some(i.Address.Country),
			Postcode: some(i.Address.Postcode)},
		CustomerID: orNull(i.Customer), Outstanding: float64(i.Outstanding), OpenInvoiceIds: make([]oas.ID, len(i.Open))}
	for n, id := range i.Open {
		out.OpenInvoiceIds[n] = wire.Digits(id)
	}
	return out, nil
}

func customer(c payment.Customer) *oas.Customer {
	return &oas.Customer{ID: c.ID, Name: c.Name, Email: some(c.Email), Phone: some(c.Phone),
		Sources: methods(c.Methods)}
}

func methods(all []payment.Method) []oas.PaymentMethod {
	out := make([]oas.PaymentMethod, len(all))
	for i, m := range all {
		out[i] = oas.PaymentMethod{ID: m.ID, Type: m.Type, Brand: some(m.Brand), Last4: some(m.Last4),
			ExpMonth: oas.OptInt{Value: m.Month, Set: m.Month > 0}, ExpYear: oas.OptInt{Value: m.Year, Set: m.Year > 0},
			Default: m.Default}
	}
	return out
}

// some is a text that is left out where there is none.
func some(s string) oas.OptString { return oas.OptString{Value: s, Set: s != ""} }
