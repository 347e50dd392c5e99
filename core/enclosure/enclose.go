package enclosure

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/formlink"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
)

// Store is what enclosure reads.
type Store interface {
	Reader
	// LinkByUUID finds the link that a UUID names, or returns link.ErrNotFound.
	LinkByUUID(ctx context.Context, group practice.ID, uuid string) (link.Link, error)
	// LinkName is what the link leads to: the name of its file, or of the types of appointment.
	LinkName(ctx context.Context, group practice.ID, l link.Link) (string, error)
	// In is the store inside a transaction of another area.
	In(tx Within) Tx
}

// Within is a transaction of another area that makes messages.
type Within interface {
	Audit(ctx context.Context, e audit.Entry) error
}

// Reader is what it reads of patients and links.
type Reader interface {
	// Link finds a link, or returns link.ErrNotFound.
	Link(ctx context.Context, group practice.ID, id link.ID) (link.Link, error)
	// Dated finds those of some patients whose date of birth is known.
	Dated(ctx context.Context, group practice.ID, of []patient.ID) (map[patient.ID]bool, error)
	// NextAppointments finds the next confirmed appointment of each of some patients that starts after a time.
	NextAppointments(ctx context.Context, group practice.ID, of []patient.ID,
		after time.Time) (map[patient.ID]link.Of, error)
}

// Tx is what it keeps inside a transaction.
type Tx interface {
	Reader
	link.Keeper
	// AddOffers keeps new booking links.
	AddOffers(ctx context.Context, group practice.ID, all []selfbooking.Offer) error
	// AddRequests keeps new form links.
	AddRequests(ctx context.Context, group practice.ID, all []formlink.Request) error
}

// Enclosed is the link that goes with a message to one patient.
type Enclosed struct {
	Link    link.ID
	Version int // of its address
	URL     string
	// Err is why there is none: ErrOthers, ErrNoBirthDate, ErrNoAppointment, ErrNoAddress, a fault of
	// link.Link.Usable, or a field fault.
	Err error
}

// Enclose finds or makes the links that go with messages to patients, whose records the transaction keeps from being
// merged. at is when the messages go. With by, making one is in the audit trail. Errors: ErrNoLink, seal.ErrNoKey.
func (s *Service) Enclose(
	ctx context.Context, in Within, p Plan, of []patient.ID, at time.Time, by *access.Caller,
) (map[patient.ID]Enclosed, error) {
	if p.None() || len(of) == 0 {
		return nil, nil
	}
	tx := s.Store.In(in)
	out, next, err := s.look(ctx, tx, p, of, at)
	if err != nil {
		return nil, err
	}
	var fresh made
	now := s.Now().Truncate(time.Microsecond)
	var lead []link.Of
	for _, id := range of {
		switch e := out[id]; {
		case e.Err != nil || p.want.given():
		case p.kind == link.Appointment:
			lead = append(lead, next[id])
		default:
			l, err := s.draft(p, id, now, &fresh)
			if err != nil {
				out[id] = Enclosed{Err: fault.Within(err, p.word)}
				continue
			}
			if out[id], err = s.enclosed(l); err != nil {
				return nil, err
			}
		}
	}
	if len(lead) > 0 {
		if err := s.lead(ctx, tx, p, lead, out, now); err != nil {
			return nil, err
		}
	}
	return out, fresh.keep(ctx, tx, in, p.group.ID, now, by)
}

// made are links that were made for patients.
type made struct {
	offers   []selfbooking.Offer
	requests []formlink.Request
}

// draft makes a link for a patient.
func (s *Service) draft(p Plan, of patient.ID, now time.Time, to *made) (link.Link, error) {
	if p.kind == link.Form {
		r, err := s.FormLink.Draft(p.group, of, *p.want.Form, now)
		if err == nil {
			to.requests = append(to.requests, r)
		}
		return r.Link, err
	}
	o, err := s.SelfBooking.Draft(p.group, of, *p.want.Booking, now)
	if err == nil {
		to.offers = append(to.offers, o)
	}
	return o.Link, err
}

// keep keeps them, with entries in the audit trail where one caller made them.
func (m made) keep(
	ctx context.Context, tx Tx, in Within, group practice.ID, now time.Time, by *access.Caller,
) (err error) {
	var all []audit.Thing
	if len(m.offers) > 0 {
		err = tx.AddOffers(ctx, group, m.offers)
	}
	if len(m.requests) > 0 && err == nil {
		err = tx.AddRequests(ctx, group, m.requests)
	}
	for _, o := range m.offers {
		all = append(all, o)
	}
	for _, r := range m.requests {
		all = append(all, r)
	}
	for _, l := range all {
		if by != nil && err == nil {
			err = in.Audit(ctx, by.Audit(now, "link.create", "link", l.AuditSubject().ID, nil, l))
		}
	}
	return err
}

// Foresee says to which patients no message could go, and why.
func (s *Service) Foresee(ctx context.Context, p Plan, of []patient.ID, at time.Time) (map[patient.ID]error, error) {
	if p.None() || len(of) == 0 {
		return nil, nil
	}
	found, _, err := s.look(ctx, s.Store, p, of, at)
	out := map[patient.ID]error{}
	for id, e := range found {
		if e.Err != nil {
			out[id] = e.Err
		}
	}
	return out, err
}

// look finds what there is for patients, and who can have no link.
func (s *Service) look(
	ctx context.Context, from Reader, p Plan, of []patient.ID, at time.Time,
) (map[patient.ID]Enclosed, map[patient.ID]link.Of, error) {
	out := make(map[patient.ID]Enclosed, len(of))
	if p.want.given() {
		l, err := from.Link(ctx, p.group.ID, p.want.Link)
		if errors.Is(err, link.ErrNotFound) {
			err = ErrNoLink
		}
		if err != nil {
			return nil, nil, err
		}
		e, err := s.enclosed(l)
		if err == nil && e.Err == nil {
			e.Err = l.Usable(at)
		}
		for _, id := range of {
			if out[id] = e; l.Patient != 0 && l.Patient != id {
				out[id] = Enclosed{Err: ErrOthers}
			}
		}
		return out, nil, err
	}
	dated, err := from.Dated(ctx, p.group.ID, of)
	if err != nil {
		return nil, nil, err
	}
	var next map[patient.ID]link.Of
	if p.kind == link.Appointment {
		if next, err = from.NextAppointments(ctx, p.group.ID, of, at); err != nil {
			return nil, nil, err
		}
	}
	for _, id := range of {
		switch _, comes := next[id]; {
		case !dated[id]:
			out[id] = Enclosed{Err: ErrNoBirthDate}
		case p.kind == link.Appointment && !comes:
			out[id] = Enclosed{Err: ErrNoAppointment}
		}
	}
	return out, next, nil
}

// lead encloses the links of appointments.
func (s *Service) lead(
	ctx context.Context, tx Tx, p Plan, all []link.Of, out map[patient.ID]Enclosed, now time.Time,
) error {
	links, err := s.Link.ForAppointments(ctx, tx, p.group.ID, all, now)
	if err != nil {
		return err
	}
	for _, of := range all {
		l, ok := links[of.Appointment]
		if !ok {
			out[of.Patient] = Enclosed{Err: ErrNoAddress}
			continue
		}
		out[of.Patient] = Enclosed{Link: l.ID, Version: l.Version, URL: l.URL}
	}
	return nil
}

// enclosed is a link with its address.
func (s *Service) enclosed(l link.Link) (Enclosed, error) {
	l, err := s.Link.Shown(l)
	e := Enclosed{Link: l.ID, Version: l.Version, URL: l.URL}
	if l.URL == "" {
		e.Err = ErrNoAddress
	}
	return e, err
}

// ForAppointment is the link by which the patient of an appointment manages it, for a message about it; the zero Link
// where there is none. It is made in the transaction.
func (s *Service) ForAppointment(ctx context.Context, in Within, group practice.ID, of link.Of) (link.Link, error) {
	tx, now := s.Store.In(in), s.Now().Truncate(time.Microsecond)
	dated, err := tx.Dated(ctx, group, []patient.ID{of.Patient})
	if err != nil || !dated[of.Patient] {
		return link.Link{}, err
	}
	links, err := s.Link.ForAppointments(ctx, tx, group, []link.Of{of}, now)
	return links[of.Appointment], err
}
