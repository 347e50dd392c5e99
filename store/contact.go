package store

import (
	"context"
	"strings"

	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/practice"
)

type contactStore struct {
	contact.Reader
	tx *Tx
}

// Contact is what contact remembers.
func (db *DB) Contact() contact.Store { return contactStore{db.plain(), db.plain()} }

func (s contactStore) Do(ctx context.Context, fn func(contact.Tx) error) error {
	return s.tx.db.do(ctx, func(tx *Tx) error { return fn(tx) })
}

// within finds a part of a text without case and accents, as LIKE takes it.
func within(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(names.Key(part)) + "%"
}

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

// spans are the four ends of when things were made and changed.
func spans(l input.Listing) in {
	from, until := l.Created.Bounds()
	since, before := l.Updated.Bounds()
	return in{from, until, since, before}
}

const contactColumns = `id, title, first_name, last_name, company, email, line_1, line_2, town, postcode, country, specialty, is_payor, is_doctor,
	invoice_recipient, billing_frequency, billing_details, payment_reference, deleted_at, version, created_at, updated_at`

func scanContact(scan scanner) (contact.Contact, error) {
	var c contact.Contact
	a := &c.Address
	err := scan(&c.ID, &c.Title, &c.FirstName, &c.LastName, &c.Company, &c.Email, &a.Line1, &a.Line2, &a.Town,
		&a.Postcode, &a.Country, &c.Specialty,
		&c.IsPayor, &c.IsDoctor, &c.InvoiceRecipient, &c.BillingFrequency, &c.BillingDetails, &c.PaymentReference,
		when{&c.DeletedAt}, &c.Version,
		when{&c.CreatedAt}, when{&c.UpdatedAt})
	return c, err
}

// Contact finds a contact.
func (t *Tx) Contact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error) {
	return find(ctx, t, contact.ErrNotFound, `SELECT `+contactColumns+` FROM contact WHERE practice_group_id = $1
		AND id = $2`, in{group, id}, scanContact)
}

// LockContact keeps others from changing the contact, and finds it.
func (t *Tx) LockContact(ctx context.Context, group practice.ID, id contact.ID) (contact.Contact, error) {
	if _, err := t.exec(ctx, `UPDATE contact SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
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
	// COALESCE keeps a database from looking for rows by one time and sorting
	// them by the other.
	pageByID   = ` ORDER BY id LIMIT $6 OFFSET $7`
	pageByMade = ` AND created_at >= $8 AND created_at <= $9 AND COALESCE(updated_at, $10) >= $10 AND
		COALESCE(updated_at, $11) <= $11
		ORDER BY created_at, id LIMIT $6 OFFSET $7`
	pageByTold = ` AND COALESCE(created_at, $8) >= $8 AND COALESCE(created_at, $9) <= $9 AND updated_at >= $10 AND
		updated_at <= $11
		ORDER BY updated_at, id LIMIT $6 OFFSET $7`
)

func contactOrder(c contact.Contact) columns {
	return columns{"id": c.ID, "created_at": c.CreatedAt, "updated_at": c.UpdatedAt}
}

// Contacts lists contacts.
func (s contactStore) Contacts(ctx context.Context, group practice.ID, q contact.Rows) ([]contact.Contact, error) {
	args := in{group, q.Deleted, within(q.Search), asked(q.IsPayor), asked(q.IsDoctor), q.Limit, q.Offset}
	switch {
	case q.Updated.Given():
		return readPage(ctx, s.tx, someContacts+pageByTold, append(args, spans(q.Listing)...), scanContact,
			contactOrder)
	case q.Created.Given():
		return readPage(ctx, s.tx, someContacts+pageByMade, append(args, spans(q.Listing)...), scanContact,
			contactOrder)
	}
	return readPage(ctx, s.tx, someContacts+pageByID, args, scanContact, contactOrder)
}

var contactsByID = amongst{selectContacts + ` AND id IN ` + few2, selectContacts + ` AND id IN ` + many2}

// ContactsByID finds contacts.
func (s contactStore) ContactsByID(ctx context.Context, group practice.ID,
	ids []contact.ID) (map[contact.ID]contact.Contact, error) {
	found, err := listAmong(ctx, s.tx, contactsByID, in{group}, ids, scanContact)
	return keyed(found, err, func(c contact.Contact) contact.ID { return c.ID })
}

const selectPhones = `SELECT id, contact_id, kind, number, created_at FROM contact_phone WHERE practice_group_id = $1 AND contact_id IN `

var phonesOf = amongst{selectPhones + few2 + ` ORDER BY contact_id, id`, selectPhones + many2 +
	` ORDER BY contact_id, id`}

// PhonesOfContacts lists telephone numbers.
func (t *Tx) PhonesOfContacts(ctx context.Context, group practice.ID,
	of []contact.ID) (map[contact.ID][]contact.Phone, error) {
	return byOwner(listAmong(ctx, t, phonesOf, in{group}, of,
		func(scan scanner) (Owned[contact.ID, contact.Phone], error) {
			var p contact.Phone
			err := scan(&p.ID, &p.Contact, &p.Kind, &p.Number, when{&p.CreatedAt})
			return Owned[contact.ID, contact.Phone]{p.Contact, p}, err
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
	_, err := t.exec(ctx, `INSERT INTO contact (`+contactColumns+`, search_key, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $2, first_name = $3, last_name = $4, company = $5, email = $6, line_1 = $7, line_2 = $8,
			town = $9, postcode = $10, country = $11, specialty = $12, is_payor = $13, is_doctor = $14, invoice_recipient = $15, billing_frequency = $16,
			billing_details = $17, payment_reference = $18, deleted_at = $19, version = $20, updated_at = $22, search_key = $23`,
		c.ID, c.Title, c.FirstName, c.LastName, c.Company, c.Email, a.Line1, a.Line2, a.Town, a.Postcode, a.Country,
		c.Specialty, c.IsPayor, c.IsDoctor,
		c.InvoiceRecipient, c.BillingFrequency, c.BillingDetails, c.PaymentReference, at(c.DeletedAt), c.Version,
		c.CreatedAt, c.UpdatedAt,
		contactKey(c, phones), group)
	return err
}

// SaveContactPhone keeps a telephone number.
func (t *Tx) SaveContactPhone(ctx context.Context, group practice.ID, p contact.Phone) error {
	_, err := t.exec(ctx, `INSERT INTO contact_phone (practice_group_id, id, contact_id, kind, number, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET kind = $4, number = $5`, group, p.ID, p.Contact, p.Kind,
		p.Number, p.CreatedAt)
	return err
}

// DropContactPhone removes a telephone number.
func (t *Tx) DropContactPhone(ctx context.Context, group practice.ID, id contact.PhoneID) error {
	_, err := t.exec(ctx, `DELETE FROM contact_phone WHERE practice_group_id = $1 AND id = $2`, group, id)
	return err
}
