// Package identifier is the kinds of numbers a practice group knows its patients by: the number Frontdesk gives, the
// NHS number, and kinds of the practice's own. Package patient has the numbers themselves.
package identifier

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// Type says who gives the numbers of a kind.
type Type string

// The types of numbers.
const (
	System Type = "system" // Frontdesk
	User   Type = "user"   // the practice
	NHS    Type = "nhs_uk"
	INS    Type = "ins_fr" // the French health identity
)

// Definition is a kind of number.
type Definition struct {
	ID        patient.DefinitionID `json:"id"`
	Name      string               `json:"name"`
	Type      Type                 `json:"id_type"`
	Primary   bool                 `json:"primary"`
	DeletedAt time.Time            `json:"deleted_at,omitzero"`
	CreatedAt time.Time            `json:"created_at"`
	UpdatedAt time.Time            `json:"updated_at"`
}

// The faults of kinds of numbers.
var (
	ErrFixed = fault.New(fault.Conflict, "number_definition_fixed",
		"This kind of number cannot be changed or deleted.")
	ErrSecondNHS = fault.New(fault.Conflict, "number_definition_exists", "The practice has NHS numbers already.")
)

// Reader reads kinds of numbers.
type Reader interface {
	// NumberDefinitions lists the group's own, deleted ones too.
	NumberDefinitions(ctx context.Context, group practice.ID) ([]Definition, error)
}

// Store is what kinds of numbers need remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	SaveNumberDefinition(ctx context.Context, group practice.ID, d Definition) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the identifier capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// most is how many kinds of its own a practice can have.
const most = 200

// List lists the kinds: the two every practice has, then its own.
func (s *Service) List(ctx context.Context) ([]Definition, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	own, err := s.Store.NumberDefinitions(ctx, who.Group)
	primary := slices.ContainsFunc(own, func(d Definition) bool { return d.Primary && d.DeletedAt.IsZero() })
	return append([]Definition{
		{ID: patient.SystemNumber, Name: "System", Type: System},
		{ID: patient.NHSNumber, Name: "NHS number", Type: NHS, Primary: !primary},
	}, own...), err
}

// Change is what to set of a kind; nil leaves a detail as it is.
type Change struct {
	Name    *string
	Type    Type
	Primary *bool
}

// Save adds a kind, or changes the one with the id. A new primary kind replaces the one before. Errors:
// patient.ErrNoDefinition, ErrFixed, ErrSecondNHS, field faults.
func (s *Service) Save(ctx context.Context, id patient.DefinitionID, c Change) (Definition, error) {
	return s.edit(ctx, id, "number_definition.save", func(d *Definition, _ time.Time) error {
		switch c.Type {
		case NHS:
			return ErrSecondNHS
		case System, INS:
			return fault.Wrong("identifier_type", input.CodeChoice, "USER",
				"The practice can have no number of this kind of its own.")
		}
		if c.Name != nil {
			d.Name = *c.Name
		}
		if c.Primary != nil {
			d.Primary = *c.Primary
		}
		var in input.Checks
		d.Name = in.Required("name", d.Name, 100)
		return in.Err()
	})
}

// Delete marks a kind as deleted. Its numbers are kept, and no longer shown. Errors: patient.ErrNoDefinition,
// ErrFixed.
func (s *Service) Delete(ctx context.Context, id patient.DefinitionID) (Definition, error) {
	return s.edit(ctx, id, "number_definition.delete", func(d *Definition, now time.Time) error {
		if d.UpdatedAt.IsZero() {
			return patient.ErrNoDefinition // it is new
		}
		d.DeletedAt, d.Primary = now, false
		return nil
	})
}

// edit changes the kind with the id, or a new one where there is none.
func (s *Service) edit(ctx context.Context, id patient.DefinitionID, action string,
	change func(d *Definition, now time.Time) error) (Definition, error) {
	if id == patient.SystemNumber || id == patient.NHSNumber {
		return Definition{}, ErrFixed
	}
	return write.Do(ctx, access.SettingsGeneral, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Definition, error) {
		d := Definition{ID: patient.DefinitionID(s.NewID()), Type: User, CreatedAt: e.Now}
		all, err := e.Tx.NumberDefinitions(ctx, e.Group())
		if err != nil {
			return d, err
		}
		if id != 0 {
			i := slices.IndexFunc(all, func(d Definition) bool { return d.ID == id && d.DeletedAt.IsZero() })
			if i < 0 {
				return d, patient.ErrNoDefinition
			}
			d = all[i]
		}
		if err := change(&d, e.Now); err != nil {
			return d, err
		}
		if len(all) >= most && id == 0 {
			return d, patient.ErrTooMany
		}
		d.UpdatedAt = e.Now
		for _, other := range all {
			if d.Primary && other.Primary && other.ID != d.ID {
				other.Primary, other.UpdatedAt = false, e.Now
				if err := e.Tx.SaveNumberDefinition(ctx, e.Group(), other); err != nil {
					return d, err
				}
			}
		}
		if err := e.Tx.SaveNumberDefinition(ctx, e.Group(), d); err != nil {
			return d, err
		}
		return d, e.Audit(ctx, action, int64(d.ID), nil, d)
	})
}
