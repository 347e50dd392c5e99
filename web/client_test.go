package web_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"frontdesk/web"
)

func TestClientAddressIsTakenFromTrustedProxiesAlone(t *testing.T) {
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		trusted    []string
		want       string
	}{
		{"without a proxy", "192.0.2.9:1234", nil, nil, "192.0.2.9"},
		{"a header that no setting names", "192.0.2.9:1234", []string{"203.0.113.1"}, nil, "192.0.2.9"},
		{"a trusted proxy", "10.0.0.7:80", []string{"203.0.113.1"}, []string{"10.0.0.0/8"}, "203.0.113.1"},
		{"a trusted proxy, by address", "10.0.0.7:80", []string{"203.0.113.1"}, []string{"10.0.0.7"}, "203.0.113.1"},
		{"a peer that is not the proxy", "10.0.0.8:80", []string{"203.0.113.1"}, []string{"10.0.0.7"}, "10.0.0.8"},
		{"what the client wrote itself", "10.0.0.7:80", []string{"198.51.100.1, 203.0.113.1"}, []string{"10.0.0.0/8"},
			"203.0.113.1"},
		{"in two headers", "10.0.0.7:80", []string{"198.51.100.1", "203.0.113.1"}, []string{"10.0.0.0/8"}, "203.0.113.1"},
		{"two proxies", "10.0.0.7:80", []string{"203.0.113.1, 10.1.1.1"}, []string{"10.0.0.0/8"}, "203.0.113.1"},
		{"a proxy that says nothing", "10.0.0.7:80", nil, []string{"10.0.0.0/8"}, "10.0.0.7"},
		{"a proxy that says nonsense", "10.0.0.7:80", []string{"unknown"}, []string{"10.0.0.0/8"}, "10.0.0.7"},
		{"a client by IPv6", "[::1]:80", []string{"2001:db8:1:2:3:4:5:6"}, []string{"::1"}, "2001:db8:1:2:3:4:5:6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxies, err := web.NewProxies(c.trusted)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := proxies.Client(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if _, err := web.NewProxies([]string{"example.org"}); err == nil {
		t.Error("a name was taken for a proxy's address")
	}
}

func TestNetworkCountsAnIPv6CustomerOnce(t *testing.T) {
	for client, want := range map[string]string{
		"203.0.113.1": "203.0.113.1", "::ffff:203.0.113.1": "203.0.113.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "",
	} {
		if got := (&web.Request{Client: client}).Network(); got != want {
			t.Errorf("%q: got %q, want %q", client, got, want)
		}
	}
}

func TestAttemptsAreCountedByAddress(t *testing.T) {
	now := time.Date(2031, time.January, 6, 8, 0, 0, 0, time.UTC)
	attempts := web.NewAttempts(func() time.Time { return now })
	from := func(peer string) time.Duration {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		return attempts.Take(r)
	}
	for i := range web.AttemptLimit {
		if wait := from("192.0.2.9:1"); wait != 0 {
			t.Fatalf("attempt %d waits %v", i+1, wait)
		}
	}
	for range 3 { // what was refused does not make the wait longer
		if wait := from("192.0.2.9:1"); wait <= 0 || wait > time.Second {
			t.Fatalf("one too many waits %v", wait)
		}
	}
	if wait := from("192.0.2.10:1"); wait != 0 {
		t.Errorf("another address waits %v", wait)
	}
	now = now.Add(time.Minute)
	if wait := from("192.0.2.9:1"); wait != 0 {
		t.Errorf("a minute later it waits %v", wait)
	}
}
