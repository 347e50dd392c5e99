package chart

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// The kinds of numbers patients are known by, spelt as the contract spells them.
const (
	TypeSystem = "SYSTEM"
	TypeUser   = "USER"
	TypeNHS    = "NHS_UK"
	TypeINS    = "INS_FR"
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
	Type      string       `json:"id_type"`
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
func SystemValue(id patient.ID) string {
	text := strings.ToUpper(strconv.FormatInt(int64(id), 36))
	return strings.Repeat("0", max(0, 10-len(text))) + text
}

// The faults of definitions.
var (
	ErrFixedDefinition = fault.New(fault.Conflict, "number_definition_fixed", "This kind of number cannot be changed or deleted.")
	ErrSecondNHS       = fault.New(fault.Conflict, "number_definition_exists", "The practice has NHS numbers already.")
	ErrFixedNumber     = fault.New(fault.Conflict, "number_fixed", "This number cannot be changed.")
)

// Definitions lists the kinds of numbers: the two every practice has, then its own.
func (s *Service) Definitions(ctx context.Context) ([]Definition, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	own, err := s.Store.Definitions(ctx, who.Group)
	primary := slices.ContainsFunc(own, func(d Definition) bool { return d.Primary && d.DeletedAt.IsZero() })
	return append([]Definition{
		{ID: SystemNumber, Name: "System", Type: TypeSystem}, {ID: NHSNumber, Name: "NHS number", Type: TypeNHS, Primary: !primary},
	}, own...), err
}

// DefinitionChange is what to set of a definition; nil leaves a thing as it is.
type DefinitionChange struct {
	Name    *string
	Type    string
	Primary *bool
}

// SaveDefinition adds a definition, or changes the one with the id. A new primary
// one ends that of the others. Errors: ErrNoDefinition, ErrFixedDefinition,
// ErrSecondNHS, field faults.
func (s *Service) SaveDefinition(ctx context.Context, id DefinitionID, c DefinitionChange) (Definition, error) {
	if id == SystemNumber || id == NHSNumber {
		return Definition{}, ErrFixedDefinition
	}
	return s.define(ctx, "number_definition.save", func(all []Definition, now time.Time) (Definition, error) {
		d := Definition{ID: DefinitionID(s.NewID()), Type: TypeUser, CreatedAt: now}
		if id != 0 {
			i := slices.IndexFunc(all, func(d Definition) bool { return d.ID == id && d.DeletedAt.IsZero() })
			if i < 0 {
				return d, ErrNoDefinition
			}
			d = all[i]
		}
		switch c.Type {
		case TypeNHS:
			return d, ErrSecondNHS
		case TypeSystem, TypeINS:
			return d, fault.Wrong("idType", input.CodeChoice, TypeUser, "The practice can have no number of this kind of its own.")
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

// DeleteDefinition marks a definition as deleted; the numbers stay and are not
// told. Errors: ErrNoDefinition, ErrFixedDefinition.
func (s *Service) DeleteDefinition(ctx context.Context, id DefinitionID) (Definition, error) {
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

func (s *Service) define(ctx context.Context, action string, change func(all []Definition, now time.Time) (Definition, error)) (Definition, error) {
	who, err := access.Require(ctx, access.SettingsGeneral)
	if err != nil {
		return Definition{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var d Definition
	err = s.Store.Do(ctx, func(tx Tx) error {
		all, err := tx.Definitions(ctx, who.Group)
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
				if err := tx.SaveDefinition(ctx, who.Group, other); err != nil {
					return err
				}
			}
		}
		if err := tx.SaveDefinition(ctx, who.Group, d); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "number_definition", int64(d.ID), nil, d))
	})
	return d, err
}

// Numbers are the numbers of the practice's own that some patients are known by.
func (s *Service) Numbers(ctx context.Context, of []patient.ID) (map[patient.ID][]Number, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.Numbers(ctx, who.Group, of)
}

// AddNumber gives a patient a number of a kind. Errors: ErrNoDefinition,
// ErrFixedNumber, patient.ErrNHSNumberTaken, field faults.
func (s *Service) AddNumber(ctx context.Context, id patient.ID, of DefinitionID, value string) (patient.Full, error) {
	return s.change(ctx, id, "patient.number.add", of, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		switch of {
		case SystemNumber:
			return ErrFixedNumber
		case NHSNumber:
			return s.Patients.SetNHSNumber(ctx, tx, who, p, value, now)
		}
		all, err := tx.Definitions(ctx, who.Group)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(d Definition) bool { return d.ID == of && d.DeletedAt.IsZero() }) {
			return ErrNoDefinition
		}
		have, err := tx.Numbers(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		if len(have[p.ID]) >= most {
			return ErrTooMany
		}
		return keepNumber(ctx, tx, who, p.ID, event.PatientNumberAdded, Number{ID: NumberID(s.NewID()), Definition: of, Value: value}, Number{}, now)
	})
}

// keepNumber keeps a number that is not as it was, and records that.
func keepNumber(ctx context.Context, tx Tx, who access.Caller, of patient.ID, change event.Type, n, was Number, now time.Time) error {
	var in input.Checks
	n.Value = in.Required("value", input.Visible(n.Value), 100)
	if err := in.Err(); err != nil || n == was {
		return err
	}
	if err := tx.SaveNumber(ctx, who.Group, of, n); err != nil {
		return err
	}
	return patient.Record(ctx, tx, who, now, patient.Fact(change, of, event.IDs{"number": int64(n.ID)}))
}

// ChangeNumber changes a number of a patient's; with nhs it is the NHS number, and
// id is not looked at. Errors: ErrNoNumber, and those of AddNumber.
func (s *Service) ChangeNumber(ctx context.Context, of patient.ID, id NumberID, nhs bool, value *string) (patient.Full, error) {
	return s.change(ctx, of, "patient.number.update", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if nhs {
			if p.NHSNumber == "" {
				return ErrNoNumber
			}
			if value == nil {
				return nil
			}
			return s.Patients.SetNHSNumber(ctx, tx, who, p, *value, now)
		}
		all, err := tx.Numbers(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		for _, n := range all[p.ID] {
			if n.ID == id {
				was := n
				if value != nil {
					n.Value = *value
				}
				return keepNumber(ctx, tx, who, p.ID, event.PatientNumberUpdated, n, was, now)
			}
		}
		return ErrNoNumber
	})
}

// RemoveNumber forgets a number of a patient's. Error: ErrNoNumber.
func (s *Service) RemoveNumber(ctx context.Context, of patient.ID, id NumberID, nhs bool) (patient.Full, error) {
	return s.change(ctx, of, "patient.number.remove", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if nhs {
			if p.NHSNumber == "" {
				return ErrNoNumber
			}
			return s.Patients.SetNHSNumber(ctx, tx, who, p, "", now)
		}
		found, err := tx.DropNumber(ctx, who.Group, p.ID, id)
		return dropped(ctx, tx, who, now, found, err, ErrNoNumber,
			patient.Fact(event.PatientNumberRemoved, p.ID, event.IDs{"number": int64(id)}))
	})
}
