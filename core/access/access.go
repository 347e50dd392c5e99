// Package access says who is asking and what they may do.
//
//	access.go       callers, scopes, permissions; Require
//	network.go      what a network of practice groups allows
//	key.go          API keys: made, checked, revoked
//	grant.go        roles, and what they let do
//	token.go        tokens: keys that have a role, and sessions
//	limit.go        how many requests a key may make in a minute
//	idempotency.go  the first answer again for a repeated request
//	outside.go      calls to the outside world from such a request
package access

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/audit"
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

// Scope is a part of the API a key may use.
type Scope string

// The scopes.
const (
	Booking      Scope = "booking"
	Messaging    Scope = "messaging"
	BookingLinks Scope = "booking_links"
)

// Scopes are all the scopes there are.
var Scopes = []Scope{Booking, Messaging, BookingLinks}

// Permission is something a key may do beyond its scopes.
type Permission string

// The permissions.
const (
	// AutoWriteToRecord lets a message be written to the record unapproved.
	AutoWriteToRecord Permission = "auto_write_to_record"
	// Setup lets a key change the practice itself: its places, people,
	// appointment types and sessions.
	Setup Permission = "setup"
	// Staff lets a key do what needs a member of staff to look: see who may be
	// the same person, merge records, and vouch for contact details.
	Staff Permission = "staff"
)

// Permissions are all the permissions there are.
var Permissions = []Permission{AutoWriteToRecord, Setup, Staff}

// Caller is who is asking, and for which practice group.
type Caller struct {
	// Group is the practice group whose data the request is about.
	Group GroupID
	// Home is the group the key belongs to; another one than Group when both
	// are members of one network.
	Home GroupID
	Key  KeyID
	// Session is the session of somebody who signed in, and Staff the member of
	// staff it is of, if it is; 0 is none.
	Session SessionID
	Staff   int64
	// Actor is the partner's name, "system" or "operator".
	Actor       string
	Scopes      []Scope
	Permissions []Permission
	// Grants are what its role lets a token do.
	Grants []Grant
	// Limit is how many requests the key may make in a minute; 0 is no limit.
	Limit     int
	RequestID string

	trusted bool
}

// System is our own jobs, acting in one group.
func System(group GroupID) Caller {
	return Caller{Group: group, Home: group, Actor: "system", trusted: true}
}

// Operator is a person at the command line of the machine, acting in one group.
func Operator(group GroupID) Caller {
	return Caller{Group: group, Home: group, Actor: "operator", trusted: true}
}

// Foreign reports whether the key belongs to another group of the network.
func (c Caller) Foreign() bool { return c.Group != c.Home }

// Has reports whether the caller has the scope.
func (c Caller) Has(s Scope) bool { return c.trusted || slices.Contains(c.Scopes, s) }

// May reports whether the caller has the permission. In another group of the
// network nobody has any: members may read and book there, no more.
func (c Caller) May(p Permission) bool {
	return c.trusted || (!c.Foreign() && slices.Contains(c.Permissions, p))
}

// Audit starts an audit entry with who did it.
func (c Caller) Audit(at time.Time, action, entity string, id int64, before, after any) audit.Entry {
	return audit.Entry{
		Group: int64(c.Group), At: at, Actor: c.Actor, KeyID: int64(c.Key), KeyGroup: int64(c.Home),
		RequestID: c.RequestID, Action: action, Entity: entity, EntityID: id,
		Before: audit.Snapshot(before), After: audit.Snapshot(after),
	}
}

// The faults of access.
var (
	ErrNoKey      = fault.New(fault.Unauthenticated, "missing_key", "Send your API key in x-api-key and the practice group in x-practice-group-id.")
	ErrBadKey     = fault.New(fault.Unauthenticated, "invalid_key", "That API key is not known.")
	ErrExpired    = fault.New(fault.Unauthenticated, "expired_key", "That API key has expired.")
	ErrRevoked    = fault.New(fault.Unauthenticated, "revoked_key", "That API key has been revoked.")
	ErrGroup      = fault.New(fault.Forbidden, "other_practice_group", "This key is for another practice group, and the two are not in one network.")
	ErrScope      = fault.New(fault.Forbidden, "missing_scope", "This key lacks a scope.")
	ErrPermission = fault.New(fault.Forbidden, "missing_permission", "This key lacks a permission.")
)

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

// Who gives the caller. Error: ErrNoKey.
func Who(ctx context.Context) (Caller, error) {
	c, ok := From(ctx)
	if !ok {
		return Caller{}, ErrNoKey
	}
	return c, nil
}

// Require gives the caller when it has at least one of the scopes (with none
// named, any caller will do) and, in another practice group of its network, when
// networks allow what is about to be done. Errors: ErrNoKey, ErrScope,
// ErrPermission.
func Require(ctx context.Context, g Grant, anyOf ...Scope) (Caller, error) {
	c, err := Who(ctx)
	if err != nil {
		return Caller{}, err
	}
	if err := c.network(g); err != nil {
		return Caller{}, err
	}
	if len(anyOf) == 0 || slices.ContainsFunc(anyOf, c.Has) {
		return c, nil
	}
	names := make([]string, len(anyOf))
	for i, s := range anyOf {
		names[i] = string(s)
	}
	need := strings.Join(names, " or ")
	f := ErrScope.Saying(fmt.Sprintf("This key lacks the scope %s.", need))
	f.Fields = []fault.Field{{Path: []string{"x-api-key"}, Code: ErrScope.Code, Expected: need, Message: f.Message}}
	return Caller{}, f
}

// RequirePermission gives the caller when it has the permission. Errors:
// ErrNoKey, ErrPermission.
func RequirePermission(ctx context.Context, p Permission) (Caller, error) {
	c, err := Who(ctx)
	if err != nil {
		return Caller{}, err
	}
	if c.May(p) {
		return c, nil
	}
	if c.Foreign() {
		return Caller{}, refused(string(p), networkRule)
	}
	return Caller{}, refused(string(p), fmt.Sprintf("This key lacks the permission %s.", p))
}

// refused is ErrPermission with what was needed.
func refused(need, say string) error {
	f := ErrPermission.Saying(say)
	f.Fields = []fault.Field{{Path: []string{"x-api-key"}, Code: ErrPermission.Code, Expected: need, Message: say}}
	return f
}
