package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// maxTold is how many statuses one callback has at most.
	maxTold = 100
	// callbackTries is how often a callback that is not accepted is made. The
	// real service goes on for two hours.
	callbackTries = 3
	callbackTime  = 10 * time.Second
)

// Called is a callback that was made.
type Called struct {
	// Status is what it was answered with; 0 is nothing.
	Status int
	Body   []byte
}

// poster makes callbacks one after another, and never keeps anybody waiting.
type poster struct {
	mu    sync.Mutex
	queue []list
	busy  bool
	idle  *sync.Cond // mu
	calls []Called
}

// Wait waits until all callbacks have been made.
func (n *Notify) Wait() {
	n.post.mu.Lock()
	defer n.post.mu.Unlock()
	for n.post.busy {
		n.post.idle.Wait()
	}
}

// Callbacks are the last thousand callbacks, tries again included, oldest first.
func (n *Notify) Callbacks() []Called {
	n.post.mu.Lock()
	defer n.post.mu.Unlock()
	return slices.Clone(n.post.calls)
}

// callBack queues callbacks.
func (n *Notify) callBack(statuses list) {
	n.mu.Lock()
	mute := n.Mute
	n.mu.Unlock()
	if n.CallbackURL == "" || mute {
		return
	}
	p := &n.post
	p.mu.Lock()
	defer p.mu.Unlock()
	for part := range slices.Chunk(statuses, maxTold) {
		p.queue = append(p.queue, part)
	}
	if !p.busy && len(p.queue) > 0 {
		p.busy = true
		go n.work()
	}
}

// work makes the callbacks that wait, and ends when there are no more.
func (n *Notify) work() {
	p := &n.post
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.busy = false
			p.idle.Broadcast()
			p.mu.Unlock()
			return
		}
		next := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		for range callbackTries {
			if n.call(next) == http.StatusAccepted {
				break
			}
		}
	}
}

// call makes one callback.
func (n *Notify) call(statuses list) int {
	body, err := json.Marshal(object{"data": statuses})
	if err != nil {
		return 0
	}
	called := Called{Body: body}
	defer func() {
		n.post.mu.Lock()
		defer n.post.mu.Unlock()
		n.post.calls = append(n.post.calls, called)
		n.post.calls = n.post.calls[max(0, len(n.post.calls)-maxSeen):]
	}()
	ctx, cancel := context.WithTimeout(context.Background(), callbackTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", vendorType)
	r.Header.Set("X-Api-Key", n.CallbackSecret)
	r.Header.Set("X-Hmac-Sha256-Signature", Sign(n.CallbackKey, n.CallbackSecret, body))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	called.Status = resp.StatusCode
	return called.Status
}

// Sign is the signature of a callback's body, for an application's ID and the
// API key it was given.
func Sign(application, apiKey string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(application+"."+apiKey))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// statuses are what is reported about a message: the channels whose status
// changed, and then the message itself. Nothing is reported about a message
// that keeps silent.
func (n *Notify) statuses(s *sent, before []leg) (out list) {
	for i, l := range s.legs {
		if l.status == "created" || l.status == "sending" && l.supplier == "" || before != nil && before[i] == l {
			continue
		}
		if l.supplier == "read" {
			first := l
			first.supplier = "delivered"
			if i < len(s.legs)-1 {
				first.status = "sending"
			}
			out = append(out, n.channelStatus(s, i, first))
		}
		out = append(out, n.channelStatus(s, i, l))
	}
	if s.status == "sending" {
		return out
	}
	channels := make(list, len(s.legs))
	for i, l := range s.legs {
		channels[i] = object{"type": channelOf[l.plan.Channel], "channelStatus": l.status}
	}
	a := object{
		"messageId": s.id, "messageReference": s.reference, "messageStatus": s.status, "timestamp": stamp(n.now()),
		"routingPlan": object{"id": s.plan, "name": "Free text", "version": "1"}, "channels": channels, "metadata": list{},
	}
	if s.failure != "" {
		a["messageFailureReasonCode"] = s.failure
	}
	return append(out, status("MessageStatus", s.id, s.status, a))
}

func (n *Notify) channelStatus(s *sent, at int, l leg) object {
	a := object{
		"messageId": s.id, "messageReference": s.reference, "cascadeType": cascade, "cascadeOrder": at + 1,
		"channel": channelOf[l.plan.Channel], "channelStatus": l.status, "timestamp": stamp(n.now()), "retryCount": 1,
		"metadata": list{},
	}
	if l.supplier != "" {
		a["supplierStatus"] = l.supplier
	}
	if l.failure != "" {
		a["channelFailureReasonCode"] = l.failure
	}
	return status("ChannelStatus", s.id, l.plan.Channel+l.status+l.supplier, a)
}

func status(kind, id, what string, attributes object) object {
	key := sha256.Sum256([]byte(kind + id + what))
	return object{
		"type": kind, "attributes": attributes, "links": object{"message": base + "/" + id},
		"meta": object{"idempotencyKey": hex.EncodeToString(key[:])},
	}
}
