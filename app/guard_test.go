package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// update writes testdata/limits.json again, where a number fell: never where one rose.
var update = flag.Bool("lower", false, "write what fell into testdata/limits.json")

// limits are what every package, interface and type keeps to. What did not when the limit was made stands in
// testdata/limits.json with its number then, which may only fall.
var limits = map[string]struct {
	most int
	so   string // what to do
}{
	"lines of a package": {2500, "cut the package where a joint is: a second noun, or what others call"},
	"lines of a test":    {600, "cut the test file by what it is about"},
	"long lines":         {0, "wrap lines at 120 columns"},
	"long functions":     {0, "a function has at most 60 lines: name the parts of it"},
	"methods of a Tx": {20,
		"a transaction has at most 20 methods, counted with what it embeds: declare the few that each function needs"},
	"methods of an interface": {10, "declare the few methods its user calls, beside the user"},
	"methods of a store type": {60, "move an area into a package of its own under store, over store.Conn"},
	"declarations of a fault": {1, "declare a fault's code once, in the room that decides, and use that"},
	"forbidden in core": {0,
		"core has no HTTP, SQL, files or real clock: take a value, or declare a small interface"},
}

// TestEverythingKeepsItsLimits measures the house.
func TestEverythingKeepsItsLimits(t *testing.T) {
	found := map[string]map[string]int{}
	note := func(limit, of string, n int) {
		if n > limits[limit].most {
			if found[limit] == nil {
				found[limit] = map[string]int{}
			}
			found[limit][of] = n
		}
	}
	texts(t, note)
	methods(t, note)
	const file = "testdata/limits.json"
	known := map[string]map[string]int{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		t.Fatal(err)
	}
	lowered := false
	for limit, all := range found {
		for of, n := range all {
			allowed := max(known[limit][of], limits[limit].most)
			if n > allowed {
				t.Errorf("%s: %s, %d, and may be %d: %s", of, limit, n, allowed, limits[limit].so)
			}
		}
	}
	for limit, all := range known {
		for of, n := range all {
			now := found[limit][of]
			switch {
			case now < n && *update && now == 0:
				delete(all, of)
				lowered = true
			case now < n && *update:
				all[of], lowered = now, true
			case now < n:
				t.Logf("%s: %s, %d, and was %d: go test ./app -run KeepsItsLimits -lower", of, limit, now, n)
			}
		}
	}
	if !lowered {
		return
	}
	out, err := json.MarshalIndent(known, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(out, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// faultCode finds where a fault is declared.
var faultCode = regexp.MustCompile(`\bfault\.New\(\s*fault\.\w+,\s*"([a-z0-9_]+)"`)

// inCore are what core may not import.
var inCore = []string{"net/http", "database/sql", "os"}

// texts measures what can be seen in the text of each file.
func texts(t *testing.T, note func(limit, of string, n int)) {
	t.Helper()
	codes := map[string]int{}
	for dir, names := range files(t) {
		lines, long, functions := 0, 0, 0
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if generated(text) {
				continue
			}
			test := strings.HasSuffix(name, "_test.go")
			n := bytes.Count(text, []byte("\n"))
			for line := range strings.SplitSeq(string(text), "\n") {
				if len([]rune(line)) > 120 {
					long++
				}
			}
			if test {
				note("lines of a test", strings.TrimPrefix(name, "../"), n)
				continue
			}
			lines += n
			for _, m := range faultCode.FindAllStringSubmatch(string(text), -1) {
				codes[m[1]]++
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			functions += longFunctions(set, f)
			if strings.HasPrefix(dir, "core") {
				for what, n := range forbidden(f) {
					note("forbidden in core", dir+" "+what, n)
				}
			}
		}
		note("lines of a package", dir, lines)
		note("long lines", dir, long)
		note("long functions", dir, functions)
	}
	for code, n := range codes {
		note("declarations of a fault", code, n)
	}
	listed(t, slices.Sorted(maps.Keys(codes)))
}

// listed compares the codes of faults with the list of them, which partners' programs rely on.
func listed(t *testing.T, codes []string) {
	t.Helper()
	const file = "testdata/faults.txt"
	want := strings.Join(codes, "\n") + "\n"
	got, err := os.ReadFile(file)
	if *update {
		err = os.WriteFile(file, []byte(want), 0o644)
		got = []byte(want)
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not the list of fault codes: go test ./app -run KeepsItsLimits -lower", file)
	}
}

func longFunctions(set *token.FileSet, f *ast.File) (n int) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && set.Position(fn.End()).Line-set.Position(fn.Pos()).Line+1 > 60 {
			n++
		}
	}
	return n
}

// forbidden counts what a file of core uses and may not.
func forbidden(f *ast.File) map[string]int {
	out := map[string]int{}
	for _, i := range f.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); slices.Contains(inCore, path) {
			out[path]++
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if on, ok := s.X.(*ast.Ident); ok && on.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Sleep") {
				out["time."+s.Sel.Name]++
			}
		}
		return true
	})
	return out
}

// methods counts the full method sets of what our packages declare, as the compiler does.
func methods(t *testing.T, note func(limit, of string, n int)) {
	t.Helper()
	exports := exported(t)
	set := token.NewFileSet()
	load := importer.ForCompiler(set, "gc",
		func(path string) (io.ReadCloser, error) { return os.Open(exports[path].Export) })
	for path, p := range exports {
		ours, ok := strings.CutPrefix(path, "frontdesk/")
		if !ok || ours == "rest/oas" || ours == "graph/gql" {
			continue
		}
		var parsed []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		checked, err := (&types.Config{Importer: load}).Check(path, set, parsed, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range checked.Scope().Names() {
			o, ok := checked.Scope().Lookup(name).(*types.TypeName)
			if !ok || o.IsAlias() {
				continue
			}
			of := ours + "." + name
			if i, ok := o.Type().Underlying().(*types.Interface); ok {
				limit := "methods of an interface"
				if strings.HasSuffix(name, "Tx") {
					limit = "methods of a Tx"
				}
				note(limit, of, i.NumMethods())
			} else if ours == "store" || strings.HasPrefix(ours, "store/") {
				note("methods of a store type", of, types.NewMethodSet(types.NewPointer(o.Type())).Len())
			}
		}
	}
}

type listing struct {
	ImportPath, Export, Dir string
	GoFiles                 []string
}

// exported is what go list says of our packages and of those they import.
func exported(t *testing.T) map[string]listing {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles",
		"./...")
	cmd.Dir = ".."
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, trouble.String()))
	}
	all := map[string]listing{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listing
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	return all
}
