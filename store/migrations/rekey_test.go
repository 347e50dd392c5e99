package migrations_test

import (
	"context"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	"frontdesk/store/migrations"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// TestAnUpgradeWorksOutTheKeysOfNamesAgain has a patient whom an earlier version
// kept: with the keys of then, and without words.
func TestAnUpgradeWorksOutTheKeysOfNamesAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := func() time.Time { return time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC) }
		practices := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		g, err := practices.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
		if err != nil {
			t.Fatal(err)
		}
		ctx := access.With(context.Background(), access.Operator(g.ID))
		s := &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
		mobile := "07700 900123"
		if _, err := patienttest.Register(ctx, s,
			patient.Changes{FirstName: new("Ada"), LastName: new("O′Neill—King"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Mobile: &mobile}); err != nil {
			t.Fatal(err)
		}
		run(t, db, `UPDATE patient SET last_key = full_key`, `DELETE FROM patient_word`)
		again(t, db, migrations.RekeyVersion)
		for _, text := range []string{"oneill", "o'neill king", "king"} {
			if _, n, err := s.List(ctx,
				patient.Query{Field: patient.FieldLastName, Text: text, Count: true, Limit: 5}); err != nil || n != 1 {
				t.Errorf("%s: found %d, %v", text, n, err)
			}
		}
	})
}
