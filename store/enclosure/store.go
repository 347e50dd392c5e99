// Package enclosure keeps what core/enclosure remembers.
package enclosure

import (
	"context"
	"strings"
	"time"

	"frontdesk/core/enclosure"
	"frontdesk/core/formlink"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"

	"frontdesk/store"
	batchstore "frontdesk/store/batch"
	formlinkstore "frontdesk/store/formlink"
	linkstore "frontdesk/store/link"
	messagingstore "frontdesk/store/messaging"
	noticestore "frontdesk/store/notice"
	selfbookingstore "frontdesk/store/selfbooking"
	sequencestore "frontdesk/store/sequence"
	"frontdesk/store/value"
)

// Store is what core/enclosure remembers.
type Store struct{ *Tx }

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{on(db.Conn())} }

// In is the store inside a transaction of another area.
func (s *Store) In(tx enclosure.Within) enclosure.Tx {
	switch t := tx.(type) {
	case *messagingstore.Tx:
		return on(t.Conn)
	case *batchstore.Tx:
		return on(t.Conn)
	case *sequencestore.Tx:
		return on(t.Conn)
	}
	return on(tx.(*noticestore.Tx).Conn)
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	links
	offers
	requests
}

func on(c store.Conn) *Tx {
	return &Tx{c, linkstore.On(c), selfbookingstore.On(c), formlinkstore.On(c)}
}

type links interface {
	Link(ctx context.Context, group practice.ID, id link.ID) (link.Link, error)
	LinkByUUID(ctx context.Context, group practice.ID, uuid string) (link.Link, error)
	LinksOfAppointments(ctx context.Context, group practice.ID, of []int64) ([]link.Link, error)
	AddLinks(ctx context.Context, group practice.ID, all []link.Link) error
}

type offers interface {
	AddOffers(ctx context.Context, group practice.ID, all []selfbooking.Offer) error
}

type requests interface {
	AddRequests(ctx context.Context, group practice.ID, all []formlink.Request) error
}

const dated = `SELECT id FROM patient WHERE practice_group_id = $1 AND birth_date <> '' AND id IN `

// Dated finds those of some patients whose date of birth is known.
func (t *Tx) Dated(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID]bool, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(dated+store.Few2, dated+store.Many2), store.In{group}, of,
		store.ScanID[patient.ID])
	out := make(map[patient.ID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, err
}

const (
	// The index on a patient's appointments finds the first.
	next = `SELECT p.id, a.id, a.end_at FROM patient p JOIN appointment a ON a.practice_group_id = p.practice_group_id
		AND a.id = (SELECT n.id FROM appointment n WHERE n.practice_group_id = $1
		AND n.patient_id = p.id AND n.start_at > $2 AND n.state = 'booked' ORDER BY n.start_at, n.id LIMIT 1)
		WHERE p.practice_group_id = $3 AND p.id IN `
)

// NextAppointments finds the next confirmed appointment of each of some patients.
func (t *Tx) NextAppointments(
	ctx context.Context, group practice.ID, of []patient.ID, after time.Time,
) (map[patient.ID]link.Of, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(next+store.Few4, next+store.Many4),
		store.In{group, after, group}, of,
		func(scan store.Scanner) (link.Of, error) {
			var a link.Of
			err := scan(&a.Patient, &a.Appointment, value.When(&a.End))
			return a, err
		})
	return store.Keyed(found, err, func(a link.Of) patient.ID { return a.Patient })
}

const namesOf = `SELECT name FROM appointment_type WHERE practice_group_id = $1 AND id IN `

// LinkName is what a link leads to.
func (t *Tx) LinkName(ctx context.Context, group practice.ID, l link.Link) (name string, err error) {
	switch l.Kind {
	case link.Attachment:
		_, err = t.One(ctx, `SELECT file_name FROM patient_attachment WHERE practice_group_id = $1 AND id = $2`,
			store.In{group, l.File}, &name)
	case link.Appointment:
		_, err = t.One(ctx, `SELECT t.name FROM appointment a JOIN appointment_type t
			ON t.practice_group_id = a.practice_group_id AND t.id = a.appointment_type_id
			WHERE a.practice_group_id = $1 AND a.id = $2`, store.In{group, l.Appointment}, &name)
	case link.Form:
		_, err = t.One(ctx, `SELECT q.title FROM form_link f JOIN questionnaire q
			ON q.practice_group_id = f.practice_group_id AND q.id = f.questionnaire_id
			WHERE f.practice_group_id = $1 AND f.link_id = $2`, store.In{group, l.ID}, &name)
	case link.Booking:
		var types []string
		if _, err = t.One(ctx, `SELECT types FROM booking_link WHERE practice_group_id = $1 AND link_id = $2`,
			store.In{group, l.ID}, value.Words(&types)); err != nil {
			return "", err
		}
		ids := make([]int64, len(types))
		for i, text := range types {
			ids[i], _ = input.Digits(text)
		}
		var names []string
		names, err = store.ListAmong(ctx, t.Conn, store.Among(namesOf+store.Few2, namesOf+store.Many2), store.In{group},
			ids, func(scan store.Scanner) (name string, err error) {
				err = scan(&name)
				return name, err
			})
		name = strings.Join(names, ", ")
	}
	return name, err
}
