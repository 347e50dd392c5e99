package waiting

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
)

// outcome is what came of trying to offer a time.
type outcome int

const (
	isOffered outcome = iota
	isTaken           // the time is not free any more
	isPassed          // the entry does not fit it
	isEnded           // the entry waits no more
)

// errPassed means that an entry does not fit a time, seen in the transaction that would offer it.
var errPassed = fault.New(fault.Conflict, "not_for_this_entry", "This time is not for this entry of the waiting list.")

// over is why an entry waits no more, seen in the transaction that would offer it a time.
type over struct{ reason string }

func (o over) Error() string { return "the entry is over: " + o.reason }

// unreachable are the faults of a patient who cannot be offered a time, now or later, until something changes.
var unreachable = []error{patient.ErrNotFound, patient.ErrDeceased, patient.ErrWithdrawn, patient.ErrWhereabouts,
	messaging.ErrNoContact, messaging.ErrNotWanted, messaging.ErrAbroad}

// offer holds a time for the patient of an entry and sends the message that offers it, in one transaction.
func (r *round) offer(ctx context.Context, e Entry, sl diary.Slot) (outcome, error) {
	until := r.now.Add(time.Duration(r.group.OfferMinutes) * time.Minute)
	if sl.Start.Before(until) {
		until = sl.Start
	}
	_, err := r.Booking.Reserve(ctx, booking.Request{Type: sl.Type, Location: sl.Location,
		Practitioner: sl.Practitioner, Start: sl.Start, Length: sl.End.Sub(sl.Start), Patient: e.Patient, Until: until,
		Source: Source,
		Then: func(ctx context.Context, within booking.Tx, held booking.Appointment) error {
			return r.hold(ctx, within, e.ID, held)
		}})
	reason, ended := "", over{}
	switch {
	case err == nil:
		return isOffered, nil
	case errors.Is(err, booking.ErrSlotTaken), errors.Is(err, booking.ErrNoSession):
		return isTaken, nil
	case errors.As(err, &ended):
		reason = ended.reason
	default:
		for _, known := range unreachable {
			if errors.Is(err, known) {
				reason = fault.Of(err).Code
			}
		}
		if f := fault.Of(err); reason == "" && (f == nil || fault.Later(err)) {
			return isPassed, err
		}
		if reason == "" {
			return isPassed, nil
		}
	}
	return isEnded, r.Store.Do(ctx, func(tx Tx) error {
		e, err := tx.LockEntry(ctx, r.group.ID, e.ID)
		if err != nil || e.State != Waiting {
			return err
		}
		return takeOff(ctx, tx, access.System(r.group.ID), e, reason, r.now)
	})
}

// takeOff ends an entry that has no offer.
func takeOff(ctx context.Context, tx Tx, who access.Caller, e Entry, reason string, now time.Time) error {
	before := e
	e.end(reason, now)
	if err := tx.SaveEntry(ctx, who.Group, e); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, "waiting_list.remove", "waiting_list", int64(e.ID), before, e))
}

// hold makes the offer of a time that is held just now, when the diary and the patient are locked.
func (r *round) hold(ctx context.Context, within booking.Tx, id ID, held booking.Appointment) error {
	tx, group := r.Store.In(within), r.group.ID
	e, err := tx.LockEntry(ctx, group, id)
	if err != nil {
		return err
	}
	before := e
	if e.State != Waiting || e.Patient != held.Patient || len(held.Elsewhere) > 0 {
		return errPassed
	}
	if held, err = tx.Appointment(ctx, group, held.ID); err != nil {
		return err
	}
	if !e.wants(diary.Slot{Practitioner: held.Practitioner, Location: held.Location, Type: held.Type,
		Start: held.Start}, r.group.Zone()) {
		return errPassed
	}
	replaces, err := r.fits(ctx, tx, e, held)
	if err != nil {
		return err
	}
	var in input.Checks
	until := input.Bound{At: later(held.End, r.now), Day: input.NoDate}
	l, err := r.Link.New(&in, r.group, link.Offer, e.Patient, &until, nil, r.now)
	if err := errors.Join(in.Err(), err); err != nil {
		return err
	}
	if err := link.Known(ctx, tx, l); err != nil {
		return over{fault.Of(err).Code}
	}
	if err := tx.SaveLink(ctx, group, l); err != nil {
		return err
	}
	if l, err = r.Link.Shown(l); err != nil {
		return err
	}
	o := Offer{ID: OfferID(r.NewID()), Entry: e.ID, Hold: held.ID, Link: l.ID, Practitioner: held.Practitioner,
		Start: held.Start, Until: held.ReservedUntil, Replaces: replaces.ID, Verdict: Held, CreatedAt: r.now}
	e.State, e.Offer = Offered, o.ID
	if err := save(ctx, tx, access.System(group), r.now, before, e, o, held.ID); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, RoundJob(group, o.Until)); err != nil {
		return err
	}
	return r.ways[held.Type].Send(ctx, within, held, notice.Offer{Link: l.URL, Until: o.Until, Replaces: replaces.Start})
}

// linkLife is how long the page of an offer says what was offered, at least.
const linkLife = 7 * 24 * time.Hour

// later is until when the page of an offer is kept: through the appointment, and a week at least.
func later(end, now time.Time) time.Time {
	if least := now.Add(linkLife); end.Before(least) {
		return least
	}
	return end
}

// fits makes sure that the patient of an entry is to be offered a time, and gives the appointment it would replace.
// Errors: errPassed, over.
func (r *round) fits(ctx context.Context, tx Tx, e Entry, held booking.Appointment) (booking.Appointment, error) {
	var old booking.Appointment
	others, err := tx.LiveEntries(ctx, r.group.ID, e.Patient)
	if err != nil {
		return old, err
	}
	for _, o := range others {
		if o.State == Offered {
			return old, errPassed // one at a time
		}
	}
	if e.Replaces == 0 {
		return old, r.needs(ctx, tx, e)
	}
	old, err = tx.Appointment(ctx, r.group.ID, e.Replaces)
	if err != nil {
		return old, err
	}
	policy := booking.Policy{Hours: r.group.CancellationHours, Zone: r.group.Zone()}
	switch {
	case old.State != booking.Booked, old.Patient != e.Patient, !old.Start.After(r.now):
		return old, over{becauseOldIsGone}
	case !held.Start.Before(old.Start), !policy.Open(old, held.ReservedUntil):
		return old, errPassed
	}
	return old, nil
}

// needs makes sure that the patient has not got an appointment of the type since joining the list.
func (r *round) needs(ctx context.Context, tx Tx, e Entry) error {
	ids, err := tx.ToCome(ctx, r.group.ID, e.Patient, r.now)
	if err != nil {
		return err
	}
	for _, id := range ids {
		a, err := tx.Appointment(ctx, r.group.ID, id)
		if err != nil {
			return err
		}
		if a.State == booking.Booked && a.Type == e.Type && a.CreatedAt.After(e.CreatedAt) {
			return over{becauseHas}
		}
	}
	return nil
}
