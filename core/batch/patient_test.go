package batch_test

import (
	"context"
	"slices"
	"testing"

	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/demographics"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	demographicsstore "frontdesk/store/demographics"
	patientstore "frontdesk/store/patient"
)

// TestWhoABatchReaches names patients as they are named elsewhere: by a number that
// was superseded, and by what is no number and no id; and patients who have died.
func TestWhoABatchReaches(t *testing.T) {
	withDesk(t, func(d *kit) {
		register := func(name, number string) patient.ID {
			mobile := "07700 900123"
			id, err := patienttest.Register(d.ctx, d.people,
				patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1990, 1, 1)),
					Mobile:    &mobile,
					NHSNumber: &number})
			if err != nil {
				d.Fatal(err)
			}
			return id
		}
		ada, dead := register("Ada", "9434765919"), register("Grace", "9658218873")
		err := demographicsstore.New(d.db).Do(d.ctx, func(tx demographics.Tx) error {
			former := demographics.FormerNumber{ID: d.db.NewID(), Patient: ada, Number: "9449306524", At: d.clock}
			if err := tx.SaveFormerNumber(d.ctx, d.group, former); err != nil {
				return err
			}
			p, err := patientstore.New(d.db).Patient(d.ctx, d.group, dead)
			if err != nil {
				return err
			}
			p.DeceasedAt, p.DeathSource = d.clock, contactpoint.FromPractice
			return tx.SavePatient(d.ctx, d.group, p)
		})
		if err != nil {
			d.Fatal(err)
		}
		b := d.batch(batch.New{Name: "Flu", Channel: carrier.SMS, Content: "Hello"},
			batch.NewRecipient{NHSNumber: "944 930 6524", BirthDate: "1990-01-01"},
			batch.NewRecipient{NHSNumber: "9658218873", BirthDate: "1990-01-01"},
			batch.NewRecipient{NHSNumber: "1111111111", BirthDate: "1990-01-01"},
			batch.NewRecipient{NHSNumber: "9990000018", BirthDate: "1990-01-01"}, // for tests, and this is no sandbox
			batch.NewRecipient{Patient: "12x"},
		)
		if err := d.s.Run(context.Background(), batch.Job(d.group, b.ID)); err != nil {
			d.Fatal(err)
		}
		found, _, err := d.s.Recipients(d.ctx, b.ID, "", 0, 10)
		if err != nil {
			d.Fatal(err)
		}
		var got []string
		for _, r := range found {
			got = append(got, string(r.Status)+" "+r.Reason)
		}
		want := []string{"ENRICHED ", "ENRICHMENT_ERROR patient_deceased", "INVALID_PAYLOAD invalid_nhs_number",
			"INVALID_PAYLOAD invalid_nhs_number", "INVALID_PAYLOAD invalid_patient"}
		if !slices.Equal(got, want) || found[0].Patient != ada || found[4].Named != 0 {
			d.Fatalf("got %q, %+v", got, found)
		}
	})
}
