package patient

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// PostalAddress is the address of a contact point of that kind.
func PostalAddress(c contactpoint.Point) Address {
	var a Address
	if c.Kind == contactpoint.Postal {
		_ = json.Unmarshal([]byte(c.Value), &a) // only ever written by write
	}
	return a
}

func write(a Address) string {
	if a == (Address{}) {
		return ""
	}
	return string(audit.Snapshot(a))
}

// PutAll sets everything a source may say, from a patient's columns.
func (p Patient) PutAll(c contactpoint.Points, source contactpoint.Informant, now time.Time) contactpoint.Points {
	for _, kind := range contactpoint.Kinds {
		c = c.Put(kind, source, p.detail(kind), now)
	}
	return c
}

// detail is what a patient's own columns say.
func (p Patient) detail(kind contactpoint.Kind) string {
	switch kind {
	case contactpoint.Mobile:
		return p.Mobile
	case contactpoint.Landline:
		return p.Landline
	case contactpoint.Email:
		return p.Email
	}
	return write(p.Address)
}

// Use keeps contact points, and puts those that are used into the patient's
// columns. Nothing is kept of a restricted record: not even who gave what.
func (p *Patient) Use(c contactpoint.Points) {
	if p.Restricted {
		c = nil
	}
	value := func(kind contactpoint.Kind) string {
		used, _ := c.Used(kind)
		return used.Value
	}
	address, _ := c.Used(contactpoint.Postal)
	p.Mobile, p.Landline, p.Email, p.Address = value(contactpoint.Mobile), value(contactpoint.Landline),
		value(contactpoint.Email),
		PostalAddress(address)
	p.ContactPoints = c
}

// PointTx keeps contact points.
type PointTx interface {
	SaveContactPoint(ctx context.Context, group practice.ID, id ID, c contactpoint.Point) error
}

// ReadPoints reads a patient's contact points. Details kept before there were sources came from callers.
func (p *Patient) ReadPoints(ctx context.Context, r PointReader, group practice.ID) error {
	c, err := r.ContactPoints(ctx, group, p.ID)
	if err != nil {
		return err
	}
	for _, kind := range contactpoint.Kinds {
		if _, ok := c.Used(kind); !ok {
			c = c.Put(kind, contactpoint.FromCaller, p.detail(kind), p.UpdatedAt)
		}
	}
	p.ContactPoints = c
	return nil
}

// SavePoints keeps what differs between the contact points there were and those there are.
func (p Patient) SavePoints(ctx context.Context, tx PointTx, group practice.ID, before contactpoint.Points) error {
	for _, c := range before {
		if p.ContactPoints.Find(c.Kind, c.Source) < 0 {
			c.Value = ""
			if err := tx.SaveContactPoint(ctx, group, p.ID, c); err != nil {
				return err
			}
		}
	}
	for _, c := range p.ContactPoints {
		if slices.Contains(before, c) {
			continue
		}
		if err := tx.SaveContactPoint(ctx, group, p.ID, c); err != nil {
			return err
		}
	}
	return nil
}

// PointChange is what a member of staff enters: Value, or Address for a postal address. Nothing entered forgets what
// the practice entered before; Verified alone says that the detail in use was seen to be right.
type PointChange struct {
	Value    *string
	Address  *Address
	Verified *bool
}

// SetContactPoint keeps what a member of staff says of one way to reach a patient, and believes it before any other
// source. Errors: ErrNotFound, ErrRestricted, and field faults.
func (s *Service) SetContactPoint(ctx context.Context, id ID, kind contactpoint.Kind,
	change PointChange) (Patient, error) {
	value, given, err := change.check(kind)
	return s.edit(ctx, access.VerifyContacts, id, "patient.contact", err, func(_ Tx, _ access.Caller, p *Patient,
		now time.Time) error {
		if p.Restricted {
			return ErrRestricted
		}
		if given {
			p.ContactPoints = p.ContactPoints.Put(kind, contactpoint.FromPractice, value, now)
		}
		var err error
		if p.ContactPoints, err = p.ContactPoints.Verify(kind, change.Verified, now); err != nil {
			return err
		}
		p.Use(p.ContactPoints)
		return nil
	})
}

// check reads what was entered: the value as it is kept, and whether there is one.
func (c PointChange) check(kind contactpoint.Kind) (string, bool, error) {
	var in input.Checks
	input.Choice(&in, "kind", kind, contactpoint.Kinds)
	var text string
	if c.Value != nil {
		text = *c.Value
	}
	given := c.Value != nil
	switch kind {
	case contactpoint.Mobile:
		text = in.Mobile("value", text)
	case contactpoint.Landline:
		text = in.Telephone("value", text)
	case contactpoint.Email:
		text = in.Email("value", text)
	case contactpoint.Postal:
		if given {
			in.Wrong("value", input.CodeType, "address, an object, instead of value",
				"A postal address is given in address.")
		}
		text, given = "", c.Address != nil
		if given {
			a := *c.Address
			a.check(&in, "address.")
			text = write(a)
		}
	}
	if !given && c.Verified == nil {
		in.Wrong("value", input.CodeSmall, "a value, or verified", "Nothing was given to change.")
	}
	return text, given, in.Err()
}
