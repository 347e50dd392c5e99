package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"github.com/realclientip/realclientip-go"
	"golang.org/x/time/rate"

	"frontdesk/core/fault"
)

// Proxies are the reverse proxies in front of this server whose word on the
// client's address is taken. The zero value trusts none.
type Proxies struct {
	ranges []net.IPNet
	header realclientip.RightmostTrustedRangeStrategy
}

// NewProxies reads addresses and ranges, such as 10.0.0.7 and 10.0.0.0/8.
func NewProxies(ranges []string) (*Proxies, error) {
	p := &Proxies{}
	if len(ranges) == 0 {
		return p, nil
	}
	var err error
	if p.ranges, err = realclientip.AddressesAndRangesToIPNets(ranges...); err != nil {
		return nil, fmt.Errorf("a trusted proxy is an address or a range, such as 10.0.0.0/8: %w", err)
	}
	p.header, err = realclientip.NewRightmostTrustedRangeStrategy("X-Forwarded-For", p.ranges)
	return p, err
}

// Client is the address a request comes from. Through a trusted proxy it is the
// last address in X-Forwarded-For that is not itself a trusted proxy; what
// stands before that may be anything the client has written.
func (p *Proxies) Client(r *http.Request) string {
	peer := host(r.RemoteAddr)
	ip := net.ParseIP(peer)
	if ip == nil {
		return peer
	}
	for i := range p.ranges {
		if p.ranges[i].Contains(ip) {
			if client := p.header.ClientIP(r.Header, r.RemoteAddr); client != "" {
				return client
			}
			break
		}
	}
	return peer
}

func host(address string) string {
	h, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return h
}

// Network is what limits count the client as: its IPv4 address, or the /64
// network that one IPv6 customer has.
func (r *Request) Network() string { return network(r.Client) }

func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		prefix, _ := ip.Prefix(64) // 64 bits fit every IPv6 address
		return prefix.String()
	}
	return ip.String()
}

// Attempts limits what strangers try from one address: wrong keys, tokens and
// passwords. Each node has counts of its own. They only keep one address from
// keeping the server busy: what protects a password is kept in the database.
type Attempts struct {
	now  func() time.Time
	from *lru.Cache[string, *rate.Limiter]
}

// ErrAttempts is returned when an address has used up its attempts.
var ErrAttempts = fault.New(fault.Limited, "too_many_attempts",
	"There were too many attempts to sign in, or with a wrong key, from this address. Wait, then try again.")

// An address may make AttemptLimit attempts at once, and that many a minute.
const (
	AttemptLimit  = 60
	manyAddresses = 10_000
)

// NewAttempts gives counts that begin with none.
func NewAttempts(now func() time.Time) *Attempts {
	from, err := lru.New[string, *rate.Limiter](manyAddresses)
	if err != nil {
		panic(err) // the size is a constant above 0
	}
	return &Attempts{now, from}
}

// Take uses one attempt of the request's address, or gives how long to wait for
// the next.
func (a *Attempts) Take(r *http.Request) time.Duration {
	from := Of(r.Context()).Network()
	if from == "" {
		from = network(host(r.RemoteAddr))
	}
	fresh := rate.NewLimiter(rate.Every(time.Minute/AttemptLimit), AttemptLimit)
	limiter, known, _ := a.from.PeekOrAdd(from, fresh)
	if known {
		a.from.Get(from) // it is in use, and goes last
	} else {
		limiter = fresh
	}
	now := a.now()
	reserved := limiter.ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}
