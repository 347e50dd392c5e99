package fill

import (
	"context"

	"frontdesk/core/form"
	"frontdesk/core/practice"
	"frontdesk/pages/words"
)

// ledView is what the answers to a care navigation form led to.
type ledView struct {
	site        *Site
	Group       practice.Group
	Form, About string
	form.Outcome
	// Book is the address of the link by which the patient books.
	Book string
}

// heading is what the page says first: the practice's words, or ours.
func (v ledView) heading(ctx context.Context) string {
	switch {
	case v.Heading != "":
		return v.Heading
	case v.Kind == form.Books:
		return words.Say(ctx, "fill.led_book")
	}
	return words.Say(ctx, "fill.led_task")
}

// title is the page's title, which begins with the word when the advice is urgent.
func (v ledView) title(ctx context.Context) string {
	if v.Urgent {
		return words.Say(ctx, "fill.urgent") + ": " + v.heading(ctx)
	}
	return v.heading(ctx)
}
