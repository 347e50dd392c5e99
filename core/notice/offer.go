package notice

import (
	"context"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// ErrOff is returned where a practice sends no messages on an occasion.
var ErrOff = fault.New(fault.Conflict, "appointment_messages_off", "The practice sends no such messages.")

// Offers is what is needed to offer times of a type to patients, read before the transaction in which one is held.
type Offers struct {
	from  *Service
	group practice.Group
	set   Settings
	ways  messaging.Ways
}

// Offers reads how times of a type are offered. Errors: ErrOff, messaging.ErrNoCarrier.
func (s *Service) Offers(ctx context.Context, g practice.Group, of diary.TypeID) (*Offers, error) {
	all, err := s.Store.NoticeSettings(ctx, g.ID)
	if err != nil {
		return nil, err
	}
	o := &Offers{from: s, group: g, set: merged(all, of)}
	if !g.Announces || !o.set.sends(booking.OnOffered) {
		return nil, ErrOff
	}
	if o.ways, err = s.Messages.Ways(ctx, g.ID, o.set.Channels); err == nil && len(o.ways.Channels) == 0 {
		err = messaging.ErrNoCarrier
	}
	return o, err
}

// Awake is a time, or the first after it at which an offer may be sent: not in the night, and in the practice's hours
// for messages. A practice whose hours are all in its night has offers sent in those hours.
func (o *Offers) Awake(at time.Time) time.Time {
	first := o.group.NextSend(at)
	for range 3 {
		at = o.set.awake(o.group.NextSend(at), o.group.Zone())
	}
	if !o.group.NextSend(at).Equal(at) {
		return first
	}
	return at
}

// Offer is what a message that offers a time says besides the appointment.
type Offer struct {
	Link     string
	Until    time.Time
	Replaces time.Time // the start of the appointment that is given up for it; zero is none
}

// words are what stands for its placeholders.
func (o *Offer) words(zone *time.Location) map[string]string {
	if o == nil {
		return map[string]string{"offer_link": "", "held_until": "", "replaces": ""}
	}
	replaces := ""
	if !o.Replaces.IsZero() {
		replaces = "It would replace yours at " + clock(o.Replaces, zone) + " on " +
			o.Replaces.In(zone).Format("Monday 2 January") + "."
	}
	return map[string]string{"offer_link": o.Link, "held_until": clock(o.Until, zone), "replaces": replaces}
}

// Send takes the message that offers the time a hold has, in the transaction that makes the hold and has locked its
// patient. Errors: those of messaging.Automatic.
func (o *Offers) Send(ctx context.Context, within booking.Tx, held booking.Appointment, of Offer) error {
	s := o.from
	now := s.Now().Truncate(time.Microsecond)
	p := &plan{Service: s, tx: s.Store.In(within), group: o.group, set: o.set, is: held, offer: &of, now: now}
	n := Notice{ID: messaging.NoticeID(s.NewID()), Appointment: held.ID, On: booking.OnOffered, Version: held.Version,
		Start: held.Start, Patient: held.Patient, State: Planned, DueAt: now, CreatedAt: now, UpdatedAt: now}
	if err := p.tx.AddNotice(ctx, o.group.ID, n); err != nil {
		return err
	}
	if err := p.take(ctx, &n, o.ways); err != nil {
		return err
	}
	return p.tx.SaveNotice(ctx, o.group.ID, n)
}
