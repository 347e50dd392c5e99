package dispatch_test

import (
	"errors"
	"testing"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
)

// traveller is a post that goes abroad.
type traveller struct{ *post }

func (traveller) Abroad() bool { return true }

func TestANumberOfAnotherCountryIsTextedOnlyByACarrierThatCan(t *testing.T) {
	withDesk(t, func(d *kit) {
		home := &post{name: "home", got: map[string]int{}}
		away := traveller{&post{name: "away", got: map[string]int{}}}
		d.post = []carrier.Carrier{home, away}
		there, n := "+353 87 123 4567", 0
		mixed := d.messages(12, func(r *messaging.Request) {
			if n++; n%3 == 0 {
				r.Contact = there
			}
		})
		d.dispatch(carrier.SMS)
		for i, id := range mixed {
			want, by := "home", home
			if (i+1)%3 == 0 {
				want, by = "away", away.post
			}
			m := d.state(id)
			if m.State != messaging.Sent || m.Carrier != want || by.got[m.Key(d.group)] != 1 {
				t.Errorf("message %d: %s by %s", i, m.State, m.Carrier)
			}
		}
		if len(home.got) != 8 || len(away.got) != 4 {
			t.Errorf("%d went by the one and %d by the other", len(home.got), len(away.got))
		}
		// What was taken goes on by its other way when no carrier can any more, or fails.
		later := d.messages(2, func(r *messaging.Request) {
			if r.Contact = there; n == 12 {
				r.Fallback = carrier.Email
			}
			n++
		})
		d.post = []carrier.Carrier{home}
		d.dispatch(carrier.SMS)
		if m := d.state(later[1]); m.State != messaging.Failed || m.Code != "number_abroad" || m.Reason == "" {
			t.Errorf("%s, %s, %s", m.State, m.Code, m.Reason)
		}
		d.dispatch(carrier.Email)
		if m := d.state(later[0]); m.State != messaging.Sent || m.Leg != 2 || home.got[m.Key(d.group)] != 1 {
			t.Errorf("%s on leg %d", m.State, m.Leg)
		}
		// And none is taken.
		for _, r := range []messaging.Request{
			{Patient: d.state(mixed[0]).Patient, Channel: carrier.SMS, Text: "Hello", Contact: there},
			{Patient: d.state(mixed[0]).Patient, Channel: carrier.Email, Text: "Hello", Fallback: carrier.SMS,
				FallbackContact: there},
		} {
			if _, err := d.s.Send(d.ctx, r); !errors.Is(err, messaging.ErrAbroad) {
				t.Errorf("got %v", err)
			}
		}
	})
}
