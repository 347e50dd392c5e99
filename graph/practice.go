package graph

import (
	"context"

	"frontdesk/core/audit"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
)

// Practice is the token's own practice.
func (q query) Practice(ctx context.Context) (*gql.Practice, error) {
	o, err := q.core.Practice.Overview(ctx)
	if err != nil {
		return nil, err
	}
	audit.Seen(ctx, audit.Subject{Kind: names[kindPractice], ID: int64(o.ID)})
	out := &gql.Practice{
		ID: encode(kindPractice, o.ID), Name: &o.Name, Logo: text(o.Logo), Timezone: &o.TimeZone,
		PatientSharingMode: new(gql.SharingMode(o.PatientSharing)),
		ContactSharingMode: new(gql.SharingMode(o.ContactSharing)),
	}
	if o.Colour != "" || o.SecondColour != "" || o.SecondLogo != "" {
		out.Branding = &gql.PracticeBranding{
			Colors:        &gql.BrandingColors{Primary: text(o.Colour), Secondary: text(o.SecondColour)},
			SecondaryLogo: text(o.SecondLogo),
		}
	}
	return out, nil
}

// Locations are the rooms patients come to: each place here has one.
func (f practiceFields) Locations(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeLocation, error) {
	all, err := f.core.Practice.Locations(ctx, false)
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
		ID: encode(kindRoom, l.ID), Name: l.Name, GroupName: l.Name, GroupID: new(encode(kindPlace, l.ID)),
		Address: &gql.Address{Address: street(a.Line1, a.Line2), City: text(a.Town), Postcode: text(a.Postcode),
			Country: new(homeCountry)},
	}
}

// locationsByID reads places, inactive ones too: bookings remain in them.
func (d *resolver) locationsByID(
	ctx context.Context, ids []practice.LocationID,
) (map[practice.LocationID]*gql.PracticeLocation, error) {
	all, err := d.core.Practice.Locations(ctx, true)
	out := make(map[practice.LocationID]*gql.PracticeLocation, len(ids))
	for _, l := range all {
		out[l.ID] = location(l)
	}
	return out, err
}

// AppointmentTypes are the products that can be booked.
func (f practiceFields) AppointmentTypes(ctx context.Context, _ *gql.Practice) ([]*gql.AppointmentType, error) {
	all, err := f.core.Diary.AppointmentTypes(ctx, false)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.AppointmentType, len(all))
	for i, t := range all {
		out[i] = &gql.AppointmentType{ID: encode(kindProduct, t.ID), Title: &t.Name, Duration: &t.Minutes,
			Price: pounds(t.Price)}
	}
	return out, nil
}

// AccessGroups are the practice's groups of staff.
func (f practiceFields) AccessGroups(ctx context.Context, _ *gql.Practice) ([]*gql.PracticeAccessGroups, error) {
	all, err := f.core.Account.AccessGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*gql.PracticeAccessGroups, len(all))
	for i, g := range all {
		out[i] = &gql.PracticeAccessGroups{ID: encode(kindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, nil
}

// Metadata is what other programs keep with a place.
func (f locationFields) Metadata(ctx context.Context, obj *gql.PracticeLocation) ([]*gql.MetadataEntry, error) {
	return f.metadata(ctx, practice.OfLocation, obj.ID)
}

// metadata reads what is kept with a thing of a kind, whose id was told as text.
func (d *resolver) metadata(ctx context.Context, kind practice.Kind, id string) ([]*gql.MetadataEntry, error) {
	_, n, _ := decode(id)
	all, err := loaderOf(ctx, "metadata "+string(kind), func(ctx context.Context,
		ids []int64) (map[int64][]practice.Metadata, error) {
		return d.core.Practice.Metadata(ctx, kind, ids)
	}).Load(ctx, n)
	out := make([]*gql.MetadataEntry, len(all))
	for i, m := range all {
		out[i] = &gql.MetadataEntry{Key: &m.Key, Value: &m.Value}
	}
	return out, err
}

// UpdateLocationMetadata keeps a value with a place.
func (m mutation) UpdateLocationMetadata(
	ctx context.Context, locationID, key, value string,
) (*gql.LocationResponsePayload, error) {
	id, err := place(locationID)
	if err != nil {
		return nil, err
	}
	l, err := m.core.Practice.SetLocationMetadata(ctx, id, practice.Metadata{Key: key, Value: value})
	return &gql.LocationResponsePayload{Data: location(l)}, err
}

// DeleteLocationMetadata forgets a value.
func (m mutation) DeleteLocationMetadata(
	ctx context.Context, locationID, key string,
) (*gql.LocationResponsePayload, error) {
	id, err := place(locationID)
	if err != nil {
		return nil, err
	}
	l, err := m.core.Practice.DropLocationMetadata(ctx, id, key)
	return &gql.LocationResponsePayload{Data: location(l)}, err
}

// place reads the id of a room or of the place it is in: metadata is kept with
// either.
func place(s string) (practice.LocationID, error) {
	id, err := known[practice.LocationID](kindPlace, s)
	if err == nil && id == 0 {
		id, err = known[practice.LocationID](kindRoom, s)
	}
	return id, err
}
