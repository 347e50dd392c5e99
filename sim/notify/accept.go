package notify

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/sim/inbox"
)

// sent is a message that was accepted.
type sent struct {
	id, reference, channel, plan string
	// status is delivered or failed, or sending where nothing is ever told, and
	// supplier the supplier's own word.
	status, supplier string
	failure          string // a code
	created          time.Time
}

// take answers a request to send.
func (n *Notify) take(body []byte, many bool, note *Seen) answer {
	got, refused := n.understand(body, many)
	note.Reference, note.Messages = got.reference, len(got.orders)
	if refused != nil {
		return *refused
	}
	plan, known := n.Plans[strings.ToLower(got.plan)]
	if !known {
		return oneError(http.StatusNotFound, "CM_NO_SUCH_ROUTING_PLAN", "/data/attributes/routingPlanId")
	}
	// A reference is known among those of its kind.
	name := map[bool]string{false: "message ", true: "batch "}[many] + got.reference
	a := answer{status: http.StatusCreated}
	script := n.scriptOf(plan, got.orders)
	n.mu.Lock()
	if n.had[name] {
		n.mu.Unlock()
		return oneError(http.StatusUnprocessableEntity, "CM_DUPLICATE_REQUEST", "")
	}
	n.tries[name]++
	try := n.tries[name]
	switch {
	case script == inbox.Busy && try == 1:
		n.mu.Unlock()
		a := oneError(http.StatusTooManyRequests, "CM_QUOTA", "")
		a.wait = 1
		return a
	case script == inbox.Broken && try <= 2:
		n.mu.Unlock()
		return oneError(http.StatusInternalServerError, "CM_INTERNAL_SERVER_ERROR", "")
	case script == inbox.Slow:
		a.late = 3 * time.Second
	case script == inbox.Cut:
		a.then = FailCut
	}
	n.had[name] = true
	delete(n.tries, name)
	n.mu.Unlock()

	all := make([]*sent, len(got.orders))
	for i, o := range got.orders {
		all[i] = n.deliver(plan, got.plan, o)
	}
	n.keep(all)
	n.tell(all)
	if script == inbox.Duplicate {
		return oneError(http.StatusUnprocessableEntity, "CM_DUPLICATE_REQUEST", "")
	}
	a.body = created(got, all, many)
	return a
}

// scriptOf is what happens to a whole request: the first of its messages with a
// number or an address at which something goes wrong.
func (n *Notify) scriptOf(p Plan, orders []order) inbox.Script {
	for _, o := range orders {
		switch s := n.script(p, o, n.contact(p, o)); s {
		case inbox.Slow, inbox.Busy, inbox.Broken, inbox.Cut, inbox.Duplicate:
			return s
		}
	}
	return inbox.Delivered
}

func (n *Notify) script(p Plan, o order, to string) inbox.Script {
	if p.Channel == "nhs_app" {
		return n.Scripts[o.nhsNumber]
	}
	return inbox.ScriptOf(to)
}

// contact is where a message goes.
func (n *Notify) contact(p Plan, o order) string {
	mobile, email := o.mobile, o.email
	if n.Contact != nil && (p.Channel == "sms" && mobile == "" || p.Channel == "email" && email == "") {
		mobile, email = n.Contact(o.nhsNumber)
	}
	switch p.Channel {
	case "sms":
		return international(mobile)
	case "email":
		return email
	}
	return o.nhsNumber
}

// international is a telephone number as everybody's inbox has it.
func international(number string) string {
	switch digits := strings.TrimPrefix(number, "+"); {
	case digits == "":
		return ""
	case strings.HasPrefix(digits, "00"):
		return "+" + digits[2:]
	case strings.HasPrefix(digits, "0"):
		return "+44" + digits[1:]
	default:
		return "+" + digits
	}
}

// deliver puts a message into its inbox, or lets it fail.
func (n *Notify) deliver(p Plan, id string, o order) *sent {
	s := &sent{
		id: "2" + rand.Text(), reference: o.reference, channel: p.Channel, plan: id, created: n.now(),
		status: "delivered", supplier: "delivered",
	}
	to, text := n.contact(p, o), o.text[p.Text]
	script := n.script(p, o, to)
	switch {
	case to == "": // nobody knows where to send it
		s.status, s.supplier, s.failure = "failed", "", "CFR_CONT_0001"
	// Texts that are missing or too long are accepted, and fail later.
	case text == "", utf8.RuneCountInString(text) > p.Most, p.Subject != "" && o.text[p.Subject] == "":
		s.status, s.supplier, s.failure = "failed", "technical_failure", "CFR_TEXT_0001"
	case script == inbox.Bounced, script == inbox.Refused:
		s.status, s.supplier, s.failure = "failed", "permanent_failure", "CFR_PERM_0001"
	default:
		n.box.Add(inbox.Item{
			At: s.created, Carrier: "notify", Channel: p.Channel, To: to, Subject: o.text[p.Subject], Text: text,
			Key: o.reference, ProviderID: s.id, Bytes: len(text),
		})
		switch script {
		case inbox.Read:
			s.supplier = "read"
		case inbox.Silent:
			s.status, s.supplier = "sending", ""
		}
	}
	return s
}

// keep remembers messages, for whoever asks about them.
func (n *Notify) keep(all []*sent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range all {
		n.sent[s.id] = s
		n.order = append(n.order, s.id)
	}
	if len(n.order) > 2*maxSent {
		for _, id := range n.order[:maxSent] {
			delete(n.sent, id)
		}
		n.order = append([]string(nil), n.order[maxSent:]...)
	}
}

// created is the answer to what was accepted.
func created(got asked, all []*sent, many bool) object {
	plan := object{"id": got.plan, "name": "Free text", "version": "1", "createdDate": "2024-01-01T00:00:00.000Z"}
	if many {
		messages := make(list, len(all))
		for i, s := range all {
			messages[i] = object{"messageReference": s.reference, "id": s.id}
		}
		return object{"data": object{"type": "MessageBatch", "id": "2" + rand.Text(), "attributes": object{
			"messageBatchReference": got.reference, "routingPlan": plan, "messages": messages,
		}}}
	}
	s := all[0]
	return object{"data": object{"type": "Message", "id": s.id, "attributes": object{
		"messageReference": s.reference, "messageStatus": "created", "timestamps": object{"created": stamp(s.created)}, "routingPlan": plan,
	}, "links": object{"self": base + "/" + s.id}}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// status answers GET /comms/v1/messages/{id}.
func (n *Notify) status(id string) answer {
	n.mu.Lock()
	s := n.sent[id]
	n.mu.Unlock()
	if s == nil {
		return oneError(http.StatusNotFound, "CM_NOT_FOUND", "")
	}
	moments := object{"created": stamp(s.created)}
	channel := object{"type": channelOf[s.channel], "retryCount": 1, "channelStatus": s.status, "timestamps": moments}
	attributes := object{
		"messageReference": s.reference, "messageStatus": s.status, "timestamps": moments, "channels": list{channel},
		"routingPlan": object{"id": s.plan, "version": "1"},
	}
	if s.status != "sending" {
		moments[s.status] = stamp(s.created)
	}
	if s.supplier != "" {
		channel["supplierStatus"] = s.supplier
	}
	if s.failure != "" {
		channel["channelFailureReasonCode"] = s.failure
		attributes["messageFailureReasonCode"] = "MFR_CHNL_0001"
	}
	return answer{status: http.StatusOK, body: object{"data": object{
		"type": "Message", "id": s.id, "attributes": attributes, "links": object{"self": base + "/" + s.id},
	}}}
}

// channelOf are the API's names for the channels.
var channelOf = map[string]string{"nhs_app": "nhsapp", "email": "email", "sms": "sms"}
