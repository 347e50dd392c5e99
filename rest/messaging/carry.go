package messaging

import (
	"cmp"

	"frontdesk/core/enclosure"
	"frontdesk/core/input"
	"frontdesk/core/link"
	linkrest "frontdesk/rest/link"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// noLink is an id that no link has.
const noLink = link.ID(-1)

// Carries is the link that goes with a text, as it was asked for.
func Carries(
	wrong *input.Checks, id, uuid oas.OptString, offer oas.OptBookingLinkUpdate, form oas.OptFormLinkOffer,
) enclosure.Want {
	want := enclosure.Want{UUID: uuid.Value}
	if id.Value != "" {
		want.Link = cmp.Or(wire.ID[link.ID](id.Value), noLink)
	}
	if offer.Set {
		change := linkrest.OfferOf(wrong, &offer.Value)
		want.Booking = &change
	}
	if form.Set {
		ask := linkrest.AskOf(wrong, &form.Value)
		want.Form = &ask
	}
	return want
}

// carried is what a message shows of its link.
func carried(l *enclosure.Shown) oas.OptNilMessageShortLink {
	if l == nil {
		return oas.OptNilMessageShortLink{Set: true, Null: true}
	}
	return oas.NewOptNilMessageShortLink(oas.MessageShortLink{ID: wire.String(l.ID.String()),
		Type: wire.String(string(l.Kind)), Name: wire.String(l.Name), Status: wire.String(string(l.Status))})
}
