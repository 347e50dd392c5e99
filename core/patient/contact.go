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

// ContactKind is a way to reach a patient.
type ContactKind string

// The ways to reach a patient.
const (
	ContactMobile   ContactKind = "mobile"
	ContactLandline ContactKind = "landline"
	ContactEmail    ContactKind = "email"
	ContactAddress  ContactKind = "address"
)

// ContactKinds are all the ways.
var ContactKinds = []ContactKind{ContactMobile, ContactLandline, ContactEmail, ContactAddress}

// ContactSource is who gave a detail.
type ContactSource string

// The sources, the one that is believed first first.
const (
	FromPractice ContactSource = "practice" // a member of staff
	FromCaller   ContactSource = "caller"   // a partner's program
	FromPDS      ContactSource = "pds"      // the national service
)

// sources in the order they are believed: what the practice entered is never
// replaced by what somebody else says, and what the patient just told a partner
// is newer than the national record.
var sources = []ContactSource{FromPractice, FromCaller, FromPDS}

// Contact is what one source says of one way to reach a patient.
type Contact struct {
	Kind   ContactKind   `json:"kind"`
	Source ContactSource `json:"source"`
	// Value is the number or the address; a postal address is JSON.
	Value      string    `json:"value"`
	RecordedAt time.Time `json:"recorded_at"`
	// VerifiedAt is when a member of staff saw that it is right; zero is never.
	VerifiedAt time.Time `json:"verified_at,omitzero"`
}

// Address is the postal address of a contact of that kind.
func (c Contact) Address() Address {
	var a Address
	if c.Kind == ContactAddress {
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

// Contacts are what all sources say, one contact for each kind and source.
type Contacts []Contact

func (c Contacts) find(kind ContactKind, source ContactSource) int {
	return slices.IndexFunc(c, func(x Contact) bool { return x.Kind == kind && x.Source == source })
}

// Used is the contact of a kind that is used, if there is one.
func (c Contacts) Used(kind ContactKind) (Contact, bool) {
	for _, source := range sources {
		if i := c.find(kind, source); i >= 0 {
			return c[i], true
		}
	}
	return Contact{}, false
}

// put sets what a source says; the empty value forgets it. A value that is the
// same keeps its time.
func (c Contacts) put(kind ContactKind, source ContactSource, value string, now time.Time) Contacts {
	c = slices.Clone(c)
	i := c.find(kind, source)
	switch {
	case value == "" && i >= 0:
		return slices.Delete(c, i, i+1)
	case value == "" || i >= 0 && c[i].Value == value:
		return c
	case i >= 0:
		c[i] = Contact{Kind: kind, Source: source, Value: value, RecordedAt: now}
		return c
	}
	return append(c, Contact{Kind: kind, Source: source, Value: value, RecordedAt: now})
}

// putAll sets everything a source may say, from a patient's columns.
func (c Contacts) putAll(source ContactSource, p Patient, now time.Time) Contacts {
	for _, kind := range ContactKinds {
		c = c.put(kind, source, p.detail(kind), now)
	}
	return c
}

// detail is what a patient's own columns say.
func (p Patient) detail(kind ContactKind) string {
	switch kind {
	case ContactMobile:
		return p.Mobile
	case ContactLandline:
		return p.Landline
	case ContactEmail:
		return p.Email
	}
	return write(p.Address)
}

// use puts the contacts that are used into the patient's columns. Nothing is
// kept of a restricted record: not even who gave what.
func (p *Patient) use(c Contacts) Contacts {
	if p.Restricted {
		c = nil
	}
	value := func(kind ContactKind) string {
		used, _ := c.Used(kind)
		return used.Value
	}
	address, _ := c.Used(ContactAddress)
	p.Mobile, p.Landline, p.Email, p.Address = value(ContactMobile), value(ContactLandline), value(ContactEmail), address.Address()
	return c
}

// contactsOf reads a patient's contacts. Details kept before there were sources
// came from callers.
func contactsOf(ctx context.Context, r Reader, group practice.ID, p Patient) (Contacts, error) {
	c, err := r.Contacts(ctx, group, p.ID)
	if err != nil {
		return nil, err
	}
	for _, kind := range ContactKinds {
		if _, ok := c.Used(kind); !ok {
			c = c.put(kind, FromCaller, p.detail(kind), p.UpdatedAt)
		}
	}
	return c, nil
}

// saveContacts keeps the difference.
func saveContacts(ctx context.Context, tx Tx, group practice.ID, id ID, before, after Contacts) error {
	for _, c := range before {
		if after.find(c.Kind, c.Source) < 0 {
			if err := tx.DropContact(ctx, group, id, c.Kind, c.Source); err != nil {
				return err
			}
		}
	}
	for _, c := range after {
		if slices.Contains(before, c) {
			continue
		}
		if err := tx.SaveContact(ctx, group, id, c); err != nil {
			return err
		}
	}
	return nil
}

// ContactChange is what a member of staff enters: Value, or Address for a postal
// address. Nothing entered forgets what the practice entered before; Verified
// alone says that the detail in use was seen to be right.
type ContactChange struct {
	Value    *string
	Address  *Address
	Verified *bool
}

// SetContact keeps what a member of staff says of one way to reach a patient,
// and believes it before any other source. Errors: ErrNotFound, ErrRestricted,
// and field faults. It needs the permission access.Staff.
func (s *Service) SetContact(ctx context.Context, id ID, kind ContactKind, change ContactChange) (Profile, error) {
	who, err := access.Require(ctx, access.VerifyContacts)
	if err != nil {
		return Profile{}, err
	}
	value, given, err := change.check(kind)
	if err != nil {
		return Profile{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var saved Patient
	err = s.Store.Do(ctx, func(tx Tx) error {
		before, contacts, err := lock(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		if before.Restricted {
			return ErrRestricted
		}
		next := contacts
		if given {
			next = next.put(kind, FromPractice, value, now)
		}
		if next, err = next.verify(kind, change.Verified, now); err != nil {
			return err
		}
		saved = before
		next = saved.use(next)
		if err := s.save(ctx, tx, who, now, "patient.contact", before, &saved, contacts, next); err != nil {
			return err
		}
		return recordChange(ctx, tx, who, now, Full{Patient: before}, Full{Patient: saved}, contacts, next)
	})
	if err != nil {
		return Profile{}, err
	}
	return s.profile(ctx, saved)
}

// verify notes that the contact in use was seen to be right, or was not.
func (c Contacts) verify(kind ContactKind, yes *bool, now time.Time) (Contacts, error) {
	used, ok := c.Used(kind)
	switch {
	case yes == nil:
		return c, nil
	case !ok:
		return c, fault.Wrong("verified", input.CodeSmall, "a detail to verify, in value or given before", "There is no such detail to verify.")
	}
	c = slices.Clone(c)
	i := c.find(kind, used.Source)
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
func (c ContactChange) check(kind ContactKind) (string, bool, error) {
	var in input.Checks
	input.Choice(&in, "kind", kind, ContactKinds)
	var text string
	if c.Value != nil {
		text = *c.Value
	}
	given := c.Value != nil
	switch kind {
	case ContactMobile:
		text = in.Mobile("value", text)
	case ContactLandline:
		text = in.Telephone("value", text)
	case ContactEmail:
		text = in.Email("value", text)
	case ContactAddress:
		if given {
			in.Wrong("value", input.CodeType, "address, an object, instead of value", "A postal address is given in address.")
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
