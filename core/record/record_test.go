package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/api/apitest"
	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// writer is a record system that answers as a test says.
type writer struct{ err error }

func (w writer) Write(context.Context, practice.ID, record.Entry) error { return w.err }

// TestAWrittenEntryIsAnEventOnce writes a message into the record twice, and looks at its events.
func TestAWrittenEntryIsAnEventOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		says error
		want string
	}{
		{"the record takes it", nil, "write-to-record.succeeded 1 written, patient.medical-record-updated 2"},
		{"the record does not", fault.New(fault.Invalid, "no_such_code", "The record knows no such code."),
			"write-to-record.failed 1 failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				now := func() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }
				pages := func() string { return "https://desk.example.org" }
				groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
				g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
				if err != nil {
					t.Fatal(err)
				}
				ctx := access.With(context.Background(), access.Operator(g.ID))
				people := &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
				email := "ada@example.org"
				ada, err := patienttest.Register(ctx, people,
					patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
						Email: &email})
				if err != nil {
					t.Fatal(err)
				}
				records := &record.Service{Store: recordstore.New(db), Writer: writer{c.says}, Now: now,
					NewID: db.NewID,
					Pages: pages}
				messages := &messaging.Service{Store: messagingstore.New(db), Records: records, Now: now,
					NewID: db.NewID,
					Pages: pages}
				sent, err := messages.Send(ctx,
					messaging.Request{Patient: ada, Channel: carrier.Hero, Text: "Hello", WriteToRecord: true,
						AutoWriteToRecord: true})
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := records.Write(ctx, g.ID, sent.Record.ID); err != nil {
						t.Fatal(err)
					}
				}
				all, err := db.Events(ctx, int64(g.ID), 0, 10)
				if err != nil {
					t.Fatal(err)
				}
				apitest.Events(t, all)
				got := ""
				for _, e := range all {
					if e.Subject != sent.Record.ID {
						continue
					}
					var data map[string]string
					if err := json.Unmarshal(e.Data, &data); err != nil {
						t.Fatal(err)
					}
					if data["patient_id"] != ada.String() || data["record_entry_id"] != fmt.Sprint(sent.Record.ID) {
						t.Errorf("%s: %s", e.Type, e.Data)
					}
					if got != "" {
						got += ", "
					}
					got += fmt.Sprint(e.Type, " ", e.Sequence)
					if data["status"] != "" {
						got += " " + data["status"]
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
