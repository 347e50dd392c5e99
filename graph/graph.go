// Package graph is the GraphQL door: it turns operations of api/graphql into
// calls of core, and what core answers into answers.
//
//	graph.go      the way in: who asks, how often, one operation or several
//	operation.go  a document read, checked and made ready to run
//	variables.go  variables that were not given, and numbers as they are written
//	media.go      which media type an answer has
//	once.go       the first answer again for a repeated request
//	limits.go     how deep, how often and how much a document may ask
//	field.go      what every field that asks core goes through
//	fault.go      errors in the contract's shape
//	audit.go      what was asked, for the audit trail
//	resolver.go   which area answers for which type of the contract
//
// An area has a package of its own, with a file for each capability, named as in
// api/graphql: practice, patient, booking, clinical, billing, messaging, webhook.
// What they share is in wire.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/key"
	"frontdesk/graph/gql"
	"frontdesk/graph/wire"
	"frontdesk/web"
)

// TokenHeader carries the token.
const TokenHeader = "X-Token"

type door struct {
	*wire.Resolver
	limits    Limits
	schema    *ast.Schema
	run       *executor.Executor
	documents documents
	// strangers limits wrong tokens and attempts to sign in, by address.
	strangers *web.Attempts
	// unnamed is called, in tests, with an operation and a field of core that a fault
	// names and the operation has no name for.
	unnamed func(operation, field string)
}

// New is the GraphQL door. A limit that is 0 is the default one.
func New(c *core.Core, limits Limits) http.Handler { return open(c, limits).handler() }

// handler is the door with its reads kept in the audit trail.
func (d *door) handler() http.Handler { return web.Seen(d, d.Core.Audit, d.unaudited) }

// unaudited answers for reads that could not be written into the audit trail. Programs that
// do not go by the status get 200.
func (d *door) unaudited(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Of(err)
	web.Note(r, f)
	status := http.StatusOK
	if byStatus(w) {
		status = web.Status(f)
	}
	refuse(w, status, presented(f))
}

func open(c *core.Core, limits Limits) *door {
	d := &door{Resolver: &wire.Resolver{Core: c, Wait: wire.LoadWait}, limits: limits.orDefault(),
		documents: documents{lru.New[*ast.QueryDocument](keptDocuments)}}
	resolvers := rootOf(d.Resolver)
	schema := gql.NewExecutableSchema(gql.Config{Resolvers: resolvers})
	d.schema, d.run = schema.Schema(), executor.New(schema)
	d.run.SetErrorPresenter(present)
	d.run.SetRecoverFunc(recovered)
	d.strangers = web.NewAttempts(c.Key.Now)
	return d
}

// ServeHTTP answers one operation, or a list of them.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answers(w, r)
	if r.Method != http.MethodPost {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", http.MethodPost)
			refuse(w, http.StatusMethodNotAllowed, refusal(codeRequest, "Send operations by POST."))
			return
		}
		refuse(w, http.StatusBadRequest, refusal(codeRequest, "Send operations by POST."))
		return
	}
	if t := r.Header.Get("Content-Type"); t != "" {
		if kind, _, err := mime.ParseMediaType(t); err != nil || kind != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, refusal(codeRequest, "Send operations as application/json."))
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		f := web.Fault(err)
		refuse(w, web.Status(f), refusal(codeRequest, "%s", f.Message))
		return
	}
	who, terms, err := d.Core.Key.Token(r.Context(), r.Header.Get(TokenHeader))
	switch {
	case err == nil:
		d.serve(w, r, body, who, terms)
	case fault.Of(err).Kind == fault.Unauthenticated:
		d.serveStranger(w, r, body, err)
	default:
		d.fail(w, r, err)
	}
}

// serve answers a caller who is known.
func (d *door) serve(w http.ResponseWriter, r *http.Request, body []byte, who access.Caller, terms key.Terms) {
	about := web.Of(r.Context())
	who.RequestID, who.Door = about.ID, access.GraphQL
	about.Caller = who
	ops, many, bad := d.decodeBody(body)
	if bad == nil {
		bad = d.signsInOnce(r.Context(), ops)
	}
	if bad != nil {
		refuse(w, http.StatusBadRequest, bad)
		return
	}
	// A list of operations is as many requests.
	for range max(1, len(ops)) {
		budget, err := d.Core.Limit.Take(r.Context(), who)
		if budget.Limit > 0 {
			web.WriteBudget(w.Header(), budget)
		}
		if err == nil {
			continue
		}
		f := fault.Of(err)
		if f.Kind != fault.Limited {
			d.fail(w, r, err)
			return
		}
		e := presented(tooOften(f, who))
		e.Extensions["retryAfter"] = web.RetrySeconds(f)
		status := http.StatusOK
		if terms.Status == http.StatusTooManyRequests || byStatus(w) {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", web.Seconds(f))
		}
		refuse(w, status, e)
		return
	}
	ctx := access.With(r.Context(), who)
	if name := r.Header.Get("Idempotency-Key"); name != "" && d.changes(ctx, ops) {
		d.once(w, r.WithContext(ctx), who, name, body)
		return
	}
	out := d.answerAll(ctx, ops, many)
	d.handOver(ctx, out.call)
	send(w, out.status, out.body)
}

// tooOften is the refusal of a request over the limit. Programs look for the words "too
// often".
func tooOften(f *fault.Error, who access.Caller) *fault.Error {
	return f.Saying(fmt.Sprintf("This token is used too often: %d requests a minute. Try again in %d seconds.",
		who.Limit, web.RetrySeconds(f)))
}

// serveStranger answers a caller without a good token, who may sign in and
// nothing else. Only a short body is read as a document at all.
func (d *door) serveStranger(w http.ResponseWriter, r *http.Request, body []byte, why error) {
	refused := func() {
		if r.Header.Get(TokenHeader) != "" && d.limited(w, r) {
			return
		}
		refuse(w, http.StatusUnauthorized, presented(fault.Of(why)))
	}
	if len(body) > maxSignInBody {
		refused()
		return
	}
	ops, many, bad := d.decodeBody(body)
	if bad != nil || many {
		refused()
		return
	}
	doc, err := d.read(ops[0].Query)
	if err != nil || !onlySignsIn(doc) {
		refused()
		return
	}
	if d.limited(w, r) {
		return
	}
	if bad := d.signsInOnce(r.Context(), ops); bad != nil {
		refuse(w, http.StatusBadRequest, bad)
		return
	}
	out := d.answerAll(r.Context(), ops, false)
	send(w, out.status, out.body)
}

// limited uses one attempt of the address of a caller without a token, and refuses the
// request when no attempt is left.
func (d *door) limited(w http.ResponseWriter, r *http.Request) bool {
	wait := d.strangers.Take(r)
	if wait <= 0 {
		return false
	}
	f := web.ErrAttempts.After(wait)
	w.Header().Set("Retry-After", web.Seconds(f))
	refuse(w, http.StatusTooManyRequests, presented(f))
	return true
}

// decodeBody reads one operation or a list of them.
func (d *door) decodeBody(body []byte) (ops []asked, many bool, bad *gqlerror.Error) {
	body = bytes.TrimSpace(body)
	many = len(body) > 0 && body[0] == '['
	decode := json.NewDecoder(bytes.NewReader(body))
	decode.UseNumber()
	var err error
	if many {
		err = decode.Decode(&ops)
	} else {
		ops = make([]asked, 1)
		err = decode.Decode(&ops[0])
	}
	if err == nil && decode.More() {
		err = errors.New("more than one value")
	}
	switch {
	case err != nil:
		return nil, many,
			refusal(codeRequest, "Send a JSON object with query, variables and operationName, or a list of such.")
	case many && (len(ops) == 0 || len(ops) > d.limits.Operations):
		return nil, many, refusal(codeBatch, "A list has 1 to %d operations.", d.limits.Operations)
	}
	return ops, many, nil
}

// answered is what came of a request.
type answered struct {
	body   []byte
	status int
	call   *call
}

// answerAll runs the operations of a request, one after the other.
func (d *door) answerAll(ctx context.Context, ops []asked, many bool) answered {
	if !many {
		return d.answer(ctx, ops[0])
	}
	out := answered{status: http.StatusOK, call: &call{}}
	parts := make([][]byte, len(ops))
	for i, op := range ops {
		one := d.answer(ctx, op)
		parts[i] = one.body
		out.call.join(one.call)
	}
	out.body = slicesOf(parts)
	return out
}

// answer runs one operation.
func (d *door) answer(ctx context.Context, a asked) answered {
	refused := func(errs ...*gqlerror.Error) answered {
		return answered{body: errorBody(errs), status: http.StatusBadRequest, call: &call{}}
	}
	rc, errs := d.prepare(ctx, a)
	if errs != nil {
		return refused(errs...)
	}
	_, known := access.From(ctx)
	rc.DisableIntrospection = !known
	limit := d.limits.Cost
	price := cost{d.schema, rc.Variables}.of(rc.Operation.SelectionSet, spot{})
	if price > limit {
		e := refusal(codeCost, "This operation costs %d, and may cost %d: ask for fewer rows or fields.", price, limit)
		e.Extensions["cost"] = operationCost{price, limit}
		return refused(e)
	}
	call := &call{operation: rc.Operation.Name}
	if rc.Operation.Operation == ast.Query {
		call.most = int64(limit)
	}
	ctx = d.WithLoaders(withCall(ctx, call))
	next, ctx := d.run.DispatchOperation(ctx, rc)
	resp := next(ctx)
	if call.tooMuch() {
		e := refusal(codeCost, "The answer to this operation has more than %d values: ask for fewer rows or fields.",
			limit)
		e.Extensions["cost"] = operationCost{price, limit}
		return answered{body: errorBody(gqlerror.List{e}), status: http.StatusBadRequest, call: call}
	}
	return answered{body: body(resp, operationCost{price, limit}, call.reasons), status: http.StatusOK, call: call}
}

type operationCost struct {
	Requested int `json:"requested"`
	Limit     int `json:"limit"`
}

// body is the JSON of an answer. The data is JSON already and is not read again.
func body(resp *graphql.Response, price operationCost, reasons map[string]string) []byte {
	extensions := map[string]any{"cost": price}
	if len(reasons) > 0 {
		extensions["errors"] = reasons
	}
	var b bytes.Buffer
	b.WriteString(`{"data":`)
	var errs gqlerror.List
	if resp == nil || len(resp.Data) == 0 {
		b.WriteString("null")
	} else {
		b.Write(resp.Data)
	}
	if resp != nil {
		errs = resp.Errors
	}
	if len(errs) > 0 {
		b.WriteString(`,"errors":`)
		b.Write(wire.JSON(errs))
	}
	b.WriteString(`,"extensions":`)
	b.Write(wire.JSON(extensions))
	b.WriteString("}\n")
	return b.Bytes()
}

func errorBody(errs gqlerror.List) []byte {
	return append(wire.JSON(map[string]any{"errors": errs}), '\n')
}

// refuse answers with an error and no data.
func refuse(w http.ResponseWriter, status int, e *gqlerror.Error) {
	send(w, status, errorBody(gqlerror.List{e}))
}

// fail answers with what went wrong before there was an operation.
func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := web.Fault(err)
	web.Note(r, f)
	if s := web.RetrySeconds(f); s > 0 {
		w.Header().Set("Retry-After", web.Seconds(f))
	}
	refuse(w, web.Status(f), presented(f))
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	w.Write(body) // an error means that the caller has gone away
}

// slicesOf is a JSON list of what is JSON already.
func slicesOf(parts [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
}

// documents keeps documents that were found valid, by their text: programs send
// the same few again and again.
type documents struct {
	graphql.Cache[*ast.QueryDocument]
}

// Documents longer than this, or beyond so many, are not kept.
const (
	keptDocument  = 16 << 10
	keptDocuments = 512
)

// Add keeps a document.
func (k documents) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	if len(text) <= keptDocument {
		k.Cache.Add(ctx, strings.Clone(text), doc)
	}
}
