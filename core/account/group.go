package account

import (
	"context"
	"strconv"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// GroupID names an access group.
type GroupID int64

// String gives the id as digits.
func (id GroupID) String() string { return strconv.FormatInt(int64(id), 10) }

// AccessGroup is staff who look after some of the patients.
type AccessGroup struct {
	ID    GroupID `json:"id"`
	Name  string  `json:"name"`
	Label string  `json:"label"`
	// Public says that all staff are in it.
	Public bool `json:"public"`
}

// ErrGroupNotFound is returned for an access group the practice lacks.
var ErrGroupNotFound = fault.New(fault.NotFound, "access_group_not_found", "This practice has no such access group.")

// AccessGroups lists the practice's access groups by name.
func (s *Service) AccessGroups(ctx context.Context) ([]AccessGroup, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	return s.Store.AccessGroups(ctx, who.Group)
}

// AccessGroupsOf lists the access groups members of staff are in.
func (s *Service) AccessGroupsOf(ctx context.Context, ids []StaffID) (map[StaffID][]AccessGroup, error) {
	return read.Of(ctx, access.SettingsSeeUsers, ids, s.Store.AccessGroupsOfStaff)
}

// SaveAccessGroup makes or changes an access group. Only an operator can.
func (s *Service) SaveAccessGroup(ctx context.Context, g AccessGroup) (AccessGroup, error) {
	return write.Do(ctx, access.SettingsGeneral, s.Now, s.Store.Do, func(e write.Edit[Tx]) (AccessGroup, error) {
		var in input.Checks
		g.Name = in.Required("name", g.Name, 200)
		g.Label = in.Text("label", g.Label, 200)
		if err := in.Err(); err != nil {
			return g, err
		}
		if g.ID == 0 {
			g.ID = GroupID(s.NewID())
		}
		if err := e.Tx.SaveAccessGroup(ctx, e.Group(), g, e.Now); err != nil {
			return g, err
		}
		return g, e.Audit(ctx, "access_group.set", int64(g.ID), nil, g)
	})
}

// join puts a member of staff into the access groups named, where some are, and besides into
// every public one when public is set.
func join(ctx context.Context, tx Tx, who access.Caller, id StaffID, groups *[]GroupID, public bool) error {
	if groups == nil && !public {
		return nil
	}
	all, err := tx.AccessGroups(ctx, who.Group)
	if err != nil {
		return err
	}
	var in []GroupID
	known := map[GroupID]bool{}
	for _, g := range all {
		known[g.ID] = true
		if public && g.Public {
			in = append(in, g.ID)
		}
	}
	if groups == nil { // they stay in those they are in
		now, err := tx.AccessGroupsOfStaff(ctx, who.Group, []StaffID{id})
		if err != nil {
			return err
		}
		for _, g := range now[id] {
			in = append(in, g.ID)
		}
		groups = &[]GroupID{}
	}
	for _, g := range *groups {
		if !known[g] {
			return ErrGroupNotFound
		}
		in = append(in, g)
	}
	return tx.SetStaffGroups(ctx, who.Group, id, in)
}
