package prescription_test

import (
	"fmt"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/clinical"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/prescription"
	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	prescriptionstore "frontdesk/store/prescription"
	"frontdesk/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAListOfPrescriptionsTakesAFixedNumberOfStatements lists one prescription and then many, each of another patient,
// with drugs, an item and a pharmacy; and so a prescriber's pharmacies.
func TestAListOfPrescriptionsTakesAFixedNumberOfStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := func() time.Time { return time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC) }
		groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		g, err := groups.CreateGroup(t.Context(), practice.Group{Name: "Mill Lane"})
		must(t, err)
		ctx := access.With(t.Context(), access.Operator(g.ID))
		gp, err := groups.CreatePractitioner(ctx, practice.PractitionerChange{FirstName: new("A"), LastName: new("Khan")})
		must(t, err)
		people := &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
		s := &prescription.Service{Store: prescriptionstore.New(db), Register: people, Now: now, NewID: db.NewID}
		by := account.StaffID(gp.ID)
		add := func(i int) {
			of, err := patienttest.Register(ctx, people, patient.Changes{FirstName: new(fmt.Sprint("Ada", i)),
				LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Email: new(fmt.Sprintf("ada%d@example.org", i))})
			must(t, err)
			shop, err := s.AddPharmacy(ctx, prescription.Pharmacy{Prescriber: by, Name: fmt.Sprint("Pharmacy ", i),
				Email: "desk@pharmacy.example", Mobile: "07700 900123"})
			must(t, err)
			_, err = s.Issue(ctx, prescription.Request{Patient: of, Prescriber: by, Pharmacy: shop.ID,
				Drugs: []clinical.Drug{{Name: "Amlodipine"}, {Name: "Ramipril"}}, Items: []clinical.Item{{Term: "Stocking"}}})
			must(t, err)
		}
		count := func(want int) (prescriptions, pharmacies int64) {
			t.Helper()
			counting, n := store.Counting(ctx)
			all, total, err := s.List(counting, prescription.Query{Page: prescription.Page{Limit: 100}})
			must(t, err)
			if len(all) != want || total != want || len(all[want-1].Content.Drugs) != 2 || all[want-1].Patient == 0 {
				t.Fatalf("got %d of %d, want %d", len(all), total, want)
			}
			counting, m := store.Counting(ctx)
			shops, total, err := s.Pharmacies(counting, by, prescription.Page{Limit: 100})
			must(t, err)
			if len(shops) != want || total != want {
				t.Fatalf("got %d pharmacies of %d, want %d", len(shops), total, want)
			}
			return n(), m()
		}
		add(0)
		one, shop := count(1)
		for i := range 15 {
			add(i + 1)
		}
		if many, shops := count(16); many != one || shops != shop || one > 3 || shop > 3 {
			t.Fatalf("one prescription takes %d statements, and 16 take %d; pharmacies %d and %d", one, many, shop, shops)
		}
	})
}
