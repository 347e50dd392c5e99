package patient

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// NumberID names a number a patient is known by.
type NumberID int64

// DefinitionID names a kind of such numbers. Package identifier has the kinds.
type DefinitionID int64

// Every practice has two kinds that are in no table.
const (
	SystemNumber DefinitionID = 1 // the number Frontdesk gives each patient
	NHSNumber    DefinitionID = 2
)

// Number is a number a patient is known by.
type Number struct {
	ID         NumberID     `json:"id"`
	Definition DefinitionID `json:"definition_id"`
	Name       string       `json:"name"`
	Value      string       `json:"value"`
}

// SystemValue is the number Frontdesk gives a patient: the id in base 36, as ten capitals and digits.
func SystemValue(id ID) string {
	text := strings.ToUpper(strconv.FormatInt(int64(id), 36))
	return strings.Repeat("0", max(0, 10-len(text))) + text
}

// The faults of numbers.
var (
	ErrNoNumber     = fault.New(fault.NotFound, "number_not_found", "This patient has no such number.")
	ErrNoDefinition = fault.New(fault.NotFound, "number_definition_not_found",
		"This practice has no such kind of number.")
	ErrFixedNumber = fault.New(fault.Conflict, "number_fixed", "This number cannot be changed.")
)

// AddNumber gives a patient a number of a kind. Errors: ErrNoDefinition, ErrFixedNumber, ErrNHSNumberTaken, field
// faults.
func (s *Service) AddNumber(ctx context.Context, id ID, of DefinitionID, value string) (Patient, error) {
	value, err := s.checkNumber(ctx, of, value)
	if err == nil && of == 0 {
		err = ErrNoDefinition
	}
	if err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.number.add", of, func(e edit) error {
		if of == NHSNumber {
			return e.setNHSNumber(ctx, value)
		}
		return numbers.add(ctx, e, Number{ID: NumberID(s.NewID()), Definition: of, Value: value})
	})
}

// checkNumber makes sure that a number may be of a kind; 0 is a kind the patient has a number of already.
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
		value = in.NHSNumber("value", value)
		if err := in.Err(); err != nil {
			return "", err
		}
		return value, Issued(ctx, s.Store, who.Group, "value", value)
	case 0:
	default:
		known, err := s.Belongings.HasNumberDefinition(ctx, who.Group, of)
		if err == nil && !known {
			err = ErrNoDefinition
		}
		if err != nil {
			return "", err
		}
	}
	value = in.Required("value", input.Visible(value), 100)
	return value, in.Err()
}

// ChangeNumber changes a number of a patient's: with nhs the NHS number, else the one with the id. Errors:
// ErrNoNumber, and those of AddNumber.
func (s *Service) ChangeNumber(ctx context.Context, of ID, id NumberID, nhs bool, value *string) (Patient, error) {
	var definition DefinitionID
	if nhs {
		definition = NHSNumber
	}
	if value != nil {
		to, err := s.checkNumber(ctx, definition, *value)
		if err != nil {
			return Patient{}, err
		}
		value = &to
	}
	return s.editBelonging(ctx, of, "patient.number.update", id, func(e edit) error {
		switch {
		case nhs && e.p.NHSNumber == "":
			return ErrNoNumber
		case nhs && value == nil:
			return nil
		case nhs:
			return e.setNHSNumber(ctx, *value)
		}
		return numbers.change(ctx, e, Number{ID: id}, func(n *Number) error {
			input.Set(&n.Value, value)
			return nil
		})
	})
}

// RemoveNumber removes a number of a patient's. Error: ErrNoNumber.
func (s *Service) RemoveNumber(ctx context.Context, of ID, id NumberID, nhs bool) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.number.remove", id, func(e edit) error {
		switch {
		case nhs && e.p.NHSNumber == "":
			return ErrNoNumber
		case nhs:
			return e.setNHSNumber(ctx, "")
		}
		return numbers.remove(ctx, e, Number{ID: id})
	})
}

// TestNumber reports a number of the range that is kept for tests and is never
// issued. Only invented practices have patients with one.
func TestNumber(number string) bool { return strings.HasPrefix(number, "999") }

// groups finds practice groups.
type groups interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// Issued refuses a number of the test range, unless the group is an invented one.
func Issued(ctx context.Context, r groups, group practice.ID, field, number string) error {
	if !TestNumber(number) {
		return nil
	}
	g, err := r.Group(ctx, group)
	if err != nil || g.Sandbox {
		return err
	}
	return fault.Wrong(field, input.CodeString, "an NHS number that has been issued",
		"Numbers that begin with 999 are for tests and are not issued.")
}

// setNHSNumber sets the patient's NHS number; the empty one removes it. Errors: ErrNHSNumberTaken, a field fault.
func (e edit) setNHSNumber(ctx context.Context, number string) error {
	if number != "" {
		other, err := e.Holder(ctx, e.who.Group, number)
		if err == nil && other.ID != e.p.ID {
			return ErrNHSNumberTaken
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if number == e.p.NHSNumber {
		return nil
	}
	after := e.p
	after.NHSNumber, after.NumberStatus = number, ""
	return Keep(ctx, e, e.who, e.now, "patient.number", e.p, after)
}
