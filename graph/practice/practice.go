package practice

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
)

// Practice is the token's own practice.
func (q Query) Practice(ctx context.Context) (*gql.Practice, error) {
	o, err := q.Core.Practice.Overview(ctx)
	if err != nil {
		return nil, err
	}
	audit.Seen(ctx, audit.Subject{Kind: "practice_group", ID: int64(o.ID)})
	out := &gql.Practice{
		ID: wire.Encode(wire.KindPractice, o.ID), Name: &o.Name, Logo: wire.Text(o.Logo), Timezone: &o.TimeZone,
		PatientSharingMode: new(gql.SharingMode(o.PatientSharing)),
		ContactSharingMode: new(gql.SharingMode(o.ContactSharing)),
	}
	if o.Colour != "" || o.SecondColour != "" || o.SecondLogo != "" {
		out.Branding = &gql.PracticeBranding{
			Colors:        &gql.BrandingColors{Primary: wire.Text(o.Colour), Secondary: wire.Text(o.SecondColour)},
			SecondaryLogo: wire.Text(o.SecondLogo),
		}
	}
	return out, nil
}

// Locations are the rooms patients come to: each place here has one.
func (f Fields) Locations(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeLocation, error) {
	all, err := f.Core.Practice.Locations(ctx, false)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.PracticeLocation, len(all))
	for i, l := range all {
		out[i] = location(l)
	}
	return out, nil
}

func location(l practice.Location) *gql.PracticeLocation {
	a := l.Address
	return &gql.PracticeLocation{
		ID: wire.Encode(wire.KindRoom, l.ID), Name: l.Name, GroupName: l.Name,
		GroupID: new(wire.Encode(wire.KindPlace, l.ID)),
		Address: &gql.Address{Address: wire.Street(a.Line1, a.Line2), City: wire.Text(a.Town),
			Postcode: wire.Text(a.Postcode),
			Country:  new(wire.HomeCountry)},
	}
}

// LocationsByID reads places, inactive ones too: bookings remain in them.
func (d Resolver) LocationsByID(
	ctx context.Context, ids []practice.LocationID,
) (map[practice.LocationID]*gql.PracticeLocation, error) {
	all, err := d.Core.Practice.Locations(ctx, true)
	out := make(map[practice.LocationID]*gql.PracticeLocation, len(ids))
	for _, l := range all {
		out[l.ID] = location(l)
	}
	return out, err
}

// AppointmentTypes are the products that can be booked.
func (f Fields) AppointmentTypes(ctx context.Context, _ *gql.Practice) ([]*gql.AppointmentType, error) {
	all, err := f.Core.Diary.Types(ctx, diary.TypeQuery{})
	if err != nil {
		return nil, err
	}
	out := make([]*gql.AppointmentType, len(all))
	for i, t := range all {
		out[i] = &gql.AppointmentType{ID: wire.Encode(wire.KindProduct, t.ID), Title: &t.Name, Duration: &t.Minutes,
			Price: wire.Pounds(t.Price)}
	}
	return out, nil
}

// AccessGroups are the practice's groups of staff.
func (f Fields) AccessGroups(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeAccessGroups, error) {
	all, err := f.Core.Account.AccessGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.PracticeAccessGroups, len(all))
	for i, g := range all {
		out[i] = &gql.PracticeAccessGroups{ID: wire.Encode(wire.KindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, nil
}

// Metadata is what other programs keep with a place.
func (f LocationFields) Metadata(ctx context.Context, obj *gql.PracticeLocation) ([]*gql.MetadataEntry, error) {
	return f.MetadataOf(ctx, practice.OfLocation, obj.ID)
}

// MetadataOf reads what is kept with a thing of a kind, by the id its answer has.
func (d Resolver) MetadataOf(ctx context.Context, kind practice.Kind, id string) ([]*gql.MetadataEntry, error) {
	_, n, _ := wire.Decode(id)
	all, err := wire.Loader(ctx, "metadata "+string(kind), func(ctx context.Context,
		ids []int64) (map[int64][]practice.Metadata, error) {
		return d.Core.Practice.Metadata(ctx, kind, ids)
	}).Load(ctx, n)
	out := make([]*gql.MetadataEntry, len(all))
	for i, m := range all {
		out[i] = &gql.MetadataEntry{Key: &m.Key, Value: &m.Value}
	}
	return out, err
}

// UpdateLocationMetadata keeps a value with a place.
func (m Mutation) UpdateLocationMetadata(
	ctx context.Context, locationID, key, value string,
) (*gql.LocationResponsePayload, error) {
	id, err := Place(locationID)
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Practice.SetLocationMetadata(ctx, id, practice.Metadata{Key: key, Value: value})
	return &gql.LocationResponsePayload{Data: location(l)}, err
}

// DeleteLocationMetadata forgets a value.
func (m Mutation) DeleteLocationMetadata(
	ctx context.Context, locationID, key string,
) (*gql.LocationResponsePayload, error) {
	id, err := Place(locationID)
	if err != nil {
		return nil, err
	}
	l, err := m.Core.Practice.DropLocationMetadata(ctx, id, key)
	return &gql.LocationResponsePayload{Data: location(l)}, err
}

// Place reads the id of a room or of the place it is in: metadata is kept with
// either.
func Place(s string) (practice.LocationID, error) {
	id, err := wire.Known[practice.LocationID](wire.KindPlace, s)
	if err == nil && id == 0 {
		id, err = wire.Known[practice.LocationID](wire.KindRoom, s)
	}
	return id, err
}
