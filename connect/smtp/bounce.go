package smtp

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
)

// ReadCallback implements carrier.Listener for reports about messages. The practice
// group's mail server posts to us what arrives at the return path, as it is and
// with our secret, for example with
//
//	curl --fail --data-binary @- -H "Authorization: Bearer $SECRET" -H "Content-Type: message/rfc822" $URL
//
// The body is a whole message (RFC 5322), or the body alone of a multipart when
// the Content-Type of the call is that. A report is whatever has a part of the
// type message/delivery-status (RFC 3464). Other mail, such as an answer that a
// patient is on holiday, tells us nothing, and is not an error; nor is a report
// that has nothing in it which we have signed. What has, and cannot be read, is
// logged and counted: a bounce may be lost with it.
// Errors: carrier.ErrNotProvider; ErrReport.
func (c *Carrier) ReadCallback(ctx context.Context, call carrier.Callback) (carrier.Report, error) {
	header := http.Header(call.Header)
	if !c.trusted(header.Get("Authorization")) {
		return carrier.Report{}, carrier.ErrNotProvider
	}
	report, err := readReport(header.Get("Content-Type"), call.Body)
	key := c.keyOf(report)
	if err != nil || len(report.recipients) == 0 {
		c.unread(ctx, key, err)
		return carrier.Report{}, err
	}
	receipt, ok := report.receipt()
	if !ok {
		return carrier.Report{}, nil
	}
	if receipt.Key = key; key == "" {
		c.log.LogAttrs(ctx, slog.LevelWarn, "a report was passed over: its return path is not one of ours",
			slog.String("server", c.address), slog.String("claimed_message_id", c.claimed(report).String()))
		return carrier.Report{}, nil
	}
	receipt.At = c.now()
	if !report.date.IsZero() && report.date.Before(receipt.At) {
		receipt.At = report.date
	}
	return carrier.Report{Receipts: []carrier.Receipt{receipt}}, nil
}

// ErrReport is the fault of a report that cannot be read.
var ErrReport = fault.New(fault.Invalid, "not_a_report", "This is not a report that a mail server makes.")

// Why what came to a signed return path could not be read, for Options.Unread.
const (
	UnreadReport = "report" // a report that is broken
	UnreadOther  = "other"  // no report, such as an answer that a patient is away, or a bounce in words alone
)

// unread notes what came to a signed return path and could not be read.
func (c *Carrier) unread(ctx context.Context, key string, err error) {
	if key == "" {
		return
	}
	why, detail := UnreadOther, "It is not a delivery status notification."
	if err != nil {
		why, detail = UnreadReport, fault.Of(err).Message
	}
	_, id, leg, _ := messaging.ParseKey(key)
	c.log.LogAttrs(ctx, slog.LevelWarn, "what came to a message's return path cannot be read",
		slog.String("server", c.address),
		slog.String("message_id", id.String()), slog.Int("leg", leg), slog.String("reason", detail))
	if c.countUnread != nil {
		c.countUnread(why)
	}
}

// trusted compares the secret, in a time that does not tell how much of it was
// right.
func (c *Carrier) trusted(authorization string) bool {
	scheme, given, _ := strings.Cut(authorization, " ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(c.settings.BounceSecret))
	same := subtle.ConstantTimeCompare(a[:], b[:]) == 1
	return same && c.settings.BounceSecret != "" && strings.EqualFold(scheme, "Bearer")
}

// keyOf is the message a report is about: by the name we gave with it (RFC 3461,
// section 4.4), or by the return path it was sent to. Only what we have signed
// is believed. The header that came back is not: a patient has it too, and so
// has everybody they pass the message on to.
func (c *Carrier) keyOf(r *report) string {
	if key := c.verified(r.envelope); key != "" {
		return key
	}
	if at := strings.LastIndexByte(c.settings.BouncesTo, '@'); at > 0 {
		ours, host := c.settings.BouncesTo[:at]+"+", c.settings.BouncesTo[at+1:]
		for _, to := range r.to {
			local, ok := cutDomain(to, host)
			if !ok || len(local) <= len(ours) || !strings.EqualFold(local[:len(ours)], ours) {
				continue
			}
			if key := c.verified(local[len(ours):]); key != "" {
				return key
			}
		}
	}
	return ""
}

// claimed is the message that came back, by its own word, for the log; 0 when it
// does not say.
func (c *Carrier) claimed(r *report) messaging.ID {
	key, _ := cutDomain(strings.Trim(r.messageID, "<> "), c.domain)
	_, id, _, _ := messaging.ParseKey(key)
	return id
}

func cutDomain(address, host string) (string, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.EqualFold(address[at+1:], host) {
		return "", false
	}
	return address[:at], true
}
