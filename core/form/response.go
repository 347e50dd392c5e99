package form

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/filter"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// Response is the answers of a patient to a form: a consultation, and what it was an answer to.
type Response struct {
	// ID is that of the consultation.
	ID   clinical.ConsultationID `json:"id"`
	Form ID                      `json:"form_id"`
	// Version is the number of the version that was filled in.
	Version int64 `json:"form_version"`
	// Link is the link it was filled in by, and Appointment the one it was for; 0 is none.
	Link        int64 `json:"link_id,omitempty"`
	Appointment int64 `json:"appointment_id,omitempty"`
	// Admin is the member of staff whom the link gave the answers to, or who filled the form in; 0 is none.
	Admin practice.PractitionerID `json:"admin_id,omitempty"`
	// Decision is what the answers to a care navigation form led to; nil is nothing.
	Decision *Decision `json:"decision,omitempty"`
	// Hidden leaves it out of lists.
	Hidden    bool      `json:"hidden"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Where responses are read: Patient is the consultation's, FiledAt when the entry with the answers was written
	// into the record, and FileError why that failed.
	Patient   patient.ID `json:"-"`
	FiledAt   time.Time  `json:"-"`
	FileError string     `json:"-"`
}

// AuditSubject says what it is in the audit trail.
func (r Response) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "consultation", ID: int64(r.ID), Patient: int64(r.Patient)}
}

// ErrNoResponse is returned for a response that is not there, or whose consultation was deleted.
var ErrNoResponse = fault.New(fault.NotFound, "form_response_not_found", "This practice group has no such response.")

// ResponseQuery is which responses to list; zero is any.
type ResponseQuery struct {
	Form    ID
	Patient patient.ID
	// Since is when the first of them was sent at the earliest.
	Since         time.Time
	Hidden        bool // hidden ones too
	Offset, Limit int
}

// ResponseStore reads responses, without those whose consultations were deleted.
type ResponseStore interface {
	// Response finds a response, or returns ErrNoResponse.
	Response(ctx context.Context, group practice.ID, id clinical.ConsultationID) (Response, error)
	// Responses lists responses, oldest first, and how many there are, counted up to input.CountTo.
	Responses(ctx context.Context, group practice.ID, q ResponseQuery) ([]Response, int, error)
}

// Answered is a response with its entries, in the order of the questions.
type Answered struct {
	Response
	Entries []clinical.Record
}

// Response finds a response with its answers, hidden or not, for those who may keep answers. Error: ErrNoResponse.
func (s *Service) Response(ctx context.Context, id clinical.ConsultationID) (Answered, error) {
	r, err := read.One(ctx, responses.Needs, id, s.Store.Response)
	if err != nil {
		return Answered{}, err
	}
	all, err := s.answers(ctx, []Response{r})
	if err != nil {
		return Answered{}, err
	}
	return all[0], nil
}

// Responses lists responses with their answers, oldest first, and how many there are, counted up to input.CountTo.
func (s *Service) Responses(ctx context.Context, q ResponseQuery) ([]Answered, int, error) {
	who, err := access.Require(ctx, responses.Needs)
	if err != nil {
		return nil, 0, err
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, 0, err
	}
	found, count, err := s.Store.Responses(ctx, who.Group, q)
	if err != nil {
		return nil, 0, err
	}
	audit.Seen(ctx, found...)
	out, err := s.answers(ctx, found)
	return out, count, err
}

// answers reads the answers of responses together.
func (s *Service) answers(ctx context.Context, of []Response) ([]Answered, error) {
	ids := make([]clinical.ConsultationID, len(of))
	for i, r := range of {
		ids[i] = r.ID
	}
	entries, err := read.Lists(ctx, responses.Needs, ids, s.Records.Store.RecordsOfConsultations)
	out := make([]Answered, len(of))
	for i, r := range of {
		out[i] = Answered{r, entries[r.ID]}
	}
	return out, err
}

// responses says how responses are changed, and who sees them: those who may keep answers, and no more of the record.
var responses = write.Kind[Tx, clinical.ConsultationID, Response]{Needs: access.FillQuestionnaires,
	Lock: Tx.LockResponse, Save: Tx.SaveResponse}

// Hide leaves a response out of lists, or shows it again. Errors: ErrNoResponse, access.ErrPermission.
func (s *Service) Hide(ctx context.Context, id clinical.ConsultationID, hidden bool) (Answered, error) {
	r, err := responses.Change(ctx, s.Now, s.Store.Do, "form_response.update", id,
		func(e write.Edit[Tx], r *Response) error {
			if r.Hidden == hidden {
				return write.ErrSame
			}
			r.Hidden, r.UpdatedAt = hidden, e.Now
			return nil
		})
	if err != nil {
		return Answered{}, err
	}
	audit.Seen(ctx, r)
	all, err := s.answers(ctx, []Response{r})
	if err != nil {
		return Answered{}, err
	}
	return all[0], nil
}
