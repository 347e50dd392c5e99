package access

import (
	"context"
	"slices"
)

// Capabilities is what a caller can do.
type Capabilities struct {
	Caller
	// Booking, Messaging and BookingLinks are parts of the API that the caller
	// has the scope for and that this Frontdesk has.
	Booking, Messaging, BookingLinks bool
	// KeyPermissions are the extra permissions all of which the caller has.
	KeyPermissions []KeyPermission
}

// CapabilitiesOf is what the caller can do in the group it asks about.
func CapabilitiesOf(ctx context.Context) (Capabilities, error) {
	who, err := Who(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	c := Capabilities{Caller: who, Booking: who.May(EditBookings), Messaging: who.May(SendMessages)}
	for _, k := range KeyPermissions {
		if !slices.ContainsFunc(ofKeyPermission[k], func(p Permission) bool { return !who.May(p) }) {
			c.KeyPermissions = append(c.KeyPermissions, k)
		}
	}
	return c, nil
}
