// Package link is the short links by which patients come to pages of their own, without an account.
//
//	link.go    a link and what it may be in
//	make.go    make, give again and withdraw links; list their state
//	page.go    what a visitor may do who opens one
//	booking.go what booking links have of their own
//	anyone.go  links tied to no patient: who may enter, and how often visitors may be wrong
//	appointment.go links by which a patient manages one appointment
//	form.go    what form links have of their own
//
// The address has 160 random bits. The database keeps their hash, by which a link is found, and the secret sealed,
// which only the practice is shown again. A GET or HEAD changes nothing: scanners of mail servers and previews open
// every link before a person does.
package link

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// ID names a link.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind is what a link leads to.
type Kind string

// Attachment leads to a file kept with a patient.
const Attachment Kind = "attachment"

// Status is what can be said of a link now.
type Status string

// The statuses. A link that may be used more than once is opened until it was used as often as it may be.
const (
	Unused    Status = "unused"
	Opened    Status = "opened"
	Used      Status = "used"
	Expired   Status = "expired"
	Withdrawn Status = "withdrawn"
	Locked    Status = "locked" // a wrong date of birth was given too often
)

// Statuses are all the statuses.
var Statuses = []Status{Unused, Opened, Held, Used, Expired, Withdrawn, Locked}

// Link is a short link. It is for one patient, who proves it by the date of birth, or for anyone who says who they are.
type Link struct {
	ID    ID          `json:"id"`
	Group practice.ID `json:"-"`
	Kind  Kind        `json:"kind"`
	UUID  string      `json:"uuid"` // names the link in messages
	// Patient is the patient as the link was made; another record may have taken this one's place since. 0 is anyone.
	Patient patient.ID `json:"patient_id"`
	// NewPatients lets a link for anyone register a person who is no patient of the practice yet.
	NewPatients bool `json:"new_patients,omitempty"`
	// NetworkPatients lets it register one who is a patient of another practice of the network.
	NetworkPatients bool `json:"network_patients,omitempty"`
	// File is the attachment it leads to.
	File int64 `json:"attachment_id,omitempty"`
	// Appointment is the appointment it leads to, and Off that it does not take place.
	Appointment int64 `json:"appointment_id,omitempty"`
	Off         bool  `json:"-"`
	// ExpiresAt is when it ends: of an appointment, when that ends.
	ExpiresAt time.Time `json:"expires_at"`
	// MaxUses is how often it may be used; nil is as often as the patient likes.
	MaxUses *int `json:"maximum_use_count,omitempty"`
	Uses    int  `json:"number_of_uses"`
	// Opens is how often a visitor proved to be the patient.
	Opens int `json:"open_count"`
	// Wrong is how many wrong dates of birth were given since it was opened last.
	Wrong int `json:"wrong_birth_dates,omitempty"`
	// Locks is how often wrong dates have locked it, or visitors who could not be identified have paused it.
	Locks       int       `json:"locks,omitempty"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	Made
	Filled
	// Version counts the secrets it has had.
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Hash   []byte `json:"-"` // of the secret
	Sealed []byte `json:"-"` // the secret, for the practice
	// Visits are those that uses were counted for last, with spaces between them: fetching the same again on one visit
	// is one use.
	Visits string `json:"-"`
	// URL is the address and Status what can be said of it, where the practice asks. The address is empty when the key
	// it was sealed with is gone.
	URL    string `json:"-"`
	Status Status `json:"-"`
}

// Registers reports a link that may register people who are no patients of the practice yet.
func (l Link) Registers() bool { return l.NewPatients || l.NetworkPatients }

// AuditSubject says what it is in the audit trail.
func (l Link) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "link", ID: int64(l.ID), Patient: int64(l.Patient)}
}

// StatusAt is what can be said of the link at a time.
func (l Link) StatusAt(now time.Time) Status {
	switch {
	case !l.WithdrawnAt.IsZero():
		return Withdrawn
	case l.Wrong >= seal.MaxWrongBirthDates:
		return Locked
	case l.usedUp():
		return Used
	case !now.Before(l.ExpiresAt):
		return Expired
	case now.Before(l.HeldUntil):
		return Held
	case l.Opens > 0:
		return Opened
	}
	return Unused
}

// manyVisits is how many visits are remembered that uses were counted for.
const manyVisits = 16

// counted reports whether a use was counted for a visit.
func (l Link) counted(visit string) bool { return slices.Contains(strings.Fields(l.Visits), visit) }

// count counts a use for a visit.
func (l *Link) count(visit string) {
	all := append(strings.Fields(l.Visits), visit)
	l.Uses, l.Visits = l.Uses+1, strings.Join(all[max(0, len(all)-manyVisits):], " ")
}

func (l Link) usedUp() bool { return l.MaxUses != nil && l.Used() >= *l.MaxUses }

// about is what its secret is sealed for.
func about(group practice.ID, id ID) string { return "link " + group.String() + "/" + id.String() }

// The faults of links.
var (
	ErrNotFound = fault.New(fault.NotFound, "short_link_not_found", "This practice group has no such link.")
	// ErrUnknown is returned to a visitor for an address that was never given out.
	ErrUnknown = seal.ErrLink
	// ErrExpired and the three after it are returned to a visitor with an address that is of no use any more.
	ErrExpired   = fault.New(fault.Gone, "link_expired", "This link is too old to use.")
	ErrUsed      = fault.New(fault.Gone, "link_used", "This link was used as often as it may be.")
	ErrWithdrawn = fault.New(fault.Gone, "link_withdrawn", "The practice has withdrawn this link.")
	ErrLocked    = seal.ErrLinkLocked
	// ErrOff is returned where a link is to be sent whose appointment does not take place.
	ErrOff = fault.New(fault.Gone, "link_appointment_cancelled",
		"The appointment that this link is for does not take place.")
	ErrWrongDate = seal.ErrWrongBirthDate
	// ErrVisitOver is returned to a visitor whose date of birth was given too long ago, or never.
	ErrVisitOver = fault.New(fault.Forbidden, "visit_over", "Give your date of birth again.")
)

// ends are why a link in a status is of no use any more.
var ends = map[Status]error{Withdrawn: ErrWithdrawn, Locked: ErrLocked, Used: ErrUsed, Expired: ErrExpired}

// shut is why a link cannot be opened; nil is that it can. By one that has made an appointment which is still to come
// that appointment can be managed.
func (l Link) shut(now time.Time) error {
	status := l.StatusAt(now)
	if l.comes(now) && (status == Used || status == Expired) {
		return nil
	}
	return ends[status]
}

// shutTo is why a visit cannot go on; nil is that it can. A link is not shut for the visits that have used it up.
func (l Link) shutTo(visit string, now time.Time) error {
	err := l.shut(now)
	switch {
	case !errors.Is(err, ErrUsed) || !l.counted(visit):
		return err
	case !now.Before(l.ExpiresAt):
		return ErrExpired
	}
	return nil
}

// owner finds the patient a link is for now; of a link for anyone that is none. The links of a patient who was deleted
// or has died are withdrawn.
func owner(ctx context.Context, from Reader, l Link) (patient.Patient, error) {
	if l.Anyone() {
		return patient.Patient{}, nil
	}
	p, err := patient.Current(ctx, from, l.Group, l.Patient)
	if errors.Is(err, patient.ErrNotFound) || err == nil && p.Dead() {
		err = ErrWithdrawn
	}
	return p, err
}

// fileOf finds the file a link leads to. One that is not the patient's any more, because records were taken apart, is
// as good as withdrawn.
func fileOf(ctx context.Context, from Reader, l Link) (attachment.Attachment, error) {
	who, err := owner(ctx, from, l)
	if err != nil {
		return attachment.Attachment{}, err
	}
	file, err := from.Attachment(ctx, l.Group, who.ID, l.File)
	if errors.Is(err, attachment.ErrNotFound) {
		err = ErrWithdrawn
	}
	return file, err
}

// Reader is what link reads.
type Reader interface {
	// Link finds a link by its id and LinkByHash by the hash of its secret, or they return ErrNotFound.
	Link(ctx context.Context, group practice.ID, id ID) (Link, error)
	LinkByHash(ctx context.Context, group practice.ID, hash []byte) (Link, error)
	// Patient finds a patient, also one that has been merged, or returns patient.ErrNotFound.
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// Attachment finds a file with its content, or returns attachment.ErrNotFound.
	Attachment(ctx context.Context, group practice.ID, of patient.ID, id int64) (attachment.Attachment, error)
	// Group finds a group, or returns practice.ErrGroupNotFound.
	Group(ctx context.Context, id practice.ID) (practice.Group, error)
}

// Store is what link needs remembered.
type Store interface {
	Reader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// ForgetTries deletes those that began before a time.
	ForgetTries(ctx context.Context, group practice.ID, before time.Time) error
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	attachment.Tx
	// LockLink keeps others from changing a link until the end of the transaction, and finds it, or returns
	// ErrNotFound.
	LockLink(ctx context.Context, group practice.ID, id ID) (Link, error)
	SaveLink(ctx context.Context, group practice.ID, l Link) error
	// Tries finds how often visitors of a link were not identified from a network; none is the zero value.
	Tries(ctx context.Context, group practice.ID, of ID, network string) (Tries, error)
	SaveTries(ctx context.Context, group practice.ID, of ID, t Tries) error
	Record(ctx context.Context, e event.Event) error
}

// Service is the link capability.
type Service struct {
	Store      Store
	Attachment *attachment.Service
	// Box gives what secrets are sealed and visits are signed with.
	Box func() (*seal.Box, error)
	// Pages is the address of the pages, without a slash at its end.
	Pages func() string
	Now   func() time.Time
	NewID func() int64
}

// split reads an address's last part: the practice group and the secret.
func split(text string) (practice.ID, []byte, bool) {
	part, secret, ok := strings.Cut(text, "-")
	group, err := strconv.ParseInt(part, 36, 64)
	if !ok || err != nil || group <= 0 || secret == "" || len(secret) > 64 {
		return 0, nil, false
	}
	return practice.ID(group), hash(secret), true
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// url is the address of a link.
func (s *Service) url(group practice.ID, secret string) string {
	return s.Pages() + "/s/" + strconv.FormatInt(int64(group), 36) + "-" + secret
}

// shown is a link with its address and its status.
func (s *Service) shown(l Link, err error) (Link, error) {
	if err != nil {
		return Link{}, err
	}
	box, err := s.Box()
	if err != nil {
		return Link{}, err
	}
	l.Status = l.StatusAt(s.Now())
	secret, err := box.Open(l.Sealed, about(l.Group, l.ID))
	if errors.Is(err, seal.ErrCannotOpen) {
		return l, nil // its key is gone, and it can be ended and given again all the same
	}
	l.URL = s.url(l.Group, string(secret))
	return l, err
}
