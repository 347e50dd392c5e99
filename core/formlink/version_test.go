package formlink_test

import (
	"context"
	"testing"

	"frontdesk/core/access"
	"frontdesk/core/form"
	"frontdesk/core/formlink"
)

// republish publishes the form with other words for its first question.
func (k *kit) republish(title string) form.Questionnaire {
	k.Helper()
	ctx := access.With(context.Background(), access.Operator(k.group.ID))
	fields := k.form.Content.Fields()
	fields[0].Title = title
	_, err := k.forms.Change(ctx, k.form.ID, form.Change{Fields: &fields})
	k.must(err)
	q, err := k.forms.Publish(ctx, k.form.ID, form.Change{})
	k.must(err)
	return q
}

func TestALinkGoesOnWithTheVersionItWasOpenedWith(t *testing.T) {
	each(t, func(k *kit) {
		two := 2
		opened := k.make(func(n *formlink.New) { n.MaxUses = &two })
		unopened := k.make(nil)
		first := k.open(opened)
		if got := k.page(first).Steps[0].Questions[0].Title; got != "Do you smoke?" {
			k.Fatalf("got %q", got)
		}
		k.republish("Do you smoke or vape?")
		for _, c := range []struct {
			v    formlink.Visit
			want string
		}{{first, "Do you smoke?"}, {k.open(opened), "Do you smoke?"}, {k.open(unopened), "Do you smoke or vape?"}} {
			if got := k.page(c.v).Steps[0].Questions[0].Title; got != c.want {
				k.Errorf("got %q, want %q", got, c.want)
			}
		}
		k.save(first, 0, map[string]any{"Do you smoke?": "No", "Weight": "82.5", "Last check": "2030-05-01"})
		k.save(first, 1, map[string]any{"Signed": map[string]any{"typed": "Ada Byron"}})
		k.must(k.send(first))
		if n := k.count("form_response", "form_version = 1"); n != 1 {
			k.Errorf("%d responses to version 1", n)
		}
		if n := k.count("record_item", "title = 'Do you smoke?'"); n != 1 {
			k.Errorf("%d answers to the question as it was asked", n)
		}
		// What is filled in next is asked as it is published now.
		if got := k.page(k.open(opened)).Steps[0].Questions[0].Title; got != "Do you smoke or vape?" {
			k.Errorf("got %q", got)
		}
	})
}

func TestALinkToAFormThatWasNotPublishedIsRefused(t *testing.T) {
	each(t, func(k *kit) {
		ctx := access.With(context.Background(), access.Operator(k.group.ID))
		title := "Draft"
		made, err := k.forms.Create(ctx, form.Change{Title: &title})
		k.must(err)
		_, err = k.fill.Create(k.ctx, formlink.New{Ask: formlink.Ask{Form: made.ID}, Patient: k.ada})
		k.want(err, formlink.ErrUnpublished)
	})
}
