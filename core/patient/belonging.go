package patient

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
)

// Belonging is a thing that belongs to a patient: a Phone, a Number, an Attribute,
// a LabelOn or an InGroup.
type Belonging interface {
	// ids are what an event names it by.
	ids() event.IDs
}

// LabelOn is a label on a patient.
type LabelOn struct {
	Use   label.UseID
	Label label.ID
}

// InGroup is that an access group looks after a patient.
type InGroup struct {
	Row   int64
	Group account.GroupID
}

func (n Phone) ids() event.IDs     { return event.IDs{"phone": int64(n.ID)} }
func (n Number) ids() event.IDs    { return event.IDs{"number": int64(n.ID)} }
func (a Attribute) ids() event.IDs { return event.IDs{"attribute": int64(a.ID)} }
func (l LabelOn) ids() event.IDs   { return event.IDs{"label": int64(l.Label)} }
func (g InGroup) ids() event.IDs   { return nil }

// most is how many things of one kind a patient can have.
const most = 200

// editBelonging locks a patient, changes something that belongs to them, and
// writes the audit entry with what was asked for.
func (s *Service) editBelonging(
	ctx context.Context, id ID, action string, asked any,
	change func(tx BelongingTx, who access.Caller, p Patient, now time.Time) error,
) (Patient, error) {
	now := s.now()
	return Edit(ctx, s.Belongings.Do, now, id, func(tx BelongingTx, who access.Caller, p Patient) error {
		if err := change(tx, who, p, now); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), nil, asked))
	})
}

// save keeps a thing, with its event.
func save(ctx context.Context, tx BelongingTx, who access.Caller, of ID, change event.Type, b Belonging,
	now time.Time) error {
	if err := tx.SaveBelonging(ctx, who.Group, of, b); err != nil {
		return err
	}
	return Record(ctx, tx, who, now, Fact(change, of, b.ids()))
}

// drop forgets a thing, with its event; none is the fault where the patient does
// not have it.
func drop(
	ctx context.Context, tx BelongingTx, who access.Caller, of ID, change event.Type, b Belonging, none *fault.Error,
	now time.Time,
) error {
	found, err := tx.DropBelonging(ctx, who.Group, of, b)
	switch {
	case err != nil:
		return err
	case !found:
		return none
	}
	return Record(ctx, tx, who, now, Fact(change, of, b.ids()))
}

// room makes sure that a patient can have one more. Error: ErrTooMany.
func room[T any](ctx context.Context, who access.Caller, of ID, read reader[T]) error {
	all, err := read(ctx, who.Group, []ID{of})
	if err == nil && len(all[of]) >= most {
		err = ErrTooMany
	}
	return err
}

// the finds the thing of a patient's that fits, or returns none.
func the[T any](ctx context.Context, who access.Caller, of ID, read reader[T], fits func(T) bool,
	none *fault.Error) (T, error) {
	all, err := read(ctx, who.Group, []ID{of})
	if i := slices.IndexFunc(all[of], fits); err == nil && i >= 0 {
		return all[of][i], nil
	}
	var zero T
	if err == nil {
		err = none
	}
	return zero, err
}

// AttributeID names an attribute.
type AttributeID int64

// Attribute is a question of the practice's own, and the answer.
type Attribute struct {
	ID       AttributeID `json:"id"`
	Title    string      `json:"title"`
	Text     string      `json:"text"`
	Response string      `json:"response"`
}

// The faults of what belongs to patients.
var (
	ErrNoAttribute = fault.New(fault.NotFound, "attribute_not_found", "This patient has no such attribute.")
	ErrNoLabel     = fault.New(fault.NotFound, "label_not_on_patient", "This patient has no such label.")
	ErrNotInGroup  = fault.New(fault.NotFound, "patient_not_in_access_group",
		"This patient is not in the access group.")
)

func (a *Attribute) check() error {
	var in input.Checks
	a.Title = in.Required("title", a.Title, 200)
	a.Text = in.Lines("text", a.Text, 2000)
	a.Response = in.Lines("response", a.Response, 2000)
	return in.Err()
}

// AddAttribute keeps an answer.
func (s *Service) AddAttribute(ctx context.Context, id ID, a Attribute) (Patient, error) {
	if err := a.check(); err != nil {
		return Patient{}, err
	}
	a.ID = AttributeID(s.NewID())
	return s.editBelonging(ctx, id, "patient.attribute.add", a.ID, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		if err := room(ctx, who, p.ID, tx.Attributes); err != nil {
			return err
		}
		return save(ctx, tx, who, p.ID, event.PatientAttributeAdded, a, now)
	})
}

// AttributeChange is what to set of an attribute; nil leaves a thing as it is.
type AttributeChange struct{ Title, Text, Response *string }

// ChangeAttribute changes an answer. Error: ErrNoAttribute.
func (s *Service) ChangeAttribute(ctx context.Context, of ID, id AttributeID, c AttributeChange) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.attribute.update", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		was, err := the(ctx, who, p.ID, tx.Attributes, func(a Attribute) bool { return a.ID == id }, ErrNoAttribute)
		if err != nil {
			return err
		}
		a := was
		set(&a.Title, c.Title)
		set(&a.Text, c.Text)
		set(&a.Response, c.Response)
		if err := a.check(); err != nil || a == was {
			return err
		}
		return save(ctx, tx, who, p.ID, event.PatientAttributeUpdated, a, now)
	})
}

// RemoveAttribute forgets an answer. Error: ErrNoAttribute.
func (s *Service) RemoveAttribute(ctx context.Context, of ID, id AttributeID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.attribute.remove", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		return drop(ctx, tx, who, p.ID, event.PatientAttributeRemoved, Attribute{ID: id}, ErrNoAttribute, now)
	})
}

// AddLabel puts a label on a patient. Putting it on twice is putting it on once.
// Error: label.ErrNotFound.
func (s *Service) AddLabel(ctx context.Context, of ID, id label.ID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.label.add", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		fresh, err := s.putLabel(ctx, tx, who, p.ID, id)
		if err != nil || !fresh {
			return err
		}
		return Record(ctx, tx, who, now, Fact(event.PatientLabelAdded, p.ID, LabelOn{Label: id}.ids()))
	})
}

// labelTx is what putting a label on a patient needs.
type labelTx interface {
	LockLabel(ctx context.Context, group access.GroupID, id label.ID) (label.Label, error)
	LabelsOn(ctx context.Context, group access.GroupID, of []ID) (map[ID][]label.Use, error)
	SaveBelonging(ctx context.Context, group access.GroupID, of ID, b Belonging) error
}

// putLabel puts a label on a patient, and reports whether it was not there before.
func (s *Service) putLabel(ctx context.Context, tx labelTx, who access.Caller, of ID, id label.ID) (bool, error) {
	if _, err := tx.LockLabel(ctx, who.Group, id); err != nil {
		return false, err
	}
	all, err := tx.LabelsOn(ctx, who.Group, []ID{of})
	switch {
	case err != nil, slices.ContainsFunc(all[of], func(u label.Use) bool { return u.Label.ID == id }):
		return false, err
	case len(all[of]) >= most:
		return false, ErrTooMany
	}
	return true, tx.SaveBelonging(ctx, who.Group, of, LabelOn{label.UseID(s.NewID()), id})
}

// RemoveLabel takes a label off a patient, named by where it is on them or as the
// practice's. Error: ErrNoLabel.
func (s *Service) RemoveLabel(ctx context.Context, of ID, use label.UseID, id label.ID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.label.remove", use, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		is := func(u label.Use) bool { return u.ID == use || use == 0 && u.Label.ID == id }
		u, err := the(ctx, who, p.ID, tx.LabelsOn, is, ErrNoLabel)
		if err != nil {
			return err
		}
		return drop(ctx, tx, who, p.ID, event.PatientLabelRemoved, LabelOn{u.ID, u.Label.ID}, ErrNoLabel, now)
	})
}

// JoinAccessGroup lets an access group look after a patient. Joining twice is
// joining once. Error: account.ErrGroupNotFound.
func (s *Service) JoinAccessGroup(ctx context.Context, of ID, id account.GroupID) (Patient, error) {
	is := func(g account.AccessGroup) bool { return g.ID == id }
	return s.editBelonging(ctx, of, "patient.access_group.add", id, func(tx BelongingTx, who access.Caller, p Patient,
		now time.Time) error {
		all, err := tx.AccessGroups(ctx, who.Group)
		if err == nil && !slices.ContainsFunc(all, is) {
			err = account.ErrGroupNotFound
		}
		if err != nil {
			return err
		}
		in, err := tx.AccessGroupsOfPatients(ctx, who.Group, []ID{p.ID})
		if err != nil || slices.ContainsFunc(in[p.ID], is) {
			return err
		}
		return save(ctx, tx, who, p.ID, event.PatientUpdated, InGroup{s.NewID(), id}, now)
	})
}

// LeaveAccessGroup ends that. Error: ErrNotInGroup.
func (s *Service) LeaveAccessGroup(ctx context.Context, of ID, id account.GroupID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.access_group.remove", id, func(tx BelongingTx, who access.Caller,
		p Patient, now time.Time) error {
		return drop(ctx, tx, who, p.ID, event.PatientUpdated, InGroup{Group: id}, ErrNotInGroup, now)
	})
}
