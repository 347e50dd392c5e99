// Package nhsapi is what every connector to NHS England's API platform needs:
// an access token, and a request that says plainly how it ended.
//
//	nhsapi.go  addresses, the HTTP client, pacing, identifiers
//	token.go   the access token, asked for with a signed assertion
//	send.go    one request: its answer, or why there is none
//
// Sources: NHS England, Application-restricted RESTful APIs, signed JWT
// authentication; RFC 7523, JSON Web Token profile for OAuth 2.0 client
// authentication.
//
// Nothing that was sent or received goes into an error, other than codes.
package nhsapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// UserAgent is what we call ourselves.
const UserAgent = "frontdesk"

// CheckAddress checks an address to send to. Tokens and people's details do not
// go over the network in the clear, other than to this machine itself.
func CheckAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("not an address of the form https://host/path")
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	here := host == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return errors.New("must begin with https, unless it is this machine")
	}
	return nil
}

// Client is a copy of an HTTP client, or a new one, that follows no redirects: a
// redirect would take the token, and whom a request is about, somewhere else.
func Client(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			t.MaxIdleConnsPerHost = 8
			c.Transport = t
		}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Pace lets through so many requests a second, evenly, as far as the context
// allows. It is a little slower than that: requests arrive less evenly than
// they are sent, and one too many costs a second.
func Pace(perSecond float64) func(context.Context) error {
	limiter := ratelimiter.NewSmoothWithMaxRate[any](max(time.Duration(1.05*float64(time.Second)/perSecond), 1))
	return func(ctx context.Context) error {
		most := time.Minute
		if end, ok := ctx.Deadline(); ok {
			most = time.Until(end)
		}
		return limiter.AcquirePermitWithMaxWait(ctx, most)
	}
}

// Sleep waits, unless the context ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// NewUUID is a UUID of version 4 (RFC 9562), from the system's random numbers.
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
