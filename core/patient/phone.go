package patient

import (
	"context"

	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// PhoneID names a telephone number.
type PhoneID int64

// Phone is a telephone number besides the mobile and the landline that messages and calls go to.
type Phone struct {
	ID     PhoneID         `json:"id"`
	Kind   input.PhoneKind `json:"kind"`
	Number string          `json:"number"`
}

// ErrNoPhone is returned for a telephone number a patient lacks.
var ErrNoPhone = fault.New(fault.NotFound, "phone_not_found", "This patient has no such telephone number.")

// phoneKind reads a kind, or gives OtherPhone where there is none.
func phoneKind(in *input.Checks, kind input.PhoneKind) input.PhoneKind {
	if kind == "" {
		return input.OtherPhone
	}
	return input.Choice(in, "phone_type", kind, input.PhoneKinds)
}

func needPhone(in *input.Checks, number string) {
	if number == "" {
		in.Wrong("phone_number", input.CodeSmall, "a telephone number", "A telephone number is needed.")
	}
}

// check tidies a number, of which one was kept already.
func (n *Phone) check(kept string) error {
	var in input.Checks
	in.Keep(kept)
	n.Number = in.Telephone("phone_number", n.Number)
	needPhone(&in, n.Number)
	return in.Err()
}

// AddPhone adds a telephone number. The first mobile number and the first number at home become those that messages
// and calls go to.
func (s *Service) AddPhone(ctx context.Context, id ID, n Phone) (Patient, error) {
	var in input.Checks
	n.ID, n.Kind = PhoneID(s.NewID()), phoneKind(&in, n.Kind)
	needPhone(&in, n.Number)
	if err := in.Err(); err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.phone.add", n.Kind, func(e edit) error {
		switch {
		case e.p.Restricted:
			return ErrRestricted
		case n.Kind == input.MobilePhone && e.p.Mobile == "":
			return e.patient(ctx, Changes{Mobile: &n.Number})
		case n.Kind == input.HomePhone && e.p.Landline == "":
			return e.patient(ctx, Changes{Landline: &n.Number})
		}
		if err := n.check(""); err != nil {
			return err
		}
		return phones.add(ctx, e, n)
	})
}

// Which says which of a patient's telephone numbers is meant: a further one, or the mobile or the landline that
// messages and calls go to.
type Which struct {
	Row              PhoneID
	Mobile, Landline bool
}

// of is the mobile or the landline that is meant, and how to change it.
func (w Which) of(p Patient) (was Phone, change func(to *string) Changes) {
	if w.Landline {
		return Phone{Kind: input.HomePhone, Number: p.Landline},
			func(to *string) Changes { return Changes{Landline: to} }
	}
	if w.Mobile {
		was = Phone{Kind: input.MobilePhone, Number: p.Mobile}
	}
	return was, func(to *string) Changes { return Changes{Mobile: to} }
}

// ChangePhone changes a telephone number; nil leaves a detail as it is. Error: ErrNoPhone.
func (s *Service) ChangePhone(ctx context.Context, id ID, which Which, kind *input.PhoneKind,
	number *string) (Patient, error) {
	var in input.Checks
	if kind != nil {
		*kind = phoneKind(&in, *kind)
	}
	if err := in.Err(); err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.phone.update", kind, func(e edit) error {
		if which.Row != 0 {
			return phones.change(ctx, e, Phone{ID: which.Row}, func(n *Phone) error {
				was := n.Number
				input.Set(&n.Kind, kind)
				input.Set(&n.Number, number)
				return n.check(was)
			})
		}
		n, changes := which.of(e.p)
		switch {
		case n.Number == "":
			return ErrNoPhone
		case kind != nil && *kind != n.Kind:
			// Messages and calls no longer go to it: it becomes a further number.
			if err := e.patient(ctx, changes(new(string))); err != nil {
				return err
			}
			n.ID, n.Kind = PhoneID(s.NewID()), *kind
			input.Set(&n.Number, number)
			if err := n.check(""); err != nil {
				return err
			}
			return e.save(ctx, event.PatientPhoneAdded, n)
		case number == nil:
			return nil
		}
		var in input.Checks
		needPhone(&in, *number)
		if err := in.Err(); err != nil {
			return err
		}
		return e.patient(ctx, changes(number))
	})
}

// RemovePhone removes a telephone number. Error: ErrNoPhone.
func (s *Service) RemovePhone(ctx context.Context, id ID, which Which) (Patient, error) {
	return s.editBelonging(ctx, id, "patient.phone.remove", nil, func(e edit) error {
		if which.Row != 0 {
			return phones.remove(ctx, e, Phone{ID: which.Row})
		}
		n, changes := which.of(e.p)
		if n.Number == "" {
			return ErrNoPhone
		}
		return e.patient(ctx, changes(new(string)))
	})
}
