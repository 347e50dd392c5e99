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

// wellbeing is a questionnaire with a question of every kind, of which the second
// section's are asked of smokers alone.
func wellbeing() clinical.Questionnaire {
	return clinical.Questionnaire{Token: "wellbeing", Title: "Wellbeing", Content: clinical.Content{
		Confirmation: "Thank you.", Styling: clinical.Styling{MainFont: "#212b32"},
		Settings: clinical.Settings{ShowLogo: true},
		Sections: []clinical.Section{
			{Title: "You", Questions: []clinical.Question{
				{ID: 1, Title: "Do you smoke?", Kind: clinical.AskOption, Required: true, Choices: []string{"Yes",
					"No"}},
				{ID: 2, Title: "What do you like?", Kind: clinical.AskOption, Multiple: true, Choices: []string{"Tea",
					"Coffee"}},
				{ID: 3, Title: "Your work", Kind: clinical.AskText},
				{ID: 4, Title: "Anything else?", Kind: clinical.AskLines},
				{ID: 5, Title: "Allergies", Kind: clinical.AskTerm, Becomes: clinical.Allergy, Multiple: true},
				{ID: 6, Title: "Since when?", Kind: clinical.AskDate},
				{ID: 7, Title: "Next of kin", Kind: clinical.AskRelationship, Relationship: "Emergency_Contact",
					Capture: clinical.Capture{Phone: true}},
				{ID: 8, Title: "A picture", Kind: clinical.AskFile},
				{ID: 9, Title: "Signed", Kind: clinical.AskSignature},
				{ID: 12, Title: "Instead of coffee?", Kind: clinical.AskText, Required: true,
					DependsOn: &clinical.Dependency{Question: 2, Answer: "Coffee", Negate: true}},
			}},
			{Title: "Smoking", DependsOn: &clinical.Dependency{Question: 1, Answer: "Yes"},
				Questions: []clinical.Question{
					{ID: 10, Title: "How many a day?", Kind: clinical.AskText, Required: true},
					{ID: 11, Title: "Pipe or cigarette?", Kind: clinical.AskText, Required: true,
						DependsOn: &clinical.Dependency{Question: 10, Answer: "none", Negate: true}},
				}},
		},
	}}
}

func (d *desk) questionnaire() clinical.Questionnaire {
	d.Helper()
	q, err := d.ImportQuestionnaire(d.operator, wellbeing())
	d.must(err)
	return q
}

func (d *desk) prescribe(of patient.ID, comments string, at time.Time) clinical.Prescription {
	d.Helper()
	p, err := d.ImportPrescription(d.operator, clinical.Prescription{
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

func (d *desk) test(of patient.ID, tests string, received time.Time) clinical.Lab {
	d.Helper()
	l, err := d.ImportLab(d.operator, clinical.Lab{
		Patient: of, Doctor: d.doctor, Status: "received", Requested: date("2031-07-01"), Sampled: input.NoDate,
		Fasting: ptr(false), OrderNumber: "L1", Tests: tests,
		Results: `{"hb": 140}`, ReceivedAt: received,
	})
	d.must(err)
	return l
}

func TestAQuestionnaireIsReadAsItWasImported(t *testing.T) {
	each(t, func(d *desk) {
		made := d.questionnaire()
		found, err := d.Questionnaire(d.ctx, made.ID)
		if err != nil || !reflect.DeepEqual(found, made) || found.Title != "Wellbeing" ||
			found.Content.Confirmation != "Thank you." {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		first, second := found.Content.Sections[0], found.Content.Sections[1]
		if first.ID == 0 || first.Questions[0].ID < 1000 || second.DependsOn.Question != first.Questions[0].ID ||
			second.Questions[1].DependsOn.Question != second.Questions[0].ID {
			d.Fatalf("got %+v", found.Content)
		}
		if got := titles(d.Questionnaires(d.ctx, clinical.Query{})); got != "Wellbeing" {
			d.Fatal(got)
		}
		if got := titles(d.Questionnaires(d.ctx,
			clinical.Query{Cursor: &input.Cursor{From: int64(made.ID)}})); got != "" {
			d.Fatal(got)
		}
		for name, change := range map[string]func(*clinical.Questionnaire){
			"no title":               func(q *clinical.Questionnaire) { q.Title = "" },
			"an unknown kind":        func(q *clinical.Questionnaire) { q.Content.Sections[0].Questions[2].Kind = "essay" },
			"nothing to choose from": func(q *clinical.Questionnaire) { q.Content.Sections[0].Questions[0].Choices = nil },
			"a term that is nothing": func(q *clinical.Questionnaire) { q.Content.Sections[0].Questions[4].Becomes = "" },
			"an unknown dependency":  func(q *clinical.Questionnaire) { q.Content.Sections[1].DependsOn.Question = 99 },
		} {
			q := wellbeing()
			change(&q)
			if _, err := d.ImportQuestionnaire(d.operator, q); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestPrescriptionsAreRead(t *testing.T) {
	each(t, func(d *desk) {
		made := d.prescribe(d.ada, "a", d.now)
		d.prescribe(d.ben, "b", d.now.Add(-48*time.Hour))
		last := d.prescribe(d.ada, "c", d.now.Add(-24*time.Hour))
		if found, err := d.Prescription(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
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
				if got := titles(d.Prescriptions(d.ctx, c.q)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		people := []patient.ID{d.ada, d.ben}
		of, err := d.PrescriptionsOf(d.ctx, people, input.Page{Size: 1})
		if got := shown(people, of, err); got != "a …; b" {
			d.Fatal(got)
		}
		unmerge := d.merge()
		of, err = d.PrescriptionsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a b c; " {
			d.Fatal(got)
		}
		unmerge()
		of, err = d.PrescriptionsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a c; b" {
			d.Fatal(got)
		}
	})
}

func TestLaboratoryRequestsAreRead(t *testing.T) {
	each(t, func(d *desk) {
		made := d.test(d.ada, "a", d.now)
		d.test(d.ben, "b", time.Time{})
		d.test(d.ada, "c", d.now.Add(-time.Hour))
		if found, err := d.Lab(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		plain, err := d.ImportLab(d.operator, clinical.Lab{Patient: d.ben, Requested: input.NoDate,
			Sampled: input.NoDate, Tests: "d"})
		d.must(err)
		if found, err := d.Lab(d.ctx, plain.ID); err != nil || found.Fasting != nil || found.Doctor != 0 ||
			!found.ReceivedAt.IsZero() {
			d.Fatalf("got %+v, %v", found, err)
		}
		if got := titles(d.Labs(d.ctx, clinical.Query{When: input.Span{From: d.now.Add(-2 * time.Hour)}})); got != "c a" {
			d.Fatal(got)
		}
		if got := titles(d.Labs(d.ctx, clinical.Query{Listing: input.Listing{Page: input.Page{Size: 3}}})); got != "a b c …" {
			d.Fatal(got)
		}
		d.merge()
		of, err := d.LabsOf(d.ctx, []patient.ID{d.ada, d.ben})
		if got := titles(of[d.ada], false, err); got != "a b c d" || len(of) != 1 {
			d.Fatal(got)
		}
	})
}

func TestWhatIsImportedNamesThoseThatAreThere(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.ImportPrescription(d.operator, clinical.Prescription{Patient: 1})
		d.want(err, patient.ErrNotFound)
		_, err = d.ImportPrescription(d.operator, clinical.Prescription{Patient: d.ada, Doctor: 1})
		d.want(err, clinical.ErrNoDoctor)
		_, err = d.ImportLab(d.operator, clinical.Lab{Patient: d.ada, Doctor: practice.PractitionerID(1)})
		d.want(err, clinical.ErrNoDoctor)
		_, err = d.ImportLab(d.ctx, clinical.Lab{Patient: d.ada})
		d.want(err, access.ErrPermission)
	})
}

func TestAnotherPracticeFindsNothingThatIsReadOnly(t *testing.T) {
	each(t, func(d *desk) {
		q, p, l := d.questionnaire(), d.prescribe(d.ada, "a", d.now), d.test(d.ada, "a", d.now)
		_, err := d.Questionnaire(d.other, q.ID)
		d.want(err, clinical.ErrNoQuestionnaire)
		_, err = d.Prescription(d.other, p.ID)
		d.want(err, clinical.ErrNoPrescription)
		_, err = d.Lab(d.other, l.ID)
		d.want(err, clinical.ErrNoLab)
		none := titles(d.Questionnaires(d.other, clinical.Query{})) + titles(d.Prescriptions(d.other,
			clinical.Query{})) + titles(d.Labs(d.other, clinical.Query{}))
		labs, err := d.LabsOf(d.other, []patient.ID{d.ada})
		d.must(err)
		prescriptions, err := d.PrescriptionsOf(d.other, []patient.ID{d.ada}, input.Page{})
		d.must(err)
		if none != "" || len(labs)+len(prescriptions) > 0 {
			d.Fatalf("got %q, %v, %v", none, labs, prescriptions)
		}
	})
}

func TestRolesDecideWhoSeesWhatIsReadOnly(t *testing.T) {
	each(t, func(d *desk) {
		q, p, l := d.questionnaire(), d.prescribe(d.ada, "a", d.now), d.test(d.ada, "a", d.now)
		for g, calls := range map[access.Permission][]func(ctxOf) error{
			clinical.SeeQuestionnaires: {
				func(c ctxOf) error { _, err := d.Questionnaire(c(), q.ID); return err },
				func(c ctxOf) error { _, _, err := d.Questionnaires(c(), clinical.Query{}); return err },
			},
			clinical.SeePrescriptions: {
				func(c ctxOf) error { _, err := d.Prescription(c(), p.ID); return err },
				func(c ctxOf) error { _, _, err := d.Prescriptions(c(), clinical.Query{}); return err },
				func(c ctxOf) error { _, err := d.PrescriptionsOf(c(), nil, input.Page{}); return err },
			},
			clinical.SeeLabs: {
				func(c ctxOf) error { _, err := d.Lab(c(), l.ID); return err },
				func(c ctxOf) error { _, _, err := d.Labs(c(), clinical.Query{}); return err },
				func(c ctxOf) error { _, err := d.LabsOf(c(), nil); return err },
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
		d.questionnaire()
		d.prescribe(d.ada, "a", d.now)
		d.test(d.ada, "a", d.now)
		if got := audited(t, address); got != "questionnaire.import false true\nprescription.import false "+
			"true\nlab.import false true" {
			t.Fatal(got)
		}
	})
}
