// Package write changes what callers ask for: it requires their permission, and commits the change with its entry in
// the audit trail.
package write

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/core/access"
)

// Tx is what a transaction of any area can do.
type Tx interface {
	Audit(ctx context.Context, e access.Entry) error
}

// Edit is a change being made: its transaction, who makes it, and when.
type Edit[X Tx] struct {
	Tx  X
	Who access.Caller
	Now time.Time
}

// Group is the practice group whose data changes.
func (e Edit[X]) Group() access.GroupID { return e.Who.Group }

// Audit writes the entry of a change. An action begins with the kind of thing that changes, as in "label.update".
func (e Edit[X]) Audit(ctx context.Context, action string, id int64, before, after any) error {
	kind, _, _ := strings.Cut(action, ".")
	return e.Tx.Audit(ctx, e.Who.Audit(e.Now, action, kind, id, before, after))
}

// Do requires a permission and makes a change in one transaction. With an error it gives nothing.
func Do[X Tx, T any](
	ctx context.Context, needs access.Permission, now func() time.Time,
	do func(context.Context, func(X) error) error, change func(e Edit[X]) (T, error),
) (T, error) {
	var out, none T
	who, err := access.Require(ctx, needs)
	if err != nil {
		return none, err
	}
	at := now().Truncate(time.Microsecond)
	if err := do(ctx, func(tx X) (err error) {
		out, err = change(Edit[X]{tx, who, at})
		return err
	}); err != nil {
		return none, err
	}
	return out, nil
}

// ErrSame is returned by a change that leaves a thing as it is: nothing is saved, and there is no audit entry.
var ErrSame = errors.New("the change leaves the thing as it is")

// Kind is a kind of thing: the permission to change it, and how it is locked and saved.
type Kind[X Tx, I ~int64, T any] struct {
	Needs access.Permission
	// Lock keeps others from changing a thing until the end of the transaction, and finds it.
	Lock func(X, context.Context, access.GroupID, I) (T, error)
	Save func(X, context.Context, access.GroupID, T) error
}

// Add makes a new thing and saves it.
func (k Kind[X, I, T]) Add(
	ctx context.Context, now func() time.Time, do func(context.Context, func(X) error) error,
	action string, id I, make func(e Edit[X], t *T) error,
) (T, error) {
	return Do(ctx, k.Needs, now, do, func(e Edit[X]) (t T, err error) {
		if err := make(e, &t); err != nil {
			return t, err
		}
		if err := k.Save(e.Tx, ctx, e.Group(), t); err != nil {
			return t, err
		}
		return t, e.Audit(ctx, action, int64(id), nil, t)
	})
}

// Change locks a thing, changes it and saves it.
func (k Kind[X, I, T]) Change(
	ctx context.Context, now func() time.Time, do func(context.Context, func(X) error) error,
	action string, id I, change func(e Edit[X], t *T) error,
) (T, error) {
	return Do(ctx, k.Needs, now, do, func(e Edit[X]) (T, error) {
		before, err := k.Lock(e.Tx, ctx, e.Group(), id)
		if err != nil {
			return before, err
		}
		after := before
		switch err := change(e, &after); {
		case errors.Is(err, ErrSame):
			return before, nil
		case err != nil:
			return after, err
		}
		if err := k.Save(e.Tx, ctx, e.Group(), after); err != nil {
			return after, err
		}
		return after, e.Audit(ctx, action, int64(id), before, after)
	})
}
