package pds

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/patient"
)

const (
	// maxBody is the longest answer read. The longest real ones, with all of a
	// person's history, have some tens of kilobytes.
	maxBody = 1 << 20
	// maxWait is the longest Retry-After believed.
	maxWait = time.Hour
	// maxBackoff is the longest wait between two tries of our own accord.
	maxBackoff = 3 * time.Second
)

// request is something to ask for, again and again if need be.
type request struct {
	what string // a word for the log
	path string // below the base URL, with any query
	// take understands the body of an answer. An error other than a fault means
	// that the body makes no sense.
	take func(body []byte) error
}

// ask sends a request until it has an answer or there is no point in going on.
// The X-Request-ID stays the same: the service knows by it that a request has
// come before.
func (q call) ask(ctx context.Context, r request) error {
	id, renewed := newUUID(), false
	for try := 1; ; {
		token, err := q.try(ctx, id, r)
		f, failed := errors.AsType[*failure](err)
		switch {
		case !failed:
			return err
		case f.status == http.StatusUnauthorized && token != "" && !renewed:
			// A token can be withdrawn before its time.
			renewed = true
			q.tokens.drop(token)
			continue
		case !f.again, try == tries:
			return f.fault()
		}
		wait := f.wait
		if wait == 0 {
			wait = mathrand.N(max(min(q.backoff<<(try-1), maxBackoff), 1)) + 1
		}
		if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(end) <= wait {
			return f.fault()
		}
		q.log.LogAttrs(ctx, slog.LevelWarn, "demographics request failed, will be sent again",
			slog.Int64("practice_group_id", int64(q.group)), slog.String("request_id", id), slog.String("asked", r.what),
			slog.Int("try", try), slog.String("error", f.Error()), slog.Duration("wait", wait))
		if q.sleep(ctx, wait) != nil {
			return f.fault()
		}
		try++
	}
}

// try sends the request once. It gives the token that was used; its error is a
// fault, or a failure.
func (q call) try(ctx context.Context, id string, r request) (token string, err error) {
	if q.tokens != nil {
		if token, err = q.tokens.get(ctx); err != nil {
			return "", err
		}
	}
	if err := q.wait(ctx); err != nil {
		return "", down(fault.Of(err).RetryAfter, fmt.Errorf("%w: %w", errUnasked, err))
	}
	ctx, cancel := context.WithTimeout(ctx, q.settings.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.base+r.path, nil)
	if err != nil {
		return "", &failure{what: r.what, id: id, cause: errNoRequest}
	}
	h := req.Header
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	if q.settings.ODSCode != "" {
		h.Set("NHSD-End-User-Organisation-ODS", q.settings.ODSCode)
	}
	h.Set("X-Request-ID", id)
	h.Set("X-Correlation-ID", q.correlation)
	h.Set("Accept", "application/fhir+json")
	h.Set("User-Agent", userAgent)
	a, f := send(q.http, req, q.now)
	if f == nil {
		f, err = r.judge(a)
	}
	if f != nil {
		f.what, f.id = r.what, id
		return token, f
	}
	return token, err
}

const userAgent = "frontdesk"

// answer is what came back.
type answer struct {
	status int
	wait   time.Duration // its Retry-After
	body   []byte
}

// send sends a request and reads the whole answer.
func send(c *http.Client, r *http.Request, now func() time.Time) (answer, *failure) {
	resp, err := c.Do(r)
	if err != nil {
		return answer{}, &failure{cause: plain(err), again: true}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	a := answer{status: resp.StatusCode, wait: retryAfter(resp.Header.Get("Retry-After"), now()), body: body}
	switch {
	case err != nil:
		return answer{}, &failure{status: a.status, cause: plain(err), again: true}
	case len(body) > maxBody:
		return answer{}, &failure{status: a.status, cause: errTooLong}
	}
	return a, nil
}

// judge says what an answer means: a failure, a fault, or nothing wrong.
func (r request) judge(a answer) (*failure, error) {
	if a.status == http.StatusOK {
		err := r.take(a.body)
		if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
			return nil, err
		}
		return &failure{status: a.status, cause: errSenseless, again: true}, nil
	}
	code, isOutcome := outcome(a.body)
	switch {
	case a.status == http.StatusNotFound && code == "INVALIDATED_RESOURCE":
		return nil, patient.ErrNumberInvalid
	// A 404 that is not the service's own comes of a wrong base URL. To take it
	// for an unknown person would tell everybody that they do not exist.
	case a.status == http.StatusNotFound && isOutcome,
		a.status == http.StatusBadRequest && (code == "INVALID_RESOURCE_ID" || code == "INVALID_SEARCH_DATA"):
		return nil, patient.ErrNotTraced
	}
	return &failure{status: a.status, code: code, again: passing(a.status), wait: a.wait}, nil
}

// passing reports the statuses that may be others next time.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// failure is why one try came to nothing. It never holds what was sent, nor
// what came back, other than a code.
type failure struct {
	what   string        // what was asked for
	id     string        // X-Request-ID
	status int           // 0 when there was no answer
	code   string        // of the OperationOutcome
	cause  error         // where the status does not say it
	again  bool          // another try may help
	wait   time.Duration // before it
}

// Error tells what can be told.
func (f *failure) Error() string {
	s := f.what
	if f.status != 0 {
		s += ": status " + strconv.Itoa(f.status)
	}
	if f.code != "" {
		s += " " + f.code
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	if f.id != "" {
		s += ", request " + f.id
	}
	return s
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// fault is what the caller is told.
func (f *failure) fault() *fault.Error {
	if !f.again && f.status >= 300 && f.status < 500 {
		return patient.ErrDemographicsRefused.Because(f)
	}
	return down(f.wait, f)
}

var (
	errNoRequest = errors.New("the request could not be made")
	errTooLong   = errors.New("the answer is too long")
	errSenseless = errors.New("the answer makes no sense")
	errNetwork   = errors.New("the connection failed")
)

// plain is a network error without the address that was asked for, which has
// the NHS number or the name in it, and without anything that was received.
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

// newUUID is a UUID of version 4 (RFC 9562), from the system's random numbers.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
