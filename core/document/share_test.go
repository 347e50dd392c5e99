package document_test

import (
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
	"frontdesk/store/storetest"
)

func TestSharingIsKeptAndDatesWhatWasShared(t *testing.T) {
	each(t, func(d *desk) {
		letter, err := d.letters.Create(d.operator, clinical.LetterChange{Patient: &d.ada, Title: ptr("Note")})
		d.must(err)
		entry, err := d.records.CreateFreeText(d.operator, clinical.Place{Patient: d.ada},
			clinical.FreeTextChange{Question: ptr("a"), Answer: ptr("b")})
		d.must(err)
		doc := d.put(d.make(d.ada, "scan"), "x")
		share := func(kind document.Kind, subject int64, to document.Recipient, records ...int64) document.Share {
			d.Helper()
			d.now = d.now.Add(time.Hour)
			made, err := d.shares.Create(d.ctx, document.Share{Kind: kind, Subject: subject, Patient: d.ada,
				Recipient: to,
				Email:     "ada@example.org",
				Title:     string(kind), Method: document.ByEmail, Records: records})
			d.must(err)
			return made
		}
		first := share(document.KindLetter, int64(letter.ID), document.ToPatient)
		share(document.KindDocument, int64(doc.ID), document.ToOther)
		share(document.KindDocument, int64(doc.ID), document.ToPatient)
		share(document.KindDocument, int64(d.make(d.ada, "other").ID), document.ToOther) // not with Ada
		share(document.KindConsultation, int64(entry.Consultation), document.ToPatient, int64(entry.ID))
		last := share(document.KindLetter, int64(letter.ID), document.ToPatient)
		if l, err := d.letters.Find(d.operator, letter.ID); err != nil || !l.SharedAt.Equal(last.At) {
			d.Fatalf("got %+v, %v", l, err)
		}
		if e, err := d.records.Record(d.operator, entry.ID); err != nil || e.SharedAt.IsZero() {
			d.Fatalf("got %+v, %v", e, err)
		}
		of, err := d.shares.Of(d.ctx, document.KindDocument, []int64{int64(doc.ID), 1}, false, input.Span{})
		if err != nil || len(of) != 1 || len(of[int64(doc.ID)]) != 2 ||
			of[int64(doc.ID)][0].Recipient != document.ToOther || of[int64(doc.ID)][1].RecipientID != int64(d.ada) {
			d.Fatalf("got %+v, %v", of, err)
		}
		of, err = d.shares.Of(d.ctx, document.KindLetter, []int64{int64(letter.ID)}, false, input.Span{Until: first.At})
		if err != nil || !reflect.DeepEqual(of[int64(letter.ID)], []document.Share{first}) {
			d.Fatalf("got %+v, %v\nwant %+v", of, err, first)
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
		if got := shared(input.Page{}); got != fmt.Sprintf("letter[] consultation[%d] document[] ", entry.ID) {
			d.Fatal(got)
		}
		if got := shared(input.Page{Size: 1}); got != "letter[] …" {
			d.Fatal(got)
		}
		for range 2 {
			if ended, err := d.shares.End(d.ctx, last.ID); err != nil || !ended.DeletedAt.Equal(last.At) {
				d.Fatalf("got %+v, %v", ended, err)
			}
		}
		if got := shared(input.Page{}); got != fmt.Sprintf("consultation[%d] document[] letter[] ", entry.ID) {
			d.Fatal(got)
		}
		of, err = d.shares.Of(d.ctx, document.KindLetter, []int64{int64(letter.ID)}, true, input.Span{})
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
			if _, err := d.shares.Create(d.ctx, sh); !errors.Is(err, document.ErrNotShared) {
				d.Errorf("%s: got %v", name, err)
			}
		}
		_, err = d.shares.Create(d.ctx, document.Share{Kind: "rumour", Subject: 1, Patient: d.ada,
			Recipient: document.ToOther, Method: document.ByEmail})
		d.want(err, fault.Input())
		_, err = d.shares.End(d.other, last.ID)
		d.want(err, document.ErrNotShared)
	})
}

func TestAnIntegrationTokenSaysWhoAPatientIsForAWeek(t *testing.T) {
	each(t, func(d *desk) {
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
		for _, text := range []string{first, second} {
			if group, of, err := d.tokens.Identify(context.Background(), text); err != nil || group != d.group ||
				of != d.ada {
				d.Fatalf("got %v, %v, %v", group, of, err)
			}
		}
		address := d.upload(d.make(d.ada, "a"))
		for _, text := range []string{"", "fdi_", first + "x", "fdi_" + address, strings.TrimPrefix(first, "fdi_")} {
			_, _, err := d.tokens.Identify(context.Background(), text)
			d.want(err, document.ErrNoToken)
		}
		d.now = d.now.Add(document.TokenLife - time.Hour)
		_, _, err = d.tokens.Identify(context.Background(), first)
		d.want(err, document.ErrNoToken)
		if _, of, err := d.tokens.Identify(context.Background(), second); err != nil || of != d.ada {
			d.Fatalf("got %v, %v", of, err)
		}
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
	each(t, func(d *desk) {
		made := d.put(d.make(d.ada, "a"), "x")
		_, err := d.documents.Find(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.documents.Delete(d.other, made.ID)
		d.want(err, document.ErrNotFound)
		_, err = d.documents.Create(d.other, document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"})
		d.want(err, patient.ErrNotFound)
		_, err = d.tokens.Create(d.other, d.ada)
		d.want(err, patient.ErrNotFound)
		_, err = d.shares.Create(d.other, document.Share{Kind: document.KindDocument, Subject: int64(made.ID),
			Patient: d.ada, Recipient: document.ToOther, Method: document.ByLink})
		d.want(err, patient.ErrNotFound)
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
	each(t, func(d *desk) {
		d.make(d.ada, "a")
		b := d.put(d.make(d.ben, "b"), "x")
		folder, err := d.documents.CreateFolder(d.ctx, d.ben, 0, "Letters")
		d.must(err)
		_, err = d.shares.Create(d.ctx, document.Share{Kind: document.KindDocument, Subject: int64(b.ID),
			Patient:   d.ben,
			Recipient: document.ToPatient, Method: document.ByLink})
		d.must(err)
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
			_, who, err := d.tokens.Identify(context.Background(), token)
			d.must(err)
			return fmt.Sprint(names(of[d.ada].Items, false, nil), "; ", names(of[d.ben].Items, false, nil), "; ",
				len(with[d.ada].Items), len(with[d.ben].Items), in[folder.ID].Patient == d.ada, who == d.ada)
		}
		unmerge := d.merge()
		if got := look(); got != "a b; ; 1 0 true true" {
			d.Fatal(got)
		}
		if found, err := d.tokens.Find(d.ctx, d.ben); err != nil || found != token {
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
		see, edit, fill := as(d.group, access.SeeDocuments), as(d.group, access.EditDocuments),
			as(d.group, access.FillQuestionnaires)
		n := document.New{Patient: d.ada, Name: "x", MediaType: "text/plain"}
		for name, do := range map[string]func() error{
			"create":     func() error { _, err := d.documents.Create(see, n); return err },
			"template":   func() error { _, err := d.documents.CreateTemplate(see, n); return err },
			"folder":     func() error { _, err := d.documents.CreateFolder(see, d.ada, 0, "x"); return err },
			"delete":     func() error { _, err := d.documents.Delete(see, made.ID); return err },
			"upload":     func() error { _, err := d.documents.UploadAddress(see, empty); return err },
			"share":      func() error { _, err := d.shares.Create(see, document.Share{}); return err },
			"end share":  func() error { _, err := d.shares.End(see, 1); return err },
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
		_, err = d.documents.CreateFolder(d.ctx, d.ada, 0, "x")
		d.must(err)
		sh, err := d.shares.Create(d.ctx, document.Share{Kind: document.KindDocument, Subject: int64(made.ID),
			Patient: d.ada, Recipient: document.ToOther, Method: document.ByLink})
		d.must(err)
		_, err = d.shares.End(d.ctx, sh.ID)
		d.must(err)
		_, err = d.tokens.Create(d.ctx, d.ada)
		d.must(err)
		_, err = d.documents.Delete(d.ctx, made.ID)
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
			"document.create by Partner", "document.upload by signed address", "folder.create by Partner",
			"share.create by Partner", "share.end by Partner", "integration-token.create by Partner",
			"document.delete by Partner",
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q", got)
		}
	})
}
