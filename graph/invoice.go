package graph

import (
	"context"
	"strconv"

	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// ErrNoData is the fault of a mutation without what it is about.
var ErrNoData = fault.New(fault.Invalid, "data_missing", "Say what it is: there is no data.")

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

// invoices are invoices as this API tells of them.
func (d *resolver) invoices(ctx context.Context, all []billing.Invoice) ([]*gql.Invoice, error) {
	places, err := loaded(ctx, loaderOf(ctx, "places of invoices", d.locationsByID),
		mapped(all, func(i billing.Invoice) practice.LocationID { return i.Location }))
	if err != nil {
		return nil, err
	}
	out := mapped(all, invoiceOf)
	for n, place := range places {
		if place != nil {
			out[n].Location = &place.Name
		}
	}
	return out, nil
}

func invoiceOf(i billing.Invoice) *gql.Invoice {
	out := &gql.Invoice{
		ID: encode(kindInvoice, i.ID), Status: new(invoiceActive), PaidOrOutstanding: new(string(i.Standing())),
		InvoiceNumber:    new(int(i.Number)),
		PaymentReference: text(i.PaymentReference), Date: on(i.Date), PatientID: idOrNull(kindPatient, i.Patient),
		PayeeDetails: text(i.Payee),
		DoctorID:     idOrNull(kindUser, i.Practitioner), Tax: money(i.VAT), Total: money(i.Total),
		Outstanding: money(i.Outstanding()), Refunded: money(i.Refunded),
		Comments: text(i.Comments), ExtraInfo: text(i.ExtraInfo), Type: new(string(i.Kind)),
		DateShared: scalar.Of(i.SharedAt),
		CreatedAt:  scalar.Of(i.CreatedAt), UpdatedAt: scalar.Of(i.UpdatedAt),
	}
	if i.Cancelled() {
		out.Status = new(invoiceCancelled)
	}
	return out
}

func (d *resolver) invoice(ctx context.Context, i billing.Invoice) (*gql.Invoice, error) {
	all, err := d.invoices(ctx, []billing.Invoice{i})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Invoice finds one invoice, cancelled or not.
func (q query) Invoice(ctx context.Context, id string) (*gql.Invoice, error) {
	n, err := known[billing.InvoiceID](kindInvoice, id)
	if err != nil {
		return nil, err
	}
	i, err := q.core.Billing.Invoice(ctx, n)
	if err != nil {
		return absent[gql.Invoice](nil, err, billing.ErrNotFound)
	}
	return q.invoice(ctx, i)
}

// Invoices lists invoices, by the date on them where one is asked for.
func (q query) Invoices(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.InvoiceData, error) {
	p, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	dated, err := days(dateRange)
	if err != nil {
		return nil, err
	}
	ask := billing.InvoiceQuery{Listing: l}
	if dated.From != input.NoDate {
		ask.From = &dated.From
	}
	if dated.Until != input.NoDate {
		ask.To = &dated.Until
	}
	all, more, err := q.core.Billing.Invoices(ctx, ask)
	if err != nil {
		return nil, err
	}
	data, err := q.invoices(ctx, all)
	return &gql.InvoiceData{Data: data, PageInfo: p.info(more)}, err
}

// Patient is whom an invoice is about.
func (f invoiceFields) Patient(ctx context.Context, obj *gql.Invoice) (*gql.Patient, error) {
	return f.patientByID(ctx, ourID[patient.ID](obj.PatientID))
}

// Doctor is whose work an invoice is for.
func (f invoiceFields) Doctor(ctx context.Context, obj *gql.Invoice) (*gql.User, error) {
	return f.userByID(ctx, ourID[account.StaffID](obj.DoctorID))
}

// The words for what a line is for.
const (
	forBooking = "Booking"
	forProduct = "Product"
)

// LineItems are what an invoice is for.
func (f invoiceFields) LineItems(ctx context.Context, obj *gql.Invoice) ([]*gql.LineItem, error) {
	all, err := loaderOf(ctx, "lines of invoices", f.core.Billing.LinesOf).Load(ctx, ourID[billing.InvoiceID](&obj.ID))
	return mapped(all, lineOf), err
}

func lineOf(l billing.Line) *gql.LineItem {
	out := &gql.LineItem{
		ID: new(encode(kindLineItem, l.ID)), Date: on(l.Date), Title: text(l.Title), ProductType: text(string(l.Kind)),
		ItemCode: text(l.Code),
		Price:    money(l.Price), Quantity: new(float64(l.Quantity) / float64(billing.One)), TaxRate: percent(l.Rate),
		Total:       money(l.Total),
		ReferenceID: idOrNull(kindProduct, l.Product), ReferenceType: new(forProduct),
	}
	if l.Cost != billing.Unknown {
		out.Cost = money(l.Cost)
	}
	if l.Booking != 0 {
		out.ReferenceID, out.ReferenceType = idOrNull(kindBooking, l.Booking), new(forBooking)
	}
	return out
}

// Invoices are those about a patient with a date from one day to another, both
// included.
func (f patientFields) Invoices(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment,
) ([]*gql.Invoice, error) {
	if start.Form == scalar.Local || end.Form == scalar.Local {
		return nil, ErrDate
	}
	from, to := dateOf(&start), dateOf(&end)
	if from == input.NoDate || to == input.NoDate {
		return nil, ErrDate
	}
	name := "invoices of patients from " + strconv.Itoa(int(from)) + " to " + strconv.Itoa(int(to))
	all, err := loaderOf(ctx, name, func(ctx context.Context,
		ids []patient.ID) (map[patient.ID][]billing.Invoice, error) {
		return f.core.Billing.InvoicesOfPatients(ctx, ids, from, to)
	}).Load(ctx, ourID[patient.ID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return f.invoices(ctx, all)
}

// Billed says whether an invoice is for a booking.
func (f bookingFields) Billed(ctx context.Context, obj *gql.Booking) (*bool, error) {
	billed, err := loaderOf(ctx, "bookings that were billed", f.core.Billing.BilledBookings).Load(ctx,
		ourID[booking.ID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return &billed, nil
}

// payer reads whom an invoice goes to.
func payer(s *string) (billing.Account, error) {
	if s == nil || *s == "" {
		return billing.Account{}, nil
	}
	if k, _, ok := decode(*s); ok && k == kindContact {
		id, err := some[contact.ID](kindContact, *s)
		return billing.Account{Contact: id}, err
	}
	id, err := some[patient.ID](kindPatient, *s)
	return billing.Account{Patient: id}, err
}

// CreateInvoice makes an invoice.
func (m mutation) CreateInvoice(
	ctx context.Context, in *gql.NewInvoiceDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		return nil, ErrNoData
	}
	ask := billing.InvoiceRequest{Date: dateOf(&in.Date), Comments: word(in.Comments), ExtraInfo: word(in.ExtraInfo)}
	var err error
	if ask.Patient, err = known[patient.ID](kindPatient, in.PatientID); err != nil {
		return nil, err
	}
	if ask.Practitioner, err = known[practice.PractitionerID](kindUser, in.DoctorID); err != nil {
		return nil, err
	}
	if ask.Location, err = place(in.LocationID); err != nil {
		return nil, err
	}
	if ask.Payer, err = payer(in.AccountID.Value()); err != nil {
		return nil, err
	}
	if ask.Lines, err = readEach(in.LineItems.Value(), lineRequest); err != nil {
		return nil, err
	}
	if ask.Payments, err = readEach(in.Payments.Value(), paymentRequest); err != nil {
		return nil, err
	}
	i, err := m.core.Billing.CreateInvoice(ctx, ask)
	return m.invoicePayload(ctx, i, err)
}

// readEach reads the elements of a list that there are.
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
	ask = billing.LineRequest{Date: dateOf(&in.Date), Quantity: quantity(in.Quantity)}
	if ask.Product, err = productID(in.ProductID); err != nil {
		return ask, err
	}
	if ask.Price, err = pence(in.Price.Value()); err != nil {
		return ask, err
	}
	of, err := someOrNone[booking.ID](kindBooking, in.ReferenceID.Value(), true)
	ask.Booking = deref(of)
	return ask, err
}

// UpdateInvoice changes an invoice.
func (m mutation) UpdateInvoice(
	ctx context.Context, invoiceID string, in *gql.UpdateInvoiceDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	if in == nil {
		in = &gql.UpdateInvoiceDataInput{}
	}
	ch := billing.InvoiceChange{Comments: change(in.Comments), ExtraInfo: change(in.ExtraInfo)}
	if v := in.Date.Value(); v != nil {
		ch.Date = new(dateOf(v))
	}
	if v := in.DoctorID.Value(); v != nil {
		id, err := known[practice.PractitionerID](kindUser, *v)
		if err != nil {
			return nil, err
		}
		ch.Practitioner = &id
	}
	if v := in.LocationID.Value(); v != nil {
		id, err := place(*v)
		if err != nil {
			return nil, err
		}
		ch.Location = &id
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.core.Billing.UpdateInvoice(ctx, id, ch)
	})
}

// DeleteInvoice cancels an invoice.
func (m mutation) DeleteInvoice(ctx context.Context, invoiceID string) (*gql.NewInvoiceResponsePayload, error) {
	return m.withInvoice(ctx, invoiceID, m.core.Billing.CancelInvoice)
}

// AddLineItem puts something on an invoice.
func (m mutation) AddLineItem(
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
		return m.core.Billing.AddLine(ctx, id, ask)
	})
}

// UpdateLineItem changes a line.
func (m mutation) UpdateLineItem(
	ctx context.Context, invoiceID, lineItemID string, in *gql.UpdateLineItemDataInput,
) (*gql.NewInvoiceResponsePayload, error) {
	line, err := known[billing.LineID](kindLineItem, lineItemID)
	if err != nil {
		return nil, err
	}
	var ch billing.LineChange
	if in != nil {
		if v := in.Date.Value(); v != nil {
			ch.Date = new(dateOf(v))
		}
		if v := in.Quantity.Value(); v != nil {
			ch.Quantity = new(quantity(*v))
		}
		if ch.Price, err = pence(in.Price.Value()); err != nil {
			return nil, err
		}
		v, set := in.ReferenceID.ValueOK()
		if ch.Booking, err = someOrNone[booking.ID](kindBooking, v, set); err != nil {
			return nil, err
		}
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.core.Billing.UpdateLine(ctx, id, line, ch)
	})
}

// DeleteLineItem takes a line off an invoice.
func (m mutation) DeleteLineItem(
	ctx context.Context, invoiceID, lineItemID string,
) (*gql.NewInvoiceResponsePayload, error) {
	line, err := known[billing.LineID](kindLineItem, lineItemID)
	if err != nil {
		return nil, err
	}
	return m.withInvoice(ctx, invoiceID, func(ctx context.Context, id billing.InvoiceID) (billing.Invoice, error) {
		return m.core.Billing.RemoveLine(ctx, id, line)
	})
}

// withInvoice changes the invoice of an id.
func (m mutation) withInvoice(
	ctx context.Context, id string, do func(context.Context, billing.InvoiceID) (billing.Invoice, error),
) (*gql.NewInvoiceResponsePayload, error) {
	n, err := known[billing.InvoiceID](kindInvoice, id)
	if err != nil {
		return nil, err
	}
	i, err := do(ctx, n)
	return m.invoicePayload(ctx, i, err)
}

func (m mutation) invoicePayload(
	ctx context.Context, i billing.Invoice, err error,
) (*gql.NewInvoiceResponsePayload, error) {
	if err != nil {
		return nil, err
	}
	out, err := m.invoice(ctx, i)
	return &gql.NewInvoiceResponsePayload{Data: out}, err
}
