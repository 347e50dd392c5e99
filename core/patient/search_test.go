package patient_test

import (
	"context"
	"fmt"
	"testing"

	"frontdesk/core/patient"
)

// TestPatientsAreListedToTheLast reads a list on while its count says that there
// are more, as programs do.
func TestPatientsAreListedToTheLast(t *testing.T) {
	withKit(t, func(k *kit) {
		const many, size = 10_349, 500
		t := k.T
		err := k.db.Patient().Do(context.Background(), func(tx patient.Tx) error {
			for i := range many {
				p := patient.Patient{ID: patient.ID(1_000_000 + i), FirstName: "Ada", LastName: fmt.Sprintf("Love %05d", i), Source: "hero", CreatedAt: k.clock, UpdatedAt: k.clock}
				if _, err := tx.AddPatient(context.Background(), k.group, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []patient.Search{{}, {Field: patient.FieldLastName, Text: "Love"}, {Text: "Love"}, {Field: patient.FieldFirstName, Text: "Ada"}} {
			seen := map[patient.ID]bool{}
			for count := 1; q.PageIndex*size < count; q.PageIndex++ {
				q.PageSize = size
				var found []patient.Patient
				if found, count, err = k.s.Search(k.ctx, q); err != nil {
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
