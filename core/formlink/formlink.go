// Package formlink has patients fill in the practice's forms by a link, without an account.
//
//	formlink.go  what a form link asks for, and the faults
//	make.go      form links made for the practice
//	intake.go    the form that goes with an appointment
//	visit.go     a visitor who gave the date of birth, and what they have answered
//	save.go      answers and files saved until they are sent
//	send.go      answers sent, and what comes of it
//	gather.go    the episode that answers belong to
//
// What a question takes is core/form's rule, who a visitor is core/link's. Answers are saved page by page, and sent
// once: then they become a consultation, an entry that waits for approval, and a task.
package formlink

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/attachment"
	"frontdesk/core/booking"
	"frontdesk/core/clinical"
	"frontdesk/core/episode"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/selfbooking"
	"frontdesk/core/task"
)

// Request is a form link: what a patient is asked to fill in, and what comes of the answers.
type Request struct {
	link.Link
	Form form.ID `json:"form_id"`
	// Version is the version that is being filled in; 0 is that it was not opened yet, or that what was filled in was
	// sent.
	Version int64 `json:"form_version,omitempty"`
	// Appointment is what it is about; 0 is none.
	Appointment booking.ID `json:"appointment_id,omitempty"`
	// Write proposes an entry for the record with a SNOMED CT concept; without a code it is that of the form.
	Write bool   `json:"write_to_record,omitempty"`
	Code  string `json:"snomed_code,omitempty"`
	Term  string `json:"snomed_term,omitempty"`
	// Assignee is who gets a task.
	Assignee assignee.Ref `json:"assignee,omitzero"`
	// Answers is the consultation the last answers became; 0 is none.
	Answers clinical.ConsultationID `json:"form_response_id,omitempty"`
}

// Draft is answers that were saved and not sent yet.
type Draft struct {
	// ID names one filling-in, which is sent once; 0 is that nothing was saved.
	ID        int64
	Given     form.Given
	CreatedAt time.Time
	UpdatedAt time.Time
}

// File is a file among the answers, without its content.
type File struct {
	ID       int64
	Question int64
	Name     string
	Size     int64 // bytes
}

const (
	// perQuestion and perForm are how many files answer a question that takes several, and a form.
	perQuestion = 5
	perForm     = 20
	// mostText is how much of the answers an entry for the record has, in characters.
	mostText = 20_000
	// mostSaved is how much is saved of one filling-in, in bytes.
	mostSaved = 512 << 10
)

// The faults of forms filled in by a link.
var (
	ErrNoForm = form.ErrNoForm
	// ErrUnpublished is returned for a form of which no version was published.
	ErrUnpublished = fault.New(fault.Conflict, "form_unpublished", "No version of this form has been published yet.")
	ErrNoDraft     = fault.New(fault.NotFound, "nothing_saved", "Nothing was saved.")
	ErrNoStep      = fault.New(fault.NotFound, "form_page_not_found", "This form has no such page.")
	ErrNotAsked    = fault.New(fault.Conflict, "question_not_asked", "This question is not asked, so it takes no answer.")
	ErrTooMany     = fault.New(fault.Invalid, "too_many_files", "These are too many files. Remove one first.")
	ErrTooMuch     = fault.New(fault.Invalid, "too_much_text", "Your answers are too long together. Shorten some.")
	ErrChanged     = fault.New(fault.Conflict, "form_changed", "An answer is missing or was changed. Check them again.")
	ErrNotTheirs   = fault.Wrong("appointment", "invalid_choice", "an appointment of this patient",
		"This appointment is of another patient.")
)

// Reader is what formlink reads.
type Reader interface {
	// Request finds a form link, or returns link.ErrNotFound.
	Request(ctx context.Context, group practice.ID, id link.ID) (Request, error)
	// Draft finds what was saved by a link, or returns ErrNoDraft.
	Draft(ctx context.Context, group practice.ID, id link.ID) (Draft, error)
	// Files lists the files that were saved by a link, in the order in which they came.
	Files(ctx context.Context, group practice.ID, id link.ID) ([]File, error)
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Store is what formlink needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// Answers, Entries and Tasks keep what comes of answers in the same transaction.
	Answers(tx Tx) form.Keeper
	Entries(tx Tx) record.Keeper
	Tasks(tx Tx) task.Raiser
	// Forget deletes what was saved by links that have ended: too old at a time, used up, withdrawn, or of a patient
	// who was deleted or has died. It deletes that of at most a number of links, and gives how many there were.
	Forget(ctx context.Context, group practice.ID, now time.Time, most int) (int64, error)
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// Episodes puts answers, and what comes of them, into the episode they belong to.
	Episodes() episode.Keeper
	// LockRequest keeps others from changing a form link or what was saved by it until the end of the transaction,
	// and finds it, or returns link.ErrNotFound.
	LockRequest(ctx context.Context, group practice.ID, id link.ID) (Request, error)
	SaveRequest(ctx context.Context, group practice.ID, r Request) error
	SaveDraft(ctx context.Context, group practice.ID, id link.ID, d Draft) error
	// DropDraft deletes what was saved by a link, files too.
	DropDraft(ctx context.Context, group practice.ID, id link.ID) error
	AddFile(ctx context.Context, group practice.ID, id link.ID, question int64, a attachment.Attachment) error
	// DropFile deletes a file and reports whether there was one.
	DropFile(ctx context.Context, group practice.ID, id link.ID, file int64) (bool, error)
	// AttachFile keeps a file that was saved with a patient, by the same id, and gives it without its content.
	AttachFile(ctx context.Context, group practice.ID, file int64, of patient.ID) (attachment.Attachment, error)
	// AppointmentPatient is whose an appointment is, or booking.ErrNotFound.
	AppointmentPatient(ctx context.Context, group practice.ID, id booking.ID) (patient.ID, error)
	assignee.Finder
	// RequestFor finds the newest form link for an appointment and a form, or returns link.ErrNotFound.
	RequestFor(ctx context.Context, group practice.ID, about booking.ID, id form.ID) (Request, error)
	// SaveOffer keeps the booking link that answers lead to.
	SaveOffer(ctx context.Context, group practice.ID, o selfbooking.Offer) error
	// LockPatientAgainstMerge finds the patient an id stands for, or returns patient.ErrNotFound.
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	event.Recorder
	Audit(ctx context.Context, e access.Entry) error
}

// Service is the capability of filling in forms by a link.
type Service struct {
	Store  Store
	Link   *link.Service
	Form   *form.Service
	Record *record.Service
	File   *attachment.Service
	// SelfBooking makes the links by which patients book what their answers lead to.
	SelfBooking *selfbooking.Service
	Now         func() time.Time
	NewID       func() int64
}
