package graph

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
)

// call is one operation while it runs. Its fields run side by side.
type call struct {
	operation string
	// most is how many values the answer may have, 0 where it may have any number,
	// and values how many it has.
	most   int64
	values atomic.Int64

	mu      sync.Mutex
	entries []audited
	// reasons are the codes of what went wrong in payloads, by the name of the
	// field in the answer: a payload has room for a sentence alone.
	reasons map[string]string
	// done: a change was made, or refused for what was asked. outside: the outside
	// world must be asked first. failed: why a change could not be made for another
	// reason.
	done, outside bool
	failed        *fault.Error
}

// tooMuch reports whether the answer has more values than it may.
func (c *call) tooMuch() bool { return c.most > 0 && c.values.Load() > c.most }

// join adds what another call of the same request did.
func (c *call) join(other *call) {
	c.entries = append(c.entries, other.entries...)
	c.done, c.outside = c.done || other.done, c.outside || other.outside
	c.failed = cmp.Or(c.failed, other.failed)
}

// changed notes how a change ended.
func (c *call) changed(f *fault.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f == nil || inPayload(f.Kind):
		c.done = true
	case errors.Is(f, idempotency.ErrOutside):
		c.outside = true
	default:
		c.failed = f
	}
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// field is what every field goes through. Fields that only hand on what is there
// pass at once.
func (d *door) field(ctx context.Context, next graphql.Resolver) (any, error) {
	at, call := graphql.GetFieldContext(ctx), callOf(ctx)
	if call.values.Add(1); call.tooMuch() {
		return nil, nil // there will be no answer
	}
	if !at.IsResolver {
		return next(ctx)
	}
	out, err := safely(ctx, next)
	if at.Object != queryName && at.Object != mutationName {
		return out, asFault(err)
	}
	f := asFault(err)
	if f != nil {
		f = d.called(at, fault.Of(f))
	}
	d.note(ctx, at, f)
	if at.Object == mutationName {
		call.changed(faultOrNil(f))
	}
	if f == nil {
		return out, nil
	}
	if at.Object == mutationName && inPayload(fault.Of(f).Kind) {
		if empty := d.payload(at, fault.Of(f)); empty != nil {
			call.mu.Lock()
			defer call.mu.Unlock()
			if call.reasons == nil {
				call.reasons = map[string]string{}
			}
			call.reasons[at.Field.Alias] = refusalOf(fault.Of(f)).Code
			return empty, nil
		}
	}
	return nil, f
}

const (
	queryName    = "Query"
	mutationName = "Mutation"
)

// safely asks core and turns a panic into a fault, so that it is logged
// like any other.
func safely(ctx context.Context, next graphql.Resolver) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, recovered(ctx, p)
		}
	}()
	return next(ctx)
}

// asFault makes an error a fault, keeping what wraps one.
func asFault(err error) error {
	if err == nil {
		return nil
	}
	return fault.Of(err)
}

func faultOrNil(err error) *fault.Error {
	if err == nil {
		return nil
	}
	return fault.Of(err)
}

// inPayload reports whether a mutation answers a fault of the kind in its payload
// and not in `errors`.
func inPayload(k fault.Kind) bool {
	switch k {
	case fault.Unauthenticated, fault.Forbidden, fault.Limited, fault.Internal, fault.Unavailable:
		return false
	}
	return true
}

// payload is a mutation's payload without data, with what went wrong; nil for a
// mutation whose payload has no field for that.
func (d *door) payload(at *graphql.FieldContext, f *fault.Error) any {
	kind, ok := payloads()[strings.ToLower(at.Field.Name)]
	if !ok {
		return nil
	}
	out := reflect.New(kind)
	message := sentence(f)
	out.Elem().FieldByName("Error").Set(reflect.ValueOf(&message))
	return out.Interface()
}

// payloads are the types of the mutations' payloads that have an error, by the
// name of the mutation in small letters.
var payloads = sync.OnceValue(func() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	mutations := reflect.TypeFor[mutation]()
	for m := range mutations.Methods() {
		if m.Type.NumOut() == 0 || m.Type.Out(0).Kind() != reflect.Pointer ||
			m.Type.Out(0).Elem().Kind() != reflect.Struct {
			continue
		}
		kind := m.Type.Out(0).Elem()
		if field, ok := kind.FieldByName("Error"); ok && field.Type == reflect.TypeFor[*string]() {
			out[strings.ToLower(m.Name)] = kind
		}
	}
	return out
})
