package chart

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// The kinds of telephone numbers, spelt as the contract spells them.
const (
	Mobile = "Mobile"
	Home   = "Home"
)

// PhoneKinds are all the kinds.
var PhoneKinds = []string{Mobile, "Office", Home, "Fax", "Other"}

// phoneKind reads a kind; a number of none is Other.
func phoneKind(in *input.Checks, kind string) string {
	if kind == "" {
		return "Other"
	}
	return input.Choice(in, "phoneType", kind, PhoneKinds)
}

// AddPhone adds a telephone number. The first mobile and the first number at home
// become those that messages and calls go to.
func (s *Service) AddPhone(ctx context.Context, id patient.ID, kind, number string) (patient.Full, error) {
	var in input.Checks
	kind = phoneKind(&in, kind)
	if number == "" {
		in.Wrong("phoneNumber", input.CodeSmall, "a telephone number", "A telephone number is needed.")
	}
	if err := in.Err(); err != nil {
		return patient.Full{}, err
	}
	return s.change(ctx, id, "patient.phone.add", kind, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		return s.addPhone(ctx, tx, who, p, kind, number, now)
	})
}

func (s *Service) addPhone(ctx context.Context, tx Tx, who access.Caller, p patient.Full, kind, number string, now time.Time) error {
	switch {
	case p.Restricted:
		return patient.ErrRestricted
	case kind == Mobile && p.Mobile == "":
		_, err := s.Patients.Amend(ctx, tx, who, p, patient.Changes{Mobile: &number}, now)
		return err
	case kind == Home && p.Landline == "":
		_, err := s.Patients.Amend(ctx, tx, who, p, patient.Changes{Landline: &number}, now)
		return err
	}
	all, err := tx.Phones(ctx, who.Group, []patient.ID{p.ID})
	if err != nil {
		return err
	}
	if len(all[p.ID]) >= most {
		return ErrTooMany
	}
	return keepPhone(ctx, tx, who, p.ID, event.PatientPhoneAdded, Phone{ID: PhoneID(s.NewID()), Kind: kind, Number: number}, Phone{}, now)
}

// check tidies a number, of which one was kept already.
func (n *Phone) check(kept string) error {
	var in input.Checks
	in.Keep(kept)
	n.Number = in.Telephone("phoneNumber", n.Number)
	if n.Number == "" {
		in.Wrong("phoneNumber", input.CodeSmall, "a telephone number", "A telephone number is needed.")
	}
	return in.Err()
}

// keepPhone keeps a telephone number that is not as it was, and tells of it.
func keepPhone(ctx context.Context, tx Tx, who access.Caller, of patient.ID, change event.Type, n, was Phone, now time.Time) error {
	if err := n.check(was.Number); err != nil || n == was {
		return err
	}
	if err := tx.SavePhone(ctx, who.Group, of, n); err != nil {
		return err
	}
	return patient.Record(ctx, tx, who, now, patient.Fact(change, of, event.IDs{"phone": int64(n.ID)}))
}

// Which says which of a patient's numbers is meant: one kept besides, or the
// mobile or the landline that messages and calls go to.
type Which struct {
	Row              PhoneID
	Mobile, Landline bool
}

// ChangePhone changes a telephone number; nil leaves a thing as it is. Error:
// ErrNoPhone.
func (s *Service) ChangePhone(ctx context.Context, id patient.ID, which Which, kind, number *string) (patient.Full, error) {
	var in input.Checks
	if kind != nil {
		*kind = phoneKind(&in, *kind)
	}
	if err := in.Err(); err != nil {
		return patient.Full{}, err
	}
	return s.change(ctx, id, "patient.phone.update", kind, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if which.Row != 0 {
			return changeRow(ctx, tx, who, p, which.Row, kind, number, now)
		}
		was, is := p.Mobile, Mobile
		if which.Landline {
			was, is = p.Landline, Home
		}
		if was == "" {
			return ErrNoPhone
		}
		if kind != nil && *kind != is {
			// It no longer is what messages go to, and is kept besides.
			if number != nil {
				was = *number
			}
			if err := s.dropMain(ctx, tx, who, p, which, now); err != nil {
				return err
			}
			return keepPhone(ctx, tx, who, p.ID, event.PatientPhoneAdded, Phone{ID: PhoneID(s.NewID()), Kind: *kind, Number: was}, Phone{}, now)
		}
		if number == nil {
			return nil
		}
		if *number == "" {
			return fault.Wrong("phoneNumber", input.CodeSmall, "a telephone number", "A telephone number is needed.")
		}
		c := patient.Changes{Mobile: number}
		if which.Landline {
			c = patient.Changes{Landline: number}
		}
		_, err := s.Patients.Amend(ctx, tx, who, p, c, now)
		return err
	})
}

func changeRow(ctx context.Context, tx Tx, who access.Caller, p patient.Full, row PhoneID, kind, number *string, now time.Time) error {
	all, err := tx.Phones(ctx, who.Group, []patient.ID{p.ID})
	if err != nil {
		return err
	}
	for _, n := range all[p.ID] {
		if n.ID != row {
			continue
		}
		was := n
		if kind != nil {
			n.Kind = *kind
		}
		if number != nil {
			n.Number = *number
		}
		return keepPhone(ctx, tx, who, p.ID, event.PatientPhoneUpdated, n, was, now)
	}
	return ErrNoPhone
}

// RemovePhone forgets a telephone number. Error: ErrNoPhone.
func (s *Service) RemovePhone(ctx context.Context, id patient.ID, which Which) (patient.Full, error) {
	return s.change(ctx, id, "patient.phone.remove", nil, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		if which.Row != 0 {
			found, err := tx.DropPhone(ctx, who.Group, p.ID, which.Row)
			return dropped(ctx, tx, who, now, found, err, ErrNoPhone,
				patient.Fact(event.PatientPhoneRemoved, p.ID, event.IDs{"phone": int64(which.Row)}))
		}
		if which.Mobile && p.Mobile == "" || which.Landline && p.Landline == "" || !which.Mobile && !which.Landline {
			return ErrNoPhone
		}
		return s.dropMain(ctx, tx, who, p, which, now)
	})
}

func (s *Service) dropMain(ctx context.Context, tx Tx, who access.Caller, p patient.Full, which Which, now time.Time) error {
	none := ""
	c := patient.Changes{Mobile: &none}
	if which.Landline {
		c = patient.Changes{Landline: &none}
	}
	_, err := s.Patients.Amend(ctx, tx, who, p, c, now)
	return err
}
