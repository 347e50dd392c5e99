package wire

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

// Unknown is an id that no thing has, where core takes 0 for no id at all.
const Unknown = -1

// IDOrUnknown is Known for an id that may be left out: an id that no thing can have is
// Unknown and not 0.
func IDOrUnknown[T ~int64](k Kind, s string) (T, error) {
	id, err := Known[T](k, s)
	if err == nil && id == 0 {
		id = Unknown
	}
	return id, err
}

// OptionalID reads an optional id of an input: nil leaves a thing as it is, and null or
// nothing takes it away.
func OptionalID[T ~int64](k Kind, v *string, set bool) (*T, error) {
	if !set {
		return nil, nil
	}
	if v == nil || *v == "" {
		return new(T(0)), nil
	}
	id, err := IDOrUnknown[T](k, *v)
	return &id, err
}

// Listing reads which part of a list is wanted, and what it is narrowed by.
func (d *Resolver) Listing(ctx context.Context, p *gql.Pagination, o *gql.QueryOptions) (Page, input.Listing, error) {
	if o == nil {
		o = &gql.QueryOptions{}
	}
	return d.Narrowed(ctx, p, o.IncludeDeleted.Value(), o.CreatedAt.Value(), o.UpdatedAt.Value())
}

// Narrowed is Listing for lists whose options are not QueryOptions.
func (d *Resolver) Narrowed(
	ctx context.Context, p *gql.Pagination, deleted *bool, created, updated *gql.DateRange,
) (Page, input.Listing, error) {
	at := PageOf(p)
	l := input.Listing{Page: input.Page{Number: at.Number, Size: at.Size}, Deleted: Deref(deleted)}
	var err error
	l.Created, err = d.Span(ctx, created)
	if err == nil {
		l.Updated, err = d.Span(ctx, updated)
	}
	return at, l, err
}

// Span is a stretch of true time, both of its ends included. A date is that whole
// day at the practice, whichever end it is.
func (d *Resolver) Span(ctx context.Context, r *gql.DateRange) (out input.Span, err error) {
	start, end, err := ends(r)
	if err != nil || start == nil && end == nil {
		return out, err
	}
	zone := time.UTC
	if dated := func(m *scalar.Moment) bool { return m != nil && m.Form == scalar.Day }; dated(start) || dated(end) {
		if zone, err = d.Zone(ctx); err != nil {
			return out, err
		}
	}
	if out.From, err = TrueTime(zone, start); err != nil {
		return out, err
	}
	out.Until, err = TrueEnd(zone, end)
	return out, err
}

// Days is a stretch of dates, both of its ends included.
func Days(r *gql.DateRange) (input.Days, error) {
	start, end, err := ends(r)
	return input.Days{From: DateOf(start), Until: DateOf(end)}, err
}

// ends are the ends of a range of time, nil where left out. A time must have a zone.
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

// Map is a list of our things as a list of the contract's.
func Map[T, G any](all []T, of func(T) G) []G {
	out := make([]G, len(all))
	for i, v := range all {
		out[i] = of(v)
	}
	return out
}

// Absent gives null, and no error, for a thing the practice does not have.
func Absent[G any](v *G, err error, none *fault.Error) (*G, error) {
	if errors.Is(err, none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// LoadAll reads several things along with others that are asked for.
func LoadAll[K comparable, V any](ctx context.Context, l *dataloadgen.Loader[K, V], keys []K) ([]V, error) {
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

// OptionalDays is a range of dates; nil where none was asked for.
func OptionalDays(r *gql.DateRange) (*input.Days, error) {
	d, err := Days(r)
	if err != nil || d.From == input.NoDate && d.Until == input.NoDate {
		return nil, err
	}
	return &d, nil
}

// Part is a page of what belongs to the thing a field is of, read along with
// that of others.
func Part[K ~int64, P any](ctx context.Context, name, id string, number, size *int, fetch func(context.Context, []K,
	input.Page) (map[K]P, error)) (P, Page, error) {
	_, n, _ := Decode(id)
	at := Numbered(number, size)
	found, err := Loader(ctx, fmt.Sprint(name, " ", at.Number, " ", at.Size), func(ctx context.Context,
		ids []K) (map[K]P, error) {
		return fetch(ctx, ids, input.Page{Number: at.Number, Size: at.Size})
	}).Load(ctx, K(n))
	return found, at, err
}
