package operator

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/sending"
)

// Sending tells whether messages go out.
func (o *Operator) Sending(ctx context.Context) (sending.State, error) {
	return o.Core.Sending.State(access.With(ctx, access.Operator(0)))
}

// PauseSending stops all sending; ResumeSending lets it go on. Running servers
// take it up at once.
func (o *Operator) PauseSending(ctx context.Context) error {
	return o.Core.Sending.Pause(access.With(ctx, access.Operator(0)))
}

// ResumeSending lets messages go out again.
func (o *Operator) ResumeSending(ctx context.Context) error {
	return o.Core.Sending.Resume(access.With(ctx, access.Operator(0)))
}
