package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-faster/jx"
	"github.com/ogen-go/ogen/ogenerrors"

	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	bookingrest "frontdesk/rest/booking"
	"frontdesk/rest/oas"
	"frontdesk/web"
)

// errCut is returned when the body ends before it should.
var errCut = fault.Input(fault.Field{Path: []string{}, Code: "body_cut_short", Expected: "the whole body",
	Message: "The request body did not arrive whole."})

// codeJSON is the code of a body that is not JSON of the right shape.
const codeJSON = "invalid_json"

// NewError gives an error from a handler the contract's shape.
func (d *door) NewError(ctx context.Context, err error) *oas.ErrorStatusCodeWithHeaders {
	if errors.Is(err, ogenerrors.ErrSecurityRequirementIsNotSatisfied) {
		err = key.ErrMissing
	}
	about := web.Of(ctx)
	f := called(about.Operation, spelt(web.Fault(err)))
	if about.Cause == nil {
		about.Cause = f
	}
	out := &oas.ErrorStatusCodeWithHeaders{StatusCode: web.Status(f)}
	if s := web.RetrySeconds(f); s > 0 {
		out.RetryAfter = oas.NewOptInt(s)
	}
	out.Response = oas.Error{Error: true, StatusCode: float64(out.StatusCode), Code: f.Code, Detail: f.Message,
		RequestID: about.ID}
	for _, field := range web.Fields(f) {
		out.Response.Message = append(out.Response.Message, oas.ErrorItem{
			Code: field.Code, Expected: field.Expected, Path: field.Path, Message: oas.NewOptString(field.Message),
		})
	}
	var notFree *booking.NotFree
	if errors.As(err, &notFree) {
		out.Response.NearestSlots = bookingrest.Slots(notFree.Nearest)
	}
	var unpaid *booking.Unpaid
	if errors.As(err, &unpaid) {
		out.Response.Payment = oas.NewOptErrorPayment(oas.ErrorPayment{InvoiceID: unpaid.Invoice,
			URL: oas.NilString{Value: unpaid.URL, Null: unpaid.URL == ""}})
	}
	return out
}

// fail answers a request that never reached a handler.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	out := (*door)(nil).NewError(r.Context(), err)
	e := jx.GetEncoder()
	defer jx.PutEncoder(e)
	out.Response.Encode(e)
	if s, ok := out.RetryAfter.Get(); ok {
		w.Header().Set("Retry-After", strconv.Itoa(s))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.StatusCode)
	w.Write(e.Bytes()) // an error means that the caller has gone away
}
