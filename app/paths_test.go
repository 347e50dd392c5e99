package app_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// inComment is a name of a file in the list of a package comment, and inDocs what a page has between backquotes.
	inComment = regexp.MustCompile(`(?m)(?:^|\s)\t? *([a-z0-9_./*-]+\.(?:go|templ|sql))\b`)
	inDocs    = regexp.MustCompile("`([a-z0-9_.-]+(?:/[a-z0-9_.-]*)*)`")
)

// TestEveryFileThatIsNamedExists looks for the files of ours that package comments and documentation name.
func TestEveryFileThatIsNamedExists(t *testing.T) {
	known, dirs := map[string]bool{}, map[string]bool{}
	for dir, names := range files(t) {
		dirs[strings.Split(dir, "/")[0]] = true
		for _, name := range names {
			known[filepath.Base(name)] = true
			comment(t, filepath.Join("..", dir), filepath.Join("..", dir, filepath.Base(name)))
		}
	}
	pages, err := filepath.Glob("../docs/*.md")
	deeper, err2 := filepath.Glob("../docs/*/*.md")
	if err != nil || err2 != nil || len(deeper) == 0 {
		t.Fatal(err, err2)
	}
	for _, page := range append(append(pages, deeper...), "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inDocs.FindAllSubmatch(text, -1) {
			name := string(found[1])
			first, _, path := strings.Cut(name, "/")
			switch {
			case path && dirs[first] && !exists(filepath.Join("..", name)),
				!path && strings.HasSuffix(name, ".go") && !known[name]:
				t.Errorf("%s names `%s`, which does not exist: write its name of today", page, name)
			}
		}
	}
}

// comment looks for the files that the package comment in a file names.
func comment(t *testing.T, dir, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range inComment.FindAllStringSubmatch(f.Doc.Text(), -1) {
		name := found[1]
		if !exists(filepath.Join(dir, name)) && !exists(filepath.Join("..", name)) {
			t.Errorf("the package comment in %s names %s, which does not exist: write its name of today", file, name)
		}
	}
}

func exists(path string) bool {
	found, err := filepath.Glob(path)
	return err == nil && len(found) > 0
}
