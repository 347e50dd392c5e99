package sim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"frontdesk/sim/nhsapi"
)

const failPath = "/sim/fail"

// The kinds of Failure. A number is the status it is answered with.
const (
	FailTimeout     = "408"       // the service behind the platform did not answer
	FailLimited     = "429"       // with Retry-After
	FailError       = "500"       // something broke
	FailUnavailable = "503"       // with Retry-After; whether anything was done is not known
	FailSlow        = "slow"      // the answer is right, and late
	FailCut         = "cut"       // the connection ends in the middle of the answer
	FailMalformed   = "malformed" // the answer is not JSON
)

// failing are the kinds, and what those are answered with that have a status.
var failing = map[string]struct {
	status int
	code   string
}{
	FailTimeout:     {http.StatusRequestTimeout, "UNABLE_TO_CALL_SERVICE"},
	FailLimited:     {http.StatusTooManyRequests, "TOO_MANY_REQUESTS"},
	FailError:       {http.StatusInternalServerError, "SERVER_ERROR"},
	FailUnavailable: {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE"},
	FailSlow:        {}, FailCut: {}, FailMalformed: {},
}

// Failure asks for requests to fail. A request that is refused anyway, for want
// of a token for one, is not counted.
type Failure struct {
	Kind  string `json:"kind"`
	Times int    `json:"times"` // how many requests; 0 is one
	After int    `json:"after"` // how many go well before them
	// NHSNumber, where it is set, lets only reads of that number fail.
	NHSNumber string `json:"nhs_number"`
	// Token lets requests to the token endpoint fail, in place of PDS's.
	Token bool `json:"token"`
	// Wait is how late a slow answer is, and what Retry-After says; that is a
	// second when it is not set.
	Wait time.Duration `json:"-"`
}

// Fail asks for a failure. Those asked for earlier come first.
func (p *PDS) Fail(f Failure) {
	f.Times = max(f.Times, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, &f)
}

// Mend forgets the failures that have been asked for.
func (p *PDS) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = nil
}

// serveFail lets a test ask a running simulator for a failure:
//
//	POST /sim/fail
//	{"kind": "503", "times": 2, "after": 1, "nhs_number": "9991000003", "token": false, "seconds": 1.5}
//
// Only kind is needed: 408, 429, 500, 503, slow, cut or malformed. The answer is
// 204, or 400 to what is not understood. DELETE /sim/fail forgets the failures
// that are still to come. The real service has nothing like it.
func (p *PDS) serveFail(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodDelete:
		p.Mend()
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
			http.Error(w, "kind must be 408, 429, 500, 503, slow, cut or malformed; seconds at most 600",
				http.StatusBadRequest)
			return
		}
		ask.Wait = time.Duration(ask.Seconds * float64(time.Second))
		p.Fail(ask.Failure)
	default:
		http.Error(w, "POST to ask for a failure, DELETE to forget them", http.StatusMethodNotAllowed)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// trouble is the failure that is due for a request, or nil.
func (p *PDS) trouble(token bool, number string) *Failure {
	for i, f := range p.failures {
		if f.Token != token || f.NHSNumber != "" && f.NHSNumber != number {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		due := *f
		if f.Times--; f.Times == 0 {
			p.failures = slices.Delete(p.failures, i, i+1)
		}
		return &due
	}
	return nil
}

// status is what the failure is answered with, or 0 where the answer itself is
// right.
func (f *Failure) status() int { return failing[f.Kind].status }

// wait is f.Wait, or a second.
func (f *Failure) wait() time.Duration {
	if f.Wait == 0 {
		return time.Second
	}
	return f.Wait
}

// refusal is the answer of a failure that has a status.
func (f *Failure) refusal() answer {
	of := failing[f.Kind]
	a := outcome(of.status, of.code, "")
	if f.Token {
		a = answer{status: of.status, media: "application/json",
			body: nhsapi.Refusal("server_error", http.StatusText(of.status))}
	}
	if f.Kind == FailLimited || f.Kind == FailUnavailable {
		a.wait = int((f.wait() + time.Second - 1) / time.Second)
	}
	return a
}

// send sends an answer as the failure, if any, will have it.
func send(w http.ResponseWriter, r *http.Request, a answer, f *Failure) {
	kind := ""
	if f != nil {
		kind = f.Kind
	}
	if kind == FailSlow {
		late := time.NewTimer(f.wait())
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done():
			return
		}
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if kind == FailMalformed {
		body = body[:len(body)/2]
	}
	a.head(w.Header(), r, len(body))
	w.WriteHeader(a.status)
	if kind == FailCut {
		w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // or the first half would be lost with the second
		panic(http.ErrAbortHandler)               // ends the connection, in HTTP/1 and HTTP/2 alike
	}
	w.Write(body)
}
