package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"time"

	"frontdesk/connect/nhsapi"
	"frontdesk/core/carrier"
	"frontdesk/core/fault"
)

const (
	// tries is how often one request is sent before we give up.
	tries = 4
	// maxBody is the longest answer read: a full batch is answered with a
	// reference and an ID for each of its messages.
	maxBody = 16 << 20
	// maxBackoff is the longest wait between two tries of our own accord.
	maxBackoff = 5 * time.Second
	// tooEarly is the shortest wait for a request that is still being worked on.
	tooEarly = 5 * time.Minute
	// putRight is how long we wait for people to put right what is wrong with
	// the settings or with the account.
	putRight = 15 * time.Minute
)

// request is something to ask for, again and again if need be. What is sent twice
// is known to NHS Notify by its reference.
type request struct {
	what, method, path string
	body               []byte
	// reference is what NHS Notify knows it by, and begin is called once, before
	// anything of it goes out; an error keeps it from going.
	reference string
	begin     func(context.Context) error
	// take understands the body of an answer that it went well. An error means
	// that the body cannot be read.
	take func(body []byte) error
}

// reply is an answer that there is something to do about: 200, 201, 400, 404,
// 413 or 422, the last four with the problems NHS Notify has.
type reply struct {
	status   int
	problems []problem
}

// problem is one of the errors in an answer.
type problem struct{ code, pointer string }

// failure is why one try came to nothing, and what follows from it.
type failure struct {
	*nhsapi.Failure
	sent    bool // NHS Notify may have taken it all the same
	unasked bool // our own limiter did not let it through
	early   bool // NHS Notify has it, and is still at it
	trouble bool // people have to put it right
}

// ask sends a request until it has an answer or there is no point in going on
// now. Its error is a Busy, or an Unanswered where NHS Notify may have taken what
// was sent. The X-Correlation-ID stays the same.
func (c *Carrier) ask(ctx context.Context, r request) (reply, error) {
	id, renewed, sent := nhsapi.NewUUID(), false, false
	r.begin = once(r.begin)
	for try := 1; ; {
		if !c.breaker.TryAcquirePermit() {
			return reply{}, r.end(&failure{Failure: &nhsapi.Failure{
				What: r.what, ID: id, Code: "resting", Cause: errResting, Wait: max(c.breaker.RemainingDelay(), time.Second),
			}}, sent)
		}
		got, token, f := c.try(ctx, id, r)
		c.record(ctx, f)
		if f == nil {
			return got, nil
		}
		sent = sent || f.sent
		wait := f.Wait
		if wait == 0 {
			wait = mathrand.N(max(min(c.backoff<<(try-1), maxBackoff), 1)) + 1
		}
		end, limited := ctx.Deadline()
		switch {
		case f.Status == http.StatusUnauthorized && token != "" && !renewed:
			// A token can be withdrawn before its time.
			renewed = true
			c.tokens.Drop(token)
			continue
		case !f.Again, try == tries, ctx.Err() != nil, limited && time.Until(end) <= wait:
			c.complain(ctx, id, f)
			return reply{}, r.end(f, sent)
		}
		c.log.LogAttrs(ctx, slog.LevelWarn, "NHS Notify request failed, will be sent again",
			slog.String("request_id", id), slog.String("asked", r.what), slog.Int("try", try),
			slog.String("error", f.Error()), slog.Duration("wait", wait))
		if c.sleep(ctx, wait) != nil {
			return reply{}, r.end(f, sent)
		}
		try++
	}
}

// once calls begin until it succeeds; without one there is nothing to do.
func once(begin func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if begin == nil {
			return nil
		}
		err := begin(ctx)
		if err == nil {
			begin = nil
		}
		return err
	}
}

var errResting = errors.New("left alone after requests in a row have failed")

// record tells the breaker how a try went. Every try of every sender counts: a
// batch with its thousands of messages is no more patient than a single message.
func (c *Carrier) record(ctx context.Context, f *failure) {
	left := errors.Is(ctx.Err(), context.Canceled)
	switch {
	case f == nil:
		c.breaker.RecordSuccess()
	case (f.unasked || left) && c.breaker.IsHalfOpen():
		// Nothing was learnt, but the one try allowed has been used: without a
		// result there would never be another.
		c.breaker.RecordFailure()
	case f.unasked || left:
	case f.Again:
		c.breaker.RecordFailure()
	default: // an answer, if not the one hoped for, shows that it is there
		c.breaker.RecordSuccess()
	}
}

// complain puts what people have to put right into the log.
func (c *Carrier) complain(ctx context.Context, id string, f *failure) {
	if f.trouble {
		c.log.LogAttrs(ctx, slog.LevelError, "NHS Notify does not let us in: the settings or the account need putting right",
			slog.String("request_id", id), slog.String("error", f.Error()))
	}
}

// end is the error of a request that is given up for now, after its last try has
// failed like this; sent is whether any of them may have been taken.
func (r request) end(f *failure, sent bool) error {
	after, code := f.Wait, cmp.Or(f.Code, "unreachable")
	switch {
	case f.early:
		after = max(after, tooEarly)
	case f.trouble:
		after, code = putRight, cmp.Or(f.Code, "trouble")
	}
	if r.reference != "" && (sent || f.early) {
		return &carrier.Unanswered{Request: r.reference, After: after, Code: code, Err: f}
	}
	return &carrier.Busy{After: after, Code: code, Err: f}
}

// try sends the request once. It gives the token that was used.
func (c *Carrier) try(ctx context.Context, id string, r request) (got reply, token string, f *failure) {
	if c.tokens != nil {
		var err error
		if token, err = c.tokens.Get(ctx); err != nil {
			cause, ok := errors.AsType[*nhsapi.Failure](err)
			if !ok {
				cause = &nhsapi.Failure{What: "token", Cause: nhsapi.ErrNoRequest}
			}
			return reply{}, "", &failure{Failure: cause, trouble: !cause.Again && cause.Status >= 300 && cause.Status < 500}
		}
	}
	if err := c.wait(ctx); err != nil {
		after := time.Duration(0)
		if limited, ok := errors.AsType[*fault.Error](err); ok {
			after = limited.RetryAfter
		}
		return reply{}, token,
			&failure{Failure: &nhsapi.Failure{What: r.what, ID: id, Code: "limited", Cause: errLimited, Wait: after},
				unasked: true}
	}
	if err := r.begin(ctx); err != nil {
		return reply{}, token,
			&failure{Failure: &nhsapi.Failure{What: r.what, ID: id, Code: "not_noted", Cause: errNotNoted}, unasked: true}
	}
	within, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(within, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return reply{}, token, &failure{Failure: &nhsapi.Failure{What: r.what, ID: id, Cause: nhsapi.ErrNoRequest}}
	}
	h := req.Header
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	if r.body != nil {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Accept", "application/json")
	h.Set("X-Correlation-ID", id)
	h.Set("User-Agent", nhsapi.UserAgent)
	a, broken := nhsapi.Send(c.http, req, c.now, maxBody)
	if broken != nil {
		f = &failure{Failure: broken, sent: !broken.Unsent}
	} else {
		got, f = r.judge(a)
	}
	if f != nil {
		f.What, f.ID = r.what, id
	}
	return got, token, f
}

var (
	errLimited  = errors.New("our own limiter did not let it through")
	errNotNoted = errors.New("that it goes out could not be noted")
)

// judge says what an answer means.
func (r request) judge(a nhsapi.Answer) (reply, *failure) {
	if a.Status == http.StatusOK || a.Status == http.StatusCreated {
		if r.take(a.Body) != nil {
			return reply{},
				&failure{Failure: &nhsapi.Failure{Status: a.Status, Cause: nhsapi.ErrUnreadable, Again: true}, sent: true}
		}
		return reply{status: a.Status}, nil
	}
	problems := problemsOf(a.Body)
	f := &failure{Failure: &nhsapi.Failure{Status: a.Status, Wait: a.Wait}}
	if len(problems) > 0 {
		f.Code = problems[0].code
	}
	switch a.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		// What does not come from NHS Notify itself says nothing about the
		// message. What does will be the same next time, whatever it is about.
		if f.trouble = len(problems) == 0; f.trouble {
			return reply{}, f
		}
		return reply{a.Status, problems}, nil
	case http.StatusTooEarly:
		f.early = true
	case http.StatusTooManyRequests:
	case http.StatusInternalServerError:
		f.trouble = misset[f.Code]
		f.Again, f.sent = !f.trouble, !f.trouble
	default:
		f.Again = nhsapi.Passing(a.Status)
		f.trouble = a.Status >= 300 && a.Status < 500 && !f.Again
		f.sent = !f.trouble
	}
	return reply{}, f
}

// misset are the codes of server errors that people have to put right.
var misset = map[string]bool{"CM_MISSING_ROUTING_PLAN_TEMPLATE": true, "CM_ROUTING_PLAN_DUPLICATE_TEMPLATES": true}

var plainCode = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// code lets through only what looks like a code: it goes into logs.
func code(s string) string {
	if plainCode.MatchString(s) {
		return s
	}
	return ""
}

// problemsOf are the errors in an answer that have a code.
func problemsOf(body []byte) []problem {
	var got struct {
		Errors []struct {
			Code   string `json:"code"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &got) != nil {
		return nil
	}
	var out []problem
	for _, e := range got.Errors {
		if known := code(e.Code); known != "" {
			out = append(out, problem{known, e.Source.Pointer})
		}
	}
	return out
}
