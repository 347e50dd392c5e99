package video

import (
	"encoding/hex"
	"encoding/json"
	"sync"

	"frontdesk/core/practice"
)

// Why is why a connection is closed.
type Why string

// The reasons.
const (
	Replaced Why = "replaced" // another page of the same side came in
	Ended    Why = "ended"    // staff ended the consultation
	Stopping Why = "stopping" // the program stops
)

// Connection is a page that is connected. Neither method waits, and neither is called after Close.
type Connection interface {
	Send(Message)
	Close(Why)
}

// Message is what a page is told.
type Message struct {
	Type string `json:"type"` // "room" or "signal"
	// Page names this page, as the other side hears of it.
	Page string `json:"page,omitempty"`
	// Other is the other side: "absent", "waiting" or "in".
	Other string `json:"other,omitempty"`
	// OtherPage names the page of the other side; a page that has lost its connection keeps its name.
	OtherPage string `json:"other_page,omitempty"`
	// Admitted says that staff have let the patient in.
	Admitted bool `json:"admitted,omitempty"`
	// Signal is what the other side's browser says to this one's.
	Signal json.RawMessage `json:"signal,omitempty"`
}

// Where the other side is.
const (
	absent  = "absent"
	waiting = "waiting"
	in      = "in"
)

// hub is all rooms that are not empty. It is kept in memory alone: after a restart pages come back by themselves.
type hub struct {
	mu      sync.Mutex
	rooms   map[place]*meeting
	stopped bool
}

type place struct {
	group practice.ID
	room  ID
}

// meeting is a room with at least one side in it.
type meeting struct {
	patient, staff *Seat
	admitted       string // the page of the patient that staff let in
}

// Seat is one side's place in a room.
type Seat struct {
	hub   *hub
	at    place
	role  Role
	page  string
	to    Connection
	taken bool // by another page; what this one says is passed over
}

// hello names a page by what it alone knows, so that no other page can pass for it.
func hello(h Hello) string { return hex.EncodeToString(hash("page " + h.Page)[:16]) }

func (h *hub) sit(group practice.ID, room ID, role Role, page string, c Connection) *Seat {
	h.mu.Lock()
	defer h.mu.Unlock()
	seat := &Seat{hub: h, at: place{group, room}, role: role, page: page, to: c}
	if h.stopped {
		seat.taken = true
		c.Close(Stopping)
		return seat
	}
	if h.rooms == nil {
		h.rooms = map[place]*meeting{}
	}
	m := h.rooms[seat.at]
	if m == nil {
		m = &meeting{}
		h.rooms[seat.at] = m
	}
	mine := m.seat(role)
	if before := *mine; before != nil {
		before.taken = true
		before.to.Close(Replaced)
	}
	*mine = seat
	if role == Patient && m.admitted != page {
		m.admitted = ""
	}
	m.tell()
	return seat
}

func (m *meeting) seat(of Role) **Seat {
	if of == Patient {
		return &m.patient
	}
	return &m.staff
}

// tell says to both how things stand.
func (m *meeting) tell() {
	admitted := m.admitted != ""
	for _, pair := range [...][2]*Seat{{m.patient, m.staff}, {m.staff, m.patient}} {
		to, other := pair[0], pair[1]
		if to == nil {
			continue
		}
		msg := Message{Type: "room", Page: to.page, Other: absent, Admitted: admitted}
		switch {
		case other == nil:
		case other.role == Patient && !admitted:
			msg.Other, msg.OtherPage = waiting, other.page
		case other.role == Staff && !admitted:
			msg.Other = in // a patient who waits learns that staff are there, and no more
		default:
			msg.Other, msg.OtherPage = in, other.page
		}
		to.to.Send(msg)
	}
}

// with has fn change the room of a seat that is not taken.
func (s *Seat) with(fn func(m *meeting)) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if m := s.hub.rooms[s.at]; m != nil && !s.taken {
		fn(m)
	}
}

// Role is whose seat it is.
func (s *Seat) Role() Role { return s.role }

// LetIn lets the patient in whose page has the name. Only staff can.
func (s *Seat) LetIn(page string) {
	s.with(func(m *meeting) {
		if s.role != Staff || m.patient == nil || m.patient.page != page {
			return
		}
		m.admitted = page
		m.tell()
	})
}

// Signal passes on what one browser says to the other. Before the patient is let in nothing is passed on.
func (s *Seat) Signal(text json.RawMessage) {
	s.with(func(m *meeting) {
		other := m.patient
		if s.role == Patient {
			other = m.staff
		}
		if other != nil && m.admitted != "" {
			other.to.Send(Message{Type: "signal", Signal: text})
		}
	})
}

// End ends the consultation for both. Only staff can.
func (s *Seat) End() {
	s.with(func(m *meeting) {
		if s.role != Staff {
			return
		}
		for _, one := range []*Seat{m.patient, m.staff} {
			if one != nil {
				one.taken = true
				one.to.Close(Ended)
			}
		}
		delete(s.hub.rooms, s.at)
	})
}

// Leave gives the seat back for good: a patient who comes again waits again.
func (s *Seat) Leave() {
	s.with(func(m *meeting) {
		if s.role == Patient {
			m.admitted = ""
		}
	})
	s.Lost()
}

// Lost gives the seat back of a connection that ended. The same page may come back to it.
func (s *Seat) Lost() {
	s.with(func(m *meeting) {
		s.taken = true
		*m.seat(s.role) = nil
		if m.patient == nil && m.staff == nil {
			delete(s.hub.rooms, s.at)
			return
		}
		m.tell()
	})
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for _, m := range h.rooms {
		for _, one := range []*Seat{m.patient, m.staff} {
			if one != nil {
				one.taken = true
				one.to.Close(Stopping)
			}
		}
	}
	h.rooms = nil
}
