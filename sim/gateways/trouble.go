package gateways

import (
	"net/http"
	"time"

	"frontdesk/sim/inbox"
)

// The kinds of failure that can be asked for.
const (
	FailLimited     = "429"       // with Retry-After; not taken
	FailError       = "500"       // not taken
	FailUnavailable = "503"       // not taken
	FailSlow        = "slow"      // taken, and answered late
	FailCut         = "cut"       // taken, and the connection ends without an answer
	FailMalformed   = "malformed" // taken, and the answer breaks off
)

type failure struct {
	kind  string
	times int
}

// Fail has the next requests with messages fail. A request that is refused
// anyway, for its signature or key, is not counted. Failures asked for earlier
// come first.
func (p *Provider) Fail(kind string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, failure{kind, max(times, 1)})
}

// Mend forgets the failures that have been asked for.
func (p *Provider) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = nil
}

// due is the failure for a request, if there is one.
func (p *Provider) due() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failures) == 0 {
		return ""
	}
	f := &p.failures[0]
	kind := f.kind
	if f.times--; f.times == 0 {
		p.failures = p.failures[1:]
	}
	return kind
}

// plan is what happens to one message.
type plan struct {
	script inbox.Script
	// status is answered in place of taking the message; 0 takes it.
	status          int
	late, cut, half bool
}

// plan says what happens to a message, by the failure that is due and by where
// it goes. The name is what tries are counted by.
func (p *Provider) plan(due, to, name string) plan {
	out := plan{script: inbox.ScriptOf(to)}
	switch due {
	case FailLimited:
		out.status = http.StatusTooManyRequests
	case FailError:
		out.status = http.StatusInternalServerError
	case FailUnavailable:
		out.status = http.StatusServiceUnavailable
	case FailSlow:
		out.late = true
	case FailCut:
		out.cut = true
	case FailMalformed:
		out.half = true
	}
	if out.status != 0 {
		return out
	}
	switch out.script {
	case inbox.Slow:
		out.late = true
	case inbox.Cut:
		out.cut = true
	case inbox.Busy:
		if !p.tried(name, 1) {
			out.status = http.StatusTooManyRequests
		}
	case inbox.Broken:
		if !p.tried(name, 2) {
			out.status = http.StatusInternalServerError
		}
	}
	return out
}

// tried counts a try, and says whether there were as many as that before. Then
// it begins to count anew.
func (p *Provider) tried(name string, times int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries == nil || len(p.tries) > maxKept {
		p.tries = map[string]int{}
	}
	if p.tries[name] >= times {
		delete(p.tries, name)
		return true
	}
	p.tries[name]++
	return false
}

// finish answers for a message that was taken, as the plan will have it.
func (p *Provider) finish(w http.ResponseWriter, r *http.Request, a answer, plan plan) {
	if plan.late {
		wait := p.Slow
		if wait == 0 {
			wait = 3 * time.Second
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if plan.cut {
		panic(http.ErrAbortHandler) // ends the connection, in HTTP/1 and HTTP/2 alike
	}
	a.send(w, plan.half)
}

// step is something that happens to a message after it was taken.
type step string

const (
	delivered step = "delivered"
	read      step = "read"
	failed    step = "failed"
	replied   step = "replied"
)

// steps are what happens after a message was taken, and what the patient
// writes.
func steps(s inbox.Script) (happens []step, says string) {
	switch s {
	case inbox.Silent:
		return nil, ""
	case inbox.Bounced:
		return []step{failed}, ""
	case inbox.Read:
		return []step{delivered, read}, ""
	case inbox.Stops:
		return []step{delivered, replied}, "STOP"
	case inbox.Replies:
		return []step{delivered, replied}, "Thank you"
	}
	return []step{delivered}, ""
}
