package booking

import (
	"context"
	"fmt"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
	"frontdesk/core/fault"
)

// Journey is how far the patient came on the day; a zero time is a stage not reached.
type Journey struct {
	Arrived      time.Time `json:"arrived,omitzero"`
	Consultation time.Time `json:"consultation,omitzero"`
	Departed     time.Time `json:"departed,omitzero"`
	NoShow       time.Time `json:"dna,omitzero"`
}

// Stage is a step of the journey.
type Stage string

// The stages.
const (
	StageArrived      Stage = "arrived"
	StageConsultation Stage = "consultation"
	StageDeparted     Stage = "departed"
	StageNoShow       Stage = "dna"
)

// The faults of journeys.
var (
	ErrStage = fault.New(fault.Invalid, "stage_required",
		"A stage is needed: arrived, consultation, departed or dna.")
	ErrStageAhead = ahead("A stage cannot be recorded before it happens.")
	ErrStageOrder = fault.New(fault.Conflict, "stage_out_of_order",
		"A patient arrives, is seen, and leaves, in that order.")
	ErrNoShow = fault.New(fault.Conflict, "patient_did_not_attend",
		"This patient is recorded as not attending. Undo that first.")
	ErrCame = fault.New(fault.Conflict, "patient_attended",
		"This patient is recorded as attending. Undo that before recording that they did not attend.")
	ErrNotBegun = fault.New(fault.Conflict, "appointment_not_begun",
		"That a patient did not attend can be recorded once the appointment has begun.")
	ErrJourneyOver = fault.New(fault.Conflict, "journey_over",
		"The patient of this appointment has left or did not attend. Undo that, or book another appointment.")
)

// ahead is ErrStageAhead, which names the time.
func ahead(message string) *fault.Error {
	f := fault.New(fault.Invalid, "stage_lies_ahead", message)
	f.Fields = []fault.Field{{Path: []string{"at"}, Code: f.Code, Expected: "a time that has come", Message: message}}
	return f
}

// stageTypes are the types of event of the stages.
var stageTypes = map[Stage]event.Type{
	StageArrived: event.AppointmentArrived, StageConsultation: event.AppointmentConsultationStarted,
	StageDeparted: event.AppointmentDeparted, StageNoShow: event.AppointmentMissed,
}

// came are the stages of a patient who came, in their order.
var came = []Stage{StageArrived, StageConsultation, StageDeparted}

// of is where a stage is noted, or nil.
func (j *Journey) of(s Stage) *time.Time {
	switch s {
	case StageArrived:
		return &j.Arrived
	case StageConsultation:
		return &j.Consultation
	case StageDeparted:
		return &j.Departed
	case StageNoShow:
		return &j.NoShow
	}
	return nil
}

// early is how much a caller's clock may be ahead of ours.
const early = 2 * time.Minute

// Step is what to note of a patient on the day.
type Step struct {
	Stage Stage
	At    time.Time // zero is now
	Undo  bool      // take the stage back
}

// note notes a step of the journey of an appointment. A stage can be left out, as of a telephone call; those that are
// noted are in their order. Errors: ErrStage, ErrStageAhead, ErrStageOrder, ErrNoShow, ErrCame, ErrNotBegun.
func (j *Journey) note(s Step, start, now time.Time) error {
	to := j.of(s.Stage)
	if to == nil {
		return ErrStage
	}
	if s.Undo {
		*to = time.Time{}
		return nil
	}
	if s.At.IsZero() && !to.IsZero() {
		return nil // noted before
	}
	at := s.At.UTC().Truncate(time.Microsecond)
	switch {
	case s.At.IsZero() || at.After(now) && !at.After(now.Add(early)):
		at = now
	case at.After(now):
		return ErrStageAhead
	}
	if s.Stage == StageNoShow {
		switch {
		case !j.Arrived.IsZero() || !j.Consultation.IsZero() || !j.Departed.IsZero():
			return ErrCame
		case at.Before(start):
			return ErrNotBegun
		}
		*to = at
		return nil
	}
	if !j.NoShow.IsZero() {
		return ErrNoShow
	}
	after := *j
	*after.of(s.Stage) = at
	var last Stage
	for _, stage := range came {
		this := *after.of(stage)
		if this.IsZero() {
			continue
		}
		if last != "" && this.Before(*after.of(last)) {
			return ErrStageOrder.Saying(
				fmt.Sprintf("%s The stage %s would be recorded before %s.", ErrStageOrder.Message, stage, last))
		}
		last = stage
	}
	*j = after
	return nil
}

// RecordJourney notes how far a patient came, or takes that back. Noting it again as it is changes nothing. Errors:
// ErrNotFound, ErrCancelled, ErrNotConfirmed, and those of note.
func (s *Service) RecordJourney(ctx context.Context, id ID, step Step) (Appointment, error) {
	who, err := access.Require(ctx, access.EditBookings)
	if err != nil {
		return Appointment{}, err
	}
	return s.changing(ctx, who, id, 0, func(tx Tx, a Appointment, now time.Time) (Appointment, error) {
		switch a.Seen(now) {
		case Cancelled:
			return a, ErrCancelled
		case Released:
			return a, ErrNotFound
		case Reserved:
			return a, ErrNotConfirmed.Saying("This appointment is not confirmed yet.")
		}
		after := a
		if err := after.Journey.note(step, a.Start, now); err != nil || after.Journey == a.Journey {
			return a, err
		}
		of := stageTypes[step.Stage]
		if step.Undo {
			of = event.AppointmentUpdated
		}
		if after, err = note(ctx, tx, who, now, of, a, after); err != nil || after.Journey.NoShow.IsZero() {
			return after, err
		}
		return after, follow(ctx, tx, who.Group, after, OnMissed)
	})
}

// open makes sure that an appointment may be moved to another time: it is over when its patient has left or did not
// attend. Error: ErrJourneyOver.
func (j Journey) open() error {
	if j.Departed.IsZero() && j.NoShow.IsZero() {
		return nil
	}
	return ErrJourneyOver
}
