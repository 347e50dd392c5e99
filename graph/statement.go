package graph

import (
	"context"
	"strings"

	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/patient"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func statementOf(s billing.Statement) *gql.AccountStatement {
	out := &gql.AccountStatement{
		ID: encode(kindStatement, s.ID), StatementType: new(gql.AccountStatementType(strings.ToUpper(string(s.Kind)))),
		Date:  scalar.Of(s.MadeAt),
		Start: on(s.From), End: on(s.Until), Header: text(s.Header), AccountReferenceNumber: text(s.Reference),
		Comments:  text(s.Comments),
		TotalPaid: money(s.Paid), TotalPrice: money(s.Total), TotalOutstanding: money(s.Outstanding),
		CreatedAt: scalar.Of(s.CreatedAt),
		UpdatedAt: scalar.Of(s.UpdatedAt), Deleted: new(s.Deleted()), AccountID: encode(kindPatient, s.Account.Patient),
	}
	if s.Account.Contact != 0 {
		out.AccountID = encode(kindContact, s.Account.Contact)
	}
	return out
}

// AccountStatement finds one statement, deleted or not.
func (q query) AccountStatement(ctx context.Context, id string) (*gql.AccountStatement, error) {
	n, err := known[billing.StatementID](kindStatement, id)
	if err != nil {
		return nil, err
	}
	s, err := q.core.Billing.Statement(ctx, n)
	return absent(statementOf(s), err, billing.ErrStatementNotFound)
}

// AccountStatements lists statements.
func (q query) AccountStatements(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.CursorPagination, options *gql.QueryOptions,
) (*gql.AccountStatementData, error) {
	if pagination == nil {
		pagination = &gql.CursorPagination{}
	}
	p, l, err := q.listing(ctx, &gql.Pagination{PageSize: pagination.PageSize}, options)
	if err != nil {
		return nil, err
	}
	ask := billing.StatementQuery{Size: p.size, Listing: l}
	if ask.Made, err = q.span(ctx, dateRange); err != nil {
		return nil, err
	}
	if c := word(pagination.Cursor); c != "" {
		if ask.Cursor, err = known[billing.StatementID](kindStatement, c); err != nil {
			return nil, err
		}
		if ask.Cursor == 0 {
			return nil, ErrCursor
		}
	}
	if d := pagination.Direction.Value(); d != nil {
		ask.Back = *d == gql.CursorPaginationDirectionPrevious
	}
	all, more, err := q.core.Billing.Statements(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AccountStatementData{
		Data: mapped(all, statementOf), PageInfo: &gql.PageInfoForCursorPagination{PageSize: &p.size, HasMore: &more},
	}, nil
}

// Account is whose a statement is.
func (f statementFields) Account(ctx context.Context, obj *gql.AccountStatement) (gql.Account, error) {
	switch k, id, _ := decode(obj.AccountID); k {
	case kindContact:
		// Nothing at all, and not a contact that is nil.
		if c, err := f.contactByID(ctx, contact.ID(id)); err != nil || c != nil {
			return c, err
		}
	case kindPatient:
		if p, err := f.patientByID(ctx, patient.ID(id)); err != nil || p != nil {
			return p, err
		}
	}
	return nil, nil
}

// Invoices are those on a statement, as they are now: the statement's sums are as
// they were when it was made.
func (f statementFields) Invoices(ctx context.Context, obj *gql.AccountStatement) ([]*gql.Invoice, error) {
	rows, err := loaderOf(ctx, "invoices of statements", f.core.Billing.InvoicesOfStatements).Load(ctx,
		ourID[billing.StatementID](&obj.ID))
	if err != nil {
		return nil, err
	}
	all, err := loaded(ctx, loaderOf(ctx, "invoices", f.core.Billing.InvoicesByID),
		mapped(rows, func(l billing.StatementLine) billing.InvoiceID { return l.Invoice }))
	if err != nil {
		return nil, err
	}
	return f.invoices(ctx, all)
}
