package access

import "context"

// Capabilities is what a caller can do.
type Capabilities struct {
	Caller
	// Booking, Messaging and BookingLinks are parts of the API that the caller
	// has the scope for and that this Frontdesk has.
	Booking, Messaging, BookingLinks bool
}

// Capabilities tells what the caller can do in the group it asks about.
func (s *Service) Capabilities(ctx context.Context) (Capabilities, error) {
	who, err := Who(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	c := Capabilities{Caller: who, Booking: who.Has(Booking), Messaging: who.Has(Messaging)}
	c.Permissions = nil
	for _, p := range Permissions {
		if who.May(p) {
			c.Permissions = append(c.Permissions, p)
		}
	}
	return c, nil
}
