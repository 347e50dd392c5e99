package graph

import (
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/booking"
	"frontdesk/core/chart"
	"frontdesk/core/diary"
	"frontdesk/core/label"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store"
)

// newCore is the capabilities over a store, with nothing of the outside world.
func newCore(db *store.DB, clock func() time.Time) *core.Core {
	rights := &access.Service{Store: db.Access(), Now: clock, NewID: db.NewID}
	days := &diary.Service{Store: db.Diary(), Now: clock, NewID: db.NewID}
	people := &patient.Service{Store: db.Patient(), Now: clock, NewID: db.NewID}
	return &core.Core{
		Access:   rights,
		Account:  &account.Service{Store: db.Account(), Access: rights, Hasher: passwords{}, Now: clock, NewID: db.NewID},
		Practice: &practice.Service{Store: db.Practice(), Now: clock, NewID: db.NewID},
		Patient:  people,
		Label:    &label.Service{Store: db.Label(), Now: clock, NewID: db.NewID},
		Chart:    &chart.Service{Store: db.Chart(), Patients: people, Now: clock, NewID: db.NewID},
		Diary:    days,
		Booking:  &booking.Service{Store: db.Booking(), Diary: days, Now: clock, NewID: db.NewID, Hold: 10 * time.Minute},
	}
}
