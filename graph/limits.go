package graph

import (
	"frontdesk/graph/wire"
)

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits are how much one request may ask for. docs/graphql.md lists the defaults.
type Limits struct {
	Cost       int // of an operation, and the values of an answer
	Depth      int // of fields
	Tokens     int // of a document
	Aliases    int // of a document
	SameField  int // how often one field may be asked for beside itself
	Operations int // of a request
}

// DefaultLimits are the limits where no flag sets others.
var DefaultLimits = Limits{Cost: 100_000, Depth: 12, Tokens: 5_000, Aliases: 200, SameField: 30, Operations: 10}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		Cost: cmp.Or(l.Cost, d.Cost), Depth: cmp.Or(l.Depth, d.Depth), Tokens: cmp.Or(l.Tokens, d.Tokens),
		Aliases:   cmp.Or(l.Aliases, d.Aliases),
		SameField: cmp.Or(l.SameField, d.SameField), Operations: cmp.Or(l.Operations, d.Operations),
	}
}

// The longest bodies, in bytes.
const (
	maxBody       = 1 << 20
	maxSignInBody = 4 << 10
)

// The codes of the limits, and those of Apollo Server that programs know.
const (
	codeParse      = "GRAPHQL_PARSE_FAILED"
	codeValidation = "GRAPHQL_VALIDATION_FAILED"
	codeInput      = "BAD_USER_INPUT"
	codeRequest    = "BAD_REQUEST"
	codeTokens     = "TOKEN_LIMIT_EXCEEDED"
	codeDepth      = "DEPTH_LIMIT_EXCEEDED"
	codeAliases    = "ALIAS_LIMIT_EXCEEDED"
	codeCost       = "COMPLEXITY_LIMIT_EXCEEDED"
	codeBatch      = "BATCH_LIMIT_EXCEEDED"
)

// refusal is an error of a document as a whole.
func refusal(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// shape measures a document before it is validated, since validating a hostile
// one is work too.
type shape struct {
	limits  Limits
	doc     *ast.QueryDocument
	open    map[string]bool // fragments being measured, so that a circle ends
	aliases int
	left    int // selections that may still be looked at
}

// checkShape refuses a document that is too deep or asks too often for the same.
func (l Limits) checkShape(doc *ast.QueryDocument) *gqlerror.Error {
	s := &shape{limits: l, doc: doc, open: map[string]bool{}, left: 50 * l.Tokens}
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if !legible(v.DefaultValue) {
				return illegible()
			}
		}
		if err := s.measure(op.SelectionSet, 1); err != nil {
			return err
		}
	}
	return nil
}

// illegible refuses the character NUL, which no text has: not every database keeps
// it, or even finds nothing for it.
func illegible() *gqlerror.Error {
	return refusal(codeInput, "A text may not have the character U+0000.")
}

// legible reports whether no text of a value in a document has a NUL.
func legible(v *ast.Value) bool {
	if v == nil {
		return true
	}
	for _, child := range v.Children {
		if !legible(child.Value) {
			return false
		}
	}
	return !strings.ContainsRune(v.Raw, 0)
}

// legibleVariable is legible for a variable.
func legibleVariable(v any) bool {
	switch v := v.(type) {
	case string:
		return !strings.ContainsRune(v, 0)
	case []any:
		return !slices.ContainsFunc(v, func(one any) bool { return !legibleVariable(one) })
	case map[string]any:
		for key, one := range v {
			if !legibleVariable(key) || !legibleVariable(one) {
				return false
			}
		}
	}
	return true
}

func (s *shape) measure(set ast.SelectionSet, depth int) *gqlerror.Error {
	if depth > s.limits.Depth && len(set) > 0 {
		return refusal(codeDepth, "This document is more than %d fields deep.", s.limits.Depth)
	}
	same := map[string]int{}
	return s.level(set, depth, same)
}

// level measures the selections of one level, fragments included.
func (s *shape) level(set ast.SelectionSet, depth int, same map[string]int) *gqlerror.Error {
	for _, sel := range set {
		if s.left--; s.left < 0 {
			return refusal(codeCost, "The fragments of this document spread too far.")
		}
		var err *gqlerror.Error
		switch sel := sel.(type) {
		case *ast.Field:
			for _, a := range sel.Arguments {
				if !legible(a.Value) {
					return illegible()
				}
			}
			if sel.Alias != "" && sel.Alias != sel.Name {
				s.aliases++
				same[sel.Name]++
			}
			if s.aliases > s.limits.Aliases || same[sel.Name] > s.limits.SameField {
				return refusal(codeAliases, "A document may have %d aliases, and %d of one field beside one another.",
					s.limits.Aliases, s.limits.SameField)
			}
			// Introspection is as deep as types are, and validation has a limit
			// of its own for it.
			if depth == 1 && strings.HasPrefix(sel.Name, "__") {
				continue
			}
			err = s.measure(sel.SelectionSet, depth+1)
		case *ast.InlineFragment:
			err = s.level(sel.SelectionSet, depth, same)
		case *ast.FragmentSpread:
			f := s.doc.Fragments.ForName(sel.Name)
			if f == nil || s.open[sel.Name] {
				continue // validation says what is wrong with it
			}
			s.open[sel.Name] = true
			err = s.level(f.SelectionSet, depth, same)
			s.open[sel.Name] = false
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// someRows is how many rows a list without pages is taken to have, and fewRows
	// one that belongs to a row of another: the telephone numbers of a patient, the
	// lines of an invoice. Where there are more, the answer itself is bounded.
	someRows = 20
	fewRows  = 5
)

// cost is what an operation asks for: one for each field of each object, a page's
// worth of objects for each list. More than tooMuch is not counted.
type cost struct {
	schema    *ast.Schema
	variables map[string]any
}

const tooMuch = 1 << 40 // no sum of such numbers overflows

// spot is where fields stand: page is the size of the page that their object is,
// when it is one, and row says that their object is one of many.
type spot struct {
	page int
	row  bool
}

func (c cost) of(set ast.SelectionSet, at spot) int {
	total := 0
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			total += c.field(sel, at)
		case *ast.InlineFragment:
			total += c.of(sel.SelectionSet, at)
		case *ast.FragmentSpread:
			total += c.of(sel.Definition.SelectionSet, at)
		}
		if total > tooMuch {
			return tooMuch
		}
	}
	return total
}

// field is one field of one object.
func (c cost) field(f *ast.Field, at spot) int {
	if len(f.SelectionSet) == 0 || strings.HasPrefix(f.Name, "__") {
		return 1
	}
	args := f.ArgumentMap(c.variables)
	size, paged := pageSize(args)
	if f.Definition == nil || f.Definition.Type.Elem == nil {
		within := spot{row: at.row}
		if f.Definition != nil && holdsPage(c.schema, f.Definition.Type.Name()) {
			within.page = size // the page itself is free: its rows are counted
		}
		return min(tooMuch, 1+c.of(f.SelectionSet, within))
	}
	rows := someRows
	ids, named := args["ids"].([]any)
	switch {
	case named:
		rows = max(1, len(ids))
	case paged:
		rows = size
	case at.page > 0:
		rows = at.page
	case at.row:
		rows = fewRows
	}
	return min(tooMuch, rows*(1+c.of(f.SelectionSet, spot{row: true})))
}

// pageSize reads the size of the page from the arguments.
func pageSize(args map[string]any) (size int, paged bool) {
	size = wire.DefaultPage
	for _, name := range []string{"pagination", "cursorPagination", "pageSize"} {
		v, ok := args[name]
		if m, isMap := v.(map[string]any); isMap {
			v, ok = m["pageSize"], true
		}
		if !ok {
			continue
		}
		paged = true
		switch n := v.(type) {
		case int64:
			size = int(min(max(n, 1), wire.MaxPage))
		case int:
			size = min(max(n, 1), wire.MaxPage)
		case nil:
		default:
			var asked int
			if _, err := fmt.Sscan(fmt.Sprint(n), &asked); err == nil {
				size = min(max(asked, 1), wire.MaxPage)
			}
		}
	}
	return size, paged
}

// holdsPage reports whether a type is a page of a list: it has data, a list.
func holdsPage(schema *ast.Schema, name string) bool {
	d := schema.Types[name]
	if d == nil {
		return false
	}
	data := d.Fields.ForName("data")
	return data != nil && data.Type.Elem != nil
}
