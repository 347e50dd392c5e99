package graph

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"frontdesk/core/access"
	"frontdesk/core/idempotency"
	"frontdesk/web"
)

// changes reports whether a request may change something, so that it matters
// whether it is done once: signing in does not.
func (d *door) changes(ctx context.Context, ops []asked) bool {
	for _, a := range ops {
		doc, errs := d.document(ctx, a.Query)
		if errs != nil {
			continue
		}
		if op := doc.Operations.ForName(a.name()); op != nil && op.Operation == ast.Mutation && !onlySignsIn(doc) {
			return true
		}
	}
	return false
}

// once answers a request that has an idempotency key. All its operations and the
// answer are one transaction, in which a field that cannot be done leaves the others
// alone.
func (d *door) once(w http.ResponseWriter, r *http.Request, who access.Caller, name string, body []byte) {
	sum := sha256.New()
	fmt.Fprintf(sum, "graphql\n%s\n", who.Group)
	sum.Write(body)
	claim := idempotency.ClaimOf(who, name, sum.Sum(nil))
	claim.InParts = true
	var out answered
	kept, again, err := d.Core.Idempotency.Once(r.Context(), claim, func(ctx context.Context) idempotency.Answer {
		// Running an operation uses its variables up.
		ops, many, _ := d.decodeBody(body)
		out = d.answerAll(ctx, ops, many)
		return idempotency.Answer{Status: out.keptAs(), Type: jsonType, Body: out.body}
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
		send(w, kept.Status, kept.Body)
		return
	}
	d.handOver(r.Context(), out.call)
	send(w, out.status, out.body)
}

// keptAs is the status that decides whether a repeat of the request gets the answer
// again: one about who asks, or about our own trouble, is not kept when nothing was
// done.
func (a answered) keptAs() int {
	switch {
	case a.call.outside:
		return web.Status(idempotency.ErrOutside)
	case !a.call.done && a.call.failed != nil:
		return web.Status(a.call.failed)
	}
	return a.status
}
