package twilio

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

const (
	headerSignature = "X-Twilio-Signature"
	maxParams       = 200
	twiml           = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>"
)

// ReadCallback implements carrier.Listener.
func (c *Carrier) ReadCallback(_ context.Context, call carrier.Callback) (carrier.Report, error) {
	header := http.Header(call.Header)
	query, _ := url.ParseQuery(call.Query)
	params, err := url.ParseQuery(string(call.Body))
	if err != nil || c.callback == nil || len(params) > maxParams {
		return carrier.Report{}, carrier.ErrNotProvider
	}
	// Twilio signs the address it was given, whatever stands between us, and
	// with the query it was given.
	at := *c.callback
	if call.Query != "" {
		at.RawQuery = call.Query
	}
	if !hmac.Equal([]byte(header.Get(headerSignature)), []byte(sign(c.settings.AuthToken, at.String(), params))) {
		return carrier.Report{}, carrier.ErrNotProvider
	}
	return parse(params, query.Get(keyParam), c.web.Now().UTC())
}

// sign is base64 HMAC-SHA1(token, address + each parameter's name and value, in
// the order of the names). A name that comes more than once counts with each of
// its values.
func sign(token, address string, params url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address)) // a hash takes everything
	for _, name := range slices.Sorted(maps.Keys(params)) {
		values := slices.Clone(params[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			mac.Write([]byte(name))
			mac.Write([]byte(v))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// parse understands a status callback, which has a MessageStatus, or an inbound
// message, which has a From and a Body.
func parse(params url.Values, key string, now time.Time) (carrier.Report, error) {
	id := cmp.Or(params.Get("MessageSid"), params.Get("SmsSid"))
	if !sid.MatchString(id) {
		return carrier.Report{}, web.Wrong("a message SID", "MessageSid")
	}
	status := params.Get("MessageStatus")
	if status == "" && params.Has("Body") {
		return reply(id, params, now), nil
	}
	report := carrier.Report{Status: http.StatusOK, Type: "text/xml; charset=utf-8", Body: twiml}
	r := carrier.Receipt{Key: web.Text(key, maxKey), ProviderID: id, At: now}
	switch status {
	case "delivered":
		r.Progress = carrier.ProgressDelivered
	case "read":
		r.Progress = carrier.ProgressRead
	case "undelivered", "failed", "canceled":
		r.Progress = carrier.ProgressFailed
		r.Code = web.Word(params.Get("ErrorCode"))
		r.Reason = cmp.Or(failed[r.Code], failedReason)
		r.Code = cmp.Or(r.Code, status)
	case "":
		return carrier.Report{}, web.Wrong("a status callback or an inbound message", "MessageStatus")
	default: // on its way
		return report, nil
	}
	report.Receipts = []carrier.Receipt{r}
	return report, nil
}

const maxKey = 200

// reply is an inbound message. One that does not come from a telephone cannot
// be a patient's.
func reply(id string, params url.Values, now time.Time) carrier.Report {
	report := carrier.Report{Status: http.StatusOK, Type: "text/xml; charset=utf-8", Body: twiml}
	if from := params.Get("From"); web.Number(from) {
		report.Replies = []carrier.Reply{{ID: id, Channel: carrier.SMS, From: from,
			Text: web.Text(params.Get("Body"), web.MaxReply), At: now}}
	}
	return report
}
