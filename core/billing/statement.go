package billing

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// StatementID names an account statement.
type StatementID int64

// String gives the id as digits.
func (id StatementID) String() string { return strconv.FormatInt(int64(id), 10) }

// StatementKind says what is on a statement.
type StatementKind string

// The kinds of statement.
const (
	Activity StatementKind = "activity"    // everything in its time
	Unpaid   StatementKind = "outstanding" // only what is still to be paid
)

// StatementKinds are all the kinds.
var StatementKinds = []StatementKind{Activity, Unpaid}

// Statement is what an account was billed for and paid in a stretch of time, as it
// was when the statement was made.
type Statement struct {
	ID       StatementID   `json:"id"`
	Kind     StatementKind `json:"kind"`
	MadeAt   time.Time     `json:"made_at"`
	From     input.Date    `json:"from"`
	Until    input.Date    `json:"until"`
	Account  Account       `json:"account"`
	Header   string        `json:"header"`
	Comments string        `json:"comments"`
	// Reference is what the account is known by.
	Reference   string    `json:"reference"`
	Total       Pence     `json:"total"`
	Paid        Pence     `json:"paid"` // less what was given back
	Outstanding Pence     `json:"outstanding"`
	DeletedAt   time.Time `json:"deleted_at,omitzero"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (s Statement) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "statement", ID: int64(s.ID), Patient: int64(s.Account.Patient), Personal: true}
}

// Deleted reports whether the statement was deleted.
func (s Statement) Deleted() bool { return !s.DeletedAt.IsZero() }

// StatementLine is an invoice on a statement, as it was then.
type StatementLine struct {
	Invoice                  InvoiceID
	Total, Paid, Outstanding Pence
}

// StatementRequest asks for a statement.
type StatementRequest struct {
	Kind        StatementKind
	Account     Account
	From, Until input.Date // both included
	// Header and Reference are worked out where they are empty.
	Header, Reference, Comments string
}

// MakeStatement makes a statement of the invoices that go to an account, with a
// date in a stretch of days, as they are now; cancelled ones are left out. Errors:
// patient.ErrNotFound, contact.ErrNotFound.
func (s *Service) MakeStatement(ctx context.Context, r StatementRequest) (Statement, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Statement{}, err
	}
	var in input.Checks
	r.Kind = input.Choice(&in, "type", r.Kind, StatementKinds)
	r.From, r.Until = dated(&in, "start", r.From), dated(&in, "end", r.Until)
	r.Header, r.Reference = in.Text("header", r.Header, 200), in.Text("reference", r.Reference, 100)
	r.Comments = in.Lines("comments", r.Comments, 5000)
	if r.Until < r.From {
		in.Wrong("end", input.CodeDate, "a date on or after start", "This range ends before it starts.")
	}
	if (r.Account.Patient == 0) == (r.Account.Contact == 0) {
		in.Wrong("account", input.CodeType, "a patient or a contact", "A statement is of one patient or one contact.")
	}
	if err := in.Err(); err != nil {
		return Statement{}, err
	}
	now := s.now()
	st := Statement{
		ID: StatementID(s.NewID()), Kind: r.Kind, MadeAt: now, From: r.From, Until: r.Until, Account: r.Account,
		Header: r.Header, Reference: r.Reference,
		Comments: r.Comments, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := name(ctx, tx, who, &st); err != nil {
			return err
		}
		var err error
		if st, err = tx.AddStatement(ctx, who.Group, st); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "statement.create", "statement", int64(st.ID), nil, st))
	})
	return st, err
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
		c, err := tx.Contact(ctx, who.Group, id)
		if err != nil {
			return err
		}
		if c.Deleted() {
			return contact.ErrDeleted
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

// DeleteStatement deletes a statement: it is kept, and listed only when deleted
// ones are asked for. Deleting it again changes nothing. Error:
// ErrStatementNotFound.
func (s *Service) DeleteStatement(ctx context.Context, id StatementID) (Statement, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Statement{}, err
	}
	now := s.now()
	var after Statement
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, err := tx.LockStatement(ctx, who.Group, id)
		if after = before; err != nil || before.Deleted() {
			return err
		}
		after.DeletedAt, after.UpdatedAt, after.Version = now, now, before.Version+1
		if err := tx.SaveStatement(ctx, who.Group, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "statement.delete", "statement", int64(id), before, after))
	})
	return after, err
}

// Statement finds one statement, deleted or not. Error: ErrStatementNotFound.
func (s *Service) Statement(ctx context.Context, id StatementID) (Statement, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return Statement{}, err
	}
	found, err := s.Store.Statement(ctx, who.Group, id)
	if err == nil {
		audit.Seen(ctx, found)
	}
	return found, err
}

// StatementQuery is what statements to list: Size of them next to Cursor, in the
// order of their ids.
type StatementQuery struct {
	// Cursor is the last one received; 0 is the beginning, or the end of the list
	// when going back.
	Cursor StatementID
	Back   bool
	Size   int // 0 is input.DefaultPage
	// Made is when they were made.
	Made    input.Span
	Listing input.Listing // Page is not looked at
}

// Statements lists statements, and whether more follow in that direction.
func (s *Service) Statements(ctx context.Context, q StatementQuery) (found []Statement, more bool, err error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, false, err
	}
	if q.Size == 0 {
		q.Size = input.DefaultPage
	}
	if q.Size < 1 || q.Size > input.MaxPage {
		return nil, false, fault.Wrong("page_size", input.CodeBig, "a whole number from 1 to 200",
			"A page has from 1 to 200 statements.")
	}
	size := q.Size
	q.Size++
	found, err = s.Store.Statements(ctx, who.Group, q)
	if more = len(found) > size; more {
		found = found[:size]
	}
	if q.Back {
		slices.Reverse(found)
	}
	audit.Seen(ctx, found...)
	return found, more, err
}

// InvoicesOfStatements lists what is on some statements, as it was when they were
// made.
func (s *Service) InvoicesOfStatements(ctx context.Context, of []StatementID) (map[StatementID][]StatementLine, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	return s.Store.InvoicesOfStatements(ctx, who.Group, of)
}
