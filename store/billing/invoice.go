package billing

import (
	"context"
	"slices"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// NextNumber takes the next invoice number. The row stays locked until the
// transaction ends, and a transaction that fails puts the number back.
func (t *Tx) NextNumber(ctx context.Context, group practice.ID) (int64, error) {
	var n int64
	_, err := t.One(ctx, `INSERT INTO billing (practice_group_id, last_number) VALUES ($1, 1)
		ON CONFLICT (practice_group_id) DO UPDATE SET last_number = billing.last_number + 1 RETURNING last_number`,
		store.In{group}, &n)
	return n, err
}

const invoiceColumns = `id, number, kind, dated, patient_id, payer_patient_id, payer_contact_id,
	practitioner_id, location_id, payee, payment_reference,
	comments, extra_info, total, vat, paid, refunded, shared_at, cancelled_at, version, created_at, updated_at,
	patient_title, patient_born, insurer, policy_number, authorisation, healthcode_status, healthcode_reference,
	healthcode_at, pathway_id`

func scanInvoice(scan store.Scanner) (billing.Invoice, error) {
	var i billing.Invoice
	err := scan(&i.ID, &i.Number, &i.Kind, value.Day(&i.Date), &i.Patient, value.Num(&i.Payer.Patient),
		value.Num(&i.Payer.Contact), &i.Practitioner,
		&i.Location, &i.Payee, &i.PaymentReference, &i.Comments, &i.ExtraInfo, &i.Total, &i.VAT, &i.Paid, &i.Refunded,
		value.When(&i.SharedAt),
		value.When(&i.CancelledAt), &i.Version, value.When(&i.CreatedAt), value.When(&i.UpdatedAt),
		&i.Title, value.Day(&i.BirthDate), &i.Insurer, &i.PolicyNumber, &i.Authorisation, &i.Claim.Status,
		&i.Claim.Reference, value.When(&i.Claim.UpdatedAt), &i.Pathway)
	return i, err
}

// Invoice finds an invoice.
func (t *Tx) Invoice(ctx context.Context, group practice.ID, id billing.InvoiceID) (billing.Invoice, error) {
	return store.Find(ctx, t.Conn, billing.ErrNotFound, `SELECT `+invoiceColumns+` FROM invoice WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id}, scanInvoice)
}

// LockInvoice keeps others from changing the invoice, and finds it with what is on it.
func (t *Tx) LockInvoice(
	ctx context.Context, group practice.ID, id billing.InvoiceID,
) (i billing.Invoice, on billing.Items, err error) {
	if _, err = t.Exec(ctx, `UPDATE invoice SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return i, on, err
	}
	if i, err = t.Invoice(ctx, group, id); err != nil {
		return i, on, err
	}
	of := []billing.InvoiceID{id}
	lines, err := t.LinesOf(ctx, group, of)
	if err != nil {
		return i, on, err
	}
	payments, err := t.PaymentsOf(ctx, group, of)
	if err != nil {
		return i, on, err
	}
	refunds, err := t.RefundsOf(ctx, group, of)
	return i, billing.Items{Lines: lines[id], Payments: payments[id], Refunds: refunds[id]}, err
}

const (
	selectInvoices = `SELECT ` + invoiceColumns + ` FROM invoice WHERE practice_group_id = $1`
	// What every list of invoices may ask: $2 is whether to give cancelled ones.
	someInvoices = selectInvoices + ` AND (cancelled_at IS NULL OR $2)`
	onDates      = ` AND dated >= $5 AND dated <= $6`
	// As with contacts.
	invoicesMade = ` AND COALESCE(dated, $5) >= $5 AND COALESCE(dated, $6) <= $6 AND created_at >= $7 AND
		created_at <= $8
		AND COALESCE(updated_at, $9) >= $9 AND COALESCE(updated_at, $10) <= $10 ORDER BY created_at, id LIMIT $3
		OFFSET $4`
	invoicesTold = ` AND COALESCE(dated, $5) >= $5 AND COALESCE(dated, $6) <= $6 AND COALESCE(created_at, $7) >= $7
		AND COALESCE(created_at, $8) <= $8
		AND updated_at >= $9 AND updated_at <= $10 ORDER BY updated_at, id LIMIT $3 OFFSET $4`
)

const (
	invoicesInOrder = someInvoices + ` ORDER BY id LIMIT $3 OFFSET $4`
	invoicesByDate  = someInvoices + onDates + ` ORDER BY dated, id LIMIT $3 OFFSET $4`
)

// dates are the first and the last of a stretch of days, with those before and
// after everything where a side is open.
func dates(from, to *input.Date) store.In {
	first, last := "", "9999-12-31"
	if from != nil {
		first = from.String()
	}
	if to != nil {
		last = to.String()
	}
	return store.In{first, last}
}

func invoiceOrder(i billing.Invoice) store.Columns {
	return store.Columns{"id": i.ID, "created_at": i.CreatedAt, "updated_at": i.UpdatedAt, "dated": i.Date.String()}
}

// Invoices lists invoices.
func (t *Tx) Invoices(ctx context.Context, group practice.ID, q billing.InvoiceQuery,
	rows input.Rows) ([]billing.Invoice, error) {
	args := store.In{group, q.Deleted, rows.Limit, rows.Offset}
	text := invoicesInOrder
	switch {
	case q.Updated.Given():
		args, text = slices.Concat(args, dates(q.From, q.To), listing.Spans(q.Listing)), someInvoices+invoicesTold
	case q.Created.Given():
		args, text = slices.Concat(args, dates(q.From, q.To), listing.Spans(q.Listing)), someInvoices+invoicesMade
	case q.From != nil || q.To != nil:
		args, text = append(args, dates(q.From, q.To)...), invoicesByDate
	}
	text, args = narrowed(q.InvoiceFilter, text, args)
	return store.ReadPage(ctx, t.Conn, text, args, scanInvoice, invoiceOrder)
}

// CountInvoices counts what Invoices would list, up to a limit.
func (t *Tx) CountInvoices(
	ctx context.Context, group practice.ID, q billing.InvoiceQuery, limit int,
) (n int, err error) {
	args := append(store.In{group, q.Deleted, limit}, dates(q.From, q.To)...)
	_, err = t.One(ctx, `SELECT count(*) FROM (SELECT 1 FROM invoice WHERE practice_group_id = $1
		AND (cancelled_at IS NULL OR $2) AND dated >= $4 AND dated <= $5 LIMIT $3) AS matches`, args, &n)
	return n, err
}

const aboutPatients = selectInvoices + ` AND cancelled_at IS NULL AND dated >= $2 AND dated <= $3 AND patient_id IN `

var (
	invoicesByID       = store.Among(selectInvoices+` AND id IN `+store.Few2, selectInvoices+` AND id IN `+store.Many2)
	invoicesOfPatients = store.Among(aboutPatients+store.Few4+` ORDER BY patient_id, dated, id`,
		aboutPatients+store.Many4+` ORDER BY patient_id, dated, id`)
)

// InvoicesByID finds invoices.
func (t *Tx) InvoicesByID(
	ctx context.Context, group practice.ID, ids []billing.InvoiceID,
) (map[billing.InvoiceID]billing.Invoice, error) {
	found, err := store.ListAmong(ctx, t.Conn, invoicesByID, store.In{group}, ids, scanInvoice)
	return store.Keyed(found, err, func(i billing.Invoice) billing.InvoiceID { return i.ID })
}

// InvoicesOfPatients lists invoices about patients.
func (t *Tx) InvoicesOfPatients(
	ctx context.Context, group practice.ID, of []patient.ID, from, to input.Date,
) (map[patient.ID][]billing.Invoice, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, invoicesOfPatients, store.In{group, from.String(), to.String()},
		of, func(scan store.Scanner) (store.Owned[patient.ID, billing.Invoice], error) {
			i, err := scanInvoice(scan)
			return store.Owned[patient.ID, billing.Invoice]{Of: i.Patient, Thing: i}, err
		}))
}

const billed = `SELECT DISTINCT l.booking_id FROM invoice_line l
	JOIN invoice i ON i.practice_group_id = l.practice_group_id AND i.id = l.invoice_id AND i.cancelled_at IS NULL
	WHERE l.practice_group_id = $1 AND l.booking_id IN `

var billedBookings = store.Among(billed+store.Few2, billed+store.Many2)

// BilledBookings are those of the bookings that an invoice is for.
func (t *Tx) BilledBookings(ctx context.Context, group practice.ID, of []booking.ID) ([]booking.ID, error) {
	return store.ListAmong(ctx, t.Conn, billedBookings, store.In{group}, of, store.ScanID[booking.ID])
}

// SaveInvoice keeps an invoice with the items of it that are new or changed. Its number and whose it is stay. Lines
// that
// are dropped are deleted; the audit entry has them.
func (t *Tx) SaveInvoice(
	ctx context.Context, group practice.ID, i billing.Invoice, changed billing.Items, dropped []billing.LineID,
) error {
	if err := t.saveInvoice(ctx, group, i); err != nil {
		return err
	}
	for _, l := range changed.Lines {
		if err := t.saveLine(ctx, group, l); err != nil {
			return err
		}
	}
	for _, id := range dropped {
		if _, err := t.Exec(ctx, `DELETE FROM invoice_line WHERE practice_group_id = $1 AND id = $2`, group,
			id); err != nil {
			return err
		}
	}
	for _, p := range changed.Payments {
		if err := t.savePayment(ctx, group, p); err != nil {
			return err
		}
	}
	for _, r := range changed.Refunds {
		if err := t.saveRefund(ctx, group, r); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) saveInvoice(ctx context.Context, group practice.ID, i billing.Invoice) error {
	_, err := t.Exec(ctx, `INSERT INTO invoice (`+invoiceColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		$23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET dated = $4, practitioner_id = $8, location_id = $9,
		comments = $12, extra_info = $13, total = $14,
			vat = $15, paid = $16, refunded = $17, shared_at = $18, cancelled_at = $19, version = $20,
			updated_at = $22, patient_title = $23, patient_born = $24, insurer = $25, policy_number = $26,
			authorisation = $27, healthcode_status = $28, healthcode_reference = $29, healthcode_at = $30,
			pathway_id = $31`,
		i.ID, i.Number, i.Kind, i.Date.String(), i.Patient, value.Opt(i.Payer.Patient), value.Opt(i.Payer.Contact),
		i.Practitioner, i.Location, i.Payee, i.PaymentReference,
		i.Comments, i.ExtraInfo, i.Total, i.VAT, i.Paid, i.Refunded, value.At(i.SharedAt), value.At(i.CancelledAt),
		i.Version, i.CreatedAt, i.UpdatedAt, i.Title, dateOrNone(i.BirthDate), i.Insurer, i.PolicyNumber,
		i.Authorisation, i.Claim.Status, i.Claim.Reference, value.At(i.Claim.UpdatedAt), i.Pathway, group)
	return err
}

const selectLines = `SELECT id, invoice_id, dated, product_id, title, kind, code, cost, price, quantity,
	vat_permille, vat, total, booking_id, taken, membership_policy_id, list_price FROM invoice_line
	WHERE practice_group_id = $1 AND invoice_id IN `

var linesOf = store.Among(selectLines+store.Few2+` ORDER BY invoice_id, id`, selectLines+store.Many2+
	` ORDER BY invoice_id, id`)

// LinesOf lists what invoices are for.
func (t *Tx) LinesOf(
	ctx context.Context, group practice.ID, of []billing.InvoiceID,
) (map[billing.InvoiceID][]billing.Line, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, linesOf, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[billing.InvoiceID, billing.Line], error) {
			var l billing.Line
			var cost *billing.Pence
			err := scan(&l.ID, &l.Invoice, value.Day(&l.Date), &l.Product, &l.Title, &l.Kind, &l.Code,
				value.Maybe(&cost), &l.Price, &l.Quantity, &l.Rate, &l.VAT,
				&l.Total, value.Num(&l.Booking), &l.Taken, &l.MembershipPolicy, &l.ListPrice)
			if l.Cost = billing.Unknown; cost != nil {
				l.Cost = *cost
			}
			return store.Owned[billing.InvoiceID, billing.Line]{Of: l.Invoice, Thing: l}, err
		}))
}

func (t *Tx) saveLine(ctx context.Context, group practice.ID, l billing.Line) error {
	var cost *billing.Pence
	if l.Cost != billing.Unknown {
		cost = &l.Cost
	}
	_, err := t.Exec(ctx, `INSERT INTO invoice_line (practice_group_id, id, invoice_id, dated, product_id, title,
		kind, code, cost, price, quantity,
			vat_permille, vat, total, booking_id, taken, membership_policy_id, list_price)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET dated = $4, price = $10, quantity = $11, vat = $13, total
		= $14, booking_id = $15, taken = $16, membership_policy_id = $17, list_price = $18`,
		group, l.ID, l.Invoice, l.Date.String(), l.Product, l.Title, l.Kind, l.Code, value.Given(cost), l.Price,
		l.Quantity, l.Rate, l.VAT, l.Total, value.Opt(l.Booking), l.Taken, l.MembershipPolicy, l.ListPrice)
	return err
}

const (
	selectPayments = `SELECT id, invoice_id, payment_type_id, source, amount, paid_on, comment, external_id,
		created_at, updated_at FROM payment
		WHERE practice_group_id = $1 AND deleted_at IS NULL AND invoice_id IN `
	selectRefunds = `SELECT id, invoice_id, payment_id, amount, refunded_on, reason, comment, external_id,
		created_at FROM refund
		WHERE practice_group_id = $1 AND invoice_id IN `
)

var (
	paymentsOf = store.Among(selectPayments+store.Few2+` ORDER BY invoice_id, id`, selectPayments+store.Many2+
		` ORDER BY invoice_id, id`)
	refundsOf = store.Among(selectRefunds+store.Few2+` ORDER BY invoice_id, id`, selectRefunds+store.Many2+
		` ORDER BY invoice_id, id`)
)

// PaymentsOf lists what was paid for invoices.
func (t *Tx) PaymentsOf(
	ctx context.Context, group practice.ID, of []billing.InvoiceID,
) (map[billing.InvoiceID][]billing.Payment, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, paymentsOf, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[billing.InvoiceID, billing.Payment], error) {
			var p billing.Payment
			err := scan(&p.ID, &p.Invoice, &p.Type, &p.Source, &p.Amount, value.Day(&p.Date), &p.Comment,
				value.Text(&p.External), value.When(&p.CreatedAt), value.When(&p.UpdatedAt))
			return store.Owned[billing.InvoiceID, billing.Payment]{Of: p.Invoice, Thing: p}, err
		}))
}

func (t *Tx) savePayment(ctx context.Context, group practice.ID, p billing.Payment) error {
	_, err := t.Exec(ctx, `INSERT INTO payment (practice_group_id, id, invoice_id, payment_type_id, source, amount,
		paid_on, comment, deleted_at, created_at, updated_at, external_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET payment_type_id = $4, source = $5, amount = $6,
		paid_on = $7, comment = $8, deleted_at = $9, updated_at = $11`,
		group, p.ID, p.Invoice, p.Type, p.Source, p.Amount, p.Date.String(), p.Comment, value.At(p.DeletedAt),
		p.CreatedAt, p.UpdatedAt, value.OptText(p.External))
	return err
}

// RefundsOf lists what was given back.
func (t *Tx) RefundsOf(
	ctx context.Context, group practice.ID, of []billing.InvoiceID,
) (map[billing.InvoiceID][]billing.Refund, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, refundsOf, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[billing.InvoiceID, billing.Refund], error) {
			var r billing.Refund
			err := scan(&r.ID, &r.Invoice, &r.Payment, &r.Amount, value.Day(&r.Date), &r.Reason, &r.Comment,
				value.Text(&r.External), value.When(&r.CreatedAt))
			return store.Owned[billing.InvoiceID, billing.Refund]{Of: r.Invoice, Thing: r}, err
		}))
}

func (t *Tx) saveRefund(ctx context.Context, group practice.ID, r billing.Refund) error {
	_, err := t.Exec(ctx, `INSERT INTO refund (practice_group_id, id, invoice_id, payment_id, amount, refunded_on,
		reason, comment, created_at, external_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, group, r.ID, r.Invoice, r.Payment, r.Amount, r.Date.String(),
		r.Reason, r.Comment, r.CreatedAt, value.OptText(r.External))
	return err
}

// InvoiceForBooking finds the first invoice that is for a booking, one that was cancelled aside; 0 is none.
func (t *Tx) InvoiceForBooking(
	ctx context.Context, group practice.ID, of booking.ID,
) (id billing.InvoiceID, err error) {
	_, err = t.One(ctx, `SELECT i.id FROM invoice_line l JOIN invoice i ON i.practice_group_id = l.practice_group_id
		AND i.id = l.invoice_id AND i.cancelled_at IS NULL WHERE l.practice_group_id = $1 AND l.booking_id = $2
		ORDER BY i.number LIMIT 1`, store.In{group, of}, &id)
	return id, err
}
