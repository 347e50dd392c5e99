package form_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/document"
	"frontdesk/core/form"
	"frontdesk/core/patient"
	"frontdesk/store/storetest"
)

// picture is the smallest PNG there is: its signature.
const picture = "\x89PNG\x0D\x0A\x1A\x0A"

// answers are given to questions by their titles.
func answers(q form.Questionnaire, given map[string]any) []form.Answer {
	var out []form.Answer
	for _, s := range q.Content.Sections {
		for _, question := range s.Questions {
			if v, ok := given[question.Title]; ok {
				out = append(out, form.Answer{Question: question.ID, Value: v})
			}
		}
	}
	return out
}

func TestAnswersBecomeAConsultation(t *testing.T) {
	each(t, func(d *kit) {
		q := d.questionnaire()
		filled, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, map[string]any{
			"Do you smoke?": "Yes", "What do you like?": []any{"Tea", "Coffee"}, "Your work": " Baker ",
			"Anything else?": "One.\nTwo.",
			"Allergies":      []any{"Nuts", map[string]any{"code": "91936005", "term": "Allergy to penicillin"}},
			"Since when?":    "2020-05-01T00:00:00.000Z", "Next of kin": map[string]any{"name": "Ben Byron",
				"phone": "07700 900123", "notes": nil},
			"A picture":       map[string]any{"name": "rash.jpg", "type": "image/jpeg"},
			"Signed":          "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(picture)),
			"How many a day?": "ten", "Pipe or cigarette?": "Pipe",
		}))
		d.must(err)
		c, err := d.records.Consultation(d.ctx, filled.Consultation.ID)
		if err != nil || c != filled.Consultation || c.Questionnaire != q.ID || filled.Questionnaire != q.ID ||
			c.Patient != d.ada || c.Encounter != "questionnaire" {
			d.Fatalf("got %+v, %v", c, err)
		}
		var got []string
		for _, r := range d.entered(c.ID) {
			got = append(got, fmt.Sprintf("%s %s: %s %s %s %s", r.SectionTitle, r.Kind, r.Title, r.Term, r.Code,
				r.Status))
			if r.Section != q.Content.Sections[0].ID && r.Section != q.Content.Sections[1].ID {
				d.Errorf("got %+v", r)
			}
		}
		want := []string{
			"You freetext: Do you smoke? Yes  ", "You freetext: What do you like? Tea, Coffee  ",
			"You freetext: Your work Baker  ",
			"You freetext: Anything else? One.\nTwo.  ", "You allergy: Allergies Nuts  Active",
			"You allergy: Allergies Allergy to penicillin 91936005 Active",
			"You freetext: Since when? 2020-05-01  ", "You relationship: Next of kin name: Ben Byron\nphone: 07700 " +
				"900123  ",
			"You file: A picture rash.jpg  ", "You file: Signed signature  ", "Smoking freetext: How many a day? ten  ",
			"Smoking freetext: Pipe or cigarette? Pipe  ",
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			d.Fatalf("got  %q\nwant %q", got, want)
		}
		// The file has a place to be put; the signature is there already.
		if len(filled.UploadAddresses) != 1 {
			d.Fatalf("got %q", filled.UploadAddresses)
		}
		address := strings.TrimPrefix(filled.UploadAddresses[0], "https://desk.example.org/files/")
		d.must(d.files.Upload(context.Background(), address, strings.NewReader("jpeg")))
		docs, _, err := d.files.List(d.operator, document.Query{})
		if err != nil || len(docs) != 2 || docs[0].Name != "rash.jpg" || docs[0].Size != 4 ||
			docs[0].Patient != d.ada || docs[1].Name != "signature.png" || docs[1].Size != 8 {
			d.Fatalf("got %+v, %v", docs, err)
		}
		get, err := d.files.DownloadAddress(d.operator, docs[1])
		d.must(err)
		if _, content, err := d.files.Download(context.Background(), strings.TrimPrefix(get,
			"https://desk.example.org/files/")); err != nil || string(content) != picture {
			d.Fatalf("got %q, %v", content, err)
		}
	})
}

func TestAnswersAreHeldAgainstTheirQuestions(t *testing.T) {
	each(t, func(d *kit) {
		q := d.questionnaire()
		no := func(more string, v any) map[string]any { return map[string]any{"Do you smoke?": "No", more: v} }
		for _, c := range []struct {
			name  string
			given map[string]any
			want  error
			says  string
		}{
			{"only what is required", no("", nil), nil, ""},
			{"nothing", nil, form.ErrUnanswered, `"Do you smoke?" must be answered.`},
			{"an empty answer", map[string]any{"Do you smoke?": " "}, form.ErrUnanswered, `"Do you smoke?" must ` +
				`be answered.`},
			{"null", map[string]any{"Do you smoke?": nil}, form.ErrUnanswered, `"Do you smoke?" must be answered.`},
			{"none of the choices", map[string]any{"Do you smoke?": "Perhaps"}, form.ErrAnswer,
				`"Do you smoke?" takes one of the answers it gives.`},
			{"two where one is taken", map[string]any{"Do you smoke?": []any{"No", "Yes"}}, form.ErrAnswer,
				`"Do you smoke?" takes one answer.`},
			{"what a smoker is asked", map[string]any{"Do you smoke?": "Yes"}, form.ErrUnanswered,
				`"How many a day?" must be answered.`},
			{"what one who smokes some is asked", map[string]any{"Do you smoke?": "Yes", "How many a day?": "ten"},
				form.ErrUnanswered, `"Pipe or cigarette?" must be answered.`},
			{"one who smokes none", map[string]any{"Do you smoke?": "Yes", "How many a day?": "none"}, nil, ""},
			{"who likes something else", no("What do you like?", "Tea"), form.ErrUnanswered, `"Instead of ` +
				`coffee?" must be answered.`},
			{"a number for text", no("Your work", 7.0), form.ErrAnswer, `"Your work" takes a line of text of at ` +
				`most 2,000 characters.`},
			{"two lines for one", no("Your work", "a\nb"), form.ErrAnswer, `"Your work" takes a line of text of ` +
				`at most 2,000 characters.`},
			{"long lines", no("Anything else?", strings.Repeat("x", 20_001)), form.ErrAnswer, `"Anything else?" ` +
				`takes text of at most 20,000 characters.`},
			{"no date", no("Since when?", "last year"), form.ErrAnswer,
				`"Since when?" takes a date as YYYY-MM-DD.`},
			{"no concept", no("Allergies", map[string]any{"code": "91936006", "term": "x"}), form.ErrAnswer,
				`"Allergies" takes the id of a SNOMED CT concept as code.`},
			{"a concept without a term", no("Allergies", map[string]any{"code": "91936005"}), form.ErrAnswer,
				`"Allergies" takes a medical term.`},
			{"no Base64", no("Signed", "!"), form.ErrAnswer, `"Signed" takes a picture of at most 512 KiB, in ` +
				`Base64.`},
			{"no picture", no("Signed", "YWJj"), form.ErrAnswer, `"Signed" takes a picture of at most 512 KiB, ` +
				`in Base64.`},
			{"a file without a type", no("A picture", map[string]any{"name": "x"}), form.ErrAnswer,
				`"A picture" takes the name of a file and its media type.`},
			{"a file in words", no("A picture", "x.jpg"), form.ErrAnswer, `"A picture" takes the name of a file ` +
				`and its media type.`},
			{"a person in words", no("Next of kin", "Ben"), form.ErrAnswer, `"Next of kin" takes an object of ` +
				`texts.`},
			{"a person without details", no("Next of kin", map[string]any{"name": ""}), form.ErrAnswer,
				`"Next of kin" takes an object of texts.`},
		} {
			d.Run(c.name, func(t *testing.T) {
				_, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, c.given))
				if !errors.Is(err, c.want) || c.says != "" && !strings.Contains(fmt.Sprint(messageOf(err)), c.says) {
					t.Fatalf("got %v: %s", err, messageOf(err))
				}
			})
		}
		_, err := d.forms.Fill(d.ctx, q.ID, d.ada, append(answers(q, no("", nil)), form.Answer{Question: 1,
			Value: "x"}))
		d.want(err, form.ErrNoQuestion)
		_, err = d.forms.Fill(d.ctx, q.ID, 1, answers(q, no("", nil)))
		d.want(err, patient.ErrNotFound)
		_, err = d.forms.Fill(d.ctx, 1, d.ada, nil)
		d.want(err, form.ErrNotFound)
		// Nothing is kept of what was refused.
		if got := d.kept(); got != 2 {
			d.Fatalf("%d consultations", got)
		}
	})
}

func TestWhoFillsInAQuestionnaireNeedsNothingElse(t *testing.T) {
	each(t, func(d *kit) {
		q := d.questionnaire()
		given := answers(q, map[string]any{"Do you smoke?": "No", "A picture": map[string]any{"name": "x.jpg",
			"type": "image/jpeg"}})
		if filled, err := d.forms.Fill(as(d.group, access.FillQuestionnaires), q.ID, d.ada,
			given); err != nil ||
			len(filled.UploadAddresses) != 1 {
			d.Fatalf("got %+v, %v", filled, err)
		}
		_, err := d.forms.Fill(as(d.group, access.EditRecords, access.SeeQuestionnaires,
			access.EditDocuments),
			q.ID,
			d.ada, given)
		if messageOf(err) != "Missing permission fillQuestionnaires" {
			d.Errorf("got %v", err)
		}
		_, err = d.forms.Fill(d.other, q.ID, d.ada, given)
		d.want(err, form.ErrNotFound)
	})
}

func TestEveryAnswerIsAudited(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := open(t, storetest.Open(t, address))
		q := d.questionnaire()
		_, err := d.forms.Fill(d.ctx, q.ID, d.ada, answers(q, map[string]any{"Do you smoke?": "No",
			"A picture": map[string]any{"name": "x.jpg", "type": "image/jpeg"}}))
		d.must(err)
		want := "questionnaire.import false true\nconsultation.create false true\nrecord.create false " +
			"true\ndocument.create false true\nrecord.create false true"
		if got := audited(t, address); got != want {
			t.Fatal(got)
		}
	})
}
