package waiting

import (
	"context"
	"time"

	"frontdesk/core/link"
	"frontdesk/core/practice"
	"frontdesk/core/waiting"

	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const (
	offerColumns = `id, entry_id, appointment_id, link_id, practitioner_id, start_at, until_at, replaces_id, state,
	created_at, updated_at`
	selectOffers = `SELECT ` + offerColumns + ` FROM waiting_offer WHERE practice_group_id = $1`
)

func scanOffer(scan store.Scanner) (waiting.Offer, error) {
	var o waiting.Offer
	err := scan(&o.ID, &o.Entry, &o.Hold, &o.Link, &o.Practitioner, value.When(&o.Start), value.When(&o.Until),
		&o.Replaces, &o.Verdict, value.When(&o.CreatedAt), value.When(&o.UpdatedAt))
	return o, err
}

// Offer finds an offer.
func (t *Tx) Offer(ctx context.Context, group practice.ID, id waiting.OfferID) (waiting.Offer, error) {
	return store.ByKey(ctx, t.Conn, waiting.ErrNotFound, selectOffers+` AND id = $2`, store.In{group, id}, scanOffer)
}

// OfferByLink finds the offer a link leads to.
func (t *Tx) OfferByLink(ctx context.Context, group practice.ID, id link.ID) (waiting.Offer, error) {
	return store.Find(ctx, t.Conn, waiting.ErrNotFound, selectOffers+` AND link_id = $2`, store.In{group, id}, scanOffer)
}

// SaveOffer keeps an offer.
func (t *Tx) SaveOffer(ctx context.Context, group practice.ID, o waiting.Offer) error {
	_, err := t.Exec(ctx, `INSERT INTO waiting_offer (practice_group_id, `+offerColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET until_at = $8, state = $10, updated_at = $12`,
		group, o.ID, o.Entry, o.Hold, o.Link, o.Practitioner, o.Start, o.Until, o.Replaces, string(o.Verdict),
		o.CreatedAt, o.UpdatedAt)
	return err
}

// OffersOf lists the offers of the times of a practitioner that start in a stretch.
func (t *Tx) OffersOf(
	ctx context.Context, group practice.ID, of practice.PractitionerID, from, to time.Time,
) ([]waiting.Offer, error) {
	return store.List(ctx, t.Conn, selectOffers+` AND practitioner_id = $2 AND start_at >= $3 AND start_at <= $4
		ORDER BY start_at`, store.In{group, of, from, to}, scanOffer)
}

// DueOffers lists the offers that stand and whose time to answer is over.
func (t *Tx) DueOffers(ctx context.Context, group practice.ID, at time.Time, limit int) ([]waiting.Offer, error) {
	return store.List(ctx, t.Conn, selectOffers+` AND state = 'held' AND until_at <= $2 ORDER BY until_at LIMIT $3`,
		store.In{group, at, limit}, scanOffer)
}

// DueFree lists the free time that is to be looked at.
func (t *Tx) DueFree(ctx context.Context, group practice.ID, at time.Time, limit int) ([]waiting.Free, error) {
	return store.List(ctx, t.Conn, `SELECT id, practitioner_id, from_at, to_at, due_at, wakes FROM waiting_free
		WHERE practice_group_id = $1 AND due_at IS NOT NULL AND due_at <= $2 ORDER BY due_at LIMIT $3`,
		store.In{group, at, limit},
		func(scan store.Scanner) (waiting.Free, error) {
			var f waiting.Free
			err := scan(&f.ID, &f.Practitioner, value.When(&f.From), value.When(&f.To), value.When(&f.DueAt), &f.Wakes)
			return f, err
		})
}

// AddFree keeps time that became free.
func (t *Tx) AddFree(ctx context.Context, group practice.ID, f waiting.Free) error {
	_, err := t.Exec(ctx, `INSERT INTO waiting_free (practice_group_id, id, practitioner_id, from_at, to_at, due_at,
			wakes, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $6)
		ON CONFLICT (practice_group_id, practitioner_id, from_at, to_at) DO UPDATE
		SET due_at = $6, wakes = waiting_free.wakes + 1`, group, f.ID, f.Practitioner, f.From, f.To, f.DueAt)
	return err
}

// SaveFree keeps when free time is looked at next, unless it was woken since it was read.
func (t *Tx) SaveFree(ctx context.Context, group practice.ID, f waiting.Free) error {
	if f.Over {
		_, err := t.Exec(ctx, `DELETE FROM waiting_free WHERE practice_group_id = $1 AND id = $2 AND wakes = $3`, group,
			f.ID, f.Wakes)
		return err
	}
	_, err := t.Exec(ctx, `UPDATE waiting_free SET due_at = $4 WHERE practice_group_id = $1 AND id = $2 AND wakes = $3`,
		group, f.ID, f.Wakes, value.At(f.DueAt))
	return err
}

// WakeFree has stretches of free time be looked at now.
func (t *Tx) WakeFree(
	ctx context.Context, group practice.ID, of []practice.PractitionerID, now time.Time, limit int,
) (bool, error) {
	people := make([]listed, len(of))
	for i, id := range of {
		people[i] = listed(id.String())
	}
	n, err := t.Exec(ctx, `UPDATE waiting_free SET due_at = $2, wakes = wakes + 1 WHERE practice_group_id = $1
		AND id IN (SELECT id FROM waiting_free WHERE practice_group_id = $1 AND to_at > $2
		AND (CAST($3 AS text) = '' OR CAST($3 AS text) LIKE '%,' || practitioner_id || ',%')
		ORDER BY to_at LIMIT $4)`, group, now, listing.OneOf(people), limit)
	return n > 0, err
}

type listed string

// DropFree forgets free time that is over.
func (s *Store) DropFree(ctx context.Context, group practice.ID, at time.Time) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `DELETE FROM waiting_free WHERE practice_group_id = $1 AND to_at <= $2`, group, at)
		return err
	})
}
