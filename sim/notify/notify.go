// Package notify is NHS Notify with the platform's token endpoint in front of
// it, as an application-restricted caller meets them: what it accepts it puts
// into everybody's inbox, and then tells by signed callbacks how it went.
//
//	notify.go    the simulator, its settings and its door
//	check.go     what a request must be like
//	accept.go    the outcome of a request
//	cascade.go   the outcome of a message, by one channel after another
//	callback.go  the callbacks
//	trouble.go   what goes wrong on request
//
// It is stricter than kind: what the published rules do not allow, it refuses.
//
// Source: NHS England, NHS Notify API,
// https://digital.nhs.uk/developer/api-catalogue/nhs-notify.
package notify

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdesk/sim/inbox"
	"frontdesk/sim/nhsapi"
)

// Notify is the simulator. It serves
//
//	POST /oauth2/token
//	POST /comms/v1/messages
//	POST /comms/v1/message-batches
//	GET  /comms/v1/messages/{id}
//	POST /sim/fail
//
// and the last of these is its own: see serveFail. Set the exported fields
// before it serves.
//
// What happens to a message is by inbox.ScriptOf of the number or the address
// it goes to, and for the NHS App by Scripts.
type Notify struct {
	// TokenURL is what an assertion's audience must be; when it is empty, the
	// address the request came to.
	TokenURL string
	// TokenLife is how long an access token is good for.
	TokenLife time.Duration
	// OpenSandbox asks for no token, as NHS England's own sandbox does not.
	OpenSandbox bool
	// Rate is how many requests a second, by the simulator's clock, may be made
	// in all. With 0 there is no limit, and a clock that stands still needs that.
	Rate int
	// MaxBytes is the largest request.
	MaxBytes int64
	// Plans are the routing plans by their IDs; the free-text plans to begin
	// with.
	Plans map[string]Plan
	// Contact is the address that the demographics service has for a patient. Without it,
	// or where it gives nothing, a message without contact details fails.
	Contact func(nhsNumber string) (mobile, email string)
	// AllowContact lets requests have contact details of their own.
	AllowContact bool
	// ForbidODS refuses requests that name an organisation, and NeedODS those
	// that do not.
	ForbidODS, NeedODS bool
	// Banned refuses everything, as for an account that has been stopped.
	Banned bool
	// Working is how long NHS Notify is at work on what it has taken: the same
	// request is answered with 425 and a Retry-After of five minutes until then.
	Working time.Duration
	// Mute is that no callback arrives any more, as when they were all made in
	// vain for two hours.
	Mute bool
	// Scripts are what happens to messages in the NHS App, by NHS number.
	Scripts map[string]inbox.Script
	// CallbackURL is where callbacks go; there are none without it. CallbackKey
	// is the application's ID and CallbackSecret the API key.
	CallbackURL, CallbackKey, CallbackSecret string

	now    func() time.Time
	box    *inbox.Box
	tokens *nhsapi.Tokens
	post   poster

	mu       sync.Mutex // guards all below
	sent     map[string]*sent
	unread   map[string]*sent // which move to the next channel when they stay unread
	order    []string         // of sent
	had      map[string]had
	first    map[string][sha256.Size]byte // bodies of requests, by reference
	altered  []string
	tries    map[string]int
	asked    []time.Time
	failures []*Failure
	seen     []Seen
}

// Plan is a routing plan for free text: its channel, and the personalisation
// fields that the text and the subject are in.
//
// A patient who gets a message by the first of two channels reads it at once
// where the script is inbox.Read, and never otherwise.
type Plan struct {
	// Channel is sms, email or nhs_app.
	Channel       string
	Text, Subject string
	// Most is how many characters the text may have.
	Most int
	// Then is the next channel, which it goes by when this one fails, or when it
	// has not been read for as long as Unread.
	Then   *Plan
	Unread time.Duration
}

// Seen is a request as it arrived.
type Seen struct {
	Method, Path, CorrelationID string
	// Reference is the messageReference or the messageBatchReference, and
	// Messages how many messages there were.
	Reference string
	Messages  int
	Bytes     int
	Status    int // what it was answered with
	At        time.Time
}

const (
	base        = "/comms/v1/messages"
	batches     = "/comms/v1/message-batches"
	vendorType  = "application/vnd.api+json"
	maxMessages = 45_000
	// No test looks at more requests than this, or asks about older messages, and
	// a sandbox runs for months.
	maxSeen = 1000
	maxSent = 200_000
)

// New is an NHS Notify that delivers to box.
func New(box *inbox.Box, now func() time.Time) *Notify {
	email := Plan{Channel: "email", Text: "email_body", Subject: "email_subject", Most: 100_000}
	mobile := Plan{Channel: "sms", Text: "sms_body", Most: 918}
	pair := func(unread time.Duration, then *Plan) Plan {
		return Plan{Channel: "nhs_app", Text: "nhsapp_body", Most: 5_000, Unread: unread, Then: then}
	}
	n := &Notify{
		TokenLife: 599 * time.Second, MaxBytes: 5_200_000, now: now, box: box, tokens: nhsapi.NewTokens(now),
		Plans: map[string]Plan{
			"00000000-0000-0000-0000-000000000001": {Channel: "nhs_app", Text: "body", Most: 5_000},
			"00000000-0000-0000-0000-000000000002": email,
			"00000000-0000-0000-0000-000000000003": mobile,
			"00000000-0000-0000-0000-000000000004": pair(24*time.Hour, &email),
			"00000000-0000-0000-0000-000000000005": pair(4*time.Hour, &email),
			"00000000-0000-0000-0000-000000000006": pair(24*time.Hour, &mobile),
			"00000000-0000-0000-0000-000000000007": pair(4*time.Hour, &mobile),
		},
		sent: map[string]*sent{}, unread: map[string]*sent{}, had: map[string]had{},
		first: map[string][sha256.Size]byte{},
		tries: map[string]int{},
	}
	n.post.idle = sync.NewCond(&n.post.mu)
	return n
}

// Register makes an application known by its API key, and one of its public
// keys by the key's ID.
func (n *Notify) Register(clientKey, kid string, pub *rsa.PublicKey) {
	n.tokens.Register(clientKey, kid, pub)
}

// ForgetTokens makes every token issued so far worthless.
func (n *Notify) ForgetTokens() { n.tokens.Forget() }

// Requests are the last thousand requests, oldest first.
func (n *Notify) Requests() []Seen {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.seen)
}

type (
	object = map[string]any
	list   = []any
)

// answer is what goes back, before anything is made to go wrong with it.
type answer struct {
	status int
	body   object
	wait   int    // for Retry-After, in seconds
	then   string // the kind of failure that the answer itself meets
	late   time.Duration
	plain  bool // the token endpoint's media type
}

// ServeHTTP answers for the service and for its token endpoint.
func (n *Notify) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.Play()
	path := r.URL.Path
	switch {
	case path == failPath:
		n.serveFail(w, r)
	case path == nhsapi.Path:
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			r.PostForm = nil
		}
		a := n.token(r)
		n.note(r, Seen{Status: a.status})
		send(w, r, a)
	case path == base, path == batches, strings.HasPrefix(path, base+"/"):
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, n.MaxBytes))
		note := Seen{Bytes: len(body)}
		_, large := errors.AsType[*http.MaxBytesError](err)
		a := n.answer(r, body, large, &note)
		note.Status = a.status
		n.note(r, note)
		send(w, r, a)
	default:
		http.NotFound(w, r)
	}
}

// note keeps a request.
func (n *Notify) note(r *http.Request, s Seen) {
	s.Method, s.Path, s.CorrelationID, s.At = r.Method, r.URL.Path, r.Header.Get("X-Correlation-ID"), n.now()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, s)
	n.seen = n.seen[max(0, len(n.seen)-maxSeen):]
}

// token answers for the token endpoint.
func (n *Notify) token(r *http.Request) answer {
	f := n.trouble(true)
	if f != nil && failing[f.Kind].before {
		status := failing[f.Kind].status
		return answer{status: status, plain: true, wait: f.after(),
			body: nhsapi.Refusal("server_error", http.StatusText(status))}
	}
	status, body := n.tokens.Answer(r, n.TokenURL, n.TokenLife)
	return f.spoil(answer{status: status, body: body, plain: true})
}

// answer finds what to say to a request.
func (n *Notify) answer(r *http.Request, body []byte, large bool, note *Seen) answer {
	if refused := n.admit(r); refused != nil {
		return *refused
	}
	id, one := strings.CutPrefix(r.URL.Path, base+"/")
	if want := map[bool]string{true: http.MethodGet, false: http.MethodPost}[one]; r.Method != want {
		return oneError(http.StatusMethodNotAllowed, "CM_NOT_ALLOWED", "")
	}
	f := n.trouble(false)
	if f != nil && failing[f.Kind].before {
		if !one {
			n.glance(body, r.URL.Path == batches)
		}
		a := oneError(failing[f.Kind].status, failing[f.Kind].code, "")
		a.wait = f.after()
		return a
	}
	switch {
	case one:
		return f.spoil(n.status(id))
	case large:
		return oneError(http.StatusRequestEntityTooLarge, "CM_TOO_LARGE", "")
	case !media(r.Header.Get("Content-Type")):
		return oneError(http.StatusUnsupportedMediaType, "CM_UNSUPPORTED_MEDIA", "")
	}
	return f.spoil(n.take(body, r.URL.Path == batches, note))
}

// had is a reference that was taken, and when.
type had struct{ at time.Time }

// Altered are the references of requests that came again with another body than
// the first time, whether they had been taken or not. Only the same request is
// safe to send again.
func (n *Notify) Altered() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.altered)
}

// same refuses a request whose reference came before with another body.
func (n *Notify) same(name string, body []byte) bool {
	sum := sha256.Sum256(body)
	if first, came := n.first[name]; came && first != sum {
		n.altered = append(n.altered, name)
		return false
	}
	n.first[name] = sum
	return true
}

// admit refuses callers without a token, too busy callers, and those who cannot
// read the answer.
func (n *Notify) admit(r *http.Request) *answer {
	no := func(status int, code string) *answer {
		a := oneError(status, code, "")
		return &a
	}
	if !n.OpenSandbox {
		if _, why := n.tokens.Caller(r); why != "" {
			return no(http.StatusUnauthorized, "CM_DENIED")
		}
	}
	if n.Banned {
		return no(http.StatusForbidden, "CM_SERVICE_BAN")
	}
	if accept := r.Header.Get("Accept"); accept != "" && accept != "*/*" && !media(accept) {
		return no(http.StatusNotAcceptable, "CM_NOT_ACCEPTABLE")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := n.now(); n.Rate > 0 {
		n.asked = slices.DeleteFunc(n.asked, func(at time.Time) bool { return now.Sub(at) >= time.Second })
		if len(n.asked) >= n.Rate {
			a := no(http.StatusTooManyRequests, "CM_QUOTA")
			a.wait = 1
			return a
		}
		n.asked = append(n.asked, now)
	}
	return nil
}

// media tells whether a media type is one of the two that the API has.
func media(value string) bool {
	kind, params, err := mime.ParseMediaType(value)
	return err == nil && (kind == vendorType || kind == "application/json") &&
		strings.EqualFold(cmp.Or(params["charset"], "utf-8"), "utf-8")
}

// titles are the API's titles of its errors.
var titles = map[string]string{
	"CM_MISSING_VALUE": "Missing property", "CM_NULL_VALUE": "Property cannot be null",
	"CM_INVALID_VALUE":      "Invalid value",
	"CM_INVALID_NHS_NUMBER": "Invalid nhs number", "CM_DUPLICATE_VALUE": "Duplicate value",
	"CM_TOO_FEW_ITEMS":  "Too few items",
	"CM_TOO_MANY_ITEMS": "Too many items", "CM_TOO_LARGE": "Request too large",
	"CM_ODS_CODE_REQUIRED":   "Originator odsCode must be provided",
	"CM_CANNOT_SET_ODS_CODE": "Cannot set ODS code", "CM_CANNOT_SET_CONTACT_DETAILS": "Cannot set contact details",
	"CM_DENIED": "Access denied", "CM_SERVICE_BAN": "Service ban in effect", "CM_NOT_FOUND": "Resource not found",
	"CM_NO_SUCH_ROUTING_PLAN": "No such routing plan", "CM_NOT_ALLOWED": "Method not allowed",
	"CM_NOT_ACCEPTABLE": "Not acceptable",
	"CM_TIMEOUT":        "Request timeout", "CM_UNSUPPORTED_MEDIA": "Unsupported media type",
	"CM_DUPLICATE_REQUEST": "Duplicate request",
	"CM_RETRY_TOO_EARLY":   "Retried too early", "CM_QUOTA": "Too many requests",
	"CM_INTERNAL_SERVER_ERROR": "Internal server error",
	"CM_BAD_GATEWAY":           "Bad gateway", "CM_SERVICE_UNAVAILABLE": "Service unavailable",
}

// errorOf is one error in the shape of JSON:API.
func errorOf(status int, code, pointer string) object {
	e := object{
		"id": "rrt-sim-" + rand.Text(), "code": code, "status": strconv.Itoa(status), "title": titles[code],
		"detail": titles[code] + ".", "links": object{"about": "https://digital.nhs.uk/developer/api-catalogue/nhs-notify"},
	}
	if pointer != "" {
		e["source"] = object{"pointer": pointer}
	}
	return e
}

func oneError(status int, code, pointer string) answer {
	return answer{status: status, body: object{"errors": list{errorOf(status, code, pointer)}}}
}

// send sends an answer, in the way that it is to go wrong.
func send(w http.ResponseWriter, r *http.Request, a answer) {
	if a.late > 0 {
		late := time.NewTimer(a.late)
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done():
			return
		}
	}
	if a.then == FailCut {
		panic(http.ErrAbortHandler) // ends the connection, in HTTP/1 and HTTP/2 alike
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if a.then == FailMalformed {
		body = body[:len(body)/2]
	}
	h, kind := w.Header(), vendorType
	if accept, _, err := mime.ParseMediaType(r.Header.Get("Accept")); a.plain || err == nil &&
		accept == "application/json" {
		kind = "application/json"
	}
	h.Set("Content-Type", kind)
	if a.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(a.wait))
	}
	if id := r.Header.Get("X-Correlation-ID"); id != "" {
		h.Set("X-Correlation-ID", id)
	}
	w.WriteHeader(a.status)
	w.Write(body)
}
