package contact

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/input"
)

// PhoneID names a telephone number of a contact.
type PhoneID int64

// String gives the id as digits.
func (id PhoneID) String() string { return strconv.FormatInt(int64(id), 10) }

// maxPhones is how many telephone numbers a contact has at most.
const maxPhones = 20

// Phone is a telephone number of a contact.
type Phone struct {
	ID        PhoneID         `json:"id"`
	Contact   ID              `json:"-"`
	Kind      input.PhoneKind `json:"kind"`
	Number    string          `json:"number"` // +441632960123
	CreatedAt time.Time       `json:"created_at"`
}

// PhoneChange is what to set of a telephone number; nil leaves a thing as it is.
type PhoneChange struct {
	Kind   *input.PhoneKind
	Number *string
}

func (ch PhoneChange) apply(p *Phone) error {
	var in input.Checks
	in.Keep(p.Number)
	input.Set(&p.Kind, ch.Kind)
	input.Set(&p.Number, ch.Number)
	p.Kind = input.Choice(&in, "phone_type", p.Kind, input.PhoneKinds)
	if p.Number = in.Telephone("phone_number", p.Number); p.Number == "" {
		in.Wrong("phone_number", input.CodeSmall, "a telephone number", "This may not be empty.")
	}
	return in.Err()
}

// replace gives the telephone numbers in place of those there are; nil leaves them. A number that stays keeps its id.
func (s *Service) replace(of ID, had []Phone, with *[]PhoneChange, now time.Time) ([]Phone, error) {
	if with == nil {
		return had, nil
	}
	if len(*with) > maxPhones {
		return nil, ErrManyPhones
	}
	var out []Phone
	for _, ch := range *with {
		p := Phone{ID: PhoneID(s.NewID()), Contact: of, Kind: input.OtherPhone, CreatedAt: now}
		if err := ch.apply(&p); err != nil {
			return nil, err
		}
		same := slices.IndexFunc(had, func(q Phone) bool { return q.Number == p.Number })
		if same >= 0 && !slices.ContainsFunc(out, func(q Phone) bool { return q.ID == had[same].ID }) {
			p.ID, p.CreatedAt = had[same].ID, had[same].CreatedAt
		}
		out = append(out, p)
	}
	return out, nil
}

// AddPhone adds a telephone number. Errors: ErrNotFound, ErrDeleted, ErrManyPhones.
func (s *Service) AddPhone(ctx context.Context, id ID, ch PhoneChange) (Contact, error) {
	return s.change(ctx, id, "contact.add_phone", func(_ *Contact, phones []Phone, now time.Time) ([]Phone, error) {
		if len(phones) >= maxPhones {
			return nil, ErrManyPhones
		}
		p := Phone{ID: PhoneID(s.NewID()), Contact: id, Kind: input.OtherPhone, CreatedAt: now}
		err := ch.apply(&p)
		return append(phones, p), err
	})
}

// UpdatePhone changes a telephone number. Errors: ErrNotFound, ErrDeleted, ErrPhoneNotFound.
func (s *Service) UpdatePhone(ctx context.Context, id ID, of PhoneID, ch PhoneChange) (Contact, error) {
	return s.change(ctx, id, "contact.update_phone", func(_ *Contact, phones []Phone, _ time.Time) ([]Phone, error) {
		i := slices.IndexFunc(phones, func(p Phone) bool { return p.ID == of })
		if i < 0 {
			return nil, ErrPhoneNotFound
		}
		return phones, ch.apply(&phones[i])
	})
}

// RemovePhone removes a telephone number. Errors: ErrNotFound, ErrDeleted, ErrPhoneNotFound.
func (s *Service) RemovePhone(ctx context.Context, id ID, of PhoneID) (Contact, error) {
	return s.change(ctx, id, "contact.remove_phone", func(_ *Contact, phones []Phone, _ time.Time) ([]Phone, error) {
		left := slices.DeleteFunc(slices.Clone(phones), func(p Phone) bool { return p.ID == of })
		if len(left) == len(phones) {
			return nil, ErrPhoneNotFound
		}
		return left, nil
	})
}
