package patient

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// PointKind is a way to reach a patient.
type PointKind string

// The ways to reach a patient.
const (
	PointMobile   PointKind = "mobile"
	PointLandline PointKind = "landline"
	PointEmail    PointKind = "email"
	PointAddress  PointKind = "address"
)

// PointKinds are all the ways.
var PointKinds = []PointKind{PointMobile, PointLandline, PointEmail, PointAddress}

// Informant is who gave a detail.
type Informant string

// The sources, the one that is believed first first.
const (
	FromPractice Informant = "practice" // a member of staff
	FromCaller   Informant = "caller"   // a partner's program
	FromPDS      Informant = "pds"      // the national service
)

// sources in the order they are believed: what the practice entered is never
// replaced by what somebody else says, and what the patient just told a partner
// is newer than the national record.
var sources = []Informant{FromPractice, FromCaller, FromPDS}

// ContactPoint is what one source says of one way to reach a patient.
type ContactPoint struct {
	Kind   PointKind `json:"kind"`
	Source Informant `json:"source"`
	// Value is the number or the address; a postal address is JSON.
	Value      string    `json:"value"`
	RecordedAt time.Time `json:"recorded_at"`
	// VerifiedAt is when a member of staff saw that it is right; zero is never.
	VerifiedAt time.Time `json:"verified_at,omitzero"`
}

// Address is the postal address of a contact of that kind.
func (c ContactPoint) Address() Address {
	var a Address
	if c.Kind == PointAddress {
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

// ContactPoints are what all sources say, one contact for each kind and source.
type ContactPoints []ContactPoint

// Find is where what a source says of a kind is, or -1.
func (c ContactPoints) Find(kind PointKind, source Informant) int {
	return slices.IndexFunc(c, func(x ContactPoint) bool { return x.Kind == kind && x.Source == source })
}

// Used is the contact of a kind that is used, if there is one.
func (c ContactPoints) Used(kind PointKind) (ContactPoint, bool) {
	for _, source := range sources {
		if i := c.Find(kind, source); i >= 0 {
			return c[i], true
		}
	}
	return ContactPoint{}, false
}

// put sets what a source says; the empty value forgets it. A value that is the
// same keeps its time.
func (c ContactPoints) put(kind PointKind, source Informant, value string, now time.Time) ContactPoints {
	c = slices.Clone(c)
	i := c.Find(kind, source)
	switch {
	case value == "" && i >= 0:
		return slices.Delete(c, i, i+1)
	case value == "" || i >= 0 && c[i].Value == value:
		return c
	case i >= 0:
		c[i] = ContactPoint{Kind: kind, Source: source, Value: value, RecordedAt: now}
		return c
	}
	return append(c, ContactPoint{Kind: kind, Source: source, Value: value, RecordedAt: now})
}

// PutAll sets everything a source may say, from a patient's columns.
func (c ContactPoints) PutAll(source Informant, p Patient, now time.Time) ContactPoints {
	for _, kind := range PointKinds {
		c = c.put(kind, source, p.detail(kind), now)
	}
	return c
}

// detail is what a patient's own columns say.
func (p Patient) detail(kind PointKind) string {
	switch kind {
	case PointMobile:
		return p.Mobile
	case PointLandline:
		return p.Landline
	case PointEmail:
		return p.Email
	}
	return write(p.Address)
}

// Use keeps contact points, and puts those that are used into the patient's
// columns. Nothing is kept of a restricted record: not even who gave what.
func (p *Patient) Use(c ContactPoints) {
	if p.Restricted {
		c = nil
	}
	value := func(kind PointKind) string {
		used, _ := c.Used(kind)
		return used.Value
	}
	address, _ := c.Used(PointAddress)
	p.Mobile, p.Landline, p.Email, p.Address = value(PointMobile), value(PointLandline), value(PointEmail),
		address.Address()
	p.ContactPoints = c
}

// PointTx keeps contact points.
type PointTx interface {
	SaveContactPoint(ctx context.Context, group practice.ID, id ID, c ContactPoint) error
}

// ReadPoints reads a patient's contact points. Details kept before there were
// sources came from callers.
func (p *Patient) ReadPoints(ctx context.Context, r PointReader, group practice.ID) error {
	c, err := r.ContactPoints(ctx, group, p.ID)
	if err != nil {
		return err
	}
	for _, kind := range PointKinds {
		if _, ok := c.Used(kind); !ok {
			c = c.put(kind, FromCaller, p.detail(kind), p.UpdatedAt)
		}
	}
	p.ContactPoints = c
	return nil
}

// SavePoints keeps what differs between the contact points there were and those
// there are.
func (p Patient) SavePoints(ctx context.Context, tx PointTx, group practice.ID, before ContactPoints) error {
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

// PointChange is what a member of staff enters: Value, or Address for a postal
// address. Nothing entered forgets what the practice entered before; Verified
// alone says that the detail in use was seen to be right.
type PointChange struct {
	Value    *string
	Address  *Address
	Verified *bool
}

// SetContactPoint keeps what a member of staff says of one way to reach a patient,
// and believes it before any other source. Errors: ErrNotFound, ErrRestricted,
// and field faults.
func (s *Service) SetContactPoint(ctx context.Context, id ID, kind PointKind, change PointChange) (Patient, error) {
	value, given, err := change.check(kind)
	return s.edit(ctx, access.VerifyContacts, id, "patient.contact", err, func(_ Tx, _ access.Caller, p *Patient,
		now time.Time) error {
		if p.Restricted {
			return ErrRestricted
		}
		if given {
			p.ContactPoints = p.ContactPoints.put(kind, FromPractice, value, now)
		}
		var err error
		if p.ContactPoints, err = p.ContactPoints.verify(kind, change.Verified, now); err != nil {
			return err
		}
		p.Use(p.ContactPoints)
		return nil
	})
}

// verify notes that the contact in use was seen to be right, or was not.
func (c ContactPoints) verify(kind PointKind, yes *bool, now time.Time) (ContactPoints, error) {
	used, ok := c.Used(kind)
	switch {
	case yes == nil:
		return c, nil
	case !ok:
		return c, fault.Wrong("verified", input.CodeSmall, "a detail to verify, in value or given before",
			"There is no such detail to verify.")
	}
	c = slices.Clone(c)
	i := c.Find(kind, used.Source)
	switch {
	case !*yes:
		c[i].VerifiedAt = time.Time{}
	case c[i].VerifiedAt.IsZero():
		c[i].VerifiedAt = now
	}
	return c, nil
}

// check reads what was entered: the value as it is kept, and whether there is
// one.
func (c PointChange) check(kind PointKind) (string, bool, error) {
	var in input.Checks
	input.Choice(&in, "kind", kind, PointKinds)
	var text string
	if c.Value != nil {
		text = *c.Value
	}
	given := c.Value != nil
	switch kind {
	case PointMobile:
		text = in.Mobile("value", text)
	case PointLandline:
		text = in.Telephone("value", text)
	case PointEmail:
		text = in.Email("value", text)
	case PointAddress:
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
