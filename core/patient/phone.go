package patient

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// PhoneID names a telephone number.
type PhoneID int64

// Phone is a telephone number besides the mobile and the landline that messages
// and calls go to.
type Phone struct {
	ID     PhoneID         `json:"id"`
	Kind   input.PhoneKind `json:"kind"`
	Number string          `json:"number"`
}

// ErrNoPhone is returned for a telephone number a patient lacks.
var ErrNoPhone = fault.New(fault.NotFound, "phone_not_found", "This patient has no such telephone number.")

// phoneKind reads a kind; a number of none is another.
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

// AddPhone adds a telephone number. The first mobile and the first number at home
// become those that messages and calls go to.
func (s *Service) AddPhone(ctx context.Context, id ID, n Phone) (Patient, error) {
	var in input.Checks
	n.ID, n.Kind = PhoneID(s.NewID()), phoneKind(&in, n.Kind)
	needPhone(&in, n.Number)
	if err := in.Err(); err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.phone.add", n.Kind, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		switch {
		case p.Restricted:
			return ErrRestricted
		case n.Kind == input.MobilePhone && p.Mobile == "":
			return change(ctx, tx, who, p, Changes{Mobile: &n.Number}, now)
		case n.Kind == input.HomePhone && p.Landline == "":
			return change(ctx, tx, who, p, Changes{Landline: &n.Number}, now)
		}
		if err := room(ctx, who, p.ID, tx.Phones); err != nil {
			return err
		}
		return savePhone(ctx, tx, who, p.ID, event.PatientPhoneAdded, n, Phone{}, now)
	})
}

// savePhone keeps a telephone number that is not as it was.
func savePhone(
	ctx context.Context, tx BelongingTx, who access.Caller, of ID, change event.Type, n, was Phone, now time.Time,
) error {
	if err := n.check(was.Number); err != nil || n == was {
		return err
	}
	return save(ctx, tx, who, of, change, n, now)
}

// Which says which of a patient's numbers is meant: one kept besides, or the
// mobile or the landline that messages and calls go to.
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

// ChangePhone changes a telephone number; nil leaves a thing as it is. Error:
// ErrNoPhone.
func (s *Service) ChangePhone(ctx context.Context, id ID, which Which, kind *input.PhoneKind,
	number *string) (Patient, error) {
	var in input.Checks
	if kind != nil {
		*kind = phoneKind(&in, *kind)
	}
	if err := in.Err(); err != nil {
		return Patient{}, err
	}
	return s.editBelonging(ctx, id, "patient.phone.update", kind, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		if which.Row != 0 {
			was, err := the(ctx, who, p.ID, tx.Phones, func(n Phone) bool { return n.ID == which.Row }, ErrNoPhone)
			if err != nil {
				return err
			}
			n := was
			set(&n.Kind, kind)
			set(&n.Number, number)
			return savePhone(ctx, tx, who, p.ID, event.PatientPhoneUpdated, n, was, now)
		}
		n, changes := which.of(p)
		switch {
		case n.Number == "":
			return ErrNoPhone
		case kind != nil && *kind != n.Kind:
			// It no longer is what messages go to, and is kept besides.
			if err := change(ctx, tx, who, p, changes(new(string)), now); err != nil {
				return err
			}
			n.ID, n.Kind = PhoneID(s.NewID()), *kind
			set(&n.Number, number)
			return savePhone(ctx, tx, who, p.ID, event.PatientPhoneAdded, n, Phone{}, now)
		case number == nil:
			return nil
		}
		var in input.Checks
		needPhone(&in, *number)
		if err := in.Err(); err != nil {
			return err
		}
		return change(ctx, tx, who, p, changes(number), now)
	})
}

// RemovePhone forgets a telephone number. Error: ErrNoPhone.
func (s *Service) RemovePhone(ctx context.Context, id ID, which Which) (Patient, error) {
	return s.editBelonging(ctx, id, "patient.phone.remove", nil, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		if which.Row != 0 {
			return drop(ctx, tx, who, p.ID, event.PatientPhoneRemoved, Phone{ID: which.Row}, ErrNoPhone, now)
		}
		n, changes := which.of(p)
		if n.Number == "" {
			return ErrNoPhone
		}
		return change(ctx, tx, who, p, changes(new(string)), now)
	})
}
