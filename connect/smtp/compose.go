package smtp

import (
	"bytes"
	"cmp"
	"html"
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"frontdesk/core/carrier"
)

// letter is a message as it goes over the wire.
type letter struct {
	from, to      string // from is the return path
	envelope      string // our name for it, which a report repeats (RFC 3461, section 4.4)
	international bool   // needs SMTPUTF8
	// data is the whole message with the dots of RFC 5321, section 4.5.2, and the
	// final one.
	data []byte
}

// keys are what can stand in a message identifier and in a return path as they
// are: a dot-atom (RFC 5322, section 3.2.3), and of that the harmless part.
var keys = regexp.MustCompile(`^[0-9A-Za-z_=-]+(\.[0-9A-Za-z_=-]+)*$`)

const (
	// maxKey leaves room for the signature in what a report repeats, which has at
	// most 100 characters (RFC 3461, section 4.4).
	maxKey = 80
	// maxLocal is the longest part before the @ (RFC 5321, section 4.5.3.1.1).
	maxLocal = 64
	// maxSubject keeps a line within 998 characters, whatever it is encoded as.
	maxSubject = 250
)

var (
	errChannel = &carrier.Refusal{Code: "channel", Reason: "Only e-mail goes this way."}
	errKey     = &carrier.Refusal{Code: "key", Reason: "The message's own name cannot stand in an e-mail."}
	errAddress = &carrier.Refusal{Code: "address", Reason: "This is not an e-mail address."}
	errHeader  = &carrier.Refusal{Code: "header",
		Reason: "The subject or the sender's name has a line break or a control character in it."}
	errSubject = &carrier.Refusal{Code: "subject", Reason: "The subject is too long."}
	errCompose = &carrier.Refusal{Code: "compose", Reason: "The message cannot be written as an e-mail."}
)

// compose writes a message. What it gives is good until b is used again. Its
// errors are Refusals.
func (c *Carrier) compose(b *buffer, m carrier.Outgoing) (*letter, error) {
	ascii, ok := address(m.To)
	switch {
	case m.Channel != carrier.Email:
		return nil, errChannel
	case len(m.Key) > maxKey || !keys.MatchString(m.Key):
		return nil, errKey
	case !ok:
		return nil, errAddress
	case broken(m.Subject) || broken(m.FromName) || broken(m.Unsubscribe) || strings.ContainsAny(m.Unsubscribe, " <>"):
		return nil, errHeader
	}
	// The standard library writes a backslash beside accented letters in a way
	// that cannot be read again.
	fromName := strings.ReplaceAll(oneLine(cmp.Or(c.settings.FromName, m.FromName)), `\`, "/")
	subject := oneLine(cmp.Or(strings.TrimSpace(m.Subject), "Message from "+cmp.Or(fromName, "your practice")))
	if utf8.RuneCountInString(subject) > maxSubject || utf8.RuneCountInString(fromName) > maxSubject {
		return nil, errSubject
	}
	text := lines.Replace(strings.ToValidUTF8(m.Text, "\ufffd"))
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&mail.Address{Name: fromName, Address: c.settings.From})
	msg.ToMailAddress(&mail.Address{Address: m.To})
	if c.settings.ReplyTo != "" {
		msg.ReplyToMailAddress(&mail.Address{Address: c.settings.ReplyTo})
	}
	msg.SetGenHeader(gomail.HeaderSubject, subject)
	msg.SetMessageIDWithValue(m.Key + "@" + c.domain)
	msg.SetDateWithValue(c.now())
	// No answer of a machine comes back (RFC 3834, section 5). The other field
	// says it to Exchange; "All" there would also do away with bounces.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	if m.Unsubscribe != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, text)
	msg.AddAlternativeString(gomail.TypeTextHTML, page(subject, text))
	if m.Calendar != "" {
		// The last is the one that a mail program prefers which knows what it is (RFC 2046, section 5.1.4).
		msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+method(m.Calendar)), m.Calendar)
	}
	b.plain.Reset()
	if _, err := msg.WriteTo(&b.plain); err != nil {
		return nil, errCompose
	}
	if err := c.signMessage(b); err != nil {
		return nil, errCompose
	}
	return &letter{from: c.returnPath(m.Key), to: m.To, envelope: c.signed(m.Key), international: !ascii, data: b.stuff()},
		nil
}

// method is what a calendar is to do with a part (RFC 6047, section 2.4).
func method(calendar string) string {
	_, after, _ := strings.Cut(calendar, "\r\nMETHOD:")
	word, _, _ := strings.Cut(after, "\r\n")
	return word
}

// oneLine is a text with single spaces: a line of a header is folded at them,
// and a folded line of nothing but spaces is not one.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
}

// lines makes every line break the one that RFC 5321 knows, and drops what no
// text has.
var lines = func() *strings.Replacer {
	pairs := []string{"\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n"}
	for c := range byte(' ') {
		if c != '\t' && c != '\r' && c != '\n' {
			pairs = append(pairs, string(rune(c)), "")
		}
	}
	return strings.NewReplacer(append(pairs, "\x7f", "")...)
}()

// stuff doubles the dots at the beginning of lines, and ends the message.
func (b *buffer) stuff() []byte {
	data := b.plain.Bytes()
	if bytes.Contains(data, []byte("\n.")) {
		b.stuffed.Reset()
		for line := range bytes.Lines(data) {
			if line[0] == '.' {
				b.stuffed.WriteByte('.')
			}
			b.stuffed.Write(line)
		}
		return b.end(&b.stuffed)
	}
	return b.end(&b.plain)
}

func (b *buffer) end(whole *bytes.Buffer) []byte {
	if !bytes.HasSuffix(whole.Bytes(), []byte("\r\n")) {
		whole.WriteString("\r\n")
	}
	whole.WriteString(".\r\n")
	return whole.Bytes()
}

const (
	pageHead = `<!DOCTYPE html>` + "\r\n" + `<html lang="en-GB"><head><meta charset="utf-8"><title>`
	pageBody = `</title></head>` + "\r\n" +
		`<body style="font-family:Arial,sans-serif;font-size:16px;line-height:1.5;color:#212b32">` + "\r\n"
	pageEnd = `</body></html>` + "\r\n"
	opening = `<p style="margin:0 0 16px">`
)

// page is the text for programs that show HTML: paragraphs, lines and links,
// and nothing that the text could bring in.
func page(title, text string) string {
	var b strings.Builder
	b.Grow(len(pageHead) + len(pageBody) + len(pageEnd) + 2*len(title) + 2*len(text))
	b.WriteString(pageHead + html.EscapeString(title) + pageBody)
	inside := false
	for line := range strings.SplitSeq(text, "\r\n") {
		blank := strings.TrimSpace(line) == ""
		switch {
		case blank && inside:
			b.WriteString("</p>\r\n")
		case !blank && inside:
			b.WriteString("<br>\r\n")
		case !blank:
			b.WriteString(opening)
		}
		if inside = !blank; inside {
			link(&b, line)
		}
	}
	if inside {
		b.WriteString("</p>\r\n")
	}
	b.WriteString(pageEnd)
	return b.String()
}

var addresses = regexp.MustCompile(`\bhttps?://[^\s<>"'\\^` + "`" + `{|}]+`)

// link writes a line, in which web addresses are links. Punctuation after one is
// the sentence's, and so is a bracket that has no partner in it.
func link(b *strings.Builder, line string) {
	if !strings.Contains(line, "://") {
		b.WriteString(html.EscapeString(line))
		return
	}
	end := 0
	for _, at := range addresses.FindAllStringIndex(line, -1) {
		found := strings.TrimRight(line[at[0]:at[1]], ".,;:!?…*_")
		if bare, ok := strings.CutSuffix(found, ")"); ok && !strings.Contains(found, "(") {
			found = strings.TrimRight(bare, ".,;:!?")
		}
		b.WriteString(html.EscapeString(line[end:at[0]]))
		end = at[0] + len(found)
		if strings.HasSuffix(found, "//") {
			b.WriteString(html.EscapeString(found))
			continue
		}
		safe := html.EscapeString(found)
		b.WriteString(`<a href="` + safe + `" style="color:#005eb8">` + safe + `</a>`)
	}
	b.WriteString(html.EscapeString(line[end:]))
}
