package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"sort"
	"strings"
)

// edits are changes of a text, by offset.
type edits struct {
	set  *token.FileSet
	src  []byte
	list []edit
	// plain are gqlgen's functions that make the context of a field without arguments.
	plain map[string]string
}

type edit struct {
	from, to int
	text     string
}

func (e *edits) at(p token.Pos) int       { return e.set.Position(p).Offset }
func (e *edits) text(n ast.Node) string   { return string(e.src[e.at(n.Pos()):e.at(n.End())]) }
func (e *edits) put(n ast.Node, t string) { e.span(n.Pos(), n.End(), t) }
func (e *edits) span(a, b token.Pos, t string) {
	e.list = append(e.list, edit{e.at(a), e.at(b), t})
}

// apply makes the changes. Of two that overlap, the outer one is made.
func (e *edits) apply() []byte {
	sort.SliceStable(e.list, func(i, j int) bool {
		a, b := e.list[i], e.list[j]
		return a.from < b.from || a.from == b.from && a.to > b.to
	})
	var out []byte
	done := 0
	for _, c := range e.list {
		if c.from < done {
			continue
		}
		out = append(append(out, e.src[done:c.from]...), c.text...)
		done = c.to
	}
	return append(out, e.src[done:]...)
}

// shorten says the same in fewer functions.
func shorten(set *token.FileSet, f *ast.File, src []byte) []byte {
	e := &edits{set: set, src: src, plain: map[string]string{}}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			e.fieldContext(d)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			e.passesOn(n)
		case *ast.CallExpr:
			if e.text(n.Fun) == "graphql.ResolveField" {
				e.put(n.Fun, "resolve")
			}
		case *ast.FuncDecl:
			e.handler(n)
		case *ast.CaseClause:
			e.concurrent(n)
			e.counted(n)
		}
		return true
	})
	return append(e.apply(), e.helpers(f.Name.Name)...)
}

// passesOn replaces a function that only calls another with what it was given by that other.
func (e *edits) passesOn(n *ast.FuncLit) {
	if len(n.Body.List) != 1 {
		return
	}
	ret, ok := n.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return
	}
	call, ok := ret.Results[0].(*ast.CallExpr)
	if !ok || call.Ellipsis.IsValid() {
		return
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if on, ok := fun.X.(*ast.Ident); !ok || on.Name != "ec" {
		return
	}
	var given []string
	for _, p := range n.Type.Params.List {
		for _, name := range p.Names {
			given = append(given, name.Name)
		}
	}
	if len(given) == 0 || len(given) != len(call.Args) {
		return
	}
	for i, a := range call.Args {
		if id, ok := a.(*ast.Ident); !ok || id.Name != given[i] || given[i] == "_" {
			return
		}
	}
	if same := e.plain[fun.Sel.Name]; same != "" {
		e.put(n, same)
		return
	}
	e.put(n, e.text(call.Fun))
}

// facts finds what the context of a field says.
var facts = regexp.MustCompile(`NewScalarFieldContext\("(\w+)", field, (true|false), (true|false),|` +
	`Object: +"(\w+)",\s+Field: +field,\s+IsMethod: +(true|false),\s+IsResolver: +(true|false),`)

// fieldContext drops what gqlgen writes to find the context of a field's own
// fields: only Child, which nothing here calls, needs it. What then differs
// between fields without arguments is given to one function.
func (e *edits) fieldContext(d *ast.FuncDecl) {
	if strings.HasPrefix(d.Name.Name, "childFields_") {
		e.dropped(d)
	}
	if !strings.HasPrefix(d.Name.Name, "fieldContext_") {
		return
	}
	text := e.text(d)
	if strings.Contains(text, "fc.Args") {
		ast.Inspect(d, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok && e.text(kv.Key) == "Child" {
				e.span(kv.Pos(), kv.End()+1, "")
			}
			return true
		})
		return
	}
	if m := facts.FindStringSubmatch(text); m != nil {
		e.plain[d.Name.Name] = fmt.Sprintf("contextOf(%q, %s, %s)", m[1]+m[4], m[2]+m[5], m[3]+m[6])
		e.dropped(d)
	}
}

func (e *edits) dropped(d *ast.FuncDecl) {
	from := d.Pos()
	if d.Doc != nil {
		from = d.Doc.Pos()
	}
	e.span(from, d.End(), "")
}

// counted shortens how gqlgen counts a field that may not be null and is.
func (e *edits) counted(c *ast.CaseClause) {
	if len(c.Body) != 2 {
		return
	}
	set, ok := c.Body[0].(*ast.AssignStmt)
	check, isIf := c.Body[1].(*ast.IfStmt)
	if !ok || !isIf || e.text(set.Lhs[0]) != "out.Values[i]" ||
		!strings.Contains(e.text(check.Body), "atomic.AddUint32(&out.Invalids, 1)") {
		return
	}
	null, ok := strings.CutPrefix(e.text(check.Cond), "out.Values[i] == ")
	if ok {
		e.span(set.Pos(), check.End(), fmt.Sprintf("counted(out, i, %s, %s)", null, e.text(set.Rhs[0])))
	}
}

// handler shortens how ogen handles an operation: no middleware is used, and
// every operation admits a caller in one way.
func (e *edits) handler(d *ast.FuncDecl) {
	if d.Body == nil || !strings.HasPrefix(d.Name.Name, "handle") {
		return
	}
	for _, s := range d.Body.List {
		switch s := s.(type) {
		case *ast.DeclStmt:
			if strings.HasPrefix(e.text(s), "var rawBody []byte") {
				e.put(s, "")
			}
		case *ast.AssignStmt:
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name == "rawBody" {
					e.put(id, "_")
				}
			}
		case *ast.IfStmt:
			block, ok := s.Else.(*ast.BlockStmt)
			if ok && s.Init != nil && e.text(s.Init) == "m := s.cfg.Middleware" {
				e.put(s, strings.TrimSpace(string(e.src[e.at(block.Lbrace)+1:e.at(block.Rbrace)])))
			}
		case *ast.BlockStmt:
			if operation, ok := e.admits(s); ok {
				e.put(s, fmt.Sprintf("ctx, ok := s.admit(ctx, %s, opErrContext, w, r)\n\tif !ok {\n\t\treturn\n\t}", operation))
			}
		}
	}
}

// admits says for which operation a block asks for the usual two headers.
func (e *edits) admits(b *ast.BlockStmt) (operation string, ok bool) {
	text := e.text(b)
	_, rest, ok := strings.Cut(text, "s.securityApiKeyAuth(ctx, ")
	if !ok || !strings.Contains(text, "s.securityPracticeGroupId(") || !strings.Contains(text, "{0b00000011},\n") ||
		strings.Count(text, "s.security") != 2 || strings.Count(text, "{0b") != 1 {
		return "", false
	}
	operation, _, _ = strings.Cut(rest, ",")
	return operation, true
}

// concurrent shortens how gqlgen resolves a field beside others.
func (e *edits) concurrent(c *ast.CaseClause) {
	if len(c.Body) < 4 {
		return
	}
	last, ok := c.Body[len(c.Body)-1].(*ast.ExprStmt)
	if !ok || !strings.HasPrefix(e.text(last), "out.Concurrently(i, ") {
		return
	}
	inner, ok := c.Body[1].(*ast.AssignStmt)
	if !ok || e.text(inner.Lhs[0]) != "innerFunc" {
		return
	}
	_, rest, ok := strings.Cut(e.text(inner), "res = ec.")
	if !ok {
		return
	}
	call, rest, _ := strings.Cut(rest, "\n")
	null := "graphql.RequiredNull"
	if strings.Contains(rest, "res == graphql.Null ") {
		null = "graphql.Null"
	}
	text := "field := field\n"
	resolve := "func(ctx context.Context) graphql.Marshaler { return ec." + call + " })"
	if strings.Contains(e.text(last), "rrm(innerCtx)") {
		text += "ec.besideRoot(innerCtx, i, out, " + null + ", " + resolve
	} else {
		text += "ec.beside(i, field, out, deferredFieldSet, deferLabelToView, " + null + ", " + resolve
	}
	e.span(c.Body[0].Pos(), c.Body[len(c.Body)-1].End(), text)
}

const admit = `
// admit asks for the caller, as every operation does.
func (s *Server) admit(
	ctx context.Context, operation OperationName, about ogenerrors.OperationContext, w http.ResponseWriter, r *http.Request,
) (context.Context, bool) {
	refuse := func(security string, err error) (context.Context, bool) {
		_ = encodeErrorResponse(s.h.NewError(ctx, &ogenerrors.SecurityError{OperationContext: about, Security: security, Err: err}), w)
		return ctx, false
	}
	key, hasKey, err := s.securityApiKeyAuth(ctx, operation, r)
	if err != nil {
		return refuse("ApiKeyAuth", err)
	}
	if hasKey {
		ctx = key
	}
	group, hasGroup, err := s.securityPracticeGroupId(ctx, operation, r)
	if err != nil {
		return refuse("PracticeGroupId", err)
	}
	if hasGroup {
		ctx = group
	}
	if !hasKey || !hasGroup {
		return refuse("", ogenerrors.ErrSecurityRequirementIsNotSatisfied)
	}
	return ctx, true
}
`

const beside = `
// resolve resolves a field; what is written out for each type is only how its value is marshalled.
func resolve[T any](
	ctx context.Context, oc *graphql.OperationContext, field graphql.CollectedField,
	about func(context.Context, graphql.CollectedField) (*graphql.FieldContext, error),
	resolver func(context.Context) (any, error), middleware func(context.Context, graphql.Resolver) graphql.Resolver,
	marshal func(context.Context, ast.SelectionSet, T) graphql.Marshaler, recovers, nonNull bool,
) graphql.Marshaler {
	return graphql.ResolveField(ctx, oc, field, about, resolver, middleware,
		func(ctx context.Context, selections ast.SelectionSet, v any) graphql.Marshaler {
			if m, ok := v.(graphql.Marshaler); ok {
				if _, ok := v.(T); !ok {
					return m
				}
			}
			return marshal(ctx, selections, v.(T))
		}, recovers, nonNull)
}

// contextOf makes the context of a field without arguments. Inlined, it would be compiled a thousand times.
//
//go:noinline
func contextOf(
	object string, isMethod, isResolver bool,
) func(context.Context, graphql.CollectedField) (*graphql.FieldContext, error) {
	return func(_ context.Context, field graphql.CollectedField) (*graphql.FieldContext, error) {
		return &graphql.FieldContext{Object: object, Field: field, IsMethod: isMethod, IsResolver: isResolver}, nil
	}
}

// counted keeps the value of a field, and counts it when it may not be null and is.
//
//go:noinline
func counted(out *graphql.FieldSet, i int, null, value graphql.Marshaler) {
	out.Values[i] = value
	if value == null {
		atomic.AddUint32(&out.Invalids, 1)
	}
}

// beside resolves a field beside the others of its object, or after them when it is deferred.
func (ec *executionContext) beside(
	i int, field graphql.CollectedField, out, deferred *graphql.FieldSet, views map[string]*graphql.FieldSetView,
	null graphql.Marshaler, resolve func(context.Context) graphql.Marshaler,
) {
	if !field.IsDeferred() {
		out.Concurrently(i, ec.guarded(out, null, resolve))
		return
	}
	deferred.AddField(field)
	at := len(deferred.Values) - 1
	deferred.Concurrently(at, ec.guarded(deferred, null, resolve))
	for _, d := range field.Deferrables {
		view, ok := views[d.Label]
		if !ok {
			view = deferred.NewView()
			views[d.Label] = view
		}
		view.AddIndices(at)
	}
	out.Values[i] = graphql.Null
}

// besideRoot resolves a field of the query beside the others.
func (ec *executionContext) besideRoot(
	ctx context.Context, i int, out *graphql.FieldSet, null graphql.Marshaler, resolve func(context.Context) graphql.Marshaler,
) {
	guarded := ec.guarded(out, null, resolve)
	out.Concurrently(i, func(context.Context) graphql.Marshaler {
		return ec.OperationContext.RootResolverMiddleware(ctx, guarded)
	})
}

// guarded counts a field that may not be null and is, and reports a panic.
func (ec *executionContext) guarded(
	fs *graphql.FieldSet, null graphql.Marshaler, resolve func(context.Context) graphql.Marshaler,
) func(context.Context) graphql.Marshaler {
	return func(ctx context.Context) (res graphql.Marshaler) {
		defer func() {
			if r := recover(); r != nil {
				ec.Error(ctx, ec.Recover(ctx, r))
			}
		}()
		res = resolve(ctx)
		if res == null {
			atomic.AddUint32(&fs.Invalids, 1)
		}
		return res
	}
}
`

// helpers are what the shortened code calls, written once for each package.
func (e *edits) helpers(pkg string) string {
	text := string(e.src)
	switch {
	case pkg == "oas" && strings.Contains(text, "func recordError(string, error)"):
		return admit
	case pkg == "gql" && strings.Contains(text, "func newExecutionContext("):
		return beside
	}
	return ""
}
