package practice

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/write"
)

// Location is a place patients come to.
type Location struct {
	ID        LocationID `json:"id"`
	Name      string     `json:"name"`
	Phone     string     `json:"phone"`
	Address   Address    `json:"address"`
	Active    bool       `json:"active"` // an inactive place offers no slots
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// LocationChange is what to set of a place; nil leaves a thing as it is.
type LocationChange struct {
	Name, Phone *string
	Address     *Address
	Active      *bool
}

func (c LocationChange) apply(l *Location) error {
	var in input.Checks
	in.Keep(l.Phone)
	input.Set(&l.Name, c.Name)
	input.Set(&l.Phone, c.Phone)
	input.Set(&l.Address, c.Address)
	input.Set(&l.Active, c.Active)
	l.Name = in.Required("name", l.Name, 200)
	l.Phone = in.Telephone("phone", l.Phone)
	l.Address = l.Address.check(&in)
	return in.Err()
}

// Locations lists the group's places by name; inactive ones too when asked.
func (s *Service) Locations(ctx context.Context, inactive bool) ([]Location, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	return s.Store.Locations(ctx, who.Group, inactive)
}

var locations = write.Kind[Tx, LocationID, Location]{Needs: access.SettingsGeneral, Lock: Tx.Location,
	Save: Tx.SaveLocation}

// CreateLocation adds a place.
func (s *Service) CreateLocation(ctx context.Context, c LocationChange) (Location, error) {
	id := LocationID(s.NewID())
	return locations.Add(ctx, s.Now, s.Store.Do, "location.create", id, func(e write.Edit[Tx], l *Location) error {
		*l = Location{ID: id, Active: true, CreatedAt: e.Now, UpdatedAt: e.Now}
		return c.apply(l)
	})
}

// UpdateLocation changes a place.
func (s *Service) UpdateLocation(ctx context.Context, id LocationID, c LocationChange) (Location, error) {
	return locations.Change(ctx, s.Now, s.Store.Do, "location.update", id, func(e write.Edit[Tx], l *Location) error {
		l.UpdatedAt = e.Now
		return c.apply(l)
	})
}
