package main

import (
	"context"
	"time"

	"frontdesk/operator"
)

type groupWaiting struct {
	database
	output
	Group  string         `required:"" placeholder:"ID" help:"The practice group."`
	Hold   *time.Duration `placeholder:"DURATION" help:"How long a time is held for the patient it is offered to."`
	Notice *time.Duration `placeholder:"DURATION" help:"How long before its start a time is offered at the latest."`
}

// Run sets how a practice group offers times to patients on its waiting list.
func (g groupWaiting) Run(ctx context.Context) error {
	return g.as(ctx, func(o *operator.Operator) error {
		w, err := o.WaitingList(ctx, g.Group, g.Hold, g.Notice)
		if err != nil {
			return err
		}
		return g.print(w, "HELD FOR,OFFERED UNTIL", []string{w.Hold, w.Notice + " before"})
	})
}
