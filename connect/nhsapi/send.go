package nhsapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// maxWait is the longest Retry-After believed.
const maxWait = time.Hour

// Answer is what came back.
type Answer struct {
	Status int
	Wait   time.Duration // its Retry-After
	Body   []byte
}

// Failure is why one try came to nothing. It never holds what was sent, nor
// what came back, other than a code.
type Failure struct {
	What   string        // what was asked for
	ID     string        // the request's own name
	Status int           // 0 when there was no answer
	Code   string        // the service's word
	Cause  error         // where the status does not say it
	Again  bool          // another try may help
	Wait   time.Duration // before it
	// Unsent is that the service certainly did not get the request: there was
	// never a connection to send it over.
	Unsent bool
}

// Error tells what can be told.
func (f *Failure) Error() string {
	s := f.What
	if f.Status != 0 {
		s += ": status " + strconv.Itoa(f.Status)
	}
	if f.Code != "" {
		s += " " + f.Code
	}
	if f.Cause != nil {
		s += ": " + f.Cause.Error()
	}
	if f.ID != "" {
		s += ", request " + f.ID
	}
	return s
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Causes of a Failure.
var (
	ErrNoRequest  = errors.New("the request could not be made")
	ErrTooLong    = errors.New("the answer is too long")
	ErrUnreadable = errors.New("the answer cannot be read")
	ErrNetwork    = errors.New("the connection failed")
)

// Send sends a request and reads the whole answer, if it has no more than limit
// bytes.
func Send(c *http.Client, r *http.Request, now func() time.Time, limit int) (Answer, *Failure) {
	if err := r.Context().Err(); err != nil {
		return Answer{}, &Failure{Cause: plain(err), Again: true, Unsent: true}
	}
	var looked, connected atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { looked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	resp, err := c.Do(r)
	if err != nil {
		return Answer{}, &Failure{Cause: plain(err), Again: true, Unsent: looked.Load() && !connected.Load()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	a := Answer{Status: resp.StatusCode, Wait: retryAfter(resp.Header.Get("Retry-After"), now()), Body: body}
	switch {
	case err != nil:
		return Answer{}, &Failure{Status: a.Status, Cause: plain(err), Again: true}
	case len(body) > limit:
		return Answer{}, &Failure{Status: a.Status, Cause: ErrTooLong}
	}
	return a, nil
}

// Passing reports the statuses that may be others next time.
func Passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// plain is a network error without the address that was asked for, which may
// say whom it is about, and without anything that was received.
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
	return ErrNetwork
}

// retryAfter reads Retry-After: seconds, or a time (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}
