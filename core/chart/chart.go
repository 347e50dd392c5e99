// Package chart is what a practice keeps around a patient: more telephone
// numbers, the numbers the patient is known by, labels, attributes, the people
// around them, who looks after them and what they are a member of.
//
//	chart.go         what is kept, and how it is changed
//	admit.go         add a patient with all of it; change, archive, delete
//	phone.go         telephone numbers
//	number.go        numbers a practice knows its patients by
//	parts.go         labels, attributes, access groups
//	membership.go    what the patient is a member of
//	relationship.go  people around the patient
package chart

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/booking"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// PhoneID names a telephone number.
type PhoneID int64

// NumberID names a number a patient is known by.
type NumberID int64

// DefinitionID names a kind of such numbers.
type DefinitionID int64

// AttributeID names an attribute.
type AttributeID int64

// RelationshipID names a relationship.
type RelationshipID int64

// Phone is a telephone number besides the mobile and the landline that messages
// and calls go to.
type Phone struct {
	ID     PhoneID `json:"id"`
	Kind   string  `json:"kind"`
	Number string  `json:"number"`
}

// Attribute is a question of the practice's own, and the answer.
type Attribute struct {
	ID       AttributeID `json:"id"`
	Title    string      `json:"title"`
	Text     string      `json:"text"`
	Response string      `json:"response"`
}

// The faults of chart.
var (
	ErrNoPhone        = fault.New(fault.NotFound, "phone_not_found", "This patient has no such telephone number.")
	ErrNoAttribute    = fault.New(fault.NotFound, "attribute_not_found", "This patient has no such attribute.")
	ErrNoLabel        = fault.New(fault.NotFound, "label_not_on_patient", "This patient has no such label.")
	ErrNotInGroup     = fault.New(fault.NotFound, "patient_not_in_access_group", "This patient is not in the access group.")
	ErrNotMembership  = fault.New(fault.Conflict, "product_not_a_membership", "This product is not a membership.")
	ErrNoMembership   = fault.New(fault.NotFound, "membership_not_found", "This patient has no such membership.")
	ErrNoNumber       = fault.New(fault.NotFound, "number_not_found", "This patient has no such number.")
	ErrNoDefinition   = fault.New(fault.NotFound, "number_definition_not_found", "This practice has no such kind of number.")
	ErrNoRelationship = fault.New(fault.NotFound, "relationship_not_found", "This patient has no such relationship.")
	ErrNoAccount      = fault.New(fault.NotFound, "account_not_found", "There is no such patient or contact.")
	ErrTooMany        = fault.New(fault.Conflict, "too_many", "A patient can have at most 200 of these.")
)

// most is how many of one kind of thing a patient can have.
const most = 200

// Reader is what chart reads: of each of some patients, in the order of ids.
type Reader interface {
	Phones(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Phone, error)
	Numbers(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Number, error)
	// Definitions lists the group's own, deleted ones too.
	Definitions(ctx context.Context, group practice.ID) ([]Definition, error)
	Attributes(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Attribute, error)
	LabelsOn(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]label.Use, error)
	AccessGroupsOfPatients(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]account.AccessGroup, error)
	Relationships(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Relationship, error)
	// RelationshipsByID finds those of the relationships there are.
	RelationshipsByID(ctx context.Context, group practice.ID, ids []RelationshipID) (map[RelationshipID]Relationship, error)
	// Memberships lists those that have ended too.
	Memberships(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID][]Membership, error)
}

// Store is what chart needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction in which the patient is locked. Drop forgets
// a thing and reports whether the patient had it.
type Tx interface {
	Reader
	patient.Tx
	booking.LeaveTx
	MembershipTx
	// LockLabel keeps a label from being deleted until the end of the
	// transaction, and finds it, or returns label.ErrNotFound.
	LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error)
	AccessGroups(ctx context.Context, group practice.ID) ([]account.AccessGroup, error)
	// Touch notes that something around the patient changed.
	Touch(ctx context.Context, group practice.ID, id patient.ID, at time.Time) error
	SavePhone(ctx context.Context, group practice.ID, of patient.ID, p Phone) error
	DropPhone(ctx context.Context, group practice.ID, of patient.ID, id PhoneID) (bool, error)
	SaveDefinition(ctx context.Context, group practice.ID, d Definition) error
	SaveNumber(ctx context.Context, group practice.ID, of patient.ID, n Number) error
	DropNumber(ctx context.Context, group practice.ID, of patient.ID, id NumberID) (bool, error)
	SaveAttribute(ctx context.Context, group practice.ID, of patient.ID, a Attribute) error
	DropAttribute(ctx context.Context, group practice.ID, of patient.ID, id AttributeID) (bool, error)
	PutLabel(ctx context.Context, group practice.ID, of patient.ID, use label.UseID, id label.ID) error
	DropLabel(ctx context.Context, group practice.ID, of patient.ID, use label.UseID) (bool, error)
	JoinAccessGroup(ctx context.Context, group practice.ID, of patient.ID, row int64, id account.GroupID) error
	LeaveAccessGroup(ctx context.Context, group practice.ID, of patient.ID, id account.GroupID) (bool, error)
	SaveRelationship(ctx context.Context, group practice.ID, of patient.ID, r Relationship) error
	DropRelationship(ctx context.Context, group practice.ID, of patient.ID, id RelationshipID) (bool, error)
}

// Service is the chart capability.
type Service struct {
	Store    Store
	Patients *patient.Service
	Now      func() time.Time
	NewID    func() int64
}

// change locks a patient, changes something around them, and writes the audit
// entry with what was asked for; with no action, do writes it. It gives the patient as they are afterwards.
// Error: patient.ErrNotFound.
func (s *Service) change(ctx context.Context, id patient.ID, action string, asked any, do func(tx Tx, who access.Caller, p patient.Full, now time.Time) error) (patient.Full, error) {
	return s.changeLocking(ctx, id, action, asked, s.lock, do)
}

// changeLocking is change with a way to lock the patient.
func (s *Service) changeLocking(ctx context.Context, id patient.ID, action string, asked any,
	lock func(context.Context, Tx, practice.ID, patient.ID) (patient.Full, error),
	do func(tx Tx, who access.Caller, p patient.Full, now time.Time) error,
) (patient.Full, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return patient.Full{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var after patient.Full
	err = s.Store.Do(ctx, func(tx Tx) error {
		p, err := lock(ctx, tx, who.Group, id)
		if err != nil {
			return err
		}
		if err := do(tx, who, p, now); err != nil {
			return err
		}
		if err := tx.Touch(ctx, who.Group, p.ID, now); err != nil {
			return err
		}
		if action != "" {
			if err := tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), nil, asked)); err != nil {
				return err
			}
		}
		after, err = one(ctx, tx, who.Group, p.ID)
		return err
	})
	return after, err
}

// lockAll is lock, after the diaries of the patient's appointments: whoever changes
// an appointment has locked its diary before its patient.
func (s *Service) lockAll(ctx context.Context, tx Tx, group practice.ID, id patient.ID) (patient.Full, error) {
	p, err := patient.Current(ctx, tx, group, id)
	if err != nil {
		return patient.Full{}, err
	}
	if err := tx.LockBelongings(ctx, group, p.ID); err != nil {
		return patient.Full{}, err
	}
	locked, err := s.lock(ctx, tx, group, p.ID)
	if err != nil {
		return locked, err
	}
	// Something may have been given to them before they were locked.
	return locked, tx.LockBelongings(ctx, group, locked.ID)
}

// lock keeps others from changing the patient an id stands for, and reads them.
func (s *Service) lock(ctx context.Context, tx Tx, group practice.ID, id patient.ID) (patient.Full, error) {
	for {
		if err := tx.LockPatient(ctx, group, id); err != nil {
			return patient.Full{}, err
		}
		p, err := one(ctx, tx, group, id)
		switch {
		case err != nil:
			return p, err
		case p.Deleted():
			return p, patient.ErrNotFound
		case p.Live():
			return p, nil
		}
		id = p.MergedInto
	}
}

func one(ctx context.Context, tx Tx, group practice.ID, id patient.ID) (patient.Full, error) {
	all, err := tx.People(ctx, group, []patient.ID{id})
	if err == nil && len(all) == 0 {
		err = patient.ErrNotFound
	}
	if err != nil {
		return patient.Full{}, err
	}
	return all[0], nil
}

// seen checks that the caller may see patients.
func seen(ctx context.Context) (access.Caller, error) {
	return access.Require(ctx, access.SeePatients)
}

// Phones are the other telephone numbers of some patients.
func (s *Service) Phones(ctx context.Context, of []patient.ID) (map[patient.ID][]Phone, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.Phones(ctx, who.Group, of)
}

// Attributes are what was asked of some patients, and answered.
func (s *Service) Attributes(ctx context.Context, of []patient.ID) (map[patient.ID][]Attribute, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.Attributes(ctx, who.Group, of)
}

// LabelsOn are the labels on some patients. Whoever may not see labels sees none,
// and is not told so.
func (s *Service) LabelsOn(ctx context.Context, of []patient.ID) (map[patient.ID][]label.Use, error) {
	who, err := seen(ctx)
	if err != nil || !who.May(access.SeeLabels) {
		return nil, err
	}
	return s.Store.LabelsOn(ctx, who.Group, of)
}

// AccessGroups are those who look after some patients.
func (s *Service) AccessGroups(ctx context.Context, of []patient.ID) (map[patient.ID][]account.AccessGroup, error) {
	who, err := seen(ctx)
	if err != nil {
		return nil, err
	}
	return s.Store.AccessGroupsOfPatients(ctx, who.Group, of)
}

// dropped records that something was forgotten; it is a fault where the patient did
// not have it.
func dropped(ctx context.Context, tx Tx, who access.Caller, now time.Time, found bool, err error, f *fault.Error, fact event.Fact) error {
	if err := missing(found, err, f); err != nil {
		return err
	}
	return patient.Record(ctx, tx, who, now, fact)
}

// missing is a fault for what a patient does not have.
func missing(found bool, err error, f *fault.Error) error {
	if err == nil && !found {
		return f
	}
	return err
}

// errNone says that nothing was to be done; see Archive.
var errNone = errors.New("nothing to do")
