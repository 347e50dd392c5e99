package relay

import (
	"net"
	"net/netip"
	"sync"
)

// quota keeps one address from taking all ports for calls: who has a link of a consultation has credentials.
type quota struct {
	most  int
	mu    sync.Mutex
	taken map[netip.Addr]int
}

// share is the part of the ports that one address may have. All of a practice often come from one address.
const share = 4

func newQuota(ports int) *quota {
	return &quota{most: max(ports/share, min(ports, 8)), taken: map[netip.Addr]int{}}
}

func from(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// free reports whether an address may have another port.
func (q *quota) free(_, _ string, src net.Addr) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken[from(src)] < q.most
}

func (q *quota) took(src, _ net.Addr, _, _, _ string, _ net.Addr, _ int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken[from(src)]++
}

func (q *quota) gave(src, _ net.Addr, _, _, _ string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := from(src)
	if q.taken[at]--; q.taken[at] <= 0 {
		delete(q.taken, at)
	}
}
