// Package web is what the HTTP doors share.
//
//	web.go      request ids, one line of log for each request, panics
//	seen.go     what a request reads, handed over to the audit trail; visitors with a link
//	client.go   which address it comes from, and how often it may try
//	envelope.go a fault as a status and JSON
//	budget.go   what is left of a caller's minute
//	query.go    a query that cannot be read whole
//	docs.go     the documentation pages
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
)

// Request is what is known of the request being served, filled in as it is
// found out.
type Request struct {
	ID string
	// Operation names what was asked for: an operation of a contract, a page,
	// or nothing when there is no such path.
	Operation string
	// Client is the address it comes from.
	Client string
	// Caller is who asked, once known.
	Caller access.Caller
	// Cause is our own reason for a status of 500 or above.
	Cause error
}

type requestKey struct{}

// Of gives what is known of the request. Outside of one, it gives a blank.
func Of(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// RequestIDHeader carries the request's id, both ways.
const RequestIDHeader = "X-Request-Id"

// maxRequestID is the longest request id taken from a caller.
const maxRequestID = 128

// requestID takes the caller's id when it is sane, and makes one otherwise.
func requestID(r *http.Request) string {
	id := r.Header.Get(RequestIDHeader)
	if id == "" || len(id) > maxRequestID {
		return rand.Text()
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return rand.Text()
		}
	}
	return id
}

var (
	noStore = []string{"no-store"}
	noSniff = []string{"nosniff"}
)

// Done is called with each request when it has been answered.
type Done func(ctx context.Context, r *Request, method string, status int, took time.Duration)

// Observe gives each request an id, turns a panic into an answer through fail,
// and logs one line when it is done, with ids and never with what was sent.
func Observe(
	next http.Handler, proxies *Proxies, log *slog.Logger, fail func(http.ResponseWriter, *http.Request, error),
	done Done,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		about := &Request{ID: requestID(r), Client: proxies.Client(r)}
		h := w.Header()
		h.Set(RequestIDHeader, about.ID)
		// Whatever is answered may be about a patient, until a door knows better.
		h["Cache-Control"], h["X-Content-Type-Options"] = noStore, noSniff
		ctx, _ := audit.Collect(r.Context()) // for Seen, which needs no other copy of the request
		r = r.WithContext(context.WithValue(ctx, requestKey{}, about))
		out := &writer{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request_id", about.ID),
					slog.Any("panic", p),
					slog.String("stack", string(debug.Stack())))
				if out.status == 0 {
					fail(out, r, fault.Unknown)
				}
			}
			took := time.Since(began)
			record(r, log, about, out.code(), took)
			done(r.Context(), about, r.Method, out.code(), took)
		}()
		next.ServeHTTP(out, r)
	})
}

func record(r *http.Request, log *slog.Logger, about *Request, status int, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case status >= 500, inside(about.Cause):
		level = slog.LevelError
	case about.Operation == Health:
		level = slog.LevelDebug
	}
	if !log.Enabled(r.Context(), level) {
		return
	}
	attrs := [8]slog.Attr{
		slog.String("request_id", about.ID), slog.String("method", r.Method), slog.String("operation", about.Operation),
		slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	n := 5
	if about.Caller.Key != 0 {
		attrs[n], attrs[n+1] = slog.Int64("practice_group_id", int64(about.Caller.Group)),
			slog.Int64("key_id", int64(about.Caller.Key))
		n += 2
	}
	if about.Cause != nil && (status >= 500 || inside(about.Cause)) {
		attrs[n] = slog.String("error", about.Cause.Error())
		n++
	}
	log.LogAttrs(r.Context(), level, "request", attrs[:n]...)
}

// inside reports whether it is our own mistake, which GraphQL answers with a status
// of 200.
func inside(cause error) bool { return cause != nil && fault.Of(cause).Kind == fault.Internal }

// writer remembers the status.
type writer struct {
	http.ResponseWriter
	status int
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
