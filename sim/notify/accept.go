package notify

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"frontdesk/sim/inbox"
)

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
	name := nameOf(got.reference, many)
	script := n.scriptOf(plan, got.orders)
	a, taken := n.decide(name, body, script, many)
	if !taken {
		return a
	}

	all := make([]*sent, len(got.orders))
	for i, o := range got.orders {
		all[i] = n.begin(plan, got.plan, o)
	}
	n.callBack(n.keep(all))
	if script == inbox.Duplicate {
		return oneError(http.StatusUnprocessableEntity, "CM_DUPLICATE_REQUEST", "")
	}
	a.body = created(got, all, many)
	return a
}

// decide tells whether a request is to be carried out, which it is only once, and how
// it is answered: with what is wrong where it is not.
func (n *Notify) decide(name string, body []byte, script inbox.Script, many bool) (a answer, taken bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	same := n.same(name, body)
	if before, came := n.had[name]; came {
		if wait := before.at.Add(n.Working).Sub(n.now()); wait > 0 {
			a := oneError(http.StatusTooEarly, "CM_RETRY_TOO_EARLY", "")
			a.wait = int(max(wait, 5*time.Minute) / time.Second)
			return a, false
		}
		return oneError(http.StatusUnprocessableEntity, "CM_DUPLICATE_REQUEST", ""), false
	}
	if !same {
		pointer := map[bool]string{false: "/data/attributes/messageReference",
			true: "/data/attributes/messageBatchReference"}[many]
		return oneError(http.StatusBadRequest, "CM_INVALID_VALUE", pointer), false
	}
	a = answer{status: http.StatusCreated}
	n.tries[name]++
	try := n.tries[name]
	switch {
	case script == inbox.Busy && try == 1:
		a := oneError(http.StatusTooManyRequests, "CM_QUOTA", "")
		a.wait = 1
		return a, false
	case script == inbox.Broken && try <= 2:
		return oneError(http.StatusInternalServerError, "CM_INTERNAL_SERVER_ERROR", ""), false
	case script == inbox.Slow:
		a.late = 3 * time.Second
	case script == inbox.Cut:
		a.then = FailCut
	}
	n.had[name] = had{n.now()}
	delete(n.tries, name)
	return a, true
}

// nameOf is a reference among all: it is known among those of its kind.
func nameOf(reference string, many bool) string {
	return map[bool]string{false: "message ", true: "batch "}[many] + reference
}

// glance looks at a request that is not answered for itself: it has been sent, and
// has to be the same when it is sent again.
func (n *Notify) glance(body []byte, many bool) {
	got, refused := n.understand(body, many)
	if refused != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.same(nameOf(got.reference, many), body)
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
	switch digits := strings.TrimPrefix(strings.ReplaceAll(number, " ", ""), "+"); {
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

// keep remembers messages, for later status requests, and gives their
// statuses.
func (n *Notify) keep(all []*sent) (statuses list) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range all {
		n.sent[s.id] = s
		n.order = append(n.order, s.id)
		n.watch(s)
		statuses = append(statuses, n.statuses(s, nil)...)
	}
	if len(n.order) > 2*maxSent {
		for _, id := range n.order[:maxSent] {
			delete(n.sent, id)
		}
		n.order = append([]string(nil), n.order[maxSent:]...)
	}
	return statuses
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
		"messageReference": s.reference, "messageStatus": "created", "timestamps": object{"created": stamp(s.created)},
		"routingPlan": plan,
	}, "links": object{"self": base + "/" + s.id}}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// status answers GET /comms/v1/messages/{id}.
func (n *Notify) status(id string) answer {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sent[id]
	if s == nil {
		return oneError(http.StatusNotFound, "CM_NOT_FOUND", "")
	}
	channels := make(list, len(s.legs))
	for i, l := range s.legs {
		moments := object{"created": stamp(s.created)}
		channel := object{
			"type": channelOf[l.plan.Channel], "retryCount": 1, "cascadeType": cascade, "cascadeOrder": i + 1,
			"channelStatus": l.status, "timestamps": moments,
		}
		if l.status == "delivered" || l.status == "failed" {
			moments[l.status] = stamp(s.created)
		}
		if l.supplier != "" {
			channel["supplierStatus"] = l.supplier
		}
		if l.failure != "" {
			channel["channelFailureReasonCode"] = l.failure
		}
		channels[i] = channel
	}
	moments := object{"created": stamp(s.created)}
	attributes := object{
		"messageReference": s.reference, "messageStatus": s.status, "timestamps": moments, "channels": channels,
		"metadata":    list{},
		"routingPlan": object{"id": s.plan, "version": "1"},
	}
	if s.status != "sending" {
		moments[s.status] = stamp(s.created)
	}
	if s.failure != "" {
		attributes["messageFailureReasonCode"] = s.failure
	}
	return answer{status: http.StatusOK, body: object{"data": object{
		"type": "Message", "id": s.id, "attributes": attributes, "links": object{"self": base + "/" + s.id},
	}}}
}

// channelOf are the API's names for the channels, and cascade its name for a
// plan's channels one after another: secondary ones go out beside those.
var channelOf = map[string]string{"nhs_app": "nhsapp", "email": "email", "sms": "sms"}

const cascade = "primary"
