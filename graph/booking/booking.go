package booking

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
	"frontdesk/core/video"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// besideBooking are the fields of a booking that a bare one lacks.
var besideBooking = []string{"doctorName", "location", "appointment", "cancellationReason", "bookingJourney",
	"patientMessagesSent", "videoUrl", "videoStaffUrl"}

// booked is an appointment as this API has it: always what costs little, and of the rest
// what is asked for.
func booked(zone *time.Location, b *booking.Appointment, of wire.Fields) *gql.Booking {
	out := &gql.Booking{
		Of: b, ID: wire.Encode(wire.KindBooking, b.ID), Deleted: new(b.State == booking.Cancelled),
		Start: wire.Wall(zone, b.Start),
		End:   wire.Wall(zone, b.End), CreatedAt: scalar.Of(b.CreatedAt), UpdatedAt: scalar.Of(b.UpdatedAt),
		Comments: wire.Text(b.Comments),
		Status:   new(gql.BookingStatusConfirmed),
	}
	if of.Any("doctorName") {
		out.DoctorName = wire.Text(fullName(b.PractitionerName).FullName())
	}
	if of.Any("location") {
		a := b.Address
		out.Location = &gql.BookingLocation{
			ID: wire.Encode(wire.KindRoom, b.Location), Header: &b.LocationName, Name: &b.LocationName,
			Address: &gql.BookingAddress{
				Address: wire.Street(a.Line1, a.Line2), City: wire.Text(a.Town), Postcode: wire.Text(a.Postcode),
				Country: new(wire.HomeCountry),
			},
		}
	}
	if of.Any("appointment") {
		out.Appointment = &gql.Appointment{
			ID: new(wire.Encode(wire.KindProduct, b.Type)), Title: &b.TypeName,
			Duration: new(int(b.Length() / time.Minute)),
			Price:    wire.Pounds(b.Price),
		}
	}
	if of.Any("reference") {
		out.Reference = wire.Text(b.ID.String())
	}
	if of.Any("startsAt", "endsAt") {
		out.StartsAt, out.EndsAt = scalar.Of(b.Start), scalar.Of(b.End)
	}
	if j := b.Journey; of.Any("bookingJourney") {
		out.BookingJourney = &gql.Journey{
			Arrived: scalar.Of(j.Arrived), Consultation: scalar.Of(j.Consultation), Departed: scalar.Of(j.Departed),
			Dna: scalar.Of(j.NoShow),
		}
	}
	if of.Any("patientMessagesSent") {
		// No messages are sent about appointments yet.
		out.PatientMessagesSent = &gql.SendPatientMessages{
			Confirmation: new(false), Reminder: new(false), Followup: new(false), Cancellation: new(false),
		}
	}
	if b.State == booking.Cancelled {
		out.CancellationReason = wire.Text(b.Reason)
	}
	if b.Patient != 0 {
		out.PatientID = new(wire.Encode(wire.KindPatient, b.Patient))
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
func (f Fields) Doctor(ctx context.Context, obj *gql.Booking) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Patient is who comes.
func (f Fields) Patient(ctx context.Context, obj *gql.Booking) (*gql.Patient, error) {
	return f.PatientByID(ctx, obj.Of.Patient)
}

// Metadata is what other programs keep with a booking.
func (f Fields) Metadata(ctx context.Context, obj *gql.Booking) ([]*gql.MetadataEntry, error) {
	return f.MetadataOf(ctx, practice.OfBooking, obj.ID)
}

// VideoURL is where the patient goes for a video consultation.
func (f Fields) VideoURL(ctx context.Context, obj *gql.Booking) (*string, error) {
	a, err := f.videoAddress(ctx, obj.Of)
	return wire.Text(a.Patient), err
}

// VideoStaffURL is where staff let the patient in.
func (f Fields) VideoStaffURL(ctx context.Context, obj *gql.Booking) (*string, error) {
	a, err := f.videoAddress(ctx, obj.Of)
	return wire.Text(a.Staff), err
}

func (f Fields) videoAddress(ctx context.Context, b *booking.Appointment) (video.Address, error) {
	if !b.Video {
		return video.Address{}, nil
	}
	load := func(ctx context.Context, of []inVideo) (map[inVideo]video.Address, error) {
		all := make([]booking.Appointment, len(of))
		for i, v := range of {
			all[i].ID, all[i].State, all[i].Video = v.id, v.state, true
		}
		found, err := f.Core.Video.Addresses(ctx, all...)
		out := make(map[inVideo]video.Address, len(of))
		for _, v := range of {
			out[v] = found[v.id]
		}
		return out, err
	}
	return wire.Loader(ctx, "video", load).Load(ctx, inVideo{b.ID, b.State})
}

// inVideo is an appointment by video, and how it stood when it was read.
type inVideo struct {
	id    booking.ID
	state booking.State
}

// Booking finds one booking, cancelled ones too.
func (q Query) Booking(ctx context.Context, id string) (*gql.Booking, error) {
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
func (q Query) BookingsByID(ctx context.Context, ids []string) ([]*gql.Booking, error) {
	if len(ids) > wire.MaxPage {
		return nil, ErrManyIDs
	}
	zone, err := q.Zone(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make([]booking.ID, len(ids))
	for i, s := range ids {
		if wanted[i], err = wire.Known[booking.ID](wire.KindBooking, s); err != nil {
			return nil, err
		}
	}
	found, err := q.Core.Booking.ReadMany(ctx, wanted)
	out := make([]*gql.Booking, len(ids))
	of := wire.FieldsAsked(ctx)
	for i, id := range wanted {
		if b, ok := found[id]; ok && b.State != booking.Released {
			out[i] = booked(zone, &b, of)
		}
	}
	return out, err
}

// Bookings lists bookings by start.
func (q Query) Bookings(
	ctx context.Context, dateRange *gql.DateRange, pagination *gql.Pagination, options *gql.QueryOptions,
	filters *gql.BookingQueryFilters,
) (*gql.BookingData, error) {
	p := wire.PageOf(pagination)
	zone, err := q.Zone(ctx)
	if err != nil {
		return nil, err
	}
	ask, err := q.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	if dateRange != nil {
		if ask.Touches.From, ask.Touches.Until, err = wire.Stretch(zone, dateRange.Start.Value(), dateRange.End.Value(),
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
			return &gql.BookingData{Data: []*gql.Booking{}, PageInfo: p.Info(false)}, nil // no booking is part of one
		}
	}
	return q.bookings(ctx, zone, ask, p)
}

func (d Resolver) bookings(ctx context.Context, zone *time.Location, ask booking.Query,
	p wire.Page) (*gql.BookingData, error) {
	all, _, err := d.Core.Booking.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	all, more := wire.Cut(all, p.Size)
	out := &gql.BookingData{Data: make([]*gql.Booking, len(all)), PageInfo: p.Info(more)}
	of := wire.FieldsAsked(ctx, "data")
	for i := range all {
		out.Data[i] = booked(zone, &all[i], of)
	}
	return out, nil
}

// withCancelled are the states of bookings where deleted ones are wanted too.
var withCancelled = append(slices.Clone(booking.Live), booking.Cancelled)

// asking is what options and a page ask of bookings.
func (d Resolver) asking(ctx context.Context, options *gql.QueryOptions, p wire.Page) (booking.Query, error) {
	ask := booking.Query{States: booking.Live, Offset: p.Offset(), Limit: p.More()}
	if options == nil {
		return ask, nil
	}
	var err error
	if ask.Created, err = d.Span(ctx, options.CreatedAt.Value()); err != nil {
		return ask, err
	}
	if wire.Deref(options.IncludeDeleted.Value()) {
		ask.States = withCancelled
	}
	ask.Updated, err = d.Span(ctx, options.UpdatedAt.Value())
	return ask, err
}

// Bookings are those of a member of staff.
func (f UserFields) Bookings(
	ctx context.Context, obj *gql.User, start, end scalar.Moment, number, size *int,
) (*gql.BookingData, error) {
	p := wire.Numbered(number, size)
	zone, err := f.Zone(ctx)
	if err != nil {
		return nil, err
	}
	ask, err := f.asking(ctx, nil, p)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = wire.Stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	id, err := wire.Known[practice.PractitionerID](wire.KindUser, obj.ID)
	if err != nil {
		return nil, err
	}
	ask.Practitioner = id
	return f.bookings(ctx, zone, ask, p)
}

// The names of the loaders of patients' bookings, and of their counts. A field
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
func (f PatientFields) Bookings(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, options *gql.QueryOptions,
	pagination *gql.Pagination,
) ([]*gql.Booking, error) {
	p := wire.PageOf(pagination)
	ask, err := f.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	ask.Limit = p.Size
	if pagination == nil {
		ask.Limit = everyBooking
	}
	return f.bookingsOf(ctx, obj, start, end, ask, wire.FieldsAsked(ctx))
}

func (d Resolver) bookingsOf(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, ask booking.Query, of wire.Fields,
) ([]*gql.Booking, error) {
	zone, err := d.Zone(ctx)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = wire.Stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	ask.Bare = !of.Any(besideBooking...)
	load := func(ctx context.Context, of []patient.ID) (map[patient.ID][]booking.Appointment, error) {
		return d.Core.Booking.ListOf(ctx, of, ask)
	}
	all, err := wire.Loader(ctx, bookingsAsked{graphql.GetFieldContext(ctx).Field.Field, ask.Bare}, load).Load(ctx,
		obj.Of.ID)
	out := make([]*gql.Booking, len(all))
	for i := range all {
		out[i] = booked(zone, &all[i], of)
	}
	return out, err
}

// BookingsWithPagination are a patient's bookings, with their count.
func (f PatientFields) BookingsWithPagination(
	ctx context.Context, obj *gql.Patient, start, end scalar.Moment, options *gql.QueryOptions,
	pagination *gql.Pagination,
	sort *gql.PatientBookingsSort, deleted *bool,
) (*gql.PatientBookingsData, error) {
	p := wire.PageOf(pagination)
	ask, err := f.asking(ctx, options, p)
	if err != nil {
		return nil, err
	}
	ask.Limit = p.Size
	if pagination == nil {
		ask.Limit = everyBooking
	}
	if deleted != nil {
		if ask.States = booking.Live; *deleted {
			ask.States = []booking.State{booking.Cancelled}
		}
	}
	ask.Descending = sort != nil && sort.Direction == gql.SortDirectionDesc
	rows, err := f.bookingsOf(ctx, obj, start, end, ask, wire.FieldsAsked(ctx, "data"))
	if err != nil || pagination == nil {
		return &gql.PatientBookingsData{Data: rows}, err
	}
	zone, err := f.Zone(ctx)
	if err != nil {
		return nil, err
	}
	if ask.Touches.From, ask.Touches.Until, err = wire.Stretch(zone, &start, &end, false); err != nil {
		return nil, err
	}
	count := func(ctx context.Context, of []patient.ID) (map[patient.ID]int, error) {
		return f.Core.Booking.CountOf(ctx, of, ask)
	}
	total, err := wire.Loader(ctx, bookingsCounted{graphql.GetFieldContext(ctx).Field.Field}, count).Load(ctx,
		obj.Of.ID)
	return &gql.PatientBookingsData{Data: rows, Meta: &gql.PageInfoWithTotalCount{
		Page: &p.Number, PageSize: &p.Size, Total: &total, HasMore: new(total > p.Offset()+len(rows)),
	}}, err
}
