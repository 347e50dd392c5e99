package payment

import (
	"context"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/value"
)

const requestColumns = `id, invoice_id, kind, state, amount, external_id, customer_id, url, reason, reported,
	appointment_id, expires_at, due_at, checks, created_at, updated_at`

const selectRequest = `SELECT ` + requestColumns + ` FROM payment_request WHERE practice_group_id = $1`

func scanRequest(scan store.Scanner) (payment.Request, error) {
	var r payment.Request
	err := scan(&r.ID, &r.Invoice, &r.Kind, &r.State, &r.Amount, &r.External, &r.Customer, &r.URL, &r.Reason,
		&r.Reported, value.Num(&r.Appointment), value.When(&r.ExpiresAt), value.When(&r.DueAt), &r.Checks,
		value.When(&r.CreatedAt), value.When(&r.UpdatedAt))
	return r, err
}

// Request finds a request.
func (t *Tx) Request(ctx context.Context, group practice.ID, id payment.ID) (payment.Request, error) {
	return store.Find(ctx, t.Conn, payment.ErrNoRequest, selectRequest+` AND id = $2`, store.In{group, id}, scanRequest)
}

// LockRequest keeps others from changing a request, and finds it.
func (t *Tx) LockRequest(ctx context.Context, group practice.ID, id payment.ID) (payment.Request, error) {
	if _, err := t.Exec(ctx, `UPDATE payment_request SET checks = checks WHERE practice_group_id = $1 AND id = $2`,
		group, id); err != nil {
		return payment.Request{}, err
	}
	return t.Request(ctx, group, id)
}

// Payable finds the request by which an invoice can be paid, or will be.
func (t *Tx) Payable(ctx context.Context, group practice.ID, of billing.InvoiceID) (payment.Request, error) {
	return store.Find(ctx, t.Conn, payment.ErrNoRequest, selectRequest+` AND invoice_id = $2
		AND state IN ('opening', 'open')`, store.In{group, of}, scanRequest)
}

// RequestBy finds a request by the provider's id; 0 is none.
func (t *Tx) RequestBy(ctx context.Context, group practice.ID, external string) (id payment.ID, err error) {
	_, err = t.One(ctx, `SELECT id FROM payment_request WHERE practice_group_id = $1 AND external_id = $2
		AND external_id <> ''`, store.In{group, external}, &id)
	return id, err
}

const ofInvoices = selectRequest + ` AND invoice_id IN `

var requestsOf = store.Among(ofInvoices+store.Few2+` ORDER BY invoice_id, id`,
	ofInvoices+store.Many2+` ORDER BY invoice_id, id`)

// RequestsOf lists the requests for some invoices, the oldest first.
func (t *Tx) RequestsOf(
	ctx context.Context, group practice.ID, of []billing.InvoiceID,
) (map[billing.InvoiceID][]payment.Request, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, requestsOf, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[billing.InvoiceID, payment.Request], error) {
			r, err := scanRequest(scan)
			return store.Owned[billing.InvoiceID, payment.Request]{Of: r.Invoice, Thing: r}, err
		}))
}

// Due lists requests that the provider is to be asked about.
func (t *Tx) Due(ctx context.Context, group practice.ID, at time.Time, limit int) ([]payment.ID, error) {
	return store.List(ctx, t.Conn, `SELECT id FROM payment_request WHERE practice_group_id = $1 AND due_at IS NOT NULL
		AND due_at <= $2 ORDER BY due_at LIMIT $3`, store.In{group, at, limit}, store.ScanID[payment.ID])
}

// SaveRequest keeps a request. What it is for stays.
func (t *Tx) SaveRequest(ctx context.Context, group practice.ID, r payment.Request) error {
	n, err := t.Exec(ctx, `UPDATE payment_request SET state = $3, external_id = $4, customer_id = $5, url = $6,
		reason = $7, reported = $8, due_at = $9, checks = $10, updated_at = $11 WHERE practice_group_id = $1 AND id = $2`,
		group, r.ID, r.State, r.External, r.Customer, r.URL, r.Reason, r.Reported, value.At(r.DueAt), r.Checks,
		r.UpdatedAt)
	if err != nil || n > 0 {
		return err
	}
	n, err = t.Exec(ctx, `INSERT INTO payment_request (`+requestColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING`,
		r.ID, r.Invoice, r.Kind, r.State, r.Amount, r.External, r.Customer, r.URL, r.Reason, r.Reported,
		value.Opt(r.Appointment), value.At(r.ExpiresAt), value.At(r.DueAt), r.Checks, r.CreatedAt, r.UpdatedAt, group)
	if err == nil && n == 0 {
		err = payment.ErrLinked
	}
	return err
}

// NoteEvent keeps that an event was told; first is that it was not before.
func (t *Tx) NoteEvent(ctx context.Context, group practice.ID, e payment.Event) (first bool, err error) {
	n, err := t.Exec(ctx, `INSERT INTO payment_event (practice_group_id, id, kind, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, group, e.ID, e.Type, e.At)
	return n > 0, err
}

// ForgetEvents deletes events from before a time.
func (s *Store) ForgetEvents(ctx context.Context, group practice.ID, before time.Time) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `DELETE FROM payment_event WHERE practice_group_id = $1 AND at < $2`, group, before)
		return err
	})
}
