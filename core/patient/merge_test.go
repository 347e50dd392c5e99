package patient_test

import (
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/patient"
)

func (k *kit) merge(keep, from patient.ID) patient.Merge {
	k.Helper()
	p, err := k.s.PreviewMerge(k.ctx, keep, from)
	if err != nil {
		k.Fatal(err)
	}
	m, err := k.s.Merge(k.ctx, keep, from, p.Token)
	if err != nil {
		k.Fatal(err)
	}
	return m
}

// twice registers one person twice: by a caller who knows no NHS number, and
// through the national service.
func (k *kit) twice() (known, traced patient.ID) {
	k.Helper()
	r := ada()
	r.NHSNumber, r.Email, r.LastName = nil, ptr("ada.king@example.org"), "King"
	return k.register(r), k.trace("9990000018", "1985-12-10")
}

func TestAMergeMakesOnePatientOfTwo(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		file, err := k.files.Attach(k.ctx, from, "letter.txt", "aGVsbG8gdGhlcmU=")
		if err != nil {
			k.Fatal(err)
		}
		preview, err := k.s.PreviewMerge(k.ctx, keep, from)
		if err != nil || preview.Moves["attachments"] != 1 || len(preview.Warnings) != 1 || preview.Warnings[0] != "last_name" || preview.Result.NHSNumber != "9990000018" {
			k.Fatalf("got %+v, %v", preview, err)
		}
		before := k.profile(from)
		m, err := k.s.Merge(k.ctx, keep, from, preview.Token)
		if err != nil || m.Moved["attachments"] != 1 {
			k.Fatalf("got %+v, %v", m, err)
		}
		p := k.profile(from) // the id that is gone stands for the one that stayed
		if p.ID != keep || p.NHSNumber != "9990000018" || p.LastName != "King" || p.Mobile != "+447700900123" || p.Address.Postcode != "ZZ1 2AB" || len(p.Merged) != 1 {
			k.Fatalf("got %+v", p)
		}
		if files, err := k.files.Attachments(k.ctx, from); err != nil || len(files) != 1 || files[0].ID != file.ID {
			k.Fatalf("files %v, %v", files, err)
		}
		if _, n, _ := k.s.Search(k.ctx, patient.Search{PageSize: 5}); n != 1 {
			k.Fatalf("%d patients are found", n)
		}
		if again := k.trace("9990000018", "1985-12-10"); again != keep {
			k.Fatal("the number leads somewhere else")
		}
		types, data := k.events(keep)
		if types[0] != "patient.merged" || data == nil {
			k.Fatalf("events %v", types)
		}

		if _, err := k.s.Unmerge(k.ctx, from, 0); err != nil {
			k.Fatal(err)
		}
		after := k.profile(from)
		if after.ID != from || after.NHSNumber != "9990000018" || after.Mobile != before.Mobile || !after.Live() || after.Status != patient.Unarchived {
			k.Fatalf("got %+v", after)
		}
		if p := k.profile(keep); p.NHSNumber != "" || p.Address.Postcode != "" || p.Mobile != "+447700900123" || p.NumberStatus != "" {
			k.Fatalf("got %+v", p)
		}
		if files, err := k.files.Attachments(k.ctx, from); err != nil || len(files) != 1 {
			k.Fatalf("files %v, %v", files, err)
		}
		if _, err := k.s.Unmerge(k.ctx, from, 0); !errors.Is(err, patient.ErrNotMerged) {
			k.Fatalf("undone twice: %v", err)
		}
	})
}

func TestAMergeTokenIsGoodOnceForWhatItShowed(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		preview := func() string {
			k.Helper()
			p, err := k.s.PreviewMerge(k.ctx, keep, from)
			if err != nil {
				k.Fatal(err)
			}
			return p.Token
		}
		refused := func(what string, want error, a, b patient.ID, token string) {
			k.Helper()
			if _, err := k.s.Merge(k.ctx, a, b, token); !errors.Is(err, want) {
				k.Fatalf("%s: %v", what, err)
			}
		}
		refused("an invented token", patient.ErrMergeToken, keep, from, "x")
		token := preview()
		refused("the other way round", patient.ErrMergeToken, from, keep, token)
		token = preview()
		k.clock = k.clock.Add(patient.PreviewLife)
		refused("too late", patient.ErrMergeToken, keep, from, token)
		token = preview()
		if _, err := k.s.SetContact(k.ctx, from, patient.ContactEmail, patient.ContactChange{Value: ptr("new@example.org")}); err != nil {
			k.Fatal(err)
		}
		refused("a record that changed", patient.ErrMergeChanged, keep, from, token)
		token = preview()
		if err := k.s.RefreshPatient(k.ctx, from); err != nil { // reads, and finds nothing new
			k.Fatal(err)
		}
		if _, err := k.s.Merge(k.ctx, keep, from, token); err != nil {
			k.Fatal(err)
		}
		refused("a used token", patient.ErrMergeToken, keep, from, token)
		if _, err := k.s.PreviewMerge(k.ctx, keep, from); fields(err) != "patient_id" {
			k.Fatalf("merged with itself: %v", err)
		}
	})
}

func TestDifferentNHSNumbersAreDifferentPeople(t *testing.T) {
	withKit(t, func(k *kit) {
		a := k.trace("9990000018", "1985-12-10")
		twin := ada0
		twin.NHSNumber = "9990000026"
		k.spine.put(twin)
		b := k.trace("9990000026", "1985-12-10")
		if _, err := k.s.PreviewMerge(k.ctx, a, b); !errors.Is(err, patient.ErrMergeNumber) {
			k.Fatalf("got %v", err)
		}
		if found, err := k.s.Candidates(k.ctx, a); err != nil || len(found) != 0 {
			k.Fatalf("candidates %v, %v", found, err)
		}
	})
}

func TestWhatChangedSinceAMergeStaysWhenItIsUndone(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		k.merge(keep, from)
		k.clock = k.clock.Add(time.Hour)
		if _, err := k.s.SetContact(k.ctx, keep, patient.ContactAddress, patient.ContactChange{Address: &patient.Address{Line1: "1 New Street", Postcode: "zz11aa"}}); err != nil {
			k.Fatal(err)
		}
		if _, err := k.files.Attach(k.ctx, keep, "since.txt", "aGVsbG8gdGhlcmU="); err != nil {
			k.Fatal(err)
		}
		if _, err := k.s.Unmerge(k.ctx, keep, 0); err != nil {
			k.Fatal(err)
		}
		if p := k.profile(keep); p.Address.Line1 != "1 New Street" || p.Address.Postcode != "ZZ1 1AA" || p.NHSNumber != "" {
			k.Fatalf("got %+v", p)
		}
		if files, _ := k.files.Attachments(k.ctx, keep); len(files) != 1 {
			k.Fatalf("files %v", files)
		}
	})
}

func TestALaterMergeIsUndoneFirst(t *testing.T) {
	withKit(t, func(k *kit) {
		a, b := k.twice()
		r := ada()
		r.NHSNumber = nil
		c := k.register(r)
		k.merge(b, a)
		k.merge(c, b)
		if p := k.profile(a); p.ID != c {
			k.Fatalf("got %v", p.ID)
		}
		if _, err := k.s.Unmerge(k.ctx, a, 0); !errors.Is(err, patient.ErrMergedOn) {
			k.Fatalf("got %v", err)
		}
		for _, id := range []patient.ID{b, a} {
			if _, err := k.s.Unmerge(k.ctx, id, 0); err != nil {
				k.Fatal(err)
			}
		}
		if p := k.profile(b); p.NHSNumber != "9990000018" {
			k.Fatalf("got %+v", p)
		}
	})
}

func TestMergingNeedsAMemberOfStaff(t *testing.T) {
	withKit(t, func(k *kit) {
		keep, from := k.twice()
		key := access.Caller{Group: k.group, Home: k.group, Permissions: access.OfKey(access.Scopes, []access.KeyPermission{access.Setup})}
		ctx := access.With(k.ctx, key)
		_, err1 := k.s.PreviewMerge(ctx, keep, from)
		_, err2 := k.s.Merge(ctx, keep, from, "x")
		_, err3 := k.s.Unmerge(ctx, keep, 0)
		_, err4 := k.s.Candidates(ctx, keep)
		_, err5 := k.s.Connect(ctx, keep, "1")
		_, err6 := k.s.SetContact(ctx, keep, patient.ContactEmail, patient.ContactChange{Value: ptr("")})
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if !errors.Is(err, access.ErrPermission) {
				k.Errorf("%d: %v", i+1, err)
			}
		}
	})
}

func TestOneRecordOfTheRecordSystemIsOnePatients(t *testing.T) {
	withKit(t, func(k *kit) {
		a, b := k.twice()
		if p, err := k.s.Connect(k.ctx, a, "E-9"); err != nil || p.EHRPartnerID != "E-9" {
			k.Fatalf("got %+v, %v", p, err)
		}
		if _, err := k.s.Connect(k.ctx, a, "E-9"); err != nil {
			k.Fatal("connecting twice:", err)
		}
		if _, err := k.s.Connect(k.ctx, b, "E-9"); !errors.Is(err, patient.ErrEHRTaken) {
			k.Fatalf("got %v", err)
		}
	})
}

func TestAFileIsKeptIfItIsOfAKindThatIsSafe(t *testing.T) {
	withKit(t, func(k *kit) {
		id := k.register(ada())
		for _, c := range []struct{ name, data, want string }{
			{"a.txt", "aGVsbG8=", ""},
			{"a.html", "PGh0bWw+PHNjcmlwdD4=", "file_data"},
			{"../a.txt", "aGVsbG8=", "file_name"},
			{"a.txt", "", "file_data"},
			{"a.txt", "%%%", "file_data"},
			{"", "aGVsbG8=", "file_name"},
		} {
			a, err := k.files.Attach(k.ctx, id, c.name, c.data)
			if fields(err) != c.want {
				k.Errorf("%s: %v", c.name, err)
			}
			if c.want == "" {
				got, err := k.files.Attachment(k.ctx, id, a.ID)
				if err != nil || string(got.Content) != "hello" || got.MediaType != "text/plain; charset=utf-8" {
					k.Errorf("got %+v, %v", got, err)
				}
			}
		}
	})
}
