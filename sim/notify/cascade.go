package notify

import (
	"crypto/rand"
	"time"
	"unicode/utf8"

	"frontdesk/sim/inbox"
)

// sent is a message that was accepted, with what has become of it by each of its
// plan's channels.
type sent struct {
	id, reference, plan string
	// status is delivered or failed, or sending where nothing has been decided.
	status  string
	failure string // a code
	created time.Time
	legs    []leg // in the order of the cascade
	order   order
	due     time.Time // when it moves to the next channel if unread
}

// leg is a channel of a message. Its status is one of the API's: created, sending,
// delivered, failed or skipped; supplier is the supplier's own word.
type leg struct {
	plan                      Plan
	status, supplier, failure string
}

// begin lets a message go by the first channel of its plan.
func (n *Notify) begin(p Plan, id string, o order) *sent {
	s := &sent{id: "2" + rand.Text(), reference: o.reference, plan: id, status: "sending", created: n.now(), order: o}
	for step := &p; step != nil; step = step.Then {
		s.legs = append(s.legs, leg{plan: *step, status: "created"})
	}
	// Personalisation is looked at when the message is to be sent: one that lacks
	// a field of its plan fails as a whole.
	if p.Then != nil {
		for _, l := range s.legs {
			if !l.plan.fits(o) {
				s.status, s.failure = "failed", "MFR_TEXT_0001"
				return s
			}
		}
	}
	n.try(s, 0)
	return s
}

// fits reports whether everything a channel needs is there, and not too long.
func (p Plan) fits(o order) bool {
	text := o.text[p.Text]
	return text != "" && utf8.RuneCountInString(text) <= p.Most && (p.Subject == "" || o.text[p.Subject] != "")
}

// try lets a message go by a channel, and by the next where that fails at once.
// What comes of the last is what comes of the message.
func (n *Notify) try(s *sent, at int) {
	l, o := &s.legs[at], s.order
	last := at == len(s.legs)-1
	to := n.contact(l.plan, o)
	script := n.script(l.plan, o, to)
	l.status, l.supplier = "delivered", "delivered"
	switch {
	case to == "": // no address is known
		l.status, l.supplier, l.failure = "failed", "", "CFR_CONT_0001"
	// Texts that are missing or too long are accepted, and fail later.
	case !l.plan.fits(o):
		l.status, l.supplier, l.failure = "failed", "technical_failure", "CFR_TEXT_0001"
	case script == inbox.Bounced, script == inbox.Refused:
		l.status, l.supplier, l.failure = "failed", "permanent_failure", "CFR_PERM_0001"
	default:
		n.box.Add(inbox.Item{
			At: n.now(), Carrier: "notify", Channel: l.plan.Channel, To: to, Subject: o.text[l.plan.Subject],
			Text: o.text[l.plan.Text],
			Key:  o.reference, ProviderID: s.id, Bytes: len(o.text[l.plan.Text]),
		})
		switch {
		case script == inbox.Read:
			l.supplier = "read"
		case script == inbox.Silent:
			l.status, l.supplier = "sending", ""
		case !last: // it has arrived, and is not done until it is read
			l.status = "sending"
		}
	}
	switch {
	case l.status == "failed" && !last:
		n.try(s, at+1)
	case l.status == "failed":
		s.status, s.failure = "failed", "MFR_CHNL_0001"
	case l.status == "delivered":
		s.status = "delivered"
		for i := at + 1; i < len(s.legs); i++ {
			s.legs[i].status = "skipped"
		}
	case !last:
		s.due = s.created.Add(l.plan.Unread)
	}
}

// Play moves unread messages to their next channel, by the
// simulator's clock. Every request does it too.
func (n *Notify) Play() {
	n.mu.Lock()
	now := n.now()
	var changed list
	for id, s := range n.unread {
		if now.Before(s.due) {
			continue
		}
		delete(n.unread, id)
		before := append([]leg(nil), s.legs...)
		s.legs[0].status, s.legs[0].supplier, s.legs[0].failure = "failed", "", "CFR_READ_0001"
		n.try(s, 1)
		changed = append(changed, n.statuses(s, before)...)
	}
	n.mu.Unlock()
	n.callBack(changed)
}

// watch has a message go on when its time is over, by the machine's clock.
func (n *Notify) watch(s *sent) {
	if s.due.IsZero() {
		return
	}
	n.unread[s.id] = s
	time.AfterFunc(s.due.Sub(n.now()), n.Play)
}
