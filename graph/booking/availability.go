package booking

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// Availabilities lists when staff work in a room, whether they are booked or not.
func (q Query) Availabilities(
	ctx context.Context, dateRange gql.DateRange, locationID string, doctorID *string,
) (*gql.AvailabilityData, error) {
	zone, err := q.Zone(ctx)
	if err != nil {
		return nil, err
	}
	from, until, err := wire.Stretch(zone, dateRange.Start.Value(), dateRange.End.Value(), false)
	if err != nil {
		return nil, err
	}
	until = wire.EndExclusive(until, dateRange.End.Value())
	at, err := wire.IDOrUnknown[practice.LocationID](wire.KindRoom, locationID)
	if err != nil {
		return nil, err
	}
	of, err := idsOf[practice.PractitionerID](wire.KindUser, []*string{doctorID})
	if err != nil {
		return nil, err
	}
	all, _, err := q.Core.Diary.WorkingTime(ctx, diary.TimeQuery{Practitioners: of, Places: []practice.LocationID{at},
		From: from, To: until})
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilityData{Data: wire.Map(all, func(s diary.Stretch) *gql.Availability {
		return &gql.Availability{Start: wire.Wall(zone, s.Start), End: wire.Wall(zone, s.End)}
	})}, nil
}

// AvailabilitySlots lists times that are free.
func (q Query) AvailabilitySlots(
	ctx context.Context, dateRange gql.AvailabilitySlotsDateRange, userIDs, roomIDs []*string,
	pagination *gql.Pagination,
	locationIDs, excludeBookingIDs []*string,
) (*gql.AvailabilitySlotData, error) {
	p := wire.PageOf(pagination)
	zone, err := q.Zone(ctx)
	if err != nil {
		return nil, err
	}
	ask := diary.TimeQuery{Free: true, Page: input.Page{Number: p.Number, Size: p.Size}}
	if ask.From, err = wire.TrueTime(zone, dateRange.Start.Value()); err != nil {
		return nil, err
	}
	if ask.To, err = wire.TrueEnd(zone, dateRange.End.Value()); err != nil {
		return nil, err
	}
	ask.To = wire.EndExclusive(ask.To, dateRange.End.Value())
	if ask.Practitioners, err = idsOf[practice.PractitionerID](wire.KindUser, userIDs); err != nil {
		return nil, err
	}
	if ask.Locations, err = idsOf[practice.LocationID](wire.KindRoom, roomIDs); err != nil {
		return nil, err
	}
	if ask.Places, err = idsOf[practice.LocationID](wire.KindPlace, locationIDs); err != nil {
		return nil, err
	}
	if ask.Without, err = idsOf[int64](wire.KindBooking, excludeBookingIDs); err != nil {
		return nil, err
	}
	all, more, err := q.Core.Diary.WorkingTime(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilitySlotData{PageInfo: p.Info(more),
		Data: wire.Map(all, func(s diary.Stretch) *gql.AvailabilitySlot {
			return &gql.AvailabilitySlot{
				Of: s, StartLocal: &scalar.Wall{T: s.Start.In(zone)}, EndLocal: &scalar.Wall{T: s.End.In(zone)},
				StartsAt: scalar.Of(s.Start), EndsAt: scalar.Of(s.End),
			}
		})}, nil
}

// idsOf reads the ids that a list is narrowed to; unknown ids find nothing.
func idsOf[T ~int64](k wire.Kind, all []*string) ([]T, error) {
	var out []T
	for _, s := range all {
		if wire.Deref(s) == "" {
			continue
		}
		id, err := wire.IDOrUnknown[T](k, *s)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// User is who is free.
func (f SlotFields) User(ctx context.Context, obj *gql.AvailabilitySlot) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Room is where they are.
func (f SlotFields) Room(ctx context.Context, obj *gql.AvailabilitySlot) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// roomByID finds a room along with others that are asked for.
func (d Resolver) roomByID(ctx context.Context, id practice.LocationID) (*gql.PracticeLocation, error) {
	return wire.Loader(ctx, "rooms", d.LocationsByID).Load(ctx, id)
}

// AvailabilitySettings lists when staff work, and when they do not, from today on.
func (q Query) AvailabilitySettings(ctx context.Context) ([]*gql.AvailabilitySettings, error) {
	zone, err := q.Zone(ctx)
	if err != nil {
		return nil, err
	}
	today := input.DateOf(q.Core.Diary.Now().In(zone))
	all, _, err := q.Core.Diary.Sessions(ctx, diary.SessionQuery{Since: &today, Blocks: true})
	out := []*gql.AvailabilitySettings{}
	for _, h := range all {
		out = append(out, settings(h, today)...)
	}
	return out, err
}

// settings are a session or a block as the parts this list has of it: one for each
// day of the week, and one for each date. The first has the id of the whole.
func settings(h diary.Session, today input.Date) []*gql.AvailabilitySettings {
	var out []*gql.AvailabilitySettings
	end := h.To
	if end <= h.From {
		end += 24 * 60 // it is of the next day
	}
	add := func(n int, day input.Date, s gql.AvailabilitySettings) {
		s.Of, s.StartTime, s.EndTime = &h, wire.WallMinutes(day, h.From), wire.WallMinutes(day, end)
		s.ID = new(wire.Encode(wire.KindAvailability, h.ID))
		if len(out) > 0 {
			s.ID = new(wire.PartID(wire.KindAvailability, h.ID, n))
		}
		out = append(out, &s)
	}
	date := func(day input.Date, away bool) {
		if day >= today {
			add(maxWeekday+int(day), day, gql.AvailabilitySettings{Date: wire.Date(day), Blocker: &away})
		}
	}
	if h.Interval > 0 {
		for day := range maxWeekday {
			if h.Days&(1<<day) != 0 {
				add(day, 0, gql.AvailabilitySettings{Day: &day, Blocker: new(false)})
			}
		}
		for _, day := range h.Excluded() {
			date(day, true)
		}
		return out
	}
	excluded := h.Excluded()
	for day := max(h.Start, today); day <= h.Last(); day++ {
		if !slices.Contains(excluded, day) {
			date(day, h.Away)
		}
	}
	return out
}

// maxWeekday is how many days a week has.
const maxWeekday = 7

// Location is the room.
func (f SettingsFields) Location(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// Doctor is who it is about.
func (f SettingsFields) Doctor(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// CreatedBy is who set it; null when a program did.
func (f SettingsFields) CreatedBy(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.Of.CreatedBy))
}

// availability is a session or a block as it was set.
func availability(ctx context.Context, h diary.Session) *gql.ResourceAvailability {
	out := &gql.ResourceAvailability{
		Of: &h, ID: wire.Encode(wire.KindAvailability, h.ID), Comment: h.Comment, Unavailability: h.Away,
		ResourceType: gql.AvailabilityResourceTypeUser,
		Exclusions:   wire.Map(h.Excluded(), input.Date.String), StartDate: h.Start.String(),
		EndDate:   wire.Text(h.Last().String()),
		StartTime: diary.Clock(h.From), EndTime: diary.Clock(h.To), CreatedAt: *scalar.Of(h.CreatedAt),
		UpdatedAt: *scalar.Of(h.UpdatedAt),
		CreatedBy: staffOrPractice(ctx, h.CreatedBy), LastUpdatedBy: staffOrPractice(ctx, h.UpdatedBy),
	}
	if h.Practitioner == 0 {
		out.ResourceType = gql.AvailabilityResourceTypeRoom
	}
	if h.Interval > 0 {
		out.Recurrence = &gql.AvailabilityRecurrence{Interval: new(h.Interval)}
		for day := range maxWeekday {
			if h.Days&(1<<day) != 0 {
				out.Recurrence.Days = append(out.Recurrence.Days, day)
			}
		}
	}
	return out
}

// staffOrPractice is the id of a member of staff where an answer must have one: what a program
// did, the practice has done.
func staffOrPractice(ctx context.Context, id practice.PractitionerID) string {
	if id != 0 {
		return wire.Encode(wire.KindUser, id)
	}
	who, _ := access.From(ctx)
	return wire.Encode(wire.KindPractice, who.Group)
}

// User is who works; null when it is about the room alone.
func (f AvailabilityFields) User(ctx context.Context, obj *gql.ResourceAvailability) (*gql.User, error) {
	return f.UserByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Room is the room.
func (f AvailabilityFields) Room(ctx context.Context, obj *gql.ResourceAvailability) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// AvailabilityRule finds one session or block.
func (q Query) AvailabilityRule(ctx context.Context, id string) (*gql.ResourceAvailabilityRuleQueryPayload, error) {
	n, err := wire.Known[diary.SessionID](wire.KindAvailability, id)
	if err != nil {
		return nil, err
	}
	h, err := q.Core.Diary.Session(ctx, n, true)
	if err != nil {
		return wire.Absent[gql.ResourceAvailabilityRuleQueryPayload](nil, err, diary.ErrSessionNotFound)
	}
	return &gql.ResourceAvailabilityRuleQueryPayload{Data: availability(ctx, h)}, nil
}

// AvailabilityRules lists when staff work, and when they do not, as it was set.
func (q Query) AvailabilityRules(
	ctx context.Context, userIDs, roomIDs, locationIDs []string, pagination *gql.Pagination,
) (*gql.AvailabilityRulesData, error) {
	p := wire.PageOf(pagination)
	ask := diary.SessionQuery{Page: input.Page{Number: p.Number, Size: p.Size}}
	var err error
	if ask.Practitioners, err = idsOf[practice.PractitionerID](wire.KindUser, pointers(userIDs)); err != nil {
		return nil, err
	}
	if ask.Locations, err = idsOf[practice.LocationID](wire.KindRoom, pointers(roomIDs)); err != nil {
		return nil, err
	}
	places, err := idsOf[practice.LocationID](wire.KindPlace, pointers(locationIDs))
	if err != nil {
		return nil, err
	}
	switch {
	case len(ask.Locations) == 0:
		ask.Locations = places
	case len(places) > 0:
		// A room is in the one place it is.
		ask.Locations = slices.DeleteFunc(ask.Locations,
			func(id practice.LocationID) bool { return !slices.Contains(places, id) })
		if len(ask.Locations) == 0 {
			ask.Locations = []practice.LocationID{wire.Unknown}
		}
	}
	all, more, err := q.Core.Diary.Sessions(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilityRulesData{PageInfo: p.Info(more),
		Data: wire.Map(all, func(h diary.Session) *gql.ResourceAvailability {
			return availability(ctx, h)
		})}, nil
}

func pointers[T any](all []T) []*T { return wire.Map(all, func(v T) *T { return &v }) }

// sessionChange reads an input.
func sessionChange(in gql.UpdateResourceAvailabilityInput) (diary.SessionChange, error) {
	var check input.Checks
	c := diary.SessionChange{
		Comment: wire.Change(in.Comment), StartDate: diary.ReadDate(&check, "start_date", in.StartDate.Value()),
		From: diary.ReadTime(&check, "start_time", in.StartTime.Value(), false),
		To:   diary.ReadTime(&check, "end_time", in.EndTime.Value(), true),
		Exclusions: wire.Map(in.Exclusions.Value(), func(text string) input.Date {
			return check.Date("exclusions", text)
		}),
	}
	if end := wire.Change(in.EndDate); end != nil && *end == "" {
		c.EndDate = new(input.NoDate)
	} else {
		c.EndDate = diary.ReadDate(&check, "end_date", end)
	}
	if v, set := in.Recurrence.ValueOK(); set {
		c.Recurrence = &diary.Recurrence{Once: true}
		if v != nil {
			c.Recurrence = &diary.Recurrence{Interval: 1, Days: v.Days.Value()}
			if n := v.Interval.Value(); n != nil {
				c.Recurrence.Interval = *n
			}
		}
	}
	return c, check.Err()
}

// CreateAvailability adds a session or a block.
func (m Mutation) CreateAvailability(
	ctx context.Context, in gql.CreateResourceAvailabilityInput,
) (*gql.ResourceAvailabilityCreatePayload, error) {
	c, err := sessionChange(gql.UpdateResourceAvailabilityInput{
		Comment: in.Comment, Recurrence: in.Recurrence, Exclusions: in.Exclusions,
		StartDate: graphql.OmittableOf(&in.StartDate),
		EndDate:   in.EndDate, StartTime: graphql.OmittableOf(&in.StartTime), EndTime: graphql.OmittableOf(&in.EndTime),
	})
	if err != nil {
		return nil, err
	}
	c.Away, c.AsOffered = in.Unavailability, true
	at, err := wire.IDOrUnknown[practice.LocationID](wire.KindRoom, in.Room)
	if err != nil {
		return nil, err
	}
	c.Location = &at
	if s := wire.Word(in.User); s != "" {
		of, err := wire.IDOrUnknown[practice.PractitionerID](wire.KindUser, s)
		if err != nil {
			return nil, err
		}
		c.Practitioner = &of
	}
	h, err := m.Core.Diary.CreateSession(ctx, c)
	if err != nil {
		return nil, err
	}
	return &gql.ResourceAvailabilityCreatePayload{Data: availability(ctx, h)}, nil
}

// ErrAvailabilityNotFound is the fault of a session or a block the practice lacks, in the
// words that programs compare.
var ErrAvailabilityNotFound = fault.New(fault.NotFound, "availability_not_found",
	"This practice group has no such availability.")

func noAvailability(err error) error {
	if errors.Is(err, diary.ErrSessionNotFound) {
		return ErrAvailabilityNotFound
	}
	return err
}

// UpdateAvailability changes a session or a block.
func (m Mutation) UpdateAvailability(
	ctx context.Context, id string, in gql.UpdateResourceAvailabilityInput,
) (*gql.ResourceAvailabilityUpdatePayload, error) {
	n, err := wire.Known[diary.SessionID](wire.KindAvailability, id)
	if err != nil {
		return nil, err
	}
	c, err := sessionChange(in)
	if err != nil {
		return nil, err
	}
	h, err := m.Core.Diary.ChangeSession(ctx, n, c)
	if err != nil {
		return nil, noAvailability(err)
	}
	return &gql.ResourceAvailabilityUpdatePayload{Data: availability(ctx, h)}, nil
}

// DeleteAvailability ends that.
func (m Mutation) DeleteAvailability(ctx context.Context, id string) (*gql.ResourceAvailabilityDeletePayload, error) {
	n, err := wire.Known[diary.SessionID](wire.KindAvailability, id)
	if err != nil {
		return nil, err
	}
	h, err := m.Core.Diary.DeleteSession(ctx, n)
	if err != nil {
		return nil, noAvailability(err)
	}
	return &gql.ResourceAvailabilityDeletePayload{Data: availability(ctx, h)}, nil
}
