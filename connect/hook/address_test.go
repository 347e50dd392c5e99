package hook_test

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/connect/hook"
	"frontdesk/core/webhook"
)

// special are addresses of every block that the IANA registries call special,
// and of those that clouds answer on from within.
var special = []string{
	"0.0.0.0", "0.1.2.3", // this network
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", // private
	"100.64.0.1", "100.127.255.255", "100.100.100.200", // shared by carriers; a cloud's metadata
	"127.0.0.1", "127.255.255.255", // loopback
	"169.254.0.1", "169.254.169.254", // link local; metadata
	"192.0.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", // protocols, documentation
	"192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", // AS112, AMT, 6to4 relays
	"198.18.0.1", "198.19.255.255", // benchmarks
	"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", // multicast, reserved, broadcast
	"168.63.129.16", // a cloud's own host
	"::", "::1",
	"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", // IPv4 within
	"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", // NAT64
	"100::1", "100:0:0:1::1", // discard
	// Teredo, benchmarks, ORCHID, documentation
	// 6to4
	"2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
	"2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%25lo",
	"febf::1", "fec0::1", "ff02::1", "ff0e::1",
}

func TestSpecialAddressesAreRefused(t *testing.T) {
	c := client(t, func(s *hook.Settings) { s.Allow = nil })
	for _, ip := range special {
		for _, scheme := range []string{"https", "http"} {
			for _, port := range []string{"", ":8443"} {
				host := ip
				if strings.Contains(ip, ":") {
					host = "[" + ip + "]"
				}
				address := scheme + "://" + host + port + "/hooks"
				if got := c.Check(address); !strings.Contains(got, "public internet") {
					t.Errorf("%s: got %q", address, got)
				}
				if a := c.Post(t.Context(), parcel(address)); a.Failure != webhook.Forbidden || a.Status != 0 {
					t.Errorf("%s: got %+v", address, a)
				}
			}
		}
	}
}

// TestNamesThatLeadToSpecialAddressesAreRefused has each of them come out of the DNS,
// where only the address dialled can tell.
func TestNamesThatLeadToSpecialAddressesAreRefused(t *testing.T) {
	var answer atomic.Pointer[[]string]
	dns := resolve(t, func(string, bool) []string { return *answer.Load() })
	c := client(t, func(s *hook.Settings) { s.Resolver, s.Allow, s.Timeout = dns.Resolver, nil, 2*time.Second })
	tried := [][]string{{"127.0.0.1", "::1"}, {"10.0.0.1", "192.168.0.1", "169.254.169.254"}}
	for _, ip := range special {
		if !strings.Contains(ip, "%") {
			tried = append(tried, []string{ip})
		}
	}
	for _, ips := range tried {
		answer.Store(&ips)
		if a := c.Post(t.Context(), parcel("https://hooks.example/")); a.Failure != webhook.DNS {
			t.Errorf("%v: got %+v", ips, a)
		}
	}
}

// TestInternalNameFailsLikeANameThatDoesNotExist compares all that an attempt tells.
func TestInternalNameFailsLikeANameThatDoesNotExist(t *testing.T) {
	dns := resolve(t, func(name string, _ bool) []string {
		if name == "payroll.example" {
			return []string{"10.0.0.7"}
		}
		return nil
	})
	c := client(t, func(s *hook.Settings) { s.Resolver, s.Allow = dns.Resolver, nil })
	inside, nowhere := c.Post(t.Context(), parcel("https://payroll.example/")), c.Post(t.Context(),
		parcel("https://nothing.example/"))
	inside.Took, nowhere.Took = 0, 0
	if inside != nowhere || inside.Failure != webhook.DNS {
		t.Errorf("%+v, %+v", inside, nowhere)
	}
}

func TestNameIsCheckedWhereTheConnectionGoes(t *testing.T) {
	inside := listen(t, plain, nil)
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	var looked atomic.Int64
	dns := resolve(t, func(_ string, v6 bool) []string {
		if !v6 && looked.Add(1) > 1 {
			return []string{"127.0.0.1"}
		}
		return []string{"1.1.1.1"}
	})
	const name = "rebound.example"
	address := "http://" + name + ":" + port + "/"
	c := client(t, func(s *hook.Settings) { s.Resolver = dns.Resolver })
	if got := c.Check(address); got != "" {
		t.Fatalf("got %q", got)
	}
	// The first to look sees an address that is the public's …
	if ips, err := dns.LookupHost(t.Context(), name); err != nil || len(ips) != 1 || ips[0] != "1.1.1.1" {
		t.Fatalf("got %v, %v", ips, err)
	}
	// … and what is dialled is another.
	for range 3 {
		if a := c.Post(t.Context(), parcel(address)); a.Failure != webhook.DNS || a.Status != 0 {
			t.Errorf("got %+v", a)
		}
	}
	if n := inside.connections.Load(); n != 0 || looked.Load() != 4 {
		t.Errorf("%d connections, %d questions", n, looked.Load())
	}
	// It would have been reached otherwise.
	open := client(t, func(s *hook.Settings) { s.Resolver, s.Allow = dns.Resolver, []string{name} })
	if a := open.Post(t.Context(), parcel(address)); !a.Accepted() || inside.connections.Load() != 1 {
		t.Errorf("got %+v", a)
	}
}

func TestOnlyTheAllowedNameIsAllowed(t *testing.T) {
	e := listen(t, plain, nil)
	_, port, _ := net.SplitHostPort(e.Listener.Addr().String())
	dns := resolve(t, func(name string, _ bool) []string {
		switch name {
		case "gone.example":
			return nil
		case "silent.example":
			return []string{"silence"}
		}
		return []string{"127.0.0.1"}
	})
	c := client(t, func(s *hook.Settings) {
		s.Resolver, s.Timeout = dns.Resolver, time.Second
		s.Allow = []string{"Good.Example.", "port.example:" + port, "other.example:1", " spaced.example ", "[::1]", "", ":"}
	})
	for _, h := range []struct {
		host string
		want webhook.Failure
	}{
		{"good.example", ""},
		{"GOOD.example", ""},
		{"good.example.", ""},
		{"port.example", ""},
		{"spaced.example", ""},
		{"other.example", webhook.DNS}, // at another port
		{"bad.example", webhook.DNS},   // at the same address
		{"x.good.example", webhook.DNS},
		{"127.0.0.1", webhook.Forbidden},
		{"[::ffff:127.0.0.1]", webhook.Forbidden},
		{"localhost", webhook.Forbidden},
		{"gone.example", webhook.DNS},
		{"silent.example", webhook.TimedOut},
	} {
		a := c.Post(t.Context(), parcel("http://"+h.host+":"+port+"/"))
		if a.Failure != h.want || a.Accepted() != (h.want == "") {
			t.Errorf("%s: got %+v", h.host, a)
		}
	}
	if c.Check("https://[::1]:8443/") != "" {
		t.Error("an allowed address is refused")
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	proxy := listen(t, plain, nil)
	e := listen(t, plain, nil)
	_, port, _ := net.SplitHostPort(e.Listener.Addr().String())
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	dns := resolve(t, func(string, bool) []string { return []string{"127.0.0.1"} })
	c := client(t, func(s *hook.Settings) { s.Resolver, s.Allow = dns.Resolver, []string{"hooks.example"} })
	if a := c.Post(t.Context(), parcel("http://hooks.example:"+port+"/")); !a.Accepted() || len(proxy.all()) > 0 ||
		len(e.all()) != 1 {
		t.Errorf("got %+v", a)
	}
}

func TestMalformedAddressesAreRefused(t *testing.T) {
	strict := hook.New(hook.Settings{Allow: []string{"hooks.internal", "localhost:9000"}})
	for _, c := range []struct{ address, want string }{
		{"https://hooks.example/path?x=1", ""},
		{"HTTPS://Hooks.Example.:8443", ""},
		{"https://1.1.1.1/", ""},
		{"https://[2606:4700:4700::1111]/", ""},
		{"https://xn--bcher-kva.example/", ""},
		{"https://under_score.example/", ""},
		{"https://hooks.example:/", ""},
		{"https://hooks.internal:9000/", ""},
		{"https://localhost:9000/", ""},
		{"https://localhost:9001/", "this machine"},
		{"https://localhost/", "this machine"},
		{"https://LOCALHOST./", "this machine"},
		{"https://a.localhost/", "this machine"},
		{"http://hooks.example/", "https"},
		{"http://hooks.internal/", "https"},
		{"ftp://hooks.example/", "https"},
		{"", "form"},
		{"hooks.example", "form"},
		{"//hooks.example/", "form"},
		{"/path", "form"},
		{"https:///path", "form"},
		{"https://:443/", "form"},
		{"https:hooks.example", "form"},
		{" https://hooks.example", "form"},
		{"https://hooks.example/\n", "form"},
		{"https://hooks.example:https/", "form"},
		{"https://%31%32%37.0.0.1/", "form"},
		{"https://hooks.example:0/", "port"},
		{"https://hooks.example:65536/", "port"},
		{"https://user@hooks.example/", "password"},
		{"https://user:pass@hooks.example/", "password"},
		{"https://@hooks.example/", "password"},
		{"https://hooks.example/#part", "#"},
		{"https://hooks.example/#", "#"},
		{"https://127.1/", "whole"},
		{"https://2130706433/", "whole"},
		{"https://0x7f000001/", "whole"},
		{"https://0X7F.0.0.1/", "whole"},
		{"https://0177.0.0.01/", "whole"},
		{"https://hooks..example/", "letters"},
		{"https://.example/", "letters"},
		{"https://127。0。0。1/", "letters"},
		{"https://bücher.example/", "letters"},
		{"https://" + strings.Repeat("a", 64) + ".example/", "letters"},
		{"https://" + strings.Repeat("a.", 130) + "example/", "253"},
		{"https://hooks.example/" + strings.Repeat("x", 2026), ""},
		{"https://hooks.example/" + strings.Repeat("x", 2027), "2,048"},
	} {
		got := strict.Check(c.address)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || got != "" && !strings.HasSuffix(got, ".") {
			t.Errorf("%s: got %q", c.address, got)
		}
		if c.want == "" {
			continue
		}
		if a := strict.Post(t.Context(), parcel(c.address)); a.Failure != webhook.Forbidden {
			t.Errorf("%s: posted with %+v", c.address, a)
		}
	}
	if got := client(t, nil).Check("http://hooks.example/"); got != "" {
		t.Errorf("in a sandbox: got %q", got)
	}
}

// FuzzCheck compares what passes with another reading of addresses.
func FuzzCheck(f *testing.F) {
	for _, ip := range special {
		f.Add("https://" + ip + "/")
		f.Add("https://[" + ip + "]:443/")
	}
	f.Add("https://user@hooks.example/#x")
	c := hook.New(hook.Settings{})
	f.Fuzz(func(t *testing.T, address string) {
		if c.Check(address) != "" {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Hostname() == "" ||
			len(address) > 2048 {
			t.Fatalf("%q passes", address)
		}
		if _, err := http.NewRequest(http.MethodPost, address, nil); err != nil {
			t.Error(err)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			if v := ip.Unmap(); !v.IsGlobalUnicast() || v.IsPrivate() || ip.Is4In6() || ip.Zone() != "" {
				t.Errorf("%q passes", address)
			}
		}
	})
}
