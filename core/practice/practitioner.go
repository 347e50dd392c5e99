package practice

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
)

// Profession is what a practitioner does.
type Profession string

// The professions, spelt as the contract spells them.
const (
	GP                   Profession = "GP"
	Nurse                Profession = "Nurse"
	Psychologist         Profession = "Psychologist"
	Radiologist          Profession = "Radiologist"
	Psychiatrist         Profession = "Psychiatrist"
	ExerciseConsultant   Profession = "Health and Exercise Consultant"
	PersonalTrainer      Profession = "Personal Trainer"
	BehaviouralTherapist Profession = "Cognitive Behavioural Therapist"
	GPDermatology        Profession = "GP – Dermatology Specialist"
	Rheumatologist       Profession = "Rheumatologist"
)

// Professions are all the professions.
var Professions = []Profession{
	GP, Nurse, Psychologist, Radiologist, Psychiatrist, ExerciseConsultant,
	PersonalTrainer, BehaviouralTherapist, GPDermatology, Rheumatologist,
}

// Practitioner is a person patients see.
type Practitioner struct {
	ID         PractitionerID `json:"id"`
	Title      string         `json:"title"`
	FirstName  string         `json:"first_name"`
	LastName   string         `json:"last_name"`
	Profession Profession     `json:"practitioner_type"`
	Active     bool           `json:"active"` // an inactive person offers no slots
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

// PractitionerChange is what to set of a person; nil leaves a thing as it is.
type PractitionerChange struct {
	Title, FirstName, LastName *string
	Profession                 *Profession
	Active                     *bool
}

func (c PractitionerChange) apply(p *Practitioner) error {
	input.Set(&p.Title, c.Title)
	input.Set(&p.FirstName, c.FirstName)
	input.Set(&p.LastName, c.LastName)
	input.Set(&p.Profession, c.Profession)
	input.Set(&p.Active, c.Active)
	var in input.Checks
	p.Title = in.Text("title", p.Title, 40)
	p.FirstName = in.Required("first_name", p.FirstName, 200)
	p.LastName = in.Required("last_name", p.LastName, 200)
	p.Profession = input.Choice(&in, "practitioner_type", p.Profession, Professions)
	return in.Err()
}

// Practitioners lists the group's people by surname; inactive ones too when
// asked.
func (s *Service) Practitioners(ctx context.Context, inactive bool) ([]Practitioner, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	return s.Store.Practitioners(ctx, who.Group, inactive)
}

// CreatePractitioner adds a person, with an empty diary.
func (s *Service) CreatePractitioner(ctx context.Context, c PractitionerChange) (Practitioner, error) {
	p := Practitioner{ID: PractitionerID(s.NewID()), Active: true, Profession: GP}
	err := s.save(ctx, "practitioner.create", "practitioner", func(tx Tx, who access.Caller,
		now time.Time) (any, any, int64, error) {
		p.CreatedAt, p.UpdatedAt = now, now
		if err := c.apply(&p); err != nil {
			return nil, nil, 0, err
		}
		return nil, p, int64(p.ID), tx.SavePractitioner(ctx, who.Group, p)
	})
	return p, err
}

// UpdatePractitioner changes a person.
func (s *Service) UpdatePractitioner(
	ctx context.Context, id PractitionerID, c PractitionerChange,
) (Practitioner, error) {
	var p Practitioner
	err := s.save(ctx, "practitioner.update", "practitioner", func(tx Tx, who access.Caller,
		now time.Time) (any, any, int64, error) {
		before, err := tx.Practitioner(ctx, who.Group, id)
		if err != nil {
			return nil, nil, 0, err
		}
		p = before
		p.UpdatedAt = now
		if err := c.apply(&p); err != nil {
			return nil, nil, 0, err
		}
		return before, p, int64(id), tx.SavePractitioner(ctx, who.Group, p)
	})
	return p, err
}

// Member is the member of staff a caller is, or 0: whose work it is that no one
// else was said to have done. It has the id that those patients are booked with
// have too.
func Member(who access.Caller) PractitionerID { return PractitionerID(who.Staff) }
