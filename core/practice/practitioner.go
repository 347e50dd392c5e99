package practice

import (
	"context"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/names"
	"frontdesk/core/write"
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

// Consultants lists the people who can be booked, by surname: those whose name has each of the words, in any case and
// without marks, and of a profession; an empty text or profession leaves no one out.
func (s *Service) Consultants(ctx context.Context, words string, of Profession) ([]Practitioner, error) {
	all, err := s.Practitioners(ctx, false)
	sought := strings.Fields(names.Key(words))
	return slices.DeleteFunc(all, func(p Practitioner) bool {
		name := names.Key(p.Title + " " + p.FirstName + " " + p.LastName)
		return of != "" && p.Profession != of ||
			slices.ContainsFunc(sought, func(word string) bool { return !strings.Contains(name, word) })
	}), err
}

var practitioners = write.Kind[Tx, PractitionerID, Practitioner]{Needs: access.SettingsGeneral,
	Lock: Tx.LockPractitioner, Save: Tx.SavePractitioner}

// CreatePractitioner adds a person, with an empty diary.
func (s *Service) CreatePractitioner(ctx context.Context, c PractitionerChange) (Practitioner, error) {
	id := PractitionerID(s.NewID())
	return practitioners.Add(ctx, s.Now, s.Store.Do, "practitioner.create", id, func(e write.Edit[Tx],
		p *Practitioner) error {
		*p = Practitioner{ID: id, Active: true, Profession: GP, CreatedAt: e.Now, UpdatedAt: e.Now}
		return c.apply(p)
	})
}

// UpdatePractitioner changes a person. Error: ErrPractitionerNotFound, for one who has left too.
func (s *Service) UpdatePractitioner(
	ctx context.Context, id PractitionerID, c PractitionerChange,
) (Practitioner, error) {
	return practitioners.Change(ctx, s.Now, s.Store.Do, "practitioner.update", id, func(e write.Edit[Tx],
		p *Practitioner) error {
		p.UpdatedAt = e.Now
		return c.apply(p)
	})
}

// Member is the member of staff a caller is, or 0: whose work it is that no one
// else was said to have done. It has the id that those patients are booked with
// have too.
func Member(who access.Caller) PractitionerID { return PractitionerID(who.Staff) }
