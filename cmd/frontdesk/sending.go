package main

import (
	"context"
	"fmt"
	"time"

	"frontdesk/operator"
)

type sending struct {
	Status sendingStatus `cmd:"" help:"Say whether messages go out."`
	Pause  sendingPause  `cmd:"" help:"Stop all sending. Messages wait."`
	Resume sendingResume `cmd:"" help:"Let messages go out again, for example after a backup was restored."`
}

type sendingStatus struct {
	database
	output
}

// Run says whether messages go out.
func (s sendingStatus) Run(ctx context.Context) error {
	return s.as(ctx, func(o *operator.Operator) error {
		now, err := o.Sending(ctx)
		if err != nil {
			return err
		}
		state, since := "sending", ""
		if !now.Paused.IsZero() {
			state, since = "paused", now.Paused.Format(time.RFC3339)
		}
		return s.print(now, "STATE,SINCE,WHY", []string{state, since, now.Why})
	})
}

type sendingPause struct{ database }

// Run stops all sending.
func (s sendingPause) Run(ctx context.Context) error {
	return s.as(ctx, func(o *operator.Operator) error {
		if err := o.PauseSending(ctx); err != nil {
			return err
		}
		fmt.Println("Nothing is sent any more. Let it go on with: frontdesk sending resume")
		return nil
	})
}

type sendingResume struct{ database }

// Run lets messages go out again.
func (s sendingResume) Run(ctx context.Context) error {
	return s.as(ctx, func(o *operator.Operator) error {
		if err := o.ResumeSending(ctx); err != nil {
			return err
		}
		fmt.Println("Messages go out again. What was too late meanwhile is marked as expired.")
		return nil
	})
}
