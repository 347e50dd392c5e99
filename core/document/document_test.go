package document_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
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
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
	"frontdesk/store/value"
)

func ptr[T any](v T) *T { return &v }

// kit is a practice with two patients, beside another one, a key, and a clock
// that moves.
type kit struct {
	documents *document.Documents
	shares    *document.Shares
	tokens    *document.Tokens
	*testing.T
	db       *store.DB
	now      time.Time
	group    practice.ID
	ctx      context.Context
	operator context.Context
	other    context.Context // another practice's
	ada, ben patient.ID
	patients *patient.Service
	records  *clinical.Records
	letters  *clinical.Letters
}

func each(t *testing.T, test func(d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(open(t, db)) })
}

func open(t *testing.T, db *store.DB) *kit {
	t.Helper()
	d := &kit{T: t, db: db, now: time.Date(2031, time.January, 6, 7, 0, 0, 123456789, time.UTC)}
	clock := func() time.Time { return d.now }
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	d.documents = &document.Documents{Store: documentstore.NewDocuments(db),
		Box:   func() (*seal.Box, error) { return box, nil },
		Pages: func() string { return "https://desk.example.org" }, Now: clock, NewID: db.NewID}
	d.shares = &document.Shares{Store: documentstore.NewShares(db)}
	d.tokens = &document.Tokens{Store: documentstore.NewTokens(db), Box: d.documents.Box, Now: clock, NewID: db.NewID}
	d.records = &clinical.Records{Store: clinicalstore.NewRecords(db), Now: clock, NewID: db.NewID}
	d.letters = &clinical.Letters{Store: clinicalstore.NewLetters(db), Now: clock, NewID: db.NewID}
	d.patients = &patient.Service{Store: patientstore.New(db), Now: clock, NewID: db.NewID}
	groups := &practice.Service{Store: practicestore.New(db), Now: clock, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
	d.must(err)
	other, err := groups.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
	d.must(err)
	d.group = g.ID
	d.ctx, d.other = as(g.ID, access.SeeDocuments, access.EditDocuments, access.FillQuestionnaires),
		as(other.ID, access.SeeDocuments, access.EditDocuments,
			access.FillQuestionnaires)
	d.operator = access.With(context.Background(), access.Operator(g.ID))
	for to, name := range map[*patient.ID]string{&d.ada: "Ada", &d.ben: "Ben"} {
		*to, err = patienttest.Register(d.operator, d.patients,
			patient.Changes{FirstName: new(name), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Email: ptr(name + "@example.org")})
		d.must(err)
	}
	return d
}

// as is a caller in a group.
func as(group practice.ID, grants ...access.Permission) context.Context {
	return access.With(context.Background(), access.Caller{Group: group, Home: group, Key: 7, Actor: "Partner",
		RequestID: "r1", Permissions: grants})
}

func (d *kit) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *kit) want(err, target error) {
	d.Helper()
	if !errors.Is(err, target) {
		d.Fatalf("got %v, want %v", err, target)
	}
}

// folder keeps a folder, as an import does.
func (d *kit) folder(f document.Folder) document.Folder {
	d.Helper()
	f.ID, f.CreatedAt = document.FolderID(d.db.NewID()), d.now.UTC().Truncate(time.Microsecond)
	storetest.Insert(d, d.db, "folder", storetest.Row{"practice_group_id": d.group, "id": f.ID,
		"patient_id": value.Opt(f.Patient), "parent_id": value.Opt(f.Parent), "name": f.Name, "path": f.Path,
		"created_at": f.CreatedAt})
	return f
}

// share notes that something was shared, as an import does.
func (d *kit) share(sh document.Share) document.Share {
	d.Helper()
	sh.ID, sh.At = d.db.NewID(), d.now.UTC().Truncate(time.Microsecond)
	sh.Email, sh.Method = "ada@example.org", document.ByEmail
	records := audit.Snapshot(sh.Records)
	storetest.Insert(d, d.db, "share", storetest.Row{"practice_group_id": d.group, "id": sh.ID, "kind": sh.Kind,
		"subject_id": sh.Subject, "patient_id": sh.Patient, "recipient_kind": sh.Recipient, "email": sh.Email,
		"name": sh.Name, "title": sh.Title, "method": sh.Method, "record_ids": string(records), "at": sh.At,
		"deleted_at": value.At(sh.DeletedAt)})
	if sh.Recipient == document.ToPatient {
		sh.RecipientID = int64(sh.Patient)
	}
	return sh
}

func (d *kit) make(of patient.ID, name string) document.Document {
	d.Helper()
	made, err := d.documents.Create(d.ctx, document.New{Patient: of, Name: name, MediaType: "application/pdf"})
	d.must(err)
	return made
}

// upload is the last part of the address a document's file is put at.
func (d *kit) upload(of document.Document) string {
	d.Helper()
	address, err := d.documents.UploadAddress(d.ctx, of)
	d.must(err)
	return strings.TrimPrefix(address, "https://desk.example.org/files/")
}

func (d *kit) download(of document.Document) string {
	d.Helper()
	address, err := d.documents.DownloadAddress(d.ctx, of)
	d.must(err)
	return strings.TrimPrefix(address, "https://desk.example.org/files/")
}

func (d *kit) put(of document.Document, content string) document.Document {
	d.Helper()
	d.must(d.documents.Upload(context.Background(), d.upload(of), strings.NewReader(content)))
	now, err := d.documents.Find(d.ctx, of.ID)
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

func (d *kit) merge() func() {
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
	each(t, func(d *kit) {
		made, err := d.documents.Create(d.ctx, document.New{Patient: d.ada, Name: " scan.pdf ",
			MediaType: "Application/PDF"})
		d.must(err)
		if made.Name != "scan.pdf" || made.Title != "scan.pdf" || made.MediaType != "application/pdf" ||
			made.Version != 1 || !made.UploadedAt.IsZero() ||
			!made.CreatedAt.Equal(made.UpdatedAt) {
			d.Fatalf("got %+v", made)
		}
		if found, err := d.documents.Find(d.ctx, made.ID); err != nil || !reflect.DeepEqual(found, made) {
			d.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		if address, err := d.documents.DownloadAddress(d.ctx, made); err != nil || address != "" {
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
			if _, err := d.documents.Create(d.ctx, n); fault.Of(err).Kind != fault.Invalid {
				d.Errorf("%s: got %v", name, err)
			}
		}
		for _, id := range []patient.ID{0, 1} {
			_, err = d.documents.Create(d.ctx, document.New{Patient: id, Name: "x", MediaType: "text/plain"})
			d.want(err, patient.ErrNotFound)
		}
	})
}

func TestAFileIsPutOnceAndFetchedAgainAndAgain(t *testing.T) {
	each(t, func(d *kit) {
		made := d.make(d.ada, "scan.pdf")
		put := d.upload(made)
		if !strings.Contains(put, ".") || strings.Contains(put, "/") {
			d.Fatalf("got %q", put)
		}
		none := context.Background() // the address is all a reader needs
		d.now = d.now.Add(time.Minute)
		d.must(d.documents.Upload(none, put, strings.NewReader("%PDF-1.7")))
		full, err := d.documents.Find(d.ctx, made.ID)
		if err != nil || full.Size != 8 || !full.UploadedAt.Equal(d.now.Truncate(time.Microsecond)) ||
			full.Version != 2 || !full.UpdatedAt.Equal(full.UploadedAt) {
			d.Fatalf("got %+v, %v", full, err)
		}
		d.must(d.documents.Upload(none, put, strings.NewReader("%PDF-1.7")))
		d.want(d.documents.Upload(none, put, strings.NewReader("%PDF-1.8")), document.ErrUploaded)
		if again, err := d.documents.Find(d.ctx, made.ID); err != nil || !reflect.DeepEqual(again, full) {
			d.Fatalf("got %+v, %v", again, err)
		}
		if address, err := d.documents.UploadAddress(d.ctx, full); err != nil || address != "" {
			d.Fatalf("got %q, %v", address, err)
		}
		get := d.download(full)
		for range 2 {
			d.now = d.now.Add(time.Hour - time.Second)
			found, content, err := d.documents.Download(none, get)
			if err != nil || string(content) != "%PDF-1.7" || found.Name != "scan.pdf" {
				d.Fatalf("got %+v, %q, %v", found, content, err)
			}
		}
	})
}

func TestAnAddressIsGoodForOneThingForAWhile(t *testing.T) {
	each(t, func(d *kit) {
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
			if _, _, err := d.documents.Download(none, address); !errors.Is(err, document.ErrAddress) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		d.want(d.documents.Upload(none, get, strings.NewReader("x")), document.ErrAddress)
		d.now = d.now.Add(document.UploadLife)
		d.want(d.documents.Upload(none, put, strings.NewReader("x")), document.ErrAddress)
		d.now = d.now.Add(document.DownloadLife - document.UploadLife - time.Second)
		if _, _, err := d.documents.Download(none, get); err != nil {
			d.Fatal(err)
		}
		d.now = d.now.Add(time.Second)
		_, _, err := d.documents.Download(none, get)
		d.want(err, document.ErrAddress)
		key := d.documents.Box
		d.documents.Box = func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) }
		forged := d.download(a)
		d.documents.Box = key
		_, _, err = d.documents.Download(none, forged)
		d.want(err, document.ErrAddress)
	})
}

func TestAFileHasASize(t *testing.T) {
	each(t, func(d *kit) {
		none := context.Background()
		put := d.upload(d.make(d.ada, "a"))
		d.want(d.documents.Upload(none, put, strings.NewReader("")), document.ErrEmpty)
		d.want(d.documents.Upload(none, put, bytes.NewReader(make([]byte, document.MaxSize+1))), document.ErrTooLarge)
		d.must(d.documents.Upload(none, put, bytes.NewReader(make([]byte, document.MaxSize))))
	})
}

func TestADeletedDocumentCannotBeFetched(t *testing.T) {
	each(t, func(d *kit) {
		full, empty := d.put(d.make(d.ada, "a"), "a"), d.make(d.ada, "b")
		get, put := d.download(full), d.upload(empty)
		for _, id := range []document.ID{full.ID, empty.ID} {
			gone, err := d.documents.Delete(d.ctx, id)
			if err != nil || !gone.Deleted() {
				d.Fatalf("got %+v, %v", gone, err)
			}
			if again, err := d.documents.Delete(d.ctx, id); err != nil || !reflect.DeepEqual(again, gone) {
				d.Fatalf("got %+v, %v", again, err)
			}
			up, err := d.documents.UploadAddress(d.ctx, gone)
			down, err2 := d.documents.DownloadAddress(d.ctx, gone)
			if err != nil || err2 != nil || up+down != "" {
				d.Fatalf("got %q, %q, %v, %v", up, down, err, err2)
			}
		}
		_, _, err := d.documents.Download(context.Background(), get)
		d.want(err, document.ErrDeleted)
		d.want(d.documents.Upload(context.Background(), put, strings.NewReader("x")), document.ErrDeleted)
	})
}

func TestDocumentsAreListed(t *testing.T) {
	each(t, func(d *kit) {
		start := d.now
		var all []document.Document
		for i, of := range []patient.ID{d.ada, d.ben, d.ada, d.ada} {
			all = append(all, d.make(of, string(rune('a'+i))))
			d.now = d.now.Add(time.Hour)
		}
		template, err := d.documents.CreateTemplate(d.ctx, document.New{Name: "form", MediaType: "text/html"})
		d.must(err)
		_, err = d.documents.Delete(d.ctx, all[3].ID)
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
				if got := names(d.documents.List(d.ctx, document.Query{Listing: c.l})); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		if got := names(d.documents.List(d.ctx, document.Query{Templates: true})); got != "form" {
			d.Fatal(got)
		}
		if found, err := d.documents.Template(d.ctx, template.ID); err != nil || !reflect.DeepEqual(found, template) {
			d.Fatalf("got %+v, %v", found, err)
		}
		_, err = d.documents.Find(d.ctx, template.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.documents.Template(d.ctx, all[0].ID)
		d.want(err, document.ErrNotFound)
		of, err := d.documents.OfPatients(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{Size: 1})
		if got := names(of[d.ada].Items, of[d.ada].More, err) + "; " + names(of[d.ben].Items, of[d.ben].More,
			err); got != "a …; b" {
			d.Fatal(got)
		}
	})
}

func TestDocumentsAreInFolders(t *testing.T) {
	each(t, func(d *kit) {
		letters := d.folder(document.Folder{Patient: d.ada, Name: "Letters", Path: "/Letters"})
		year := d.folder(document.Folder{Patient: d.ada, Parent: letters.ID, Name: "2031", Path: "/Letters/2031"})
		found, err := d.documents.Folders(d.ctx, []document.FolderID{year.ID, letters.ID, 1})
		if err != nil || len(found) != 2 || found[year.ID] != year || found[letters.ID] != letters {
			d.Fatalf("got %+v, %v", found, err)
		}
		in, err := d.documents.Create(d.ctx, document.New{Patient: d.ada, Folder: year.ID, Name: "a",
			MediaType: "text/plain"})
		if err != nil || in.Folder != year.ID {
			d.Fatalf("got %+v, %v", in, err)
		}
		_, err = d.documents.Create(d.ctx, document.New{Patient: d.ben, Folder: year.ID, Name: "a",
			MediaType: "text/plain"})
		d.want(err, document.ErrNoFolder)
		_, err = d.documents.CreateTemplate(d.ctx, document.New{Folder: year.ID, Name: "a", MediaType: "text/plain"})
		d.want(err, document.ErrNoFolder)
		forms := d.folder(document.Folder{Name: "Forms", Path: "/Forms"})
		if in, err := d.documents.CreateTemplate(d.ctx, document.New{Folder: forms.ID, Name: "a",
			MediaType: "text/plain"}); err != nil || in.Folder != forms.ID {
			d.Fatalf("got %+v, %v", in, err)
		}
		if found, err := d.documents.Folders(d.other, []document.FolderID{year.ID}); err != nil || len(found) > 0 {
			d.Fatalf("got %+v, %v", found, err)
		}
	})
}
