// Package practice is the practice group itself: its settings, places, people
// and closed days.
//
//	group.go         the group: created, read, changed
//	location.go      places patients come to
//	practitioner.go  people patients see
//	holiday.go       bank holidays, by rule and by hand
//	network.go       groups that book for one another
//	branding.go      how a practice looks
//	video.go         where its video consultations take place
//	metadata.go      what other programs keep with things here
package practice

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// ID names a practice group.
type ID = access.GroupID

// LocationID names a place.
type LocationID int64

// String gives the id as digits.
func (id LocationID) String() string { return strconv.FormatInt(int64(id), 10) }

// PractitionerID names a person patients see.
type PractitionerID int64

// String gives the id as digits.
func (id PractitionerID) String() string { return strconv.FormatInt(int64(id), 10) }

// Address is a postal address.
type Address struct {
	Line1    string `json:"line_1"`
	Line2    string `json:"line_2"`
	Town     string `json:"town"`
	County   string `json:"county"`
	Postcode string `json:"postcode"`
}

func (a Address) check(in *input.Checks) Address {
	return Address{
		Line1: in.Postal("line_1", a.Line1, 200), Line2: in.Postal("line_2", a.Line2, 200), Town: in.Postal("town",
			a.Town, 100),
		County: in.Postal("county", a.County, 100), Postcode: in.Postcode("postcode", a.Postcode),
	}
}

// The faults of practice.
var (
	ErrGroupNotFound    = fault.New(fault.NotFound, "practice_group_not_found", "There is no such practice group.")
	ErrLocationNotFound = fault.New(fault.NotFound, "location_not_found",
		"This practice group has no such location.")
	ErrPractitionerNotFound = fault.New(fault.NotFound, "practitioner_not_found",
		"This practice group has no such practitioner.")
)

// Reader is what practice reads.
type Reader interface {
	// Group finds a group, or returns ErrGroupNotFound.
	Group(ctx context.Context, id ID) (Group, error)
	// Location finds a place, or returns ErrLocationNotFound.
	Location(ctx context.Context, group ID, id LocationID) (Location, error)
	// Locations lists places by name; inactive ones too when asked.
	Locations(ctx context.Context, group ID, inactive bool) ([]Location, error)
	// Practitioner finds a person, or returns ErrPractitionerNotFound.
	Practitioner(ctx context.Context, group ID, id PractitionerID) (Practitioner, error)
	// Practitioners lists people by surname; inactive ones too when asked.
	Practitioners(ctx context.Context, group ID, inactive bool) ([]Practitioner, error)
	HolidayReader
}

// HolidayReader reads bank holidays.
type HolidayReader interface {
	// HolidayChanges lists what was set by hand between two dates, in order.
	HolidayChanges(ctx context.Context, group ID, from, to input.Date) ([]Holiday, error)
}

// Store is what practice needs remembered.
type Store interface {
	Reader
	// Groups lists every group, oldest first. Only this lists all of them.
	Groups(ctx context.Context) ([]Group, error)
	// Branding is how a practice looks, or it returns ErrGroupNotFound.
	Branding(ctx context.Context, group ID) (Branding, error)
	// Metadata reads what is kept with some things of a kind, by key.
	Metadata(ctx context.Context, group ID, kind Kind, ids []int64) (map[int64][]Metadata, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	MetadataTx
	SaveGroup(ctx context.Context, g Group) error
	SaveLocation(ctx context.Context, group ID, l Location) error
	// SavePractitioner keeps the person and, for a new one, their diary.
	// LockPractitioner keeps a person from being changed, and from leaving, until the end of the transaction, and finds
	// them, or returns ErrPractitionerNotFound, for one who has left too.
	LockPractitioner(ctx context.Context, group ID, id PractitionerID) (Practitioner, error)
	SavePractitioner(ctx context.Context, group ID, p Practitioner) error
	// SaveHoliday keeps what was set by hand for a date.
	SaveHoliday(ctx context.Context, group ID, h Holiday) error
	// DropHoliday forgets what was set by hand for a date.
	DropHoliday(ctx context.Context, group ID, day input.Date) error
	// JoinNetwork makes the group a member; LeaveNetwork ends that.
	JoinNetwork(ctx context.Context, group ID, network string, at time.Time) error
	LeaveNetwork(ctx context.Context, group ID, network string) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the practice capability.
type Service struct {
	Store    Store
	Networks Networks
	Now      func() time.Time
	NewID    func() int64
}

// save checks permission, then changes something and writes the audit entry,
// in one transaction. change gives what there was, what there is, and its id.
func (s *Service) save(ctx context.Context, action, entity string, change func(tx Tx, who access.Caller,
	now time.Time) (before, after any, id int64, err error)) error {
	who, err := access.Require(ctx, access.SettingsGeneral)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.Store.Do(ctx, func(tx Tx) error {
		before, after, id, err := change(tx, who, now)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, entity, id, before, after))
	})
}
