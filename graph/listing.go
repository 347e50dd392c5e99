package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vikstrous/dataloadgen"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// nobody is an id that is nobody's, where core takes 0 for none at all.
const nobody = -1

// some is known for an id that core need not have: one that can be nobody's is
// not taken for none.
func some[T ~int64](k kind, s string) (T, error) {
	id, err := known[T](k, s)
	if err == nil && id == 0 {
		id = nobody
	}
	return id, err
}

// someOrNone reads an optional id of an input: nil leaves a thing as it is, and null or
// nothing takes it away.
func someOrNone[T ~int64](k kind, v *string, set bool) (*T, error) {
	if !set {
		return nil, nil
	}
	if v == nil || *v == "" {
		return new(T(0)), nil
	}
	id, err := some[T](k, *v)
	return &id, err
}

// listing reads which part of a list is wanted, and what it is narrowed by.
func (d *resolver) listing(ctx context.Context, p *gql.Pagination, o *gql.QueryOptions) (page, input.Listing, error) {
	if o == nil {
		o = &gql.QueryOptions{}
	}
	return d.narrowed(ctx, p, o.IncludeDeleted.Value(), o.CreatedAt.Value(), o.UpdatedAt.Value())
}

func (d *resolver) narrowed(
	ctx context.Context, p *gql.Pagination, deleted *bool, created, updated *gql.DateRange,
) (page, input.Listing, error) {
	at := pageOf(p)
	l := input.Listing{Page: input.Page{Number: at.number, Size: at.size}, Deleted: deref(deleted)}
	var err error
	l.Created, err = d.span(ctx, created)
	if err == nil {
		l.Updated, err = d.span(ctx, updated)
	}
	return at, l, err
}

// span is a stretch of true time, both of its ends included. A date is that whole
// day at the practice, whichever end it is.
func (d *resolver) span(ctx context.Context, r *gql.DateRange) (out input.Span, err error) {
	start, end, err := ends(r)
	if err != nil || start == nil && end == nil {
		return out, err
	}
	zone := time.UTC
	if dated := func(m *scalar.Moment) bool { return m != nil && m.Form == scalar.Day }; dated(start) || dated(end) {
		if zone, err = d.zone(ctx); err != nil {
			return out, err
		}
	}
	if out.From, err = trueTime(zone, start); err != nil {
		return out, err
	}
	out.Until, err = trueEnd(zone, end)
	return out, err
}

// days is a stretch of dates, both of its ends included.
func days(r *gql.DateRange) (input.Days, error) {
	start, end, err := ends(r)
	return input.Days{From: dateOf(start), Until: dateOf(end)}, err
}

// ends are the ends of a stretch of time that there are. A time must say its zone.
func ends(r *gql.DateRange) (start, end *scalar.Moment, err error) {
	if r == nil {
		return nil, nil, nil
	}
	for _, e := range []struct {
		from *scalar.Moment
		to   **scalar.Moment
	}{{r.Start.Value(), &start}, {r.End.Value(), &end}} {
		if e.from == nil || e.from.IsZero() {
			continue
		}
		if e.from.Form == scalar.Local {
			return nil, nil, ErrDate
		}
		*e.to = e.from
	}
	return start, end, nil
}

// mapped is a list of our things as a list of the contract's.
func mapped[T, G any](all []T, of func(T) G) []G {
	out := make([]G, len(all))
	for i, v := range all {
		out[i] = of(v)
	}
	return out
}

// absent gives null, and no error, for a thing the practice does not have.
func absent[G any](v *G, err error, none *fault.Error) (*G, error) {
	if errors.Is(err, none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// loaded reads several things along with others that are asked for.
func loaded[K comparable, V any](ctx context.Context, l *dataloadgen.Loader[K, V], keys []K) ([]V, error) {
	later := make([]func() (V, error), len(keys))
	for i, k := range keys {
		later[i] = l.LoadThunk(ctx, k)
	}
	out := make([]V, len(keys))
	for i, get := range later {
		v, err := get()
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// datedIn is a stretch of dates; nil where none was asked for.
func datedIn(r *gql.DateRange) (*input.Days, error) {
	d, err := days(r)
	if err != nil || d.From == input.NoDate && d.Until == input.NoDate {
		return nil, err
	}
	return &d, nil
}

// part is a page of what belongs to the thing a field is of, read along with
// that of others.
func part[K ~int64, P any](ctx context.Context, name, id string, number, size *int, fetch func(context.Context, []K,
	input.Page) (map[K]P, error)) (P, page, error) {
	_, n, _ := decode(id)
	at := numbered(number, size)
	found, err := loaderOf(ctx, fmt.Sprint(name, " ", at.number, " ", at.size), func(ctx context.Context,
		ids []K) (map[K]P, error) {
		return fetch(ctx, ids, input.Page{Number: at.number, Size: at.size})
	}).Load(ctx, K(n))
	return found, at, err
}
