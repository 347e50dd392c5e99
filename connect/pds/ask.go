package pds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"time"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
)

const (
	// maxBody is the longest answer read. The longest real ones, with all of a
	// person's history, have some tens of kilobytes.
	maxBody = 1 << 20
	// maxBackoff is the longest wait between two tries of our own accord.
	maxBackoff = 3 * time.Second
)

// request is something to ask for, again and again if need be.
type request struct {
	what string // a word for the log
	path string // below the base URL, with any query
	// take understands the body of an answer. An error other than a fault means that the body cannot be read.
	take func(body []byte) error
}

// ask sends a request until it has an answer or there is no point in going on. The X-Request-ID stays the same: the
// service knows by it that a request has come before.
func (q call) ask(ctx context.Context, r request) error {
	id, renewed := nhsapi.NewUUID(), false
	for try := 1; ; {
		token, err := q.try(ctx, id, r)
		f, failed := errors.AsType[*nhsapi.Failure](err)
		switch {
		case !failed:
			return err
		case f.Status == http.StatusUnauthorized && token != "" && !renewed:
			// A token can be withdrawn before its time.
			renewed = true
			q.tokens.Drop(token)
			continue
		case !f.Again, try == tries:
			return faultOf(f)
		}
		wait := f.Wait
		if wait == 0 {
			wait = mathrand.N(max(min(q.backoff<<(try-1), maxBackoff), 1)) + 1
		}
		if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(end) <= wait {
			return faultOf(f)
		}
		q.log.LogAttrs(ctx, slog.LevelWarn, "demographics request failed, will be sent again",
			slog.Int64("practice_group_id", int64(q.group)), slog.String("request_id", id),
			slog.String("asked", r.what),
			slog.Int("try", try), slog.String("error", f.Error()), slog.Duration("wait", wait))
		if q.sleep(ctx, wait) != nil {
			return faultOf(f)
		}
		try++
	}
}

// try sends the request once. It gives the token that was used; its error is a fault, or an nhsapi.Failure.
func (q call) try(ctx context.Context, id string, r request) (token string, err error) {
	if q.tokens != nil {
		if token, err = q.tokens.Get(ctx); err != nil {
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
		return "", &nhsapi.Failure{What: r.what, ID: id, Cause: nhsapi.ErrNoRequest}
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
	h.Set("User-Agent", nhsapi.UserAgent)
	a, f := nhsapi.Send(q.http, req, q.now, maxBody)
	if f == nil {
		f, err = r.judge(a)
	}
	if f != nil {
		f.What, f.ID = r.what, id
		return token, f
	}
	return token, err
}

// judge says what an answer means: a failure, a fault, or nothing wrong.
func (r request) judge(a nhsapi.Answer) (*nhsapi.Failure, error) {
	if a.Status == http.StatusOK {
		err := r.take(a.Body)
		if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
			return nil, err
		}
		return &nhsapi.Failure{Status: a.Status, Cause: nhsapi.ErrUnreadable, Again: true}, nil
	}
	code, isOutcome := outcome(a.Body)
	switch {
	case a.Status == http.StatusNotFound && code == "INVALIDATED_RESOURCE":
		return nil, demographics.ErrNumberInvalid
	// A 404 that is not the service's own comes of a wrong base URL. To take it
	// for an unknown person would tell everybody that they do not exist.
	case a.Status == http.StatusNotFound && isOutcome,
		a.Status == http.StatusBadRequest && (code == "INVALID_RESOURCE_ID" || code == "INVALID_SEARCH_DATA"):
		return nil, demographics.ErrNotTraced
	}
	return &nhsapi.Failure{Status: a.Status, Code: code, Again: nhsapi.Passing(a.Status), Wait: a.Wait}, nil
}

// faultOf is the fault that a failure becomes.
func faultOf(f *nhsapi.Failure) *fault.Error {
	if !f.Again && f.Status >= 300 && f.Status < 500 {
		return demographics.ErrRefused.Because(f)
	}
	return down(f.Wait, f)
}
