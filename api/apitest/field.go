package apitest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"frontdesk/api"
)

// operation is an operation of the REST contract, and the names it takes: of its
// parameters, and of the fields of its body.
type operation struct {
	method string
	path   *regexp.Regexp
	names  map[string]bool
}

var inBraces = regexp.MustCompile(`\{[a-z_]+\}`)

// anyName is a name where callers choose them, as of headers.
const anyName = "*"

// operations reads the contract once.
var operations = sync.OnceValues(func() ([]operation, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(api.OpenAPI, &doc); err != nil {
		return nil, err
	}
	paths, _ := doc["paths"].(map[string]any)
	var out []operation
	for path, methods := range paths {
		pattern := regexp.MustCompile(`^` + inBraces.ReplaceAllString(path, `[^/]*`) + `$`)
		for method, spec := range methods.(map[string]any) {
			o := operation{strings.ToUpper(method), pattern, map[string]bool{}}
			s := spec.(map[string]any)
			parameters, _ := s["parameters"].([]any)
			for _, p := range parameters {
				if name, ok := follow(doc, p)["name"].(string); ok {
					o.names[name], o.names[strings.TrimSuffix(name, "[]")] = true, true
				}
			}
			noteFields(doc, s["requestBody"], o.names, 0)
			out = append(out, o)
		}
	}
	if len(out) < 30 {
		return nil, errors.New("the contract has too few operations")
	}
	return out, nil
})

// follow is a part of the contract, where a reference leads.
func follow(doc map[string]any, v any) map[string]any {
	m, _ := v.(map[string]any)
	for m["$ref"] != nil {
		var at any = doc
		for _, part := range strings.Split(strings.TrimPrefix(m["$ref"].(string), "#/"), "/") {
			at = at.(map[string]any)[part]
		}
		m, _ = at.(map[string]any)
	}
	return m
}

func noteFields(doc map[string]any, v any, out map[string]bool, depth int) {
	m := follow(doc, v)
	if m == nil || depth > 12 {
		return
	}
	properties, _ := m["properties"].(map[string]any)
	for name, of := range properties {
		out[name] = true
		noteFields(doc, of, out, depth+1)
	}
	if m["additionalProperties"] != nil && m["additionalProperties"] != false {
		out[anyName] = true
	}
	for _, part := range []string{"content", "application/json", "schema", "items", "additionalProperties"} {
		noteFields(doc, m[part], out, depth+1)
	}
	for _, part := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := m[part].([]any)
		for _, one := range list {
			noteFields(doc, one, out, depth+1)
		}
	}
}

// everywhere are the headers that operations share.
var everywhere = map[string]bool{"x-api-key": true, "x-practice-group-id": true, "Idempotency-Key": true}

// codeQuery is the code of a query that cannot be read, which names what it has.
const codeQuery = "invalid_query"

// Refusal says which field a refusal of the REST API names that the operation at an
// escaped path does not take.
func Refusal(method, path string, answer map[string]any) error {
	all, err := operations()
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "?")
	var takes map[string]bool
	for _, o := range all {
		if o.method == method && o.path.MatchString(path) && (takes == nil || o.path.String() == "^"+path+"$") {
			takes = o.names
		}
	}
	items, _ := answer["message"].([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		names, _ := m["path"].([]any)
		for _, name := range names {
			name, _ := name.(string)
			if _, err := strconv.Atoi(name); err == nil || takes[name] || takes[anyName] || everywhere[name] ||
				m["code"] == codeQuery {
				continue
			}
			return fmt.Errorf("%s %s takes no %q, which its refusal names: %v", method, path, name, m)
		}
	}
	return nil
}
