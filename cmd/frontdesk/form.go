package main

import (
	"context"
	"os"

	"frontdesk/operator"
)

type forms struct {
	Add  formAdd  `cmd:"" help:"Add a form that is written in JSON."`
	List formList `cmd:"" help:"List the forms there are."`
}

type formAdd struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
	File  string `arg:"" type:"existingfile" help:"The form, in JSON."`
}

// Run adds a form.
func (f formAdd) Run(ctx context.Context) error {
	text, err := os.ReadFile(f.File)
	if err != nil {
		return err
	}
	return f.as(ctx, func(o *operator.Operator) error {
		made, err := o.AddForm(ctx, f.Group, text)
		if err != nil {
			return err
		}
		return f.print(made, "FORM,TITLE", []string{made.ID, made.Title})
	})
}

type formList struct {
	database
	output
	Group string `required:"" placeholder:"ID" help:"The practice group."`
}

// Run lists the forms of a group.
func (f formList) Run(ctx context.Context) error {
	return f.as(ctx, func(o *operator.Operator) error {
		all, err := o.Forms(ctx, f.Group)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, one := range all {
			rows[i] = []string{one.ID, one.Title}
		}
		return f.print(all, "FORM,TITLE", rows...)
	})
}
