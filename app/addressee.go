package app

import (
	"context"

	"frontdesk/core/clinical"
	"frontdesk/core/contact"
	"frontdesk/core/practice"
	"frontdesk/store"
)

// addressee makes sure that a contact is there that a letter goes to: what is
// clinical knows nothing of contacts.
func addressee(db *store.DB) func(context.Context, practice.ID, clinical.Recipient) error {
	return func(ctx context.Context, group practice.ID, to clinical.Recipient) error {
		id := contact.ID(to.ID)
		found, err := db.Contact().ContactsByID(ctx, group, []contact.ID{id})
		if c, ok := found[id]; err == nil && (!ok || c.Deleted()) {
			err = clinical.ErrNoRecipient
		}
		return err
	}
}
