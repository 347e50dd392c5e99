package link

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"

	"github.com/google/uuid"
)

// Appointment leads to one appointment, which the patient sees, moves and cancels. It ends with the appointment,
// wherever that is moved.
const Appointment Kind = "appointment"

// Of is an appointment that a link leads to.
type Of struct {
	Appointment int64
	Patient     patient.ID
	End         time.Time
}

// Keeper is what it needs to make links in a transaction of another area.
type Keeper interface {
	// LinksOfAppointments lists the links of appointments.
	LinksOfAppointments(ctx context.Context, group practice.ID, of []int64) ([]Link, error)
	// AddLinks keeps new links, but for those of an appointment and a patient who have one already.
	AddLinks(ctx context.Context, group practice.ID, all []Link) error
}

// ForAppointments finds the links of appointments to come, by appointment, and makes those that are missing: an
// appointment keeps its link. There is none for an appointment whose link cannot be opened any more, or whose address
// is not known. Error: seal.ErrNoKey.
func (s *Service) ForAppointments(
	ctx context.Context, tx Keeper, group practice.ID, all []Of, now time.Time,
) (map[int64]Link, error) {
	ids := make([]int64, len(all))
	for i, of := range all {
		ids[i] = of.Appointment
	}
	found, err := s.ofAppointments(ctx, tx, group, all, ids)
	if err != nil {
		return nil, err
	}
	var missing []Link
	for _, of := range all {
		if _, has := found[of.Appointment]; has {
			continue
		}
		l := Link{ID: ID(s.NewID()), Group: group, Kind: Appointment, UUID: uuid.NewString(), Patient: of.Patient,
			Appointment: of.Appointment, ExpiresAt: of.End, CreatedAt: now, UpdatedAt: now}
		if err := s.renew(&l); err != nil {
			return nil, err
		}
		missing = append(missing, l)
	}
	if len(missing) > 0 {
		if err := tx.AddLinks(ctx, group, missing); err != nil {
			return nil, err
		}
		// Another transaction may have made one at the same moment.
		if found, err = s.ofAppointments(ctx, tx, group, all, ids); err != nil {
			return nil, err
		}
	}
	for id, l := range found {
		if l.shut(now) != nil {
			delete(found, id)
			continue
		}
		shown, err := s.shown(l, nil)
		if found[id] = shown; err != nil {
			return nil, err
		}
		if shown.URL == "" {
			delete(found, id)
		}
	}
	return found, nil
}

// ofAppointments finds the links that appointments have for the patients they are of now.
func (s *Service) ofAppointments(
	ctx context.Context, tx Keeper, group practice.ID, all []Of, ids []int64,
) (map[int64]Link, error) {
	links, err := tx.LinksOfAppointments(ctx, group, ids)
	owner := make(map[int64]patient.ID, len(all))
	for _, of := range all {
		owner[of.Appointment] = of.Patient
	}
	out := make(map[int64]Link, len(all))
	for _, l := range links {
		if l.Patient == owner[l.Appointment] {
			out[l.Appointment] = l
		}
	}
	return out, err
}

// Usable is why a link is of no use to the patient who gets it at a time; nil is that it can be opened. Errors:
// ErrWithdrawn, ErrLocked, ErrUsed, ErrExpired, ErrOff.
func (l Link) Usable(at time.Time) error {
	if l.Off {
		return ErrOff
	}
	return l.shut(at)
}

// Sample is an address as long as those of a practice group's links.
func (s *Service) Sample(group practice.ID) string { return s.url(group, seal.NewToken()) }

// Dead reports a fault by which a link is of no use any more.
func Dead(err error) bool {
	for _, end := range ends {
		if errors.Is(err, end) {
			return true
		}
	}
	return errors.Is(err, ErrOff)
}
