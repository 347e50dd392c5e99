package formlink_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/attachment"
	"frontdesk/core/clinical"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/link"
	"frontdesk/core/record"
)

// jpeg begins as a photograph does.
var jpeg = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), bytes.Repeat([]byte{7}, 1000)...)

func TestAFormIsSavedPageByPageAndSentOnce(t *testing.T) {
	each(t, func(k *kit) {
		r := k.make(func(n *formlink.New) { n.Write, n.Assignee = true, assignee.ToStaff(k.nurse) })
		v := k.open(r)
		if p := k.page(v); p.ID != 0 || p.Next() != 0 || p.Sent || p.Shut || len(p.Steps) != 4 {
			k.Fatalf("got %+v", p)
		}
		if problems := k.save(v, 0, map[string]any{"Weight": "500"}); len(problems) != 2 || !problems[0].Missing ||
			problems[1].Expected != "a number from 20 to 400" {
			k.Fatalf("got %+v", problems)
		}
		if k.page(v).ID != 0 {
			k.Fatal("a page with problems was saved")
		}
		k.save(v, 0, map[string]any{"Do you smoke?": "Yes", "Weight": "82.5", "Last check": "2030-05-01"})
		k.clock.Move(45 * time.Minute)
		_, err := k.fill.Open(context.Background(), v)
		k.want(err, link.ErrVisitOver)
		// What was typed before the visit ended is not lost.
		over, problems, err := k.fill.Save(context.Background(), v, 1, form.Given{k.q("Signed").ID: {map[string]any{
			"typed": "Ada Byron"}}})
		if err != nil || !over || len(problems) > 0 {
			k.Fatalf("got %v, %v, %v", over, problems, err)
		}
		v = k.open(r)
		if p := k.page(v); p.Next() != 2 || p.Given[k.q("Weight").ID][0] != "82.5" {
			k.Fatalf("got %d, %v", p.Next(), p.Given)
		}
		k.want(k.send(v), formlink.ErrChanged)
		k.save(v, 2, map[string]any{"How many a day?": "10"})
		_, err = k.fill.Upload(context.Background(), v, k.q("A photograph").ID, `C:\pictures\rash`, jpeg)
		k.must(err)
		k.save(v, 3, nil)
		draft := k.page(v).ID
		k.must(k.fill.Send(context.Background(), v, draft))
		k.must(k.fill.Send(context.Background(), v, draft)) // a double click
		if p := k.page(v); !p.Sent || !p.Shut || p.ID != 0 {
			k.Fatalf("got %+v", p)
		}
		k.kept(r)
		for table, n := range map[string]int{"form_draft": 0, "form_file": 0, "patient_attachment": 1,
			"consultation": 1, "task": 1, "record_entry": 1} {
			if got := k.count(table, "1 = 1"); got != n {
				k.Errorf("%s has %d rows, not %d", table, got, n)
			}
		}
		if n := k.count("event", "type = 'form.completed'"); n != 1 {
			k.Errorf("%d events", n)
		}
		// Another visit finds the link used.
		_, err = k.links.Look(context.Background(), v.Address)
		k.want(err, link.ErrUsed)
	})
}

// kept checks what came of the answers.
func (k *kit) kept(r formlink.Request) {
	k.Helper()
	found, _, err := k.clinical.Consultations(k.ctx, clinical.Query{})
	k.must(err)
	if len(found) != 1 || found[0].Patient != k.ada || found[0].Questionnaire != k.form.ID {
		k.Fatalf("got %+v", found)
	}
	entered, err := k.clinical.RecordsOfConsultations(k.ctx, []clinical.ConsultationID{found[0].ID})
	k.must(err)
	var got []string
	for _, e := range entered[found[0].ID] {
		got = append(got, string(e.Kind)+" "+e.Title+" "+e.Term)
	}
	want := "freetext Do you smoke? Yes|freetext Weight 82.5 kg|freetext Last check 2030-05-01|" +
		"freetext Signed Typed: Ada Byron|freetext How many a day? 10|file A photograph rash.jpg"
	if strings.Join(got, "|") != want {
		k.Fatalf("got  %q\nwant %q", got, want)
	}
	files, err := k.files.Attachments(k.ctx, k.ada)
	k.must(err)
	if len(files) != 1 || files[0].FileName != "rash.jpg" || files[0].MediaType != "image/jpeg" ||
		files[0].Size != int64(len(jpeg)) {
		k.Fatalf("got %+v", files)
	}
	whole, err := k.files.Attachment(k.ctx, k.ada, files[0].ID)
	k.must(err)
	if !bytes.Equal(whole.Content, jpeg) {
		k.Fatal("the file is not as it was sent")
	}
	entries, _, err := k.records.Find(k.ctx, record.Search{PageSize: 10})
	k.must(err)
	if len(entries) != 1 || entries[0].Code != "184147002" || entries[0].Consultation != int64(found[0].ID) ||
		!strings.Contains(entries[0].Content, "Weight (SNOMED CT 27113001, Body weight): 82.5 kg") {
		k.Fatalf("got %+v", entries)
	}
	status, err := k.links.Find(k.ctx, r.ID, "")
	k.must(err)
	if status.Status != link.Used || status.Response != int64(found[0].ID) ||
		status.Questionnaire != int64(k.form.ID) {
		k.Fatalf("got %+v", status)
	}
}

func TestAnswersThatAreNotAskedAreNotSent(t *testing.T) {
	each(t, func(k *kit) {
		v := k.filled(k.make(nil))
		_, err := k.fill.Upload(context.Background(), v, k.q("A photograph").ID, "a.jpg", jpeg)
		k.must(err)
		k.save(v, 0, map[string]any{"Do you smoke?": "No"})
		if p := k.page(v); p.Next() != -1 || len(p.Asked(2)) != 0 || p.Before(len(p.Steps)) != 1 {
			k.Fatalf("got %+v", p)
		}
		_, err = k.fill.Upload(context.Background(), v, k.q("A photograph").ID, "b.jpg", jpeg)
		k.want(err, formlink.ErrNotAsked)
		k.must(k.send(v))
		if n := k.count("record_item", "title = 'How many a day?'"); n != 0 {
			k.Errorf("an answer was sent to a question that is not asked")
		}
		if n := k.count("patient_attachment", "1 = 1") + k.count("form_file", "1 = 1"); n != 0 {
			k.Errorf("%d files of a question that is not asked are kept", n)
		}
	})
}

func TestManySendAtOnceAndOneResponseIsMade(t *testing.T) {
	each(t, func(k *kit) {
		r := k.make(nil)
		v := k.filled(r)
		others := []formlink.Visit{v, k.open(r), v, k.open(r)}
		draft := k.page(v).ID
		var all sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			all.Go(func() { errs[i] = k.fill.Send(context.Background(), others[i%4], draft) })
		}
		all.Wait()
		sent := 0
		for _, err := range errs {
			switch {
			case err == nil:
				sent++
			case !errors.Is(err, link.ErrUsed) && fault.Of(err).Kind != fault.Unavailable: // a crowd may wait too long
				k.Errorf("got %v", err)
			}
		}
		if n := k.count("consultation", "1 = 1"); n != 1 || sent == 0 {
			k.Fatalf("%d responses, and %d of 16 were answered so", n, sent)
		}
		if n := k.count("link", "uses = 1"); n != 1 {
			k.Error("the link does not count one use")
		}
	})
}

func TestALinkThatTakesSeveralResponsesBeginsAgain(t *testing.T) {
	each(t, func(k *kit) {
		r := k.make(func(n *formlink.New) { n.MaxUses = new(2) })
		v := k.filled(r)
		k.must(k.send(v))
		if p := k.page(v); !p.Sent || p.Shut || p.ID != 0 || p.Next() != 0 {
			k.Fatalf("got %+v", p)
		}
		v = k.filled(r)
		k.must(k.send(v))
		_, _, err := k.fill.Save(context.Background(), v, 0, form.Given{})
		k.want(err, link.ErrUsed)
		if n := k.count("consultation", "1 = 1"); n != 2 {
			k.Fatalf("%d responses", n)
		}
	})
}

func TestFilesAreTakenByWhatTheyAre(t *testing.T) {
	each(t, func(k *kit) {
		v := k.filled(k.make(nil))
		photo := k.q("A photograph").ID
		heic := []byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic and more")
		for _, c := range []struct {
			name, file string
			content    []byte
			want       error
		}{
			{"a photograph", "a.jpg", jpeg, nil},
			{"a photograph of a telephone", "a.HEIC", heic, nil},
			{"a PDF with another name", "a.exe", []byte("%PDF-1.7\n"), nil},
			{"a picture in PNG", "a", []byte("\x89PNG\r\n\x1a\n0000"), nil},
			{"nothing", "", nil, attachment.ErrNoFile},
			{"an empty file", "a.jpg", nil, attachment.ErrEmptyFile},
			{"a page named as a picture", "a.jpg", []byte("<html><script>"), attachment.ErrWrongKind},
			{"a film", "a.heic", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), attachment.ErrWrongKind},
			{"text", "a.txt", []byte("Dear doctor"), attachment.ErrWrongKind},
			{"one that is too large", "a.jpg", append(jpeg[:20:20], make([]byte, 10<<20)...), attachment.ErrTooLarge},
			{"the fifth", "e.jpg", jpeg, nil},
			{"one too many", "f.jpg", jpeg, formlink.ErrTooMany},
		} {
			if _, err := k.fill.Upload(context.Background(), v, photo, c.file, c.content); !errors.Is(err, c.want) ||
				(err == nil) != (c.want == nil) {
				k.Errorf("%s: got %v", c.name, err)
			}
		}
		p := k.page(v)
		if len(p.Files) != 5 || p.Files[1].Name != "a.HEIC" || p.Files[2].Name != "a.exe.pdf" {
			k.Fatalf("got %+v", p.Files)
		}
		_, err := k.fill.Remove(context.Background(), v, p.Files[0].ID)
		k.must(err)
		_, err = k.fill.Remove(context.Background(), v, p.Files[0].ID)
		k.must(err)
		if p = k.page(v); len(p.Files) != 4 {
			k.Fatalf("got %+v", p.Files)
		}
		for _, question := range []int64{k.q("Weight").ID, 1} {
			_, err := k.fill.Upload(context.Background(), v, question, "a.jpg", jpeg)
			k.want(err, formlink.ErrNotAsked)
		}
	})
}

func TestLongAnswersAreBoundTogether(t *testing.T) {
	each(t, func(k *kit) {
		var questions []form.Question
		for i := range 30 {
			questions = append(questions, form.Question{ID: int64(i + 1), Title: "Q" + string(rune('A'+i)),
				Kind: form.AskLines})
		}
		var err error
		k.form, err = k.forms.Import(k.ctx, form.Questionnaire{Title: "Long", Content: form.Content{
			Sections: []form.Section{{Questions: questions}}}})
		k.must(err)
		v := k.open(k.make(func(n *formlink.New) { n.Write = true }))
		steps := k.page(v).Steps
		if len(steps) != 6 {
			k.Fatalf("%d pages", len(steps))
		}
		for i, step := range steps {
			given := form.Given{}
			for _, q := range step.Questions {
				given[q.ID] = []any{strings.Repeat("x", 20_000)}
			}
			if _, _, err = k.fill.Save(context.Background(), v, i, given); err != nil {
				break
			}
		}
		k.want(err, formlink.ErrTooMuch)
		if f := fault.Of(err); f.Kind != fault.Invalid {
			k.Errorf("got %v", f)
		}
	})
}
