package hook

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

// maxURL is the longest address, in bytes.
const maxURL = 2048

// guard decides where deliveries may go. A name may lead somewhere else each
// time it is asked for, so what counts is the address a connection is really
// being made to, looked at just before: nothing that the IANA registries call
// special, nothing outside the IPv6 global unicast range, and so no address in
// which another is hidden (6to4, NAT64, Teredo, IPv4-mapped). Any port will do:
// partners have theirs behind all of them, and what is not TLS never gets to
// see a request.
type guard struct {
	sandbox bool
	allow   map[string]bool // by host, and by host:port
	public  *ssrf.Guardian
	// guarded makes the connections, and trusted those to the allowed names.
	guarded, trusted net.Dialer
}

// hostServices are addresses that look public and lead into the machine's own
// host: Azure's for its virtual machines (learn.microsoft.com, "What is IP
// address 168.63.129.16?").
var hostServices = netip.MustParsePrefix("168.63.129.16/32")

func newGuard(s Settings, limit time.Duration) *guard {
	g := &guard{
		sandbox: s.Sandbox, allow: map[string]bool{},
		public: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(hostServices)),
	}
	g.trusted = net.Dialer{Timeout: limit, Resolver: s.Resolver}
	g.guarded = net.Dialer{Timeout: limit, Resolver: s.Resolver, Control: g.public.Safe}
	for _, name := range s.Allow {
		name = strings.TrimSpace(name)
		if host, port, err := net.SplitHostPort(name); err == nil && port != "" {
			g.allow[net.JoinHostPort(plainHost(host), port)] = true
			continue
		}
		g.allow[plainHost(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))] = true
	}
	delete(g.allow, "")
	return g
}

// plainHost is a host in the one way it is compared.
func plainHost(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

func (g *guard) allows(host, port string) bool {
	host = plainHost(host)
	return g.allow[host] || g.allow[net.JoinHostPort(host, port)]
}

// dial connects to an address as it stands in a URL.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && g.allows(host, port) {
		return g.trusted.DialContext(ctx, network, address)
	}
	return g.guarded.DialContext(ctx, network, address)
}

// Check implements webhook.Addresses.
func (c *Client) Check(address string) string {
	_, wrong := c.guard.check(address)
	return wrong
}

// check reads an address, or says what is wrong with it.
func (g *guard) check(address string) (*url.URL, string) {
	if len(address) > maxURL {
		return nil, "An address has at most 2,048 characters."
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return nil, "This is not an address of the form https://host/path."
	}
	port := u.Port()
	switch u.Scheme {
	case "https":
		port = cmp.Or(port, "443")
	case "http":
		if !g.sandbox {
			return nil, "An address must begin with https://, so that it cannot be read on its way."
		}
		port = cmp.Or(port, "80")
	default:
		return nil, "An address must begin with https://."
	}
	if u.User != nil {
		return nil, "An address must not hold a user name or a password. Use a header."
	}
	if strings.Contains(address, "#") {
		return nil, "An address must not have a part after #, which is never sent."
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, "The port of an address is a number from 1 to 65535."
	}
	if g.allows(u.Hostname(), port) {
		return u, ""
	}
	return u, g.hostTrouble(u.Hostname())
}

// hostTrouble says what is wrong with a host, as far as one can tell without
// asking for its address.
func (g *guard) hostTrouble(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		if g.public.SafeAddr(ip) != nil {
			return "Deliveries do not go to this IP address, since it is not one of the public internet."
		}
		return ""
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if len(host) > 253 {
		return "The host of an address has at most 253 characters."
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, notInName) {
			return "The host of an address is a name of letters, digits, hyphens and dots; " +
				"one in another script is written as xn--."
		}
	}
	switch last := labels[len(labels)-1]; {
	case last == "localhost": // and everything below it: RFC 6761, section 6.3
		return "Deliveries do not go to this machine itself."
	case isNumber(last):
		// 127.1, 0x7f000001 and 2130706433 are addresses to some systems and
		// names to others; the URL Standard calls a host that ends in a number
		// an IPv4 address too.
		return "The host of an address is a name, or a whole IP address such as 192.0.2.1."
	}
	return ""
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}

func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return !strings.ContainsFunc(hex, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
	}
	return !strings.ContainsFunc(label, func(r rune) bool { return r < '0' || r > '9' })
}
