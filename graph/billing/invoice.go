package billing

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	practicegraph "frontdesk/graph/practice"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// ErrNoData is the fault of a mutation without what it is about.
var ErrNoData = fault.New(fault.Invalid, "data_missing", "`data` is required.")

// maxCount is more than there can be of anything.
const maxCount = 1_000_000_000

// quantity is a count in core's thousandths; one that is no count is left to core
// to refuse.
func quantity(n int) billing.Quantity {
	return billing.Quantity(max(-1, min(n, maxCount))) * billing.One
}

// The words for how an invoice is.
const (
	invoiceActive    = "active"
	invoiceCancelled = "cancelled"
)

// invoices are invoices as this API answers them.
func (d Resolver) invoices(ctx context.Context, all []billing.Invoice) ([]*gql.Invoice, error) {
	places, err := wire.LoadAll(ctx, wire.Loader(ctx, "places of invoices", d.LocationsByID),
		wire.Map(all, func(i billing.Invoice) practice.LocationID { return i.Location }))
	if err != nil {
		return nil, err
	}
	out := wire.Map(all, invoiceOf)
	for n, place := range places {
		if place != nil {
			out[n].Location = &place.Name
		}
	}
	return out, nil
}

func invoiceOf(i billing.Invoice) *gql.Invoice {
	out := &gql.Invoice{
		ID: wire.Encode(wire.KindInvoice, i.ID), Status: new(invoiceActive),
		PaidOrOutstanding: new(string(i.Standing())),
		InvoiceNumber:     new(int(i.Number)),
		PaymentReference:  wire.Text(i.PaymentReference), Date: wire.Date(i.Date),
		PatientID:    wire.IDOrNull(wire.KindPatient, i.Patient),
		PayeeDetails: wire.Text(i.Payee),
		DoctorID:     wire.IDOrNull(wire.KindUser, i.Practitioner), Tax: money(i.VAT), Total: money(i.Total),
		Outstanding: money(i.Outstanding()), Refunded: money(i.Refunded),
		Comments: wire.Text(i.Comments), ExtraInfo: wire.Text(i.ExtraInfo), Type: new(string(i.Kind)),
		AccountID: accountID(i.Payer), PatientTitle: wire.Text(i.Title), PatientDob: dateOrNull(i.BirthDate),
		InsuranceDetails: insuranceOf(i.Insurance), Healthcode: claimOf(i.Claim),
		ClinicalPathwayID: wire.IDOrNull(wire.KindPathway, i.Pathway),
		DateShared:        scalar.Of(i.SharedAt),
		CreatedAt:         scalar.Of(i.CreatedAt), UpdatedAt: scalar.Of(i.UpdatedAt),
	}
	if i.Cancelled() {
		out.Status = new(invoiceCancelled)
	}
	return out
}

func (d Resolver) invoice(ctx context.Context, i billing.Invoice) (*gql.Invoice, error) {
	all, err := d.invoices(ctx, []billing.Invoice{i})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Invoice finds one invoice, cancelled or not.
func (q Query) Invoice(ctx context.Context, id string) (*gql.Invoice, error) {
	n, err := wire.Known[billing.InvoiceID](wire.KindInvoice, id)
	if err != nil {
		return nil, err
	}
	i, err := q.Core.Invoice.Find(ctx, n)
	if err != nil {
		return wire.Absent[gql.Invoice](nil, err, billing.ErrNotFound)
	}
	return q.invoice(ctx, i)
}

// errUndated is the fault of a list of a clinical pathway that Healthcode narrows too and no dates do.
var errUndated = fault.Wrong("dateRange", input.CodeSmall, "a range of dates",
	"A clinical pathway and Healthcode together need a range of dates.")

// Invoices lists invoices, by the date on them where one is asked for.
func (q Query) Invoices(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
	filters *gql.InvoicesQueryFilters,
) (*gql.InvoiceData, error) {
	p, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	dated, err := wire.Days(dateRange)
	if err != nil {
		return nil, err
	}
	ask := billing.InvoiceQuery{Listing: l}
	if ask.InvoiceFilter, err = invoiceFilter(filters); err != nil {
		return nil, err
	}
	claims := ask.Submitted != nil || len(ask.Claims)+len(ask.NoClaims) > 0
	if ask.Pathway != 0 && claims && dated.From == input.NoDate && dated.Until == input.NoDate {
		return nil, errUndated
	}
	if dated.From != input.NoDate {
		ask.From = &dated.From
	}
	if dated.Until != input.NoDate {
		ask.To = &dated.Until
	}
	all, more, err := q.Core.Invoice.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	data, err := q.invoices(ctx, all)
	return &gql.InvoiceData{Data: data, PageInfo: p.Info(more)}, err
}

// Patient is the patient an invoice is about.
func (f InvoiceFields) Patient(ctx context.Context, obj *gql.Invoice) (*gql.Patient, error) {
	return f.PatientByID(ctx, wire.Decoded[patient.ID](obj.PatientID))
}

// Doctor is whose work an invoice is for.
func (f InvoiceFields) Doctor(ctx context.Context, obj *gql.Invoice) (*gql.User, error) {
	return f.UserByID(ctx, wire.Decoded[account.StaffID](obj.DoctorID))
}

// PaymentLinkURL is where an invoice can be paid now.
func (f InvoiceFields) PaymentLinkURL(ctx context.Context, obj *gql.Invoice) (*string, error) {
	address, err := wire.Loader(ctx, "where invoices are paid", f.Core.Payment.Addresses).Load(ctx,
		wire.Decoded[billing.InvoiceID](&obj.ID))
	return wire.Text(address), err
}

// The words for what a line is for.
const (
	forBooking = "Booking"
	forProduct = "Product"
)

// LineItems are what an invoice is for.
func (f InvoiceFields) LineItems(ctx context.Context, obj *gql.Invoice) ([]*gql.LineItem, error) {
	all, err := wire.Loader(ctx, "lines of invoices", f.Core.Invoice.LinesOf).Load(ctx,
		wire.Decoded[billing.InvoiceID](&obj.ID))
	return wire.Map(all, lineOf), err
}

func lineOf(l billing.Line) *gql.LineItem {
	out := &gql.LineItem{
		ID: new(wire.Encode(wire.KindLineItem, l.ID)), Date: wire.Date(l.Date), Title: wire.Text(l.Title),
		ProductType: wire.Text(string(l.Kind)),
		ItemCode:    wire.Text(l.Code),
		Price:       money(l.Price), MembershipPolicyID: wire.IDOrNull(wire.KindMembershipPolicy, l.MembershipPolicy),
		Quantity:    new(float64(l.Quantity) / float64(billing.One)),
		TaxRate:     percent(l.Rate),
		Total:       money(l.Total),
		ReferenceID: wire.IDOrNull(wire.KindProduct, l.Product), ReferenceType: new(forProduct),
	}
	if l.MembershipPolicy != 0 {
		out.ListPrice = money(l.ListPrice)
	}
	if l.Cost != billing.Unknown {
		out.Cost = money(l.Cost)
	}
	if l.Booking != 0 {
		out.ReferenceID, out.ReferenceType = wire.IDOrNull(wire.KindBooking, l.Booking), new(forBooking)
	}
	return out
}

// Invoices are those about a patient with a date from one day to another, both
// included.
func (f PatientFields) Invoices(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment,
) ([]*gql.Invoice, error) {
	if start.Form == scalar.Local || end.Form == scalar.Local {
		return nil, wire.ErrDate
	}
	from, to := wire.DateOf(&start), wire.DateOf(&end)
	if from == input.NoDate || to == input.NoDate {
		return nil, wire.ErrDate
	}
	name := "invoices of patients from " + strconv.Itoa(int(from)) + " to " + strconv.Itoa(int(to))
	all, err := wire.Loader(ctx, name, func(ctx context.Context,
		ids []patient.ID) (map[patient.ID][]billing.Invoice, error) {
		return f.Core.Invoice.OfPatients(ctx, ids, from, to)
	}).Load(ctx, wire.Decoded[patient.ID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return f.invoices(ctx, all)
}

// Billed reports whether an invoice is for a booking.
func (f BookingFields) Billed(ctx context.Context, obj *gql.Booking) (*bool, error) {
	billed, err := wire.Loader(ctx, "bookings that were billed", f.Core.Invoice.BilledBookings).Load(ctx,
		wire.Decoded[booking.ID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return &billed, nil
}

// payer reads who pays an invoice.
func payer(s *string) (billing.Account, error) {
	if s == nil || *s == "" {
		return billing.Account{}, nil
	}
	if k, _, ok := wire.Decode(*s); ok && k == wire.KindContact {
		id, err := wire.IDOrUnknown[contact.ID](wire.KindContact, *s)
		return billing.Account{Contact: id}, err
	}
	id, err := wire.IDOrUnknown[patient.ID](wire.KindPatient, *s)
	return billing.Account{Patient: id}, err
}

// CreateInvoice makes an invoice.
func (m Mutation) CreateInvoice(
	ctx context.Context, in *gql.NewInvoiceDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		return nil, ErrNoData
	}
	ask := billing.InvoiceRequest{Date: wire.DateOf(&in.Date), Comments: wire.Word(in.Comments),
		ExtraInfo: wire.Word(in.ExtraInfo)}
	var err error
	if ask.Patient, err = wire.Known[patient.ID](wire.KindPatient, in.PatientID); err != nil {
		return nil, err
	}
	if ask.Practitioner, err = wire.Known[practice.PractitionerID](wire.KindUser, in.DoctorID); err != nil {
		return nil, err
	}
	if ask.Location, err = practicegraph.Place(in.LocationID); err != nil {
		return nil, err
	}
	if ask.Payer, err = payer(in.AccountID.Value()); err != nil {
		return nil, err
	}
	of, err := wire.OptionalID[pathway.ID](wire.KindPathway, in.ClinicalPathwayID.Value(), true)
	if err != nil {
		return nil, err
	}
	ask.Pathway = *of
	ask.Insurance = insuranceChange(in.InsuranceDetails.Value())
	if ask.Lines, err = readEach(in.LineItems.Value(), lineRequest); err != nil {
		return nil, err
	}
	if ask.Payments, err = readEach(in.Payments.Value(), paymentRequest); err != nil {
		return nil, err
	}
	i, err := m.Core.Invoice.Create(ctx, ask)
	return m.invoicePayload(ctx, i, err)
}

// readEach reads the elements of a list that are not null.
func readEach[G, T any](all []*G, of func(*G) (T, error)) ([]T, error) {
	var out []T
	for _, v := range all {
		if v == nil {
			continue
		}
		got, err := of(v)
		if err != nil {
			return nil, err
		}
		out = append(out, got)
	}
	return out, nil
}

func lineRequest(in *gql.NewLineItemDataInput) (ask billing.LineRequest, err error) {
	ask = billing.LineRequest{Date: wire.DateOf(&in.Date), Quantity: quantity(in.Quantity)}
	if ask.Product, err = ProductID(in.ProductID); err != nil {
		return ask, err
	}
	if ask.Price, err = pence("price", in.Price.Value()); err != nil {
		return ask, err
	}
	of, err := wire.OptionalID[booking.ID](wire.KindBooking, in.ReferenceID.Value(), true)
	ask.Booking = wire.Deref(of)
	return ask, err
}

// UpdateInvoice changes an invoice.
func (m Mutation) UpdateInvoice(
	ctx context.Context, invoiceID string, in *gql.UpdateInvoiceDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		in = &gql.UpdateInvoiceDataInput{}
	}
	ch := billing.InvoiceChange{Comments: wire.Change(in.Comments), ExtraInfo: wire.Change(in.ExtraInfo),
		Insurance: insuranceChange(in.InsuranceDetails.Value()), Claim: claimChange(in.Healthcode.Value())}
	to, set := in.ClinicalPathwayID.ValueOK()
	var err error
	if ch.Pathway, err = wire.OptionalID[pathway.ID](wire.KindPathway, to, set); err != nil {
		return nil, err
	}
	if v := in.Date.Value(); v != nil {
		ch.Date = new(wire.DateOf(v))
	}
	if v := in.DoctorID.Value(); v != nil {
		id, err := wire.Known[practice.PractitionerID](wire.KindUser, *v)
		if err != nil {
			return nil, err
		}
		ch.Practitioner = &id
	}
	if v := in.LocationID.Value(); v != nil {
		id, err := practicegraph.Place(*v)
		if err != nil {
			return nil, err
		}
		ch.Location = &id
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.Update(ctx, id, ch)
	})
}

// DeleteInvoice cancels an invoice.
func (m Mutation) DeleteInvoice(ctx context.Context, invoiceID string) (*gql.NewInvoiceResponsePayload, error) {
	return m.withInvoice(ctx, invoiceID, m.Core.Invoice.Cancel)
}

// AddLineItem puts something on an invoice.
func (m Mutation) AddLineItem(
	ctx context.Context, invoiceID string, in *gql.NewLineItemDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		return nil, ErrNoData
	}
	ask, err := lineRequest(in)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.AddLine(ctx, id, ask)
	})
}

// UpdateLineItem changes a line.
func (m Mutation) UpdateLineItem(
	ctx context.Context, invoiceID, lineItemID string, in *gql.UpdateLineItemDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	line, err := wire.Known[billing.LineID](wire.KindLineItem, lineItemID)
	if err != nil {
		return nil, err
	}
	var ch billing.LineChange
	if in != nil {
		if v := in.Date.Value(); v != nil {
			ch.Date = new(wire.DateOf(v))
		}
		if v := in.Quantity.Value(); v != nil {
			ch.Quantity = new(quantity(*v))
		}
		if ch.Price, err = pence("price", in.Price.Value()); err != nil {
			return nil, err
		}
		v, set := in.ReferenceID.ValueOK()
		if ch.Booking, err = wire.OptionalID[booking.ID](wire.KindBooking, v, set); err != nil {
			return nil, err
		}
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.UpdateLine(ctx, id, line, ch)
	})
}

// DeleteLineItem takes a line off an invoice.
func (m Mutation) DeleteLineItem(
	ctx context.Context, invoiceID, lineItemID string,
) (*gql.NewInvoiceResponsePayload, error) {
	line, err := wire.Known[billing.LineID](wire.KindLineItem, lineItemID)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.Core.Invoice.RemoveLine(ctx, id, line)
	})
}

// withInvoice changes the invoice of an id.
func (m Mutation) withInvoice(
	ctx context.Context, id string, do func(context.Context, billing.InvoiceID) (billing.Invoice, error),
) (*gql.NewInvoiceResponsePayload, error) {
	n, err := wire.Known[billing.InvoiceID](wire.KindInvoice, id)
	if err != nil {
		return nil, err
	}
	i, err := do(ctx, n)
	return m.invoicePayload(ctx, i, err)
}

func (m Mutation) invoicePayload(
	ctx context.Context, i billing.Invoice, err error,
) (*gql.NewInvoiceResponsePayload, error) {
	if err != nil {
		return nil, err
	}
	out, err := m.invoice(ctx, i)
	return &gql.NewInvoiceResponsePayload{Data: out}, err
}
