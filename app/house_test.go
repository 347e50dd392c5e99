package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// forTests are libraries that only tests use, anywhere.
var forTests = []string{"pgregory.net/rapid", "github.com/google/go-cmp", "github.com/teambition/rrule-go",
	"github.com/jackc/pgx", "github.com/standard-webhooks/standard-webhooks", "go.yaml.in/yaml",
	"github.com/vektah/gqlparser"}

func allowed(list []string, what string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, deep := strings.CutSuffix(a, "...")
		return a == what || a == "*" || deep && strings.HasPrefix(what+"/", prefix)
	})
}

func theirs(list []string, what string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		return a == "*" || what == a || strings.HasPrefix(what,
			a+"/")
	})
}

// files are the Go files of the house, by folder.
func files(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "tools" || name == "testdata" || strings.HasPrefix(name,
			".") && name != "..") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			dir, err := filepath.Rel("..", filepath.Dir(path))
			if err != nil {
				return err
			}
			out[dir] = append(out[dir], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheHouseKeepsItsRooms(t *testing.T) {
	found := files(t)
	for dir, names := range found {
		room, ok := rooms[dir]
		if !ok {
			t.Errorf("%s is no room: add it to rooms with what it may import, and to README's table", dir)
			continue
		}
		for _, name := range names {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			test := strings.HasSuffix(name, "_test.go")
			for _, i := range f.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				ours, isOurs := strings.CutPrefix(path, "frontdesk/")
				switch {
				case isOurs && (allowed(room.ours, ours) || test):
				case isOurs:
					t.Errorf("%s imports %s: declare the few methods it needs, or allow that import in rooms[%q]", name,
						ours, dir)
				case !strings.Contains(strings.Split(path, "/")[0], "."): // the standard library
				case theirs(room.theirs, path), test && theirs(forTests, path):
				default:
					t.Errorf("%s imports %s: use what is there, or allow the module in rooms[%q]", name, path, dir)
				}
			}
		}
	}
	for dir := range rooms {
		if len(found[dir]) == 0 {
			t.Errorf("%s has no Go files: take it out of rooms and of README's table", dir)
		}
	}
}

// maxFile is how many lines a file of the program has at most.
const maxFile = 500

func TestNothingGrowsTooLarge(t *testing.T) {
	for dir, names := range files(t) {
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(string(text), "\n"); lines > maxFile && !generated(text) {
				t.Errorf("%s has %d lines, and may have %d: cut it where a second noun begins", name, lines, maxFile)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil && !generated(text) && !packageHasDoc(names) {
				t.Errorf("%s: the package does not say what it is for: add a package comment that lists its files", dir)
			}
		}
	}
}

// generated reports whether a program wrote the file.
func generated(text []byte) bool {
	return strings.Contains(string(text[:min(len(text), 500)]), "DO NOT EDIT")
}

func packageHasDoc(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
		return err == nil && f.Doc != nil
	})
}

// TestTheReadmeMapsTheRooms compares README's map with the folders. A room stands for the rooms in it.
func TestTheReadmeMapsTheRooms(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "## The rooms")
	if !ok {
		t.Fatal("README has no table of rooms: restore its section \"The rooms\"")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	named := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(part, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[m[1]] = true
			if _, err := os.Stat("../" + m[1]); err != nil {
				t.Errorf("README names %s, which is not there: correct or delete the row of its table", m[1])
			}
		}
	}
	for dir := range rooms {
		within := dir
		for !named[within] && within != "." {
			within = filepath.Dir(within)
		}
		if !named[within] {
			t.Errorf("README's map of rooms names neither %s nor a folder it is in: add a row", dir)
		}
	}
}

// TestNothingHasTODOsAndCoreHasNoRealClock finds words that have no place in it.
func TestNothingHasTODOsAndCoreHasNoRealClock(t *testing.T) {
	banned := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b|time\.Now\(\)`)
	for dir, names := range files(t) {
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(dir, "oas") || strings.HasSuffix(dir, "gql") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range banned.FindAllString(string(text), -1) {
				// Core asks its own clock; what measures may look at the real one.
				if found != "time.Now()" || strings.HasPrefix(dir, "core") {
					remedy := "do it now, or describe it in an issue"
					if found == "time.Now()" {
						remedy = "take the time from the service's field Now"
					}
					t.Errorf("%s has %s: %s", name, found, remedy)
				}
			}
		}
	}
}

// TestTheHouseNumbersEachMigrationOnce finds two that were given one number side by
// side: no database could be opened with both.
func TestTheHouseNumbersEachMigrationOnce(t *testing.T) {
	all, err := filepath.Glob("../store/migrations/*.sql")
	if err != nil || len(all) < 20 {
		t.Fatalf("%d migrations, %v", len(all), err)
	}
	taken := map[string]string{}
	for _, f := range all {
		number, _, _ := strings.Cut(filepath.Base(f), "_")
		if other := taken[number]; other != "" {
			t.Errorf("%s and %s have one number: give the later one the next that is free", other, f)
		}
		taken[number] = f
	}
}

// checksInput finds where core names the field of a fault.
var checksInput = regexp.MustCompile(`\binput\.Checks\b|\bfault\.(Wrong|Input|Field)\b|\bMisnamed\(`)

// wireSpelling finds a name as a contract spells it: camelCase, or a header.
var wireSpelling = regexp.MustCompile(`"[a-z][a-z0-9_.]*[A-Z][A-Za-z0-9_.]*"|"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+"`)

// TestFaultFieldsInCoreAreSnakeCase reads each declaration of core that checks input.
func TestFaultFieldsInCoreAreSnakeCase(t *testing.T) {
	for dir, names := range files(t) {
		for _, name := range names {
			if !strings.HasPrefix(dir, "core/") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				code := text[set.Position(d.Pos()).Offset:set.Position(d.End()).Offset]
				if !checksInput.Match(code) {
					continue
				}
				for _, wrong := range wireSpelling.FindAll(code, -1) {
					t.Errorf("%s: %s is no field of core's: name it in snake_case, and add it to the tables called.go "+
						"of rest and graph", set.Position(d.Pos()), wrong)
				}
			}
		}
	}
}
