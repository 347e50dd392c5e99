package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"frontdesk/connect/web"
	"frontdesk/core/carrier"
)

const (
	maxID     = 200
	maxEvents = 1000
)

// call is what the adaptor tells us.
type call struct {
	Receipts []receipt `json:"receipts"`
	Replies  []reply   `json:"replies"`
}

type receipt struct {
	Key    string `json:"key"`
	ID     string `json:"id"`
	Status string `json:"status"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	At     string `json:"at"`
}

type reply struct {
	ID      string `json:"id"`
	Channel string `json:"channel"`
	From    string `json:"from"`
	Text    string `json:"text"`
	At      string `json:"at"`
	Key     string `json:"key"`
}

// ReadCallback implements carrier.Listener.
func (c *Carrier) ReadCallback(_ context.Context, call carrier.Callback) (carrier.Report, error) {
	header := http.Header(call.Header)
	now := c.web.Now().UTC()
	if !signed(c.secret, header, call.Body, now) {
		return carrier.Report{}, carrier.ErrNotProvider
	}
	return parse(call.Body, now)
}

func parse(body []byte, now time.Time) (carrier.Report, error) {
	var in call
	if err := json.Unmarshal(body, &in); err != nil {
		return carrier.Report{}, web.Wrong("a JSON object")
	}
	if len(in.Receipts) > maxEvents || len(in.Replies) > maxEvents {
		return carrier.Report{}, web.Wrong("at most 1000 receipts and 1000 replies")
	}
	var report carrier.Report
	for i, r := range in.Receipts {
		out, wrong, expected := r.read(now)
		if wrong != "" {
			return carrier.Report{}, web.Wrong(expected, "receipts", strconv.Itoa(i), wrong)
		}
		report.Receipts = append(report.Receipts, out)
	}
	for i, r := range in.Replies {
		out, wrong, expected := r.read(now)
		if wrong != "" {
			return carrier.Report{}, web.Wrong(expected, "replies", strconv.Itoa(i), wrong)
		}
		report.Replies = append(report.Replies, out)
	}
	return report, nil
}

// read gives the receipt, or the field that is wrong and what it should be.
func (r receipt) read(now time.Time) (out carrier.Receipt, wrong, expected string) {
	out = carrier.Receipt{Key: web.Text(r.Key, maxID), ProviderID: web.Text(r.ID, maxID),
		Progress: carrier.Progress(r.Status), At: web.At(r.At, now)}
	switch out.Progress {
	case carrier.ProgressDelivered, carrier.ProgressRead:
	case carrier.ProgressFailed:
		out.Code, out.Reason = web.Word(r.Code), web.Reason(r.Reason, "The provider could not deliver the message.")
		if out.Code == "" {
			out.Code = "failed"
		}
	default:
		return out, "status", "delivered, read or failed"
	}
	if out.Key == "" && out.ProviderID == "" {
		return out, "key", "the key of a message, or the id it was given"
	}
	return out, "", ""
}

func (r reply) read(now time.Time) (out carrier.Reply, wrong, expected string) {
	out = carrier.Reply{
		ID: web.Text(r.ID, maxID), Channel: carrier.Channel(r.Channel), From: r.From,
		Text: web.Text(r.Text, web.MaxReply), At: web.At(r.At, now), Key: web.Text(r.Key, maxID),
	}
	switch {
	case out.ID == "":
		return out, "id", "the provider's name for the reply"
	case out.Channel == carrier.SMS && !web.Number(out.From):
		return out, "from", "a telephone number of the form +447700900123"
	case out.Channel == carrier.Email && !web.Mail(out.From):
		return out, "from", "an e-mail address"
	case out.Channel != carrier.SMS && out.Channel != carrier.Email:
		return out, "channel", "sms or email"
	}
	return out, "", ""
}
