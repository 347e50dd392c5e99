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
	"regexp"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/carrier"
)

// report is a delivery status notification (RFC 3464), or other mail, which says
// nothing about recipients.
type report struct {
	date       time.Time
	to         []string // whom the report itself was sent to
	envelope   string   // Original-Envelope-Id
	messageID  string   // of the message that came back, or of its header
	said       string   // the beginning of what it tells people
	recipients []outcome
	left       int // how many more parts are read
}

// outcome is the result of the message for one recipient.
type outcome struct{ action, status, address, diagnostic string }

const (
	maxReport = 10 << 20
	// maxParts, maxDepth and maxRecipients are more than any report about one
	// message to one address has.
	maxParts, maxDepth, maxRecipients = 20, 4, 100
	// maxSaid is how much is read of what a report tells people, in bytes.
	maxSaid = 16 << 10
)

// readReport reads a message; contentType is the call's own. What came before
// the fault is in the report even so. Errors: ErrReport.
func readReport(contentType string, body []byte) (*report, error) {
	r := &report{left: maxParts}
	if len(body) > maxReport {
		return r, ErrReport.Saying("The message is too long for a report.")
	}
	if media, params, err := mime.ParseMediaType(contentType); err == nil && multi(media) && params["boundary"] != "" {
		return r, r.read(media, params, bytes.NewReader(body))
	}
	// A mail server may put the line that begins a message in a mailbox file
	// before it.
	if bytes.HasPrefix(body, []byte("From ")) {
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return r, ErrReport.Saying("This is not an e-mail message.")
	}
	r.date, _ = m.Header.Date() // without one, it is as if it had come now
	for _, field := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, value := range m.Header[textproto.CanonicalMIMEHeaderKey(field)] {
			if list, err := mail.ParseAddressList(value); err == nil {
				for _, a := range list {
					r.to = append(r.to, a.Address)
				}
			}
		}
	}
	if m.Header.Get("From") == "" {
		return r, ErrReport.Saying("This is not an e-mail message.")
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !multi(media) {
		return r, nil //nolint:nilerr // it is an e-mail, and no report
	}
	return r, r.read(media, params, m.Body)
}

func multi(media string) bool { return strings.HasPrefix(media, "multipart/") }

// read reads a multipart. A multipart/report that calls itself one of delivery
// (RFC 6522) must give the message's outcome. OpenSMTPD makes its reports a
// multipart/mixed, and a list or a virus scanner may wrap one in that.
func (r *report) read(media string, params map[string]string, body io.Reader) error {
	kind := strings.ToLower(params["report-type"])
	if media == "multipart/report" && strings.Contains(kind, "disposition-notification") {
		return nil // that the message has been read
	}
	owed := media == "multipart/report" && (kind == "" || strings.Contains(kind, "delivery-status"))
	if params["boundary"] == "" {
		if !owed {
			return nil
		}
		return ErrReport.Saying("The report does not say where its parts begin.")
	}
	if err := r.readParts(params["boundary"], body, 1, owed); err != nil {
		return err
	}
	if owed && len(r.recipients) == 0 {
		return ErrReport.Saying("The report has no part that gives the message's outcome.")
	}
	return nil
}

// readParts reads the parts of a multipart. Where no report is owed, parts that
// are not marked properly are those of other mail.
func (r *report) readParts(boundary string, body io.Reader, depth int, owed bool) error {
	parts := multipart.NewReader(body, boundary)
	for ; r.left > 0; r.left-- {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || err != nil && !owed && len(r.recipients) == 0 {
			return nil
		}
		if err != nil {
			return ErrReport.Saying("The report ends too early, or its parts are not marked properly.")
		}
		if err := r.readPart(part, depth, owed); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) readPart(part *multipart.Part, depth int, owed bool) error {
	media, params, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
	content := io.Reader(part)
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
		content = base64.NewDecoder(base64.StdEncoding, part)
	}
	switch {
	case media == "message/delivery-status", media == "message/global-delivery-status": // RFC 6533
		return r.readStatus(content)
	case media == "message/rfc822", media == "text/rfc822-headers", media == "message/global",
		media == "message/global-headers":
		// The first field that cannot be read ends it: what came before will do.
		header, _ := textproto.NewReader(bufio.NewReader(content)).ReadMIMEHeader()
		r.messageID = header.Get("Message-Id")
	case (media == "text/plain" || media == "") && r.said == "":
		said, _ := io.ReadAll(io.LimitReader(content, maxSaid))
		r.said = string(said)
	case multi(media) && params["boundary"] != "" && depth < maxDepth:
		r.left--
		return r.readParts(params["boundary"], content, depth+1, owed)
	}
	return nil
}

// readStatus reads the fields about the message, and then those about each
// recipient (RFC 3464, section 2.1).
func (r *report) readStatus(content io.Reader) error {
	groups := textproto.NewReader(bufio.NewReader(content))
	message := true
	for {
		fields, err := groups.ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return ErrReport.Saying("The part of the report that gives the message's outcome cannot be read.")
		}
		switch {
		case len(fields) == 0:
		case fields.Get("Action") != "":
			_, address, _ := strings.Cut(fields.Get("Final-Recipient"), ";")
			r.recipients = append(r.recipients, outcome{
				action: strings.ToLower(word(fields.Get("Action"))), status: word(fields.Get("Status")),
				address: word(address), diagnostic: fields.Get("Diagnostic-Code"),
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
		switch {
		case o.action == "failed", o.action == "delayed" && o.status == "4.4.7" && r.line(o) == expired:
			code, why := r.failure(o)
			if strings.HasPrefix(code, "4") {
				why = "The mail server has given up trying. " + why
			}
			return carrier.Receipt{Progress: carrier.ProgressFailed, Code: code, Reason: why}, true
		case o.action == "delivered":
			delivered, ok = carrier.Receipt{Progress: carrier.ProgressDelivered, Code: status([]byte(o.status))}, true
		}
	}
	return delivered, ok
}

// failure is why a message failed: an enhanced status code, or the code of the
// answer, and the same in plain English. Exim writes a Status of 5.0.0 whatever
// the other server answered, and that answer into Diagnostic-Code; OpenSMTPD has
// it only in what it tells people.
func (r *report) failure(o outcome) (code, why string) {
	code = status([]byte(o.status))
	if code != "" && !strings.HasSuffix(code, ".0.0") {
		return code, reason(code)
	}
	answer := ""
	if kind, text, ok := strings.Cut(o.diagnostic, ";"); ok && strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		answer = text
	} else if o.diagnostic == "" {
		answer = r.line(o)
	}
	switch number, detail := diagnosis(answer); {
	case detail != "":
		return detail, reason(detail)
	case number != 0:
		return strconv.Itoa(number), reply{code: number}.reason()
	}
	return code, reason(code)
}

// expired is what OpenSMTPD says of a message that it has given up and taken out
// of its queue, in a report that calls it delayed.
const expired = "Envelope expired"

// line is what a report tells people of a recipient, as OpenSMTPD writes it.
func (r *report) line(o outcome) string {
	if o.address == "" {
		return ""
	}
	_, text, _ := strings.Cut("\n"+strings.ReplaceAll(r.said, "\r\n", "\n"), "\n"+o.address+": ")
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// answers are where an answer may have its codes: at its beginning and, as it
// may run over several lines that are one by now, before every other word.
var answers = regexp.MustCompile(`(?:^|\s)([45][0-9][0-9])[- ]+([45]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|$)`)

// diagnosis is the code of an answer that the other server gave (RFC 5321), and
// its enhanced status code; 0 and nothing where it has none.
func diagnosis(answer string) (number int, detail string) {
	answer = strings.TrimSpace(answer)
	if s := status([]byte(answer)); s != "" && s[0] != '2' {
		return 0, s
	}
	if len(answer) < 3 || answer[0] != '4' && answer[0] != '5' || !threeDigits([]byte(answer[:3])) ||
		len(answer) > 3 && answer[3] != ' ' && answer[3] != '-' {
		return 0, ""
	}
	for _, found := range answers.FindAllStringSubmatch(answer, -1) {
		if found[1] == answer[:3] && !strings.HasSuffix(found[2], ".0.0") {
			return 0, found[2]
		}
	}
	number, _ = strconv.Atoi(answer[:3])
	return number, ""
}
