package document_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/clinical"
	"frontdesk/core/document"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/store"
	clinicalstore "frontdesk/store/clinical"
	documentstore "frontdesk/store/document"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// desk is a practice with two patients, beside another one, a key, and a clock
// that moves.
type desk struct {
	*document.Service
	*testing.T
	db       *store.DB
	now      time.Time
	group    practice.ID
	ctx      context.Context
	operator context.Context
	other    context.Context // another practice's
	ada, ben patient.ID
	patients *patient.Service
	clinical *clinical.Service
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(open(t, db)) })
}

func open(t *testing.T, db *store.DB) *desk {
	t.Helper()
	d := &desk{T: t, db: db, now: time.Date(2031, time.January, 6, 7, 0, 0, 123456789, time.UTC)}
	clock := func() time.Time { return d.now }
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	d.Service = &document.Service{Store: documentstore.New(db), Box: func() (*seal.Box, error) { return box, nil },
		Pages: func() string { return "https://desk.example.org" }, Now: clock, NewID: db.NewID}
	d.clinical = &clinical.Service{Store: clinicalstore.New(db), Now: clock, NewID: db.NewID}
	d.patients = &patient.Service{Store: db.Patient(), Now: clock, NewID: db.NewID}
	groups := &practice.Service{Store: db.Practice(), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	d.must(err)
	other, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
	d.must(err)
	d.group = g.ID
	d.ctx, d.other = as(g.ID, document.See, document.Edit, document.Fill), as(other.ID, document.See, document.Edit,
		document.Fill)
	d.operator = access.With(context.Background(), access.Operator(g.ID))
	for to, name := range map[*patient.ID]string{&d.ada: "Ada", &d.ben: "Ben"} {
		*to, err = patienttest.Register(d.operator, d.patients, patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new("1985-12-10"), Email: ptr(name + "@example.org")})
		d.must(err)
	}
	return d
}

// as is a caller in a group.
func as(group practice.ID, grants ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: group, Home: group, Key: 7, Actor: "Partner",
		RequestID: "r1", Permissions: grants})
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) want(err, target error) {
	d.Helper()
	if !errors.Is(err, target) {
		d.Fatalf("got %v, want %v", err, target)
	}
}

func (d *desk) make(of patient.ID, name string) document.Document {
	d.Helper()
	made, err := d.Create(d.ctx, document.New{Patient: of, Name: name, MediaType: "application/pdf"})
	d.must(err)
	return made
}

// upload is the last part of the address a document's file is put at.
func (d *desk) upload(of document.Document) string {
	d.Helper()
	address, err := d.UploadAddress(d.ctx, of)
	d.must(err)
	return strings.TrimPrefix(address, "https://desk.example.org/files/")
}

func (d *desk) download(of document.Document) string {
	d.Helper()
	address, err := d.DownloadAddress(d.ctx, of)
	d.must(err)
	return strings.TrimPrefix(address, "https://desk.example.org/files/")
}

func (d *desk) put(of document.Document, content string) document.Document {
	d.Helper()
	d.must(d.Upload(context.Background(), d.upload(of), strings.NewReader(content)))
	now, err := d.Document(d.ctx, of.ID)
	d.must(err)
	return now
}

func names(found []document.Document, more bool, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range found {
		out = append(out, f.Name)
	}
	if more {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

func (d *desk) merge() func() {
	d.Helper()
	preview, err := patienttest.Merging(d.db, d.patients).Preview(d.operator, d.ada, d.ben)
	d.must(err)
	m, err := patienttest.Merging(d.db, d.patients).Merge(d.operator, d.ada, d.ben, preview.Token)
	d.must(err)
	return func() {
		_, err := patienttest.Merging(d.db, d.patients).Unmerge(d.operator, d.ben, m.ID)
		d.must(err)
	}
}

func TestADocumentIsRoomForAFile(t *testing.T) {
	each(t, func(d *desk) {
		made, err := d.Create(d.ctx, document.New{Patient: d.ada, Name: " scan.pdf ", MediaType: "Application/PDF"})
		d.must(err)
		if made.Name != "scan.pdf" || made.Title != "scan.pdf" || made.MediaType != "application/pdf" ||
			made.Version != 1 || !made.UploadedAt.IsZero() ||
			!made.CreatedAt.Equal(made.UpdatedAt) {
			d.Fatalf("got %+v", made)
		}
		if found, err := d.Document(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		if address, err := d.DownloadAddress(d.ctx, made); err != nil || address != "" {
			d.Fatalf("got %q, %v", address, err)
		}
		for name, n := range map[string]document.New{
			"no name":       {Patient: d.ada, Name: " ", MediaType: "text/plain"},
			"a long name":   {Patient: d.ada, Name: strings.Repeat("x", 129), MediaType: "text/plain"},
			"a folder":      {Patient: d.ada, Name: "../x", MediaType: "text/plain"},
			"no type":       {Patient: d.ada, Name: "x"},
			"half a type":   {Patient: d.ada, Name: "x", MediaType: "pdf"},
			"a header more": {Patient: d.ada, Name: "x", MediaType: "text/plain\r\nX: y"},
		} {
			if _, err := d.Create(d.ctx, n); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
		for _, id := range []patient.ID{0, 1} {
			_, err = d.Create(d.ctx, document.New{Patient: id, Name: "x", MediaType: "text/plain"})
			d.want(err, patient.ErrNotFound)
		}
	})
}

func TestAFileIsPutOnceAndFetchedAgainAndAgain(t *testing.T) {
	each(t, func(d *desk) {
		made := d.make(d.ada, "scan.pdf")
		put := d.upload(made)
		if !strings.Contains(put, ".") || strings.Contains(put, "/") {
			d.Fatalf("got %q", put)
		}
		none := context.Background() // whoever has the address needs nothing else
		d.now = d.now.Add(time.Minute)
		d.must(d.Upload(none, put, strings.NewReader("%PDF-1.7")))
		full, err := d.Document(d.ctx, made.ID)
		if err != nil || full.Size != 8 || !full.UploadedAt.Equal(d.now.Truncate(time.Microsecond)) ||
			full.Version != 2 || !full.UpdatedAt.Equal(full.UploadedAt) {
			d.Fatalf("got %+v, %v", full, err)
		}
		d.must(d.Upload(none, put, strings.NewReader("%PDF-1.7")))
		d.want(d.Upload(none, put, strings.NewReader("%PDF-1.8")), document.ErrUploaded)
		if again, err := d.Document(d.ctx, made.ID); err != nil || !reflect.DeepEqual(again, full) {
			d.Fatalf("got %+v, %v", again, err)
		}
		if address, err := d.UploadAddress(d.ctx, full); err != nil || address != "" {
			d.Fatalf("got %q, %v", address, err)
		}
		get := d.download(full)
		for range 2 {
			d.now = d.now.Add(time.Hour - time.Second)
			found, content, err := d.Download(none, get)
			if err != nil || string(content) != "%PDF-1.7" || found.Name != "scan.pdf" {
				d.Fatalf("got %+v, %q, %v", found, content, err)
			}
		}
	})
}

func TestAnAddressIsGoodForOneThingForAWhile(t *testing.T) {
	each(t, func(d *desk) {
		a, b := d.put(d.make(d.ada, "a"), "a"), d.make(d.ada, "b")
		put, get := d.upload(b), d.download(a)
		none := context.Background()
		part := strings.Split(get, ".")
		other := strings.Split(put, ".")
		for name, address := range map[string]string{
			"an upload's": put, "nothing": "", "no signature": "1.2.3",
			"another document's":  strings.Join([]string{part[0], other[1], part[2], part[3]}, "."),
			"for longer":          strings.Join([]string{part[0], part[1], part[2] + "0", part[3]}, "."),
			"another's signature": strings.Join(append(part[:3:3], other[3]), "."),
			"long":                strings.Repeat("1.", 1000) + get,
		} {
			if _, _, err := d.Download(none, address); !errors.Is(err, document.ErrAddress) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		d.want(d.Upload(none, get, strings.NewReader("x")), document.ErrAddress)
		d.now = d.now.Add(document.UploadLife)
		d.want(d.Upload(none, put, strings.NewReader("x")), document.ErrAddress)
		d.now = d.now.Add(document.DownloadLife - document.UploadLife - time.Second)
		if _, _, err := d.Download(none, get); err != nil {
			d.Fatal(err)
		}
		d.now = d.now.Add(time.Second)
		_, _, err := d.Download(none, get)
		d.want(err, document.ErrAddress)
		key := d.Box
		d.Box = func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) }
		forged := d.download(a)
		d.Box = key
		_, _, err = d.Download(none, forged)
		d.want(err, document.ErrAddress)
	})
}

func TestAFileHasASize(t *testing.T) {
	each(t, func(d *desk) {
		none := context.Background()
		put := d.upload(d.make(d.ada, "a"))
		d.want(d.Upload(none, put, strings.NewReader("")), document.ErrEmpty)
		d.want(d.Upload(none, put, bytes.NewReader(make([]byte, document.MaxSize+1))), document.ErrTooLarge)
		d.must(d.Upload(none, put, bytes.NewReader(make([]byte, document.MaxSize))))
	})
}

func TestADeletedDocumentIsGivenToNobody(t *testing.T) {
	each(t, func(d *desk) {
		full, empty := d.put(d.make(d.ada, "a"), "a"), d.make(d.ada, "b")
		get, put := d.download(full), d.upload(empty)
		for _, id := range []document.ID{full.ID, empty.ID} {
			gone, err := d.Delete(d.ctx, id)
			if err != nil || !gone.Deleted() {
				d.Fatalf("got %+v, %v", gone, err)
			}
			if again, err := d.Delete(d.ctx, id); err != nil || !reflect.DeepEqual(again, gone) {
				d.Fatalf("got %+v, %v", again, err)
			}
			up, err := d.UploadAddress(d.ctx, gone)
			down, err2 := d.DownloadAddress(d.ctx, gone)
			if err != nil || err2 != nil || up+down != "" {
				d.Fatalf("got %q, %q, %v, %v", up, down, err, err2)
			}
		}
		_, _, err := d.Download(context.Background(), get)
		d.want(err, document.ErrDeleted)
		d.want(d.Upload(context.Background(), put, strings.NewReader("x")), document.ErrDeleted)
	})
}

func TestDocumentsAreListed(t *testing.T) {
	each(t, func(d *desk) {
		start := d.now
		var all []document.Document
		for i, of := range []patient.ID{d.ada, d.ben, d.ada, d.ada} {
			all = append(all, d.make(of, string(rune('a'+i))))
			d.now = d.now.Add(time.Hour)
		}
		template, err := d.CreateTemplate(d.ctx, document.New{Name: "form", MediaType: "text/html"})
		d.must(err)
		_, err = d.Delete(d.ctx, all[3].ID)
		d.must(err)
		d.put(all[0], "x")
		for _, c := range []struct {
			name string
			l    input.Listing
			want string
		}{
			{"all but those deleted", input.Listing{}, "a b c"},
			{"all", input.Listing{Deleted: true}, "a b c d"},
			{"a page", input.Listing{Page: input.Page{Number: 2, Size: 1}}, "b …"},
			{"made since", input.Listing{Created: input.Span{From: start.Add(time.Minute)}}, "b c"},
			{"changed since", input.Listing{Updated: input.Span{From: start.Add(time.Minute)}}, "b c a"},
		} {
			d.Run(c.name, func(t *testing.T) {
				if got := names(d.Documents(d.ctx, c.l)); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		if got := names(d.Templates(d.ctx, input.Listing{})); got != "form" {
			d.Fatal(got)
		}
		if found, err := d.Template(d.ctx, template.ID); err != nil || !reflect.DeepEqual(found, template) {
			d.Fatalf("got %+v, %v", found, err)
		}
		_, err = d.Document(d.ctx, template.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.Template(d.ctx, all[0].ID)
		d.want(err, document.ErrNotFound)
		of, err := d.DocumentsOf(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{Size: 1})
		if got := names(of[d.ada].Items, of[d.ada].More, err) + "; " + names(of[d.ben].Items, of[d.ben].More,
			err); got != "a …; b" {
			d.Fatal(got)
		}
	})
}

func TestDocumentsAreInFolders(t *testing.T) {
	each(t, func(d *desk) {
		letters, err := d.CreateFolder(d.ctx, d.ada, 0, "Letters")
		d.must(err)
		year, err := d.CreateFolder(d.ctx, d.ada, letters.ID, "2031")
		d.must(err)
		if year.Path != "/Letters/2031" || year.Parent != letters.ID || year.Patient != d.ada {
			d.Fatalf("got %+v", year)
		}
		found, err := d.Folders(d.ctx, []document.FolderID{year.ID, letters.ID, 1})
		if err != nil || len(found) != 2 || found[year.ID] != year || found[letters.ID] != letters {
			d.Fatalf("got %+v, %v", found, err)
		}
		in, err := d.Create(d.ctx, document.New{Patient: d.ada, Folder: year.ID, Name: "a", MediaType: "text/plain"})
		if err != nil || in.Folder != year.ID {
			d.Fatalf("got %+v, %v", in, err)
		}
		_, err = d.Create(d.ctx, document.New{Patient: d.ben, Folder: year.ID, Name: "a", MediaType: "text/plain"})
		d.want(err, document.ErrNoFolder)
		_, err = d.CreateTemplate(d.ctx, document.New{Folder: year.ID, Name: "a", MediaType: "text/plain"})
		d.want(err, document.ErrNoFolder)
		_, err = d.CreateFolder(d.ctx, d.ben, letters.ID, "x")
		d.want(err, document.ErrNoFolder)
		_, err = d.CreateFolder(d.ctx, d.ada, 0, "a/b")
		d.want(err, fault.Input())
		forms, err := d.CreateFolder(d.ctx, 0, 0, "Forms")
		d.must(err)
		if in, err := d.CreateTemplate(d.ctx, document.New{Folder: forms.ID, Name: "a",
			MediaType: "text/plain"}); err != nil || in.Folder != forms.ID {
			d.Fatalf("got %+v, %v", in, err)
		}
		if found, err := d.Folders(d.other, []document.FolderID{year.ID}); err != nil || len(found) > 0 {
			d.Fatalf("got %+v, %v", found, err)
		}
	})
}

func TestSharingIsKeptAndDatesWhatWasShared(t *testing.T) {
	each(t, func(d *desk) {
		letter, err := d.clinical.CreateLetter(d.operator, clinical.LetterChange{Patient: &d.ada, Title: ptr("Note")})
		d.must(err)
		entry, err := d.clinical.CreateFreeText(d.operator, clinical.Place{Patient: d.ada},
			clinical.FreeTextChange{Question: ptr("a"), Answer: ptr("b")})
		d.must(err)
		doc := d.put(d.make(d.ada, "scan"), "x")
		share := func(kind document.Kind, subject int64, to document.Recipient, records ...int64) document.Share {
			d.Helper()
			d.now = d.now.Add(time.Hour)
			made, err := d.KeepShare(d.ctx, document.Share{Kind: kind, Subject: subject, Patient: d.ada, Recipient: to,
				Email: "ada@example.org",
				Title: string(kind), Method: document.ByEmail, Records: records})
			d.must(err)
			return made
		}
		first := share(document.KindLetter, int64(letter.ID), document.ToPatient)
		share(document.KindDocument, int64(doc.ID), document.ToOther)
		share(document.KindDocument, int64(doc.ID), document.ToPatient)
		share(document.KindDocument, int64(d.make(d.ada, "other").ID), document.ToOther) // not with Ada
		share(document.KindConsultation, int64(entry.Consultation), document.ToPatient, int64(entry.ID))
		last := share(document.KindLetter, int64(letter.ID), document.ToPatient)
		if l, err := d.clinical.Letter(d.operator, letter.ID); err != nil || !l.SharedAt.Equal(last.At) {
			d.Fatalf("got %+v, %v", l, err)
		}
		if e, err := d.clinical.ClinicalRecord(d.operator, entry.ID); err != nil || e.SharedAt.IsZero() {
			d.Fatalf("got %+v, %v", e, err)
		}
		of, err := d.SharesOf(d.ctx, document.KindDocument, []int64{int64(doc.ID), 1}, false, input.Span{})
		if err != nil || len(of) != 1 || len(of[int64(doc.ID)]) != 2 ||
			of[int64(doc.ID)][0].Recipient != document.ToOther || of[int64(doc.ID)][1].RecipientID != int64(d.ada) {
			d.Fatalf("got %+v, %v", of, err)
		}
		of, err = d.SharesOf(d.ctx, document.KindLetter, []int64{int64(letter.ID)}, false, input.Span{Until: first.At})
		if err != nil || !reflect.DeepEqual(of[int64(letter.ID)], []document.Share{first}) {
			d.Fatalf("got %+v, %v\nwant %+v", of, err, first)
		}
		shared := func(p input.Page) string {
			d.Helper()
			with, err := d.SharedWith(d.ctx, []patient.ID{d.ada, d.ben}, p)
			d.must(err)
			out := ""
			for _, sh := range with[d.ada].Items {
				out += fmt.Sprint(sh.Title, sh.Records, " ")
			}
			if with[d.ada].More {
				out += "…"
			}
			if len(with[d.ben].Items) > 0 {
				out += "; ben"
			}
			return out
		}
		if got := shared(input.Page{}); got != fmt.Sprintf("letter[] consultation[%d] document[] ", entry.ID) {
			d.Fatal(got)
		}
		if got := shared(input.Page{Size: 1}); got != "letter[] …" {
			d.Fatal(got)
		}
		for range 2 {
			if ended, err := d.EndShare(d.ctx, last.ID); err != nil || !ended.DeletedAt.Equal(last.At) {
				d.Fatalf("got %+v, %v", ended, err)
			}
		}
		if got := shared(input.Page{}); got != fmt.Sprintf("consultation[%d] document[] letter[] ", entry.ID) {
			d.Fatal(got)
		}
		of, err = d.SharesOf(d.ctx, document.KindLetter, []int64{int64(letter.ID)}, true, input.Span{})
		if err != nil || len(of[int64(letter.ID)]) != 2 {
			d.Fatalf("got %+v, %v", of, err)
		}
		for name, sh := range map[string]document.Share{
			"an unknown thing":    {Kind: document.KindLetter, Subject: 1, Patient: d.ada},
			"another patient's":   {Kind: document.KindLetter, Subject: int64(letter.ID), Patient: d.ben},
			"one of another kind": {Kind: document.KindLab, Subject: int64(letter.ID), Patient: d.ada},
			"a consultation's other part": {Kind: document.KindConsultation, Subject: int64(entry.Consultation),
				Patient: d.ada, Records: []int64{1}},
		} {
			sh.Recipient, sh.Method = document.ToPatient, document.ByLink
			if _, err := d.KeepShare(d.ctx, sh); !errors.Is(err, document.ErrNotShared) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		_, err = d.KeepShare(d.ctx, document.Share{Kind: "rumour", Subject: 1, Patient: d.ada,
			Recipient: document.ToOther, Method: document.ByEmail})
		d.want(err, fault.Input())
		_, err = d.EndShare(d.other, last.ID)
		d.want(err, document.ErrNotShared)
	})
}

func TestAnIntegrationTokenSaysWhoAPatientIsForAWeek(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.IntegrationToken(d.ctx, d.ada)
		d.want(err, document.ErrNoToken)
		first, err := d.CreateIntegrationToken(d.ctx, d.ada)
		d.must(err)
		d.now = d.now.Add(time.Hour)
		second, err := d.CreateIntegrationToken(d.ctx, d.ada)
		d.must(err)
		if found, err := d.IntegrationToken(d.ctx, d.ada); err != nil || found != second || first == second {
			d.Fatalf("got %q, %v; made %q and %q", found, err, first, second)
		}
		for _, text := range []string{first, second} {
			if group, of, err := d.Identify(context.Background(), text); err != nil || group != d.group || of != d.ada {
				d.Fatalf("got %v, %v, %v", group, of, err)
			}
		}
		address := d.upload(d.make(d.ada, "a"))
		for _, text := range []string{"", "fdi_", first + "x", "fdi_" + address, strings.TrimPrefix(first, "fdi_")} {
			_, _, err := d.Identify(context.Background(), text)
			d.want(err, document.ErrNoToken)
		}
		d.now = d.now.Add(document.TokenLife - time.Hour)
		_, _, err = d.Identify(context.Background(), first)
		d.want(err, document.ErrNoToken)
		if _, of, err := d.Identify(context.Background(), second); err != nil || of != d.ada {
			d.Fatalf("got %v, %v", of, err)
		}
		d.must(d.Forget(d.ctx))
		if found, err := d.IntegrationToken(d.ctx, d.ada); err != nil || found != second {
			d.Fatalf("got %q, %v", found, err)
		}
		d.now = d.now.Add(time.Hour)
		_, err = d.IntegrationToken(d.ctx, d.ada)
		d.want(err, document.ErrNoToken)
		d.must(d.Forget(d.ctx))
		_, err = d.CreateIntegrationToken(d.ctx, 1)
		d.want(err, patient.ErrNotFound)
		_, err = d.IntegrationToken(d.other, d.ada)
		d.want(err, patient.ErrNotFound)
	})
}

func TestAnotherPracticeFindsNoDocuments(t *testing.T) {
	each(t, func(d *desk) {
		made := d.put(d.make(d.ada, "a"), "x")
		_, err := d.Document(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.Delete(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.Create(d.other, document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"})
		d.want(err, patient.ErrNotFound)
		_, err = d.CreateIntegrationToken(d.other, d.ada)
		d.want(err, patient.ErrNotFound)
		_, err = d.KeepShare(d.other, document.Share{Kind: document.KindDocument, Subject: int64(made.ID),
			Patient: d.ada, Recipient: document.ToOther, Method: document.ByLink})
		d.want(err, patient.ErrNotFound)
		// An address made there for a document of this practice leads nowhere.
		address, err := d.DownloadAddress(d.other, made)
		d.must(err)
		_, _, err = d.Download(context.Background(), strings.TrimPrefix(address, "https://desk.example.org/files/"))
		d.want(err, document.ErrNotFound)
		of, err := d.DocumentsOf(d.other, []patient.ID{d.ada}, input.Page{})
		shares, err2 := d.SharesOf(d.other, document.KindDocument, []int64{int64(made.ID)}, true, input.Span{})
		if got := names(d.Documents(d.other, input.Listing{})); got != "" || len(of)+len(shares) > 0 || err != nil ||
			err2 != nil {
			d.Fatalf("got %q, %v, %v, %v, %v", got, of, shares, err, err2)
		}
	})
}

func TestTheDocumentsOfAMergedPatientAreTheOthers(t *testing.T) {
	each(t, func(d *desk) {
		d.make(d.ada, "a")
		b := d.put(d.make(d.ben, "b"), "x")
		folder, err := d.CreateFolder(d.ctx, d.ben, 0, "Letters")
		d.must(err)
		_, err = d.KeepShare(d.ctx, document.Share{Kind: document.KindDocument, Subject: int64(b.ID), Patient: d.ben,
			Recipient: document.ToPatient, Method: document.ByLink})
		d.must(err)
		token, err := d.CreateIntegrationToken(d.ctx, d.ben)
		d.must(err)
		look := func() string {
			d.Helper()
			of, err := d.DocumentsOf(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{})
			d.must(err)
			with, err := d.SharedWith(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{})
			d.must(err)
			in, err := d.Folders(d.ctx, []document.FolderID{folder.ID})
			d.must(err)
			_, who, err := d.Identify(context.Background(), token)
			d.must(err)
			return fmt.Sprint(names(of[d.ada].Items, false, nil), "; ", names(of[d.ben].Items, false, nil), "; ",
				len(with[d.ada].Items), len(with[d.ben].Items), in[folder.ID].Patient == d.ada, who == d.ada)
		}
		unmerge := d.merge()
		if got := look(); got != "a b; ; 1 0 true true" {
			d.Fatal(got)
		}
		if found, err := d.IntegrationToken(d.ctx, d.ben); err != nil || found != token {
			d.Fatalf("got %q, %v", found, err)
		}
		unmerge()
		if got := look(); got != "a; b; 0 1 false false" {
			d.Fatal(got)
		}
	})
}

func TestRolesDecideWhoSeesAndMakesDocuments(t *testing.T) {
	each(t, func(d *desk) {
		made := d.put(d.make(d.ada, "a"), "x")
		empty := d.make(d.ada, "b")
		see, edit, fill := as(d.group, document.See), as(d.group, document.Edit), as(d.group, document.Fill)
		n := document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"}
		for name, do := range map[string]func() error{
			"create":       func() error { _, err := d.Create(see, n); return err },
			"template":     func() error { _, err := d.CreateTemplate(see, n); return err },
			"folder":       func() error { _, err := d.CreateFolder(see, d.ada, 0, "x"); return err },
			"delete":       func() error { _, err := d.Delete(see, made.ID); return err },
			"upload":       func() error { _, err := d.UploadAddress(see, empty); return err },
			"share":        func() error { _, err := d.KeepShare(see, document.Share{}); return err },
			"end share":    func() error { _, err := d.EndShare(see, 1); return err },
			"document":     func() error { _, err := d.Document(edit, made.ID); return err },
			"a template":   func() error { _, err := d.Template(edit, made.ID); return err },
			"documents":    func() error { _, _, err := d.Documents(edit, input.Listing{}); return err },
			"templates":    func() error { _, _, err := d.Templates(edit, input.Listing{}); return err },
			"documents of": func() error { _, err := d.DocumentsOf(edit, nil, input.Page{}); return err },
			"folders":      func() error { _, err := d.Folders(edit, nil); return err },
			"download":     func() error { _, err := d.DownloadAddress(edit, made); return err },
			"shares of": func() error {
				_, err := d.SharesOf(edit, document.KindDocument, nil, false, input.Span{})
				return err
			},
			"shared with": func() error { _, err := d.SharedWith(fill, nil, input.Page{}); return err },
			"token":       func() error { _, err := d.IntegrationToken(see, d.ada); return err },
			"new token":   func() error { _, err := d.CreateIntegrationToken(edit, d.ada); return err },
		} {
			if err := do(); fault.Of(err).Kind != fault.Forbidden {
				d.Errorf("%s: got %v", name, err)
			}
		}
		if _, err := d.CreateIntegrationToken(fill, d.ada); err != nil {
			d.Error(err)
		}
	})
}

func TestEveryChangeOfADocumentIsAuditedAndEveryFetch(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		made := d.put(d.make(d.ada, "a"), "x")
		_, _, err := d.Download(context.Background(), d.download(made))
		d.must(err)
		_, err = d.CreateFolder(d.ctx, d.ada, 0, "x")
		d.must(err)
		sh, err := d.KeepShare(d.ctx, document.Share{Kind: document.KindDocument, Subject: int64(made.ID),
			Patient: d.ada, Recipient: document.ToOther, Method: document.ByLink})
		d.must(err)
		_, err = d.EndShare(d.ctx, sh.ID)
		d.must(err)
		_, err = d.CreateIntegrationToken(d.ctx, d.ada)
		d.must(err)
		_, err = d.Delete(d.ctx, made.ID)
		d.must(err)
		rows, err := storetest.Raw(t, address).Query(`SELECT action, actor FROM audit WHERE entity IN ('document', ` +
			`'folder', 'share', 'integration_token') ORDER BY id`)
		d.must(err)
		defer rows.Close()
		var got []string
		for rows.Next() {
			var action, actor string
			d.must(rows.Scan(&action, &actor))
			got = append(got, action+" by "+actor)
		}
		want := []string{
			"document.create by Partner", "document.upload by signed address", "document.download by signed address",
			"folder.create by Partner",
			"share.create by Partner", "share.end by Partner", "integration-token.create by Partner",
			"document.delete by Partner",
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q", got)
		}
	})
}
