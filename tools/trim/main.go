// Command trim cuts generated packages down to what the program can reach, so
// that a cold build compiles less:
//
//	go run -C tools ./trim ../rest/oas ../graph/gql
//
// Methods that nothing calls go (most: a request is never encoded, a response
// never decoded); what is left is shortened where the meaning stays the same.
//
//	main.go     load, delete, write
//	reach.go    what is reached
//	shorten.go  the same in fewer functions
package main

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	for _, folder := range os.Args[1:] {
		if err := trim(folder); err != nil {
			log.Fatalf("%s: %v", folder, err)
		}
	}
}

// trim rewrites the package in a folder.
func trim(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := shortened(name); err != nil {
			return err
		}
	}
	config := &packages.Config{
		Dir: folder,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
		ParseFile: func(set *token.FileSet, name string, src []byte) (*ast.File, error) {
			f, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
			if err == nil && filepath.Dir(name) != folder {
				for _, d := range f.Decls { // of others, only what they declare matters
					if fn, ok := d.(*ast.FuncDecl); ok {
						fn.Body = nil
					}
				}
			}
			return f, err
		},
	}
	loaded, err := packages.Load(config, ".")
	if err != nil {
		return err
	}
	of := loaded[0]
	for _, e := range of.Errors {
		return e
	}
	keep := reached(of)
	for i, f := range of.Syntax {
		if err := rewrite(of, of.CompiledGoFiles[i], f, keep); err != nil {
			return err
		}
	}
	return nil
}

// shortened rewrites a file in fewer functions.
func shortened(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return err
	}
	out, _, err := tidy(name, shorten(set, f, src))
	if err != nil {
		return err
	}
	return os.WriteFile(name, out, 0o644)
}

// rewrite leaves in a file what is kept.
func rewrite(p *packages.Package, name string, f *ast.File, keep map[string]bool) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	type cut struct{ from, to int }
	var cuts []cut
	drop := func(n ast.Node, doc *ast.CommentGroup) {
		from := n.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		cuts = append(cuts, cut{p.Fset.Position(from).Offset, p.Fset.Position(n.End()).Offset})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if !keep[declared(d)] {
				drop(d, d.Doc)
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			left := 0
			for _, s := range d.Specs {
				if kept(s, keep) {
					left++
				}
			}
			if left == 0 {
				drop(d, d.Doc)
			} else if d.Tok == token.TYPE && left < len(d.Specs) {
				for _, s := range d.Specs {
					if !kept(s, keep) {
						drop(s, s.(*ast.TypeSpec).Doc)
					}
				}
			}
		}
	}
	sort.Slice(cuts, func(i, j int) bool { return cuts[i].from > cuts[j].from })
	for _, c := range cuts {
		src = append(src[:c.from:c.from], src[c.to:]...)
	}
	out, empty, err := tidy(name, src)
	if err != nil {
		return err
	}
	if empty {
		return os.Remove(name)
	}
	return os.WriteFile(name, out, 0o644)
}

// tidy removes the imports that what is left of a file no longer needs.
func tidy(name string, src []byte) (out []byte, empty bool, err error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return nil, false, err
	}
	empty = true
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.IMPORT {
			empty = false
		}
	}
	for _, group := range astutil.Imports(set, f) {
		for _, i := range group {
			path := strings.Trim(i.Path.Value, `"`)
			alias := ""
			if i.Name != nil {
				alias = i.Name.Name
			}
			if !astutil.UsesImport(f, path) && alias != "_" {
				astutil.DeleteNamedImport(set, f, alias, path)
			}
		}
	}
	var b strings.Builder
	if err := format.Node(&b, set, f); err != nil {
		return nil, false, err
	}
	out, err = format.Source([]byte(b.String()))
	return out, empty, err
}
