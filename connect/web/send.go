package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

const (
	// maxBody is the longest answer read.
	maxBody = 256 << 10
	// maxWait is the longest Retry-After believed.
	maxWait   = time.Hour
	userAgent = "frontdesk"
)

// ErrUnknown is the error of a request after which it is not known whether the
// provider has the message.
var ErrUnknown = errors.New("whether the provider has the message is not known")

var (
	errTooLong = errors.New("the answer is too long")
	errNetwork = errors.New("the connection failed")
	errResting = errors.New("left alone after connections in a row have failed")
)

// Request is something to send. Header is changed, and Body must not be.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
	// Of is the message that the request hands over, when it is to be noted that
	// it goes out.
	Of *carrier.Outgoing
}

// Answer is what came back.
type Answer struct {
	Status int
	Wait   time.Duration // its Retry-After
	Body   []byte
}

// JSON reads the body, and says whether it could.
func (a Answer) JSON(into any) bool { return json.Unmarshal(a.Body, into) == nil }

// Do sends a request, once there is a connection free for it. Its errors are a
// carrier.Busy, when the provider certainly does not have the request, and
// ErrUnknown.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return Answer{}, notSent("no_time", 0, ctx.Err())
	}
	if !c.breaker.TryAcquirePermit() {
		return Answer{}, notSent("resting", max(c.breaker.RemainingDelay(), time.Second), errResting)
	}
	if err := c.ready(ctx); err != nil {
		c.unlearnt()
		return Answer{}, err
	}
	if r.Of != nil {
		if err := r.Of.Recording().Start(ctx, "", r.Of.Key); err != nil {
			c.unlearnt()
			return Answer{}, notSent("not_noted", 0, err)
		}
	}
	within, cancel := context.WithTimeout(ctx, c.limits.Timeout)
	defer cancel()
	a, err := c.send(within, r)
	switch {
	case err == nil:
		c.breaker.RecordSuccess() // any answer shows that the server is there
	case errors.Is(ctx.Err(), context.Canceled):
		c.unlearnt()
	default:
		c.breaker.RecordFailure()
	}
	return a, err
}

// ready asks the limiter.
func (c *Client) ready(ctx context.Context) error {
	if c.wait != nil {
		if err := c.wait(ctx); err != nil {
			return notSent("our_limit", fault.Of(err).RetryAfter, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return notSent("no_time", 0, err)
	}
	return nil
}

// unlearnt tells the breaker of a call that showed nothing. If that was the one
// try allowed after an outage there must be a result all the same, or there
// would never be another.
func (c *Client) unlearnt() {
	if c.breaker.IsHalfOpen() {
		c.breaker.RecordFailure()
	}
}

func notSent(code string, after time.Duration, err error) error {
	return &carrier.Busy{After: after, Code: code, Err: err}
}

// lost is ErrUnknown with what happened.
func lost(err error) error { return fmt.Errorf("%w: %w", ErrUnknown, err) }

// flight knows how far a request has come. The transport may try more than one
// connection: what one may have carried stays so.
type flight struct{ writing, wrote atomic.Bool }

func (f *flight) gotConn(httptrace.GotConnInfo) { f.writing.Store(true) }

func (f *flight) wroteRequest(i httptrace.WroteRequestInfo) {
	if i.Err == nil {
		f.wrote.Store(true)
	}
	// A request that could not be written to its end is not one.
	f.writing.Store(false)
}

func (f *flight) perhaps() bool { return f.wrote.Load() || f.writing.Load() }

// send sends a request and reads the whole answer.
func (c *Client) send(ctx context.Context, r Request) (Answer, error) {
	f := &flight{}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: f.gotConn, WroteRequest: f.wroteRequest})
	r.Header["User-Agent"] = agents
	req := &http.Request{
		Method: r.Method, URL: r.URL, Host: r.URL.Host, Header: r.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(r.Body) > 0 {
		req.ContentLength = int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
		req.Body, _ = req.GetBody() // it never fails
	}
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		if f.perhaps() {
			return Answer{}, lost(plain(err))
		}
		return Answer{}, notSent("unreachable", 0, plain(err))
	}
	defer resp.Body.Close()
	a := Answer{Status: resp.StatusCode}
	if wait := resp.Header["Retry-After"]; len(wait) > 0 {
		a.Wait = retryAfter(wait[0], c.now())
	}
	if a.Body, err = read(resp); err != nil {
		return Answer{}, lost(err)
	}
	return a, nil
}

var agents = []string{userAgent}

// read reads a body to its end, so that the connection can be used again.
func read(resp *http.Response) ([]byte, error) {
	var body []byte
	var err error
	switch n := resp.ContentLength; {
	case n > maxBody:
		return nil, errTooLong
	case n >= 0:
		body = make([]byte, n)
		_, err = io.ReadFull(resp.Body, body)
	default:
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	}
	if err != nil {
		return nil, plain(err)
	}
	if len(body) > maxBody {
		return nil, errTooLong
	}
	return body, nil
}

// plain is a network error without anything that was sent or received.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return context.DeadlineExceeded
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*net.OpError](err); ok { // hosts and sockets
		return e
	}
	return errNetwork
}

// retryAfter reads Retry-After: seconds, or a time (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}
