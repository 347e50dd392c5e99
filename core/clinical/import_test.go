package clinical_test

import (
	"reflect"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/store/storetest"
)

func (d *kit) prescribe(of patient.ID, comments string, at time.Time) clinical.Prescription {
	d.Helper()
	p, err := d.imported.ImportPrescription(d.operator, clinical.Prescription{
		Patient: of, Doctor: d.doctor, At: at, Status: "signed", Comments: comments,
		Content: clinical.PrescriptionContent{
			Drugs: []clinical.Drug{{Code: "322236009", Name: "Paracetamol 500mg tablets",
				Dosage: "Two, four times a day", Quantity: "32 tablets",
				Repeat: &clinical.Repeat{Allowed: true, Refills: 2, Duration: 1, Frequency: "MONTHS",
					Review: ptr(date("2032-01-01"))}}},
			Items:  []clinical.Item{{Term: "Spacer"}},
			Orders: []clinical.Order{{Status: "sent", Provider: "Brambleford Pharmacy"}},
		},
	})
	d.must(err)
	return p
}

func (d *kit) test(of patient.ID, tests string, received time.Time) clinical.Lab {
	d.Helper()
	l, err := d.imported.ImportLab(d.operator, clinical.Lab{
		Patient: of, Doctor: d.doctor, Status: "received", Requested: date("2031-07-01"), Sampled: input.NoDate,
		Fasting: ptr(false), OrderNumber: "L1", Tests: tests,
		Results: `{"hb": 140}`, ReceivedAt: received,
	})
	d.must(err)
	return l
}

func TestPrescriptionsAreRead(t *testing.T) {
	each(t, func(d *kit) {
		made := d.prescribe(d.ada, "a", d.now)
		d.prescribe(d.ben, "b", d.now.Add(-48*time.Hour))
		last := d.prescribe(d.ada, "c", d.now.Add(-24*time.Hour))
		if found, err := d.imported.Prescription(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		for _, c := range []struct {
			name string
			q    clinical.Query
			want string
		}{
			{"all", clinical.Query{}, "a b c"},
			{"of a time, in its order", clinical.Query{When: input.Span{From: d.now.Add(-30 * time.Hour)}}, "c a"},
			{"from a cursor", clinical.Query{Cursor: &input.Cursor{From: int64(made.ID)}}, "b c"},
			{"back from a cursor", clinical.Query{Cursor: &input.Cursor{From: int64(last.ID), Back: true, Size: 1}},
				"b …"},
		} {
			d.Run(c.name, func(t *testing.T) {
				if got := titles(d.imported.Prescriptions(d.ctx, c.q)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		people := []patient.ID{d.ada, d.ben}
		of, err := d.imported.PrescriptionsOf(d.ctx, people, input.Page{Size: 1})
		if got := shown(people, of, err); got != "a …; b" {
			d.Fatal(got)
		}
		unmerge := d.merge()
		of, err = d.imported.PrescriptionsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a b c; " {
			d.Fatal(got)
		}
		unmerge()
		of, err = d.imported.PrescriptionsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a c; b" {
			d.Fatal(got)
		}
	})
}

func TestLaboratoryRequestsAreRead(t *testing.T) {
	each(t, func(d *kit) {
		made := d.test(d.ada, "a", d.now)
		d.test(d.ben, "b", time.Time{})
		d.test(d.ada, "c", d.now.Add(-time.Hour))
		if found, err := d.imported.Lab(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		plain, err := d.imported.ImportLab(d.operator, clinical.Lab{Patient: d.ben, Requested: input.NoDate,
			Sampled: input.NoDate, Tests: "d"})
		d.must(err)
		if found, err := d.imported.Lab(d.ctx, plain.ID); err != nil || found.Fasting != nil || found.Doctor != 0 ||
			!found.ReceivedAt.IsZero() {
			d.Fatalf("got %+v, %v", found, err)
		}
		if got := titles(d.imported.Labs(d.ctx,
			clinical.Query{When: input.Span{From: d.now.Add(-2 * time.Hour)}})); got != "c a" {
			d.Fatal(got)
		}
		if got := titles(d.imported.Labs(d.ctx,
			clinical.Query{Listing: input.Listing{Page: input.Page{Size: 3}}})); got != "a b c …" {
			d.Fatal(got)
		}
		d.merge()
		of, err := d.imported.LabsOf(d.ctx, []patient.ID{d.ada, d.ben})
		if got := titles(of[d.ada], false, err); got != "a b c d" || len(of) != 1 {
			d.Fatal(got)
		}
	})
}

func TestWhatIsImportedNamesThoseThatAreThere(t *testing.T) {
	each(t, func(d *kit) {
		_, err := d.imported.ImportPrescription(d.operator, clinical.Prescription{Patient: 1})
		d.want(err, patient.ErrNotFound)
		_, err = d.imported.ImportPrescription(d.operator, clinical.Prescription{Patient: d.ada, Doctor: 1})
		d.want(err, clinical.ErrNoDoctor)
		_, err = d.imported.ImportLab(d.operator, clinical.Lab{Patient: d.ada, Doctor: practice.PractitionerID(1)})
		d.want(err, clinical.ErrNoDoctor)
		_, err = d.imported.ImportLab(d.ctx, clinical.Lab{Patient: d.ada})
		d.want(err, access.ErrPermission)
	})
}

func TestAnotherPracticeFindsNothingThatIsReadOnly(t *testing.T) {
	each(t, func(d *kit) {
		p, l := d.prescribe(d.ada, "a", d.now), d.test(d.ada, "a", d.now)
		_, err := d.imported.Prescription(d.other, p.ID)
		d.want(err, clinical.ErrNoPrescription)
		_, err = d.imported.Lab(d.other, l.ID)
		d.want(err, clinical.ErrNoLab)
		none := titles(d.imported.Prescriptions(d.other, clinical.Query{})) +
			titles(d.imported.Labs(d.other, clinical.Query{}))
		labs, err := d.imported.LabsOf(d.other, []patient.ID{d.ada})
		d.must(err)
		prescriptions, err := d.imported.PrescriptionsOf(d.other, []patient.ID{d.ada}, input.Page{})
		d.must(err)
		if none != "" || len(labs)+len(prescriptions) > 0 {
			d.Fatalf("got %q, %v, %v", none, labs, prescriptions)
		}
	})
}

func TestRolesDecideWhoSeesWhatIsReadOnly(t *testing.T) {
	each(t, func(d *kit) {
		p, l := d.prescribe(d.ada, "a", d.now), d.test(d.ada, "a", d.now)
		for g, calls := range map[access.Permission][]func(ctxOf) error{
			access.SeePrescriptions: {
				func(c ctxOf) error { _, err := d.imported.Prescription(c(), p.ID); return err },
				func(c ctxOf) error { _, _, err := d.imported.Prescriptions(c(), clinical.Query{}); return err },
				func(c ctxOf) error { _, err := d.imported.PrescriptionsOf(c(), nil, input.Page{}); return err },
			},
			access.SeeLabs: {
				func(c ctxOf) error { _, err := d.imported.Lab(c(), l.ID); return err },
				func(c ctxOf) error { _, _, err := d.imported.Labs(c(), clinical.Query{}); return err },
				func(c ctxOf) error { _, err := d.imported.LabsOf(c(), nil); return err },
			},
		} {
			for i, call := range calls {
				var others []access.Permission
				for _, other := range grants {
					if other != g {
						others = append(others, other)
					}
				}
				if err := call(with(d, g)); err != nil {
					d.Errorf("%s, %d: got %v", g, i, err)
				}
				if err := call(with(d, others...)); fault.Of(err).Message != "Missing permission "+string(g) {
					d.Errorf("without %s, %d: got %v", g, i, err)
				}
			}
		}
	})
}

func TestEveryImportIsAudited(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		d.prescribe(d.ada, "a", d.now)
		d.test(d.ada, "a", d.now)
		if got := audited(t, address); got != "prescription.import false true\nlab.import false true" {
			t.Fatal(got)
		}
	})
}
