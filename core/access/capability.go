package access

import (
	"context"
	"slices"
)

// Capabilities is what a caller can do.
type Capabilities struct {
	Caller
	// Booking, Messaging and BookingLinks are what the caller may do in this group.
	Booking, Messaging, BookingLinks bool
	// Scopes are the scopes of the caller's key, at home.
	Scopes []Scope
	// KeyPermissions are the extra permissions all of which the caller has.
	KeyPermissions []KeyPermission
}

// CapabilitiesOf is what the caller can do in the group it asks about.
func CapabilitiesOf(ctx context.Context) (Capabilities, error) {
	who, err := Who(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	home := who
	home.Group = who.Home
	return Capabilities{
		Caller: who, Booking: who.May(EditBookings), Messaging: who.May(SendMessages),
		BookingLinks: who.May(EditBookingLinks), Scopes: within(home, Scopes, ofScope),
		KeyPermissions: within(who, KeyPermissions, ofKeyPermission),
	}, nil
}

// within are the sets all of which a caller may do.
func within[N Scope | KeyPermission](who Caller, names []N, of map[N][]Permission) []N {
	return slices.DeleteFunc(slices.Clone(names), func(n N) bool {
		return slices.ContainsFunc(of[n], func(p Permission) bool { return !who.May(p) })
	})
}
