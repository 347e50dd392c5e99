package contact

import (
	"context"
	"strings"

	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

// asked is a yes-or-no question that may not be asked: 0.
func asked(yes *bool) int64 {
	switch {
	case yes == nil:
		return 0
	case *yes:
		return 1
	}
	return 2
}

const contactColumns = `id, title, first_name, last_name, company, email, line_1, line_2, town, postcode, country,
	specialty, is_payor, is_doctor,
	invoice_recipient, billing_frequency, billing_details, payment_reference, deleted_at, version, created_at,
	updated_at`

func scanContact(scan store.Scanner) (contact.Contact, error) {
	var c contact.Contact
	a := &c.Address
	err := scan(&c.ID, &c.Title, &c.FirstName, &c.LastName, &c.Company, &c.Email, &a.Line1, &a.Line2, &a.Town,
		&a.Postcode, &a.Country, &c.Specialty,
		&c.IsPayor, &c.IsDoctor, &c.InvoiceRecipient, &c.BillingFrequency, &c.BillingDetails, &c.PaymentReference,
		value.When(&c.DeletedAt), &c.Version,
		value.When(&c.CreatedAt), value.When(&c.UpdatedAt))
	return c, err
}

// Contact finds a contact.
func (t *Tx) Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error) {
	return store.Find(ctx, t.Conn, contact.ErrNotFound, `SELECT `+contactColumns+` FROM contact WHERE
		practice_group_id = $1
		AND id = $2`, store.In{group, id}, scanContact)
}

// LockContact keeps others from changing the contact, and finds it.
func (t *Tx) LockContact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error) {
	if _, err := t.Exec(ctx, `UPDATE contact SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return contact.Contact{}, err
	}
	return t.Contact(ctx, group, id)
}

const (
	selectContacts = `SELECT ` + contactColumns + ` FROM contact WHERE practice_group_id = $1`
	// What every list of contacts may ask: $2 is whether to give deleted ones,
	// $3 part of the search key, $4 and $5 whether they are payors and doctors.
	someContacts = selectContacts + ` AND (deleted_at IS NULL OR $2) AND search_key LIKE $3 ESCAPE '\'
		AND (CAST($4 AS bigint) = 0 OR is_payor = (CAST($4 AS bigint) = 1)) AND (CAST($5 AS bigint) = 0 OR
		is_doctor = (CAST($5 AS bigint) = 1))`
	// COALESCE keeps a database from looking for rows by one time and sorting them by the other.
	pageByID   = ` ORDER BY id LIMIT $6 OFFSET $7`
	pageByMade = ` AND created_at >= $8 AND created_at <= $9 AND COALESCE(updated_at, $10) >= $10 AND
		COALESCE(updated_at, $11) <= $11
		ORDER BY created_at, id LIMIT $6 OFFSET $7`
	pageByTold = ` AND COALESCE(created_at, $8) >= $8 AND COALESCE(created_at, $9) <= $9 AND updated_at >= $10 AND
		updated_at <= $11
		ORDER BY updated_at, id LIMIT $6 OFFSET $7`
)

func contactOrder(c contact.Contact) store.Columns {
	return store.Columns{"id": c.ID, "created_at": c.CreatedAt, "updated_at": c.UpdatedAt}
}

// Contacts lists contacts.
func (s *Store) Contacts(ctx context.Context, group practice.ID, q contact.Query,
	rows input.Rows) ([]contact.Contact, error) {
	args := store.In{group, q.Deleted, store.Within(q.Search), asked(q.IsPayor), asked(q.IsDoctor), rows.Limit,
		rows.Offset}
	switch {
	case q.Updated.Given():
		return store.ReadPage(ctx, s.Conn, someContacts+pageByTold, append(args, listing.Spans(q.Listing)...),
			scanContact,
			contactOrder)
	case q.Created.Given():
		return store.ReadPage(ctx, s.Conn, someContacts+pageByMade, append(args, listing.Spans(q.Listing)...),
			scanContact,
			contactOrder)
	}
	return store.ReadPage(ctx, s.Conn, someContacts+pageByID, args, scanContact, contactOrder)
}

var contactsByID = store.Among(selectContacts+` AND id IN `+store.Few2, selectContacts+` AND id IN `+store.Many2)

// ContactsByID finds contacts.
func (s *Store) ContactsByID(ctx context.Context, group practice.ID,
	ids []contact.ID) (map[contact.ID]contact.Contact, error) {
	found, err := store.ListAmong(ctx, s.Conn, contactsByID, store.In{group}, ids, scanContact)
	return store.Keyed(found, err, func(c contact.Contact) contact.ID { return c.ID })
}

const selectPhones = `SELECT id, contact_id, kind, number, created_at FROM contact_phone
	WHERE practice_group_id = $1 AND contact_id IN `

var phonesOf = store.Among(selectPhones+store.Few2+` ORDER BY contact_id, id`, selectPhones+store.Many2+
	` ORDER BY contact_id, id`)

// PhonesOfContacts lists telephone numbers.
func (t *Tx) PhonesOfContacts(ctx context.Context, group practice.ID,
	of []contact.ID) (map[contact.ID][]contact.Phone, error) {
	return store.ByOwner(store.ListAmong(ctx, t.Conn, phonesOf, store.In{group}, of,
		func(scan store.Scanner) (store.Owned[contact.ID, contact.Phone], error) {
			var p contact.Phone
			err := scan(&p.ID, &p.Contact, &p.Kind, &p.Number, value.When(&p.CreatedAt))
			return store.Owned[contact.ID, contact.Phone]{Of: p.Contact, Thing: p}, err
		}))
}

// contactKey is what a search for the contact looks at. A UK telephone number is
// found as it is dialled at home and from abroad.
func contactKey(c contact.Contact, phones []contact.Phone) string {
	words := []string{c.FullName(), c.Company, c.Email, c.Specialty}
	for _, p := range phones {
		words = append(words, p.Number, strings.ReplaceAll(input.ShowTelephone(p.Number), " ", ""))
	}
	for i, w := range words {
		words[i] = names.Key(w)
	}
	return strings.Join(words, "\n")
}

// SaveContactOf keeps a contact.
func (t *Tx) SaveContactOf(ctx context.Context, group practice.ID, c contact.Contact, phones []contact.Phone) error {
	a := c.Address
	_, err := t.Exec(ctx, `INSERT INTO contact (`+contactColumns+`, search_key, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		$23, $24)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $2, first_name = $3, last_name = $4, company = $5,
		email = $6, line_1 = $7, line_2 = $8,
			town = $9, postcode = $10, country = $11, specialty = $12, is_payor = $13, is_doctor = $14,
			invoice_recipient = $15, billing_frequency = $16,
			billing_details = $17, payment_reference = $18, deleted_at = $19, version = $20, updated_at = $22,
			search_key = $23`,
		c.ID, c.Title, c.FirstName, c.LastName, c.Company, c.Email, a.Line1, a.Line2, a.Town, a.Postcode, a.Country,
		c.Specialty, c.IsPayor, c.IsDoctor,
		c.InvoiceRecipient, c.BillingFrequency, c.BillingDetails, c.PaymentReference, value.At(c.DeletedAt), c.Version,
		c.CreatedAt, c.UpdatedAt,
		contactKey(c, phones), group)
	return err
}

// SaveContactPhone keeps a telephone number.
func (t *Tx) SaveContactPhone(ctx context.Context, group practice.ID, p contact.Phone) error {
	_, err := t.Exec(ctx, `INSERT INTO contact_phone (practice_group_id, id, contact_id, kind, number, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $4, number = $5`, group, p.ID, p.Contact, p.Kind,
		p.Number, p.CreatedAt)
	return err
}

// DropContactPhone removes a telephone number.
func (t *Tx) DropContactPhone(ctx context.Context, group practice.ID, id contact.PhoneID) error {
	_, err := t.Exec(ctx, `DELETE FROM contact_phone WHERE practice_group_id = $1 AND id = $2`, group, id)
	return err
}
