// Package video has the rooms of video consultations.
//
//	video.go    the room of an appointment, and the addresses that lead to it
//	open.go     who may come in, and when
//	hub.go      who is in a room, and what they tell each other
//
// Each appointment that takes place by video has one room. Two secrets open it: the patient's, and that of staff. They
// are worked out from the seal key and kept as their SHA-256 alone. A practice with a provider of its own has the room
// there instead, under a name of 128 random bits.
package video

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// ID names a room.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Role is which side of a consultation a person is on.
type Role string

// The roles.
const (
	Patient Role = "patient"
	Staff   Role = "staff"
)

// Room is where an appointment takes place by video.
type Room struct {
	ID          ID
	Appointment booking.ID
	// PatientHash and StaffHash are the SHA-256 of the secrets that open our own room.
	PatientHash, StaffHash []byte
	// Name is its name at the practice's own provider, sealed.
	Name      []byte
	CreatedAt time.Time
}

// The faults of video consultations.
var (
	ErrNotVideo = fault.New(fault.Conflict, "appointment_not_by_video",
		"This appointment does not take place by video.")
	ErrNotBooked = fault.New(fault.Conflict, "video_appointment_not_booked",
		"This appointment is not confirmed, so it has no video link yet.")
)

// Reader is what video reads.
type Reader interface {
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Appointment finds an appointment, or returns booking.ErrNotFound.
	Appointment(ctx context.Context, group practice.ID, id booking.ID) (booking.Appointment, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Rooms finds the rooms of appointments; those that have none are left out.
	Rooms(ctx context.Context, group practice.ID, of []booking.ID) ([]Room, error)
	// RoomBySecret finds the room that the SHA-256 of a secret opens, and for whom, or returns seal.ErrLink.
	RoomBySecret(ctx context.Context, group practice.ID, hash []byte) (Room, Role, error)
}

// Store is what video needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// AddRooms keeps rooms of appointments that have none yet.
	AddRooms(ctx context.Context, group practice.ID, rooms []Room) error
	// RenewRoom keeps the secrets and the sealed name of a room, unless it has another name than before by now.
	RenewRoom(ctx context.Context, group practice.ID, before, r Room) error
	Audit(ctx context.Context, e audit.Entry) error
}

// ICEServer is a server that helps two browsers to find each other: STUN, or TURN with credentials for a while.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Service is the video capability.
type Service struct {
	Store Store
	Box   func() (*seal.Box, error)
	// Pages is the address that the pages are below.
	Pages func() string
	// ICE gives the servers that help browsers to find each other, with fresh credentials; nil is none.
	ICE func() []ICEServer
	// RelayOnly has all sound and picture go through a TURN server, so that neither side learns the other's address.
	RelayOnly bool
	Now       func() time.Time
	NewID     func() int64

	hub hub
}

// about is what the secrets of rooms are signed as, and what their names are sealed as.
const about = "video room"

// secrets are those that open a room for a role, one for each seal key, the newest first.
func secrets(box *seal.Box, group practice.ID, id ID, role Role) ([]string, error) {
	return box.Signatures(group.String()+"."+id.String()+"."+string(role), about)
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// path leads to a room of a group with a secret.
func path(group practice.ID, secret string) string {
	return "/video/" + strconv.FormatInt(int64(group), 36) + "-" + secret
}

// offered reports whether an appointment takes place by video, and stands.
func offered(a booking.Appointment) bool { return a.Video && a.State == booking.Booked }

// Address is where an appointment takes place by video. At the practice's own provider both sides meet at one address.
type Address struct {
	Patient string
	// Staff is where staff let the patient in; empty for callers who may not.
	Staff string
	// Outside says that the room is at the practice's own provider.
	Outside bool
}

// Addresses are where appointments take place by video. Appointments that are not by video, or are not confirmed, are
// left out.
func (s *Service) Addresses(ctx context.Context, of ...booking.Appointment) (map[booking.ID]Address, error) {
	who, err := access.Require(ctx, access.SeeBookings)
	if err != nil {
		return nil, err
	}
	var ids []booking.ID
	for _, a := range of {
		if offered(a) {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.addresses(ctx, who, ids)
	if errors.Is(err, seal.ErrNoKey) { // there is no room, and the appointment can be read all the same
		return nil, nil
	}
	return found, err
}

// addresses makes the rooms that are missing and works out where they are.
func (s *Service) addresses(
	ctx context.Context, who access.Caller, of []booking.ID,
) (map[booking.ID]Address, error) {
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return nil, err
	}
	box, err := s.Box()
	if err != nil {
		return nil, err
	}
	rooms, err := s.rooms(ctx, box, g.ID, of)
	if err != nil {
		return nil, err
	}
	out := make(map[booking.ID]Address, len(rooms))
	for _, r := range rooms {
		a, err := s.locate(ctx, box, g, r)
		if err != nil {
			return nil, err
		}
		if !who.May(access.HostVideo) {
			a.Staff = ""
		}
		out[r.Appointment] = a
	}
	return out, nil
}

// rooms finds the rooms of appointments, and makes those that are missing.
func (s *Service) rooms(ctx context.Context, box *seal.Box, group practice.ID, of []booking.ID) ([]Room, error) {
	found, err := s.Store.Rooms(ctx, group, of)
	if err != nil || len(found) == len(of) {
		return found, err
	}
	have := make(map[booking.ID]bool, len(found))
	for _, r := range found {
		have[r.Appointment] = true
	}
	var missing []Room
	for _, id := range of {
		if have[id] {
			continue
		}
		r, err := s.room(box, group, ID(s.NewID()), id)
		if err != nil {
			return nil, err
		}
		have[id], missing = true, append(missing, r)
	}
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddRooms(ctx, group, missing); err != nil {
			return err
		}
		// Another request may have made some of them first.
		found, err = tx.Rooms(ctx, group, of)
		return err
	})
	return found, err
}

// room makes the room of an appointment.
func (s *Service) room(box *seal.Box, group practice.ID, id ID, of booking.ID) (Room, error) {
	patient, err := secrets(box, group, id, Patient)
	if err != nil {
		return Room{}, err
	}
	staff, err := secrets(box, group, id, Staff)
	if err != nil {
		return Room{}, err
	}
	var name [16]byte
	rand.Read(name[:]) // it never fails
	sealed, err := box.Seal(name[:], about)
	return Room{ID: id, Appointment: of, PatientHash: hash(patient[0]), StaffHash: hash(staff[0]), Name: sealed,
		CreatedAt: s.Now().Truncate(time.Microsecond)}, err
}

// locate works out where a room is. When the keys that it was made with are gone it gets new secrets: what was given
// out before leads nowhere any more.
func (s *Service) locate(ctx context.Context, box *seal.Box, g practice.Group, r Room) (Address, error) {
	patient, ok := s.secret(box, g.ID, r.ID, Patient, r.PatientHash)
	staff, too := s.secret(box, g.ID, r.ID, Staff, r.StaffHash)
	name, err := box.Open(r.Name, about)
	if err != nil || !ok || !too {
		fresh, err := s.room(box, g.ID, r.ID, r.Appointment)
		if err != nil {
			return Address{}, err
		}
		kept := []Room{fresh}
		err = s.Store.Do(ctx, func(tx Tx) error {
			if err := tx.RenewRoom(ctx, g.ID, r, fresh); err != nil {
				return err
			}
			// Another request may have renewed it first, and sent people there.
			kept, err = tx.Rooms(ctx, g.ID, []booking.ID{r.Appointment})
			return err
		})
		if err != nil || len(kept) != 1 {
			return Address{}, err
		}
		return s.locate(ctx, box, g, kept[0])
	}
	if g.VideoURL != "" {
		there := g.VideoRoom(hex.EncodeToString(name))
		return Address{there, there, true}, nil
	}
	base := s.Pages()
	return Address{base + path(g.ID, patient), base + path(g.ID, staff), false}, nil
}

// secret finds the secret whose SHA-256 is kept.
func (*Service) secret(box *seal.Box, group practice.ID, id ID, role Role, kept []byte) (string, bool) {
	all, err := secrets(box, group, id, role)
	if err != nil {
		return "", false
	}
	for _, one := range all {
		if string(hash(one)) == string(kept) {
			return one, true
		}
	}
	return "", false
}

// Request is which appointment a link is wanted for. Patient and Practitioner, unless they are 0, must be its own.
type Request struct {
	Appointment  booking.ID
	Patient      patient.ID
	Practitioner practice.PractitionerID
}

// Link is where a video consultation takes place.
type Link struct {
	Address
	Appointment booking.ID
	// Opens and Closes are from and until when our own room can be entered.
	Opens, Closes time.Time
}

// MakeLink gives the link of an appointment; asked for again, it is the same. Errors: booking.ErrNotFound,
// booking.ErrCancelled, ErrNotVideo, ErrNotBooked, seal.ErrNoKey, and a field fault when the appointment is another
// patient's or practitioner's.
func (s *Service) MakeLink(ctx context.Context, r Request) (Link, error) {
	who, err := access.Require(ctx, access.EditBookingLinks)
	if err != nil {
		return Link{}, err
	}
	a, err := s.Store.Appointment(ctx, who.Group, r.Appointment)
	if err != nil {
		return Link{}, err
	}
	of, err := s.stands(ctx, who.Group, r.Patient)
	switch now := s.Now(); {
	case err != nil:
		return Link{}, err
	case of != 0 && of != a.Patient:
		return Link{}, fault.Wrong("patient", CodeOther, "the patient of the appointment",
			"This appointment is not this patient's.")
	case r.Practitioner != 0 && r.Practitioner != a.Practitioner:
		return Link{}, fault.Wrong("practitioner", CodeOther, "the practitioner of the appointment",
			"This appointment is not with this practitioner.")
	case a.Seen(now) == booking.Cancelled:
		return Link{}, booking.ErrCancelled
	case !a.Video:
		return Link{}, ErrNotVideo
	case a.Seen(now) != booking.Booked:
		return Link{}, ErrNotBooked
	}
	found, err := s.addresses(ctx, who, []booking.ID{a.ID})
	if err != nil {
		return Link{}, err
	}
	there := found[a.ID]
	l := Link{Address: there, Appointment: a.ID, Opens: a.Start.Add(-opensBefore), Closes: a.End.Add(closesAfter)}
	now := s.Now().Truncate(time.Microsecond)
	shown := struct {
		Appointment string `json:"appointment_id"`
		Staff       bool   `json:"staff_link"`
	}{a.ID.String(), l.Staff != ""}
	err = s.Store.Do(ctx, func(tx Tx) error {
		e := who.Audit(now, "video.link", "video_link", int64(a.ID), nil, shown)
		return tx.Audit(ctx, audit.Shown(e, who.Door, "video_link", a))
	})
	return l, err
}

// stands finds the patient an id stands for; an id that stands for none is itself.
func (s *Service) stands(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error) {
	if id == 0 {
		return 0, nil
	}
	p, err := patient.Current(ctx, s.Store, group, id)
	if errors.Is(err, patient.ErrNotFound) {
		return id, nil
	}
	return p.ID, err
}

// CodeOther is the code of a field that names another patient or practitioner than the appointment has.
const CodeOther = "not_of_this_appointment"
