package video

import (
	"context"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// A room is open from opensBefore before the appointment starts until closesAfter after it ends. It is judged at
// each join; a consultation that has begun may finish.
const (
	opensBefore = 30 * time.Minute
	closesAfter = time.Hour
)

// The faults of coming in.
var (
	ErrEarly = fault.New(fault.Forbidden, "video_room_not_open_yet", "This video consultation is not open yet.")
	ErrOver  = fault.New(fault.Forbidden, "video_room_closed", "This video consultation is over.")
	ErrOff   = fault.New(fault.Forbidden, "video_appointment_cancelled",
		"This appointment was cancelled, or does not take place by video any more.")
)

// Visit is a room as a link shows it, without a word of the patient.
type Visit struct {
	// Group is the practice, as its links may show it.
	Group       practice.Group
	Room        ID
	Role        Role
	Appointment booking.ID
	Start, End  time.Time
	// Opens and Closes are from and until when one can come in.
	Opens, Closes time.Time
	// Elsewhere is the address at the practice's own provider, where the consultation takes place instead; else empty.
	Elsewhere string
}

// maxLink is the longest link of a room that was ever given out, in characters.
const maxLink = 80

// Visit finds the room of a link, as the appointment is now. Nothing is recorded, and nothing used up. With ErrEarly,
// ErrOver and ErrOff the visit says of which practice and when. Errors: those and seal.ErrLink.
func (s *Service) Visit(ctx context.Context, link string) (Visit, error) {
	v, _, err := s.visit(ctx, s.Store, link)
	if err != nil || v.Elsewhere == "" {
		return v, err
	}
	found, err := s.addresses(ctx, access.Visitor(ctx, v.Group.ID, string(v.Role)), []booking.ID{v.Appointment})
	v.Elsewhere = found[v.Appointment].Patient
	return v, err
}

func (s *Service) visit(ctx context.Context, from Reader, link string) (Visit, booking.Appointment, error) {
	part, secret, ok := strings.Cut(link, "-")
	id, err := strconv.ParseInt(part, 36, 64)
	if !ok || err != nil || secret == "" || len(link) > maxLink {
		return Visit{}, booking.Appointment{}, seal.ErrLink
	}
	group := practice.ID(id)
	r, role, err := from.RoomBySecret(ctx, group, hash(secret))
	if err != nil {
		return Visit{}, booking.Appointment{}, err
	}
	g, err := from.Group(ctx, group)
	if err != nil {
		return Visit{}, booking.Appointment{}, err
	}
	a, err := from.Appointment(ctx, group, r.Appointment)
	if err != nil {
		return Visit{}, booking.Appointment{}, err
	}
	v := Visit{
		Group: practice.Group{ID: g.ID, Name: g.Name, Phone: g.Phone, TimeZone: g.TimeZone}, Room: r.ID, Role: role,
		Appointment: a.ID, Start: a.Start, End: a.End, Opens: a.Start.Add(-opensBefore),
		Closes: a.End.Add(closesAfter), Elsewhere: g.VideoURL,
	}
	return v, a, open(v, a, s.Now())
}

// open is the rule of when a room can be entered.
func open(v Visit, a booking.Appointment, now time.Time) error {
	switch {
	case !offered(a):
		return ErrOff
	case now.Before(v.Opens):
		return ErrEarly
	case !now.Before(v.Closes):
		return ErrOver
	}
	return nil
}

// Hello is what a page says when it comes in: its own secret, which it keeps when its connection is lost and comes
// back. A patient who was let in stays so with it.
type Hello struct{ Page string }

// Join takes a seat in the room of a link for a connection, and records it. A connection that had the seat before is
// closed: a second page of the same side takes the place of the first. Errors: those of Visit.
func (s *Service) Join(ctx context.Context, link string, h Hello, c Connection) (*Seat, error) {
	now := s.Now().Truncate(time.Microsecond)
	var v Visit
	err := s.Store.Do(ctx, func(tx Tx) error {
		var a booking.Appointment
		var err error
		if v, a, err = s.visit(ctx, tx, link); err != nil {
			return err
		}
		if v.Elsewhere != "" {
			return ErrOff
		}
		who := access.Visitor(ctx, v.Group.ID, string(v.Role))
		e := who.Audit(now, "video.join", "video_room", int64(v.Room), nil, struct {
			Role        Role   `json:"role"`
			Appointment string `json:"appointment_id"`
		}{v.Role, a.ID.String()})
		return tx.Audit(ctx, audit.Shown(e, who.Door, "video", a))
	})
	if err != nil {
		return nil, err
	}
	return s.hub.sit(v.Group.ID, v.Room, v.Role, hello(h), c), nil
}

// Servers are those that help two browsers to find each other, for who may come in.
func (s *Service) Servers() []ICEServer {
	if s.ICE == nil {
		return nil
	}
	return s.ICE()
}

// Close ends all connections: the program stops, and pages come back when it runs again.
func (s *Service) Close() { s.hub.close() }
