package notify

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const failPath = "/sim/fail"

// The kinds of Failure. A number is the status it is answered with.
const (
	FailTimeout     = "408"       // the service behind the platform did not answer; nothing was done
	FailEarly       = "425"       // the same request is still being worked on
	FailLimited     = "429"       // with Retry-After
	FailError       = "500"       // something broke; nothing was done
	FailGateway     = "502"       // the messages were taken, and the answer lost on the way
	FailUnavailable = "503"       // with Retry-After; nothing was done
	FailLate        = "504"       // the messages were taken, and the answer lost on the way
	FailSlow        = "slow"      // the answer is right, and late
	FailCut         = "cut"       // the messages were taken, and the connection ends
	FailMalformed   = "malformed" // the answer is right, and half of it is missing
)

// failing are the kinds, with what those are answered that have a status; before
// is that the request is not even looked at.
var failing = map[string]struct {
	status int
	code   string
	before bool
}{
	FailTimeout:     {http.StatusRequestTimeout, "CM_TIMEOUT", true},
	FailEarly:       {http.StatusTooEarly, "CM_RETRY_TOO_EARLY", true},
	FailLimited:     {http.StatusTooManyRequests, "CM_QUOTA", true},
	FailError:       {http.StatusInternalServerError, "CM_INTERNAL_SERVER_ERROR", true},
	FailUnavailable: {http.StatusServiceUnavailable, "CM_SERVICE_UNAVAILABLE", true},
	FailGateway:     {http.StatusBadGateway, "CM_BAD_GATEWAY", false},
	FailLate:        {http.StatusGatewayTimeout, "CM_TIMEOUT", false},
	FailSlow:        {}, FailCut: {}, FailMalformed: {},
}

// Failure asks for requests to fail. A request that is refused anyway, for want
// of a token for one, is not counted.
type Failure struct {
	Kind  string `json:"kind"`
	Times int    `json:"times"` // how many requests; 0 is one
	// After is how many requests go well before them.
	After int `json:"after"`
	// Token lets requests to the token endpoint fail, in place of Notify's.
	Token bool `json:"token"`
	// Wait is how late a slow answer is, and what Retry-After says; when it is
	// not set that is a second, and five minutes for 425.
	Wait time.Duration `json:"-"`
}

// Fail asks for a failure. Those asked for earlier come first.
func (n *Notify) Fail(f Failure) {
	f.Times = max(f.Times, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures = append(n.failures, &f)
}

// Mend forgets the failures that have been asked for.
func (n *Notify) Mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures = nil
}

// serveFail lets a test ask a running simulator for a failure:
//
//	POST /sim/fail
//	{"kind": "503", "times": 2, "after": 1, "token": false, "seconds": 1.5}
//
// Only kind is needed: 408, 425, 429, 500, 502, 503, 504, slow, cut or malformed.
// The answer is 204, or 400 to what is not understood. DELETE /sim/fail forgets
// the failures that are still to come. The real service has nothing like it.
func (n *Notify) serveFail(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodDelete:
		n.Mend()
	case http.MethodPost:
		var ask struct {
			Failure
			Seconds float64 `json:"seconds"`
		}
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
		d.DisallowUnknownFields()
		err := d.Decode(&ask)
		if _, ok := failing[ask.Kind]; err != nil || !ok || ask.Times < 0 || ask.After < 0 || ask.Seconds < 0 ||
			ask.Seconds > 600 {
			http.Error(w, "kind must be 408, 425, 429, 500, 502, 503, 504, slow, cut or malformed; seconds at most 600",
				http.StatusBadRequest)
			return
		}
		ask.Wait = time.Duration(ask.Seconds * float64(time.Second))
		n.Fail(ask.Failure)
	default:
		http.Error(w, "POST to ask for a failure, DELETE to forget them", http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// trouble is the failure that is due for a request, or nil.
func (n *Notify) trouble(token bool) *Failure {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, f := range n.failures {
		if f.Token != token {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		due := *f
		if f.Times--; f.Times == 0 {
			n.failures = slices.Delete(n.failures, i, i+1)
		}
		return &due
	}
	return nil
}

// after is what Retry-After says, in seconds.
func (f *Failure) after() int {
	wait := f.Wait
	switch {
	case f.Kind != FailEarly && f.Kind != FailLimited && f.Kind != FailUnavailable:
		return 0
	case wait == 0 && f.Kind == FailEarly:
		wait = 5 * time.Minute
	case wait == 0:
		wait = time.Second
	}
	return int((wait + time.Second - 1) / time.Second)
}

// spoil has a right answer go wrong on its way.
func (f *Failure) spoil(a answer) answer {
	switch {
	case f == nil:
	case failing[f.Kind].status != 0:
		return oneError(failing[f.Kind].status, failing[f.Kind].code, "")
	case f.Kind == FailSlow:
		if a.late = f.Wait; a.late == 0 {
			a.late = time.Second
		}
	default:
		a.then = f.Kind
	}
	return a
}
