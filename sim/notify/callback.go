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

// tell has the callbacks about messages made.
func (n *Notify) tell(all []*sent) {
	if n.CallbackURL == "" {
		return
	}
	var statuses list
	for _, s := range all {
		if s.status != "sending" {
			statuses = append(statuses, n.statuses(s)...)
		}
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

// statuses are what is told about a message: how its channel went, and then the
// message itself.
func (n *Notify) statuses(s *sent) list {
	var out list
	plan := object{"id": s.plan, "name": "Free text", "version": "1"}
	channel := func(supplier string) {
		a := object{
			"messageId": s.id, "messageReference": s.reference, "cascadeType": "primary", "cascadeOrder": 1,
			"channel": channelOf[s.channel], "channelStatus": s.status, "timestamp": stamp(n.now()), "retryCount": 1,
		}
		if supplier != "" {
			a["supplierStatus"] = supplier
		}
		if s.failure != "" {
			a["channelFailureReasonCode"] = s.failure
		}
		out = append(out, status("ChannelStatus", s.id, s.status+supplier, a))
	}
	if s.supplier == "read" {
		channel("delivered")
	}
	channel(s.supplier)
	a := object{
		"messageId": s.id, "messageReference": s.reference, "messageStatus": s.status, "timestamp": stamp(n.now()), "routingPlan": plan,
		"channels": list{object{"type": channelOf[s.channel], "channelStatus": s.status}},
	}
	if s.failure != "" {
		a["messageFailureReasonCode"] = "MFR_CHNL_0001"
	}
	return append(out, status("MessageStatus", s.id, s.status, a))
}

func status(kind, id, what string, attributes object) object {
	key := sha256.Sum256([]byte(kind + id + what))
	return object{
		"type": kind, "attributes": attributes, "links": object{"message": base + "/" + id},
		"meta": object{"idempotencyKey": hex.EncodeToString(key[:])},
	}
}
