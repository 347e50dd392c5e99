package patient

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/names"
	"frontdesk/core/practice"
)

// The faults of details that speak against one another.
var (
	// ErrDetailsDiffer is returned when a caller gives the NHS number and the
	// birth date of a patient, and with another name or sex: a twin, perhaps.
	ErrDetailsDiffer = fault.New(fault.Conflict, "patient_details_differ",
		"A patient of this practice has this NHS number and date of birth, and another name or sex. Nothing was "+
			"changed; the practice's staff have been asked to find out who this is.")
	// ErrVerified is returned for a change of what the national service has verified.
	ErrVerified = fault.New(fault.Conflict, "patient_verified",
		"The Personal Demographics Service has verified this patient's name, date of birth and sex, and it alone "+
			"changes them.")
)

// Description is a person as a caller or the national service describes them.
type Description struct {
	FirstName string     `json:"first_name"`
	LastName  string     `json:"last_name"`
	BirthDate input.Date `json:"dob"`
	Sex       Sex        `json:"sex"`
}

// Differs names what of a description speaks against it being the patient.
// Surnames change; to compare them is for those who know that this one has not.
func (s Description) Differs(p Patient, surname bool) []string {
	var out []string
	if !names.SameForename(s.FirstName, p.FirstName) {
		out = append(out, "first name")
	}
	if surname && s.LastName != "" && p.LastName != "" && names.Key(s.LastName) != names.Key(p.LastName) {
		out = append(out, "last name")
	}
	if SexDiffers(s.Sex, p.Sex) {
		out = append(out, "sex")
	}
	return out
}

// Contest gives staff the task to find out who a person is that comes with the number and the birth date of a patient.
// The transaction has locked the patient, who stays as they are.
func Contest(
	ctx context.Context, tx AddTx, task int64, who access.Caller, now time.Time, p Patient, as Description,
	differs []string,
) error {
	asked := struct {
		Description
		Differs []string `json:"differs"`
	}{as, differs}
	if err := tx.Audit(ctx, who.Audit(now, "patient.contested", "patient", int64(p.ID), nil, asked)); err != nil {
		return err
	}
	comments := fmt.Sprintf("With this patient's NHS number and date of birth came: %s, sex %s. What differs: %s. "+
		"Nothing was changed. "+
		"Find out whose number it is, and remove it from the other person's record.",
		strings.TrimSpace(as.FirstName+" "+as.LastName), orUnknown(as.Sex), strings.Join(differs, ", "))
	return ask(ctx, tx, task, who, p.ID, "Two people with one NHS number?", comments, "")
}

func orUnknown(s Sex) string {
	if s == "" {
		return "not given"
	}
	return string(s)
}

// ask gives staff a task about a patient.
func ask(ctx context.Context, tx TaskTx, task int64, who access.Caller, id ID, subject, comments, about string) error {
	return tx.Enqueue(ctx, job.Task{ID: task, Patient: int64(id), Subject: subject, Comments: comments,
		About: about}.Job(int64(who.Group)))
}

// keepVerified puts back what the national service verified, where a change
// spells it otherwise. Error: ErrVerified, where it says something else.
func (p *Patient) keepVerified(before Patient) error {
	if before.NumberStatus != NumberVerified {
		return nil
	}
	if names.Key(p.FirstName) != names.Key(before.FirstName) || names.Key(p.LastName) != names.Key(before.LastName) ||
		before.BirthDate != input.NoDate && p.BirthDate != before.BirthDate || before.Sex != "" && p.Sex != before.Sex {
		return ErrVerified
	}
	p.FirstName, p.LastName = before.FirstName, before.LastName
	return nil
}

// Outlook is what a patient has to come.
type Outlook struct{ Appointments, Messages int }

// DeathTx is what ReportDeath needs.
type DeathTx interface {
	TaskTx
	// Outlook counts the appointments a patient has to come, and the messages that are still to be sent.
	Outlook(ctx context.Context, group practice.ID, id ID, now time.Time) (Outlook, error)
}

// ReportDeath gives staff a task with what a patient who has died leaves open, if anything.
func ReportDeath(
	ctx context.Context, tx DeathTx, task int64, who access.Caller, now time.Time, p Patient, cancelled int,
) error {
	open, err := tx.Outlook(ctx, who.Group, p.ID, now)
	if err != nil || open == (Outlook{}) && cancelled == 0 {
		return err
	}
	comments := fmt.Sprintf("This patient has died. Appointments to come: %d. Appointments cancelled: %d. Messages "+
		"that were to be sent, and will not be: %d.",
		open.Appointments, cancelled, open.Messages)
	return ask(ctx, tx, task, who, p.ID, "A patient has died", comments, "booking")
}
