package wire

import (
	"context"
	"sync"
	"time"

	"github.com/vikstrous/dataloadgen"
)

// loaders read at once what the fields of many objects ask for one by one. They
// live as long as one request, or one field of a mutation: what was read before
// a change is out of date after it.
type loaders struct {
	wait time.Duration // the door's
	mu   sync.Mutex
	each map[any]any
	// asked are the fields the document asks for at its places.
	asked map[askedAt]Fields

	zoned   sync.Once
	zone    *time.Location
	zoneErr error
}

type loadersKey struct{}

// WithLoaders gives a request, or one field of a mutation, loaders of its own.
func (d *Resolver) WithLoaders(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, &loaders{wait: d.Wait, each: map[any]any{},
		asked: map[askedAt]Fields{}})
}

func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// Fields that ask within a millisecond are answered together.
const (
	LoadWait = time.Millisecond
	loadMany = 200
)

// Loader is the request's loader of a name, made when it is first asked for.
// fetch gives what it finds by id; what it leaves out is the zero value. A name
// must stand for one kind of key and value, and for the arguments, where a field
// has some: it may be of any type that can be compared.
func Loader[K comparable, V any](
	ctx context.Context, name any, fetch func(ctx context.Context, ids []K) (map[K]V, error),
) *dataloadgen.Loader[K, V] {
	all := loadersOf(ctx)
	all.mu.Lock()
	defer all.mu.Unlock()
	if l, ok := all.each[name].(*dataloadgen.Loader[K, V]); ok {
		return l
	}
	l := dataloadgen.NewLoader(func(ctx context.Context, ids []K) ([]V, []error) {
		found, err := fetch(ctx, ids)
		if err != nil {
			errs := make([]error, len(ids))
			for i := range errs {
				errs[i] = err
			}
			return make([]V, len(ids)), errs
		}
		out := make([]V, len(ids))
		for i, id := range ids {
			out[i] = found[id]
		}
		return out, nil
	}, dataloadgen.WithWait(all.wait), dataloadgen.WithBatchCapacity(loadMany))
	all.each[name] = l
	return l
}
