// Package stripe imitates Stripe, with a memory: what is made is found again, in the state it is in by then.
//
//	stripe.go    the simulator: keys, idempotency, errors
//	customer.go  coupons, customers and payment methods
//	checkout.go  payment pages, and the patient who pays
//	card.go      the cards that pay and those that do not
//	money.go     payments, refunds and invoices
//	event.go     events, signed and delivered
//
// It follows https://docs.stripe.com/api and https://docs.stripe.com/api/idempotent_requests, and is as strict as
// Stripe: parameters must be form-encoded and known, a key is good for one request, and what has been paid stays so.
package stripe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Stripe is one account at Stripe.
type Stripe struct {
	// Key is the secret key, WebhookURL where events go, and Secret what signs them; without an address none are sent.
	Key, WebhookURL, Secret string
	// Base is where the simulator itself is, for the addresses of payment pages.
	Base string
	Now  func() time.Time
	// Held keeps events until they are delivered by hand.
	Held bool
	// Client delivers events; nil is the usual one.
	Client *http.Client

	mu        sync.Mutex
	count     int
	answers   map[string]kept
	troubles  []Trouble
	asked     map[string]int
	coupons   []object
	customers []object
	methods   []object
	sessions  map[string]object
	intents   map[string]object
	refunds   []object
	invoices  map[string]object
	events    []Event
	sending   sync.WaitGroup
}

// object is one of Stripe's objects, as it is in JSON.
type object map[string]any

func (o object) text(name string) string { s, _ := o[name].(string); return s }
func (o object) whole(name string) int64 { n, _ := o[name].(int64); return n }

// kept is the answer to a request that came with a key.
type kept struct {
	request string
	status  int
	body    []byte
}

// Trouble is something that goes wrong with the next request that changes something.
type Trouble struct {
	// Status is answered instead, without anything being done; 0 does what was asked.
	Status int
	// Cut ends the connection without an answer, after it was done.
	Cut bool
}

// New makes an account that knows a secret key.
func New(key, secret string, now func() time.Time) *Stripe {
	return &Stripe{Key: key, Secret: secret, Now: now, answers: map[string]kept{}, asked: map[string]int{},
		sessions: map[string]object{}, intents: map[string]object{}, invoices: map[string]object{}}
}

// Fail has the next requests that change something go wrong, in that order.
func (s *Stripe) Fail(all ...Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = append(s.troubles, all...)
}

// Asked counts the requests of one method and path, with {id} for an id.
func (s *Stripe) Asked(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[request]
}

func (s *Stripe) id(prefix string) string {
	s.count++
	return fmt.Sprintf("%s_test_%014d", prefix, s.count)
}

// problem is an error as Stripe words it.
type problem struct {
	status                   int
	kind, code, param, words string
}

func (p *problem) Error() string { return p.words }

func invalid(param, words string) *problem {
	return &problem{http.StatusBadRequest, "invalid_request_error", "parameter_invalid", param, words}
}

func missing(what, id string) *problem {
	return &problem{http.StatusNotFound, "invalid_request_error", "resource_missing", "id",
		fmt.Sprintf("No such %s: '%s'", what, id)}
}

// request is what is asked.
type request struct {
	values url.Values
	id     string
}

// operation answers a request, with the parameters it knows. A name that ends in * is known with anything after it.
type operation struct {
	known []string
	do    func(s *Stripe, r request) (object, *problem)
}

var operations = map[string]operation{
	"GET /v1/coupons":                        {[]string{"limit", "starting_after", "expand*"}, listCoupons},
	"GET /v1/customers/search":               {[]string{"query", "limit", "page", "expand*"}, searchCustomers},
	"POST /v1/customers":                     {customerParams, addCustomer},
	"GET /v1/customers/{id}":                 {[]string{"expand*"}, getCustomer},
	"GET /v1/customers/{id}/payment_methods": {[]string{"limit", "starting_after", "expand*", "type"}, listMethods},
	"POST /v1/checkout/sessions":             {sessionParams, openSession},
	"GET /v1/checkout/sessions/{id}":         {[]string{"expand*"}, getSession},
	"POST /v1/checkout/sessions/{id}/expire": {[]string{"expand*"}, expireSession},
	"GET /v1/payment_intents/{id}":           {[]string{"expand*"}, getIntent},
	"GET /v1/refunds":                        {[]string{"payment_intent", "limit", "starting_after"}, listRefunds},
	"GET /v1/invoice_payments": {[]string{"payment[type]", "payment[payment_intent]", "invoice", "status", "limit",
		"starting_after"}, listInvoicePayments},
	"GET /v1/invoices/{id}": {[]string{"expand*"}, getInvoice},
}

// route finds what a path asks for.
func route(method, path string) (name, id string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.Contains(p, "_test_") {
			id, parts[i] = p, "{id}"
		} else if i == 2 && (parts[1] == "invoices" || parts[1] == "payment_intents" || parts[1] == "customers" &&
			p != "search") || i == 3 && parts[2] == "sessions" {
			id, parts[i] = p, "{id}"
		}
	}
	return method + " /" + strings.Join(parts, "/"), id
}

// ServeHTTP answers as Stripe does.
func (s *Stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/pay/") {
		s.pay(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, answer, cut := s.answer(r, body)
	if cut {
		if h, ok := w.(http.Hijacker); ok {
			if conn, _, err := h.Hijack(); err == nil {
				conn.Close()
				return
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_"+strconv.Itoa(s.count))
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		w.Header().Set("Idempotency-Key", key)
	}
	w.WriteHeader(status)
	w.Write(answer)
}

func (s *Stripe) answer(r *http.Request, body []byte) (status int, answer []byte, cut bool) {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || key != s.Key {
		return failed(&problem{http.StatusUnauthorized, "invalid_request_error", "", "", "Invalid API Key provided"})
	}
	name, id := route(r.Method, r.URL.Path)
	s.asked[name]++
	op, ok := operations[name]
	if !ok {
		return failed(&problem{http.StatusNotFound, "invalid_request_error", "", "", "Unrecognized request URL"})
	}
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		if t := r.Header.Get("Content-Type"); t != "application/x-www-form-urlencoded" {
			return failed(invalid("", "Invalid content type"))
		}
		var err error
		if values, err = url.ParseQuery(string(body)); err != nil {
			return failed(invalid("", "The body cannot be read"))
		}
	}
	for param := range values {
		if !slices.ContainsFunc(op.known, func(k string) bool { return matches(k, param) }) {
			return failed(&problem{http.StatusBadRequest, "invalid_request_error", "parameter_unknown", param,
				"Received unknown parameter: " + param})
		}
	}
	if r.Method != http.MethodPost {
		return s.done(op, request{values, id})
	}
	return s.once(r, op, request{values, id}, body)
}

func matches(known, param string) bool {
	if stem, any := strings.CutSuffix(known, "*"); any {
		return strings.HasPrefix(param, stem)
	}
	return known == param
}

// once does what changes something once for each key, as long as the program runs.
func (s *Stripe) once(r *http.Request, op operation, req request, body []byte) (int, []byte, bool) {
	sum := sha256.Sum256(body)
	key, what := r.Header.Get("Idempotency-Key"), r.Method+r.URL.Path+hex.EncodeToString(sum[:])
	if was, ok := s.answers[key]; ok && key != "" {
		if was.request != what {
			return failed(&problem{http.StatusBadRequest, "idempotency_error", "", "",
				"Keys for idempotent requests can only be used with the same parameters they were first used with."})
		}
		return was.status, was.body, false
	}
	var now Trouble
	if len(s.troubles) > 0 {
		now, s.troubles = s.troubles[0], s.troubles[1:]
	}
	if now.Status != 0 {
		return failed(&problem{now.Status, "api_error", "", "", "Something went wrong on our end."})
	}
	status, answer, _ := s.done(op, req)
	// A request whose parameters are wrong was never begun, and its key is free.
	if key != "" && status < 300 {
		s.answers[key] = kept{what, status, answer}
	}
	return status, answer, now.Cut
}

func (s *Stripe) done(op operation, r request) (int, []byte, bool) {
	out, wrong := op.do(s, r)
	if wrong != nil {
		return failed(wrong)
	}
	return http.StatusOK, encoded(out), false
}

func failed(p *problem) (int, []byte, bool) {
	e := object{"type": p.kind, "message": p.words}
	if p.code != "" {
		e["code"] = p.code
	}
	if p.param != "" {
		e["param"] = p.param
	}
	return p.status, encoded(object{"error": e}), false
}

func encoded(o object) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return text
}

func list(path string, data []object) object {
	if data == nil {
		data = []object{}
	}
	return object{"object": "list", "url": path, "has_more": false, "data": data}
}
