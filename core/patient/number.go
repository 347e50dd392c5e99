package patient

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// NumberID names a number a patient is known by.
type NumberID int64

// DefinitionID names a kind of such numbers.
type DefinitionID int64

// NumberType says who gives numbers of a kind.
type NumberType string

// The types of numbers patients are known by.
const (
	SystemType NumberType = "system" // this program
	UserType   NumberType = "user"   // the practice
	NHSType    NumberType = "nhs_uk"
	INSType    NumberType = "ins_fr" // the French health identity
)

// Every practice has two definitions of its own, which are in no table.
const (
	SystemNumber DefinitionID = 1 // the number this program gives each patient
	NHSNumber    DefinitionID = 2
)

// Definition is a kind of number a practice knows its patients by.
type Definition struct {
	ID        DefinitionID `json:"id"`
	Name      string       `json:"name"`
	Type      NumberType   `json:"id_type"`
	Primary   bool         `json:"primary"`
	DeletedAt time.Time    `json:"deleted_at,omitzero"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// Number is a number a patient is known by.
type Number struct {
	ID         NumberID     `json:"id"`
	Definition DefinitionID `json:"definition_id"`
	Name       string       `json:"name"`
	Value      string       `json:"value"`
}

// SystemValue is the number this program gives a patient: ten capitals and digits,
// the id in base 36.
func SystemValue(id ID) string {
	text := strings.ToUpper(strconv.FormatInt(int64(id), 36))
	return strings.Repeat("0", max(0, 10-len(text))) + text
}

// The faults of numbers.
var (
	ErrNoNumber     = fault.New(fault.NotFound, "number_not_found", "This patient has no such number.")
	ErrNoDefinition = fault.New(fault.NotFound, "number_definition_not_found",
		"This practice has no such kind of number.")
	ErrFixedDefinition = fault.New(fault.Conflict, "number_definition_fixed",
		"This kind of number cannot be changed or deleted.")
	ErrSecondNHS   = fault.New(fault.Conflict, "number_definition_exists", "The practice has NHS numbers already.")
	ErrFixedNumber = fault.New(fault.Conflict, "number_fixed", "This number cannot be changed.")
)

// DefinitionReader reads kinds of numbers.
type DefinitionReader interface {
	// NumberDefinitions lists the group's own, deleted ones too.
	NumberDefinitions(ctx context.Context, group practice.ID) ([]Definition, error)
}

// DefinitionStore is the kinds of numbers.
type DefinitionStore interface {
	DefinitionReader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(DefinitionTx) error) error
}

// DefinitionTx is a DefinitionStore inside a transaction.
type DefinitionTx interface {
	DefinitionReader
	SaveNumberDefinition(ctx context.Context, group practice.ID, d Definition) error
	Audit(ctx context.Context, e audit.Entry) error
}

// NumberDefinitions lists the kinds of numbers: the two every practice has, then its own.
func (s *Service) NumberDefinitions(ctx context.Context) ([]Definition, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	own, err := s.Definitions.NumberDefinitions(ctx, who.Group)
	primary := slices.ContainsFunc(own, func(d Definition) bool { return d.Primary && d.DeletedAt.IsZero() })
	return append([]Definition{
		{ID: SystemNumber, Name: "System", Type: SystemType}, {ID: NHSNumber, Name: "NHS number", Type: NHSType,
			Primary: !primary},
	}, own...), err
}

// DefinitionChange is what to set of a definition; nil leaves a thing as it is.
type DefinitionChange struct {
	Name    *string
	Type    NumberType
	Primary *bool
}

// SaveNumberDefinition adds a definition, or changes the one with the id. A new primary
// one ends that of the others. Errors: ErrNoDefinition, ErrFixedDefinition,
// ErrSecondNHS, field faults.
func (s *Service) SaveNumberDefinition(ctx context.Context, id DefinitionID, c DefinitionChange) (Definition, error) {
	if id == SystemNumber || id == NHSNumber {
		return Definition{}, ErrFixedDefinition
	}
	return s.define(ctx, "number_definition.save", func(all []Definition, now time.Time) (Definition, error) {
		d := Definition{ID: DefinitionID(s.NewID()), Type: UserType, CreatedAt: now}
		if id != 0 {
			i := slices.IndexFunc(all, func(d Definition) bool { return d.ID == id && d.DeletedAt.IsZero() })
			if i < 0 {
				return d, ErrNoDefinition
			}
			d = all[i]
		}
		switch c.Type {
		case NHSType:
			return d, ErrSecondNHS
		case SystemType, INSType:
			return d, fault.Wrong("identifier_type", input.CodeChoice, "USER", "The practice can have no number of this kind "+
				"of its own.")
		}
		if c.Name != nil {
			d.Name = *c.Name
		}
		if c.Primary != nil {
			d.Primary = *c.Primary
		}
		var in input.Checks
		d.Name = in.Required("name", d.Name, 100)
		if len(all) >= most {
			return d, ErrTooMany
		}
		return d, in.Err()
	})
}

// DeleteNumberDefinition marks a definition as deleted; the numbers stay and are not
// shown. Errors: ErrNoDefinition, ErrFixedDefinition.
func (s *Service) DeleteNumberDefinition(ctx context.Context, id DefinitionID) (Definition, error) {
	if id == SystemNumber || id == NHSNumber {
		return Definition{}, ErrFixedDefinition
	}
	return s.define(ctx, "number_definition.delete", func(all []Definition, now time.Time) (Definition, error) {
		i := slices.IndexFunc(all, func(d Definition) bool { return d.ID == id && d.DeletedAt.IsZero() })
		if i < 0 {
			return Definition{}, ErrNoDefinition
		}
		d := all[i]
		d.DeletedAt, d.Primary = now, false
		return d, nil
	})
}

func (s *Service) define(ctx context.Context, action string, change func(all []Definition,
	now time.Time) (Definition, error)) (Definition, error) {
	who, err := access.Require(ctx, access.SettingsGeneral)
	if err != nil {
		return Definition{}, err
	}
	now := s.now()
	var d Definition
	err = s.Definitions.Do(ctx, func(tx DefinitionTx) error {
		all, err := tx.NumberDefinitions(ctx, who.Group)
		if err != nil {
			return err
		}
		if d, err = change(all, now); err != nil {
			return err
		}
		d.UpdatedAt = now
		for _, other := range all {
			if d.Primary && other.Primary && other.ID != d.ID {
				other.Primary, other.UpdatedAt = false, now
				if err := tx.SaveNumberDefinition(ctx, who.Group, other); err != nil {
					return err
				}
			}
		}
		if err := tx.SaveNumberDefinition(ctx, who.Group, d); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "number_definition", int64(d.ID), nil, d))
	})
	return d, err
}

// AddNumber gives a patient a number of a kind. Errors: ErrNoDefinition,
// ErrFixedNumber, ErrNHSNumberTaken, field faults.
func (s *Service) AddNumber(ctx context.Context, id ID, of DefinitionID, value string) (Patient, error) {
	value, err := s.checkNumber(ctx, of, value)
	if err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.number.add", of, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		if of == NHSNumber {
			return setNHSNumber(ctx, tx, who, p, "patient.number", value, now)
		}
		if err := room(ctx, who, p.ID, tx.Numbers); err != nil {
			return err
		}
		return save(ctx, tx, who, p.ID, event.PatientNumberAdded, Number{ID: NumberID(s.NewID()), Definition: of,
			Value: value}, now)
	})
}

// checkNumber makes sure that a number may be of a kind; a kind of 0 is one of the
// practice's own.
func (s *Service) checkNumber(ctx context.Context, of DefinitionID, value string) (string, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return "", err
	}
	var in input.Checks
	switch of {
	case SystemNumber:
		return "", ErrFixedNumber
	case NHSNumber:
		value = CheckNHSNumber(&in, "value", value)
		if err := in.Err(); err != nil {
			return "", err
		}
		return value, Issued(ctx, s.Store, who.Group, "value", value)
	case 0:
	default:
		all, err := s.Definitions.NumberDefinitions(ctx, who.Group)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(all, func(d Definition) bool { return d.ID == of && d.DeletedAt.IsZero() }) {
			return "", ErrNoDefinition
		}
	}
	value = in.Required("value", input.Visible(value), 100)
	return value, in.Err()
}

// ChangeNumber changes a number of a patient's; with nhs it is the NHS number, and
// id is not looked at. Errors: ErrNoNumber, and those of AddNumber.
func (s *Service) ChangeNumber(ctx context.Context, of ID, id NumberID, nhs bool, value *string) (Patient, error) {
	var definition DefinitionID
	if nhs {
		definition = NHSNumber
	}
	to := ""
	if value != nil {
		var err error
		if to, err = s.checkNumber(ctx, definition, *value); err != nil {
			return Patient{}, err
		}
	}
	return s.editBelonging(ctx, of, "patient.number.update", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		switch {
		case nhs && p.NHSNumber == "":
			return ErrNoNumber
		case nhs && value == nil:
			return nil
		case nhs:
			return setNHSNumber(ctx, tx, who, p, "patient.number", to, now)
		}
		n, err := the(ctx, who, p.ID, tx.Numbers, func(n Number) bool { return n.ID == id }, ErrNoNumber)
		if err != nil || value == nil || n.Value == to {
			return err
		}
		n.Value = to
		return save(ctx, tx, who, p.ID, event.PatientNumberUpdated, n, now)
	})
}

// RemoveNumber forgets a number of a patient's. Error: ErrNoNumber.
func (s *Service) RemoveNumber(ctx context.Context, of ID, id NumberID, nhs bool) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.number.remove", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		switch {
		case nhs && p.NHSNumber == "":
			return ErrNoNumber
		case nhs:
			return setNHSNumber(ctx, tx, who, p, "patient.number", "", now)
		}
		return drop(ctx, tx, who, p.ID, event.PatientNumberRemoved, Number{ID: id}, ErrNoNumber, now)
	})
}
