package clinical_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/store/storetest"
)

func TestAQuestionAndItsAnswerAreKeptInANewConsultation(t *testing.T) {
	each(t, func(d *kit) {
		r, err := d.records.CreateFreeText(d.khan, clinical.Place{Patient: d.ada}, clinical.FreeTextChange{
			SectionTitle: ptr(" History "), Question: ptr("Smoking?"), Answer: ptr("Ten a day.\nSince 1999."),
		})
		d.must(err)
		// At Greenwich it is still the sixth.
		if r.Kind != clinical.FreeText || r.SectionTitle != "History" || r.Date != date("2031-07-07") ||
			r.DoctorName != "Dr A Khan" || r.Doctor != d.doctor ||
			r.Version != 1 || !r.CreatedAt.Equal(r.UpdatedAt) || r.Patient != d.ada || r.Status != "" ||
			r.From != input.NoDate {
			d.Fatalf("got %+v", r)
		}
		if found, err := d.records.Record(d.ctx, r.ID); err != nil || !reflect.DeepEqual(found, r) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, r)
		}
		c, err := d.records.Consultation(d.ctx, r.Consultation)
		if err != nil || c.Patient != d.ada || c.DoctorName != "Dr A Khan" || !c.At.Equal(r.CreatedAt) ||
			c.Version != 1 {
			d.Fatalf("got %+v, %v", c, err)
		}
		second := d.text(d.ada, r.Consultation, "Alcohol?", "No.")
		if second.Consultation != r.Consultation || second.Doctor != 0 || second.DoctorName != "Partner" {
			d.Fatalf("got %+v", second)
		}
		of, err := d.records.RecordsOfConsultations(d.ctx, []clinical.ConsultationID{c.ID})
		if got := titles(of[c.ID], false, err); got != "Smoking? Alcohol?" {
			d.Fatal(got)
		}
	})
}

func TestAnAllergyIsActiveFromTheStart(t *testing.T) {
	each(t, func(d *kit) {
		r, err := d.records.CreateAllergy(d.ctx, clinical.Place{Patient: d.ada},
			clinical.AllergyChange{Allergen: ptr("Penicillin"), Severity: ptr(clinical.Severity("High")),
				Comments: ptr("Rash")})
		d.must(err)
		if r.Kind != clinical.Allergy || r.Term != "Penicillin" || r.Status != clinical.Active ||
			r.Severity != "High" || r.Comments != "Rash" {
			d.Fatalf("got %+v", r)
		}
		changed, err := d.records.UpdateAllergy(d.ctx, r.ID,
			clinical.AllergyChange{Severity: ptr(clinical.Severity("Mild"))})
		d.must(err)
		if changed.Severity != "Mild" || changed.Term != "Penicillin" || changed.Comments != "Rash" {
			d.Fatalf("got %+v", changed)
		}
	})
}

func TestWhatAnEntrySaidBeforeIsKept(t *testing.T) {
	each(t, func(d *kit) {
		r := d.text(d.ada, 0, "Smoking?", "Ten a day.")
		made := d.now.Truncate(time.Microsecond)
		for _, answer := range []string{"Five a day.", "None."} {
			d.now = d.now.Add(time.Hour)
			_, err := d.records.UpdateFreeText(d.khan, r.ID, clinical.FreeTextChange{Answer: &answer})
			d.must(err)
		}
		d.now = d.now.Add(time.Hour)
		gone, err := d.records.DeleteRecord(d.ctx, r.ID)
		if err != nil || !gone.Deleted() || gone.Version != 4 || !gone.CreatedAt.Equal(made) ||
			!gone.UpdatedAt.Equal(d.now.Truncate(time.Microsecond)) {
			d.Fatalf("got %+v, %v", gone, err)
		}
		all, err := d.records.Versions(d.ctx, r.ID)
		d.must(err)
		var said []string
		for i, v := range all {
			said = append(said, v.Was.Term+" "+v.By)
			if v.Was.Version != int64(i+1) {
				d.Fatalf("got %+v", v)
			}
		}
		if got := strings.Join(said, "|"); got != "Ten a day. Dr A Khan|Five a day. Dr A Khan|None. Partner|None. " {
			d.Fatal(got)
		}
		if !reflect.DeepEqual(all[0].Was, r) || !all[0].At.Equal(made.Add(time.Hour)) {
			d.Fatalf("got %+v\nwant %+v", all[0], r)
		}
		if again, err := d.records.DeleteRecord(d.ctx, r.ID); err != nil || !reflect.DeepEqual(again, gone) {
			d.Fatalf("got %+v, %v", again, err)
		}
		_, err = d.records.UpdateFreeText(d.ctx, r.ID, clinical.FreeTextChange{Answer: ptr("x")})
		d.want(err, clinical.ErrDeleted)
	})
}

func TestWhatAnEntryMayBe(t *testing.T) {
	each(t, func(d *kit) {
		at := clinical.Place{Patient: d.ada}
		for name, c := range map[string]clinical.FreeTextChange{
			"no question":   {Question: ptr(" "), Answer: ptr("x")},
			"no answer":     {Question: ptr("x")},
			"a long answer": {Question: ptr("x"), Answer: ptr(strings.Repeat("x", 50_001))},
		} {
			if _, err := d.records.CreateFreeText(d.ctx, at, c); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
		for name, c := range map[string]clinical.AllergyChange{
			"nothing": {}, "unknown severity": {Allergen: ptr("x"), Severity: ptr(clinical.Severity("Severe"))},
		} {
			if _, err := d.records.CreateAllergy(d.ctx, at, c); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
		r := d.text(d.ada, 0, "Smoking?", "No.")
		_, err := d.records.UpdateAllergy(d.ctx, r.ID, clinical.AllergyChange{Allergen: ptr("x")})
		d.want(err, clinical.ErrOtherKind)
		ask := clinical.FreeTextChange{Question: ptr("x"), Answer: ptr("y")}
		for name, c := range map[string]struct {
			at   clinical.Place
			want error
		}{
			"no patient":              {clinical.Place{Patient: 1}, patient.ErrNotFound},
			"an unknown consultation": {clinical.Place{Patient: d.ada, Consultation: 1}, clinical.ErrNoConsultation},
			"another patient's consultation": {clinical.Place{Patient: d.ben, Consultation: r.Consultation},
				clinical.ErrNoConsultation},
			"a patient's own consultation":      {clinical.Place{Patient: d.ada, Consultation: r.Consultation}, nil},
			"no consultation, so one of itself": {clinical.Place{Patient: d.ben}, nil},
		} {
			_, err := d.records.CreateFreeText(d.ctx, c.at, ask)
			if got := fault.Of(err); err != nil && c.want == nil || c.want != nil && got.Code != fault.Of(c.want).Code {
				d.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestAConsultationIsDeletedWithItsEntries(t *testing.T) {
	each(t, func(d *kit) {
		r := d.text(d.ada, 0, "a", "x")
		other := d.text(d.ada, 0, "b", "x")
		d.text(d.ada, r.Consultation, "c", "x")
		for name, id := range map[string]patient.ID{"another patient": d.ben, "no patient": 1} {
			if _, err := d.records.DeleteConsultation(d.ctx, id,
				r.Consultation); fault.Of(err).Code != clinical.ErrNoConsultation.Code {
				d.Fatalf("%s: got %v", name, err)
			}
		}
		d.now = d.now.Add(time.Hour)
		gone, err := d.records.DeleteConsultation(d.ctx, d.ada, r.Consultation)
		if err != nil || !gone.Deleted() || gone.Version != 2 {
			d.Fatalf("got %+v, %v", gone, err)
		}
		if again, err := d.records.DeleteConsultation(d.ctx, d.ada, r.Consultation); err != nil || again != gone {
			d.Fatalf("got %+v, %v", again, err)
		}
		if got := titles(d.records.Records(d.ctx, clinical.Query{})); got != "b" {
			d.Fatal(got)
		}
		if got := titles(d.records.Records(d.ctx,
			clinical.Query{Listing: input.Listing{Deleted: true}})); got != "a b c" {
			d.Fatal(got)
		}
		kept, err := d.records.Consultation(d.ctx, other.Consultation)
		d.must(err)
		of, err := d.records.RecordsOfConsultations(d.ctx, []clinical.ConsultationID{gone.ID, kept.ID})
		if got := titles(of[gone.ID], false, err) + "; " + titles(of[kept.ID], false, err); got != "a c; b" {
			d.Fatal(got)
		}
		_, err = d.records.CreateFreeText(d.ctx, clinical.Place{Patient: d.ada, Consultation: gone.ID},
			clinical.FreeTextChange{Question: ptr("x"), Answer: ptr("y")})
		d.want(err, clinical.ErrNoConsultation)
	})
}

func TestRecordsAndConsultationsAreListed(t *testing.T) {
	each(t, func(d *kit) {
		start := d.now
		var all []clinical.Record
		for _, c := range []struct {
			of    patient.ID
			title string
		}{{d.ada, "a"}, {d.ben, "b"}, {d.ada, "c"}, {d.ada, "d"}} {
			all = append(all, d.text(c.of, 0, c.title, "x"))
			d.now = d.now.Add(24 * time.Hour)
		}
		_, err := d.records.UpdateFreeText(d.ctx, all[1].ID, clinical.FreeTextChange{Answer: ptr("y")})
		d.must(err)
		for _, c := range []struct {
			name string
			q    clinical.Query
			want string
		}{
			{"all", clinical.Query{}, "a b c d"},
			{"a page", clinical.Query{Listing: input.Listing{Page: input.Page{Number: 2, Size: 1}}}, "b …"},
			{"of some days", clinical.Query{Dated: &input.Days{From: date("2031-07-08"), Until: date("2031-07-09")}},
				"b c"},
			{"until a day", clinical.Query{Dated: &input.Days{From: input.NoDate, Until: date("2031-07-08")}}, "a b"},
			{"changed since", clinical.Query{Listing: input.Listing{Updated: input.Span{From: start.Add(40 * time.Hour)}}},
				"c d b"},
			{"made before", clinical.Query{Listing: input.Listing{Created: input.Span{Until: start}}}, "a"},
			{"from a cursor", clinical.Query{Cursor: &input.Cursor{From: int64(all[0].ID), Size: 2}}, "b c …"},
			{"back from a cursor", clinical.Query{Cursor: &input.Cursor{From: int64(all[3].ID), Back: true, Size: 2}},
				"b c …"},
			{"back from the end", clinical.Query{Cursor: &input.Cursor{Back: true}}, "a b c d"},
		} {
			d.Run(c.name, func(t *testing.T) {
				if got := titles(d.records.Records(d.ctx, c.q)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		when := clinical.Query{When: input.Span{From: start.Add(time.Hour), Until: start.Add(50 * time.Hour)}}
		if found, more, err := d.records.Consultations(d.ctx, when); err != nil || more || len(found) != 2 ||
			found[0].ID != all[1].Consultation {
			d.Fatalf("got %+v, %v", found, err)
		}
		people := []patient.ID{d.ada, d.ben}
		page := input.Page{Number: 1, Size: 2}
		of, err := d.records.RecordsOf(d.ctx, people, page)
		if got := shown(people, of, err); got != "a c …; b" {
			d.Fatal(got)
		}
		of, err = d.records.RecordsOf(d.ctx, people, input.Page{Number: 2, Size: 2})
		if got := shown(people, of, err); got != "d; " {
			d.Fatal(got)
		}
		consultations, err := d.records.ConsultationsOf(d.ctx, people, page)
		if err != nil || len(consultations[d.ada].Items) != 2 || !consultations[d.ada].More ||
			len(consultations[d.ben].Items) != 1 || consultations[d.ben].More {
			d.Fatalf("got %+v, %v", consultations, err)
		}
		_, err = d.records.RecordsOf(d.ctx, people, input.Page{Size: 201})
		d.want(err, fault.Input())
	})
}

func TestAnotherPracticeFindsNoRecords(t *testing.T) {
	each(t, func(d *kit) {
		r := d.text(d.ada, 0, "a", "x")
		c, err := d.records.Consultation(d.ctx, r.Consultation)
		d.must(err)
		_, err = d.records.Record(d.other, r.ID)
		d.want(err, clinical.ErrNoRecord)
		_, err = d.records.Versions(d.other, r.ID)
		d.want(err, clinical.ErrNoRecord)
		_, err = d.records.UpdateFreeText(d.other, r.ID, clinical.FreeTextChange{Answer: ptr("y")})
		d.want(err, clinical.ErrNoRecord)
		_, err = d.records.DeleteRecord(d.other, r.ID)
		d.want(err, clinical.ErrNoRecord)
		_, err = d.records.Consultation(d.other, c.ID)
		d.want(err, clinical.ErrNoConsultation)
		_, err = d.records.DeleteConsultation(d.other, d.ada, c.ID)
		d.want(err, clinical.ErrNoConsultation)
		_, err = d.records.CreateFreeText(d.other, clinical.Place{Patient: d.ada},
			clinical.FreeTextChange{Question: ptr("x"),
				Answer: ptr("y")})
		d.want(err, patient.ErrNotFound)
		if got := titles(d.records.Records(d.other, clinical.Query{})) + titles(d.records.Consultations(d.other,
			clinical.Query{})); got != "" {
			d.Fatal(got)
		}
		of, err := d.records.RecordsOf(d.other, []patient.ID{d.ada}, input.Page{})
		in, err2 := d.records.RecordsOfConsultations(d.other, []clinical.ConsultationID{c.ID})
		if err != nil || err2 != nil || len(of)+len(in) > 0 {
			d.Fatalf("got %v, %v, %v, %v", of, in, err, err2)
		}
	})
}

func TestTheRecordsOfAMergedPatientAreTheOthers(t *testing.T) {
	each(t, func(d *kit) {
		d.text(d.ada, 0, "a", "x")
		b := d.text(d.ben, 0, "b", "x")
		unmerge := d.merge()
		people := []patient.ID{d.ada, d.ben}
		of, err := d.records.RecordsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a b; " {
			d.Fatal(got)
		}
		// Ben's id stands for Ada, and his consultation is hers.
		d.text(d.ben, b.Consultation, "c", "x")
		unmerge()
		of, err = d.records.RecordsOf(d.ctx, people, input.Page{})
		if got := shown(people, of, err); got != "a c; b" {
			d.Fatal(got)
		}
	})
}

func TestRolesDecideWhoSeesAndWritesRecords(t *testing.T) {
	each(t, func(d *kit) {
		r := d.text(d.ada, 0, "a", "x")
		try := func(ctx context.Context) map[string]error {
			out := map[string]error{}
			_, out["record"] = d.records.Record(ctx, r.ID)
			_, _, out["records"] = d.records.Records(ctx, clinical.Query{})
			_, out["records of"] = d.records.RecordsOf(ctx, nil, input.Page{})
			_, out["in consultations"] = d.records.RecordsOfConsultations(ctx, nil)
			_, out["consultation"] = d.records.Consultation(ctx, r.Consultation)
			_, _, out["consultations"] = d.records.Consultations(ctx, clinical.Query{})
			_, out["consultations of"] = d.records.ConsultationsOf(ctx, nil, input.Page{})
			_, out["versions"] = d.records.Versions(ctx, r.ID)
			return out
		}
		for name, err := range try(as(d.group, "Partner", access.SeeRecords)) {
			if err != nil {
				d.Errorf("%s: got %v", name, err)
			}
		}
		for name, err := range try(as(d.group, "Partner", access.EditRecords, access.SeeLetters)) {
			if fault.Of(err).Message != "Missing permission seeRecords" {
				d.Errorf("%s: got %v", name, err)
			}
		}
		only := as(d.group, "Partner", access.SeeRecords)
		for name, do := range map[string]func() error{
			"free text": func() error {
				_, err := d.records.CreateFreeText(only, clinical.Place{Patient: d.ada}, clinical.FreeTextChange{})
				return err
			},
			"allergy": func() error {
				_, err := d.records.CreateAllergy(only, clinical.Place{Patient: d.ada}, clinical.AllergyChange{})
				return err
			},
			"change": func() error {
				_, err := d.records.UpdateFreeText(only, r.ID, clinical.FreeTextChange{})
				return err
			},
			"delete": func() error { _, err := d.records.DeleteRecord(only, r.ID); return err },
			"delete consultation": func() error {
				_, err := d.records.DeleteConsultation(only, d.ada, r.Consultation)
				return err
			},
		} {
			if err := do(); fault.Of(err).Message != "Missing permission editRecords" {
				d.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestEveryChangeOfARecordIsAudited(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		r := d.text(d.ada, 0, "a", "x")
		_, err := d.records.UpdateFreeText(d.ctx, r.ID, clinical.FreeTextChange{Answer: ptr("y")})
		d.must(err)
		_, err = d.records.DeleteConsultation(d.ctx, d.ada, r.Consultation)
		d.must(err)
		want := "consultation.create false true\nrecord.create false true\nrecord.update true true\nrecord.delete " +
			"true true\nconsultation.delete true true"
		if got := audited(t, address); got != want {
			t.Fatal(got)
		}
	})
}

func TestNoVersionIsLostWhenManyWriteAtOnce(t *testing.T) {
	each(t, func(d *kit) {
		r := d.text(d.ada, 0, "Smoking?", "0")
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				if _, err := d.records.UpdateFreeText(d.ctx, r.ID,
					clinical.FreeTextChange{Answer: ptr(fmt.Sprint(i + 1))}); err != nil {
					d.Error(err)
				}
			})
		}
		wait.Wait()
		all, err := d.records.Versions(d.ctx, r.ID)
		d.must(err)
		said := map[string]bool{}
		for i, v := range all {
			said[v.Was.Term] = true
			if v.Was.Version != int64(i+1) {
				d.Errorf("got version %d after %d", v.Was.Version, i)
			}
		}
		if len(all) != 9 || len(said) != 9 {
			d.Fatalf("kept %d versions of %d texts", len(all), len(said))
		}
	})
}
