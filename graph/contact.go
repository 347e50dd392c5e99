package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

func contactOf(c contact.Contact) *gql.Contact {
	a := c.Address
	out := &gql.Contact{
		ID: encode(kindContact, c.ID), Title: text(c.Title), Status: standing(c.Deleted()),
		FirstName: text(c.FirstName), LastName: text(c.LastName),
		FullName: text(c.FullName()), Email: text(c.Email), MedicalSpecialty: text(c.Specialty),
		Company: text(c.Company), IsPayor: &c.IsPayor,
		Address: &gql.Address{Address: street(a.Line1, a.Line2), City: text(a.Town),
			Postcode: text(a.Postcode), Country: text(a.Country)},
		InvoiceRecipient: text(c.InvoiceRecipient), BillingDetails: text(c.BillingDetails),
		PaymentReference: text(c.PaymentReference),
		CreatedAt:        scalar.Of(c.CreatedAt), UpdatedAt: scalar.Of(c.UpdatedAt),
	}
	if c.BillingFrequency != "" {
		out.BillingFrequency = new(gql.ContactBillingFrequency(strings.ToUpper(string(c.BillingFrequency))))
	}
	return out
}

// contactByID finds a contact along with others that are asked for, deleted ones
// too.
func (d *resolver) contactByID(ctx context.Context, id contact.ID) (*gql.Contact, error) {
	return loaderOf(ctx, "contacts", func(ctx context.Context, ids []contact.ID) (map[contact.ID]*gql.Contact, error) {
		all, err := d.core.Contact.ByIDs(ctx, ids)
		out := make(map[contact.ID]*gql.Contact, len(all))
		for id, c := range all {
			out[id] = contactOf(c)
		}
		return out, err
	}).Load(ctx, id)
}

// Contact finds one contact, deleted or not.
func (q query) Contact(ctx context.Context, id string) (*gql.Contact, error) {
	n, err := known[contact.ID](kindContact, id)
	if err != nil {
		return nil, err
	}
	c, err := q.core.Contact.Contact(ctx, n)
	return absent(contactOf(c), err, contact.ErrNotFound)
}

// Contacts lists contacts.
func (q query) Contacts(ctx context.Context, search *string, pagination *gql.Pagination, options *gql.QueryOptions,
	filters *gql.ContactsQueryFilters) (*gql.ContactData, error) {
	p, l, err := q.listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := contact.Query{Listing: l, Search: deref(search)}
	if filters != nil {
		ask.IsPayor, ask.IsDoctor = filters.IsPayor.Value(), filters.IsDoctor.Value()
	}
	all, more, err := q.core.Contact.Contacts(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.ContactData{Data: mapped(all, contactOf), PageInfo: p.info(more)}, nil
}

// Phones are a contact's telephone numbers.
func (f contactFields) Phones(ctx context.Context, obj *gql.Contact) ([]*gql.Phone, error) {
	_, id, _ := decode(obj.ID)
	all, err := loaderOf(ctx, "phones of contacts", f.core.Contact.PhonesOf).Load(ctx, contact.ID(id))
	return mapped(all, func(p contact.Phone) *gql.Phone {
		return &gql.Phone{PhoneID: new(encode(kindPhone, p.ID)), PhoneType: new(string(p.Kind)), PhoneNumber: &p.Number}
	}), err
}

// Numbers are those a contact is known by: there are none, since nothing here
// gives contacts numbers.
func (f contactFields) Numbers(context.Context, *gql.Contact) ([]*gql.PatientNumber, error) {
	return []*gql.PatientNumber{}, nil
}

// twoLines splits the one text this API has for house and street in two.
func twoLines(s *string) (first, second *string) {
	if s == nil {
		return nil, nil
	}
	parts := strings.FieldsFunc(*s, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(parts) == 0 {
		return new(""), new("")
	}
	return &parts[0], new(strings.Join(parts[1:], ", "))
}

// frequency is how often a contact is billed.
func frequency(f *gql.ContactBillingFrequency) *contact.Frequency {
	if f == nil {
		return nil
	}
	return new(contact.Frequency(strings.ToLower(string(*f))))
}

// phoneKind is what kind of number a word says. Programs do not agree on its
// capitals.
func phoneKind(s string) *input.PhoneKind {
	if s == "" {
		return nil
	}
	if i := slices.IndexFunc(input.PhoneKinds, func(k input.PhoneKind) bool {
		return strings.EqualFold(string(k),
			s)
	}); i >= 0 {
		return &input.PhoneKinds[i]
	}
	return new(input.PhoneKind(s))
}

// CreateContact adds a contact.
func (m mutation) CreateContact(ctx context.Context, title, first, last, company, email, address, city, postcode,
	country, phoneType, phoneNumber *string,
	isPayor *bool, invoiceRecipient *string, billingFrequency *gql.ContactBillingFrequency, billingDetails,
	paymentReference *string,
) (*gql.NewContactPayload, error) {
	ch := contact.Change{
		Title: title, FirstName: first, LastName: last, Company: company, Email: email, Town: city, Postcode: postcode,
		Country: country, IsPayor: isPayor,
		InvoiceRecipient: invoiceRecipient, BillingFrequency: frequency(billingFrequency),
		BillingDetails: billingDetails, PaymentReference: paymentReference,
	}
	ch.Line1, ch.Line2 = twoLines(address)
	if deref(phoneNumber) != "" {
		ch.Phones = &[]contact.PhoneChange{{Kind: phoneKind(deref(phoneType)), Number: phoneNumber}}
	}
	c, err := m.core.Contact.Create(ctx, ch)
	return &gql.NewContactPayload{Data: contactOf(c)}, err
}

// UpdateContact changes a contact.
func (m mutation) UpdateContact(ctx context.Context, id string,
	in gql.UpdateContactDataInput) (*gql.ContactResponsePayload, error) {
	ch := contact.Change{
		Title: change(in.Title), FirstName: change(in.First), LastName: change(in.Last), Company: change(in.Company),
		Email:     change(in.Email),
		Specialty: change(in.MedicalSpecialty), IsPayor: in.IsPayor.Value(),
		InvoiceRecipient: change(in.InvoiceRecipient),
		BillingDetails:   change(in.BillingDetails), PaymentReference: change(in.PaymentReference),
		BillingFrequency: frequency(in.BillingFrequency.Value()),
	}
	if f, set := in.BillingFrequency.ValueOK(); set && f == nil {
		ch.BillingFrequency = new(contact.Frequency(""))
	}
	if a := in.Address.Value(); a != nil {
		ch.Line1, ch.Line2 = twoLines(change(a.Address))
		ch.Town, ch.Postcode, ch.Country = change(a.City), change(a.Postcode), change(a.Country)
	}
	// A program that has nothing to say of the numbers sends null: only a list,
	// which may be empty, stands in place of them.
	if all := in.Phones.Value(); all != nil {
		ch.Phones = &[]contact.PhoneChange{}
		for _, p := range all {
			if p != nil {
				*ch.Phones = append(*ch.Phones, phoneChange(p.PhoneNumber, p.PhoneType))
			}
		}
	}
	return m.withContact(ctx, id, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.core.Contact.Update(ctx, id, ch)
	})
}

func phoneChange(number graphql.Omittable[*string], kind graphql.Omittable[*gql.PhoneType]) contact.PhoneChange {
	ch := contact.PhoneChange{Number: number.Value()}
	if k := kind.Value(); k != nil {
		ch.Kind = new(input.PhoneKind(*k))
	}
	return ch
}

// DeleteContact deletes a contact.
func (m mutation) DeleteContact(ctx context.Context, id string) (*gql.ContactResponsePayload, error) {
	return m.withContact(ctx, id, m.core.Contact.Delete)
}

// AddContactPhoneNumber adds a telephone number.
func (m mutation) AddContactPhoneNumber(ctx context.Context, contactID string,
	in gql.AddContactPhoneData) (*gql.ContactResponsePayload, error) {
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.core.Contact.AddPhone(ctx, id, contact.PhoneChange{Kind: new(input.PhoneKind(in.PhoneType)),
			Number: &in.PhoneNumber})
	})
}

// UpdateContactPhoneNumber changes a telephone number.
func (m mutation) UpdateContactPhoneNumber(ctx context.Context, contactID, phoneID string,
	in *gql.UpdateContactPhoneData) (*gql.ContactResponsePayload, error) {
	phone, err := known[contact.PhoneID](kindPhone, phoneID)
	if err != nil {
		return nil, err
	}
	if in == nil {
		in = &gql.UpdateContactPhoneData{}
	}
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.core.Contact.UpdatePhone(ctx, id, phone, phoneChange(in.PhoneNumber, in.PhoneType))
	})
}

// RemoveContactPhoneNumber removes a telephone number.
func (m mutation) RemoveContactPhoneNumber(ctx context.Context, contactID,
	phoneID string) (*gql.ContactResponsePayload, error) {
	phone, err := known[contact.PhoneID](kindPhone, phoneID)
	if err != nil {
		return nil, err
	}
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.core.Contact.RemovePhone(ctx, id, phone)
	})
}

// withContact changes the contact of an id.
func (m mutation) withContact(ctx context.Context, id string, do func(context.Context,
	contact.ID) (contact.Contact, error)) (*gql.ContactResponsePayload, error) {
	n, err := known[contact.ID](kindContact, id)
	if err != nil {
		return nil, err
	}
	c, err := do(ctx, n)
	return &gql.ContactResponsePayload{Data: contactOf(c)}, err
}
