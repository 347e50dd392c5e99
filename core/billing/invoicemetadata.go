package billing

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// InvoiceMetadata is what other programs keep with invoices.
type InvoiceMetadata struct {
	Store InvoiceMetadataStore
	Now   func() time.Time
}

// InvoiceMetadataStore is what that needs remembered.
type InvoiceMetadataStore interface {
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(InvoiceMetadataTx) error) error
}

// InvoiceMetadataTx is an InvoiceMetadataStore inside a transaction.
type InvoiceMetadataTx interface {
	practice.MetadataTx
	LockInvoice(ctx context.Context, group practice.ID, id InvoiceID) (Invoice, Items, error)
	Audit(ctx context.Context, e audit.Entry) error
}

// Set keeps a value with an invoice, cancelled or not. Errors: ErrNotFound, and those of practice.SetMetadata.
func (s *InvoiceMetadata) Set(ctx context.Context, id InvoiceID, m practice.Metadata) (Invoice, error) {
	return s.edit(ctx, id, m, func(tx InvoiceMetadataTx, group practice.ID, now time.Time) error {
		return practice.SetMetadata(ctx, tx, group, practice.OfInvoice, int64(id), m, now)
	})
}

// Drop deletes a value. One that is not there is no error, as https://docs.semble.io has it. Error: ErrNotFound.
func (s *InvoiceMetadata) Drop(ctx context.Context, id InvoiceID, key string) (Invoice, error) {
	return s.edit(ctx, id, practice.Metadata{Key: key}, func(tx InvoiceMetadataTx, group practice.ID, _ time.Time) error {
		found, err := tx.DropMetadata(ctx, group, practice.OfInvoice, int64(id), key)
		if err == nil && !found {
			err = write.ErrSame
		}
		return err
	})
}

func (s *InvoiceMetadata) edit(ctx context.Context, id InvoiceID, m practice.Metadata,
	change func(tx InvoiceMetadataTx, group practice.ID, now time.Time) error) (Invoice, error) {
	return write.Do(ctx, access.EditInvoices, s.Now, s.Store.Do,
		func(e write.Edit[InvoiceMetadataTx]) (Invoice, error) {
			i, _, err := e.Tx.LockInvoice(ctx, e.Group(), id)
			if err != nil {
				return i, err
			}
			err = change(e.Tx, e.Group(), e.Now)
			if errors.Is(err, write.ErrSame) {
				return i, nil
			}
			if err != nil {
				return i, err
			}
			return i, e.Audit(ctx, "invoice.metadata", int64(id), nil, m)
		})
}
