package mail

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// message is what is in a message.
type message struct {
	header             []byte // as it came
	key, from, subject string
	text               string
	unsubscribe        string
	calendar           string
	bytes              int
}

// maxLine is the longest line without its end (RFC 5322, section 2.1.1).
const maxLine = 998

// read reads a message, or says what is wrong with it.
func read(raw []byte, eight, international bool) (message, error) {
	header, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return message{}, errors.New("there is no empty line after the header")
	}
	if err := checkLines(raw); err != nil {
		return message{}, err
	}
	if !international && !ascii(string(header)) {
		return message{}, errors.New("the header has letters beyond ASCII, without SMTPUTF8")
	}
	if !eight && !ascii(string(body)) {
		return message{}, errors.New("the body has letters beyond ASCII, without 8BITMIME")
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return message{}, errors.New("the header cannot be read")
	}
	// RFC 5322, section 3.6: Date and From once, the others at most once.
	for name, least := range map[string]int{"Date": 1, "From": 1, "To": 0, "Subject": 0, "Message-Id": 0, "Reply-To": 0,
		"Mime-Version": 0, "Content-Type": 0} {
		if n := len(m.Header[name]); n < least || n > 1 {
			return message{}, errors.New("the field " + name + " must be there once")
		}
	}
	if _, err := m.Header.Date(); err != nil {
		return message{}, errors.New("the field Date cannot be read")
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 {
		return message{}, errors.New("the field From cannot be read")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return message{}, errors.New("the field Subject cannot be read")
	}
	out := message{header: append(header[:len(header):len(header)], '\r', '\n'), from: from[0].Address,
		subject: subject,
		bytes:   len(raw)}
	if from[0].Name != "" {
		out.from = from[0].Name + " <" + from[0].Address + ">"
	}
	id := strings.Trim(m.Header.Get("Message-Id"), "<> ")
	out.key, _, _ = strings.Cut(id, "@")
	if out.unsubscribe, err = oneClick(m.Header); err != nil {
		return message{}, err
	}
	found, err := partsOf(m.Header.Get, m.Body)
	out.text, out.calendar = found.text, found.calendar
	return out, err
}

// oneClick is where a mail program unsubscribes with one click (RFC 8058, section
// 3.1): the two fields go together.
func oneClick(h mail.Header) (string, error) {
	list, post := h.Get("List-Unsubscribe"), h.Get("List-Unsubscribe-Post")
	if list == "" && post == "" {
		return "", nil
	}
	address, ok := strings.CutPrefix(list, "<")
	address, end := strings.CutSuffix(address, ">")
	if !ok || !end || post != "List-Unsubscribe=One-Click" || !strings.HasPrefix(address, "http") {
		return "", errors.New("the fields about unsubscribing make no sense")
	}
	return address, nil
}

// checkLines refuses what is not whole lines (RFC 5321, section 2.3.8): a lone
// CR or LF is read by some as the end of a line, and so as the end of a message.
func checkLines(raw []byte) error {
	for line := range bytes.Lines(raw) {
		whole, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok || bytes.ContainsAny(whole, "\r\n\x00") {
			return errors.New("a line does not end in CRLF")
		}
		if len(whole) > maxLine {
			return errors.New("a line is too long")
		}
	}
	return nil
}

// parts are what a message says: the first part in plain text, which may be the message itself, and the first that is
// for a calendar.
type parts struct{ text, calendar string }

// partsOf reads the parts of a message.
func partsOf(field func(string) string, body io.Reader) (parts, error) {
	media, params, err := mime.ParseMediaType(field("Content-Type"))
	if err != nil {
		media = "text/plain"
	}
	var found parts
	if strings.HasPrefix(media, "multipart/") {
		all := multipart.NewReader(body, params["boundary"])
		for {
			part, err := all.NextRawPart()
			if errors.Is(err, io.EOF) {
				return found, nil
			}
			if err != nil {
				return found, errors.New("the parts are not marked properly")
			}
			p, err := partsOf(part.Header.Get, part)
			if err != nil {
				return found, err
			}
			found.text, found.calendar = cmp.Or(found.text, p.text), cmp.Or(found.calendar, p.calendar)
		}
	}
	switch strings.ToLower(field("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return found, errors.New("a part is not encoded properly")
	}
	switch media {
	case "text/plain":
		found.text = strings.TrimRight(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n")
	case "text/calendar":
		found.calendar = string(b)
	}
	return found, nil
}
