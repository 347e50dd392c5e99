package stripe

import (
	"cmp"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/stripe/stripe-go/v85/webhook"

	"frontdesk/core/payment"
)

// tolerance is how far the time at which an event was signed may be from ours, either way.
const tolerance = 5 * time.Minute

// Event reads what Stripe calls us with, once it is clear that Stripe signed it, now. Error: payment.ErrSignature.
func (c *Client) Event(body []byte, signature string) (payment.Event, error) {
	if c.settings.WebhookSecret == "" {
		return payment.Event{}, payment.ErrSignature.Because(errors.New("there is no webhook_secret"))
	}
	// The library looks at a real clock, and at one side of it only. The version of what is in the event does not
	// matter: ids alone are taken from it.
	e, err := webhook.ConstructEventWithOptions(body, signature, c.settings.WebhookSecret,
		webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true})
	if err != nil {
		return payment.Event{}, payment.ErrSignature.Because(errors.New("no signature of the body by the secret"))
	}
	if off := c.now().Sub(signedAt(signature)); off > tolerance || off < -tolerance {
		return payment.Event{}, payment.ErrSignature.Because(errors.New("not signed now"))
	}
	out := payment.Event{ID: e.ID, Type: string(e.Type), At: c.now().Truncate(time.Microsecond)}
	if out.ID == "" || e.Data == nil {
		return out, payment.ErrSignature.Because(errors.New("an event without an id or an object"))
	}
	var about struct {
		ID, Object string
		Intent     json.RawMessage `json:"payment_intent"`
		Invoice    json.RawMessage
	}
	if err := json.Unmarshal(e.Data.Raw, &about); err != nil {
		return out, payment.ErrSignature.Because(errors.New("an event about nothing that can be read"))
	}
	switch about.Object {
	case "checkout.session", "invoice":
		out.Object = about.ID
	case "credit_note", "invoice_payment":
		out.Object = text(about.Invoice)
	case "payment_intent":
		out.Intent = about.ID
	}
	out.Intent = cmp.Or(out.Intent, text(about.Intent))
	for _, id := range []string{out.ID, out.Type, out.Object, out.Intent} {
		if len(id) > longest || strings.ContainsFunc(id, unicode.IsControl) {
			return out, payment.ErrSignature.Because(errors.New("an event with an id that is none of Stripe's"))
		}
	}
	return out, nil
}

// longest is how long ids of Stripe are at most, as its documentation of upgrades says.
const longest = 255

// text is an id in an event; empty is that there is none, or the whole object.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// signedAt is the time in a signature, as the library reads it: the last there is.
func signedAt(signature string) time.Time {
	var at time.Time
	for part := range strings.SplitSeq(signature, ",") {
		if text, ok := strings.CutPrefix(part, "t="); ok {
			n, _ := strconv.ParseInt(text, 10, 64)
			at = time.Unix(n, 0)
		}
	}
	return at
}
