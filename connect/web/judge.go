package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"frontdesk/core/carrier"
)

// Judge says what an answer means whose status means the same at every
// provider: a carrier.Busy when the provider has not taken the message, or
// ErrUnknown. For every other answer it is nil, and the carrier must know.
// Code is the provider's own word, if it gave one.
func (c *Client) Judge(ctx context.Context, a Answer, code string) error {
	code = cmp.Or(Word(code), strconv.Itoa(a.Status))
	switch a.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusTooEarly:
		return &carrier.Busy{After: a.Wait, Code: code}
	case http.StatusRequestTimeout:
		// Platforms say this for a service behind them that did not answer.
		return Unknown(code)
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed,
		http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusGone, http.StatusUnsupportedMediaType,
		http.StatusMisdirectedRequest:
		return c.Trouble(ctx, a.Status, code)
	}
	switch {
	case a.Status >= 500:
		return Unknown(code)
	case a.Status < 200, a.Status >= 300 && a.Status < 400:
		return c.Trouble(ctx, a.Status, code)
	}
	return nil
}

// Unknown is ErrUnknown with the provider's word.
func Unknown(code string) error { return lost(errors.New("answered " + code)) }

// Trouble is for a provider that does not take our settings: a wrong key must
// not fail the patients' messages, so they wait. It is written down once in
// five minutes.
func (c *Client) Trouble(ctx context.Context, status int, code string) error {
	c.Note(ctx, "the provider does not take this connection's settings, so its messages wait", status, code)
	return &carrier.Busy{After: Misset, Code: code}
}

// Note writes something down about the settings, once in five minutes.
func (c *Client) Note(ctx context.Context, what string, status int, code string) {
	now := c.now()
	c.mu.Lock()
	last, known := c.logged[code]
	again := !known || now.Sub(last) >= Misset
	if again {
		if len(c.logged) > 100 {
			clear(c.logged)
		}
		c.logged[code] = now
	}
	c.mu.Unlock()
	if again {
		c.log.LogAttrs(ctx, slog.LevelError, what,
			slog.String("connector", c.name), slog.Int("status", status), slog.String("code", code))
	}
}

// Left is how long there is until the context ends, or a long time.
func Left(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end)
	}
	return maxWait
}
