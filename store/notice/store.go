// Package notice keeps what core/notice remembers.
//
//	store.go    where it is kept, and settings
//	notice.go   what is planned and was sent
package notice

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	diarystore "frontdesk/store/diary"
	messagingstore "frontdesk/store/messaging"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/value"
)

// Store is what core/notice remembers.
type Store struct {
	*Tx
	patients
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store {
	c := db.Conn()
	return &Store{on(c), messagingstore.On(c), db}
}

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(notice.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(on(c)) })
}

// In is the store inside a transaction of booking.
func (s *Store) In(tx booking.Tx) notice.Tx { return on(tx.(*bookingstore.Tx).Conn) }

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	messaging.Taker
	appointments
	places
	types
}

func on(c store.Conn) *Tx {
	return &Tx{c, messagingstore.On(c), bookingstore.On(c), practicestore.On(c), diarystore.On(c)}
}

// Enqueue keeps a job in this transaction.
func (t *Tx) Enqueue(ctx context.Context, j job.Job) error { return t.Conn.Enqueue(ctx, j) }

// Audit keeps an audit entry in this transaction.
func (t *Tx) Audit(ctx context.Context, e audit.Entry) error { return t.Conn.Audit(ctx, e) }

type appointments interface {
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
}

type places interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error)
}

type types interface {
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
}

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

type setting struct {
	of  diary.TypeID
	set notice.Settings
}

// NoticeSettings reads how a practice wants its messages.
func (t *Tx) NoticeSettings(ctx context.Context, group practice.ID) (map[diary.TypeID]notice.Settings, error) {
	found, err := store.List(ctx, t.Conn, `SELECT appointment_type_id, settings FROM notice_setting
		WHERE practice_group_id = $1`, store.In{group}, func(scan store.Scanner) (s setting, err error) {
		err = scan(&s.of, value.Stored(&s.set))
		return s, err
	})
	out := make(map[diary.TypeID]notice.Settings, len(found))
	for _, s := range found {
		out[s.of] = s.set
	}
	return out, err
}

// SaveNoticeSettings keeps how a practice wants its messages.
func (t *Tx) SaveNoticeSettings(
	ctx context.Context, group practice.ID, of diary.TypeID, s notice.Settings, at time.Time,
) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO notice_setting (practice_group_id, appointment_type_id, settings, updated_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (practice_group_id, appointment_type_id) DO UPDATE
		SET settings = $3, updated_at = $4`, group, of, string(text), at)
	return err
}
