// Package account is who works in a practice and how they sign in.
//
//	account.go  members of staff, as kept
//	staff.go    find them, add them, change them
//	signin.go   a password for a session
//	leave.go    they leave
//	group.go    access groups
//	invitation.go  a link to choose a password with
//	mail.go     and the e-mail that carries it
package account

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/job"
	"frontdesk/core/key"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// StaffID names a member of staff. A practitioner that patients are booked with has the same
// id as a practitioner.
type StaffID int64

// String gives the id as digits.
func (id StaffID) String() string { return strconv.FormatInt(int64(id), 10) }

// Staff is a member of staff. Empty text means not known.
type Staff struct {
	ID             StaffID   `json:"id,string"`
	Title          string    `json:"title"`
	FirstName      string    `json:"first_name"`
	LastName       string    `json:"last_name"`
	Email          string    `json:"email"`
	Gender         string    `json:"gender"`
	Pronouns       string    `json:"pronouns"`
	Mobile         string    `json:"mobile"`
	Qualifications string    `json:"qualifications"`
	Registration   string    `json:"registration"` // the number of the professional register
	Specialties    []string  `json:"specialties"`
	PositionTitle  string    `json:"position_title"`
	Position       string    `json:"position"`
	MinimumAge     *int      `json:"minimum_age,omitempty"` // of patients, in years
	Role           string    `json:"role"`
	LocumFor       StaffID   `json:"locum_for,omitempty"`
	LocumFrom      time.Time `json:"locum_from,omitzero"`
	LocumUntil     time.Time `json:"locum_until,omitzero"`
	// SignsAlone lets documents be signed in their name without asking.
	SignsAlone bool            `json:"signs_alone"`
	Settings   json.RawMessage `json:"settings,omitempty"`
	// Clinician says that patients can be booked with them.
	Clinician bool `json:"clinician"`
	// VerifiedAt is when they first set a password; their address is fixed then.
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	DeletedAt  time.Time `json:"deleted_at,omitzero"`
	Version    int64     `json:"version"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`

	PasswordHash string `json:"-"`
}

// Name is title, given names and surname.
func (s Staff) Name() string {
	return strings.Join(strings.Fields(s.Title+" "+s.FirstName+" "+s.LastName), " ")
}

// EmailKey is an address as it is compared.
func EmailKey(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// The faults of account.
var (
	ErrNotFound   = fault.New(fault.NotFound, "user_not_found", "This practice has no such user.")
	ErrEmailTaken = fault.New(fault.Conflict, "email_taken",
		"Another member of staff of this practice has this e-mail address.")
	ErrEmailFixed = fault.New(fault.Conflict, "email_fixed",
		"The e-mail address of a user who has signed in cannot be changed.")
	// ErrSignIn is returned whatever was wrong, so that no caller learns which
	// addresses and keys there are.
	ErrSignIn = fault.New(fault.Unauthenticated, "sign_in_refused", "Incorrect e-mail address, key or password.")
	ErrLocked = fault.New(fault.Limited, "sign_in_locked",
		"There were too many wrong passwords. Try again in 15 minutes.")
	// ErrSeveral is returned for a right password that is right at several
	// practices, none of which was named.
	ErrSeveral = fault.New(fault.Conflict, "several_practices",
		"This password is right at several practices: name one.")
)

// Query says which members of staff to list, by id.
type Query struct {
	// Clinician narrows to those patients can be booked with, or to the others.
	Clinician *bool
	Deleted   bool // those who have left, too
	// Invited gives those too who were sent an invitation, or could be, and have not chosen a password.
	Invited bool
	// Created and Updated are when they were made and last changed.
	Created, Updated input.Span
	Offset, Limit    int
}

// Reader is what account reads, in a transaction too.
type Reader interface {
	// Staff finds members of staff by id; those the group lacks are left out.
	Staff(ctx context.Context, group practice.ID, ids []StaffID) ([]Staff, error)
	AccessGroups(ctx context.Context, group practice.ID) ([]AccessGroup, error)
	AccessGroupsOfStaff(ctx context.Context, group practice.ID, ids []StaffID) (map[StaffID][]AccessGroup, error)
	// Invitation finds an invitation, or returns ErrInvitation.
	Invitation(ctx context.Context, group practice.ID, id InvitationID) (Invitation, error)
	Group(ctx context.Context, group practice.ID) (practice.Group, error)
}

// Store is what account needs remembered.
type Store interface {
	Reader
	StaffList(ctx context.Context, group practice.ID, q Query) ([]Staff, error)
	// StaffByEmail finds who signs in to a group by an address, or returns
	// ErrNotFound.
	StaffByEmail(ctx context.Context, group practice.ID, key string) (Staff, error)
	// GroupsByEmail lists up to limit groups that an address signs in to.
	GroupsByEmail(ctx context.Context, key string, limit int) ([]practice.ID, error)
	// Do runs fn in one transaction: all of it happens, or none. Leave does, for one who leaves.
	Do(ctx context.Context, fn func(Tx) error) error
	Leave(ctx context.Context, fn func(LeaveTx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	// LockStaff keeps others from changing a member of staff until the end of the
	// transaction, or returns ErrNotFound.
	LockStaff(ctx context.Context, group practice.ID, id StaffID) error
	// SaveStaff keeps a member of staff, and whether patients can be booked with
	// them; it returns ErrEmailTaken when another of the group has the address.
	SaveStaff(ctx context.Context, group practice.ID, s Staff) error
	// SetStaffGroups puts a member of staff into some access groups and no others.
	SetStaffGroups(ctx context.Context, group practice.ID, id StaffID, groups []GroupID) error
	// EndSessions ends all sessions of a member of staff, and says how many.
	EndSessions(ctx context.Context, group practice.ID, id StaffID, at time.Time) (int, error)
	SaveAccessGroup(ctx context.Context, group practice.ID, g AccessGroup, at time.Time) error
	SaveInvitation(ctx context.Context, group practice.ID, i Invitation) error
	SetInvitationState(ctx context.Context, group practice.ID, id InvitationID, state InvitationState) error
	// EndInvitations ends the invitation of a member of staff, and reports whether there was one
	// that was not over.
	EndInvitations(ctx context.Context, group practice.ID, id StaffID, at time.Time) (bool, error)
	// TakeAttempt counts an attempt to sign in under a name, anew when the last
	// count began at or before cutoff, and gives the count. ForgiveAttempts ends
	// it, and ForgetAttempts deletes up to limit counts that began before a time.
	TakeAttempt(ctx context.Context, name string, now, cutoff time.Time) (int, error)
	ForgiveAttempts(ctx context.Context, name string) error
	ForgetAttempts(ctx context.Context, before time.Time, limit int) error
	// ForgetInvitations deletes up to limit that expired before a time.
	ForgetInvitations(ctx context.Context, group practice.ID, before time.Time, limit int) error
	Enqueue(ctx context.Context, j job.Job) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Hasher keeps passwords so that they cannot be read.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	// Matches reports whether it is the password of a hash. It takes as long for
	// the empty hash, which nothing matches.
	Matches(ctx context.Context, password, hash string) (bool, error)
}

// Service is the account capability.
type Service struct {
	Store  Store
	Keys   *key.Service
	Hasher Hasher
	Mailer Mailer
	// Box gives what the secrets of invitations are made with.
	Box func() (*seal.Box, error)
	// Pages is the address the pages are below.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}
