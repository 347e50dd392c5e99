package idempotency

import (
	"context"

	"frontdesk/core/fault"
)

// ErrOutside ends a run of a request that must call the outside world first. It
// never reaches a caller: Once makes the call and runs the request again.
var ErrOutside = fault.New(fault.Unavailable, "outside_call", "This request could not be finished. Try again.")

type outsideKey struct{}

// outside is what a request asked the outside world, by the name of the question.
type outside struct {
	ctx     context.Context
	answers map[string]answered
	next    func()
}

type answered struct {
	value any
	err   error
}

// Outside makes a call to the outside world, or gives its answer when this
// request has made it already. Inside Once nothing may be called, since a
// transaction would wait for it: the request is ended with ErrOutside, the call
// is made with no transaction open, and the request is run again.
func Outside[T any](ctx context.Context, name string, call func(context.Context) (T, error)) (T, error) {
	o, ok := ctx.Value(outsideKey{}).(*outside)
	if !ok {
		return call(ctx)
	}
	if known, ok := o.answers[name]; ok {
		value, _ := known.value.(T)
		return value, known.err
	}
	o.next = func() {
		value, err := call(o.ctx)
		o.answers[name] = answered{value, err}
	}
	var none T
	return none, ErrOutside
}

// aside runs a request until it has asked the outside world everything it
// wants to know.
func aside(ctx context.Context, run func(context.Context) (Answer, bool, error)) (Answer, bool, error) {
	o := &outside{ctx: ctx, answers: map[string]answered{}}
	inner := context.WithValue(ctx, outsideKey{}, o)
	for {
		o.next = nil
		answer, again, err := run(inner)
		if o.next == nil {
			return answer, again, err
		}
		o.next()
	}
}
