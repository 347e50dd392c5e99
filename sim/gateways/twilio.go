package gateways

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/sim/inbox"
)

// Twilio is the part of Twilio that sends text messages. It serves
//
//	POST /2010-04-01/Accounts/{AccountSid}/Messages.json
//
// and takes every request for a new message. Status callbacks go to the
// message's StatusCallback, or else to CallbackURL, and what patients answer
// goes to CallbackURL.
//
// Source: Twilio, Programmable Messaging API,
// https://www.twilio.com/docs/messaging/api/message-resource.
type Twilio struct {
	Provider
	AccountSID, AuthToken string
	// Senders are the numbers and names of the account, and Services its
	// messaging services; with none of either any will do.
	Senders, Services []string

	stopped memory[bool] // numbers that do not want messages, guarded by mu
	courier courier[[]callback]
}

type callback struct {
	url    string
	params url.Values
}

// NewTwilio is a Twilio that fills the box. Close it in the end.
func NewTwilio(box *inbox.Box, accountSID, authToken string) *Twilio {
	t := &Twilio{Provider: Provider{Box: box}, AccountSID: accountSID, AuthToken: authToken}
	t.courier.together, t.courier.call = 1, t.call
	return t
}

// Close ends the calls to the practice.
func (t *Twilio) Close() { t.courier.close() }

// Stop has a number want no more messages, as after a STOP.
func (t *Twilio) Stop(number string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped.put(number, true)
}

var (
	senderShape = regexp.MustCompile(`^(\+[1-9][0-9]{4,14}|[0-9]{3,8}|[0-9A-Za-z +&_-]{0,10}[A-Za-z]` +
		`[0-9A-Za-z +&_-]{0,10})$`)
	landline = regexp.MustCompile(`^\+44[1-35689]`)
)

// ServeHTTP takes a message.
func (t *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.requests.Add(1)
	sid, key, ok := r.BasicAuth()
	right := subtle.ConstantTimeCompare([]byte(sid+":"+key), []byte(t.AccountSID+":"+t.AuthToken)) == 1
	switch {
	case !ok || !right:
		refuse(http.StatusUnauthorized, 20003, "Authenticate").send(w, false)
		return
	case r.URL.Path != "/2010-04-01/Accounts/"+t.AccountSID+"/Messages.json":
		refuse(http.StatusNotFound, 20404, "The requested resource was not found").send(w, false)
		return
	case r.Method != http.MethodPost:
		refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed").send(w, false)
		return
	case !isType(r, "application/x-www-form-urlencoded"):
		refuse(http.StatusUnsupportedMediaType, 20415, "Unsupported media type").send(w, false)
		return
	}
	due := t.due()
	body, ok := bodyOf(w, r)
	form, err := url.ParseQuery(string(body))
	if !ok || err != nil {
		refuse(http.StatusBadRequest, 20001, "The request could not be read").send(w, false)
		return
	}
	if code, message := t.wrong(form); code != 0 {
		refuse(http.StatusBadRequest, code, message).send(w, false)
		return
	}
	plan := t.plan(due, form.Get("To"), form.Get("To"))
	switch plan.status {
	case 0:
		t.finish(w, r, t.take(form, plan.script, len(body)), plan)
	case http.StatusTooManyRequests:
		a := refuse(plan.status, 20429, "Too Many Requests")
		a.retry = "1"
		a.send(w, false)
	default:
		refuse(plan.status, 20500, http.StatusText(plan.status)).send(w, false)
	}
}

// refuse is an answer with one of Twilio's codes.
func refuse(status, code int, message string) answer {
	return answer{status: status, body: map[string]any{
		"code": code, "message": message, "status": status, "more_info": "https://www.twilio.com/docs/errors/" +
			strconv.Itoa(code),
	}}
}

// wrong says what is wrong with a message.
func (t *Twilio) wrong(form url.Values) (int, string) {
	to, from, service := form.Get("To"), form.Get("From"), form.Get("MessagingServiceSid")
	t.mu.Lock()
	stopped := t.stopped.by[to]
	t.mu.Unlock()
	callback := form.Get("StatusCallback")
	switch {
	case to == "":
		return 21604, "A 'To' phone number is required."
	case from == "" && service == "":
		return 21603, "A 'From' phone number is required."
	case form.Get("Body") == "":
		return 21602, "Message body is required."
	case utf8.RuneCountInString(form.Get("Body")) > 1600:
		return 21617, "The concatenated message body exceeds the 1600 character limit."
	case !numberShape.MatchString(to), inbox.ScriptOf(to) == inbox.Refused:
		return 21211, "Invalid 'To' Phone Number"
	case landline.MatchString(to):
		return 21614, "'To' number is not a valid mobile number"
	case from != "" && !senderShape.MatchString(from):
		return 21212, "Invalid From Number (caller ID)"
	case from != "" && len(t.Senders) > 0 && !slices.Contains(t.Senders, from):
		return 21606, "The 'From' phone number provided is not a valid message-capable number for this account."
	case from == "" && len(t.Services) > 0 && !slices.Contains(t.Services, service):
		return 21701, "The Messaging Service does not exist."
	case callback != "" && !strings.HasPrefix(callback, "http://") && !strings.HasPrefix(callback, "https://"):
		return 21609, "Invalid 'StatusCallback' URL"
	case stopped:
		return 21610, "Attempt to send to unsubscribed recipient"
	}
	return 0, ""
}

// take takes a message.
func (t *Twilio) take(form url.Values, script inbox.Script, size int) answer {
	id, at, to, body := "SM"+digits(32), t.now(), form.Get("To"), form.Get("Body")
	callback := form.Get("StatusCallback")
	key := ""
	if u, err := url.Parse(callback); err == nil {
		key = u.Query().Get("key")
	}
	t.Box.Add(inbox.Item{
		At: at, Carrier: "twilio", Channel: "sms", To: to, From: form.Get("From"), Text: body, Key: key, ProviderID: id,
		Bytes: size,
	})
	t.report(form, id, script)
	return answer{status: http.StatusCreated, body: map[string]any{
		"sid": id, "account_sid": t.AccountSID, "status": "queued", "to": to, "from": form.Get("From"), "body": body,
		"messaging_service_sid": form.Get("MessagingServiceSid"), "direction": "outbound-api", "api_version": "2010-04-01",
		"num_segments": strconv.Itoa((utf8.RuneCountInString(body) + 159) / 160), "error_code": nil, "error_message": nil,
		"date_created": at.Format(time.RFC1123Z), "uri": "/2010-04-01/Accounts/" + t.AccountSID + "/Messages/" + id + ".json",
	}}
}

// report sends the practice the outcome of a message.
func (t *Twilio) report(form url.Values, id string, script inbox.Script) {
	happens, says := steps(script)
	to, from := form.Get("To"), form.Get("From")
	address := form.Get("StatusCallback")
	if address == "" {
		address = t.CallbackURL
	}
	var out []callback
	status := func(s, code string) {
		if address == "" {
			return
		}
		params := url.Values{
			"MessageSid": {id}, "SmsSid": {id}, "AccountSid": {t.AccountSID}, "ApiVersion": {"2010-04-01"},
			"MessageStatus": {s}, "SmsStatus": {s}, "To": {to}, "From": {from},
		}
		if code != "" {
			params.Set("ErrorCode", code)
		}
		out = append(out, callback{address, params})
	}
	status("sent", "")
	for _, s := range happens {
		switch {
		case s == failed:
			status("undelivered", "30003")
		case s != replied:
			status(string(s), "")
		case t.CallbackURL != "":
			sid := "SM" + digits(32)
			out = append(out, callback{t.CallbackURL, url.Values{
				"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {t.AccountSID},
				"ApiVersion": {"2010-04-01"},
				"SmsStatus":  {"received"}, "From": {to}, "To": {from}, "Body": {says}, "NumMedia": {"0"}, "NumSegments": {"1"},
			}})
		}
	}
	if len(out) > 0 {
		t.courier.send(out, t.Delay)
	}
}

// call tells of one message, one thing after the other.
func (t *Twilio) call(ctx context.Context, what [][]callback) error {
	for _, c := range slices.Concat(what...) {
		h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
			"X-Twilio-Signature": {t.sign(c.url, c.params)}}
		if err := post(ctx, c.url, h, []byte(c.params.Encode())); err != nil {
			return err
		}
	}
	return nil
}

// sign signs a call as https://www.twilio.com/docs/usage/webhooks/webhooks-security
// says.
func (t *Twilio) sign(address string, params url.Values) string {
	mac := hmac.New(sha1.New, []byte(t.AuthToken))
	text := address
	for _, name := range slices.Sorted(maps.Keys(params)) {
		text += name + params.Get(name)
	}
	mac.Write([]byte(text)) // a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
