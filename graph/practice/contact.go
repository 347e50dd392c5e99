package practice

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func contactOf(c contact.Contact) *gql.Contact {
	a := c.Address
	out := &gql.Contact{
		ID: wire.Encode(wire.KindContact, c.ID), Title: wire.Text(c.Title), Status: wire.Standing(c.Deleted()),
		FirstName: wire.Text(c.FirstName), LastName: wire.Text(c.LastName),
		FullName: wire.Text(c.FullName()), Email: wire.Text(c.Email), MedicalSpecialty: wire.Text(c.Specialty),
		Company: wire.Text(c.Company), IsPayor: &c.IsPayor,
		Address: &gql.Address{Address: wire.Street(a.Line1, a.Line2), City: wire.Text(a.Town),
			Postcode: wire.Text(a.Postcode), Country: wire.Text(a.Country)},
		InvoiceRecipient: wire.Text(c.InvoiceRecipient), BillingDetails: wire.Text(c.BillingDetails),
		PaymentReference: wire.Text(c.PaymentReference),
		CreatedAt:        scalar.Of(c.CreatedAt), UpdatedAt: scalar.Of(c.UpdatedAt),
	}
	if c.BillingFrequency != "" {
		out.BillingFrequency = new(gql.ContactBillingFrequency(strings.ToUpper(string(c.BillingFrequency))))
	}
	return out
}

// ContactByID finds a contact along with others that are asked for, deleted ones
// too.
func (d Resolver) ContactByID(ctx context.Context, id contact.ID) (*gql.Contact, error) {
	return wire.Loader(ctx, "contacts", func(ctx context.Context,
		ids []contact.ID) (map[contact.ID]*gql.Contact, error) {
		all, err := d.Core.Contact.ByIDs(ctx, ids)
		out := make(map[contact.ID]*gql.Contact, len(all))
		for id, c := range all {
			out[id] = contactOf(c)
		}
		return out, err
	}).Load(ctx, id)
}

// Contact finds one contact, deleted or not.
func (q Query) Contact(ctx context.Context, id string) (*gql.Contact, error) {
	n, err := wire.Known[contact.ID](wire.KindContact, id)
	if err != nil {
		return nil, err
	}
	c, err := q.Core.Contact.Contact(ctx, n)
	return wire.Absent(contactOf(c), err, contact.ErrNotFound)
}

// Contacts lists contacts.
func (q Query) Contacts(ctx context.Context, search *string, pagination *gql.Pagination, options *gql.QueryOptions,
	filters *gql.ContactsQueryFilters) (*gql.ContactData, error) {
	p, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	ask := contact.Query{Listing: l, Search: wire.Deref(search)}
	if filters != nil {
		ask.IsPayor, ask.IsDoctor = filters.IsPayor.Value(), filters.IsDoctor.Value()
	}
	all, more, err := q.Core.Contact.Contacts(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.ContactData{Data: wire.Map(all, contactOf), PageInfo: p.Info(more)}, nil
}

// Phones are a contact's telephone numbers.
func (f ContactFields) Phones(ctx context.Context, obj *gql.Contact) ([]*gql.Phone, error) {
	_, id, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, "phones of contacts", f.Core.Contact.PhonesOf).Load(ctx, contact.ID(id))
	return wire.Map(all, func(p contact.Phone) *gql.Phone {
		return &gql.Phone{PhoneID: new(wire.Encode(wire.KindPhone, p.ID)), PhoneType: new(string(p.Kind)),
			PhoneNumber: &p.Number}
	}), err
}

// Numbers are those a contact is known by: an empty list, since nothing here
// gives contacts numbers.
func (f ContactFields) Numbers(context.Context, *gql.Contact) ([]*gql.PatientNumber, error) {
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

// phoneKind is the kind of number that a word names. Programs do not agree on its
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
func (m Mutation) CreateContact(ctx context.Context, title, first, last, company, email, address, city, postcode,
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
	if wire.Deref(phoneNumber) != "" {
		ch.Phones = &[]contact.PhoneChange{{Kind: phoneKind(wire.Deref(phoneType)), Number: phoneNumber}}
	}
	c, err := m.Core.Contact.Create(ctx, ch)
	return &gql.NewContactPayload{Data: contactOf(c)}, err
}

// UpdateContact changes a contact.
func (m Mutation) UpdateContact(ctx context.Context, id string,
	in gql.UpdateContactDataInput) (*gql.ContactResponsePayload, error) {
	ch := contact.Change{
		Title: wire.Change(in.Title), FirstName: wire.Change(in.First), LastName: wire.Change(in.Last),
		Company:   wire.Change(in.Company),
		Email:     wire.Change(in.Email),
		Specialty: wire.Change(in.MedicalSpecialty), IsPayor: in.IsPayor.Value(),
		InvoiceRecipient: wire.Change(in.InvoiceRecipient),
		BillingDetails:   wire.Change(in.BillingDetails), PaymentReference: wire.Change(in.PaymentReference),
		BillingFrequency: frequency(in.BillingFrequency.Value()),
	}
	if f, set := in.BillingFrequency.ValueOK(); set && f == nil {
		ch.BillingFrequency = new(contact.Frequency(""))
	}
	if a := in.Address.Value(); a != nil {
		ch.Line1, ch.Line2 = twoLines(wire.Change(a.Address))
		ch.Town, ch.Postcode, ch.Country = wire.Change(a.City), wire.Change(a.Postcode), wire.Change(a.Country)
	}
	// Null leaves the numbers as they are; a list, which may be empty, replaces them.
	if all := in.Phones.Value(); all != nil {
		ch.Phones = &[]contact.PhoneChange{}
		for _, p := range all {
			if p != nil {
				*ch.Phones = append(*ch.Phones, phoneChange(p.PhoneNumber, p.PhoneType))
			}
		}
	}
	return m.withContact(ctx, id, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.Core.Contact.Update(ctx, id, ch)
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
func (m Mutation) DeleteContact(ctx context.Context, id string) (*gql.ContactResponsePayload, error) {
	return m.withContact(ctx, id, m.Core.Contact.Delete)
}

// AddContactPhoneNumber adds a telephone number.
func (m Mutation) AddContactPhoneNumber(ctx context.Context, contactID string,
	in gql.AddContactPhoneData) (*gql.ContactResponsePayload, error) {
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.Core.Contact.AddPhone(ctx, id, contact.PhoneChange{Kind: new(input.PhoneKind(in.PhoneType)),
			Number: &in.PhoneNumber})
	})
}

// UpdateContactPhoneNumber changes a telephone number.
func (m Mutation) UpdateContactPhoneNumber(ctx context.Context, contactID, phoneID string,
	in *gql.UpdateContactPhoneData) (*gql.ContactResponsePayload, error) {
	phone, err := wire.Known[contact.PhoneID](wire.KindPhone, phoneID)
	if err != nil {
		return nil, err
	}
	if in == nil {
		in = &gql.UpdateContactPhoneData{}
	}
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.Core.Contact.UpdatePhone(ctx, id, phone, phoneChange(in.PhoneNumber, in.PhoneType))
	})
}

// RemoveContactPhoneNumber removes a telephone number.
func (m Mutation) RemoveContactPhoneNumber(ctx context.Context, contactID,
	phoneID string) (*gql.ContactResponsePayload, error) {
	phone, err := wire.Known[contact.PhoneID](wire.KindPhone, phoneID)
	if err != nil {
		return nil, err
	}
	return m.withContact(ctx, contactID, func(ctx context.Context, id contact.ID) (contact.Contact, error) {
		return m.Core.Contact.RemovePhone(ctx, id, phone)
	})
}

// withContact changes the contact of an id.
func (m Mutation) withContact(ctx context.Context, id string, do func(context.Context,
	contact.ID) (contact.Contact, error)) (*gql.ContactResponsePayload, error) {
	n, err := wire.Known[contact.ID](wire.KindContact, id)
	if err != nil {
		return nil, err
	}
	c, err := do(ctx, n)
	return &gql.ContactResponsePayload{Data: contactOf(c)}, err
}
