package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/constant"
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
	"codes written twice": {0,
		"use the constant that has this code, such as input.CodeChoice; several places need a constant"},
	"forbidden in core": {0,
		"core has no HTTP, SQL, files or real clock: take a value, or declare a small interface"},
	"words to avoid": {0, "name who does what, as docs/style.md says: the patient, the endpoint, a member of staff"},
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
	words(t, note)
	c := codes{map[string]int{}, map[string]string{}, map[string][]string{}}
	for _, p := range ours(t) {
		methods(p, note)
		c.add(p)
	}
	c.judge(note)
	listed(t, slices.Sorted(maps.Keys(c.declared)))
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

// inCore are what core may not import.
var inCore = []string{"net/http", "database/sql", "os"}

// texts measures what can be seen in the text of each file.
func texts(t *testing.T, note func(limit, of string, n int)) {
	t.Helper()
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
}

// avoided are the words that docs/style.md rules out, in text and in names of tests.
var avoided = regexp.MustCompile(`\b([Ww]hoever|[Ss]omebody|[Nn]obody|told of|[Ww]hat (became|becomes) of|` +
	`[Ss]enseless|makes no sense|looks over)\b|func Test\w*(Told|Nobody|Somebody|Whoever|However|BecomesOf)`)

// wordsIn are the kinds of files whose words count.
var wordsIn = []string{".go", ".md", ".graphql", ".yaml", ".yml", ".json", ".templ", ".css", ".sql", ".sh"}

// words counts the words to avoid in each folder at the top.
func words(t *testing.T, note func(limit, of string, n int)) {
	t.Helper()
	// The two that name the words.
	found, spared := map[string]int{}, []string{"app/guard_test.go", "docs/style.md"}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, "../")
		if d.IsDir() {
			if base := d.Name(); base == "node_modules" || base == "testdata" || base != ".." && base[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains(wordsIn, filepath.Ext(name)) || slices.Contains(spared, name) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && !generated(text) {
			top, _, _ := strings.Cut(name, "/")
			found[top] += len(avoided.FindAll(text, -1))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for top, n := range found {
		note("words to avoid", top, n)
	}
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

// checked is one of our packages, as the compiler sees it.
type checked struct {
	name  string // without the name of the module
	of    *types.Package
	files []*ast.File
	info  types.Info
}

// ours are our packages, but for generated ones.
func ours(t *testing.T) []checked {
	t.Helper()
	exports := exported(t)
	set := token.NewFileSet()
	load := importer.ForCompiler(set, "gc",
		func(path string) (io.ReadCloser, error) { return os.Open(exports[path].Export) })
	var out []checked
	for path, p := range exports {
		name, ok := strings.CutPrefix(path, "frontdesk/")
		if !ok || name == "rest/oas" || name == "graph/gql" {
			continue
		}
		c := checked{name: name, info: types.Info{Types: map[ast.Expr]types.TypeAndValue{},
			Uses: map[*ast.Ident]types.Object{}}}
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.files = append(c.files, f)
		}
		var err error
		if c.of, err = (&types.Config{Importer: load}).Check(path, set, c.files, &c.info); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// methods counts the full method sets of what a package declares.
func methods(p checked, note func(limit, of string, n int)) {
	for _, name := range p.of.Scope().Names() {
		o, ok := p.of.Scope().Lookup(name).(*types.TypeName)
		if !ok || o.IsAlias() {
			continue
		}
		of := p.name + "." + name
		if i, ok := o.Type().Underlying().(*types.Interface); ok {
			limit := "methods of an interface"
			if strings.HasSuffix(name, "Tx") {
				limit = "methods of a Tx"
			}
			note(limit, of, i.NumMethods())
		} else if p.name == "store" || strings.HasPrefix(p.name, "store/") {
			note("methods of a store type", of, types.NewMethodSet(types.NewPointer(o.Type())).Len())
		}
	}
}

// codes are the codes of faults and of their fields.
type codes struct {
	declared map[string]int      // how often fault.New makes one
	named    map[string]string   // the constants Code… by what they are
	written  map[string][]string // the packages that write one out where a fault or a field is made
}

func (c codes) add(p checked) {
	for _, name := range p.of.Scope().Names() {
		o, ok := p.of.Scope().Lookup(name).(*types.Const)
		if ok && strings.HasPrefix(strings.ToLower(name), "code") && o.Val().Kind() == constant.String {
			c.named[constant.StringVal(o.Val())] = p.name + "." + name
		}
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				at, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) < 3 {
					break
				}
				switch o := p.info.Uses[at.Sel]; {
				case o == nil || o.Pkg() == nil:
				case o.Pkg().Path() == "frontdesk/core/fault" && o.Name() == "New":
					if v := p.info.Types[n.Args[1]].Value; v != nil {
						c.declared[constant.StringVal(v)]++
					}
					c.write(p, n.Args[1])
				case strings.HasPrefix(o.Pkg().Path(), "frontdesk/core/") && o.Name() == "Wrong":
					c.write(p, n.Args[1])
				}
			case *ast.CompositeLit:
				if of := p.info.Types[n].Type; of == nil || of.String() != "frontdesk/core/fault.Field" {
					break
				}
				for _, e := range n.Elts {
					if e, ok := e.(*ast.KeyValueExpr); ok && fmt.Sprint(e.Key) == "Code" {
						c.write(p, e.Value)
					}
				}
			}
			return true
		})
	}
}

// write notes a code that stands there as text.
func (c codes) write(p checked, e ast.Expr) {
	if _, ok := e.(*ast.BasicLit); ok {
		code := constant.StringVal(p.info.Types[e].Value)
		c.written[code] = append(c.written[code], p.name)
	}
}

func (c codes) judge(note func(limit, of string, n int)) {
	for code, n := range c.declared {
		note("declarations of a fault", code, n)
	}
	for code, in := range c.written {
		if name, ok := c.named[code]; ok {
			note("codes written twice", name+" in "+strings.Join(slices.Compact(slices.Sorted(slices.Values(in))), ", "),
				len(in))
		} else if len(in) > 1 && c.declared[code] < 2 {
			note("codes written twice", code+" in "+strings.Join(in, ", "), len(in))
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
