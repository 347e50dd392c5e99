package migrations_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"frontdesk/core/event"
	"frontdesk/core/practice"
	"frontdesk/core/webhook"
	"frontdesk/store"
	"frontdesk/store/migrations"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	webhookstore "frontdesk/store/webhook"
)

// run runs statements on either database.
func run(t *testing.T, db *store.DB, all ...string) {
	t.Helper()
	for _, text := range all {
		var err error
		if pool := db.Postgres(); pool != nil {
			_, err = pool.Exec(context.Background(), text)
		} else {
			_, err = db.SQLite().ExecContext(context.Background(), text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// again applies one migration alone, as to a database of an earlier version.
func again(t *testing.T, db *store.DB, version int64) {
	t.Helper()
	run(t, db, fmt.Sprint("DELETE FROM goose_db_version WHERE version_id = ", version))
	of := migrations.Database{Postgres: db.Postgres(), SQLite: db.SQLite(), Outward: store.Outward}
	if err := of.One(context.Background(), version); err != nil {
		t.Fatal(err)
	}
}

// TestUpgradeGivesTypesOfEventsTheirOwnNames has an endpoint that asked for events
// under the names that topics of the GraphQL API have.
func TestUpgradeGivesTypesOfEventsTheirOwnNames(t *testing.T) {
	const version = 34
	before := map[event.Type]string{
		event.AppointmentConfirmed: "appointment.confirmed", event.PatientCreated: "patient.created",
		event.AppointmentUpdated: "booking.updated", event.AppointmentMissed: "booking.patientJourney.noShow",
		event.PatientAttributeAdded: "patient.customAttribute.added",
		event.DocumentCreated:       "patientDocument.uploadInitiated",
		event.InvoiceLineRemoved:    "invoice.lineItems.removed",
		event.InvoiceXeroSynced:     "invoice.integrations.xero.synced",
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, at := context.Background(), time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)
		now := func() time.Time { return at }
		g, err := (&practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}).CreateGroup(ctx,
			practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		w := webhook.Webhook{ID: webhook.ID(db.NewID()), Format: webhook.Semble, Sealed: []byte{}, CreatedAt: at,
			UpdatedAt: at}
		for of := range before {
			w.Types = append(w.Types, of)
		}
		slices.Sort(w.Types)
		add := func(tx webhook.Tx) error { return tx.AddWebhook(ctx, g.ID, w) }
		if err := webhookstore.New(db).Do(ctx, add); err != nil {
			t.Fatal(err)
		}
		for of, name := range before {
			run(t, db, fmt.Sprintf("UPDATE webhook_type SET event_type = '%s' WHERE event_type = '%s'", name, of))
		}
		again(t, db, version)
		got, err := webhookstore.New(db).Webhook(ctx, g.ID, w.ID)
		if err != nil || !slices.Equal(got.Types, w.Types) {
			t.Errorf("got %v, %v, want %v", got.Types, err, w.Types)
		}
	})
}
