package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"frontdesk/core/fault"
)

// Faults of HTTP itself, which core knows nothing of.
var (
	ErrNoPath    = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	ErrMethod    = fault.New(fault.Invalid, "method_not_allowed", "This address does not take that method.")
	ErrTooLarge  = fault.New(fault.Invalid, "body_too_large", "The request body is longer than this address takes.")
	ErrMediaType = fault.New(fault.Invalid, "unsupported_media_type", "Send the request body as application/json.")
)

// Status is the HTTP status of a fault.
func Status(f *fault.Error) int {
	switch f.Code {
	case ErrMethod.Code:
		return http.StatusMethodNotAllowed
	case ErrTooLarge.Code:
		return http.StatusRequestEntityTooLarge
	case ErrMediaType.Code:
		return http.StatusUnsupportedMediaType
	}
	switch f.Kind {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Gone:
		return http.StatusGone
	case fault.Conflict:
		return http.StatusConflict
	case fault.Mismatch:
		return http.StatusUnprocessableEntity
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// RetrySeconds is a fault's time to wait in whole seconds, or 0.
func RetrySeconds(f *fault.Error) int { return int(math.Ceil(f.RetryAfter.Seconds())) }

// Fields are the things wrong, and the fault itself where it names none.
func Fields(f *fault.Error) []fault.Field {
	if len(f.Fields) > 0 {
		return f.Fields
	}
	return []fault.Field{{Path: []string{}, Code: f.Code, Expected: "", Message: f.Message}}
}

// Note remembers why a request fails, for our log.
func Note(r *http.Request, f *fault.Error) {
	about := Of(r.Context())
	if about.Cause == nil {
		about.Cause = f
	}
}

// envelope is the shape of every error, for doors without one of their own.
type envelope struct {
	Error      bool   `json:"error"`
	StatusCode int    `json:"statusCode"`
	Message    []item `json:"message"`
	Code       string `json:"code"`
	Detail     string `json:"detail"`
	RequestID  string `json:"request_id"`
}

type item struct {
	Code     string   `json:"code"`
	Expected string   `json:"expected"`
	Path     []string `json:"path"`
	Message  string   `json:"message"`
}

// Fail answers with an error.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	f := Fault(err)
	Note(r, f)
	out := envelope{Error: true, StatusCode: Status(f), Code: f.Code, Detail: f.Message, RequestID: Of(r.Context()).ID}
	for _, field := range Fields(f) {
		out.Message = append(out.Message, item{field.Code, field.Expected, field.Path, field.Message})
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // plain text always encodes
	}
	if s := RetrySeconds(f); s > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(s))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.StatusCode)
	w.Write(body) // a caller who has gone away is no error
}

// Fault is fault.Of, and knows the errors of reading a request.
func Fault(err error) *fault.Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return ErrTooLarge
	}
	f := fault.Of(err)
	if len(f.Fields) == 0 {
		return f
	}
	return f.Renamed(func(name string) string { return cmp.Or(headers[name], name) })
}

// headers are the names of headers that core has other names for.
var headers = map[string]string{"idempotency_key": "Idempotency-Key"}
