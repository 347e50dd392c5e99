package store

import (
	"context"
	"slices"

	"frontdesk/store/place"
)

// columns are values of a row by their names.
type columns map[string]any

// readPage lists a page of a list: text ends with its order, a limit and an offset, and
// has gives of a row the columns that the list can be in the order of.
func readPage[T any](
	ctx context.Context, t *Tx, text string, args in, row func(scan scanner) (T, error), has func(T) columns,
) ([]T, error) {
	return readPageBy(ctx, t, text, place.Read(text), args, row, has)
}

// readPageBy is readPage for a text that has a form of its own from a place.
func readPageBy[T any](
	ctx context.Context, t *Tx, text string, r place.Reading, args in,
	row func(scan scanner) (T, error), has func(T) columns,
) ([]T, error) {
	limit, offset := place.Whole(args[r.Limit-1]), place.Whole(args[r.Offset-1])
	of := r.Of(ctx, text, args)
	if offset > 0 {
		if from, ok := t.db.places.Get(place.Place{List: of, Offset: offset}); ok {
			text, args = r.After, slices.Clone(args)
			if !r.Bound {
				args = append(args, from...)
			}
			if args[r.Offset-1] = 0; r.From > 0 {
				args[r.From-1] = from[0]
			}
		}
	}
	found, err := list(ctx, t, text, args, row)
	if err != nil || int64(len(found)) < limit {
		return found, err
	}
	// Callers ask for one row more than they show, or for none.
	for _, last := range []int64{limit, limit - 1} {
		if last <= 0 {
			continue
		}
		row, key := has(found[last-1]), make(in, len(r.Columns))
		for i, name := range r.Columns {
			key[i] = row[name]
		}
		t.db.places.Put(place.Place{List: of, Offset: offset + last}, key)
	}
	return found, nil
}
