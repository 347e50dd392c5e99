package gateways

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"frontdesk/sim/inbox"
)

// Gateway is an adaptor that speaks our own protocol, at any path. It knows a
// key for ever, or nearly: a second request with it is answered 409.
//
// Source: RFC 2104, HMAC. The protocol is written down where the practice's
// side of it is.
type Gateway struct {
	Provider
	// Secret signs, both ways.
	Secret string
	// Fast only counts what arrives, without a look at the signature, the key
	// or the number, to measure the rate of a sender.
	Fast bool

	keys    memory[string] // guarded by mu
	courier courier[tidings]
}

// tidings are the receipts of one message.
type tidings struct {
	Receipts []receipt `json:"receipts"`
	Replies  []reply   `json:"replies"`
}

type receipt struct {
	Key    string    `json:"key"`
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Code   string    `json:"code"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

type reply struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	From    string    `json:"from"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Key     string    `json:"key"`
}

// NewGateway is a gateway that fills the box. Close it in the end.
func NewGateway(box *inbox.Box, secret string) *Gateway {
	g := &Gateway{Provider: Provider{Box: box}, Secret: secret}
	g.courier.together, g.courier.call = 100, g.call
	return g
}

// Close ends the calls to the practice.
func (g *Gateway) Close() { g.courier.close() }

// word is the body of an answer.
type word struct {
	ID     string `json:"id,omitempty"`
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// order is a message as it comes in.
type order struct {
	Key         string `json:"key"`
	Channel     string `json:"channel"`
	To          string `json:"to"`
	Subject     string `json:"subject"`
	Text        string `json:"text"`
	FromName    string `json:"from_name"`
	Unsubscribe string `json:"unsubscribe_url"`
}

const tolerance = 5 * time.Minute

// ServeHTTP takes a message.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.requests.Add(1)
	body, ok := bodyOf(w, r)
	if !ok {
		answer{status: http.StatusRequestEntityTooLarge, body: word{Code: "too_long"}}.send(w, false)
		return
	}
	if g.Fast {
		g.count(w, body)
		return
	}
	if a, ok := g.known(r, body); !ok {
		a.send(w, false)
		return
	}
	due := g.due()
	o, wrong := readOrder(r, body)
	if wrong != nil {
		wrong.send(w, false)
		return
	}
	to := o.To
	if g.had(o.Key) {
		to = "" // whatever goes wrong there has gone wrong already
	}
	plan := g.plan(due, to, o.Key)
	if plan.status != 0 {
		status(plan.status).send(w, false)
		return
	}
	g.finish(w, r, g.take(o, plan.script, len(body)), plan)
}

// count is the Fast way.
func (g *Gateway) count(w http.ResponseWriter, body []byte) {
	var o struct{ Key, To string }
	if json.Unmarshal(body, &o) != nil || o.Key == "" || o.To == "" {
		answer{status: http.StatusBadRequest, body: word{Code: "not_a_message"}}.send(w, false)
		return
	}
	g.Box.Add(inbox.Item{To: o.To, Key: o.Key})
	w.Header()["Content-Type"] = fastType
	w.WriteHeader(http.StatusAccepted)
	w.Write(fastBody)
}

var (
	fastType = []string{jsonType}
	fastBody = []byte(`{"id":"fast"}`)
)

// known checks method, signature and time.
func (g *Gateway) known(r *http.Request, body []byte) (answer, bool) {
	stamp := r.Header.Get("X-Frontdesk-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case r.Method != http.MethodPost:
		return status(http.StatusMethodNotAllowed), false
	case err != nil || time.Unix(seconds, 0).Sub(g.now()).Abs() > tolerance,
		!hmac.Equal([]byte(g.sign(stamp, body)), []byte(r.Header.Get("X-Frontdesk-Signature"))):
		return status(http.StatusUnauthorized), false
	}
	return answer{}, true
}

func (g *Gateway) sign(stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(g.Secret))
	mac.Write([]byte(stamp + ".")) // a hash takes everything
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// readOrder reads a message, or says what is wrong with it.
func readOrder(r *http.Request, body []byte) (order, *answer) {
	var o order
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	no := func(status int, code, reason string) (order, *answer) {
		return order{}, &answer{status: status, body: word{Code: code, Reason: reason}}
	}
	switch {
	case !isType(r, jsonType):
		return no(http.StatusUnsupportedMediaType, "not_json", "The content type must be application/json.")
	case d.Decode(&o) != nil:
		return no(http.StatusBadRequest, "not_a_message", "The body is not a message.")
	case o.Key == "" || r.Header.Get("Idempotency-Key") != o.Key:
		return no(http.StatusBadRequest, "key", "The key is missing, or is not that of the header.")
	case o.Text == "":
		return no(http.StatusUnprocessableEntity, "no_text", "The message has no text.")
	case o.Channel != "sms" && o.Channel != "email":
		return no(http.StatusUnprocessableEntity, "channel", "The channel must be sms or email.")
	case o.Channel == "sms" && !numberShape.MatchString(o.To), o.Channel == "email" && !mailShape.MatchString(o.To):
		return no(http.StatusUnprocessableEntity, "invalid_recipient", "The recipient is not a number or an address.")
	}
	return o, nil
}

func (g *Gateway) had(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, had := g.keys.by[key]
	return had
}

// take takes a message, unless it had the key before or its script says no.
func (g *Gateway) take(o order, script inbox.Script, size int) answer {
	if script == inbox.Refused {
		return answer{status: http.StatusUnprocessableEntity,
			body: word{Code: "unknown_recipient", Reason: "The recipient does not exist."}}
	}
	g.mu.Lock()
	id, before := g.keys.by[o.Key]
	if !before {
		id = "G" + digits(16)
		g.keys.put(o.Key, id)
	}
	g.mu.Unlock()
	if before {
		return answer{status: http.StatusConflict, body: word{ID: id}}
	}
	g.Box.Add(inbox.Item{
		At: g.now(), Carrier: "gateway", Channel: o.Channel, To: o.To, From: o.FromName, Subject: o.Subject,
		Text: o.Text,
		Key:  o.Key, ProviderID: id, Bytes: size, Unsubscribe: o.Unsubscribe,
	})
	g.report(o, id, script)
	if script == inbox.Duplicate {
		return answer{status: http.StatusConflict, body: word{ID: id}}
	}
	return answer{status: http.StatusAccepted, body: word{ID: id}}
}

// report sends the practice the outcome of a message.
func (g *Gateway) report(o order, id string, script inbox.Script) {
	happens, says := steps(script)
	if g.CallbackURL == "" || len(happens) == 0 {
		return
	}
	var out tidings
	for _, s := range happens {
		switch s {
		case replied:
			out.Replies = append(out.Replies,
				reply{ID: "R" + digits(16), Channel: o.Channel, From: o.To, Text: says, At: g.now(), Key: o.Key})
		case failed:
			out.Receipts = append(out.Receipts,
				receipt{Key: o.Key, ID: id, Status: "failed", Code: "bounced",
					Reason: "The recipient cannot be reached.",
					At:     g.now()})
		default:
			out.Receipts = append(out.Receipts, receipt{Key: o.Key, ID: id, Status: string(s), At: g.now()})
		}
	}
	g.courier.send(out, g.Delay)
}

// call tells of several messages at once.
func (g *Gateway) call(ctx context.Context, what []tidings) error {
	all := tidings{Receipts: []receipt{}, Replies: []reply{}}
	for _, t := range what {
		all.Receipts, all.Replies = append(all.Receipts, t.Receipts...), append(all.Replies, t.Replies...)
	}
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(g.now().Unix(), 10)
	return post(ctx, g.CallbackURL, http.Header{
		"Content-Type": {jsonType}, "X-Frontdesk-Timestamp": {stamp}, "X-Frontdesk-Signature": {g.sign(stamp, body)},
	}, body)
}

// status is an answer with no more to it than its status.
func status(code int) answer {
	a := answer{status: code, body: word{Code: strconv.Itoa(code), Reason: http.StatusText(code)}}
	if code == http.StatusTooManyRequests {
		a.retry = "1"
	}
	return a
}
