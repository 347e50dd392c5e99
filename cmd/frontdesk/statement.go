package main

import (
	"context"

	"frontdesk/operator"
)

type statement struct {
	Create statementCreate `cmd:"" help:"${statement_create_help}"`
}

type statementCreate struct {
	database
	output
	Group       string `required:"" placeholder:"ID" help:"The practice group."`
	Patient     string `placeholder:"ID" xor:"account" required:"" help:"The patient whose account it is."`
	Contact     string `placeholder:"ID" xor:"account" required:"" help:"The contact whose account it is."`
	From        string `required:"" placeholder:"DATE" help:"The first date on the invoices, as YYYY-MM-DD."`
	Until       string `required:"" placeholder:"DATE" help:"The last date on the invoices."`
	Outstanding bool   `help:"Only what is still to be paid."`
	Comments    string `placeholder:"TEXT" help:"What stands below it."`
}

// Run makes a statement.
func (s statementCreate) Run(ctx context.Context) error {
	return s.as(ctx, func(o *operator.Operator) error {
		made, err := o.MakeStatement(ctx, operator.NewStatement{
			Group: s.Group, Patient: s.Patient, Contact: s.Contact, From: s.From, Until: s.Until, Unpaid: s.Outstanding,
			Comments: s.Comments,
		})
		if err != nil {
			return err
		}
		return s.print(made, "STATEMENT,REFERENCE,TOTAL,PAID,OUTSTANDING", []string{made.ID, made.Reference, made.Total,
			made.Paid, made.Outstanding})
	})
}
