package hook

import (
	"slices"
	"strings"
)

const (
	maxHeaderName  = 100
	maxHeaderValue = 4096
)

var (
	// ours are the beginnings of names that no practice may use, and proxies'.
	ours = []string{"x-herohealth-", "webhook-", "frontdesk-", "proxy-"}
	// reserved are ours, the message's own and the connection's (RFC 9110,
	// sections 7.6.1, 7.8 and 10.1.1; RFC 9113, section 8.2.2).
	reserved = []string{
		"content-type", "content-encoding", "content-length", "user-agent", "host",
		"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect",
	}
)

// CheckHeader implements webhook.Addresses.
func (c *Client) CheckHeader(name, value string) string { return headerTrouble(name, value) }

func headerTrouble(name, value string) string {
	switch {
	case name == "":
		return "A header needs a name."
	case len(name) > maxHeaderName:
		return "The name of a header has at most 100 characters."
	case strings.ContainsFunc(name, notToken):
		return "The name of a header has only letters, digits and hyphens."
	case isReserved(name):
		return "The header " + name + " is set by us or belongs to the connection. Choose another name."
	case len(value) > maxHeaderValue:
		return "The value of a header has at most 4,096 characters."
	case strings.ContainsFunc(value, notVisible):
		return "The value of a header has only plain ASCII characters, without line ends."
	case value != strings.Trim(value, " \t"):
		// On its way it would be cut off, or the whole request refused.
		return "The value of a header neither begins nor ends with a space."
	}
	return ""
}

// isReserved reads an underscore as a hyphen: many servers hand both to
// programs as one and the same name.
func isReserved(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	return slices.Contains(reserved, name) || slices.ContainsFunc(ours,
		func(p string) bool { return strings.HasPrefix(name, p) })
}

// notToken finds what is no tchar (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') &&
		!strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// notVisible finds what no value may have (RFC 9110, section 5.5), and bytes
// outside ASCII, which every receiver reads in its own way.
func notVisible(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }
