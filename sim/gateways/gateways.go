// Package gateways simulates the message providers that speak HTTP: our own
// gateway protocol, Twilio's and GOV.UK Notify's. What they take they put into
// everybody's inbox, and the number or address a message goes to says what else
// happens to it.
//
//	gateways.go  what the three have in common
//	trouble.go   failures asked for, and what happens to one message
//	courier.go   posting delivery receipts to the practice
//	gateway.go   our own protocol
//	twilio.go    Twilio
//	govuk.go     GOV.UK Notify: messages in
//	notices.go   GOV.UK Notify: its list of messages, and what it tells
//	token.go     GOV.UK Notify: who is calling
//
// They are stricter than kind: what the published rules do not allow, they
// refuse.
package gateways

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/sim/inbox"
)

// Provider is what the three have in common. Set the exported fields before it
// serves, or at least before its first message.
type Provider struct {
	// Box is where messages arrive.
	Box *inbox.Box
	// CallbackURL is where delivery receipts are posted; when
	// it is empty it is told nothing.
	CallbackURL string
	// Slow is how late the answer to a slow message is; 0 is three seconds.
	Slow time.Duration
	// Delay is how long after it took a message the provider tells of it.
	Delay time.Duration
	Now   func() time.Time

	requests atomic.Int64
	mu       sync.Mutex // guards all below
	failures []failure
	tries    map[string]int
}

// Requests is how many requests there were.
func (p *Provider) Requests() int { return int(p.requests.Load()) }

func (p *Provider) now() time.Time {
	if p.Now == nil {
		return time.Now().UTC()
	}
	return p.Now().UTC()
}

const (
	maxBody = 256 << 10
	// No sandbox has more messages than this in doubt.
	maxKept  = 100_000
	jsonType = "application/json"
)

var (
	numberShape = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	mailShape   = regexp.MustCompile(`^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$`)
)

// isType says whether the request's body is of a media type.
func isType(r *http.Request, want string) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == want
}

// bodyOf reads the whole body; false when it is too long or breaks off.
func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if n := r.ContentLength; n >= 0 && n <= maxBody {
		body := make([]byte, n)
		_, err := io.ReadFull(r.Body, body)
		return body, err == nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return body, err == nil
}

// answer is what goes back.
type answer struct {
	status int
	body   any
	retry  string // Retry-After
}

func (a answer) send(w http.ResponseWriter, half bool) {
	body, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if half {
		body = body[:len(body)/2]
	}
	h := w.Header()
	h["Content-Type"] = []string{jsonType}
	if a.retry != "" {
		h["Retry-After"] = []string{a.retry}
	}
	w.WriteHeader(a.status)
	w.Write(body)
}

// digits are so many random hexadecimal digits.
func digits(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// uuid is a UUID of version 4 (RFC 9562).
func uuid() string {
	d := []byte(digits(32))
	d[12] = '4'
	d[16] = "89ab"[d[16]%4]
	s := string(d)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// memory keeps the newest of what it is given, by key.
type memory[T any] struct {
	by    map[string]T
	order []string
}

func (m *memory[T]) put(key string, what T) {
	if m.by == nil {
		m.by = map[string]T{}
	}
	if _, ok := m.by[key]; !ok {
		m.order = append(m.order, key)
	}
	m.by[key] = what
	for len(m.by) > maxKept {
		delete(m.by, m.order[0])
		m.order = m.order[1:]
	}
}
