package access

import "slices"

// networkAllows is all that a key may do in another practice group of its
// network: read, and book. What is not on this list is refused there.
var networkAllows = []Grant{
	SeePractice, SeePatients, SeeBookings, EditBookings, SeeAvailability, SeeCommunications, SeeRecords, SeeDocuments,
}

// networkRule is the sentence a refusal gives.
const networkRule = "In another practice group of the network a key may read and book, and change nothing else."

// network refuses what a network does not allow. Error: ErrPermission.
func (c Caller) network(g Grant) error {
	if c.trusted || !c.Foreign() || slices.Contains(networkAllows, g) {
		return nil
	}
	return refused(string(g), networkRule)
}
