package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

// ReadCallback implements carrier.Listener for the callbacks of "Receive a callback"
// in the NHS Notify API: 401 without the API key, 403 without the right
// signature, and else 202, which has NHS Notify not call again. Told.Status has
// to be answered with an error too.
//
// Callbacks come in any order, and may come twice.
func (c *Carrier) ReadCallback(_ context.Context, call carrier.Callback) (carrier.Report, error) {
	header := http.Header(call.Header)
	secret := c.settings.CallbackSecret
	if given := header.Get("X-Api-Key"); secret == "" || !same(given, secret) {
		return carrier.Report{Status: http.StatusUnauthorized}, carrier.ErrNotProvider
	}
	given, err := hex.DecodeString(header.Get("X-Hmac-Sha256-Signature"))
	mac := hmac.New(sha256.New, []byte(c.settings.CallbackKey+"."+secret))
	mac.Write(call.Body)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return carrier.Report{Status: http.StatusForbidden}, carrier.ErrNotProvider
	}
	receipts, ok := callback(call.Body)
	if !ok {
		return carrier.Report{Status: http.StatusBadRequest},
			fault.Wrong("data", carrier.CodeCall, "an array of MessageStatus and ChannelStatus",
				"This is no callback of NHS Notify.")
	}
	return carrier.Report{Receipts: receipts, Status: http.StatusAccepted}, nil
}

// same compares two secrets, and takes as long whatever they are.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// status is what a callback tells about a message or about its channel, and an
// answer about both.
type status struct {
	ID             string    `json:"messageId"`
	Reference      string    `json:"messageReference"`
	Message        string    `json:"messageStatus"`
	MessageFailure string    `json:"messageFailureReasonCode"`
	By             string    `json:"channel"`
	Channel        string    `json:"channelStatus"`
	ChannelFailure string    `json:"channelFailureReasonCode"`
	Supplier       string    `json:"supplierStatus"`
	Timestamp      string    `json:"timestamp"`
	Channels       []channel `json:"channels"`
	Timestamps     moments   `json:"timestamps"`
}

// channel is a channel in what is told about a message.
type channel struct {
	Type     string `json:"type"`
	Status   string `json:"channelStatus"`
	Failure  string `json:"channelFailureReasonCode"`
	Supplier string `json:"supplierStatus"`
}

// moments are when something became what it is.
type moments struct {
	Delivered string `json:"delivered"`
	Failed    string `json:"failed"`
}

// callback reads a callback. What it tells that we do not know, or not in the
// shape we know, is passed over: NHS Notify may add to it.
func callback(body []byte) ([]carrier.Receipt, bool) {
	var got struct {
		Data []json.RawMessage `json:"data"`
	}
	if !read(body, &got) || got.Data == nil {
		return nil, false
	}
	var out []carrier.Receipt
	for _, raw := range got.Data {
		var about struct {
			Type       string          `json:"type"`
			Attributes json.RawMessage `json:"attributes"`
		}
		var s status
		if !read(raw, &about) || !read(about.Attributes, &s) {
			continue
		}
		switch about.Type {
		case "MessageStatus":
			s.By, s.Channel, s.ChannelFailure, s.Supplier = "", "", "", ""
		case "ChannelStatus":
			s.Message, s.MessageFailure, s.Channels = "", "", nil
		default:
			continue
		}
		if r := s.receipt(); r.Progress != "" && (r.Key != "" || r.ProviderID != "") {
			out = append(out, r)
		}
	}
	return out, true
}

// read reads JSON, and leaves out what has another shape than v has.
func read(body []byte, v any) bool {
	err := json.Unmarshal(body, v)
	_, shape := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || shape
}

// channelOf are our names of the channels.
var channelOf = map[string]carrier.Channel{"nhsapp": carrier.NHSApp, "email": carrier.Email, "sms": carrier.SMS}

// receipt is what follows for the message; its Progress is empty when nothing
// does yet. A status of the message is one of all its channels; only its delivery is of
// the channel that delivered it.
func (s status) receipt() carrier.Receipt {
	r := carrier.Receipt{Key: s.Reference, ProviderID: s.ID, At: moment(s.Timestamp), Channel: channelOf[s.By],
		Whole: s.Channel == "" && s.Message != ""}
	for _, c := range s.Channels {
		if c.Status == "delivered" && s.Message == "delivered" && r.Channel == "" {
			r.Channel = channelOf[c.Type]
		}
	}
	switch {
	case s.Supplier == "read":
		r.Progress = carrier.ProgressRead
	case s.Channel == "delivered", s.Message == "delivered":
		r.Progress = carrier.ProgressDelivered
	case s.Channel == "failed":
		r.Progress, r.Code, r.Reason = carrier.ProgressFailed, firstCode(s.ChannelFailure, s.Supplier), why(s.Supplier)
	case s.Message == "failed":
		r.Progress, r.Code, r.Reason = carrier.ProgressFailed, firstCode(s.MessageFailure), why("")
	}
	return r
}

// firstCode is the first of these that is a code, or "failed".
func firstCode(candidates ...string) string {
	for _, s := range candidates {
		if known := code(strings.ToUpper(s)); known != "" {
			return known
		}
	}
	return "failed"
}

// why says in plain English what a supplier's status means. NHS Notify's own
// descriptions are not passed on: some tell about the patient.
func why(supplier string) string {
	switch supplier {
	case "permanent_failure":
		return "The message could not be delivered: the number or the address may be wrong."
	case "temporary_failure":
		return "The message could not be delivered in time: the telephone may have been off, or the inbox full."
	case "technical_failure":
		return "The message was not sent because of a fault on the way."
	case "rejected":
		return "The message was rejected on the way."
	case "unnotified":
		return "The patient could not be told about the message."
	}
	return "NHS Notify could not deliver the message."
}

// moment reads a time; it is zero when it is none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

var messageIDs = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// Status asks NHS Notify how far a message has come, for when its callbacks have
// not told. The receipt's Progress is empty while there is nothing to tell.
// Errors: a Refusal when NHS Notify does not know the message, a Busy, and any
// other when it could not be found out.
func (c *Carrier) Status(ctx context.Context, providerID string) (carrier.Receipt, error) {
	unknown := &carrier.Refusal{Code: "CM_NOT_FOUND", Reason: reasons["CM_NOT_FOUND"]}
	if !messageIDs.MatchString(providerID) {
		return carrier.Receipt{}, unknown
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Deadline)
	defer cancel()
	var r carrier.Receipt
	got, err := c.ask(ctx, request{
		what: "status", method: http.MethodGet, path: "/v1/messages/" + providerID,
		take: func(body []byte) (err error) { r, err = progress(body, providerID); return err },
	})
	switch {
	case err != nil:
		return carrier.Receipt{}, err
	case got.status == http.StatusOK:
		return r, nil
	case got.status == http.StatusNotFound:
		return carrier.Receipt{}, unknown
	}
	return carrier.Receipt{}, refusal(got.problems[0])
}

// progress reads the answer about a message.
func progress(body []byte, providerID string) (carrier.Receipt, error) {
	var got struct {
		Data struct {
			ID         string `json:"id"`
			Attributes status `json:"attributes"`
		} `json:"data"`
	}
	if !read(body, &got) || got.Data.ID != providerID {
		return carrier.Receipt{}, nhsapi.ErrUnreadable
	}
	s := got.Data.Attributes
	s.ID = providerID
	for _, one := range s.Channels {
		if len(s.Channels) == 1 || one.Supplier == "read" {
			s.By, s.Channel, s.ChannelFailure, s.Supplier = one.Type, one.Status, one.Failure, one.Supplier
		}
	}
	r := s.receipt()
	switch r.Progress {
	case carrier.ProgressFailed:
		r.At = moment(s.Timestamps.Failed)
	case "":
	default:
		r.At = moment(s.Timestamps.Delivered)
	}
	return r, nil
}
