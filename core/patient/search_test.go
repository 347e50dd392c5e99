package patient_test

import (
	"context"
	"fmt"
	"testing"

	"frontdesk/core/patient"
	patientstore "frontdesk/store/patient"
)

// TestPatientsAreListedToTheLast reads a list on while its count says that there are more, as programs do.
func TestPatientsAreListedToTheLast(t *testing.T) {
	withKit(t, func(k *kit) {
		const many, size = 10_349, 500
		t := k.T
		err := patientstore.New(k.DB).Do(context.Background(), func(tx patient.Tx) error {
			for i := range many {
				p := patient.Patient{ID: patient.ID(1_000_000 + i), FirstName: "Ada", LastName: fmt.Sprintf("Love %05d",
					i), Source: "hero", CreatedAt: k.Clock, UpdatedAt: k.Clock}
				if _, err := tx.AddPatient(context.Background(), k.Group, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []patient.Query{{}, {Field: patient.FieldLastName, Text: "Love"}, {Text: "Love"},
			{Field: patient.FieldFirstName, Text: "Ada"}} {
			seen := map[patient.ID]bool{}
			q.Count, q.Limit = true, size
			for count := 1; q.Offset < count; q.Offset += size {
				var found []patient.Patient
				if found, count, err = k.Patients.List(k.Ctx, q); err != nil {
					t.Fatal(err)
				}
				for _, p := range found {
					seen[p.ID] = true
				}
			}
			if len(seen) != many {
				t.Errorf("%+v found %d", q, len(seen))
			}
		}
	})
}
