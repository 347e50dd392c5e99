package practice

import (
	"context"
	"time"
	"unicode/utf8"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/write"
)

// Metadata is a value another program keeps with something here, under a key of
// its own.
type Metadata struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Kind is what metadata is kept with.
type Kind string

// The kinds.
const (
	OfLocation Kind = "location"
	OfStaff    Kind = "staff"
	OfProduct  Kind = "product"
	OfBooking  Kind = "appointment"
	OfInvoice  Kind = "invoice"
	OfPathway  Kind = "pathway"
)

// The limits of metadata, as https://docs.semble.io has them.
const (
	maxKey   = 40
	maxValue = 500
	maxKeys  = 50
)

// The faults of metadata.
var (
	ErrKeyLength   = fault.New(fault.Invalid, "metadata_key", "A key has 1 to 40 characters.")
	ErrValueLength = fault.New(fault.Invalid, "metadata_value", "A value has at most 500 characters.")
	ErrManyKeys    = fault.New(fault.Invalid, "metadata_keys", "There can be at most 50 keys.")
	ErrNoKey       = fault.New(fault.NotFound, "metadata_not_found", "There is nothing under this key.")
)

// MetadataTx is what keeping metadata needs of a transaction in which the thing it
// is kept with is locked.
type MetadataTx interface {
	// Metadata reads what is kept with some things of a kind, by key.
	Metadata(ctx context.Context, group ID, kind Kind, ids []int64) (map[int64][]Metadata, error)
	// PutMetadata keeps a value; DropMetadata forgets it, and reports whether
	// there was one.
	PutMetadata(ctx context.Context, group ID, kind Kind, of int64, m Metadata, at time.Time) error
	DropMetadata(ctx context.Context, group ID, kind Kind, of int64, key string) (bool, error)
}

// SetMetadata keeps a value with a thing. Errors: ErrKeyLength, ErrValueLength,
// ErrManyKeys.
func SetMetadata(ctx context.Context, tx MetadataTx, group ID, kind Kind, of int64, m Metadata, at time.Time) error {
	if n := utf8.RuneCountInString(m.Key); n == 0 || n > maxKey || !utf8.ValidString(m.Key) {
		return ErrKeyLength
	}
	if utf8.RuneCountInString(m.Value) > maxValue || !utf8.ValidString(m.Value) {
		return ErrValueLength
	}
	all, err := tx.Metadata(ctx, group, kind, []int64{of})
	if err != nil {
		return err
	}
	known := false
	for _, have := range all[of] {
		known = known || have.Key == m.Key
	}
	if !known && len(all[of]) >= maxKeys {
		return ErrManyKeys
	}
	return tx.PutMetadata(ctx, group, kind, of, m, at)
}

// Metadata reads what is kept with some things of a kind.
func (s *Service) Metadata(ctx context.Context, kind Kind, ids []int64) (map[int64][]Metadata, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	return s.Store.Metadata(ctx, who.Group, kind, ids)
}

// SetLocationMetadata keeps a value with a place. Errors: ErrLocationNotFound, and
// those of SetMetadata.
func (s *Service) SetLocationMetadata(ctx context.Context, id LocationID, m Metadata) (Location, error) {
	return s.withLocation(ctx, id, "location.metadata", m, func(tx Tx, who access.Caller, now time.Time) error {
		return SetMetadata(ctx, tx, who.Group, OfLocation, int64(id), m, now)
	})
}

// DropLocationMetadata forgets a value. Errors: ErrLocationNotFound, ErrNoKey.
func (s *Service) DropLocationMetadata(ctx context.Context, id LocationID, key string) (Location, error) {
	return s.withLocation(ctx, id, "location.metadata", Metadata{Key: key}, func(tx Tx, who access.Caller,
		_ time.Time) error {
		found, err := tx.DropMetadata(ctx, who.Group, OfLocation, int64(id), key)
		if err == nil && !found {
			err = ErrNoKey
		}
		return err
	})
}

func (s *Service) withLocation(ctx context.Context, id LocationID, action string, m Metadata,
	do func(tx Tx, who access.Caller, now time.Time) error) (Location, error) {
	return write.Do(ctx, access.SettingsGeneral, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Location, error) {
		l, err := e.Tx.Location(ctx, e.Group(), id)
		if err != nil {
			return l, err
		}
		// Saving it unchanged is what keeps two from counting its keys at once.
		if err := e.Tx.SaveLocation(ctx, e.Group(), l); err != nil {
			return l, err
		}
		if err := do(e.Tx, e.Who, e.Now); err != nil {
			return l, err
		}
		return l, e.Audit(ctx, action, int64(id), nil, m)
	})
}
