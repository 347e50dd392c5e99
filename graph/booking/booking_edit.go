package booking

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	patientgraph "frontdesk/graph/patient"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// notices are the messages an input asks for; none where it names none.
func notices(in *gql.SendPatientMessagesInput) []booking.Notice {
	if in == nil {
		return nil
	}
	var out []booking.Notice
	for _, x := range []struct {
		wanted graphql.Omittable[*bool]
		notice booking.Notice
	}{{in.Confirmation, booking.Confirming}, {in.Reminder, booking.Reminder}, {in.Followup, booking.FollowUp}} {
		if wire.Deref(x.wanted.Value()) {
			out = append(out, x.notice)
		}
	}
	return out
}

// pendingOf reads a status: only two of them can be asked for.
func pendingOf(s *gql.BookingStatus) (*bool, error) {
	switch {
	case s == nil:
		return nil, nil
	case *s == gql.BookingStatusPending, *s == gql.BookingStatusConfirmed:
		return new(*s == gql.BookingStatusPending), nil
	}
	return nil, ErrBookingState
}

// The faults of bookings in the words that programs compare: of times that cannot be a
// booking's, of a time that is taken, and of a status.
var (
	ErrTimes = fault.New(fault.Invalid, "invalid_times",
		"A booking ends after it starts, on whole minutes, and within a day.")
	ErrDouble       = booking.ErrSlotTaken.Saying("That time is already taken: it would be a double booking.")
	ErrBookingState = fault.New(fault.Invalid, "status_not_taken", "A booking here is pending or confirmed.")
)

// inWords is a fault of core in the words that programs compare.
func inWords(err error) error {
	f := fault.Of(err)
	switch {
	case err == nil:
	case f.Code == diary.ErrTypeNotFound.Code:
		return billing.ErrProductNotFound
	case f.Code == booking.ErrSlotTaken.Code:
		return ErrDouble
	case f.Code == booking.ErrHoldExpired.Code:
		return booking.ErrNotFound // a hold that has run out is no booking
	case f.Code == fault.CodeInvalid && slices.ContainsFunc(f.Fields, func(x fault.Field) bool {
		return x.Path[0] == "start" || x.Path[0] == "length"
	}):
		return ErrTimes
	}
	return err
}

// parts are the ids a booking names.
type parts struct {
	patient, payer patient.ID
	location       practice.LocationID
	product        diary.TypeID
	doctor         practice.PractitionerID
}

func partsOf(in gql.BookingDataInput) (p parts, err error) {
	read := func(o graphql.Omittable[*string], k wire.Kind, missing error) int64 {
		s := wire.Word(o)
		if s == "" || err != nil {
			return 0
		}
		id, bad := wire.Known[int64](k, s)
		if bad == nil && id == 0 {
			bad = missing
		}
		err = bad
		return id
	}
	p.patient = patient.ID(read(in.Patient, wire.KindPatient, patient.ErrNotFound))
	p.location = practice.LocationID(read(in.Location, wire.KindRoom, practice.ErrLocationNotFound))
	p.product = diary.TypeID(read(in.BookingType, wire.KindProduct, billing.ErrProductNotFound))
	p.doctor = practice.PractitionerID(read(in.Doctor, wire.KindUser, practice.ErrPractitionerNotFound))
	// A contact can be a payer too, once invoices are made for them.
	p.payer = patient.ID(read(in.PayerID, wire.KindPatient, patient.ErrNotFound))
	return p, err
}

// CreateBooking books a time.
func (m Mutation) CreateBooking(
	ctx context.Context, patientID, locationID, bookingType, doctor, comments *string, start, end *scalar.Moment,
	in *gql.BookingDataInput,
) (*gql.BookingResponsePayload, error) {
	if in == nil {
		in = &gql.BookingDataInput{}
	}
	for _, f := range []struct {
		flat *string
		in   *graphql.Omittable[*string]
	}{{patientID, &in.Patient}, {locationID, &in.Location}, {bookingType, &in.BookingType}, {doctor, &in.Doctor},
		{comments, &in.Comments}} {
		if err := same(f.flat, f.in); err != nil {
			return nil, err
		}
	}
	if err := same(start, &in.Start); err != nil {
		return nil, err
	}
	if err := same(end, &in.End); err != nil {
		return nil, err
	}
	zone, err := m.Zone(ctx)
	if err != nil {
		return nil, err
	}
	p, err := partsOf(*in)
	if err != nil {
		return nil, err
	}
	pending, err := pendingOf(in.Status.Value())
	if err != nil {
		return nil, err
	}
	at, err := wire.StartAndEnd(zone, in.Start.Value(), in.End.Value())
	if err != nil {
		return nil, err
	}
	wanted := notices(in.SendPatientMessages.Value())
	b, err := m.Core.Booking.Book(ctx, booking.Request{
		Patient: p.patient, Billpayer: p.payer, Location: p.location, Type: p.product, Practitioner: p.doctor,
		Start:  at.Start,
		Length: at.End.Sub(at.Start), Comments: wire.Word(in.Comments), Notices: wanted, Pending: wire.Deref(pending),
		Override:     true,
		SuppressMail: !slices.Contains(wanted, booking.Confirming),
	})
	return bookedPayload(ctx, zone, b, err)
}

// same puts an argument into the input, unless the two disagree.
func same[T comparable](flat *T, in *graphql.Omittable[*T]) error {
	if flat == nil {
		return nil
	}
	if had := in.Value(); had != nil && *had != *flat {
		return ErrBothBookings
	}
	*in = graphql.OmittableOf(flat)
	return nil
}

// ErrBothBookings is the fault of arguments and bookingData that disagree.
var ErrBothBookings = patientgraph.ErrBothForms.Saying("Give bookingData, or the other arguments, not both.")

func bookedPayload(
	ctx context.Context, zone *time.Location, b booking.Appointment, err error,
) (*gql.BookingResponsePayload, error) {
	if err == nil && b.State == booking.Released {
		err = booking.ErrNotFound
	}
	if err != nil {
		return nil, inWords(err)
	}
	return &gql.BookingResponsePayload{Data: booked(zone, &b, wire.FieldsAsked(ctx, "data")), Warnings: warnings(zone,
		b)}, nil
}

// warnTwice is the code of a warning about a time that clocks show twice.
const warnTwice = "time_comes_twice"

// warnings are what staff should know of a booking that was made or changed.
func warnings(zone *time.Location, b booking.Appointment) []gql.BookingWarning {
	out := []gql.BookingWarning{}
	for _, o := range b.Elsewhere {
		out = append(out, gql.BookingWarning{
			Code: booking.ErrElsewhere.Code, Message: booking.ErrElsewhere.Message,
			BookingID: new(wire.Encode(wire.KindBooking, o.ID)),
		})
	}
	for _, t := range []struct {
		what string
		at   time.Time
	}{{"It begins", b.Start}, {"It ends", b.End}} {
		first, second, err := diary.Shown(zone, t.at.In(zone), false)
		if err != nil || second.IsZero() {
			continue
		}
		which, other := "first", second
		if t.at.Equal(second) {
			which, other = "second", first
		}
		out = append(out, gql.BookingWarning{Code: warnTwice, Message: fmt.Sprintf(
			"%s when clocks show %s for the %s time, %s (%s). They show it twice: the other time is %s.", t.what,
			t.at.In(zone).Format("15:04"), which, t.at.In(zone).Format("15:04 MST on Monday 2 January 2006"),
			t.at.UTC().Format(time.RFC3339), other.In(zone).Format(time.RFC3339))})
	}
	return out
}

// UpdateBooking changes a booking.
func (m Mutation) UpdateBooking(
	ctx context.Context, id string, in *gql.BookingUpdateDataInput,
) (*gql.BookingResponsePayload, error) {
	if in == nil {
		in = &gql.BookingUpdateDataInput{}
	}
	p, err := partsOf(gql.BookingDataInput{
		Patient: in.Patient, Location: in.Location, BookingType: in.BookingType, Doctor: in.Doctor,
	})
	if err != nil {
		return nil, err
	}
	c := booking.Change{
		Comments: wire.Change(in.Comments), Patient: idToSet(p.patient), Location: idToSet(p.location),
		Type:         idToSet(p.product),
		Practitioner: idToSet(p.doctor), Override: true, SuppressPolicy: true,
	}
	if c.Pending, err = pendingOf(in.Status.Value()); err != nil {
		return nil, err
	}
	if v := in.SendPatientMessages.Value(); v != nil {
		wanted := notices(v)
		c.Notices, c.SuppressMail = &wanted, new(!slices.Contains(wanted, booking.Confirming))
	}
	return m.withBooking(ctx, id,
		func(ctx context.Context, zone *time.Location, id booking.ID) (booking.Appointment, error) {
			at, err := wire.StartAndEnd(zone, in.Start.Value(), in.End.Value())
			if err != nil {
				return booking.Appointment{}, err
			}
			if !at.Start.IsZero() {
				c.Start, c.SecondStart = &at.Start, at.StartTwice
			}
			if !at.End.IsZero() {
				c.End, c.SecondEnd = &at.End, at.EndTwice
			}
			return m.Core.Booking.Change(ctx, id, c)
		})
}

// idToSet is an id to set; 0 leaves it as it is.
func idToSet[T ~int64](id T) *T {
	if id == 0 {
		return nil
	}
	return &id
}

func (m Mutation) withBooking(
	ctx context.Context, id string,
	do func(ctx context.Context, zone *time.Location, id booking.ID) (booking.Appointment, error),
) (*gql.BookingResponsePayload, error) {
	n, err := wire.Known[booking.ID](wire.KindBooking, id)
	if err != nil {
		return nil, err
	}
	zone, err := m.Zone(ctx)
	if err != nil {
		return nil, err
	}
	b, err := do(ctx, zone, n)
	return bookedPayload(ctx, zone, b, err)
}

// DeleteBooking cancels a booking: the practice's policy binds patients and not its
// staff. The patient is sent a notice only when that is asked for.
func (m Mutation) DeleteBooking(
	ctx context.Context, id string, sendCancellationMessages, _ *bool,
) (*gql.BookingResponsePayload, error) {
	return m.withBooking(ctx, id, func(ctx context.Context, _ *time.Location,
		id booking.ID) (booking.Appointment, error) {
		notify := wire.Deref(sendCancellationMessages)
		return m.Core.Booking.Cancel(ctx, id,
			booking.Cancellation{SuppressMail: new(!notify), SuppressPolicy: true, Notify: notify})
	})
}

// UpdateBookingJourney notes how far a patient came.
func (m Mutation) UpdateBookingJourney(
	ctx context.Context, id string, in *gql.BookingJourneyInput,
) (*gql.BookingResponsePayload, error) {
	return m.withBooking(ctx, id, func(ctx context.Context, _ *time.Location,
		id booking.ID) (booking.Appointment, error) {
		if in == nil || in.JourneyStage.Value() == nil {
			return booking.Appointment{}, booking.ErrStage
		}
		var at time.Time
		if v := in.Date.Value(); v != nil && !v.IsZero() {
			at = v.T.UTC() // a true moment, unlike the booking's own
		}
		step := booking.Step{Stage: booking.Stage(*in.JourneyStage.Value()), At: at, Undo: wire.Deref(in.Undo.Value())}
		return m.Core.Booking.RecordJourney(ctx, id, step)
	})
}

// UpdateBookingMetadata keeps a value with a booking.
func (m Mutation) UpdateBookingMetadata(
	ctx context.Context, bookingID, key, value string,
) (*gql.BookingResponsePayload, error) {
	return m.withBooking(ctx, bookingID,
		func(ctx context.Context, _ *time.Location, id booking.ID) (booking.Appointment, error) {
			return m.Core.Booking.SetMetadata(ctx, id, practice.Metadata{Key: key, Value: value})
		})
}
