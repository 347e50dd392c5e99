// Package label is the labels a practice puts on patients and products.
package label

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// ID names a label of the practice.
type ID int64

// UseID names a label where it is on something.
type UseID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Label is a label of the practice.
type Label struct {
	ID        ID        `json:"id"`
	Title     string    `json:"title"`
	Colour    string    `json:"colour"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Use is a label on something.
type Use struct {
	ID    UseID
	Label Label
}

// ErrNotFound is returned for a label the practice lacks.
var ErrNotFound = fault.New(fault.NotFound, "label_not_found", "This practice has no such label.")

// Query says which labels to list, by title.
type Query struct {
	Search        string // how the title begins
	Offset, Limit int
}

// Reader is what label reads.
type Reader interface {
	Labels(ctx context.Context, group practice.ID, q Query) ([]Label, error)
}

// Store is what label needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockLabel keeps others from changing a label, or from putting it on something, until the end of the transaction,
	// and finds it, or returns ErrNotFound.
	LockLabel(ctx context.Context, group practice.ID, id ID) (Label, error)
	SaveLabel(ctx context.Context, group practice.ID, l Label) error
	// TakeOff takes a label off everything it is on.
	TakeOff(ctx context.Context, group practice.ID, id ID) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the label capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// List lists the practice's labels.
func (s *Service) List(ctx context.Context, q Query) ([]Label, error) {
	who, ok := access.From(ctx)
	if !ok || !who.May(access.SeeLabels) {
		_, err := access.Require(ctx, access.SettingsLabel) // by its published name
		return nil, err
	}
	return s.Store.Labels(ctx, who.Group, q)
}

// Change is what to set of a label; nil leaves a thing as it is.
type Change struct{ Title, Colour *string }

func (c Change) apply(l *Label) error {
	var in input.Checks
	if c.Title != nil {
		l.Title = *c.Title
	}
	if c.Colour != nil {
		l.Colour = *c.Colour
	}
	l.Title = in.Required("title", l.Title, 100)
	l.Colour = in.Text("color", l.Colour, 40)
	return in.Err()
}

var labels = write.Kind[Tx, ID, Label]{Needs: access.SettingsLabel, Lock: Tx.LockLabel, Save: Tx.SaveLabel}

// Create adds a label. Errors: field faults.
func (s *Service) Create(ctx context.Context, c Change) (Label, error) {
	id := ID(s.NewID())
	return labels.Add(ctx, s.Now, s.Store.Do, "label.create", id, func(e write.Edit[Tx], l *Label) error {
		*l = Label{ID: id, CreatedAt: e.Now, UpdatedAt: e.Now}
		return c.apply(l)
	})
}

// Update changes a label, on everything it is on too. Errors: ErrNotFound, field faults.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Label, error) {
	return labels.Change(ctx, s.Now, s.Store.Do, "label.update", id, func(e write.Edit[Tx], l *Label) error {
		l.UpdatedAt = e.Now
		return c.apply(l)
	})
}

// Delete takes a label off everything and marks it as deleted. Error: ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Label, error) {
	return labels.Change(ctx, s.Now, s.Store.Do, "label.delete", id, func(e write.Edit[Tx], l *Label) error {
		l.DeletedAt, l.UpdatedAt = e.Now, e.Now
		return e.Tx.TakeOff(ctx, e.Group(), id)
	})
}
