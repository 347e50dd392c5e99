package enclosure_test

import (
	"errors"
	"testing"

	"frontdesk/core/assignee"
	"frontdesk/core/batch"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
)

// asks is a form link for a form with one question.
func (k *kit) asks() *formlink.Ask {
	k.Helper()
	q, err := k.forms.Import(k.ctx, form.Questionnaire{Title: "Asthma review", Content: form.Content{
		Sections: []form.Section{{Title: "You", Questions: []form.Question{
			{ID: 1, Title: "Do you cough?", Kind: form.AskOption, Choices: []string{"Yes", "No"}}}}}}})
	k.must(err)
	return &formlink.Ask{Form: q.ID}
}

func TestAMessageMakesTheFormLinkThatItCarries(t *testing.T) {
	each(t, func(k *kit) {
		taken := k.send("Please answer: {{form_link}} Thank you.", enclosure.Want{Form: k.asks()})
		texts := k.deliver()
		if len(texts) != 1 {
			k.Fatalf("sent %q", texts)
		}
		l := k.leads(texts[0])
		if l.Kind != link.Form || l.Patient != k.ada || l.MaxUses == nil || *l.MaxUses != 1 {
			k.Errorf("it leads by %+v", l)
		}
		m := k.message(taken.Message.ID)
		if m.Carries == nil || m.Carries.ID != l.ID || m.Carries.Name != "Asthma review" {
			k.Errorf("the message shows %+v", m.Carries)
		}
		if n := k.count(link.Form); n != 1 {
			k.Errorf("%d links were made", n)
		}
	})
}

func TestEachRecipientOfABatchGetsAFormLinkOfTheirOwn(t *testing.T) {
	each(t, func(k *kit) {
		b := k.load(batch.New{Content: "Please answer: {{form_link}}", Carries: enclosure.Want{Form: k.asks()}}, k.ada,
			k.grace)
		_, _, err := k.batches.Send(k.ctx, b.ID)
		k.must(err)
		k.run(b)
		texts := k.deliver()
		if len(texts) != 2 {
			k.Fatalf("sent %q", texts)
		}
		if one, two := k.leads(texts[0]), k.leads(texts[1]); one.Patient == two.Patient || one.Kind != link.Form {
			k.Errorf("they lead by %+v and %+v", one, two)
		}
	})
}

func TestAFormLinkIsRefusedWhereItCannotBe(t *testing.T) {
	each(t, func(k *kit) {
		ask := k.asks()
		gone := *ask
		gone.Form++
		helped := *ask
		helped.Assignee = assignee.ToStaff[int64](7)
		for name, c := range map[string]struct {
			text, field string
			want        enclosure.Want
		}{
			"nothing says which form": {"{{form_link}}", "form_link", enclosure.Want{}},
			"a form that is none":     {"{{form_link}}", "form_link", enclosure.Want{Form: &gone}},
			"a task for no one":       {"{{form_link}}", "form_link", enclosure.Want{Form: &helped}},
			"two links":               {"x", "short_link_id", enclosure.Want{Form: ask, Booking: k.offer()}},
			"the other placeholder":   {"{{booking_link}}", "text", enclosure.Want{Form: ask}},
		} {
			_, err := k.messages.Send(k.ctx, messaging.Request{Patient: k.ada, Channel: carrier.SMS, Text: c.text,
				Carries: c.want})
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Fields) == 0 || f.Fields[0].Path[0] != c.field {
				k.Errorf("%s: %v", name, err)
			}
		}
		if n := k.count(link.Form); n != 0 {
			k.Errorf("%d links were made", n)
		}
	})
}
