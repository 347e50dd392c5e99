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
	// Anyone is a link that is tied to no patient: the visitor says who they are.
	Anyone bool
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
	return Page{Group: face, Kind: l.Kind, Anyone: l.Anyone()}, l, err
}

// Prove begins a visit of a reader who gives the patient's date of birth, and gives what proves the visit later.
// Errors: those of Look, ErrWrongDate, and a field fault.
func (s *Service) Prove(ctx context.Context, address string, birthDate input.Date) (proof string, err error) {
	p, seen, err := s.look(ctx, address)
	if err == nil && seen.Anyone() {
		err = ErrUnknown // no one date of birth opens it
	}
	if err != nil {
		return "", err
	}
	now := s.Now().Truncate(time.Microsecond)
	var in input.Checks
	born := patient.BirthDate(&in, "birth_date", birthDate, input.DateOf(now.In(p.Group.Zone())))
	if err := in.Err(); err != nil {
		return "", err
	}
	refused := error(nil)
	err = s.Store.Do(ctx, func(tx Tx) error {
		refused = nil
		l, err := s.again(ctx, tx, seen, now)
		if err != nil {
			return err
		}
		who, err := owner(ctx, tx, l)
		if err != nil {
			return err
		}
		if who.BirthDate != born {
			refused = ErrWrongDate
			l.Wrong, l.UpdatedAt = l.Wrong+1, now
			return s.wrong(ctx, tx, l, now)
		}
		return s.open(ctx, tx, l, who.ID, now)
	})
	if err = errors.Join(err, refused); err != nil {
		return "", err
	}
	return s.proof(seen, 0, now)
}

// again locks a link that was looked at, and finds it as it is now. Errors: those of Look.
func (s *Service) again(ctx context.Context, tx Tx, seen Link, now time.Time) (Link, error) {
	l, err := tx.LockLink(ctx, seen.Group, seen.ID)
	if err == nil && string(l.Hash) != string(seen.Hash) {
		err = ErrUnknown // it has a new address since
	}
	if err != nil {
		return l, err
	}
	return l, l.shut(now)
}

// open counts that a visitor proved who they are.
func (s *Service) open(ctx context.Context, tx Tx, l Link, of patient.ID, now time.Time) error {
	after := l
	after.Wrong, after.Opens, after.UpdatedAt = 0, l.Opens+1, now
	if err := tx.SaveLink(ctx, l.Group, after); err != nil {
		return err
	}
	visitor := access.Visitor(ctx, l.Group, "patient")
	l.Patient = of
	return tx.Audit(ctx, audit.Shown(visitor.Audit(now, "link.open", "link", int64(l.ID), nil, nil), visitor.Door,
		"link", l))
}

// proof is what proves a visit that begins now. of is who the visitor is, for a link that does not say.
func (s *Service) proof(l Link, of patient.ID, now time.Time) (string, error) {
	box, err := s.Box()
	if err != nil {
		return "", err
	}
	words := seal.NewToken() + "." + strconv.FormatInt(now.Add(visitLife).Unix(), 36)
	if of != 0 {
		words += "." + strconv.FormatInt(int64(of), 36)
	}
	sign, err := box.Sign(words, visitAbout(l))
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

// under is a visit under way.
type under struct {
	name  string
	until time.Time
	of    patient.ID // who the visitor is now
}

// visit checks the proof of a visit. Error: ErrVisitOver, with the name and the end of one that was.
func (s *Service) visit(ctx context.Context, l Link, proof string) (v under, err error) {
	box, err := s.Box()
	if err != nil {
		return v, err
	}
	end := strings.LastIndexByte(proof, '.')
	if end < 0 || len(proof) > 200 || !box.Signed(proof[:end], proof[end+1:], visitAbout(l)) {
		return v, ErrVisitOver
	}
	words := strings.Split(proof[:end], ".")
	if len(words) < 2 || l.Anyone() != (len(words) == 3) {
		return v, ErrVisitOver
	}
	seconds, err := strconv.ParseInt(words[1], 36, 64)
	if err != nil {
		return v, ErrVisitOver
	}
	v.name, v.until = words[0], time.Unix(seconds, 0)
	if !s.Now().Before(v.until) {
		return v, ErrVisitOver
	}
	v.of = l.Patient
	if l.Anyone() {
		id, _ := strconv.ParseInt(words[2], 36, 64) // we have signed it
		who, err := patient.Current(ctx, s.Store, l.Group, patient.ID(id))
		if errors.Is(err, patient.ErrNotFound) || err == nil && who.Dead() {
			err = ErrVisitOver // the record was deleted, or they have died
		}
		v.of = who.ID
		return v, err
	}
	return v, nil
}

// Visit is the page of a visitor who gave the date of birth. Errors: those of Look, ErrVisitOver. A link that this
// visit has used up is not shut for it.
func (s *Service) Visit(ctx context.Context, address, proof string) (Page, error) {
	p, l, err := s.look(ctx, address)
	if err != nil {
		return p, err
	}
	v, err := s.visit(ctx, l, proof)
	if err != nil {
		return p, errors.Join(l.shut(s.Now()), err)
	}
	if err := l.shutTo(v.name, s.Now()); err != nil {
		return p, err
	}
	if p.Until = v.until; l.Kind != Attachment {
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
	v, err := s.visit(ctx, seen, proof)
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
		if err := l.shutTo(v.name, now); err != nil {
			return err
		}
		if file, err = fileOf(ctx, tx, l); err != nil {
			return err
		}
		if !l.counted(v.name) {
			l.count(v.name)
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
