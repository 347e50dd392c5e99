// Package contact is the people and organisations a practice deals with who are
// not patients: insurers, employers, clinicians elsewhere, laboratories.
//
//	contact.go  the contact: made, changed, deleted
//	phone.go    its telephone numbers
//	list.go     contacts found and listed
package contact

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// What a role grants of contacts.
const (
	See  = access.SeeContacts
	Edit = access.EditContacts
)

// ID names a contact within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Frequency says how often a contact is billed; the empty one is not agreed.
type Frequency string

// The frequencies.
const (
	Daily     Frequency = "daily"
	Weekly    Frequency = "weekly"
	Monthly   Frequency = "monthly"
	Quarterly Frequency = "quarterly"
	Annually  Frequency = "annually"
)

// Frequencies are all the frequencies.
var Frequencies = []Frequency{"", Daily, Weekly, Monthly, Quarterly, Annually}

// Address is a contact's postal address.
type Address struct {
	Line1    string `json:"line_1"`
	Line2    string `json:"line_2"`
	Town     string `json:"town"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"` // two letters of ISO 3166-1
}

// Lines are the parts of the address that there are, in the order of an envelope.
func (a Address) Lines() []string {
	return slices.DeleteFunc([]string{a.Line1, a.Line2, a.Town, a.Postcode, a.Country},
		func(s string) bool { return s == "" })
}

// Contact is one of them. Empty text means not known.
type Contact struct {
	ID        ID      `json:"id"`
	Title     string  `json:"title"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Company   string  `json:"company"`
	Email     string  `json:"email"`
	Address   Address `json:"address"`
	// Specialty is the medical specialty of a clinician.
	Specialty string `json:"medical_specialty"`
	// IsPayor says that invoices may go to the contact.
	IsPayor          bool      `json:"is_payor"`
	IsDoctor         bool      `json:"is_doctor"`
	InvoiceRecipient string    `json:"invoice_recipient"`
	BillingFrequency Frequency `json:"billing_frequency"`
	BillingDetails   string    `json:"billing_details"`
	PaymentReference string    `json:"payment_reference"`
	DeletedAt        time.Time `json:"deleted_at,omitzero"`
	// Version counts the changes of the contact and of its telephone numbers.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (c Contact) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "contact", ID: int64(c.ID), Personal: true}
}

// Deleted reports whether the contact was deleted.
func (c Contact) Deleted() bool { return !c.DeletedAt.IsZero() }

// FullName is title, first name and last name.
func (c Contact) FullName() string {
	return strings.Join(strings.Fields(c.Title+" "+c.FirstName+" "+c.LastName), " ")
}

// The faults of contact.
var (
	ErrNotFound      = fault.New(fault.NotFound, "contact_not_found", "This practice group has no such contact.")
	ErrPhoneNotFound = fault.New(fault.NotFound, "contact_phone_not_found",
		"This contact has no such telephone number.")
	ErrNameless   = fault.New(fault.Invalid, "contact_without_name", "A contact needs a name or a company.")
	ErrManyPhones = fault.New(fault.Invalid, "too_many_phones", "A contact has at most 20 telephone numbers.")
	ErrDeleted    = fault.New(fault.Conflict, "contact_deleted", "This contact has been deleted.")
)

// Reader is what contact reads.
type Reader interface {
	// Contact finds a contact, deleted ones too, or returns ErrNotFound.
	Contact(ctx context.Context, group practice.ID, id ID) (Contact, error)
	// PhonesOfContacts lists the telephone numbers of some contacts, the first one given first.
	PhonesOfContacts(ctx context.Context, group practice.ID, of []ID) (map[ID][]Phone, error)
}

// Store is what contact needs remembered.
type Store interface {
	Reader
	// ContactsByID finds those of the contacts there are, deleted ones too.
	ContactsByID(ctx context.Context, group practice.ID, ids []ID) (map[ID]Contact, error)
	// Contacts lists contacts. Those asked for by when they were made or changed
	// come in that order, others in the order of their ids.
	Contacts(ctx context.Context, group practice.ID, q Query, rows input.Rows) ([]Contact, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockContact keeps others from changing the contact until the end of the
	// transaction, and finds it, or returns ErrNotFound.
	LockContact(ctx context.Context, group practice.ID, id ID) (Contact, error)
	// SaveContactOf keeps a new or a changed contact, to be found by its telephone numbers too.
	SaveContactOf(ctx context.Context, group practice.ID, c Contact, phones []Phone) error
	SaveContactPhone(ctx context.Context, group practice.ID, p Phone) error
	DropContactPhone(ctx context.Context, group practice.ID, id PhoneID) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the contact capability.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Change is what to set of a contact; nil leaves a thing as it is.
type Change struct {
	Title, FirstName, LastName, Company, Email, Specialty *string
	Line1, Line2, Town, Postcode, Country                 *string
	IsPayor, IsDoctor                                     *bool
	InvoiceRecipient, BillingDetails, PaymentReference    *string
	BillingFrequency                                      *Frequency
	// Phones stand in place of those there are.
	Phones *[]PhoneChange
}

func (ch Change) apply(c *Contact) error {
	was := c.Email
	input.Set(&c.Title, ch.Title)
	input.Set(&c.FirstName, ch.FirstName)
	input.Set(&c.LastName, ch.LastName)
	input.Set(&c.Company, ch.Company)
	input.Set(&c.Email, ch.Email)
	input.Set(&c.Address.Line1, ch.Line1)
	input.Set(&c.Address.Line2, ch.Line2)
	input.Set(&c.Address.Town, ch.Town)
	input.Set(&c.Address.Postcode, ch.Postcode)
	input.Set(&c.Address.Country, ch.Country)
	if ch.Specialty != nil {
		// A contact with a medical specialty is a clinician, unless the caller says otherwise.
		c.Specialty, c.IsDoctor = *ch.Specialty, strings.TrimSpace(*ch.Specialty) != ""
	}
	input.Set(&c.IsPayor, ch.IsPayor)
	input.Set(&c.IsDoctor, ch.IsDoctor)
	input.Set(&c.InvoiceRecipient, ch.InvoiceRecipient)
	input.Set(&c.BillingFrequency, ch.BillingFrequency)
	input.Set(&c.BillingDetails, ch.BillingDetails)
	input.Set(&c.PaymentReference, ch.PaymentReference)
	return c.check(was)
}

// check tidies a contact, of whom an e-mail address was kept already.
func (c *Contact) check(kept string) error {
	var in input.Checks
	in.Keep(kept)
	c.Title = in.Text("title", c.Title, 40)
	c.FirstName = in.Text("first_name", c.FirstName, 200)
	c.LastName = in.Text("last_name", c.LastName, 200)
	c.Company = in.Text("company", c.Company, 200)
	c.Email = in.Email("email", c.Email)
	a := &c.Address
	a.Line1, a.Line2, a.Town = in.Postal("line_1", a.Line1, 200), in.Postal("line_2", a.Line2, 200),
		in.Postal("town", a.Town, 100)
	a.Postcode = in.Postcode("postcode", a.Postcode)
	a.Country = strings.ToUpper(in.Postal("country", a.Country, 2))
	c.Specialty = in.Text("medical_specialty", c.Specialty, 200)
	c.InvoiceRecipient = in.Text("invoice_recipient", c.InvoiceRecipient, 200)
	c.BillingFrequency = input.Choice(&in, "billing_frequency", c.BillingFrequency, Frequencies)
	c.BillingDetails = in.Lines("billing_details", c.BillingDetails, 2000)
	c.PaymentReference = in.Text("payment_reference", c.PaymentReference, 100)
	if err := in.Err(); err != nil {
		return err
	}
	if c.FirstName == "" && c.LastName == "" && c.Company == "" {
		return ErrNameless
	}
	return nil
}

// snapshot is a contact as an audit entry keeps it.
type snapshot struct {
	Contact
	Phones []Phone `json:"phones"`
}

// Create adds a contact. Errors: ErrNameless, ErrManyPhones.
func (s *Service) Create(ctx context.Context, ch Change) (Contact, error) {
	return write.Do(ctx, Edit, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Contact, error) {
		c := Contact{ID: ID(s.NewID()), Version: 1, CreatedAt: e.Now, UpdatedAt: e.Now}
		if err := ch.apply(&c); err != nil {
			return c, err
		}
		phones, err := s.replace(c.ID, nil, ch.Phones, e.Now)
		if err != nil {
			return c, err
		}
		if err := save(ctx, e.Tx, e.Group(), c, nil, phones); err != nil {
			return c, err
		}
		return c, e.Audit(ctx, "contact.create", int64(c.ID), nil, snapshot{c, phones})
	})
}

// Update changes a contact. Errors: as Create, and ErrNotFound, ErrDeleted.
func (s *Service) Update(ctx context.Context, id ID, ch Change) (Contact, error) {
	return s.change(ctx, id, "contact.update", func(c *Contact, phones []Phone, now time.Time) ([]Phone, error) {
		if err := ch.apply(c); err != nil {
			return nil, err
		}
		return s.replace(id, phones, ch.Phones, now)
	})
}

const deleting = "contact.delete"

// Delete deletes a contact: it is kept, and stands where it stood, but can no
// longer be changed. Deleting it again changes nothing. Error: ErrNotFound.
func (s *Service) Delete(ctx context.Context, id ID) (Contact, error) {
	return s.change(ctx, id, deleting, func(c *Contact, phones []Phone, now time.Time) ([]Phone, error) {
		c.DeletedAt = now
		return phones, nil
	})
}

// change changes a contact and its telephone numbers in one transaction, with the audit entry.
func (s *Service) change(ctx context.Context, id ID, action string, fn func(c *Contact, phones []Phone,
	now time.Time) ([]Phone, error)) (Contact, error) {
	return write.Do(ctx, Edit, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Contact, error) {
		before, err := e.Tx.LockContact(ctx, e.Group(), id)
		switch {
		case err != nil, before.Deleted() && action == deleting:
			return before, err
		case before.Deleted():
			return before, ErrDeleted
		}
		had, err := e.Tx.PhonesOfContacts(ctx, e.Group(), []ID{id})
		if err != nil {
			return before, err
		}
		after := before
		phones, err := fn(&after, slices.Clone(had[id]), e.Now)
		if err != nil {
			return before, err
		}
		after.Version, after.UpdatedAt = before.Version+1, e.Now
		if err := save(ctx, e.Tx, e.Group(), after, had[id], phones); err != nil {
			return before, err
		}
		return after, e.Audit(ctx, action, int64(id), snapshot{before, had[id]}, snapshot{after, phones})
	})
}

// save keeps a contact and makes its telephone numbers those that are given.
func save(ctx context.Context, tx Tx, group practice.ID, c Contact, had, phones []Phone) error {
	if err := tx.SaveContactOf(ctx, group, c, phones); err != nil {
		return err
	}
	for _, p := range had {
		if !slices.ContainsFunc(phones, func(q Phone) bool { return q.ID == p.ID }) {
			if err := tx.DropContactPhone(ctx, group, p.ID); err != nil {
				return err
			}
		}
	}
	for _, p := range phones {
		if slices.Contains(had, p) {
			continue
		}
		if err := tx.SaveContactPhone(ctx, group, p); err != nil {
			return err
		}
	}
	return nil
}
