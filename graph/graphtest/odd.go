package graphtest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// The odd values. Texts that JSON cannot write are written as they are sent.
var (
	oddTexts = []any{
		"", " ", "\x00", "a\x00b", "\u200b", "\u2028", "\ufffd", "é́́́", "😀👩‍👩‍👧", "ﷺ", "\u202eolleh", "%", "_%_", `\`,
		`"`,
		"'; DROP TABLE patient; --", "<script>alert(1)</script>",
		"null", "0", "-1", "true", "{}", "[]", "a\nb\r\nc\td", "\x7f\x1b[31m", strings.Repeat("x", 41),
		strings.Repeat("é", 300), strings.Repeat("long ", 4000),
		json.RawMessage(`"\ud800"`), json.RawMessage(`"\udc00\ud83d"`), "+447700900123", "a@b", "http://127.0.0.1/",
		"../../etc/passwd", "9999-99-99", "1e400", "٣", "İstanbul",
	}
	oddInts   = []any{0, -1, 2, 3, 50, 200, 201, 1000, 1 << 30, 1<<31 - 1, -1 << 31}
	oddFloats = []any{
		0, -1, 0.001, 0.005, -0.01, 12.345, 1e6, 1e12, 9007199254740993, 92233720368547758.07, 1e15, 1e18, -1e18, 1e300,
		1.7976931348623157e308, 5e-324,
	}
	oddDates = []any{
		"", "0001-01-01", "0001-01-01T00:00:00+14:00", "0000-12-31", "9999-12-31T23:59:59.999Z",
		"9999-12-31T23:59:59-14:00",
		"1582-10-10", "1970-01-01", "2031-02-30",
		"2032-02-29", "2031-03-30T01:30:00Z", "2031-03-30T01:30:00", "2031-10-26T01:30:00Z",
		"2031-06-06T09:00:00.123456789Z",
		"2031-06-06T09:00:60Z", "24:00", "soon",
		0, -1, -62135596800000, 253402300799999, 1925000000000,
	}
)

// value is a value of a type: mostly the right one, often an odd one.
func (r *random) value(name string, kind *ast.Type, depth int) any {
	if !kind.NonNull && r.one(3*r.temper) {
		return nil
	}
	if kind.Elem != nil {
		var list = []any{}
		many := r.n(4)
		if r.one(40) {
			many = 205
		}
		for range many {
			list = append(list, r.value(name, kind.Elem, depth))
		}
		return list
	}
	def := Schema().Types[kind.Name()]
	switch def.Kind {
	case ast.Enum:
		return word(def.EnumValues[r.n(len(def.EnumValues))].Name)
	case ast.InputObject:
		return r.object(def, depth)
	}
	if r.one(r.temper) {
		return r.odd(kind.Name())
	}
	return r.right(r.whose(), name, kind)
}

// whose is the world an id is from.
func (r *random) whose() World {
	if len(r.others) > 0 && r.one(r.temper) {
		return pick(r.Chance, r.others)
	}
	return r.own
}

// right is the value that Call would write.
func (r *random) right(w World, name string, kind *ast.Type) any {
	text := w.Value(r.field, name, kind)
	if !json.Valid([]byte(text)) {
		return nil
	}
	return json.RawMessage(text)
}

func (r *random) odd(scalar string) any {
	switch scalar {
	case "ID":
		switch r.n(4) {
		case 0:
			return pick(r.Chance, oddTexts)
		case 1:
			return pick(r.Chance,
				[]any{1, "1", "000000000000000000000000", "ffffffffffffffffffffffff",
					strings.ToUpper(r.own["patient"])})
		}
		// An id of something else.
		w := r.whose()
		return w[pick(r.Chance, w.kinds())]
	case "Int":
		return pick(r.Chance, oddInts)
	case "Float":
		return pick(r.Chance, oddFloats)
	case "Boolean":
		return r.one(2)
	case "Date", "DateTime":
		return pick(r.Chance, oddDates)
	case "QuestionnaireAnswerScalar":
		return pick(r.Chance,
			[]any{pick(r.Chance, oddTexts), pick(r.Chance, oddFloats), object{}, object{{"code", "1"},
				{"name", "\x00"}},
				[]any{}, []any{"a", nil}, true})
	}
	return pick(r.Chance, oddTexts)
}

// kinds are what a world has ids of, in an order.
func (w World) kinds() []string {
	var out []string
	for kind, id := range w {
		if len(id) == 24 {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// object is an input object with some of its fields.
func (r *random) object(def *ast.Definition, depth int) any {
	out := object{}
	few := r.one(3)
	for _, f := range def.Fields {
		needed := f.Type.NonNull && f.DefaultValue == nil
		switch {
		case needed:
		case depth == 0, few && !r.one(4), r.one(4):
			continue
		}
		out = append(out, member{f.Name, r.value(f.Name, f.Type, depth-1)})
	}
	return out
}
