package graph

import (
	"context"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/account"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
)

// besideBooking are the fields of a booking that a bare one lacks.
var besideBooking = []string{"doctorName", "location", "appointment", "cancellationReason", "bookingJourney",
	"patientMessagesSent"}

// booked is an appointment as this API has it: always what costs little, and of the rest
// what is asked for.
func booked(zone *time.Location, b *booking.Appointment, of fields) *gql.Booking {
	out := &gql.Booking{
		Of: b, ID: encode(kindBooking, b.ID), Deleted: new(b.State == booking.Cancelled), Start: face(zone, b.Start),
		End: face(zone, b.End), CreatedAt: scalar.Of(b.CreatedAt), UpdatedAt: scalar.Of(b.UpdatedAt),
		Comments: text(b.Comments),
		Status:   new(gql.BookingStatusConfirmed),
	}
	if of.any("doctorName") {
		out.DoctorName = text(fullName(b.PractitionerName).FullName())
	}
	if of.any("location") {
		a := b.Address
		out.Location = &gql.BookingLocation{
			ID: encode(kindRoom, b.Location), Header: &b.LocationName, Name: &b.LocationName, Address: &gql.BookingAddress{
				Address: street(a.Line1, a.Line2), City: text(a.Town), Postcode: text(a.Postcode), Country: new(homeCountry),
			},
		}
	}
	if of.any("appointment") {
		out.Appointment = &gql.Appointment{
			ID: new(encode(kindProduct, b.Type)), Title: &b.TypeName, Duration: new(int(b.Length() / time.Minute)),
			Price: pounds(b.Price),
		}
	}
	if of.any("reference") {
		out.Reference = text(b.ID.String())
	}
	if of.any("startsAt", "endsAt") {
		out.StartsAt, out.EndsAt = scalar.Of(b.Start), scalar.Of(b.End)
	}
	if j := b.Journey; of.any("bookingJourney") {
		out.BookingJourney = &gql.Journey{
			Arrived: scalar.Of(j.Arrived), Consultation: scalar.Of(j.Consultation), Departed: scalar.Of(j.Departed),
			Dna: scalar.Of(j.NoShow),
		}
	}
	if of.any("patientMessagesSent") {
		sent := func(n booking.Notice) *bool { return new(slices.Contains(b.Told(), n)) }
		out.PatientMessagesSent = &gql.SendPatientMessages{
			Confirmation: sent(booking.Confirming), Reminder: sent(booking.Reminder), Followup: sent(booking.FollowUp),
			Cancellation: sent(booking.Cancelling),
		}
	}
	if b.State == booking.Cancelled {
		out.CancellationReason = text(b.Reason)
	}
	if b.Patient != 0 {
		out.PatientID = new(encode(kindPatient, b.Patient))
	}
	if b.Pending || b.State == booking.Reserved {
		out.Status = new(gql.BookingStatusPending)
	}
	return out
}

func fullName(p booking.Person) (out patient.Patient) {
	out.Title, out.FirstName, out.LastName = p.Title, p.FirstName, p.LastName
	return out
}

// Doctor is the practitioner.
func (f bookingFields) Doctor(ctx context.Context, obj *gql.Booking) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Patient is who comes.
func (f bookingFields) Patient(ctx context.Context, obj *gql.Booking) (*gql.Patient, error) {
	return f.patientByID(ctx, obj.Of.Patient)
}

// Metadata is what other programs keep with a booking.
func (f bookingFields) Metadata(ctx context.Context, obj *gql.Booking) ([]*gql.MetadataEntry, error) {
	return f.metadata(ctx, practice.OfBooking, obj.ID)
}

// Booking finds one booking, cancelled ones too.
func (q query) Booking(ctx context.Context, id string) (*gql.Booking, error) {
	all, err := q.BookingsByID(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ErrManyIDs is the fault of more ids than are looked up at once.
var ErrManyIDs = fault.New(fault.Invalid, "too_many_ids", "At most 200 bookings are found at once.")

// BookingsByID finds bookings in the order of their ids; null stands for those the
// practice lacks.
func (q query) BookingsByID(ctx context.Context, ids []string) ([]*gql.Booking, error) {
	if len(ids) > maxPage {
		return nil, ErrManyIDs
	}
	zone, err := q.zone(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make([]booking.ID, len(ids))
	for i, s := range ids {
		if wanted[i], err = known[booking.ID](kindBooking, s); err != nil {
			return nil, err
		}
	}
	found, err := q.core.Booking.ReadMany(ctx, wanted)
	out := make([]*gql.Booking, len(ids))
	of := fieldsAsked(ctx)
	for i, id := range wanted {
		if b, ok := found[id]; ok && b.State != booking.Released {
			out[i] = booked(zone, &b, of)
		}
	}
	return out, err
}

// Bookings lists bookings by start.
func (q query) Bookings(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
	filters *gql.BookingQueryFilters,
) (*gql.BookingData, error) {
	p := pageOf(pagination)
	zone, err := q.zone(ctx)
	if err != nil {
		return nil, err
	}
	ask, err := q.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	if dateRange != nil {
		if ask.Touches.From, ask.Touches.Until, err = stretch(zone, dateRange.Start.Value(), dateRange.End.Value(),
			true); err != nil {
			return nil, err
		}
	}
	if filters != nil {
		if m := filters.Metadata.Value(); m != nil {
			if ask.Key, ask.Value = m.Key, m.Value.Value(); ask.Key == "" {
				return nil, practice.ErrKeyLength
			}
		}
		if filters.ClinicalPathwayID.Value() != nil {
			return &gql.BookingData{Data: []*gql.Booking{}, PageInfo: p.info(false)}, nil // no booking is part of one
		}
	}
	return q.bookings(ctx, zone, ask, p)
}

func (d *resolver) bookings(ctx context.Context, zone *time.Location, ask booking.Query, p page) (*gql.BookingData, error) {
	all, _, err := d.core.Booking.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	all, more := cut(all, p.size)
	out := &gql.BookingData{Data: make([]*gql.Booking, len(all)), PageInfo: p.info(more)}
	of := fieldsAsked(ctx, "data")
	for i := range all {
		out.Data[i] = booked(zone, &all[i], of)
	}
	return out, nil
}

// withCancelled are the states of bookings where deleted ones are wanted too.
var withCancelled = append(slices.Clone(booking.Live), booking.Cancelled)

// asking is what options and a page ask of bookings.
func (d *resolver) asking(ctx context.Context, options *gql.QueryOptions, p page) (booking.Query, error) {
	ask := booking.Query{States: booking.Live, Offset: p.offset(), Limit: p.more()}
	if options == nil {
		return ask, nil
	}
	var err error
	if ask.Created, err = d.span(ctx, options.CreatedAt.Value()); err != nil {
		return ask, err
	}
	if deref(options.IncludeDeleted.Value()) {
		ask.States = withCancelled
	}
	ask.Updated, err = d.span(ctx, options.UpdatedAt.Value())
	return ask, err
}

// Bookings are those of a member of staff.
func (f userFields) Bookings(
	ctx context.Context, obj *gql.User, start, end scalar.Moment, number, size *int,
) (*gql.BookingData, error) {
	p := numbered(number, size)
	zone, err := f.zone(ctx)
	if err != nil {
		return nil, err
	}
	ask, err := f.asking(ctx, nil, p)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	id, err := known[practice.PractitionerID](kindUser, obj.ID)
	if err != nil {
		return nil, err
	}
	ask.Practitioner = id
	return f.bookings(ctx, zone, ask, p)
}

// The names of the loaders of patients' bookings, and of how many there are. A field
// of a document has the same arguments for every patient.
type (
	bookingsAsked struct {
		field *ast.Field
		bare  bool
	}
	bookingsCounted struct{ field *ast.Field }
)

// everyBooking is how many bookings a list without pages has at most.
const everyBooking = 1000

// Bookings are a patient's, the earliest first.
func (f patientFields) Bookings(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, options *gql.QueryOptions, pagination *gql.Pagination,
) ([]*gql.Booking, error) {
	p := pageOf(pagination)
	ask, err := f.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	ask.Limit = p.size
	if pagination == nil {
		ask.Limit = everyBooking
	}
	return f.bookingsOf(ctx, obj, start, end, ask, fieldsAsked(ctx))
}

func (d *resolver) bookingsOf(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, ask booking.Query, of fields,
) ([]*gql.Booking, error) {
	zone, err := d.zone(ctx)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	ask.Bare = !of.any(besideBooking...)
	load := func(ctx context.Context, of []patient.ID) (map[patient.ID][]booking.Appointment, error) {
		return d.core.Booking.ListOf(ctx, of, ask)
	}
	all, err := loaderOf(ctx, bookingsAsked{graphql.GetFieldContext(ctx).Field.Field, ask.Bare}, load).Load(ctx, obj.Of.ID)
	out := make([]*gql.Booking, len(all))
	for i := range all {
		out[i] = booked(zone, &all[i], of)
	}
	return out, err
}

// BookingsWithPagination are a patient's, with how many there are.
func (f patientFields) BookingsWithPagination(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, options *gql.QueryOptions, pagination *gql.Pagination,
	sort *gql.PatientBookingsSort, deleted *bool,
) (*gql.PatientBookingsData, error) {
	p := pageOf(pagination)
	ask, err := f.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	ask.Limit = p.size
	if pagination == nil {
		ask.Limit = everyBooking
	}
	if deleted != nil {
		if ask.States = booking.Live; *deleted {
			ask.States = []booking.State{booking.Cancelled}
		}
	}
	ask.Descending = sort != nil && sort.Direction == gql.SortDirectionDesc
	rows, err := f.bookingsOf(ctx, obj, start, end, ask, fieldsAsked(ctx, "data"))
	if err != nil || pagination == nil {
		return &gql.PatientBookingsData{Data: rows}, err
	}
	zone, err := f.zone(ctx)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	count := func(ctx context.Context, of []patient.ID) (map[patient.ID]int, error) {
		return f.core.Booking.CountOf(ctx, of, ask)
	}
	total, err := loaderOf(ctx, bookingsCounted{graphql.GetFieldContext(ctx).Field.Field}, count).Load(ctx, obj.Of.ID)
	return &gql.PatientBookingsData{Data: rows, Meta: &gql.PageInfoWithTotalCount{
		Page: &p.number, PageSize: &p.size, Total: &total, HasMore: new(total > p.offset()+len(rows)),
	}}, err
}
