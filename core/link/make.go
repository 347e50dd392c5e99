package link

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/write"
)

const (
	// life is how many days a link is good for where nothing else is asked for, and longest how many it may be.
	life, longest = 30, 366
	// manyUses is the largest number of uses that is a limit.
	manyUses = 10_000
)

// ToFile is an attachment link to make: a file the patient has, or one to keep with the patient.
type ToFile struct {
	Patient patient.ID
	// File is an attachment of the patient; 0 is that Name and Data, in Base64, are a new one.
	File       int64
	Name, Data string
	// Expires is the last day it is good for, in the practice's time, or the instant it ends; nil is a month from now.
	Expires *input.Bound
	MaxUses *int
}

// links says how links are changed.
var links = write.Kind[Tx, ID, Link]{Needs: access.EditBookingLinks, Lock: Tx.LockLink, Save: Tx.SaveLink}

// CreateAttachment makes a link to a file. Errors: patient.ErrNotFound, patient.ErrDeceased, attachment.ErrNotFound,
// seal.ErrNoKey, field faults.
func (s *Service) CreateAttachment(ctx context.Context, want ToFile) (Link, error) {
	id := ID(s.NewID())
	return s.shown(links.Add(ctx, s.Now, s.Store.Do, "link.create", id, func(e write.Edit[Tx], l *Link) error {
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return err
		}
		var in input.Checks
		*l = Link{ID: id, Group: e.Group(), Kind: Attachment, UUID: uuid.NewString(), MaxUses: want.MaxUses,
			ExpiresAt: expiry(&in, want.Expires, e.Now, g.Zone()), CreatedAt: e.Now, UpdatedAt: e.Now}
		if want.MaxUses != nil {
			in.Between("max_uses", *want.MaxUses, 1, manyUses)
		}
		var file attachment.Attachment
		if want.File == 0 {
			file = s.Attachment.Read(&in, want.Name, want.Data)
		}
		if err := errors.Join(in.Err(), s.renew(l)); err != nil {
			return err
		}
		if l.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), want.Patient); err != nil {
			return err
		}
		if err := Known(ctx, e.Tx, *l); err != nil {
			return err
		}
		if l.File = want.File; l.File != 0 {
			_, err = e.Tx.Attachment(ctx, e.Group(), l.Patient, l.File)
			return err
		}
		l.File, file.Patient = file.ID, l.Patient
		return s.Attachment.Keep(ctx, e.Tx, e.Who, file)
	}))
}

// people finds patients.
type people interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
}

// Known refuses a link to a patient who has died, or whose date of birth is not known: nothing would open it. Errors:
// patient.ErrDeceased, a field fault.
func Known(ctx context.Context, from people, l Link) error {
	if l.Anyone() {
		return nil
	}
	who, err := patient.Current(ctx, from, l.Group, l.Patient)
	if err == nil && who.Dead() {
		err = patient.ErrDeceased
	}
	if err == nil && who.BirthDate == input.NoDate {
		err = fault.Wrong("patient", input.CodeRequired, "a patient whose date of birth is known",
			"A link is opened with the date of birth, and this patient's is not known.")
	}
	return err
}

// expiry is the instant a link ends.
func expiry(in *input.Checks, want *input.Bound, now time.Time, zone *time.Location) time.Time {
	if want == nil {
		want = &input.Bound{Day: input.DateOf(now.In(zone)) + life}
	}
	at := in.Bound("expires", *want, zone, 1)
	switch {
	case at.IsZero(): // it is no date
	case !at.After(now):
		in.Wrong("expires", input.CodeSmall, "today or a later day", "This is over.")
	case at.After(now.AddDate(0, 0, longest)):
		in.Wrong("expires", input.CodeBig, "a day within a year from now", "This is too far away.")
	}
	return at.UTC()
}

// renew gives a link a new secret.
func (s *Service) renew(l *Link) error {
	box, err := s.Box()
	if err != nil {
		return err
	}
	secret := seal.NewToken()
	l.Hash, l.Version = hash(secret), l.Version+1
	l.Sealed, err = box.Seal([]byte(secret), about(l.Group, l.ID))
	return err
}

// Find finds a link with its address, by its id, its address, or both. Error: ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID, url string) (Link, error) {
	who, err := access.Require(ctx, access.EditBookingLinks)
	if err != nil {
		return Link{}, err
	}
	if id == 0 && url == "" {
		return Link{}, fault.Wrong("url", input.CodeRequired, "the link's address or its id",
			"Say which link: its address or its id is needed.")
	}
	l, err := s.find(ctx, who.Group, id, url)
	if err != nil {
		return Link{}, err
	}
	audit.Seen(ctx, l)
	shown, err := s.shown(l, nil)
	if _, gone := owner(ctx, s.Store, l); errors.Is(gone, ErrWithdrawn) {
		shown.Status = Withdrawn
	}
	return shown, err
}

func (s *Service) find(ctx context.Context, group practice.ID, id ID, url string) (Link, error) {
	if url == "" {
		return s.Store.Link(ctx, group, id)
	}
	of, hash, ok := split(url[strings.LastIndexByte(url, '/')+1:])
	if !ok || of != group {
		return Link{}, ErrNotFound
	}
	l, err := s.Store.LinkByHash(ctx, group, hash)
	if err == nil && id != 0 && id != l.ID {
		err = ErrNotFound
	}
	return l, err
}

// Withdraw ends a link at once. Withdrawing twice is withdrawing once. Error: ErrNotFound.
func (s *Service) Withdraw(ctx context.Context, id ID) (Link, error) {
	return s.change(ctx, id, "link.withdraw", func(_ Tx, l *Link, now time.Time) error {
		if !l.WithdrawnAt.IsZero() {
			return write.ErrSame
		}
		l.WithdrawnAt = now
		return nil
	})
}

// Reissue gives a link a new address and a month more, with nothing counted: the old address ends. A locked or
// withdrawn link can be used again by the new one. Errors: ErrNotFound, patient.ErrNotFound, patient.ErrDeceased, and a
// field fault when the patient's date of birth is not known any more.
func (s *Service) Reissue(ctx context.Context, id ID) (Link, error) {
	return s.change(ctx, id, "link.reissue", func(tx Tx, l *Link, now time.Time) error {
		if err := Known(ctx, tx, *l); err != nil {
			return err
		}
		l.WithdrawnAt, l.Wrong, l.Opens, l.Visits = time.Time{}, 0, 0, ""
		l.Uses = -l.Bookings // what it has booked until now counts no more
		if until := now.AddDate(0, 0, life); l.ExpiresAt.Before(until) {
			l.ExpiresAt = until
		}
		return s.renew(l)
	})
}

func (s *Service) change(
	ctx context.Context, id ID, action string, apply func(tx Tx, l *Link, now time.Time) error,
) (Link, error) {
	return s.shown(links.Change(ctx, s.Now, s.Store.Do, action, id, func(e write.Edit[Tx], l *Link) error {
		l.UpdatedAt = e.Now
		return apply(e.Tx, l, e.Now)
	}))
}
