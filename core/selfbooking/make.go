package selfbooking

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/filter"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
)

// Change is what to set of a booking link; nil leaves a thing as it is.
type Change struct {
	Types         *[]diary.TypeID
	Locations     *[]practice.LocationID
	Practitioners *[]practice.PractitionerID
	From, To      *input.Date
	// Expires is the last day the link is good for, in the practice's time, or the instant it ends.
	Expires *input.Bound
	MaxUses *int
	// NewPatients is whether a link for anyone registers people who are no patients of the practice yet.
	NewPatients *bool
	// NetworkPatients is whether it registers those of other practices of the network.
	NetworkPatients *bool
}

// apply changes what a link offers.
func (c Change) apply(in *input.Checks, o *Offer) {
	input.IDs(in, "types", &o.Types, c.Types, mostOffered)
	input.IDs(in, "locations", &o.Locations, c.Locations, mostOffered)
	input.IDs(in, "practitioners", &o.Practitioners, c.Practitioners, mostOffered)
	input.Set(&o.NewPatients, c.NewPatients)
	input.Set(&o.NetworkPatients, c.NetworkPatients)
	input.Set(&o.From, c.From)
	input.Set(&o.To, c.To)
	for field, d := range map[string]*input.Date{"from_date": c.From, "to_date": c.To} {
		if d != nil && *d != input.NoDate {
			in.Day(field, *d)
		}
	}
	if len(o.Types) == 0 {
		in.Wrong("types", input.CodeRequired, "the id of at least one type of appointment",
			"Say which type of appointment can be booked.")
	}
	if o.From != input.NoDate && o.To != input.NoDate && o.To < o.From {
		in.Wrong("to_date", input.CodeSmall, "`from_date` or a later day", "The last day is before the first.")
	}
}

// offers says how booking links are changed.
var offers = write.Kind[Tx, link.ID, Offer]{Needs: access.EditBookingLinks, Lock: Tx.LockOffer, Save: Tx.SaveOffer}

// Create makes a booking link for a patient, or for anyone where of is 0. Errors: ErrNewPatients, patient.ErrNotFound,
// not found for a type, a place or a practitioner the group lacks, seal.ErrNoKey, field faults.
func (s *Service) Create(ctx context.Context, of patient.ID, c Change) (Offer, error) {
	if err := s.Known(ctx, c); err != nil {
		return Offer{}, err
	}
	return s.shown(write.Do(ctx, offers.Needs, s.Now, s.Store.Do, func(e write.Edit[Tx]) (o Offer, err error) {
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return o, err
		}
		if o, err = s.Draft(g, of, c, e.Now); err != nil {
			return o, err
		}
		if err := tie(ctx, e.Tx, &o); err != nil {
			return o, err
		}
		if err := e.Tx.SaveOffer(ctx, e.Group(), o); err != nil {
			return o, err
		}
		return o, e.Audit(ctx, "link.create", int64(o.ID), nil, o)
	}))
}

// tie keeps the patient of a new link from being merged away, if it has one.
func tie(ctx context.Context, tx Tx, o *Offer) (err error) {
	switch {
	case o.Anyone():
		return nil
	case o.Registers():
		return ErrNewPatients
	}
	if o.Patient, err = tx.LockPatientAgainstMerge(ctx, o.Group, o.Patient); err != nil {
		return patient.Misnamed(err, "patient")
	}
	return link.Known(ctx, tx, o.Link)
}

// Draft is a booking link of a patient that is not kept yet. Errors: seal.ErrNoKey, field faults.
func (s *Service) Draft(g practice.Group, of patient.ID, c Change, now time.Time) (o Offer, err error) {
	var in input.Checks
	o = Offer{From: input.NoDate, To: input.NoDate}
	o.Link, err = s.Link.New(&in, g, link.Booking, of, c.Expires, c.MaxUses, now)
	c.apply(&in, &o)
	return o, errors.Join(in.Err(), err)
}

// Change changes what a booking link offers, and until when and how often. Errors: as Create, and link.ErrNotFound.
func (s *Service) Change(ctx context.Context, id link.ID, c Change) (Offer, error) {
	if err := s.Known(ctx, c); err != nil {
		return Offer{}, err
	}
	return s.shown(offers.Change(ctx, s.Now, s.Store.Do, "link.update", id, func(e write.Edit[Tx], o *Offer) error {
		g, err := e.Tx.Group(ctx, e.Group())
		if err != nil {
			return err
		}
		var in input.Checks
		o.Extend(&in, g, c.Expires, c.MaxUses, e.Now)
		c.apply(&in, o)
		if err := in.Err(); err != nil || o.Anyone() || !o.Registers() {
			return err
		}
		return ErrNewPatients
	}))
}

// Known checks that what a link is to offer exists, and that the caller may make one. Errors: not found for a type, a
// place or a practitioner the group lacks.
func (s *Service) Known(ctx context.Context, c Change) error {
	who, err := access.Require(ctx, offers.Needs)
	if err != nil {
		return err
	}
	if err := exist(c.Types, "types", func(id diary.TypeID) error {
		_, err := s.Diary.Store.AppointmentType(ctx, who.Group, id)
		return err
	}); err != nil {
		return err
	}
	if err := exist(c.Locations, "locations", func(id practice.LocationID) error {
		_, err := s.Diary.Practice.Location(ctx, who.Group, id)
		return err
	}); err != nil {
		return err
	}
	return exist(c.Practitioners, "practitioners", func(id practice.PractitionerID) error {
		_, err := s.Diary.Practice.Practitioner(ctx, who.Group, id)
		return err
	})
}

// exist finds each of some things, and names the field of one there is not.
func exist[T ~int64](ids *[]T, field string, find func(T) error) error {
	if ids == nil {
		return nil
	}
	for _, id := range (*ids)[:min(len(*ids), mostOffered)] {
		err := find(id)
		if f := fault.Of(err); err != nil && f.Kind == fault.NotFound {
			missing := *f
			missing.Fields = []fault.Field{{Path: []string{field}, Code: f.Code, Expected: "ids of this practice group",
				Message: f.Message}}
			return &missing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Find finds a booking link. Error: link.ErrNotFound.
func (s *Service) Find(ctx context.Context, id link.ID) (Offer, error) {
	return s.shown(read.One(ctx, offers.Needs, id, s.Store.Offer))
}

// shown is a booking link with its address and its status.
func (s *Service) shown(o Offer, err error) (Offer, error) {
	if err == nil {
		o.Link, err = s.Link.Shown(o.Link)
	}
	return o, err
}

// Query is which booking links to list.
type Query struct {
	Patient       patient.ID // 0 is any
	Offset, Limit int
}

// List lists booking links, newest first, and how many there are, counted up to input.CountTo.
func (s *Service) List(ctx context.Context, q Query) ([]Offer, int, error) {
	who, err := access.Require(ctx, offers.Needs)
	if err != nil {
		return nil, 0, err
	}
	if none, err := filter.Patient(ctx, s.Store, who.Group, &q.Patient); err != nil || none {
		return nil, 0, err
	}
	found, count, err := s.Store.Offers(ctx, who.Group, q)
	for i := range found {
		if found[i], err = s.shown(found[i], err); err != nil {
			return nil, 0, err
		}
	}
	audit.Seen(ctx, found...)
	return found, count, err
}
