package billing

import (
	"context"
	"strings"

	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/statement"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func statementOf(s statement.Statement) *gql.AccountStatement {
	out := &gql.AccountStatement{
		ID:            wire.Encode(wire.KindStatement, s.ID),
		StatementType: new(gql.AccountStatementType(strings.ToUpper(string(s.Kind)))),
		Date:          scalar.Of(s.MadeAt),
		Start:         wire.Date(s.From), End: wire.Date(s.Until), Header: wire.Text(s.Header),
		AccountReferenceNumber: wire.Text(s.Reference),
		Comments:               wire.Text(s.Comments),
		TotalPaid:              money(s.Paid), TotalPrice: money(s.Total), TotalOutstanding: money(s.Outstanding),
		CreatedAt: scalar.Of(s.CreatedAt),
		UpdatedAt: scalar.Of(s.UpdatedAt), Deleted: new(s.Deleted()), AccountID: wire.Encode(wire.KindPatient,
			s.Account.Patient),
	}
	if s.Account.Contact != 0 {
		out.AccountID = wire.Encode(wire.KindContact, s.Account.Contact)
	}
	return out
}

// AccountStatement finds one statement, deleted or not.
func (q Query) AccountStatement(ctx context.Context, id string) (*gql.AccountStatement, error) {
	n, err := wire.Known[statement.ID](wire.KindStatement, id)
	if err != nil {
		return nil, err
	}
	s, err := q.Core.Statement.Find(ctx, n)
	return wire.Absent(statementOf(s), err, statement.ErrNotFound)
}

// AccountStatements lists statements.
func (q Query) AccountStatements(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.CursorPagination, options *gql.QueryOptions,
) (*gql.AccountStatementData, error) {
	if pagination == nil {
		pagination = &gql.CursorPagination{}
	}
	p, l, err := q.Listing(ctx, &gql.Pagination{PageSize: pagination.PageSize}, options)
	if err != nil {
		return nil, err
	}
	ask := statement.Query{Cursor: input.Cursor{Size: p.Size}, Listing: l}
	if ask.Made, err = q.Span(ctx, dateRange); err != nil {
		return nil, err
	}
	if c := wire.Word(pagination.Cursor); c != "" {
		id, err := wire.Known[statement.ID](wire.KindStatement, c)
		if err != nil {
			return nil, err
		}
		if ask.Cursor.From = int64(id); id == 0 {
			return nil, wire.ErrCursor
		}
	}
	if d := pagination.Direction.Value(); d != nil {
		ask.Cursor.Back = *d == gql.CursorPaginationDirectionPrevious
	}
	all, more, err := q.Core.Statement.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AccountStatementData{
		Data: wire.Map(all, statementOf), PageInfo: &gql.PageInfoForCursorPagination{PageSize: &p.Size, HasMore: &more},
	}, nil
}

// Account is whose a statement is.
func (f StatementFields) Account(ctx context.Context, obj *gql.AccountStatement) (gql.Account, error) {
	switch k, id, _ := wire.Decode(obj.AccountID); k {
	case wire.KindContact:
		// Nothing at all, and not a contact that is nil.
		if c, err := f.ContactByID(ctx, contact.ID(id)); err != nil || c != nil {
			return c, err
		}
	case wire.KindPatient:
		if p, err := f.PatientByID(ctx, patient.ID(id)); err != nil || p != nil {
			return p, err
		}
	}
	return nil, nil
}

// Invoices are those on a statement, as they are now: the statement's sums are as
// they were when it was made.
func (f StatementFields) Invoices(ctx context.Context, obj *gql.AccountStatement) ([]*gql.Invoice, error) {
	rows, err := wire.Loader(ctx, "invoices of statements", f.Core.Statement.InvoicesOn).Load(ctx,
		wire.Decoded[statement.ID](&obj.ID))
	if err != nil {
		return nil, err
	}
	all, err := wire.LoadAll(ctx, wire.Loader(ctx, "invoices", f.Core.Invoice.ByID),
		wire.Map(rows, func(l statement.Line) billing.InvoiceID { return l.Invoice }))
	if err != nil {
		return nil, err
	}
	return f.invoices(ctx, all)
}
