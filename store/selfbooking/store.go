// Package selfbooking keeps what core/selfbooking remembers.
package selfbooking

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	episodestore "frontdesk/store/episode"
	linkstore "frontdesk/store/link"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/value"
)

// Store is what core/selfbooking remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(selfbooking.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// In is the store inside a transaction of booking.
func (s *Store) In(tx booking.Tx) selfbooking.Tx { return On(tx.(*bookingstore.Tx).Conn) }

// Episodes puts things into episodes in the transaction.
func (t *Tx) Episodes() episode.Keeper { return episodestore.On(t.Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	links
	patients
	practices
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, linkstore.On(c), patientstore.On(c), practicestore.On(c)} }

type links interface {
	LockLink(ctx context.Context, group practice.ID, id link.ID) (link.Link, error)
	SaveLink(ctx context.Context, group practice.ID, l link.Link) error
	AddLinks(ctx context.Context, group practice.ID, all []link.Link) error
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}

type practices interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	PractitionersAmong(
		ctx context.Context, group practice.ID, ids []practice.PractitionerID,
	) ([]practice.Practitioner, error)
}

const (
	selectOffers = linkstore.SelectWith + `, o.types, o.locations, o.practitioners, o.from_date, o.to_date FROM link
		JOIN booking_link o USING (practice_group_id) WHERE practice_group_id = $1 AND o.link_id = link.id`
	newestOffers  = ` ORDER BY link.id DESC LIMIT $2 OFFSET $3`
	offersOf      = ` AND link.patient_id = $4`
	countOffers   = `SELECT count(*) FROM (SELECT 1 FROM booking_link WHERE practice_group_id = $1 LIMIT $2) AS matches`
	countOffersOf = `SELECT count(*) FROM (SELECT 1 FROM link WHERE practice_group_id = $1 AND patient_id = $2
		AND kind = 'booking' LIMIT $3) AS matches`
)

func scanOffer(scan store.Scanner) (selfbooking.Offer, error) {
	var o selfbooking.Offer
	var types, places, people []string
	err := linkstore.Scan(scan, &o.Link, value.Words(&types), value.Words(&places), value.Words(&people),
		value.Day(&o.From), value.Day(&o.To))
	read(&o.Types, types)
	read(&o.Locations, places)
	read(&o.Practitioners, people)
	return o, err
}

// read reads ids that are kept as words.
func read[T ~int64](to *[]T, words []string) {
	for _, w := range words {
		id, _ := input.Digits(w)
		*to = append(*to, T(id))
	}
}

// words are ids as they are kept.
func words[T ~int64](ids []T) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(int64(id), 10)
	}
	return value.Joined(out)
}

// Offer finds a booking link.
func (t *Tx) Offer(ctx context.Context, group practice.ID, id link.ID) (selfbooking.Offer, error) {
	return store.ByKey(ctx, t.Conn, link.ErrNotFound, selectOffers+` AND link.id = $2`, store.In{group, id}, scanOffer)
}

// LockOffer keeps others from changing a booking link, and finds it.
func (t *Tx) LockOffer(ctx context.Context, group practice.ID, id link.ID) (selfbooking.Offer, error) {
	if _, err := t.LockLink(ctx, group, id); err != nil {
		return selfbooking.Offer{}, err
	}
	return t.Offer(ctx, group, id)
}

// SaveOffer keeps a booking link.
func (t *Tx) SaveOffer(ctx context.Context, group practice.ID, o selfbooking.Offer) error {
	if err := t.SaveLink(ctx, group, o.Link); err != nil {
		return err
	}
	_, err := t.Exec(ctx, insertOffer+`
		ON CONFLICT (practice_group_id, link_id) DO UPDATE SET types = $3, locations = $4, practitioners = $5,
		from_date = $6, to_date = $7`, offered(group, o)...)
	return err
}

const insertOffer = `INSERT INTO booking_link (practice_group_id, link_id, types, locations, practitioners, from_date,
	to_date) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// offered is what a link offers, as it is kept.
func offered(group practice.ID, o selfbooking.Offer) store.In {
	return store.In{group, o.ID, words(o.Types), words(o.Locations), words(o.Practitioners), o.From.String(),
		o.To.String()}
}

// AddOffers keeps new booking links.
func (t *Tx) AddOffers(ctx context.Context, group practice.ID, all []selfbooking.Offer) error {
	links, args := make([]link.Link, len(all)), make([]store.In, len(all))
	for i, o := range all {
		links[i], args[i] = o.Link, offered(group, o)
	}
	if err := t.AddLinks(ctx, group, links); err != nil {
		return err
	}
	return store.Insert(ctx, t.Conn, insertOffer, args)
}

// Offers lists booking links, newest first.
func (t *Tx) Offers(
	ctx context.Context, group practice.ID, q selfbooking.Query,
) (found []selfbooking.Offer, count int, err error) {
	upTo := input.CountTo(q.Offset, q.Limit)
	if q.Patient != 0 {
		_, err = t.One(ctx, countOffersOf, store.In{group, q.Patient, upTo}, &count)
	} else {
		_, err = t.One(ctx, countOffers, store.In{group, upTo}, &count)
	}
	if err != nil || count == 0 {
		return nil, 0, err
	}
	if q.Patient != 0 {
		found, err = store.List(ctx, t.Conn, selectOffers+offersOf+newestOffers,
			store.In{group, q.Limit, q.Offset, q.Patient}, scanOffer)
		return found, count, err
	}
	found, err = store.List(ctx, t.Conn, selectOffers+newestOffers, store.In{group, q.Limit, q.Offset}, scanOffer)
	return found, count, err
}

// Holding counts the times that are held by a link now.
func (t *Tx) Holding(ctx context.Context, group practice.ID, by link.ID, now time.Time) (n int, err error) {
	_, err = t.One(ctx, `SELECT count(*) FROM appointment WHERE practice_group_id = $1 AND link_id = $2
		AND state = 'reserved' AND reserved_until > $3`, store.In{group, by, now}, &n)
	return n, err
}

// Made lists what a patient has made by links that is to come.
func (t *Tx) Made(
	ctx context.Context, group practice.ID, of patient.ID, after time.Time,
) ([]selfbooking.Made, error) {
	return store.List(ctx, t.Conn, selectMade+` AND link_id IS NOT NULL AND state IN ('reserved', 'booked')
		ORDER BY start_at, id`, store.In{group, of, after}, scanMade)
}

// Moving lists the times that are held for appointments a patient is moving: such a hold is of no link.
func (t *Tx) Moving(
	ctx context.Context, group practice.ID, of patient.ID, now time.Time,
) ([]selfbooking.Made, error) {
	return store.List(ctx, t.Conn, selectMade+` AND link_id IS NULL AND source = 'page' AND state = 'reserved'
		AND reserved_until > $3 ORDER BY start_at, id`, store.In{group, of, now}, scanMade)
}

const selectMade = `SELECT id, link_id, state, appointment_type_id, practitioner_id, location_id, start_at,
	reserved_until FROM appointment WHERE practice_group_id = $1 AND patient_id = $2 AND start_at > $3`

func scanMade(scan store.Scanner) (selfbooking.Made, error) {
	var m selfbooking.Made
	err := scan(&m.ID, value.Num(&m.Link), &m.State, &m.Type, &m.Practitioner, &m.Location, value.When(&m.Start),
		value.When(&m.HeldUntil))
	return m, err
}
