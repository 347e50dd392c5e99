// Package prose shows text as it was written, with links to click.
package prose

import (
	"context"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/a-h/templ"
)

var (
	blankLines = regexp.MustCompile(`\n[ \t]*(\n[ \t]*)+`)
	webAddress = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"]+`)
)

// Text shows text as it was written: paragraphs and lines as they were typed, and
// addresses of the web as links. Everything else is only text.
func Text(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		text := strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
		var b strings.Builder
		for _, paragraph := range blankLines.Split(text, -1) {
			b.WriteString("<p>")
			for i, line := range strings.Split(paragraph, "\n") {
				if i > 0 {
					b.WriteString("<br>")
				}
				linked(&b, line)
			}
			b.WriteString("</p>")
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// linked writes a line with its addresses as links.
func linked(b *strings.Builder, line string) {
	for {
		at := webAddress.FindStringIndex(line)
		if at == nil {
			b.WriteString(templ.EscapeString(line))
			return
		}
		address := withoutStop(line[at[0]:at[1]])
		b.WriteString(templ.EscapeString(line[:at[0]]))
		shown := templ.EscapeString(address)
		if honest(address) {
			b.WriteString(`<a href="` + shown + `" rel="noopener noreferrer">` + shown + `</a>`)
		} else {
			b.WriteString(shown)
		}
		line = line[at[0]+len(address):]
	}
}

// withoutStop leaves out the punctuation of the sentence an address ends.
func withoutStop(address string) string {
	for {
		cut := strings.TrimRight(address, ".,;:!?*'’”…")
		if closes, opens := ")", "("; strings.HasSuffix(cut, closes) &&
			strings.Count(cut, closes) > strings.Count(cut, opens) {
			cut = strings.TrimSuffix(cut, closes)
		}
		if cut = strings.TrimRight(cut, "]}"); cut == address {
			return cut
		}
		address = cut
	}
}

// honest reports an address that leads where it seems to: one with a name
// before the host, or with letters that look like others, may not.
func honest(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return !strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r >= 0x7F })
}
