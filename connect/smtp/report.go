package smtp

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/carrier"
)

// report is a delivery status notification (RFC 3464).
type report struct {
	date       time.Time
	to         []string // whom the report itself was sent to
	envelope   string   // Original-Envelope-Id
	messageID  string   // of the message that came back, or of its header
	recipients []outcome
}

// outcome is what became of the message for one recipient.
type outcome struct{ action, status string }

const (
	maxReport = 10 << 20
	// maxParts and maxRecipients are more than any report about one message to
	// one address has.
	maxParts, maxRecipients = 20, 100
)

// readReport reads a report; nil is other mail. contentType is the call's own.
// Errors: ErrReport.
func readReport(contentType string, body []byte) (*report, error) {
	if len(body) > maxReport {
		return nil, ErrReport.Saying("The message is too long for a report.")
	}
	if media, params, err := mime.ParseMediaType(contentType); err == nil && media == "multipart/report" && params["boundary"] != "" {
		return readParts(params, bytes.NewReader(body), &report{})
	}
	// A mail server may put the line that begins a message in a mailbox file
	// before it.
	if bytes.HasPrefix(body, []byte("From ")) {
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil || m.Header.Get("From") == "" {
		return nil, ErrReport.Saying("This is not an e-mail message.")
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if other := err != nil || media != "multipart/report"; other {
		return nil, nil
	}
	r := &report{}
	r.date, _ = m.Header.Date() // without one, it is as if it had come now
	for _, field := range []string{"Delivered-To", "X-Original-To", "To"} {
		for _, value := range m.Header[textproto.CanonicalMIMEHeaderKey(field)] {
			if list, err := mail.ParseAddressList(value); err == nil {
				for _, a := range list {
					r.to = append(r.to, a.Address)
				}
			}
		}
	}
	return readParts(params, m.Body, r)
}

// readParts reads the parts of a multipart/report (RFC 6522). It is nil when the
// report is about something else, such as that a message has been read.
func readParts(params map[string]string, body io.Reader, r *report) (*report, error) {
	if kind := params["report-type"]; kind != "" && !strings.Contains(strings.ToLower(kind), "delivery-status") {
		return nil, nil
	}
	if params["boundary"] == "" {
		return nil, ErrReport.Saying("The report does not say where its parts begin.")
	}
	found := false
	parts := multipart.NewReader(body, params["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, ErrReport.Saying("The report ends too early, or its parts are not marked properly.")
		}
		media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		content := io.Reader(part)
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		switch media {
		case "message/delivery-status", "message/global-delivery-status": // RFC 6533
			if err := r.readStatus(content); err != nil {
				return nil, err
			}
			found = true
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			// The first field that cannot be read ends it: what came before will do.
			header, _ := textproto.NewReader(bufio.NewReader(content)).ReadMIMEHeader()
			r.messageID = header.Get("Message-Id")
		}
	}
	if !found {
		return nil, ErrReport.Saying("The report has no part that says what became of the message.")
	}
	return r, nil
}

// readStatus reads the fields about the message, and then those about each
// recipient (RFC 3464, section 2.1).
func (r *report) readStatus(content io.Reader) error {
	groups := textproto.NewReader(bufio.NewReader(content))
	message := true
	for {
		fields, err := groups.ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return ErrReport.Saying("The part of the report that says what became of the message cannot be read.")
		}
		switch {
		case len(fields) == 0:
		case fields.Get("Action") != "":
			r.recipients = append(r.recipients, outcome{
				action: strings.ToLower(word(fields.Get("Action"))), status: word(fields.Get("Status")),
			})
		case message:
			r.envelope = unxtext(word(fields.Get("Original-Envelope-Id")))
		default:
			return ErrReport.Saying("The report does not say what was done about a recipient.")
		}
		message = message && len(fields) == 0
		if err != nil {
			break
		}
		if len(r.recipients) > maxRecipients {
			return ErrReport.Saying("The report is about too many recipients.")
		}
	}
	if len(r.recipients) == 0 {
		return ErrReport.Saying("The report does not say what was done about a recipient.")
	}
	return nil
}

// word is the first word of a field; a comment may come after it.
func word(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// unxtext reads what RFC 3461, section 4, calls xtext. Servers differ in whether
// they decode what they were given before they repeat it; no key has a plus.
func unxtext(s string) string {
	before, after, ok := strings.Cut(s, "+")
	for ok {
		if len(after) < 2 {
			return ""
		}
		c, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil {
			return ""
		}
		var next string
		next, after, ok = strings.Cut(after[2:], "+")
		before += string(rune(c)) + next
	}
	return before
}

// receipt is what the report comes to; false when nothing is decided yet. One
// address may stand for several mailboxes: that the message failed for one is
// told before that it reached another.
func (r *report) receipt() (carrier.Receipt, bool) {
	delivered, ok := carrier.Receipt{}, false
	for _, o := range r.recipients {
		code := status([]byte(o.status))
		switch o.action {
		case "failed":
			why := reason(code)
			if strings.HasPrefix(code, "4.") {
				why = "The mail server has given up trying. " + why
			}
			return carrier.Receipt{Progress: carrier.ProgressFailed, Code: code, Reason: why}, true
		case "delivered":
			delivered, ok = carrier.Receipt{Progress: carrier.ProgressDelivered, Code: code}, true
		}
	}
	return delivered, ok
}
