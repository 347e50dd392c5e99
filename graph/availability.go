package graph

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
)

// Availabilities lists when staff work in a room, whether they are booked or not.
func (q query) Availabilities(
	ctx context.Context, dateRange gql.DateRange, locationID string, doctorID *string,
) (*gql.AvailabilityData, error) {
	zone, err := q.zone(ctx)
	if err != nil {
		return nil, err
	}
	from, until, err := stretch(zone, dateRange.Start.Value(), dateRange.End.Value(), false)
	if err != nil {
		return nil, err
	}
	until = outside(until, dateRange.End.Value())
	at, err := some[practice.LocationID](kindRoom, locationID)
	if err != nil {
		return nil, err
	}
	var of practice.PractitionerID
	if s := deref(doctorID); s != "" {
		if of, err = some[practice.PractitionerID](kindUser, s); err != nil {
			return nil, err
		}
	}
	all, err := q.core.Diary.WorkedTime(ctx, at, of, from, until)
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilityData{Data: mapped(all, func(s diary.Stretch) *gql.Availability {
		return &gql.Availability{Start: face(zone, s.Start), End: face(zone, s.End)}
	})}, nil
}

// AvailabilitySlots lists times that are free.
func (q query) AvailabilitySlots(
	ctx context.Context, dateRange gql.AvailabilitySlotsDateRange, userIDs, roomIDs []*string, pagination *gql.Pagination,
	locationIDs, excludeBookingIDs []*string,
) (*gql.AvailabilitySlotData, error) {
	p := pageOf(pagination)
	zone, err := q.zone(ctx)
	if err != nil {
		return nil, err
	}
	ask := diary.FreeQuery{Page: input.Page{Number: p.number, Size: p.size}}
	if ask.From, err = trueTime(zone, dateRange.Start.Value()); err != nil {
		return nil, err
	}
	if ask.To, err = trueEnd(zone, dateRange.End.Value()); err != nil {
		return nil, err
	}
	ask.To = outside(ask.To, dateRange.End.Value())
	if ask.Practitioners, err = idsOf[practice.PractitionerID](kindUser, userIDs); err != nil {
		return nil, err
	}
	if ask.Locations, err = idsOf[practice.LocationID](kindRoom, roomIDs); err != nil {
		return nil, err
	}
	if ask.Places, err = idsOf[practice.LocationID](kindPlace, locationIDs); err != nil {
		return nil, err
	}
	if ask.Without, err = idsOf[int64](kindBooking, excludeBookingIDs); err != nil {
		return nil, err
	}
	all, more, err := q.core.Diary.FreeTime(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilitySlotData{PageInfo: p.info(more),
		Data: mapped(all, func(s diary.Stretch) *gql.AvailabilitySlot {
			return &gql.AvailabilitySlot{
				Of: s, StartLocal: &scalar.Wall{T: s.Start.In(zone)}, EndLocal: &scalar.Wall{T: s.End.In(zone)},
				StartsAt: scalar.Of(s.Start), EndsAt: scalar.Of(s.End),
			}
		})}, nil
}

// idsOf reads ids a list is narrowed to; those of nobody find nothing.
func idsOf[T ~int64](k kind, all []*string) ([]T, error) {
	var out []T
	for _, s := range all {
		if deref(s) == "" {
			continue
		}
		id, err := some[T](k, *s)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// User is who is free.
func (f slotFields) User(ctx context.Context, obj *gql.AvailabilitySlot) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Room is where they are.
func (f slotFields) Room(ctx context.Context, obj *gql.AvailabilitySlot) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// roomByID finds a room along with others that are asked for.
func (d *resolver) roomByID(ctx context.Context, id practice.LocationID) (*gql.PracticeLocation, error) {
	return loaderOf(ctx, "rooms", d.locationsByID).Load(ctx, id)
}

// AvailabilitySettings lists when staff work, and when they do not, from today on.
func (q query) AvailabilitySettings(ctx context.Context) ([]*gql.AvailabilitySettings, error) {
	all, today, err := q.core.Diary.SessionsToCome(ctx)
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
		s.Of, s.StartTime, s.EndTime = &h, shown(day, h.From), shown(day, end)
		s.ID = new(encode(kindAvailability, h.ID))
		if len(out) > 0 {
			s.ID = new(partID(kindAvailability, h.ID, n))
		}
		out = append(out, &s)
	}
	date := func(day input.Date, away bool) {
		if day >= today {
			add(maxWeekday+int(day), day, gql.AvailabilitySettings{Date: on(day), Blocker: &away})
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
func (f settingsFields) Location(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// Doctor is who it is about.
func (f settingsFields) Doctor(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// CreatedBy is who set it; null when a program did.
func (f settingsFields) CreatedBy(ctx context.Context, obj *gql.AvailabilitySettings) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.Of.CreatedBy))
}

// availability is a session or a block as it was set.
func availability(ctx context.Context, h diary.Session) *gql.ResourceAvailability {
	out := &gql.ResourceAvailability{
		Of: &h, ID: encode(kindAvailability, h.ID), Comment: h.Comment, Unavailability: h.Away,
		ResourceType: gql.AvailabilityResourceTypeUser,
		Exclusions:   mapped(h.Excluded(), input.Date.String), StartDate: h.Start.String(), EndDate: text(h.Last().String()),
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

// staffOrPractice is the id of a member of staff where one must be told: what a program
// did, the practice has done.
func staffOrPractice(ctx context.Context, id practice.PractitionerID) string {
	if id != 0 {
		return encode(kindUser, id)
	}
	who, _ := access.From(ctx)
	return encode(kindPractice, who.Group)
}

// User is who works; null when it is about everybody in the room.
func (f availabilityFields) User(ctx context.Context, obj *gql.ResourceAvailability) (*gql.User, error) {
	return f.userByID(ctx, account.StaffID(obj.Of.Practitioner))
}

// Room is the room.
func (f availabilityFields) Room(ctx context.Context, obj *gql.ResourceAvailability) (*gql.PracticeLocation, error) {
	return f.roomByID(ctx, obj.Of.Location)
}

// AvailabilityRule finds when somebody works, or does not.
func (q query) AvailabilityRule(ctx context.Context, id string) (*gql.ResourceAvailabilityRuleQueryPayload, error) {
	n, err := known[diary.SessionID](kindAvailability, id)
	if err != nil {
		return nil, err
	}
	h, err := q.core.Diary.Session(ctx, n)
	if err != nil {
		return absent[gql.ResourceAvailabilityRuleQueryPayload](nil, err, diary.ErrSessionNotFound)
	}
	return &gql.ResourceAvailabilityRuleQueryPayload{Data: availability(ctx, h)}, nil
}

// AvailabilityRules lists when staff work, and when they do not, as it was set.
func (q query) AvailabilityRules(
	ctx context.Context, userIDs, roomIDs, locationIDs []string, pagination *gql.Pagination,
) (*gql.AvailabilityRulesData, error) {
	p := pageOf(pagination)
	ask := diary.PageQuery{Page: input.Page{Number: p.number, Size: p.size}}
	var err error
	if ask.Practitioners, err = idsOf[practice.PractitionerID](kindUser, pointers(userIDs)); err != nil {
		return nil, err
	}
	if ask.Locations, err = idsOf[practice.LocationID](kindRoom, pointers(roomIDs)); err != nil {
		return nil, err
	}
	places, err := idsOf[practice.LocationID](kindPlace, pointers(locationIDs))
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
			ask.Locations = []practice.LocationID{nobody}
		}
	}
	all, more, err := q.core.Diary.SessionPage(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &gql.AvailabilityRulesData{PageInfo: p.info(more),
		Data: mapped(all, func(h diary.Session) *gql.ResourceAvailability {
			return availability(ctx, h)
		})}, nil
}

func pointers[T any](all []T) []*T { return mapped(all, func(v T) *T { return &v }) }

// sessionChange reads an input.
func sessionChange(in gql.UpdateResourceAvailabilityInput) diary.SessionChange {
	c := diary.SessionChange{
		Comment: change(in.Comment), StartDate: in.StartDate.Value(), EndDate: change(in.EndDate), From: in.StartTime.Value(),
		To:         in.EndTime.Value(),
		Exclusions: in.Exclusions.Value(),
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
	return c
}

// CreateAvailability sets when somebody works, or does not.
func (m mutation) CreateAvailability(
	ctx context.Context, in gql.CreateResourceAvailabilityInput,
) (*gql.ResourceAvailabilityCreatePayload, error) {
	c := sessionChange(gql.UpdateResourceAvailabilityInput{
		Comment: in.Comment, Recurrence: in.Recurrence, Exclusions: in.Exclusions,
		StartDate: graphql.OmittableOf(&in.StartDate),
		EndDate:   in.EndDate, StartTime: graphql.OmittableOf(&in.StartTime), EndTime: graphql.OmittableOf(&in.EndTime),
	})
	c.Away, c.AsOffered = in.Unavailability, true
	at, err := some[practice.LocationID](kindRoom, in.Room)
	if err != nil {
		return nil, err
	}
	c.Location = &at
	if s := word(in.User); s != "" {
		of, err := some[practice.PractitionerID](kindUser, s)
		if err != nil {
			return nil, err
		}
		c.Practitioner = &of
	}
	h, err := m.core.Diary.CreateSession(ctx, c)
	if err != nil {
		return nil, err
	}
	return &gql.ResourceAvailabilityCreatePayload{Data: availability(ctx, h)}, nil
}

// ErrAvailabilityNotFound is the fault of a session or a block the practice lacks, in the
// words programs look for.
var ErrAvailabilityNotFound = fault.New(fault.NotFound, "availability_not_found",
	"This practice group has no such availability.")

func noAvailability(err error) error {
	if errors.Is(err, diary.ErrSessionNotFound) {
		return ErrAvailabilityNotFound
	}
	return err
}

// UpdateAvailability changes when somebody works, or does not.
func (m mutation) UpdateAvailability(
	ctx context.Context, id string, in gql.UpdateResourceAvailabilityInput,
) (*gql.ResourceAvailabilityUpdatePayload, error) {
	n, err := known[diary.SessionID](kindAvailability, id)
	if err != nil {
		return nil, err
	}
	h, err := m.core.Diary.ChangeSession(ctx, n, sessionChange(in))
	if err != nil {
		return nil, noAvailability(err)
	}
	return &gql.ResourceAvailabilityUpdatePayload{Data: availability(ctx, h)}, nil
}

// DeleteAvailability ends that.
func (m mutation) DeleteAvailability(ctx context.Context, id string) (*gql.ResourceAvailabilityDeletePayload, error) {
	n, err := known[diary.SessionID](kindAvailability, id)
	if err != nil {
		return nil, err
	}
	h, err := m.core.Diary.DeleteSession(ctx, n)
	if err != nil {
		return nil, noAvailability(err)
	}
	return &gql.ResourceAvailabilityDeletePayload{Data: availability(ctx, h)}, nil
}
