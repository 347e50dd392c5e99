package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
)

// Seen collects what a request of a door reads, and hands it over to the audit
// trail once, before its answer begins. When it cannot be handed over, the request
// is answered by fail, and with nothing else.
func Seen(next http.Handler, trail *audit.Service, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := audit.Of(r.Context())
		if seen == nil {
			var ctx context.Context
			ctx, seen = audit.Collect(r.Context())
			r = r.WithContext(ctx)
		}
		out := &seer{ResponseWriter: w, r: r, trail: trail, seen: seen, fail: fail}
		next.ServeHTTP(out, out.r)
		// What came after the answer began: a long answer reads as it is written.
		if out.begun {
			if err := out.keep(); err != nil { // nothing can be taken back: the log has it
				about := Of(out.r.Context())
				about.Cause = errors.Join(about.Cause, err)
			}
		} else {
			out.begin(http.StatusOK)
		}
	})
}

// Visitors puts a caller into the context who is known by the link that they open alone: what is recorded of them has
// the door and the id of the request.
func Visitors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.Caller{Door: access.Page, RequestID: Of(r.Context()).ID}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
	})
}

// seer is the answer of a request whose reads are kept before it begins.
type seer struct {
	http.ResponseWriter
	r       *http.Request
	trail   *audit.Service
	seen    *audit.Collector
	fail    func(http.ResponseWriter, *http.Request, error)
	begun   bool
	refused bool // nothing of the door's own answer is sent
}

func (w *seer) keep() error {
	about := Of(w.r.Context())
	call := audit.Call{Operation: cmp.Or(about.Operation, "request")}
	if about.Cause != nil {
		call.Outcome = fault.Of(about.Cause).Code
	}
	return w.trail.Keep(w.r.Context(), w.seen, call)
}

// begin hands over before the first byte, and reports whether there is to be an
// answer.
func (w *seer) begin(status int) bool {
	if w.begun || status < http.StatusOK {
		return !w.refused
	}
	w.begun = true
	err := w.keep()
	if err == nil {
		return true
	}
	w.refused = true
	for _, name := range []string{"Content-Length", "Content-Type", "Content-Disposition", "Set-Cookie", "Location"} {
		w.Header().Del(name)
	}
	w.fail(w.ResponseWriter, w.r, err)
	return false
}

func (w *seer) WriteHeader(status int) {
	if w.begin(status) {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *seer) Write(b []byte) (int, error) {
	if !w.begin(http.StatusOK) {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *seer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
