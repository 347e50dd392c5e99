// Package assignee is to whom work is given: a member of staff, or a team of them.
package assignee

import (
	"context"
	"encoding/json"
	"strconv"

	"frontdesk/core/access"
	"frontdesk/core/fault"
)

// Kind is what kind of assignee one is. The words are those of the Hero Health Public API, as
// https://developer.herohealth.net has them.
type Kind string

// The kinds.
const (
	Admin Kind = "Admin"     // a member of staff
	Team  Kind = "AdminTeam" // a team of members of staff
)

// Kinds are all the kinds.
var Kinds = []Kind{Admin, Team}

// Ref names an assignee of a practice group; the zero value names none.
type Ref struct {
	Kind Kind  `json:"type,omitempty"`
	ID   int64 `json:"id,omitempty,string"`
}

// UnmarshalJSON reads a reference, and a bare number, from before there were teams, as a member of staff.
func (r *Ref) UnmarshalJSON(text []byte) error {
	if id, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*r = ToStaff(id)
		return nil
	}
	type plain Ref
	return json.Unmarshal(text, (*plain)(r))
}

// ToStaff names a member of staff; an id of 0 names none.
func ToStaff[T ~int64](id T) Ref { return to(Admin, int64(id)) }

// ToTeam names a team; an id of 0 names none.
func ToTeam[T ~int64](id T) Ref { return to(Team, int64(id)) }

func to(kind Kind, id int64) Ref {
	if id == 0 {
		return Ref{}
	}
	return Ref{kind, id}
}

// IsZero reports whether it names none.
func (r Ref) IsZero() bool { return r == Ref{} }

// Staff is the id of the member of staff it names; 0 when it names a team or none.
func (r Ref) Staff() int64 { return r.of(Admin) }

// Team is the id of the team it names; 0 when it names a member of staff or none.
func (r Ref) Team() int64 { return r.of(Team) }

func (r Ref) of(kind Kind) int64 {
	if r.Kind != kind {
		return 0
	}
	return r.ID
}

// ErrNotFound is returned for a member of staff or a team that the practice group lacks, or that has left or was
// archived.
var ErrNotFound = &fault.Error{Kind: fault.NotFound, Code: codeNotFound, Message: noneSuch, Fields: []fault.Field{{
	Path: []string{"assignee"}, Code: codeNotFound, Expected: "an id of this practice group", Message: noneSuch,
}}}

const (
	codeNotFound = "assignee_not_found"
	noneSuch     = "This practice group has no such member of staff or team."
)

// Work is how much an assignee has been given that is not closed.
type Work struct{ Tasks, Episodes int }

// Finder knows who there is.
type Finder interface {
	// Assignable reports whether a member of staff is there who has not left, or a team that was not archived. A team
	// is kept from being archived until the end of the transaction.
	Assignable(ctx context.Context, group access.GroupID, r Ref) (bool, error)
}

// Check makes sure that an assignee is there, in the transaction that gives it work. Error: ErrNotFound, for none too.
func Check(ctx context.Context, tx Finder, group access.GroupID, r Ref) error {
	there, err := tx.Assignable(ctx, group, r)
	if err == nil && !there {
		err = ErrNotFound
	}
	return err
}

// IfThere is the assignee when it is there, and none otherwise: what a patient sends for staff who have left is for
// staff in general.
func IfThere(ctx context.Context, tx Finder, group access.GroupID, r Ref) (Ref, error) {
	if r.IsZero() {
		return r, nil
	}
	there, err := tx.Assignable(ctx, group, r)
	if !there {
		r = Ref{}
	}
	return r, err
}
