package operator

import (
	"context"
	"fmt"

	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/statement"
)

// NewStatement is what an account statement should be: of a patient or of a
// contact, from one date to another.
type NewStatement struct {
	Group, Patient, Contact string
	From, Until             string
	Unpaid                  bool // only invoices with something to pay
	Comments                string
}

// Statement is an account statement, as the command line shows it. Amounts are in
// pounds.
type Statement struct {
	ID          string `json:"statement_id"`
	Reference   string `json:"reference"`
	Total       string `json:"total"`
	Paid        string `json:"paid"`
	Outstanding string `json:"outstanding"`
}

// MakeStatement makes an account statement.
func (o *Operator) MakeStatement(ctx context.Context, n NewStatement) (Statement, error) {
	ctx, _, err := o.in(ctx, n.Group)
	if err != nil {
		return Statement{}, err
	}
	var in input.Checks
	r := statement.Request{Kind: statement.Activity, From: in.Date("from", n.From), Until: in.Date("until",
		n.Until), Comments: n.Comments}
	if n.Unpaid {
		r.Kind = statement.Unpaid
	}
	if err := in.Err(); err != nil {
		return Statement{}, err
	}
	// A text that is no id is no account's.
	if n.Patient != "" {
		id, ok := input.Digits(n.Patient)
		if r.Account.Patient = patient.ID(id); !ok {
			return Statement{}, patient.ErrNotFound
		}
	}
	if n.Contact != "" {
		id, ok := input.Digits(n.Contact)
		if r.Account.Contact = contact.ID(id); !ok {
			return Statement{}, contact.ErrNotFound
		}
	}
	var s statement.Statement
	err = o.reading(ctx, "statement.create", func(ctx context.Context) error {
		audit.Seen(ctx, audit.Person(r.Account.Patient), audit.Subject{Kind: "contact", ID: int64(r.Account.Contact),
			Personal: true})
		s, err = o.Core.Statement.Create(ctx, r)
		return err
	})
	return Statement{ID: s.ID.String(), Reference: s.Reference, Total: pounds(s.Total), Paid: pounds(s.Paid),
		Outstanding: pounds(s.Outstanding)}, err
}

func pounds(p billing.Pence) string { return fmt.Sprintf("%d.%02d", p/100, p%100) }
