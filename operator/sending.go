package operator

import (
	"context"
	"time"

	"frontdesk/store"
)

// Sending tells whether messages go out.
func (o *Operator) Sending(ctx context.Context) (store.Sending, error) { return o.DB.Sending(ctx) }

// PauseSending stops all sending; ResumeSending lets it go on. Running servers
// take it up at once.
func (o *Operator) PauseSending(ctx context.Context) error {
	return o.DB.PauseSending(ctx, time.Now(), "paused by an operator")
}

// ResumeSending lets messages go out again.
func (o *Operator) ResumeSending(ctx context.Context) error { return o.DB.ResumeSending(ctx) }
