package merge_test

import (
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contactpoint"
	"frontdesk/core/merge"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
)

// twice registers one person twice: by a caller who knows no NHS number, and through the national service.
func (k *kit) twice() (known, traced patient.ID) {
	k.Helper()
	r := ada()
	r.NHSNumber, r.Email, r.LastName = nil, new("ada.king@example.org"), new("King")
	return k.Register(r), k.Trace("9990000018", "1985-12-10")
}

func TestMergeMakesOnePatientOfTwo(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		file, err := k.Files.Attach(k.Ctx, from, "letter.txt", "aGVsbG8gdGhlcmU=")
		if err != nil {
			k.Fatal(err)
		}
		preview, err := k.Merging.Preview(k.Ctx, keep, from)
		if err != nil || preview.Moves["attachments"] != 1 || len(preview.Warnings) != 1 ||
			preview.Warnings[0] != "last_name" || preview.Result.NHSNumber != "9990000018" {
			k.Fatalf("got %+v, %v", preview, err)
		}
		before := k.Profile(from)
		m, err := k.Merging.Merge(k.Ctx, keep, from, preview.Token)
		if err != nil || m.Moved["attachments"] != 1 {
			k.Fatalf("got %+v, %v", m, err)
		}
		p := k.Profile(from) // the id that is gone stands for the one that stayed
		if p.ID != keep || p.NHSNumber != "9990000018" || p.LastName != "King" || p.Mobile != "+447700900123" ||
			p.Address.Postcode != "ZZ1 2AB" || len(p.Merged) != 1 {
			k.Fatalf("got %+v", p)
		}
		if files, err := k.Files.Attachments(k.Ctx, from); err != nil || len(files) != 1 || files[0].ID != file.ID {
			k.Fatalf("files %v, %v", files, err)
		}
		if _, n, _ := k.Patients.List(k.Ctx, patient.Query{Count: true, Limit: 5}); n != 1 {
			k.Fatalf("%d patients are found", n)
		}
		if again := k.Trace("9990000018", "1985-12-10"); again != keep {
			k.Fatal("the number leads somewhere else")
		}
		types, data := k.Events(keep)
		if types[0] != "patient.merged" || data == nil {
			k.Fatalf("events %v", types)
		}

		if _, err := k.Merging.Unmerge(k.Ctx, from, 0); err != nil {
			k.Fatal(err)
		}
		after := k.Profile(from)
		if after.ID != from || after.NHSNumber != "9990000018" || after.Mobile != before.Mobile || !after.Live() ||
			after.Status != patient.Unarchived {
			k.Fatalf("got %+v", after)
		}
		if p := k.Profile(keep); p.NHSNumber != "" || p.Address.Postcode != "" || p.Mobile != "+447700900123" ||
			p.NumberStatus != "" {
			k.Fatalf("got %+v", p)
		}
		if files, err := k.Files.Attachments(k.Ctx, from); err != nil || len(files) != 1 {
			k.Fatalf("files %v, %v", files, err)
		}
		if _, err := k.Merging.Unmerge(k.Ctx, from, 0); !errors.Is(err, merge.ErrNotMerged) {
			k.Fatalf("undone twice: %v", err)
		}
	})
}

func TestMergeTokenWorksOnceForItsPreview(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		preview := func() string {
			k.Helper()
			p, err := k.Merging.Preview(k.Ctx, keep, from)
			if err != nil {
				k.Fatal(err)
			}
			return p.Token
		}
		refused := func(what string, want error, a, b patient.ID, token string) {
			k.Helper()
			if _, err := k.Merging.Merge(k.Ctx, a, b, token); !errors.Is(err, want) {
				k.Fatalf("%s: %v", what, err)
			}
		}
		refused("an invented token", merge.ErrToken, keep, from, "x")
		token := preview()
		refused("the other way round", merge.ErrToken, from, keep, token)
		token = preview()
		k.Clock = k.Clock.Add(merge.PreviewLife)
		refused("too late", merge.ErrToken, keep, from, token)
		token = preview()
		if _, err := k.Patients.SetContactPoint(k.Ctx, from, contactpoint.Email,
			patient.PointChange{Value: new("new@example.org")}); err != nil {
			k.Fatal(err)
		}
		refused("a record that changed", merge.ErrChanged, keep, from, token)
		token = preview()
		if err := k.Demographics.RefreshPatient(k.Ctx, from); err != nil { // reads, and finds nothing new
			k.Fatal(err)
		}
		if _, err := k.Merging.Merge(k.Ctx, keep, from, token); err != nil {
			k.Fatal(err)
		}
		refused("a used token", merge.ErrToken, keep, from, token)
		if _, err := k.Merging.Preview(k.Ctx, keep, from); patienttest.Fields(err) != "patient" {
			k.Fatalf("merged with itself: %v", err)
		}
	})
}

func TestDifferentNHSNumbersAreDifferentPeople(t *testing.T) {
	withKit(t, func(k *kit) {
		a := k.Trace("9990000018", "1985-12-10")
		twin := patienttest.Ada
		twin.NHSNumber = "9990000026"
		k.Spine.Put(twin)
		b := k.Trace("9990000026", "1985-12-10")
		if _, err := k.Merging.Preview(k.Ctx, a, b); !errors.Is(err, merge.ErrNumbers) {
			k.Fatalf("got %v", err)
		}
		if found, err := k.Merging.Candidates(k.Ctx, a); err != nil || len(found) != 0 {
			k.Fatalf("candidates %v, %v", found, err)
		}
	})
}

func TestUnmergeKeepsLaterChanges(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		k.Merge(keep, from)
		k.Clock = k.Clock.Add(time.Hour)
		if _, err := k.Patients.SetContactPoint(k.Ctx, keep, contactpoint.Postal,
			patient.PointChange{Address: &patient.Address{Line1: "1 New Street", Postcode: "zz11aa"}}); err != nil {
			k.Fatal(err)
		}
		if _, err := k.Files.Attach(k.Ctx, keep, "since.txt", "aGVsbG8gdGhlcmU="); err != nil {
			k.Fatal(err)
		}
		if _, err := k.Merging.Unmerge(k.Ctx, keep, 0); err != nil {
			k.Fatal(err)
		}
		if p := k.Profile(keep); p.Address.Line1 != "1 New Street" || p.Address.Postcode != "ZZ1 1AA" ||
			p.NHSNumber != "" {
			k.Fatalf("got %+v", p)
		}
		if files, _ := k.Files.Attachments(k.Ctx, keep); len(files) != 1 {
			k.Fatalf("files %v", files)
		}
	})
}

func TestLaterMergeIsUndoneFirst(t *testing.T) {
	withKit(t, func(k *kit) {
		a, b := k.twice()
		r := ada()
		r.NHSNumber = nil
		c := k.Register(r)
		k.Merge(b, a)
		k.Merge(c, b)
		if p := k.Profile(a); p.ID != c {
			k.Fatalf("got %v", p.ID)
		}
		if _, err := k.Merging.Unmerge(k.Ctx, a, 0); !errors.Is(err, merge.ErrMergedAgain) {
			k.Fatalf("got %v", err)
		}
		for _, id := range []patient.ID{b, a} {
			if _, err := k.Merging.Unmerge(k.Ctx, id, 0); err != nil {
				k.Fatal(err)
			}
		}
		if p := k.Profile(b); p.NHSNumber != "9990000018" {
			k.Fatalf("got %+v", p)
		}
	})
}

func TestMergingNeedsAMemberOfStaff(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		key := access.Caller{Group: k.Group, Home: k.Group, Permissions: access.OfKey(access.Scopes,
			[]access.KeyPermission{access.Setup})}
		ctx := access.With(k.Ctx, key)
		_, err1 := k.Merging.Preview(ctx, keep, from)
		_, err2 := k.Merging.Merge(ctx, keep, from, "x")
		_, err3 := k.Merging.Unmerge(ctx, keep, 0)
		_, err4 := k.Merging.Candidates(ctx, keep)
		_, err5 := k.Patients.Connect(ctx, keep, "1")
		_, err6 := k.Patients.SetContactPoint(ctx, keep, contactpoint.Email, patient.PointChange{Value: new("")})
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if !errors.Is(err, access.ErrPermission) {
				k.Errorf("%d: %v", i+1, err)
			}
		}
	})
}

func TestRecordSystemIDBelongsToOnePatient(t *testing.T) {
	withKit(t, func(k *kit) {
		a, b := k.twice()
		if p, err := k.Patients.Connect(k.Ctx, a, "E-9"); err != nil || p.EHRPartnerID != "E-9" {
			k.Fatalf("got %+v, %v", p, err)
		}
		if _, err := k.Patients.Connect(k.Ctx, a, "E-9"); err != nil {
			k.Fatal("connecting twice:", err)
		}
		if _, err := k.Patients.Connect(k.Ctx, b, "E-9"); !errors.Is(err, patient.ErrEHRTaken) {
			k.Fatalf("got %v", err)
		}
	})
}

func TestOnlyFilesOfSafeKindsAreKept(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.Register(ada())
		for _, c := range []struct{ name, data, want string }{
			{"a.txt", "aGVsbG8=", ""},
			{"a.html", "PGh0bWw+PHNjcmlwdD4=", "file_data"},
			{"../a.txt", "aGVsbG8=", "file_name"},
			{"a.txt", "", "file_data"},
			{"a.txt", "%%%", "file_data"},
			{"", "aGVsbG8=", "file_name"},
		} {
			a, err := k.Files.Attach(k.Ctx, id, c.name, c.data)
			if patienttest.Fields(err) != c.want {
				k.Errorf("%s: %v", c.name, err)
			}
			if c.want == "" {
				got, err := k.Files.Attachment(k.Ctx, id, a.ID)
				if err != nil || string(got.Content) != "hello" || got.MediaType != "text/plain; charset=utf-8" {
					k.Errorf("got %+v, %v", got, err)
				}
			}
		}
	})
}
