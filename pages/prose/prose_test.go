package prose

import (
	"strings"
	"testing"
)

func TestProse(t *testing.T) {
	link := func(address string) string {
		return `<a href="` + address + `" rel="noopener noreferrer">` + address + `</a>`
	}
	for text, want := range map[string]string{
		"":                            "<p></p>",
		"one\r\ntwo\n \n\n three ":    "<p>one<br>two</p><p>three</p>",
		"a < b & \"c\"":               "<p>a &lt; b &amp; &#34;c&#34;</p>",
		"(see https://nhs.uk/a_(b)).": "<p>(see " + link("https://nhs.uk/a_(b)") + ").</p>",
		"HTTP://NHS.uk, then":         "<p>" + link("HTTP://NHS.uk") + ", then</p>",
		"https://a.example/?x=1&y=<2": `<p><a href="https://a.example/?x=1&amp;y=" rel="noopener noreferrer">` +
			`https://a.example/?x=1&amp;y=</a>&lt;2</p>`,
		"https://nhs.uk@evil.example/":    "<p>https://nhs.uk@evil.example/</p>",
		"https://nhѕ.uk/":                 "<p>https://nhѕ.uk/</p>",
		"https://%zz":                     "<p>https://%zz</p>",
		"javascript:alert(1)":             "<p>javascript:alert(1)</p>",
		"ftp://x.example file:///x":       "<p>ftp://x.example file:///x</p>",
		"https://":                        "<p>https://</p>",
		"https://...":                     "<p>https://...</p>",
		"two https://a.uk https://b.uk!?": "<p>two " + link("https://a.uk") + " " + link("https://b.uk") + "!?</p>",
	} {
		var b strings.Builder
		if err := Text(text).Render(t.Context(), &b); err != nil || b.String() != want {
			t.Errorf("%q is %s, %v", text, b.String(), err)
		}
	}
}

func FuzzProse(f *testing.F) {
	for _, seed := range []string{"https://a.uk/(x).", `"><script>`, "https://https://", "http://[::1]:8/'\"<",
		"https://a.uk?q=']})."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		if err := Text(text).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		// What is left without our own tags has none.
		rest := b.String()
		for _, tag := range []string{"<p>", "</p>", "<br>", "</a>", `<a href="`, `" rel="noopener noreferrer">`} {
			rest = strings.ReplaceAll(rest, tag, "")
		}
		if strings.ContainsAny(rest, `<>"`) {
			t.Errorf("%q is %s", text, b.String())
		}
	})
}
