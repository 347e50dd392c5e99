// Package rest is the REST door: it turns requests of api/openapi.yaml into
// calls of core, and what core answers into answers.
//
//	rest.go      the way in: who asks, how often, and once only
//	fault.go     errors in the contract's shape
//	called.go    core's names of fields in those of an operation
//	permission.go  refusals in its names of permissions
//	fhir.go      errors where answers are FHIR
//	number.go    whole numbers, however they are written
//	query.go     parameters that may be repeated, by either of their names
//	invalid.go   what was wrong with a request that could not be read
//	stream.go    batches whose body is read as it comes
//
// An area has a package of its own, with a file for each capability.
// What they share is in wire.
package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/idempotency"
	"frontdesk/core/key"
	bookingrest "frontdesk/rest/booking"
	episoderest "frontdesk/rest/episode"
	formrest "frontdesk/rest/form"
	invoicingrest "frontdesk/rest/invoicing"
	linkrest "frontdesk/rest/link"
	messagingrest "frontdesk/rest/messaging"
	"frontdesk/rest/oas"
	partnerrest "frontdesk/rest/partner"
	patientrest "frontdesk/rest/patient"
	practicerest "frontdesk/rest/practice"
	recordrest "frontdesk/rest/record"
	staffrest "frontdesk/rest/staff"
	webhookrest "frontdesk/rest/webhook"
	"frontdesk/web"
)

// MaxBody is the longest request body, in bytes.
const MaxBody = 1 << 20

// Names for the operations of the areas, which door has together.
type (
	practiceOperations  = practicerest.Operations
	staffOperations     = staffrest.Operations
	patientOperations   = patientrest.Operations
	bookingOperations   = bookingrest.Operations
	messagingOperations = messagingrest.Operations
	linkOperations      = linkrest.Operations
	formOperations      = formrest.Operations
	webhookOperations   = webhookrest.Operations
	partnerOperations   = partnerrest.Operations
	recordOperations    = recordrest.Operations
	episodeOperations   = episoderest.Operations
	invoicingOperations = invoicingrest.Operations
)

type door struct {
	practiceOperations
	staffOperations
	patientOperations
	bookingOperations
	messagingOperations
	linkOperations
	formOperations
	webhookOperations
	partnerOperations
	recordOperations
	episodeOperations
	invoicingOperations

	core   *core.Core
	server *oas.Server
	// operations is server with parameters under either of their names.
	operations http.Handler
	// strangers limits wrong keys, by address.
	strangers *web.Attempts
}

// New is the REST door.
func New(c *core.Core) (http.Handler, error) {
	d := &door{
		practiceOperations: practiceOperations{Core: c}, staffOperations: staffOperations{Core: c},
		patientOperations: patientOperations{Core: c},
		bookingOperations: bookingOperations{Core: c}, messagingOperations: messagingOperations{Core: c},
		linkOperations: linkOperations{Core: c}, formOperations: formOperations{Core: c},
		webhookOperations: webhookOperations{Core: c},
		partnerOperations: partnerOperations{Core: c}, recordOperations: recordOperations{Core: c},
		episodeOperations: episodeOperations{Core: c}, core: c,
		invoicingOperations: invoicingOperations{Core: c},
		strangers:           web.NewAttempts(c.Key.Now),
	}
	var err error
	d.server, err = oas.NewServer(d, security{},
		oas.WithErrorHandler(func(_ context.Context, w http.ResponseWriter, r *http.Request,
			err error) {
			fail(w, r, invalid(err))
		}),
		oas.WithNotFound(func(w http.ResponseWriter, r *http.Request) { fail(w, r, web.ErrNoPath) }),
		oas.WithMethodNotAllowed(func(w http.ResponseWriter, r *http.Request, allowed string) {
			w.Header().Set("Allow", allowed)
			fail(w, r, web.ErrMethod)
		}))
	if err != nil {
		return nil, err
	}
	d.operations = eitherName(d.server)
	return Outcomes(web.Seen(http.HandlerFunc(d.serve), c.Audit, fail), func() string { return c.Record.Pages() }), nil
}

// serve walks a request through what all operations share.
func (d *door) serve(w http.ResponseWriter, r *http.Request) {
	about := web.Of(r.Context())
	if route, ok := d.server.FindRoute(r.Method, r.URL.Path); ok {
		about.Operation = route.OperationID()
	}
	long := streams(w, r)
	if r.ContentLength > MaxBody && !long {
		fail(w, r, web.ErrTooLarge)
		return
	}
	if !long {
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	}
	who, err := d.core.Key.Authenticate(r.Context(), r.Header.Get("X-Api-Key"), r.Header.Get("X-Practice-Group-Id"))
	if err != nil {
		// A right key is never refused for the wrong ones others try from its address.
		if f := fault.Of(err); f.Kind == fault.Unauthenticated && f.Code != key.ErrMissing.Code {
			if wait := d.strangers.Take(r); wait > 0 {
				err = web.ErrAttempts.After(wait)
			}
		}
		// The operation refuses it; a path that does not exist is not found
		// for any caller.
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		d.operations.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), refusedKey{}, err)))
		return
	}
	who.RequestID, who.Door = about.ID, access.REST
	about.Caller = who
	r = r.WithContext(access.With(r.Context(), who))
	budget, err := d.core.Limit.Take(r.Context(), who)
	if budget.Limit > 0 {
		web.WriteBudget(w.Header(), budget)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	if long {
		d.stream(w, r, who)
		return
	}
	if err := readNumbers(r); err != nil {
		fail(w, r, err)
		return
	}
	if name := r.Header.Get("Idempotency-Key"); name != "" &&
		(r.Method == http.MethodPost || r.Method == http.MethodPatch) {
		d.once(w, r, who, name)
		return
	}
	d.operations.ServeHTTP(w, r)
}

// once serves a request that has an idempotency key.
func (d *door) once(w http.ResponseWriter, r *http.Request, who access.Caller, name string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, r, unreadable(err))
		return
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%s\n", r.Method, r.URL.Path, r.URL.RawQuery, who.Group)
	sum.Write(body)
	claim := idempotency.ClaimOf(who, name, sum.Sum(nil))
	answer, again, err := d.core.Idempotency.Once(r.Context(), claim, func(ctx context.Context) idempotency.Answer {
		again := r.WithContext(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		out := &recorder{header: http.Header{}}
		d.operations.ServeHTTP(out, again)
		if retry := out.header.Get("Retry-After"); retry != "" {
			w.Header().Set("Retry-After", retry)
		}
		return idempotency.Answer{Status: out.status, Type: out.header.Get("Content-Type"), Body: out.body.Bytes()}
	})
	if err != nil {
		fail(w, r, err)
		return
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.Header().Set("Content-Type", answer.Type)
	w.WriteHeader(answer.Status)
	w.Write(answer.Body)
}

// unreadable is a body that did not arrive whole, or is too long.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return web.ErrTooLarge
	}
	return errCut
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

type refusedKey struct{}

// security passes on what serve found out about the caller.
type security struct{}

func (security) HandleApiKeyAuth(ctx context.Context, _ oas.OperationName, _ oas.ApiKeyAuth) (context.Context, error) {
	if err, ok := ctx.Value(refusedKey{}).(error); ok {
		return ctx, err
	}
	return ctx, nil
}

func (security) HandlePracticeGroupId(
	ctx context.Context, _ oas.OperationName, _ oas.PracticeGroupId,
) (context.Context, error) {
	return ctx, nil
}
