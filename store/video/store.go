// Package video keeps what core/video remembers: the rooms of appointments.
package video

import (
	"context"
	"errors"

	"frontdesk/core/booking"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/video"

	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	"frontdesk/store/value"
)

// Store is what core/video remembers.
type Store struct {
	*Tx
	db *store.DB
}

// New keeps it in a database.
func New(db *store.DB) *Store { return &Store{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Store) Do(ctx context.Context, fn func(video.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	appointments
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, bookingstore.On(c)} }

type appointments interface {
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

const selectRooms = `SELECT id, appointment_id, patient_hash, staff_hash, name, created_at FROM video_room
	WHERE practice_group_id = $1 AND `

func scanRoom(scan store.Scanner) (video.Room, error) {
	var r video.Room
	err := scan(&r.ID, &r.Appointment, &r.PatientHash, &r.StaffHash, &r.Name, value.When(&r.CreatedAt))
	return r, err
}

var roomsOf = store.Among(selectRooms+`appointment_id IN `+store.Few2, selectRooms+`appointment_id IN `+store.Many2)

// Rooms finds the rooms of appointments.
func (t *Tx) Rooms(ctx context.Context, group practice.ID, of []booking.ID) ([]video.Room, error) {
	return store.ListAmong(ctx, t.Conn, roomsOf, store.In{group}, of, scanRoom)
}

// RoomBySecret finds the room that a secret opens, and for whom.
func (t *Tx) RoomBySecret(ctx context.Context, group practice.ID, hash []byte) (video.Room, video.Role, error) {
	r, err := store.Find(ctx, t.Conn, seal.ErrLink, selectRooms+`patient_hash = $2`, store.In{group, hash}, scanRoom)
	if err == nil {
		return r, video.Patient, nil
	}
	if !errors.Is(err, seal.ErrLink) {
		return r, "", err
	}
	r, err = store.Find(ctx, t.Conn, seal.ErrLink, selectRooms+`staff_hash = $2`, store.In{group, hash}, scanRoom)
	return r, video.Staff, err
}

// AddRooms keeps rooms of appointments that have none yet.
func (t *Tx) AddRooms(ctx context.Context, group practice.ID, rooms []video.Room) error {
	rows := make([]store.In, len(rooms))
	for i, r := range rooms {
		rows[i] = store.In{group, r.ID, r.Appointment, r.PatientHash, r.StaffHash, r.Name, r.CreatedAt}
	}
	return t.Many(ctx, `INSERT INTO video_room (practice_group_id, id, appointment_id, patient_hash, staff_hash, name,
		created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (practice_group_id, appointment_id) DO NOTHING`, rows)
}

// RenewRoom keeps the secrets and the sealed name of a room, unless it has another name than before by now.
func (t *Tx) RenewRoom(ctx context.Context, group practice.ID, before, r video.Room) error {
	_, err := t.Exec(ctx, `UPDATE video_room SET patient_hash = $3, staff_hash = $4, name = $5
		WHERE practice_group_id = $1 AND id = $2 AND name = $6`, group, r.ID, r.PatientHash, r.StaffHash, r.Name,
		before.Name)
	return err
}
