// Package read answers what callers ask for: it requires their permission, cuts lists into pages, and notes in the
// audit trail what they were shown.
package read

import (
	"context"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
)

// One finds one thing.
func One[I, T any](
	ctx context.Context, needs access.Permission, id I, find func(context.Context, access.GroupID, I) (T, error),
) (T, error) {
	out, err := Of(ctx, needs, id, find)
	if err == nil {
		seen(ctx, out)
	}
	return out, err
}

// Of reads what no audit entry names by itself, such as the lines of invoices.
func Of[I, T any](
	ctx context.Context, needs access.Permission, of I, find func(context.Context, access.GroupID, I) (T, error),
) (T, error) {
	who, err := access.Require(ctx, needs)
	if err != nil {
		var none T
		return none, err
	}
	return find(ctx, who.Group, of)
}

// ByID finds those of some things that exist.
func ByID[K comparable, T any](
	ctx context.Context, needs access.Permission, ids []K,
	find func(context.Context, access.GroupID, []K) (map[K]T, error),
) (map[K]T, error) {
	out, err := Of(ctx, needs, ids, find)
	for _, thing := range out {
		seen(ctx, thing)
	}
	return out, err
}

// Lists finds what belongs to each of many owners.
func Lists[K comparable, T any](
	ctx context.Context, needs access.Permission, of []K,
	list func(context.Context, access.GroupID, []K) (map[K][]T, error),
) (map[K][]T, error) {
	out, err := Of(ctx, needs, of, list)
	for _, things := range out {
		seen(ctx, things...)
	}
	return out, err
}

// Page lists what a query asks for, and reports whether more follow. in has checked the query, and counted the rows.
func Page[Q, T any](
	ctx context.Context, needs access.Permission, in *input.Checks, rows input.Rows, q Q,
	list func(context.Context, access.GroupID, Q, input.Rows) ([]T, error),
) (found []T, more bool, err error) {
	who, err := access.Require(ctx, needs)
	if err == nil {
		err = in.Err()
	}
	if err != nil {
		return nil, false, err
	}
	found, err = list(ctx, who.Group, q, rows)
	found, more = input.Cut(found, rows)
	seen(ctx, found...)
	return found, more, err
}

// Parts lists a page of what belongs to each of many owners. list gives the rows after from and up to until of each.
func Parts[K comparable, T any](
	ctx context.Context, needs access.Permission, of []K, p input.Page,
	list func(ctx context.Context, group access.GroupID, of []K, from, until int) (map[K][]T, error),
) (map[K]input.Part[T], error) {
	who, err := access.Require(ctx, needs)
	if err != nil {
		return nil, err
	}
	out, err := input.Parts(p, func(from, until int) (map[K][]T, error) {
		return list(ctx, who.Group, of, from,
			until)
	})
	for _, part := range out {
		seen(ctx, part.Items...)
	}
	return out, err
}

// seen notes things that the audit trail names.
func seen[T any](ctx context.Context, things ...T) {
	if audit.Of(ctx) == nil {
		return
	}
	for i := range things {
		if thing, ok := any(&things[i]).(audit.Thing); ok {
			audit.Seen(ctx, thing)
		}
	}
}
