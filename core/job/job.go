// Package job is work still to do, kept in the same transaction as the reason
// for doing it.
package job

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/fault"
)

// Job is one piece of work.
type Job struct {
	// Group is the practice group the work is for.
	Group int64 `json:"group"`
	// Kind names the work, for example "booking.release".
	Kind string `json:"kind"`
	// Key makes it one job: while a job of the same group, kind and key waits
	// to run, adding it again changes nothing. Empty means always a new job.
	Key string `json:"key"`
	// RunAt is when it falls due; the zero time is now.
	RunAt time.Time `json:"-"`
	// Queue is the queue it waits in: work that waits for the outside world has
	// one of its own, so that it keeps nothing else waiting. Empty is the usual
	// one.
	Queue string `json:"-"`
	// Args is what the work needs to know, as JSON.
	Args json.RawMessage `json:"args,omitempty"`
}

// Row is a job in the form the queue keeps it.
type Row struct{ Job }

// Kind names the work to the queue.
func (r Row) Kind() string { return r.Job.Kind }

// Handler does the work. It may be called more than once for the same job and
// must not mind. A fault that time may heal is tried again later, any other is
// dropped and logged.
type Handler func(ctx context.Context, j Job) error

// ErrUnreadable is returned for a job whose arguments cannot be read. It is dropped.
var ErrUnreadable = fault.New(fault.Invalid, "bad_job", "This job cannot be read.")

// Read decodes what the job needs to know. Error: ErrUnreadable.
func (j Job) Read(into any) error {
	if err := json.Unmarshal(j.Args, into); err != nil {
		return ErrUnreadable.Because(err)
	}
	return nil
}

// Args encodes what a job needs to know. The value must be encodable: it is
// always one of our own plain structs.
func Args(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
