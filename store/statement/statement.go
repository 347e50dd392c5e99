// Package statement keeps what core/statement remembers.
package statement

import (
	"context"
	"slices"

	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/statement"
	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const statementColumns = `id, kind, made_at, from_date, until_date, patient_id, contact_id, header,
	comments, reference, total, paid, outstanding,
	deleted_at, version, created_at, updated_at`

func scanStatement(scan store.Scanner) (statement.Statement, error) {
	var s statement.Statement
	err := scan(&s.ID, &s.Kind, value.When(&s.MadeAt), value.Day(&s.From), value.Day(&s.Until),
		value.Num(&s.Account.Patient), value.Num(&s.Account.Contact), &s.Header,
		&s.Comments, &s.Reference, &s.Total, &s.Paid, &s.Outstanding, value.When(&s.DeletedAt), &s.Version,
		value.When(&s.CreatedAt), value.When(&s.UpdatedAt))
	return s, err
}

// Statement finds a statement.
func (t *Tx) Statement(ctx context.Context, group practice.ID, id statement.ID) (statement.Statement, error) {
	return store.Find(ctx, t.Conn, statement.ErrNotFound, `SELECT `+statementColumns+` FROM statement WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id}, scanStatement)
}

// LockStatement keeps others from changing the statement, and finds it.
func (t *Tx) LockStatement(ctx context.Context, group practice.ID, id statement.ID) (statement.Statement, error) {
	if _, err := t.Exec(ctx, `UPDATE statement SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return statement.Statement{}, err
	}
	return t.Statement(ctx, group, id)
}

// Which statements to list: $2 is whether to give deleted ones, $3 the cursor, $4
// how many, and after that come the stretches of time.
const (
	statementsOf = `SELECT ` + statementColumns + ` FROM statement WHERE practice_group_id = $1 AND (deleted_at
		IS NULL OR $2)
		AND made_at >= $5 AND made_at <= $6 AND created_at >= $7 AND created_at <= $8 AND updated_at >= $9 AND
		updated_at <= $10`
	statementsAfter  = statementsOf + ` AND id > $3 ORDER BY id LIMIT $4`
	statementsBefore = statementsOf + ` AND id < $3 ORDER BY id DESC LIMIT $4`
)

// Statements lists statements.
func (t *Tx) Statements(
	ctx context.Context, group practice.ID, q statement.Query, rows input.Rows,
) ([]statement.Statement, error) {
	text := statementsAfter
	if rows.Back {
		text = statementsBefore
	}
	from, until := q.Made.Bounds()
	found, err := store.List(ctx, t.Conn, text,
		append(store.In{group, q.Deleted, rows.From, rows.Limit, from, until}, listing.Spans(q.Listing)...),
		scanStatement)
	if rows.Back {
		slices.Reverse(found)
	}
	return found, err
}

// The invoices that belong on statement $2, as they are: those of account $3 with
// a date from $4 to $5; with $6, only those that are not paid.
const (
	putOn = `INSERT INTO statement_invoice (practice_group_id, statement_id, invoice_id, total, paid, outstanding)
		SELECT practice_group_id, CAST($2 AS bigint), id, total, paid - refunded, total - paid + refunded FROM invoice
		WHERE practice_group_id = $1 AND dated >= $4 AND dated <= $5 AND cancelled_at IS NULL AND (total - paid +
		refunded > 0 OR NOT $6)`
	putOnPatients = putOn + ` AND payer_patient_id = $3`
	putOnContacts = putOn + ` AND payer_contact_id = $3`
)

// AddStatement keeps a statement and what is on it.
func (t *Tx) AddStatement(ctx context.Context, group practice.ID, s statement.Statement) (statement.Statement, error) {
	_, err := t.Exec(ctx, `INSERT INTO statement (`+statementColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		s.ID, s.Kind, s.MadeAt, s.From.String(), s.Until.String(), value.Opt(s.Account.Patient),
		value.Opt(s.Account.Contact), s.Header, s.Comments, s.Reference,
		s.Total, s.Paid, s.Outstanding, value.At(s.DeletedAt), s.Version, s.CreatedAt, s.UpdatedAt, group)
	if err != nil {
		return s, err
	}
	text, account := putOnPatients, int64(s.Account.Patient)
	if s.Account.Contact != 0 {
		text, account = putOnContacts, int64(s.Account.Contact)
	}
	if _, err := t.Exec(ctx, text, group, s.ID, account, s.From.String(), s.Until.String(),
		s.Kind == statement.Unpaid); err != nil {
		return s, err
	}
	// The sums are of what is on the statement, and not of the invoices, which
	// others may have changed since.
	if _, err := t.One(ctx, `SELECT CAST(COALESCE(sum(total), 0) AS bigint), CAST(COALESCE(sum(paid), 0) AS
		bigint), CAST(COALESCE(sum(outstanding), 0) AS bigint)
		FROM statement_invoice WHERE practice_group_id = $1 AND statement_id = $2`, store.In{group, s.ID}, &s.Total,
		&s.Paid, &s.Outstanding); err != nil {
		return s, err
	}
	_, err = t.Exec(ctx, `UPDATE statement SET total = $3, paid = $4, outstanding = $5 WHERE practice_group_id = $1
		AND id = $2`,
		group, s.ID, s.Total, s.Paid, s.Outstanding)
	return s, err
}

// SaveStatement keeps that a statement was deleted.
func (t *Tx) SaveStatement(ctx context.Context, group practice.ID, s statement.Statement) error {
	_, err := t.Exec(ctx, `UPDATE statement SET deleted_at = $3, version = $4, updated_at = $5 WHERE
		practice_group_id = $1 AND id = $2`,
		group, s.ID, value.At(s.DeletedAt), s.Version, s.UpdatedAt)
	return err
}

const selectOnStatements = `SELECT statement_id, invoice_id, total, paid, outstanding FROM statement_invoice WHERE
	practice_group_id = $1 AND statement_id IN `

var invoicesOfStatements = store.Among(selectOnStatements+store.Few2+` ORDER BY statement_id, invoice_id`,
	selectOnStatements+store.Many2+` ORDER BY statement_id, invoice_id`)

// InvoicesOfStatements lists what is on statements.
func (t *Tx) InvoicesOfStatements(
	ctx context.Context, group practice.ID, of []statement.ID,
) (map[statement.ID][]statement.Line, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, invoicesOfStatements, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[statement.ID, statement.Line], error) {
			var o store.Owned[statement.ID, statement.Line]
			err := scan(&o.Of, &o.Thing.Invoice, &o.Thing.Total, &o.Thing.Paid, &o.Thing.Outstanding)
			return o, err
		}))
}
