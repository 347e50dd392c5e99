// Package access says who is asking and what they may do.
//
//	access.go       callers, and the doors they come through
//	permission.go   the one list of permissions; Require
//	set.go          named sets of permissions: scopes and extra permissions of keys, roles
//	capability.go   what a key can do, told to its holder
//	entry.go        entries of the audit trail
package access

import (
	"context"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/fault"
)

// GroupID names a practice group. Every record belongs to one.
type GroupID int64

// String gives the id as digits.
func (id GroupID) String() string { return strconv.FormatInt(int64(id), 10) }

// KeyID names an API key.
type KeyID int64

// String gives the id as digits.
func (id KeyID) String() string { return strconv.FormatInt(int64(id), 10) }

// SessionID names the session of a person who signed in.
type SessionID int64

// String gives the id as digits.
func (id SessionID) String() string { return strconv.FormatInt(int64(id), 10) }

// Door is what a request came through.
type Door string

// The doors.
const (
	REST    Door = "rest"
	GraphQL Door = "graphql"
	Console Door = "console"
	Page    Door = "page" // a page that a link opens, or a file at a signed address
	CLI     Door = "cli"
	Job     Door = "job"
)

// Caller is who is asking, and for which practice group.
type Caller struct {
	// Group is the practice group whose data the request is about.
	Group GroupID
	// Home is the group the key belongs to; another one than Group when both
	// are members of one network.
	Home GroupID
	Key  KeyID
	// Session is the session of a person who signed in, and Staff the member of staff
	// whose it is, if it is; 0 is none.
	Session SessionID
	Staff   int64
	// Application says that a token with a role is asking, and no person.
	Application bool
	// Actor is the partner's name, "system" or "operator".
	Actor string
	// Permissions are what the caller may do: see set.go.
	Permissions []Permission
	// Door is what the request came through.
	Door Door
	// Limit is how many requests the key may make in a minute; 0 is no limit.
	Limit     int
	RequestID string

	trusted bool
}

// System is our own jobs, acting in one group.
func System(group GroupID) Caller {
	return Caller{Group: group, Home: group, Actor: "system", Door: Job, trusted: true}
}

// Operator is a person at the command line of the machine, acting in one group.
func Operator(group GroupID) Caller {
	return Caller{Group: group, Home: group, Actor: "operator", Door: CLI, trusted: true}
}

// Visitor is a person who opened a link or a signed address of a group, and is known by nothing else. The door and
// the id of the request are those of the context.
func Visitor(ctx context.Context, group GroupID, actor string) Caller {
	c, _ := From(ctx)
	return Caller{Group: group, Home: group, Actor: actor, Door: c.Door, RequestID: c.RequestID}
}

// SignedIn ends the name of an actor who is a person and no program, as the audit
// trail has it.
const SignedIn = " (signed in)"

// Name is the name of the caller, a person's or a program's.
func (c Caller) Name() string {
	if c.Staff != 0 {
		return strings.TrimSuffix(c.Actor, SignedIn)
	}
	return c.Actor
}

// Foreign reports whether the key belongs to another group of the network.
func (c Caller) Foreign() bool { return c.Group != c.Home }

// Audit starts an audit entry with who did it.
func (c Caller) Audit(at time.Time, action, entity string, id int64, before, after any) Entry {
	return Entry{
		Group: int64(c.Group), At: at, Actor: c.Actor, KeyID: int64(c.Key), KeyGroup: int64(c.Home),
		RequestID: c.RequestID, Action: action, Entity: entity, EntityID: id,
		Before: Snapshot(before), After: Snapshot(after),
	}
}

// ErrGroup is returned to a key of another practice group.
var ErrGroup = fault.New(fault.Forbidden, "other_practice_group",
	"This key is for another practice group, and the two are not in one network.")

type callerKey struct{}

// With puts the caller in the context.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From gives the caller in the context, if there is one.
func From(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}

// Who gives the caller. Error: ErrNoCaller.
func Who(ctx context.Context) (Caller, error) {
	c, ok := From(ctx)
	if !ok {
		return Caller{}, ErrNoCaller
	}
	return c, nil
}
