package document_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/document"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/store/storetest"
)

func TestSharesAreListedByThingAndByPatient(t *testing.T) {
	each(t, func(d *kit) {
		letter, doc, consultation := d.db.NewID(), int64(d.make(d.ada, "scan").ID), d.db.NewID()
		share := func(kind document.Kind, subject int64, to document.Recipient, records ...int64) document.Share {
			d.Helper()
			d.now = d.now.Add(time.Hour)
			return d.share(document.Share{Kind: kind, Subject: subject, Patient: d.ada, Recipient: to,
				Title: string(kind), Records: records})
		}
		first := share(document.KindLetter, letter, document.ToPatient)
		share(document.KindDocument, doc, document.ToOther)
		share(document.KindDocument, doc, document.ToPatient)
		share(document.KindDocument, int64(d.make(d.ada, "other").ID), document.ToOther) // not with Ada
		share(document.KindConsultation, consultation, document.ToPatient, 7)
		d.now = d.now.Add(time.Hour)
		d.share(document.Share{Kind: document.KindLetter, Subject: letter, Patient: d.ada, Title: "ended",
			Recipient: document.ToPatient, DeletedAt: d.now})
		of, err := d.shares.Of(d.ctx, document.KindDocument, []int64{doc, 1}, false, input.Span{})
		if err != nil || len(of) != 1 || len(of[doc]) != 2 || of[doc][0].Recipient != document.ToOther ||
			of[doc][1].RecipientID != int64(d.ada) {
			d.Fatalf("got %+v, %v", of, err)
		}
		of, err = d.shares.Of(d.ctx, document.KindLetter, []int64{letter}, true, input.Span{Until: first.At})
		if err != nil || !reflect.DeepEqual(of[letter], []document.Share{first}) {
			d.Fatalf("got %+v, %v\nwant %+v", of, err, first)
		}
		of, err = d.shares.Of(d.ctx, document.KindLetter, []int64{letter}, true, input.Span{})
		if err != nil || len(of[letter]) != 2 {
			d.Fatalf("got %+v, %v", of, err)
		}
		shared := func(p input.Page) string {
			d.Helper()
			with, err := d.shares.With(d.ctx, []patient.ID{d.ada, d.ben}, p)
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
		if got := shared(input.Page{}); got != "consultation[7] document[] letter[] " {
			d.Fatal(got)
		}
		if got := shared(input.Page{Size: 1}); got != "consultation[7] …" {
			d.Fatal(got)
		}
		share(document.KindLetter, letter, document.ToPatient)
		if got := shared(input.Page{Size: 2}); got != "letter[] consultation[7] …" {
			d.Fatal(got)
		}
	})
}

func TestAnIntegrationTokenIsGoodForAWeek(t *testing.T) {
	each(t, func(d *kit) {
		_, err := d.tokens.Find(d.ctx, d.ada)
		d.want(err, document.ErrNoToken)
		first, err := d.tokens.Create(d.ctx, d.ada)
		d.must(err)
		d.now = d.now.Add(time.Hour)
		second, err := d.tokens.Create(d.ctx, d.ada)
		d.must(err)
		if found, err := d.tokens.Find(d.ctx, d.ada); err != nil || found != second || first == second {
			d.Fatalf("got %q, %v; made %q and %q", found, err, first, second)
		}
		d.now = d.now.Add(document.TokenLife - time.Hour)
		d.must(d.tokens.Forget(d.ctx))
		if found, err := d.tokens.Find(d.ctx, d.ada); err != nil || found != second {
			d.Fatalf("got %q, %v", found, err)
		}
		d.now = d.now.Add(time.Hour)
		_, err = d.tokens.Find(d.ctx, d.ada)
		d.want(err, document.ErrNoToken)
		d.must(d.tokens.Forget(d.ctx))
		_, err = d.tokens.Create(d.ctx, 1)
		d.want(err, patient.ErrNotFound)
		_, err = d.tokens.Find(d.other, d.ada)
		d.want(err, patient.ErrNotFound)
	})
}

func TestAnotherPracticeFindsNoDocuments(t *testing.T) {
	each(t, func(d *kit) {
		made := d.put(d.make(d.ada, "a"), "x")
		_, err := d.documents.Find(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.documents.Delete(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.documents.Create(d.other, document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"})
		d.want(err, patient.ErrNotFound)
		_, err = d.tokens.Create(d.other, d.ada)
		d.want(err, patient.ErrNotFound)
		d.share(document.Share{Kind: document.KindDocument, Subject: int64(made.ID), Patient: d.ada,
			Recipient: document.ToOther})
		// An address made there for a document of this practice leads nowhere.
		address, err := d.documents.DownloadAddress(d.other, made)
		d.must(err)
		_, _, err = d.documents.Download(context.Background(), strings.TrimPrefix(address,
			"https://desk.example.org/files/"))
		d.want(err, document.ErrNotFound)
		of, err := d.documents.OfPatients(d.other, []patient.ID{d.ada}, input.Page{})
		shares, err2 := d.shares.Of(d.other, document.KindDocument, []int64{int64(made.ID)}, true, input.Span{})
		if got := names(d.documents.List(d.other, document.Query{})); got != "" || len(of)+len(shares) > 0 ||
			err != nil ||
			err2 != nil {
			d.Fatalf("got %q, %v, %v, %v, %v", got, of, shares, err, err2)
		}
	})
}

func TestTheDocumentsOfAMergedPatientAreTheOthers(t *testing.T) {
	each(t, func(d *kit) {
		d.make(d.ada, "a")
		b := d.put(d.make(d.ben, "b"), "x")
		folder := d.folder(document.Folder{Patient: d.ben, Name: "Letters", Path: "/Letters"})
		d.share(document.Share{Kind: document.KindDocument, Subject: int64(b.ID), Patient: d.ben,
			Recipient: document.ToPatient})
		token, err := d.tokens.Create(d.ctx, d.ben)
		d.must(err)
		look := func() string {
			d.Helper()
			of, err := d.documents.OfPatients(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{})
			d.must(err)
			with, err := d.shares.With(d.ctx, []patient.ID{d.ada, d.ben}, input.Page{})
			d.must(err)
			in, err := d.documents.Folders(d.ctx, []document.FolderID{folder.ID})
			d.must(err)
			return fmt.Sprint(names(of[d.ada].Items, false, nil), "; ", names(of[d.ben].Items, false, nil), "; ",
				len(with[d.ada].Items), len(with[d.ben].Items), in[folder.ID].Patient == d.ada)
		}
		unmerge := d.merge()
		if got := look(); got != "a b; ; 1 0 true" {
			d.Fatal(got)
		}
		for _, id := range []patient.ID{d.ben, d.ada} {
			if found, err := d.tokens.Find(d.ctx, id); err != nil || found != token {
				d.Fatalf("got %q, %v", found, err)
			}
		}
		unmerge()
		_, err = d.tokens.Find(d.ctx, d.ada)
		d.want(err, document.ErrNoToken)
		if got := look(); got != "a; b; 0 1 false" {
			d.Fatal(got)
		}
	})
}

func TestRolesDecideWhoSeesAndMakesDocuments(t *testing.T) {
	each(t, func(d *kit) {
		made := d.put(d.make(d.ada, "a"), "x")
		empty := d.make(d.ada, "b")
		see, edit, fill := as(d.group, access.SeeDocuments), as(d.group, access.EditDocuments),
			as(d.group, access.FillQuestionnaires)
		n := document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"}
		for name, do := range map[string]func() error{
			"create":     func() error { _, err := d.documents.Create(see, n); return err },
			"template":   func() error { _, err := d.documents.CreateTemplate(see, n); return err },
			"delete":     func() error { _, err := d.documents.Delete(see, made.ID); return err },
			"upload":     func() error { _, err := d.documents.UploadAddress(see, empty); return err },
			"document":   func() error { _, err := d.documents.Find(edit, made.ID); return err },
			"a template": func() error { _, err := d.documents.Template(edit, made.ID); return err },
			"documents":  func() error { _, _, err := d.documents.List(edit, document.Query{}); return err },
			"templates": func() error {
				_, _, err := d.documents.List(edit,
					document.Query{Templates: true})
				return err
			},
			"documents of": func() error { _, err := d.documents.OfPatients(edit, nil, input.Page{}); return err },
			"folders":      func() error { _, err := d.documents.Folders(edit, nil); return err },
			"download":     func() error { _, err := d.documents.DownloadAddress(edit, made); return err },
			"shares of": func() error {
				_, err := d.shares.Of(edit, document.KindDocument, nil, false, input.Span{})
				return err
			},
			"shared with": func() error { _, err := d.shares.With(fill, nil, input.Page{}); return err },
			"token":       func() error { _, err := d.tokens.Find(see, d.ada); return err },
			"new token":   func() error { _, err := d.tokens.Create(edit, d.ada); return err },
		} {
			if err := do(); fault.Of(err).Kind != fault.Forbidden {
				d.Errorf("%s: got %v", name, err)
			}
		}
		if _, err := d.tokens.Create(fill, d.ada); err != nil {
			d.Error(err)
		}
	})
}

func TestEveryChangeOfADocumentIsAuditedAndEveryFetch(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		made := d.put(d.make(d.ada, "a"), "x")
		_, _, err := d.documents.Download(context.Background(), d.download(made))
		d.must(err)
		_, err = d.tokens.Create(d.ctx, d.ada)
		d.must(err)
		_, err = d.documents.Delete(d.ctx, made.ID)
		d.must(err)
		rows, err := storetest.Raw(t, address).Query(`SELECT action, actor FROM audit WHERE entity IN ('document', ` +
			`'integration_token') ORDER BY id`)
		d.must(err)
		defer rows.Close()
		var got []string
		for rows.Next() {
			var action, actor string
			d.must(rows.Scan(&action, &actor))
			got = append(got, action+" by "+actor)
		}
		want := []string{
			"document.create by Partner", "document.upload by signed address",
			"integration-token.create by Partner", "document.delete by Partner",
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q", got)
		}
	})
}
