package link

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/attachment"
	"frontdesk/core/audit"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// visitLife is how long a visitor may go on after giving the date of birth.
const visitLife = 30 * time.Minute

// Page is what a visitor may see of a link: the practice and the kind alone, until the date of birth was given.
type Page struct {
	Group practice.Group
	Kind  Kind
	// Until is the end of the visit, FileName and Size the file's; only after the date of birth.
	Until    time.Time
	FileName string
	Size     int64 // bytes
}

// Look finds what a link leads to and changes nothing. With the link's fault, the page has the practice to turn to.
// Errors: ErrUnknown, ErrExpired, ErrUsed, ErrWithdrawn, ErrLocked.
func (s *Service) Look(ctx context.Context, address string) (Page, error) {
	p, l, err := s.look(ctx, address)
	if err != nil {
		return p, err
	}
	return p, l.shut(s.Now())
}

func (s *Service) look(ctx context.Context, address string) (Page, Link, error) {
	group, hash, ok := split(address)
	if !ok {
		return Page{}, Link{}, ErrUnknown
	}
	l, err := s.Store.LinkByHash(ctx, group, hash)
	if errors.Is(err, ErrNotFound) {
		err = ErrUnknown
	}
	if err != nil {
		return Page{}, l, err
	}
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return Page{}, l, err
	}
	face := practice.Group{ID: g.ID, Name: g.Name, Phone: g.Phone, TimeZone: g.TimeZone}
	_, err = owner(ctx, s.Store, l)
	return Page{Group: face, Kind: l.Kind}, l, err
}

// Prove begins a visit of a reader who gives the patient's date of birth, and gives what proves the visit later.
// Errors: those of Look, ErrWrongDate, and a field fault.
func (s *Service) Prove(ctx context.Context, address string, birthDate input.Date) (proof string, err error) {
	p, seen, err := s.look(ctx, address)
	if err != nil {
		return "", err
	}
	box, err := s.Box()
	if err != nil {
		return "", err
	}
	now := s.Now().Truncate(time.Microsecond)
	var in input.Checks
	born := patient.BirthDate(&in, "birth_date", birthDate, input.DateOf(now.In(p.Group.Zone())))
	if err := in.Err(); err != nil {
		return "", err
	}
	visit := seal.NewToken()
	refused := error(nil)
	err = s.Store.Do(ctx, func(tx Tx) error {
		refused = nil
		l, err := tx.LockLink(ctx, p.Group.ID, seen.ID)
		if err != nil {
			return err
		}
		if string(l.Hash) != string(seen.Hash) {
			return ErrUnknown // it has a new address since
		}
		if err := l.shut(now); err != nil {
			return err
		}
		who, err := owner(ctx, tx, l)
		if err != nil {
			return err
		}
		after := l
		after.UpdatedAt = now
		if who.BirthDate != born {
			refused = ErrWrongDate
			after.Wrong++
			return s.wrong(ctx, tx, after, now)
		}
		after.Wrong, after.Opens = 0, l.Opens+1
		if err := tx.SaveLink(ctx, p.Group.ID, after); err != nil {
			return err
		}
		visitor := access.Visitor(ctx, p.Group.ID, "patient")
		return tx.Audit(ctx, audit.Shown(visitor.Audit(now, "link.open", "link", int64(l.ID), nil, nil), visitor.Door,
			"link", l))
	})
	if err = errors.Join(err, refused); err != nil {
		return "", err
	}
	words := visit + "." + strconv.FormatInt(now.Add(visitLife).Unix(), 36)
	sign, err := box.Sign(words, visitAbout(seen))
	return words + "." + sign, err
}

// visitAbout is what the proof of a visit is signed for: one link by one address.
func visitAbout(l Link) string {
	return "visit " + about(l.Group, l.ID) + " " + strconv.Itoa(l.Version)
}

// wrong counts a wrong date of birth. The last of all tells the practice.
func (s *Service) wrong(ctx context.Context, tx Tx, l Link, now time.Time) error {
	group := l.Group
	if l.Wrong < seal.MaxWrongBirthDates {
		return tx.SaveLink(ctx, group, l)
	}
	l.Locks++
	if err := tx.SaveLink(ctx, group, l); err != nil {
		return err
	}
	visitor := access.Visitor(ctx, group, "patient")
	if err := tx.Audit(ctx, visitor.Audit(now, "link.lock", "link", int64(l.ID), nil, l)); err != nil {
		return err
	}
	e := event.Of(int64(group), now, event.Fact{Type: event.LinkLocked,
		IDs: event.IDs{"link": int64(l.ID), "patient": int64(l.Patient)}})
	e.Subject, e.Sequence = int64(l.ID), int64(l.Locks)
	return tx.Record(ctx, e)
}

// visit checks the proof of a visit and finds its name and its end. Error: ErrVisitOver.
func (s *Service) visit(l Link, proof string) (visit string, until time.Time, err error) {
	box, err := s.Box()
	if err != nil {
		return "", until, err
	}
	end := strings.LastIndexByte(proof, '.')
	if end < 0 || len(proof) > 200 || !box.Signed(proof[:end], proof[end+1:], visitAbout(l)) {
		return "", until, ErrVisitOver
	}
	visit, ends, _ := strings.Cut(proof[:end], ".")
	seconds, err := strconv.ParseInt(ends, 36, 64)
	if until = time.Unix(seconds, 0); err != nil || !s.Now().Before(until) {
		return "", until, ErrVisitOver
	}
	return visit, until, nil
}

// Visit is the page of a visitor who gave the date of birth. Errors: those of Look, ErrVisitOver. A link that this
// visit has used up is not shut for it.
func (s *Service) Visit(ctx context.Context, address, proof string) (Page, error) {
	p, l, err := s.look(ctx, address)
	if err != nil {
		return p, err
	}
	visit, until, err := s.visit(l, proof)
	if err != nil {
		return p, errors.Join(l.shut(s.Now()), err)
	}
	if err := l.shutTo(visit, s.Now()); err != nil {
		return p, err
	}
	if p.Until = until; l.Kind != Attachment {
		return p, nil
	}
	file, err := fileOf(ctx, s.Store, l)
	p.FileName, p.Size = file.DownloadName(), file.Size
	return p, err
}

// Fetch gives the visitor the file, and counts a use, once for each visit. Errors: those of Visit.
func (s *Service) Fetch(ctx context.Context, address, proof string) (attachment.Attachment, error) {
	p, seen, err := s.look(ctx, address)
	if err != nil {
		return attachment.Attachment{}, err
	}
	if seen.Kind != Attachment {
		return attachment.Attachment{}, ErrUnknown
	}
	visit, _, err := s.visit(seen, proof)
	if err != nil {
		return attachment.Attachment{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	var file attachment.Attachment
	err = s.Store.Do(ctx, func(tx Tx) error {
		l, err := tx.LockLink(ctx, p.Group.ID, seen.ID)
		if err != nil {
			return err
		}
		if l.Version != seen.Version {
			return ErrUnknown
		}
		if err := l.shutTo(visit, now); err != nil {
			return err
		}
		if file, err = fileOf(ctx, tx, l); err != nil {
			return err
		}
		if !l.counted(visit) {
			l.count(visit)
			l.UpdatedAt = now
			if err := tx.SaveLink(ctx, p.Group.ID, l); err != nil {
				return err
			}
		}
		visitor := access.Visitor(ctx, p.Group.ID, "patient")
		e := visitor.Audit(now, "link.fetch", "link", int64(l.ID), nil, nil)
		return tx.Audit(ctx, audit.Shown(e, visitor.Door, "link_file", file))
	})
	return file, err
}
