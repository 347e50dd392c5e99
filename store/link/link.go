package link

import (
	"context"
	"time"

	"frontdesk/core/link"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const linkColumns = `practice_group_id, id, kind, hash, sealed, uuid, patient_id, attachment_id, expires_at, max_uses,
	uses, opens, wrong, locks, visit, withdrawn_at, version, created_at, updated_at,
	new_patients, appointment_id, network_patients`

// madeByLink is what a booking link has made, counted, and what a form link asks for.
const madeByLink = `,
	(SELECT count(*) FROM appointment a WHERE a.practice_group_id = link.practice_group_id AND a.link_id = link.id
		AND a.confirmed_at IS NOT NULL),
	(SELECT max(a.reserved_until) FROM appointment a WHERE a.practice_group_id = link.practice_group_id
		AND a.link_id = link.id AND a.state = 'reserved'),
	(SELECT max(a.start_at) FROM appointment a WHERE a.practice_group_id = link.practice_group_id
		AND a.link_id = link.id AND a.state = 'booked'),
	(SELECT a.end_at FROM appointment a WHERE a.practice_group_id = link.practice_group_id
		AND a.id = link.appointment_id),
	EXISTS (SELECT 1 FROM appointment a WHERE a.practice_group_id = link.practice_group_id
		AND a.id = link.appointment_id AND a.state <> 'booked'),
	(SELECT f.questionnaire_id FROM form_link f WHERE f.practice_group_id = link.practice_group_id
		AND f.link_id = link.id),
	(SELECT f.response_id FROM form_link f WHERE f.practice_group_id = link.practice_group_id AND f.link_id = link.id)`

// SelectWith reads links, each with what it has made of appointments, and what follows. Its rows are read by Scan.
const (
	SelectWith  = `SELECT ` + linkColumns + madeByLink
	selectLinks = SelectWith + ` FROM link`
)

// Scan reads a link, and what follows it in the row.
func Scan(scan store.Scanner, l *link.Link, more ...any) error {
	var ends time.Time
	var off value.Flag
	err := scan(append([]any{&l.Group, &l.ID, &l.Kind, &l.Hash, &l.Sealed, &l.UUID, value.Num(&l.Patient),
		value.Num(&l.File), value.When(&l.ExpiresAt), value.Maybe(&l.MaxUses), &l.Uses, &l.Opens, &l.Wrong, &l.Locks,
		&l.Visits, value.When(&l.WithdrawnAt), &l.Version, value.When(&l.CreatedAt), value.When(&l.UpdatedAt),
		&l.NewPatients, value.Num(&l.Appointment), &l.NetworkPatients, &l.Bookings, value.When(&l.HeldUntil),
		value.When(&l.ComesUntil),
		value.When(&ends), &off, value.Num(&l.Questionnaire), value.Num(&l.Response)}, more...)...)
	l.Off = bool(off)
	if !ends.IsZero() {
		l.ExpiresAt = ends
	}
	return err
}

func scanLink(scan store.Scanner) (link.Link, error) {
	var l link.Link
	err := Scan(scan, &l)
	return l, err
}

// Link finds a link.
func (t *Tx) Link(ctx context.Context, group practice.ID, id link.ID) (link.Link, error) {
	return store.ByKey(ctx, t.Conn, link.ErrNotFound, selectLinks+`
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanLink)
}

// LinkByHash finds the link whose secret has a hash.
func (t *Tx) LinkByHash(ctx context.Context, group practice.ID, hash []byte) (link.Link, error) {
	return store.Find(ctx, t.Conn, link.ErrNotFound, selectLinks+`
		WHERE practice_group_id = $1 AND hash = $2`, store.In{group, hash}, scanLink)
}

// LockLink keeps others from changing a link, and finds it.
func (t *Tx) LockLink(ctx context.Context, group practice.ID, id link.ID) (link.Link, error) {
	if _, err := t.Exec(ctx, `UPDATE link SET updated_at = updated_at WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return link.Link{}, err
	}
	return t.Link(ctx, group, id)
}

// kept is a link as linkColumns has it.
func kept(group practice.ID, l link.Link) store.In {
	return store.In{group, l.ID, l.Kind, l.Hash, l.Sealed, l.UUID, value.Opt(l.Patient), value.Opt(l.File),
		l.ExpiresAt, value.Given(l.MaxUses), l.Uses, l.Opens, l.Wrong, l.Locks, l.Visits, value.At(l.WithdrawnAt),
		l.Version, l.CreatedAt, l.UpdatedAt, l.NewPatients, value.Opt(l.Appointment),
		l.NetworkPatients}
}

// SaveLink keeps a link.
func (t *Tx) SaveLink(ctx context.Context, group practice.ID, l link.Link) error {
	_, err := t.Exec(ctx, `INSERT INTO link (`+linkColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET hash = $4, sealed = $5, expires_at = $9, max_uses = $10,
		uses = $11, opens = $12, wrong = $13, locks = $14, visit = $15, withdrawn_at = $16, version = $17,
		updated_at = $19, new_patients = $20, network_patients = $22`, kept(group, l)...)
	return err
}

// AddLinks keeps new links.
func (t *Tx) AddLinks(ctx context.Context, group practice.ID, all []link.Link) error {
	args := make([]store.In, len(all))
	for i, l := range all {
		args[i] = kept(group, l)
	}
	return t.Many(ctx, `INSERT INTO link (`+linkColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (practice_group_id, appointment_id, patient_id) WHERE appointment_id IS NOT NULL DO NOTHING`, args)
}

const (
	byAppointment = selectLinks + ` WHERE practice_group_id = $1 AND appointment_id IN `
	byID          = selectLinks + ` WHERE practice_group_id = $1 AND id IN `
)

// LinksOfAppointments lists the links of appointments.
func (t *Tx) LinksOfAppointments(ctx context.Context, group practice.ID, of []int64) ([]link.Link, error) {
	return store.ListAmong(ctx, t.Conn, store.Among(byAppointment+store.Few2, byAppointment+store.Many2),
		store.In{group}, of, scanLink)
}

// LinksAmong finds links by their ids.
func (t *Tx) LinksAmong(ctx context.Context, group practice.ID, ids []link.ID) (map[link.ID]link.Link, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(byID+store.Few2, byID+store.Many2), store.In{group}, ids,
		scanLink)
	return store.Keyed(found, err, func(l link.Link) link.ID { return l.ID })
}

// LinkByUUID finds the link that a UUID names.
func (t *Tx) LinkByUUID(ctx context.Context, group practice.ID, uuid string) (link.Link, error) {
	return store.Find(ctx, t.Conn, link.ErrNotFound, selectLinks+`
		WHERE practice_group_id = $1 AND uuid = $2`, store.In{group, uuid}, scanLink)
}

// Tries finds how often visitors of a link were not identified from a network.
func (t *Tx) Tries(ctx context.Context, group practice.ID, of link.ID, network string) (link.Tries, error) {
	n := link.Tries{Network: network}
	_, err := t.One(ctx, `SELECT began_at, tries, paused_at FROM link_try
		WHERE practice_group_id = $1 AND link_id = $2 AND network = $3`, store.In{group, of, network},
		value.When(&n.Since), &n.Count, value.When(&n.PausedAt))
	return n, err
}

// SaveTries keeps how often they were not.
func (t *Tx) SaveTries(ctx context.Context, group practice.ID, of link.ID, n link.Tries) error {
	_, err := t.Exec(ctx, `INSERT INTO link_try (practice_group_id, link_id, network, began_at, tries, paused_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, link_id, network) DO UPDATE SET began_at = $4, tries = $5, paused_at = $6`,
		group, of, n.Network, n.Since, n.Count, value.At(n.PausedAt))
	return err
}

// ForgetTries deletes those that began before a time.
func (s *Store) ForgetTries(ctx context.Context, group practice.ID, before time.Time) error {
	return s.db.Do(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, `DELETE FROM link_try WHERE practice_group_id = $1 AND began_at < $2`, group, before)
		return err
	})
}
