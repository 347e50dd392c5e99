package graph

import (
	"context"
	"time"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/chart"
	"frontdesk/core/contact"
	"frontdesk/core/diary"
	"frontdesk/core/label"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/task"
	"frontdesk/store"
)

// nobodysCarrier is there and is never asked: nothing is due in these tests.
type nobodysCarrier struct{ messaging.Carrier }

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
		Contact:  &contact.Service{Store: db.Contact(), Now: clock, NewID: db.NewID},
		Billing:  &billing.Service{Store: db.Billing(), Now: clock, NewID: db.NewID},
		Task: &task.Service{
			Store: db.Task(), Now: clock, NewID: db.NewID,
			Staff: func(c access.Caller) practice.PractitionerID { return practice.PractitionerID(c.Staff) },
		},
		Messaging: &messaging.Service{
			Store: db.Messaging(), Now: clock, NewID: db.NewID, Pages: func() string { return "https://desk.example" },
			Carriers: func(context.Context, practice.ID, messaging.Channel) ([]messaging.Carrier, error) {
				return []messaging.Carrier{nobodysCarrier{}}, nil
			},
		},
	}
}
