// Package team is teams of staff: work that is given to one is for any of its members.
//
//	team.go  teams made, changed, archived and found
package team

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// ID names a team within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Team is a team of staff.
type Team struct {
	ID   ID     `json:"id,string"`
	Name string `json:"name"`
	// Members are who is in it, by their ids; those who have left are not.
	Members    []account.StaffID `json:"members"`
	ArchivedAt time.Time         `json:"archived_at,omitzero"`
	Version    int64             `json:"version"`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

// Archived reports whether the team was archived: it gets no more work.
func (t Team) Archived() bool { return !t.ArchivedAt.IsZero() }

// MostMembers is how many members a team has at most.
const MostMembers = 200

// The faults of team.
var (
	ErrNotFound  = fault.New(fault.NotFound, "admin_team_not_found", "This practice group has no such team.")
	ErrNameTaken = fault.New(fault.Conflict, "admin_team_name_taken", "Another team of this practice has this name.")
	ErrArchived  = fault.New(fault.Conflict, "admin_team_archived", "This team has been archived.")
	ErrInUse     = fault.New(fault.Conflict, "admin_team_in_use", "Work is given to this team.")
)

// Uses is how much work is given to a team: tasks and episodes that are not closed, and appointment types that are
// offered.
type Uses struct {
	assignee.Work
	Types int
}

// Query says which rows of the list of teams to give.
type Query struct {
	// Staff narrows to the teams of a member of staff; 0 does not.
	Staff         account.StaffID
	Offset, Limit int
}

// Reader is what team reads.
type Reader interface {
	// Teams finds teams by id, archived ones too; those the group lacks are left out.
	Teams(ctx context.Context, group practice.ID, ids []ID) ([]Team, error)
}

// Store is what team needs remembered.
type Store interface {
	Reader
	// TeamList lists teams that were not archived by name, and how many there are, counted up as input.CountTo says.
	TeamList(ctx context.Context, group practice.ID, q Query) ([]Team, int, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockTeam keeps others from changing the team, and from giving it work, until the end of the transaction, and
	// finds it, or returns ErrNotFound.
	LockTeam(ctx context.Context, group practice.ID, id ID) (Team, error)
	// SaveTeam keeps a team and its members, or returns ErrNameTaken.
	SaveTeam(ctx context.Context, group practice.ID, t Team) error
	// UsesOf counts the work that is given to a team.
	UsesOf(ctx context.Context, group practice.ID, id ID) (Uses, error)
	// Staff finds members of staff; those the group lacks are left out.
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the capability of teams.
type Service struct {
	Store Store
	Now   func() time.Time
	NewID func() int64
}

// Find finds a team, an archived one too. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Team, error) {
	found, err := s.Teams(ctx, []ID{id})
	if err == nil && len(found) == 0 {
		return Team{}, ErrNotFound
	}
	if err != nil {
		return Team{}, err
	}
	return found[0], nil
}

// Teams finds teams by id; those the practice lacks are left out.
func (s *Service) Teams(ctx context.Context, ids []ID) ([]Team, error) {
	return read.Of(ctx, access.SettingsSeeUsers, ids, s.Store.Teams)
}

// List lists teams by name, and how many there are.
func (s *Service) List(ctx context.Context, q Query) ([]Team, int, error) {
	who, err := access.Require(ctx, access.SettingsSeeUsers)
	if err != nil {
		return nil, 0, err
	}
	return s.Store.TeamList(ctx, who.Group, q)
}

// Change is what to set of a team; nil leaves a thing as it is.
type Change struct {
	Name *string
	// Members are all who are to be in it.
	Members *[]account.StaffID
}

var teams = write.Kind[Tx, ID, Team]{Needs: access.EditUsers, Lock: Tx.LockTeam, Save: Tx.SaveTeam}

// Create makes a team. Errors: field faults, ErrNameTaken, assignee.ErrNotFound.
func (s *Service) Create(ctx context.Context, c Change) (Team, error) {
	id := ID(s.NewID())
	return teams.Add(ctx, s.Now, s.Store.Do, "admin_team.create", id, func(e write.Edit[Tx], t *Team) error {
		*t = Team{ID: id, Version: 1, CreatedAt: e.Now, UpdatedAt: e.Now}
		return c.apply(ctx, e, t)
	})
}

// Update renames a team, or says who is in it. Errors: as Create, and ErrNotFound, ErrArchived.
func (s *Service) Update(ctx context.Context, id ID, c Change) (Team, error) {
	return teams.Change(ctx, s.Now, s.Store.Do, "admin_team.update", id, func(e write.Edit[Tx], t *Team) error {
		if t.Archived() {
			return ErrArchived
		}
		before := *t
		if err := c.apply(ctx, e, t); err != nil {
			return err
		}
		if t.Name == before.Name && slices.Equal(t.Members, before.Members) {
			return write.ErrSame
		}
		t.Version, t.UpdatedAt = t.Version+1, e.Now
		return nil
	})
}

// Archive puts a team away: what was done stays under its name, and it gets no more work. It is refused while tasks or
// episodes that are not closed, or appointment types that are offered, are given to it. Archiving it again changes
// nothing. Errors: ErrNotFound, ErrInUse.
func (s *Service) Archive(ctx context.Context, id ID) (Team, error) {
	return teams.Change(ctx, s.Now, s.Store.Do, "admin_team.archive", id, func(e write.Edit[Tx], t *Team) error {
		if t.Archived() {
			return write.ErrSame
		}
		of, err := e.Tx.UsesOf(ctx, e.Group(), id)
		if err != nil {
			return err
		}
		if of != (Uses{}) {
			return ErrInUse.Saying("Tasks (" + strconv.Itoa(of.Tasks) + ") or episodes (" + strconv.Itoa(of.Episodes) +
				") that are not closed, or appointment types (" + strconv.Itoa(of.Types) +
				"), are given to this team. Give them to others.")
		}
		t.ArchivedAt, t.UpdatedAt, t.Version = e.Now, e.Now, t.Version+1
		return nil
	})
}

// apply sets what is asked for, and checks it.
func (c Change) apply(ctx context.Context, e write.Edit[Tx], t *Team) error {
	input.Set(&t.Name, c.Name)
	var in input.Checks
	t.Name = in.Required("name", t.Name, 200)
	if c.Members == nil {
		return in.Err()
	}
	t.Members = slices.Clone(*c.Members)
	slices.Sort(t.Members)
	t.Members = slices.Compact(t.Members)
	if len(t.Members) > MostMembers {
		in.Wrong("members", input.CodeBig, "at most 200", "These are too many members of staff for one team.")
	}
	if err := in.Err(); err != nil || len(t.Members) == 0 {
		return err
	}
	found, err := e.Tx.Staff(ctx, e.Group(), t.Members)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(s account.Staff) bool { return !s.DeletedAt.IsZero() })
	if len(found) < len(t.Members) {
		missing := *assignee.ErrNotFound.Saying("This practice group has no such member of staff.")
		missing.Fields = []fault.Field{{Path: []string{"members"}, Code: missing.Code,
			Expected: "ids of members of staff", Message: missing.Message}}
		return &missing
	}
	return nil
}
