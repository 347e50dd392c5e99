// Package hook posts deliveries to the endpoints practices name: signed, and to
// no address that is not the public's.
//
//	hook.go     the settings, and one attempt at a delivery
//	sign.go     the signatures, by two recipes over the same body
//	header.go   which headers a practice may add
//	address.go  where deliveries may go
//	answer.go   what came back, or why nothing did
//
// Every attempt is a request like this:
//
//	POST {URL}
//	Content-Type: application/json
//	User-Agent: Frontdesk-Webhooks/1
//	Frontdesk-Attempt: 1
//	webhook-id: the event's id
//	webhook-timestamp: seconds since 1970
//	webhook-signature: v1,{base64} v1,{base64} v1a,{base64}
//	X-Herohealth-Timestamp: the same seconds
//	X-Herohealth-Signature: {hex}
//	X-Herohealth-Signature-Previous: {hex}
//
// In the format of the GraphQL API (webhook.Semble) it has, in place of all from
// webhook-id on, what that API documents:
//
//	X-Webhook-Timestamp: seconds since 1970
//	X-Webhook-Signature: t={the same seconds},v1={hex}
//
// Delivery is at least once. The same attempt may reach a receiver twice, when
// a connection that was kept open breaks under it and it is written again to
// another; its webhook-id is the same.
//
// Sources: Standard Webhooks, github.com/standard-webhooks/standard-webhooks,
// spec/standard-webhooks.md; RFC 9110, HTTP Semantics; RFC 6890 and the IANA
// IPv4 and IPv6 Special-Purpose Address Registries.
package hook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"frontdesk/core/courier"
	"frontdesk/core/webhook"
)

// Settings say where deliveries may go and how long they may take.
type Settings struct {
	// Sandbox lets addresses begin with http as well as https. It lets them
	// lead nowhere else: a test endpoint on this machine is named in Allow.
	Sandbox bool
	// Allow names hosts, or host:port, that an operator trusts whatever address
	// they lead to. Only the name that was asked for counts: another name that
	// leads to the same address stays forbidden.
	Allow []string
	// Timeout is the longest one attempt may take, with the answer; 0 is 15
	// seconds.
	Timeout time.Duration
	// Roots are whose certificates are believed; nil is the system's.
	Roots *x509.CertPool
	// Resolver finds the addresses of names; nil is the system's.
	Resolver *net.Resolver
}

const (
	// userAgent has the version of the protocol, and not the program's, which a
	// receiver has no use for.
	userAgent = "Frontdesk-Webhooks/1"
	// timeout is at the low end of what Standard Webhooks asks senders for, so
	// that a slow endpoint holds a worker no longer than it must.
	timeout = 15 * time.Second
	// idle connections are closed before a load balancer closes them, most of
	// which do so after a minute.
	idle = 50 * time.Second
	// idleEach and idleAll are how many connections wait for the next parcel,
	// to one endpoint and to all.
	idleEach = 32
	idleAll  = 1024
	// maxHeaders is how much of an answer's headers is read, in bytes, and
	// maxBody how much of its body.
	maxHeaders = 64 << 10
	maxBody    = 64 << 10
	// pongs are awaited this long on a connection that carries many requests.
	// One that died in silence would otherwise fail all of them, each in turn.
	pongs = 5 * time.Second
)

// Client implements courier.Poster.
type Client struct {
	guard     *guard
	timeout   time.Duration
	transport *http.Transport
}

var (
	_ courier.Poster    = (*Client)(nil)
	_ webhook.Addresses = (*Client)(nil)
)

// New makes a client.
func New(s Settings) *Client {
	limit := cmp.Or(s.Timeout, timeout)
	// A connection is made in the background and may outlive the attempt that
	// wanted it, so it needs a limit of its own: later, or an attempt without a
	// connection would be told now one reason and now another.
	connecting := limit + time.Second
	g := newGuard(s, connecting)
	return &Client{guard: g, timeout: limit, transport: &http.Transport{
		// No Proxy: behind one, the guard would not see the address dialled.
		DialContext: g.dial,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: s.Roots,
			ClientSessionCache: tls.NewLRUClientSessionCache(idleAll),
		},
		TLSHandshakeTimeout: connecting,
		MaxIdleConns:        idleAll, MaxIdleConnsPerHost: idleEach, IdleConnTimeout: idle,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true, // a small answer could unpack into a huge one
		ForceAttemptHTTP2:      true, // or a dialler of our own would turn it off
		HTTP2: &http.HTTP2Config{
			// What we would not read shall not be sent and kept for us either.
			MaxReceiveBufferPerStream: maxBody, MaxReceiveBufferPerConnection: 16 * maxBody,
			SendPingTimeout: limit, PingTimeout: pongs, WriteByteTimeout: limit,
		},
	}}
}

// Close ends the connections that wait for another parcel.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Post implements courier.Poster. When the context ends first, that is a
// TimedOut too. An answer counts by its status once its headers are there and
// its body has ended or has run past 64 KiB; a body that breaks off before, or
// is not there in time, leaves both a status and a failure.
func (c *Client) Post(ctx context.Context, p courier.Parcel) (a courier.Answer) {
	start := time.Now()
	defer func() { a.Took = time.Since(start) }()
	// What was fit to be posted to when it was given may not be by now.
	u, wrong := c.guard.check(p.URL)
	if wrong != "" {
		return courier.Answer{Failure: webhook.Forbidden}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// The transport itself, and not a client, follows no redirect, keeps no
	// cookie, and has no opinion about where an answer points.
	resp, err := c.transport.RoundTrip(request(u, &p).WithContext(ctx))
	if err != nil {
		return courier.Answer{Failure: failure(err)}
	}
	defer resp.Body.Close()
	a.Status, a.RetryAfter = resp.StatusCode, retryAfter(resp.Header, time.Now())
	if resp.StatusCode < http.StatusOK {
		// No switch of protocols was asked for, and what follows is not a body.
		a.Failure = webhook.BadAnswer
		return a
	}
	if a.Body, err = read(resp.Body); err != nil {
		a.Failure = failure(err)
	}
	return a
}

var (
	contentTypes = []string{"application/json"}
	userAgents   = []string{userAgent}
)

// request is the parcel as it goes out.
func request(u *url.URL, p *courier.Parcel) *http.Request {
	h := make(http.Header, 10+len(p.Headers))
	for name, value := range p.Headers {
		if headerTrouble(name, value) == "" {
			h[http.CanonicalHeaderKey(name)] = []string{value}
		}
	}
	h["Content-Type"] = contentTypes
	h["User-Agent"] = userAgents
	h["Frontdesk-Attempt"] = []string{strconv.Itoa(p.Attempt)}
	if p.Format == webhook.Semble {
		signSemble(h, p)
	} else {
		sign(h, p)
	}
	if _, theirs := h["Idempotency-Key"]; !theirs {
		// Without a value it is not sent. It tells the transport that the
		// request may be written again after a kept connection broke, which is
		// safe: the receiver knows the event by its id.
		h["Idempotency-Key"] = nil
	}
	req := &http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
	if body := p.Body; len(body) > 0 {
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody() // it never fails
	}
	return req
}
