// Package notice is the messages a patient gets around an appointment: that it is confirmed, moved or cancelled,
// reminders before it, and a word when the patient did not attend. They are planned here, become messages of
// core/messaging when they are due, and are judged again by core/dispatch when they are handed over.
//
//	notice.go    what is planned, and its life
//	follow.go    what a change of an appointment asks for
//	due.go       what is due becomes a message, or is given up
//	offer.go     a time offered to a patient on the waiting list
//	reminder.go  when reminders are due
//	text.go      the texts, and what stands for their placeholders
//	setting.go   how a practice wants them
//	list.go      what was planned and sent, listed
//	port.go      what it needs remembered
package notice

import (
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
)

// State is how far what is planned has come, before there is a message and after.
type State string

// The states.
const (
	Planned     State = "planned"
	Invalidated State = "invalidated" // the appointment or its patient is no longer as it says
	Skipped     State = "skipped"     // it was not to be sent
	Made        State = "made"        // there is a message, which has a state of its own
)

// Why something was skipped or invalidated, besides the codes of faults of other areas.
const (
	becauseOff   = "switched_off"
	becauseSoon  = "too_soon_after_another"
	becauseLate  = "too_late"
	becauseOther = "settings_changed"
)

// Notice is one message around an appointment.
type Notice struct {
	ID          messaging.NoticeID
	Appointment booking.ID
	On          booking.Occasion
	// Version and Start are the appointment's that it speaks of.
	Version int64
	Start   time.Time
	// Lead is how long before the start a reminder is; 0 of any other.
	Lead    time.Duration
	Patient patient.ID
	State   State
	// DueAt is when it is to become a message; zero when it waits no more.
	DueAt  time.Time
	Reason string // why it was skipped or invalidated: a code
	// Second is the text by the message's second channel, and Calendar the part that goes with an e-mail.
	Second, Calendar     string
	CreatedAt, UpdatedAt time.Time
	// Message is the message it became; its id is 0 before.
	Message Message
}

// Message is what the list of notices shows of a message.
type Message struct {
	ID        messaging.ID
	State     messaging.State
	Channel   string // of the leg it is on
	Code      string
	CreatedAt time.Time
	SentAt    time.Time
}

// about is what its message is judged by.
func (n Notice) about(a booking.Appointment) messaging.About {
	return messaging.About{Notice: n.ID, On: n.On, Version: n.Version, Start: n.Start, Now: a}
}

// end gives it up.
func (n *Notice) end(state State, reason string, now time.Time) {
	n.State, n.Reason, n.DueAt, n.UpdatedAt = state, reason, time.Time{}, now
}

// told reports whether the patient was sent it, or may have been, or will be.
func (n Notice) told() bool {
	return n.Message.ID != 0 && n.Message.State != messaging.Suppressed && n.Message.State != messaging.Failed &&
		n.Message.State != messaging.Expired && n.Message.State != messaging.Cancelled
}
