package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ogen-go/ogen/ogenerrors"
	"github.com/ogen-go/ogen/validate"

	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/rest/oas"
	"frontdesk/web"
)

// invalid turns an error of the generated code about a request it could not read
// into a fault that names the field, the code and what was expected.
func invalid(err error) error {
	var tooLarge *http.MaxBytesError
	var media *validate.InvalidContentTypeError
	var params *ogenerrors.DecodeParamsError
	var request *ogenerrors.DecodeRequestError
	switch {
	case errors.As(err, &tooLarge):
		return web.ErrTooLarge
	case errors.As(err, &media):
		return web.ErrMediaType
	case errors.As(err, &params):
		f := finder{operation: params.Name, of: paramsOf(params.Name)}
		var one *ogenerrors.DecodeParamError
		if errors.As(err, &one) {
			f.path = []string{one.Name}
		}
		return fault.Input(f.fields(err)...)
	case errors.As(err, &request):
		f := finder{operation: request.Name, of: bodyOf(request.Name), path: []string{}}
		if errors.Is(err, validate.ErrBodyRequired) {
			return fault.Input(fault.Field{Path: f.path, Code: input.CodeType, Expected: "a JSON object",
				Message: "This request needs a body."})
		}
		if errors.Is(err, io.ErrUnexpectedEOF) && !isJSON(err) {
			return errCut
		}
		return fault.Input(f.fields(err)...)
	}
	return err
}

// isJSON reports whether the error is about the text of the body, rather than
// about receiving it.
func isJSON(err error) bool {
	var decode *ogenerrors.DecodeBodyError
	return errors.As(err, &decode)
}

// finder walks an error down to the fields it is about.
type finder struct {
	operation string
	of        reflect.Type // the generated struct the path leads into
	path      []string
}

// limit finds the bound a number is beyond.
var limit = regexp.MustCompile(`(less|greater) than (?:or equal to )?(-?\d+)`)

// inField finds the names of the fields that decoding was in when it failed.
var inField = regexp.MustCompile(`decode field "([^"]+)"`)

func (f finder) fields(err error) []fault.Field {
	var many *validate.Error
	if errors.As(err, &many) {
		var out []fault.Field
		// What a part of the body lacks is said without where the part is: the text around it says that.
		around, _, _ := strings.Cut(err.Error(), many.Error())
		for _, m := range inField.FindAllStringSubmatch(around, -1) {
			f.path = append(f.path[:len(f.path):len(f.path)], m[1])
		}
		for _, one := range many.Fields {
			sub := f
			sub.path = append(f.path[:len(f.path):len(f.path)], strings.Split(strings.Trim(one.Name, "[]"), ".")...)
			out = append(out, sub.fields(one.Error)...)
		}
		return out
	}
	for _, m := range inField.FindAllStringSubmatch(err.Error(), -1) {
		f.path = append(f.path[:len(f.path):len(f.path)], m[1])
	}
	return []fault.Field{f.field(err)}
}

// field describes one thing wrong.
func (f finder) field(err error) fault.Field {
	t := typeAt(f.of, f.path)
	out := fault.Field{Path: f.path, Expected: expected(t)}
	var short *validate.MinLengthError
	var long *validate.MaxLengthError
	var pattern *validate.NoRegexMatchError
	var when *time.ParseError
	text := err.Error()
	switch {
	case errors.Is(err, validate.ErrFieldRequired):
		out.Code, out.Message = input.CodeType, "This is required."
	case errors.As(err, &short):
		out.Code, out.Expected, out.Message = input.CodeSmall, fmt.Sprintf("at least %d", short.MinLength),
			"This is too short."
	case errors.As(err, &long):
		out.Code, out.Expected, out.Message = input.CodeBig, fmt.Sprintf("at most %d", long.MaxLength),
			"This is too long."
	case errors.As(err, &pattern):
		out.Code, out.Expected, out.Message = input.CodeString, "text that matches "+pattern.Pattern.String(),
			"This does not have the right form."
	case errors.As(err, &when):
		out.Code, out.Message = input.CodeDate, "This is not an instant."
	case limit.MatchString(text):
		m := limit.FindStringSubmatch(text)
		if out.Code, out.Expected, out.Message = input.CodeSmall, "at least "+m[2],
			"This is too small."; m[1] == "greater" {
			out.Code, out.Expected, out.Message = input.CodeBig, "at most "+m[2], "This is too large."
		}
	case strings.Contains(text, "invalid value") && len(choices(t)) > 0:
		out.Code, out.Message = input.CodeChoice, "This is not one of the possible values."
	case len(f.path) == 0:
		out.Code, out.Expected, out.Message = codeJSON, "a JSON object", "The request body is not a JSON object."
	default:
		out.Code, out.Message = input.CodeType, "This is not of the right type."
		if sent := sentAt(err, f.path); sent != "" &&
			slices.Contains([]string{"integer", "number", "boolean"}, out.Expected) {
			out.Message = "This is not of the right type: " + sent + " was sent."
		}
	}
	return out
}

// handler is the generated list of operations; its methods know the type of
// every body and of every set of parameters.
var handler = reflect.TypeFor[oas.Handler]()

func bodyOf(operation string) reflect.Type {
	m, ok := handler.MethodByName(operation)
	if !ok || m.Type.NumIn() < 2 {
		return nil
	}
	return m.Type.In(1)
}

func paramsOf(operation string) reflect.Type {
	m, ok := handler.MethodByName(operation)
	if !ok || m.Type.NumIn() < 2 {
		return nil
	}
	return m.Type.In(m.Type.NumIn() - 1)
}

// typeAt is the type a path leads to, or nil.
func typeAt(t reflect.Type, path []string) reflect.Type {
	for _, name := range path {
		t = inside(t)
		if t != nil && t.Kind() == reflect.Slice {
			if _, err := strconv.Atoi(strings.Trim(name, "[]")); err == nil {
				t = t.Elem()
				continue
			}
			t = inside(t.Elem())
		}
		if t == nil || t.Kind() != reflect.Struct {
			return nil
		}
		t = member(t, name)
	}
	return t
}

// member is the type of a struct's field, by its JSON name, or for parameters
// by its own.
func member(t reflect.Type, name string) reflect.Type {
	plain := strings.NewReplacer("_", "", "-", "", "[]", "")
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name || (tag == "" && strings.EqualFold(f.Name, plain.Replace(name))) {
			return f.Type
		}
	}
	return nil
}

// inside takes the pointer and the generated Opt and Nil wrappers off a type.
func inside(t reflect.Type) reflect.Type {
	for t != nil {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
			continue
		}
		if t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() &&
			(strings.HasPrefix(t.Name(), "Opt") || strings.HasPrefix(t.Name(), "Nil")) {
			if v, ok := t.FieldByName("Value"); ok {
				t = v.Type
				continue
			}
		}
		break
	}
	return t
}

// choices are the values of an enum.
func choices(t reflect.Type) []string {
	t = inside(t)
	if t == nil {
		return nil
	}
	all, ok := t.MethodByName("AllValues")
	if !ok {
		return nil
	}
	values := all.Func.Call([]reflect.Value{reflect.Zero(t)})[0]
	out := make([]string, values.Len())
	for i := range out {
		out[i] = fmt.Sprint(values.Index(i).Interface())
	}
	return out
}

// expected is what a type takes, in a word.
func expected(t reflect.Type) string {
	if list := choices(t); len(list) > 0 {
		return "one of " + strings.Join(list, ", ")
	}
	t = inside(t)
	switch {
	case t == nil:
		return "a valid value"
	case t == reflect.TypeFor[time.Time]():
		return "an instant, such as 2026-03-15T09:30:00Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64, reflect.Float32:
		return "number"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "array"
	case reflect.Struct:
		return "object"
	}
	return "a valid value"
}
