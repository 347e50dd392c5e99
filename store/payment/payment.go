// Package payment keeps what core/payment remembers.
//
//	payment.go  where it is kept, and which patients are customers
//	request.go  invoices that are asked to be paid, and what the provider told us
package payment

import (
	"context"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/patient"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"
	"frontdesk/store"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
	relationshipstore "frontdesk/store/relationship"
	"frontdesk/store/value"
)

// Store is what core/payment remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(payment.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
	relationship.Reader
}

func on(c store.Conn) *Tx { return &Tx{c, patientstore.On(c), relationshipstore.On(c)} }

// Billing is the invoices in the same transaction.
func (t *Tx) Billing() billing.InvoiceTx { return billingstore.In(t.Conn) }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

// CustomersOf lists the provider's customers that a patient is, the newest first.
func (t *Tx) CustomersOf(ctx context.Context, group practice.ID, of patient.ID) ([]payment.Known, error) {
	return store.List(ctx, t.Conn, `SELECT id, patient_id, external_id, created_at FROM payment_customer
		WHERE practice_group_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT 20`, store.In{group, of}, scanKnown)
}

const knownAs = `SELECT id, patient_id, external_id, created_at FROM payment_customer
	WHERE practice_group_id = $1 AND external_id IN `

var knownCustomers = store.Among(knownAs+store.Few2+` ORDER BY id`, knownAs+store.Many2+` ORDER BY id`)

// KnownAs lists the patients who are some of the provider's customers.
func (t *Tx) KnownAs(ctx context.Context, group practice.ID, customers []string) ([]payment.Known, error) {
	return store.ListAmong(ctx, t.Conn, knownCustomers, store.In{group}, customers, scanKnown)
}

func scanKnown(scan store.Scanner) (payment.Known, error) {
	var k payment.Known
	err := scan(&k.ID, &k.Patient, &k.ExternalID, value.When(&k.CreatedAt))
	return k, err
}

// SaveCustomer keeps that a patient is a customer; one that is kept already stays.
func (t *Tx) SaveCustomer(ctx context.Context, group practice.ID, k payment.Known) error {
	_, err := t.Exec(ctx, `INSERT INTO payment_customer (practice_group_id, id, patient_id, external_id, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, group, k.ID, k.Patient, k.ExternalID, k.CreatedAt)
	return err
}

// MustBePaid reports whether a type of appointment must be paid first, and costs something.
func (t *Tx) MustBePaid(ctx context.Context, group practice.ID, of diary.TypeID) (bool, error) {
	var one int
	return t.One(ctx, `SELECT 1 FROM appointment_type k
		JOIN product p ON p.practice_group_id = k.practice_group_id AND p.id = k.id
		WHERE k.practice_group_id = $1 AND k.id = $2 AND k.price > 0 AND (k.invoice_required OR p.needs_payment)`,
		store.In{group, of}, &one)
}

// Billed finds how an appointment was billed.
func (t *Tx) Billed(ctx context.Context, group practice.ID, of booking.ID) (b booking.Bill, err error) {
	var lines, settled int
	_, err = t.One(ctx, `SELECT count(*), coalesce(sum(CASE WHEN i.total = i.paid - i.refunded THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN i.total = i.paid - i.refunded THEN l.total - l.vat ELSE 0 END), 0)
		FROM invoice_line l JOIN invoice i ON i.practice_group_id = l.practice_group_id
		AND i.id = l.invoice_id AND i.cancelled_at IS NULL
		WHERE l.practice_group_id = $1 AND l.booking_id = $2`, store.In{group, of}, &lines, &settled, &b.Paid)
	b.Made, b.Settled = lines > 0, settled > 0
	return b, err
}
