package clinical_test

import (
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	contactstore "frontdesk/store/contact"
	"frontdesk/store/storetest"
)

func TestALetterIsKeptAsItWasGiven(t *testing.T) {
	each(t, func(d *kit) {
		made, err := d.letters.Create(d.khan, clinical.LetterChange{
			Patient: &d.ada, Title: ptr(" Referral "), Body: ptr("<p>Dear colleague,</p>\n<p>…</p>"),
			Location:  &d.place,
			Recipient: &clinical.Recipient{Kind: clinical.ToPatient, ID: int64(d.ben)}, Date: ptr(date("2031-06-30")),
			Review: ptr(clinical.AwaitingReview),
		})
		d.must(err)
		if made.Title != "Referral" || made.Doctor != d.doctor || made.Version != 1 ||
			!made.CreatedAt.Equal(made.UpdatedAt) {
			d.Fatalf("got %+v", made)
		}
		if found, err := d.letters.Find(d.ctx, made.ID); err != nil || found != made {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		plain := d.letter(d.ada, "Note")
		if plain.Date != date("2031-07-07") || plain.Review != clinical.NoReview ||
			plain.Recipient != (clinical.Recipient{}) || plain.Doctor != 0 {
			d.Fatalf("got %+v", plain)
		}
	})
}

func TestALetterIsChangedWhereTheChangeSaysSo(t *testing.T) {
	each(t, func(d *kit) {
		made := d.letter(d.ada, "Note")
		d.now = d.now.Add(time.Hour)
		changed, err := d.letters.Update(d.ctx, made.ID, clinical.LetterChange{
			Patient: &d.ben, Doctor: &d.doctor, Review: ptr(clinical.Completed),
			Recipient: &clinical.Recipient{Kind: clinical.ToPatient, ID: int64(d.ben)},
		})
		d.must(err)
		want := made
		want.Patient, want.Doctor, want.Review, want.Version, want.UpdatedAt = d.ben, d.doctor, clinical.Completed, 2,
			d.now.Truncate(time.Microsecond)
		want.Recipient = clinical.Recipient{Kind: clinical.ToPatient, ID: int64(d.ben)}
		if changed != want {
			d.Fatalf("got %+v\nwant %+v", changed, want)
		}
		changed, err = d.letters.Update(d.ctx, made.ID, clinical.LetterChange{Doctor: ptr(practice.PractitionerID(0)),
			Recipient: &clinical.Recipient{}})
		d.must(err)
		if changed.Doctor != 0 || changed.Recipient != (clinical.Recipient{}) {
			d.Fatalf("got %+v", changed)
		}
	})
}

func TestWhatALetterMayBe(t *testing.T) {
	each(t, func(d *kit) {
		contacts := &contact.Service{Store: contactstore.New(d.db), Now: d.records.Now, NewID: d.db.NewID}
		insurer, err := contacts.Create(d.operator, contact.Change{Company: ptr("Crown Insurance")})
		d.must(err)
		toInsurer := &clinical.Recipient{Kind: clinical.ToContact, ID: int64(insurer.ID)}
		for name, c := range map[string]struct {
			change clinical.LetterChange
			want   string
		}{
			"no title":           {clinical.LetterChange{}, fault.CodeInvalid},
			"128 bytes of title": {clinical.LetterChange{Title: ptr(strings.Repeat("é", 64))}, ""},
			"129 bytes of title": {clinical.LetterChange{Title: ptr(strings.Repeat("é", 64) + "x")}, fault.CodeInvalid},
			"an unknown review": {clinical.LetterChange{Title: ptr("x"),
				Review: ptr(clinical.Review("LATER"))}, fault.CodeInvalid},
			"no date": {clinical.LetterChange{Title: ptr("x"), Date: ptr(input.NoDate)}, fault.CodeInvalid},
			"a date of long ago": {clinical.LetterChange{Title: ptr("x"),
				Date: ptr(input.DayOf(1, time.January, 1))}, fault.CodeInvalid},
			"without a patient": {clinical.LetterChange{Title: ptr("x"), Patient: ptr(patient.ID(0))}, patient.ErrNotFound.Code},
			"a stranger's": {clinical.LetterChange{Title: ptr("x"),
				Doctor: ptr(practice.PractitionerID(1))}, clinical.ErrNoDoctor.Code},
			"from nowhere": {clinical.LetterChange{Title: ptr("x"),
				Location: ptr(practice.LocationID(1))}, practice.ErrLocationNotFound.Code},
			"to an unknown patient": {clinical.LetterChange{Title: ptr("x"),
				Recipient: &clinical.Recipient{Kind: clinical.ToPatient, ID: 1}}, clinical.ErrNoRecipient.Code},
			"to an unknown contact": {clinical.LetterChange{Title: ptr("x"),
				Recipient: &clinical.Recipient{Kind: clinical.ToContact, ID: 1}}, clinical.ErrNoRecipient.Code},
			"to a contact": {clinical.LetterChange{Title: ptr("x"), Recipient: toInsurer}, ""},
			"to something else": {clinical.LetterChange{Title: ptr("x"),
				Recipient: &clinical.Recipient{Kind: "EVERYBODY", ID: 7}}, clinical.ErrNoRecipient.Code},
			"to an unknown relationship": {clinical.LetterChange{Title: ptr("x"),
				Recipient: &clinical.Recipient{Kind: clinical.ToRelationship, ID: 7}}, clinical.ErrNoRecipient.Code},
		} {
			if c.change.Patient == nil {
				c.change.Patient = &d.ada
			}
			made, err := d.letters.Create(d.ctx, c.change)
			if err == nil {
				var found clinical.Letter
				if found, err = d.letters.Find(d.ctx, made.ID); found != made {
					d.Errorf("%s: got %+v, want %+v", name, found, made)
				}
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || fault.Of(err).Code != c.want) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		made := d.letter(d.ada, "Note")
		_, err = d.letters.Update(d.ctx, made.ID,
			clinical.LetterChange{Recipient: &clinical.Recipient{Kind: clinical.ToContact, ID: 1}})
		d.want(err, clinical.ErrNoRecipient)
		_, err = contacts.Delete(d.operator, insurer.ID)
		d.must(err)
		_, err = d.letters.Update(d.ctx, made.ID, clinical.LetterChange{Recipient: toInsurer})
		d.want(err, clinical.ErrNoRecipient)
	})
}

func TestADeletedLetterIsKeptAndLeftAlone(t *testing.T) {
	each(t, func(d *kit) {
		made := d.letter(d.ada, "Note")
		d.now = d.now.Add(time.Hour)
		gone, err := d.letters.Delete(d.ctx, made.ID)
		if err != nil || !gone.Deleted() || gone.Version != 2 {
			d.Fatalf("got %+v, %v", gone, err)
		}
		if again, err := d.letters.Delete(d.ctx, made.ID); err != nil || again != gone {
			d.Fatalf("got %+v, %v", again, err)
		}
		_, err = d.letters.Update(d.ctx, made.ID, clinical.LetterChange{Title: ptr("x")})
		d.want(err, clinical.ErrDeleted)
		of, err := d.letters.OfPatients(d.ctx, []patient.ID{d.ada})
		if err != nil || len(of) > 0 {
			d.Fatalf("got %v, %v", of, err)
		}
	})
}

func TestLettersAreListed(t *testing.T) {
	each(t, func(d *kit) {
		var all []clinical.Letter
		for _, c := range []struct {
			title, on string
			of        patient.ID
		}{{"a", "2031-07-05", d.ada}, {"b", "2031-07-03", d.ben}, {"c", "2031-07-04", d.ada},
			{"d", "2031-07-06", d.ada}} {
			l, err := d.letters.Create(d.khan, clinical.LetterChange{Patient: &c.of, Title: &c.title,
				Date: ptr(date(c.on))})
			d.must(err)
			all = append(all, l)
			d.now = d.now.Add(time.Hour)
		}
		_, err := d.letters.Delete(d.ctx, all[3].ID)
		d.must(err)
		for _, c := range []struct {
			name string
			q    clinical.Query
			want string
		}{
			{"all but those deleted", clinical.Query{}, "a b c"},
			{"all", clinical.Query{Listing: input.Listing{Deleted: true}}, "a b c d"},
			{"by their dates", clinical.Query{Dated: &input.Days{From: date("2031-07-03"), Until: date("2031-07-05")}},
				"b c a"},
			{"by their dates, a page", clinical.Query{Listing: input.Listing{Page: input.Page{Number: 2, Size: 1}},
				Dated: &input.Days{From: input.NoDate, Until: input.NoDate}}, "c …"},
			{"changed since", clinical.Query{Listing: input.Listing{Deleted: true,
				Updated: input.Span{From: all[2].UpdatedAt}}}, "c d"},
		} {
			d.Run(c.name, func(t *testing.T) {
				if got := titles(d.letters.List(d.ctx, c.q)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		of, err := d.letters.OfPatients(d.ctx, []patient.ID{d.ada, d.ben})
		if got := titles(of[d.ada], false, err) + "; " + titles(of[d.ben], false, err); got != "a c; b" {
			d.Fatal(got)
		}
		staff := []practice.PractitionerID{d.doctor, 1}
		by, err := d.letters.By(d.ctx, staff, input.Page{Size: 2})
		if got := shown(staff, by, err); got != "a b …; " {
			d.Fatal(got)
		}
	})
}

func TestAnotherPracticeFindsNoLetters(t *testing.T) {
	each(t, func(d *kit) {
		made := d.letter(d.ada, "Note")
		_, err := d.letters.Find(d.other, made.ID)
		d.want(err, clinical.ErrNoLetter)
		_, err = d.letters.Update(d.other, made.ID, clinical.LetterChange{Title: ptr("x")})
		d.want(err, clinical.ErrNoLetter)
		_, err = d.letters.Delete(d.other, made.ID)
		d.want(err, clinical.ErrNoLetter)
		_, err = d.letters.Create(d.other, clinical.LetterChange{Patient: &d.ada, Title: ptr("x")})
		d.want(err, patient.ErrNotFound)
		of, err := d.letters.OfPatients(d.other, []patient.ID{d.ada})
		if got := titles(d.letters.List(d.other, clinical.Query{})); err != nil || got != "" || len(of) > 0 {
			d.Fatalf("got %q, %v, %v", got, of, err)
		}
	})
}

func TestTheLettersOfAMergedPatientAreTheOthers(t *testing.T) {
	each(t, func(d *kit) {
		d.letter(d.ada, "a")
		b, err := d.letters.Create(d.ctx, clinical.LetterChange{Patient: &d.ben, Title: ptr("b"),
			Recipient: &clinical.Recipient{Kind: clinical.ToPatient, ID: int64(d.ben)}})
		d.must(err)
		unmerge := d.merge()
		people := []patient.ID{d.ada, d.ben}
		of, err := d.letters.OfPatients(d.ctx, people)
		d.must(err)
		if got := titles(of[d.ada], false, nil); got != "a b" || of[d.ada][1].Recipient.ID != int64(d.ada) {
			d.Fatalf("got %+v", of)
		}
		unmerge()
		if found, err := d.letters.Find(d.ctx, b.ID); err != nil || found.Patient != d.ben ||
			found.Recipient.ID != int64(d.ben) {
			d.Fatalf("got %+v, %v", found, err)
		}
	})
}

func TestRolesDecideWhoSeesAndWritesLetters(t *testing.T) {
	each(t, func(d *kit) {
		made := d.letter(d.ada, "Note")
		see, edit := as(d.group, "Partner", access.SeeLetters), as(d.group, "Partner", access.EditLetters)
		for name, do := range map[string]func() error{
			"create": func() error { _, err := d.letters.Create(see, clinical.LetterChange{}); return err },
			"update": func() error {
				_, err := d.letters.Update(see, made.ID, clinical.LetterChange{Recipient: &clinical.Recipient{}})
				return err
			},
			"delete":     func() error { _, err := d.letters.Delete(see, made.ID); return err },
			"letter":     func() error { _, err := d.letters.Find(edit, made.ID); return err },
			"letters":    func() error { _, _, err := d.letters.List(edit, clinical.Query{}); return err },
			"letters of": func() error { _, err := d.letters.OfPatients(edit, nil); return err },
			"letters by": func() error { _, err := d.letters.By(edit, nil, input.Page{}); return err },
		} {
			if err := do(); fault.Of(err).Kind != fault.Forbidden {
				d.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestEveryChangeOfALetterIsAudited(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		made := d.letter(d.ada, "Note")
		_, err := d.letters.Update(d.ctx, made.ID, clinical.LetterChange{Title: ptr("x")})
		d.must(err)
		_, err = d.letters.Delete(d.ctx, made.ID)
		d.must(err)
		if got := audited(t, address); got != "letter.create false true\nletter.update true true\nletter.delete "+
			"true true" {
			t.Fatal(got)
		}
	})
}
