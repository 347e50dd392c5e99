package patient

import (
	"context"
	"maps"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/practice"
)

// Belonging is something that belongs to a patient: a Phone, a Number, an Attribute, a LabelOn or an InGroup.
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

// most is how many belongings of one kind a patient can have.
const most = 200

// edit is a change of what belongs to a patient, whom its transaction has locked.
type edit struct {
	BelongingTx
	who access.Caller
	p   Patient
	now time.Time
}

// editBelonging locks a patient, changes something that belongs to them, and writes the audit entry with what was
// asked for.
func (s *Service) editBelonging(ctx context.Context, id ID, action string, asked any,
	change func(edit) error) (Patient, error) {
	now := s.now()
	return Edit(ctx, s.Belongings.Do, now, id, func(tx BelongingTx, who access.Caller, p Patient) error {
		if err := change(edit{tx, who, p, now}); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "patient", int64(p.ID), nil, asked))
	})
}

// patient changes the patient's own record.
func (e edit) patient(ctx context.Context, c Changes) error {
	return change(ctx, e, e.who, e.p, c, e.now)
}

// save keeps a belonging, with its event.
func (e edit) save(ctx context.Context, of event.Type, b Belonging) error {
	if err := e.SaveBelonging(ctx, e.who.Group, e.p.ID, b); err != nil {
		return err
	}
	return Record(ctx, e, e.who, e.now, Fact(of, e.p.ID, b.ids()))
}

// drop removes a belonging, with its event, or returns none where the patient lacks it.
func (e edit) drop(ctx context.Context, of event.Type, b Belonging, none *fault.Error) error {
	found, err := e.DropBelonging(ctx, e.who.Group, e.p.ID, b)
	switch {
	case err != nil:
		return err
	case !found:
		return none
	}
	return Record(ctx, e, e.who, e.now, Fact(of, e.p.ID, b.ids()))
}

// kind is a kind of belonging that is added, changed and removed by its id: how to read it, the fault where a patient
// lacks it, and its events.
type kind[T interface {
	Belonging
	comparable
}] struct {
	read                    func(BelongingTx, context.Context, practice.ID, []ID) (map[ID][]T, error)
	none                    *fault.Error
	added, updated, removed event.Type
}

var (
	phones = kind[Phone]{BelongingTx.Phones, ErrNoPhone,
		event.PatientPhoneAdded, event.PatientPhoneUpdated, event.PatientPhoneRemoved}
	numbers = kind[Number]{BelongingTx.Numbers, ErrNoNumber,
		event.PatientNumberAdded, event.PatientNumberUpdated, event.PatientNumberRemoved}
	attributes = kind[Attribute]{BelongingTx.Attributes, ErrNoAttribute,
		event.PatientAttributeAdded, event.PatientAttributeUpdated, event.PatientAttributeRemoved}
)

// add keeps one more. Error: ErrTooMany.
func (k kind[T]) add(ctx context.Context, e edit, one T) error {
	all, err := k.read(e, ctx, e.who.Group, []ID{e.p.ID})
	switch {
	case err != nil:
		return err
	case len(all[e.p.ID]) >= most:
		return ErrTooMany
	}
	return e.save(ctx, k.added, one)
}

// change changes the one with the id, and keeps it where it is not as it was.
func (k kind[T]) change(ctx context.Context, e edit, id T, with func(*T) error) error {
	all, err := k.read(e, ctx, e.who.Group, []ID{e.p.ID})
	i := slices.IndexFunc(all[e.p.ID], func(x T) bool { return maps.Equal(x.ids(), id.ids()) })
	switch {
	case err != nil:
		return err
	case i < 0:
		return k.none
	}
	was := all[e.p.ID][i]
	one := was
	if err := with(&one); err != nil || one == was {
		return err
	}
	return e.save(ctx, k.updated, one)
}

// remove removes the one with the id.
func (k kind[T]) remove(ctx context.Context, e edit, id T) error {
	return e.drop(ctx, k.removed, id, k.none)
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

// AddAttribute adds an answer.
func (s *Service) AddAttribute(ctx context.Context, id ID, a Attribute) (Patient, error) {
	if err := a.check(); err != nil {
		return Patient{}, err
	}
	a.ID = AttributeID(s.NewID())
	return s.editBelonging(ctx, id, "patient.attribute.add", a.ID, func(e edit) error {
		return attributes.add(ctx, e, a)
	})
}

// AttributeChange is what to set of an attribute; nil leaves a detail as it is.
type AttributeChange struct{ Title, Text, Response *string }

// ChangeAttribute changes an answer. Error: ErrNoAttribute.
func (s *Service) ChangeAttribute(ctx context.Context, of ID, id AttributeID, c AttributeChange) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.attribute.update", id, func(e edit) error {
		return attributes.change(ctx, e, Attribute{ID: id}, func(a *Attribute) error {
			input.Set(&a.Title, c.Title)
			input.Set(&a.Text, c.Text)
			input.Set(&a.Response, c.Response)
			return a.check()
		})
	})
}

// RemoveAttribute removes an answer. Error: ErrNoAttribute.
func (s *Service) RemoveAttribute(ctx context.Context, of ID, id AttributeID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.attribute.remove", id, func(e edit) error {
		return attributes.remove(ctx, e, Attribute{ID: id})
	})
}

// AddLabel puts a label on a patient, once. Error: label.ErrNotFound.
func (s *Service) AddLabel(ctx context.Context, of ID, id label.ID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.label.add", id, func(e edit) error {
		added, err := s.putLabel(ctx, e, e.who, e.p.ID, id)
		if err != nil || !added {
			return err
		}
		return Record(ctx, e, e.who, e.now, Fact(event.PatientLabelAdded, e.p.ID, LabelOn{Label: id}.ids()))
	})
}

// labelTx is what putting a label on a patient needs.
type labelTx interface {
	// LockLabel keeps a label from being deleted until the end of the transaction, and finds it, or returns
	// label.ErrNotFound.
	LockLabel(ctx context.Context, group practice.ID, id label.ID) (label.Label, error)
	LabelsOn(ctx context.Context, group practice.ID, of []ID) (map[ID][]label.Use, error)
	SaveBelonging(ctx context.Context, group practice.ID, of ID, b Belonging) error
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

// RemoveLabel takes a label off a patient, named by its use there or by its own id. Error: ErrNoLabel.
func (s *Service) RemoveLabel(ctx context.Context, of ID, use label.UseID, id label.ID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.label.remove", use, func(e edit) error {
		all, err := e.LabelsOn(ctx, e.who.Group, []ID{e.p.ID})
		if err != nil {
			return err
		}
		for _, u := range all[e.p.ID] {
			if u.ID == use || use == 0 && u.Label.ID == id {
				return e.drop(ctx, event.PatientLabelRemoved, LabelOn{u.ID, u.Label.ID}, ErrNoLabel)
			}
		}
		return ErrNoLabel
	})
}

// JoinAccessGroup has an access group look after a patient. Error: account.ErrGroupNotFound.
func (s *Service) JoinAccessGroup(ctx context.Context, of ID, id account.GroupID) (Patient, error) {
	is := func(g account.AccessGroup) bool { return g.ID == id }
	return s.editBelonging(ctx, of, "patient.access_group.add", id, func(e edit) error {
		all, err := e.AccessGroups(ctx, e.who.Group)
		if err == nil && !slices.ContainsFunc(all, is) {
			err = account.ErrGroupNotFound
		}
		if err != nil {
			return err
		}
		in, err := e.AccessGroupsOfPatients(ctx, e.who.Group, []ID{e.p.ID})
		if err != nil || slices.ContainsFunc(in[e.p.ID], is) {
			return err
		}
		return e.save(ctx, event.PatientUpdated, InGroup{s.NewID(), id})
	})
}

// LeaveAccessGroup takes a patient out of an access group. Error: ErrNotInGroup.
func (s *Service) LeaveAccessGroup(ctx context.Context, of ID, id account.GroupID) (Patient, error) {
	return s.editBelonging(ctx, of, "patient.access_group.remove", id, func(e edit) error {
		return e.drop(ctx, event.PatientUpdated, InGroup{Group: id}, ErrNotInGroup)
	})
}
