package chart

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/patient"
)

func (a *Attribute) check() error {
	var in input.Checks
	a.Title = in.Required("title", a.Title, 200)
	a.Text = in.Lines("text", a.Text, 2000)
	a.Response = in.Lines("response", a.Response, 2000)
	return in.Err()
}

// keepAttribute keeps an answer, and tells of it.
func keepAttribute(ctx context.Context, tx Tx, who access.Caller, of patient.ID, change event.Type, a Attribute, now time.Time) error {
	if err := tx.SaveAttribute(ctx, who.Group, of, a); err != nil {
		return err
	}
	return patient.Record(ctx, tx, who, now, patient.Fact(change, of, event.IDs{"attribute": int64(a.ID)}))
}

// AddAttribute keeps an answer.
func (s *Service) AddAttribute(ctx context.Context, id patient.ID, a Attribute) (patient.Full, error) {
	if err := a.check(); err != nil {
		return patient.Full{}, err
	}
	a.ID = AttributeID(s.NewID())
	return s.change(ctx, id, "patient.attribute.add", a.ID, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		all, err := tx.Attributes(ctx, who.Group, []patient.ID{p.ID})
		if err == nil && len(all[p.ID]) >= most {
			err = ErrTooMany
		}
		if err != nil {
			return err
		}
		return keepAttribute(ctx, tx, who, p.ID, event.PatientAttributeAdded, a, now)
	})
}

// AttributeChange is what to set of an attribute; nil leaves a thing as it is.
type AttributeChange struct{ Title, Text, Response *string }

// ChangeAttribute changes an answer. Error: ErrNoAttribute.
func (s *Service) ChangeAttribute(ctx context.Context, of patient.ID, id AttributeID, c AttributeChange) (patient.Full, error) {
	return s.change(ctx, of, "patient.attribute.update", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		all, err := tx.Attributes(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		for _, a := range all[p.ID] {
			if a.ID != id {
				continue
			}
			was := a
			for _, x := range []struct{ to, from *string }{{&a.Title, c.Title}, {&a.Text, c.Text}, {&a.Response, c.Response}} {
				if x.from != nil {
					*x.to = *x.from
				}
			}
			if err := a.check(); err != nil || a == was {
				return err
			}
			return keepAttribute(ctx, tx, who, p.ID, event.PatientAttributeUpdated, a, now)
		}
		return ErrNoAttribute
	})
}

// RemoveAttribute forgets an answer. Error: ErrNoAttribute.
func (s *Service) RemoveAttribute(ctx context.Context, of patient.ID, id AttributeID) (patient.Full, error) {
	return s.change(ctx, of, "patient.attribute.remove", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		found, err := tx.DropAttribute(ctx, who.Group, p.ID, id)
		return dropped(ctx, tx, who, now, found, err, ErrNoAttribute,
			patient.Fact(event.PatientAttributeRemoved, p.ID, event.IDs{"attribute": int64(id)}))
	})
}

// AddLabel puts a label on a patient. Putting it on twice is putting it on once.
// Error: label.ErrNotFound.
func (s *Service) AddLabel(ctx context.Context, of patient.ID, id label.ID) (patient.Full, error) {
	return s.change(ctx, of, "patient.label.add", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		fresh, err := s.putLabel(ctx, tx, who, p.ID, id)
		if err != nil || !fresh {
			return err
		}
		return patient.Record(ctx, tx, who, now, patient.Fact(event.PatientLabelAdded, p.ID, event.IDs{"label": int64(id)}))
	})
}

// putLabel puts a label on a patient, and reports whether it was not there before.
func (s *Service) putLabel(ctx context.Context, tx Tx, who access.Caller, of patient.ID, id label.ID) (bool, error) {
	if _, err := tx.LockLabel(ctx, who.Group, id); err != nil {
		return false, err
	}
	all, err := tx.LabelsOn(ctx, who.Group, []patient.ID{of})
	if err != nil || slices.ContainsFunc(all[of], func(u label.Use) bool { return u.Label.ID == id }) {
		return false, err
	}
	if len(all[of]) >= most {
		return false, ErrTooMany
	}
	return true, tx.PutLabel(ctx, who.Group, of, label.UseID(s.NewID()), id)
}

// RemoveLabel takes a label off a patient, named by where it is on them or as the
// practice's. Error: ErrNoLabel.
func (s *Service) RemoveLabel(ctx context.Context, of patient.ID, use label.UseID, id label.ID) (patient.Full, error) {
	return s.change(ctx, of, "patient.label.remove", use, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		all, err := tx.LabelsOn(ctx, who.Group, []patient.ID{p.ID})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all[p.ID], func(u label.Use) bool { return u.ID == use || use == 0 && u.Label.ID == id })
		if i < 0 {
			return ErrNoLabel
		}
		u := all[p.ID][i]
		found, err := tx.DropLabel(ctx, who.Group, p.ID, u.ID)
		return dropped(ctx, tx, who, now, found, err, ErrNoLabel,
			patient.Fact(event.PatientLabelRemoved, p.ID, event.IDs{"label": int64(u.Label.ID)}))
	})
}

// JoinAccessGroup lets an access group look after a patient. Joining twice is
// joining once. Error: account.ErrGroupNotFound.
func (s *Service) JoinAccessGroup(ctx context.Context, of patient.ID, id account.GroupID) (patient.Full, error) {
	return s.change(ctx, of, "patient.access_group.add", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		is := func(g account.AccessGroup) bool { return g.ID == id }
		all, err := tx.AccessGroups(ctx, who.Group)
		if err == nil && !slices.ContainsFunc(all, is) {
			err = account.ErrGroupNotFound
		}
		if err != nil {
			return err
		}
		in, err := tx.AccessGroupsOfPatients(ctx, who.Group, []patient.ID{p.ID})
		if err != nil || slices.ContainsFunc(in[p.ID], is) {
			return err
		}
		if err := tx.JoinAccessGroup(ctx, who.Group, p.ID, s.NewID(), id); err != nil {
			return err
		}
		return patient.Record(ctx, tx, who, now, patient.Fact(event.PatientUpdated, p.ID, nil))
	})
}

// LeaveAccessGroup ends that. Error: ErrNotInGroup.
func (s *Service) LeaveAccessGroup(ctx context.Context, of patient.ID, id account.GroupID) (patient.Full, error) {
	return s.change(ctx, of, "patient.access_group.remove", id, func(tx Tx, who access.Caller, p patient.Full, now time.Time) error {
		found, err := tx.LeaveAccessGroup(ctx, who.Group, p.ID, id)
		return dropped(ctx, tx, who, now, found, err, ErrNotInGroup, patient.Fact(event.PatientUpdated, p.ID, nil))
	})
}
