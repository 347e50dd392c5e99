// Package episode is a patient's matter: what gathers tasks, messages, replies, form responses and appointments, from
// the first word until the practice closes it with a reason.
//
//	episode.go  the episode, and the faults
//	port.go     what it needs remembered
//	list.go     episodes found and listed, and what is in one
//	change.go   episodes opened, changed and closed by staff
//	item.go     things put into an episode, moved and taken out
//	arrive.go   which episode something that comes in belongs to
package episode

import (
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// ID names an episode within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Status is how far an episode is. Any can follow any: what was closed can be opened again.
type Status string

// The states.
const (
	Open       Status = "open"
	InProgress Status = "in_progress"
	Closed     Status = "closed"
)

// Statuses are all the states.
var Statuses = []Status{Open, InProgress, Closed}

// Priority is how urgent an episode is: 1 is the lowest, 5 the highest.
type Priority int64

// The priorities.
const (
	Lowest Priority = iota + 1
	Low
	Medium
	High
	Highest
)

// Priorities are the names of the priorities, from the lowest.
var Priorities = []string{"lowest", "low", "medium", "high", "highest"}

// String is the priority's name.
func (p Priority) String() string {
	if p < Lowest || p > Highest {
		return ""
	}
	return Priorities[p-1]
}

// MarshalText writes the priority's name.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// PriorityNamed is the priority with a name, or 0.
func PriorityNamed(name string) Priority {
	for i, n := range Priorities {
		if n == name {
			return Priority(i + 1)
		}
	}
	return 0
}

// Kind is what kind of thing is in an episode.
type Kind string

// The kinds. A link is not shown in an episode: what comes by it is, whether a message carried it or a form led to it.
const (
	Task         Kind = "task"
	Message      Kind = "message"
	Reply        Kind = "reply"
	FormResponse Kind = "form_response"
	Appointment  Kind = "appointment"
	Link         Kind = "link"
)

// Kinds are the kinds that can be in an episode.
var Kinds = []Kind{Task, Message, Reply, FormResponse, Appointment}

// Thing names something by its kind and its id.
type Thing struct {
	Kind Kind  `json:"kind"`
	ID   int64 `json:"id,string"`
}

// ByStaff is the origin of an episode that was not opened by something that came in.
const ByStaff Kind = "staff"

// Episode is a patient's matter.
type Episode struct {
	ID      ID         `json:"id"`
	Patient patient.ID `json:"patient_id"`
	// Subject is what it is about, as staff see it.
	Subject   string         `json:"subject"`
	Status    Status         `json:"status"`
	Priority  Priority       `json:"priority"`
	Assignees []assignee.Ref `json:"assignees"`
	// Origin is what opened it: Reply, FormResponse or ByStaff.
	Origin Kind `json:"origin"`
	// Reason is why it was closed, by whom and when; empty while it is not.
	Reason   string    `json:"reason,omitempty"`
	ClosedBy string    `json:"closed_by,omitempty"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	// ActiveAt is when something last came into it, or it was opened.
	ActiveAt  time.Time `json:"active_at"`
	CreatedBy string    `json:"created_by"`
	// Facts counts its events, and Version its changes.
	Facts     int64     `json:"-"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (e Episode) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "episode", ID: int64(e.ID), Patient: int64(e.Patient)}
}

// Item is a thing in an episode, with what staff see of it at a glance.
type Item struct {
	Thing
	// At is when it came to be, and AddedBy who put it into the episode.
	At      time.Time
	AddedBy string
	// Title, Text and Status are the thing's own: the subject of a task or a message, the title of a form, the type of
	// an appointment. Hidden says that the caller may not see them.
	Title, Text, Status string
	Hidden              bool
}

const (
	mostSubject = 500
	mostReason  = 2_000
	// mostAssignees is how many members of staff and teams an episode may have.
	mostAssignees = 20
	// mostTasks is how many of its tasks are shown with an episode, the newest first.
	mostTasks = 50
)

// The faults of episode.
var (
	ErrNotFound = fault.New(fault.NotFound, "episode_not_found", "This practice group has no such episode.")
	// ErrNoItem is returned for a thing that the practice group lacks, or that is no patient's.
	ErrNoItem = fault.New(fault.NotFound, "episode_item_not_found",
		"This practice group has no such task, message, reply, form response or appointment of a patient.")
	// ErrNotIn is returned when a thing that is to be taken out of an episode is not in it.
	ErrNotIn = fault.New(fault.NotFound, "not_in_episode", "This is not in the episode.")
	// ErrOtherPatient keeps what is one patient's out of another's episode.
	ErrOtherPatient = fault.New(fault.Conflict, "other_patient",
		"This is another patient's. An episode takes what is its own patient's.")
	errReason = fault.Wrong("reason", input.CodeSmall, "why the episode is closed",
		"An episode is closed with a reason.")
	errOpen = fault.Wrong("reason", input.CodeChoice, "no reason while the episode is not closed",
		"A reason is for closing an episode.")
)

// happened is the event of a change of an episode, numbered after its last one.
func (e *Episode) happened(who access.Caller, now time.Time, of event.Type) event.Event {
	e.Facts++
	return event.Event{Group: int64(who.Group), Type: of, Subject: int64(e.ID), Sequence: e.Facts, At: now,
		Data: audit.Snapshot(struct {
			EpisodeID string    `json:"episode_id"`
			PatientID string    `json:"patient_id"`
			Status    Status    `json:"status"`
			Priority  Priority  `json:"priority"`
			OpenedBy  Kind      `json:"opened_by"`
			At        time.Time `json:"at"`
		}{e.ID.String(), e.Patient.String(), e.Status, e.Priority, e.Origin, now.UTC()})}
}
