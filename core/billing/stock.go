package billing

import (
	"context"
	"maps"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
)

// maxStock is how far a count of stock can be from nothing, either way.
const maxStock = 1_000_000_000

// pieces is how much of a stock a quantity takes: a part of a piece takes the
// whole of it.
func pieces(n Quantity) int { return int((n + One - 1) / One) }

// StockTx changes products inside a transaction.
type StockTx interface {
	// LockProduct keeps others from changing the product until the end of the
	// transaction, and finds it, or returns ErrProductNotFound.
	LockProduct(ctx context.Context, group practice.ID, id ProductID) (Product, error)
	SaveProduct(ctx context.Context, group practice.ID, p Product) error
	Audit(ctx context.Context, e audit.Entry) error
}

// take moves what the lines take of products' stocks from what it was before. A
// stock may fall below nothing: what was given was given, whatever a person
// counted. Error: ErrStock.
func (b *bill) take(ctx context.Context, who access.Caller, before bill) error {
	moved := map[ProductID]int{}
	for _, l := range before.Lines {
		moved[l.Product] += l.Taken
	}
	for _, l := range b.Lines {
		moved[l.Product] -= l.Taken
	}
	// Always in one order, so that no two wait for one another.
	for _, id := range slices.Sorted(maps.Keys(moved)) {
		if moved[id] == 0 {
			continue
		}
		p, err := b.tx.LockProduct(ctx, b.group, id)
		if err != nil {
			return err
		}
		if p.Stock == nil {
			continue // it is counted no more
		}
		was := p
		left := *p.Stock + moved[id]
		if left < -maxStock || left > maxStock {
			return ErrStock
		}
		p.Stock, p.Version, p.UpdatedAt = &left, p.Version+1, b.now
		if err := b.tx.SaveProduct(ctx, b.group, p); err != nil {
			return err
		}
		if err := b.tx.Audit(ctx, who.Audit(b.now, "product.stock", "product", int64(id), was, p)); err != nil {
			return err
		}
	}
	return nil
}
