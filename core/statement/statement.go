// Package statement is account statements, kept as they were: what an account was billed for and paid in a stretch of
// time. Its tests are with those of core/billing, whose practice they need.
//
//	statement.go  all of it
package statement

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// ID names an account statement.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind says what is on a statement.
type Kind string

// The kinds of statement.
const (
	Activity Kind = "activity"    // everything in its time
	Unpaid   Kind = "outstanding" // only what is still to be paid
)

// Kinds are all the kinds.
var Kinds = []Kind{Activity, Unpaid}

// ErrNotFound is returned where there is no such statement.
var ErrNotFound = fault.New(fault.NotFound, "statement_not_found",
	"This practice group has no such account statement.")

// Statement is what an account was billed for and paid in a stretch of time, as it
// was when the statement was made.
type Statement struct {
	ID       ID              `json:"id"`
	Kind     Kind            `json:"kind"`
	MadeAt   time.Time       `json:"made_at"`
	From     input.Date      `json:"from"`
	Until    input.Date      `json:"until"`
	Account  billing.Account `json:"account"`
	Header   string          `json:"header"`
	Comments string          `json:"comments"`
	// Reference is what the account is known by.
	Reference   string        `json:"reference"`
	Total       billing.Pence `json:"total"`
	Paid        billing.Pence `json:"paid"` // less what was given back
	Outstanding billing.Pence `json:"outstanding"`
	DeletedAt   time.Time     `json:"deleted_at,omitzero"`
	Version     int64         `json:"version"`
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (s Statement) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "statement", ID: int64(s.ID), Patient: int64(s.Account.Patient), Personal: true}
}

// Deleted reports whether the statement was deleted.
func (s Statement) Deleted() bool { return !s.DeletedAt.IsZero() }

// Line is an invoice on a statement, as it was then.
type Line struct {
	Invoice                  billing.InvoiceID
	Total, Paid, Outstanding billing.Pence
}

// Request asks for a statement.
type Request struct {
	Kind        Kind
	Account     billing.Account
	From, Until input.Date // both included
	// Header and Reference are worked out where they are empty.
	Header, Reference, Comments string
}

// Store is what statements need remembered.
type Store interface {
	// Statement finds a statement, deleted ones too, or returns
	// ErrNotFound.
	Statement(ctx context.Context, group practice.ID, id ID) (Statement, error)
	// Statements lists statements in the order of their ids.
	Statements(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Statement, error)
	// InvoicesOfStatements lists what is on some statements.
	InvoicesOfStatements(
		ctx context.Context, group practice.ID, of []ID,
	) (map[ID][]Line, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	billing.AccountTx
	// AddStatement keeps a statement with the invoices that belong on it as they
	// are, and gives it with their sums.
	AddStatement(ctx context.Context, group practice.ID, s Statement) (Statement, error)
	// LockStatement keeps others from changing the statement until the end of the
	// transaction, and finds it, or returns ErrNotFound.
	LockStatement(ctx context.Context, group practice.ID, id ID) (Statement, error)
	// SaveStatement keeps that a statement was deleted.
	SaveStatement(ctx context.Context, group practice.ID, s Statement) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the account statements of a practice.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Create makes a statement of the invoices that go to an account, with a
// date in a stretch of days, as they are now; cancelled ones are left out. Errors:
// patient.ErrNotFound, contact.ErrNotFound.
func (s *Service) Create(ctx context.Context, r Request) (Statement, error) {
	return write.Do(ctx, access.EditInvoices, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Statement, error) {
		if err := r.check(); err != nil {
			return Statement{}, err
		}
		st := Statement{
			ID: ID(s.NewID()), Kind: r.Kind, MadeAt: e.Now, From: r.From, Until: r.Until, Account: r.Account,
			Header: r.Header, Reference: r.Reference, Comments: r.Comments, Version: 1, CreatedAt: e.Now,
			UpdatedAt: e.Now,
		}
		if err := name(ctx, e.Tx, e.Who, &st); err != nil {
			return st, err
		}
		st, err := e.Tx.AddStatement(ctx, e.Group(), st)
		if err != nil {
			return st, err
		}
		return st, e.Audit(ctx, "statement.create", int64(st.ID), nil, st)
	})
}

// check tidies what was asked for.
func (r *Request) check() error {
	var in input.Checks
	r.Kind = input.Choice(&in, "type", r.Kind, Kinds)
	r.From, r.Until = billing.Dated(&in, "start", r.From), billing.Dated(&in, "end", r.Until)
	r.Header, r.Reference = in.Text("header", r.Header, 200), in.Text("reference", r.Reference, 100)
	r.Comments = in.Lines("comments", r.Comments, 5000)
	if r.Until < r.From {
		in.Wrong("end", input.CodeDate, "a date on or after start", "This range ends before it starts.")
	}
	if (r.Account.Patient == 0) == (r.Account.Contact == 0) {
		in.Wrong("account", input.CodeType, "a patient or a contact", "A statement is of one patient or one contact.")
	}
	return in.Err()
}

// name finds whose the statement is, and fills in what was left out.
func name(ctx context.Context, tx Tx, who access.Caller, st *Statement) error {
	if st.Header == "" {
		g, err := tx.Group(ctx, who.Group)
		if err != nil {
			return err
		}
		st.Header = g.Name
	}
	var reference string
	if id := st.Account.Contact; id != 0 {
		c, err := billing.Payor(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		if reference = c.PaymentReference; reference == "" {
			reference = id.String()
		}
	} else {
		found, err := tx.LockPatientAgainstMerge(ctx, who.Group, st.Account.Patient)
		if err != nil {
			return err
		}
		st.Account.Patient, reference = found, found.String()
	}
	if st.Reference == "" {
		st.Reference = reference
	}
	return nil
}

// Delete deletes a statement: it is kept, and listed only when deleted
// ones are asked for. Deleting it again changes nothing. Error:
// ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Statement, error) {
	kept := write.Kind[Tx, ID, Statement]{Needs: access.EditInvoices,
		Lock: Tx.LockStatement, Save: Tx.SaveStatement}
	return kept.Change(ctx, s.Now, s.Store.Do, "statement.delete", id, func(e write.Edit[Tx],
		st *Statement) error {
		if st.Deleted() {
			return write.ErrSame
		}
		st.DeletedAt, st.UpdatedAt, st.Version = e.Now, e.Now, st.Version+1
		return nil
	})
}

// Find finds one statement, deleted or not. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Statement, error) {
	return read.One(ctx, access.SeeInvoices, id, s.Store.Statement)
}

// Query is what statements to list, in the order of their ids.
type Query struct {
	input.Listing // the cursor takes the place of the page
	Cursor        input.Cursor
	// Made is when they were made.
	Made input.Span
}

// List lists statements, and reports whether more follow in that direction.
func (s *Service) List(ctx context.Context, q Query) (found []Statement, more bool, err error) {
	var in input.Checks
	return read.Page(ctx, access.SeeInvoices, &in, in.Near(q.Cursor), q, s.Store.Statements)
}

// InvoicesOn lists what is on some statements, as it was when they were made.
func (s *Service) InvoicesOn(ctx context.Context, of []ID) (map[ID][]Line, error) {
	return read.Of(ctx, access.SeeInvoices, of, s.Store.InvoicesOfStatements)
}
