package connector

import (
	"maps"
	"regexp"
)

// credentials are what an address may hold that lets its holder in: a user with a
// password before the host, and what is called a key, a token and the like after the
// question mark. They are found in JSON as well.
var credentials = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`://[^/?#"\n]*@`), "://***@"},
	{regexp.MustCompile(
		`(?i)((?:[?&]|\\u0026)[^=&#\s"\\]*(?:key|token|secret|pass|pwd|sig|auth)[^=&#\s"\\]*=)[^&#\s"\\]+`,
	), "$1***"},
}

// Hide takes the credentials out of the addresses in a text.
func Hide(text string) string {
	for _, c := range credentials {
		text = c.what.ReplaceAllString(text, c.with)
	}
	return text
}

// Shown is the connector as it may be shown: without its secrets, and without the
// credentials in the addresses among its settings.
func (c Connector) Shown() Connector {
	c.Secrets, c.Sealed, c.Settings = nil, nil, maps.Clone(c.Settings)
	for name, value := range c.Settings {
		c.Settings[name] = Hide(value)
	}
	return c
}
