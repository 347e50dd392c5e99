package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
)

// called are methods that the doors, the standard library and the generators'
// run time libraries call.
var called = []string{
	"Error", "Unwrap", "Is", "As", "String", "IsValid",
	"ServeHTTP", "WriteHeader", "Write", "Header", "Flush", "Read", "Close", "FindRoute", "OperationID",
	"Get", "Or", "SetTo", "SetToNull", "IsSet", "IsNull", "AllValues",
	"MarshalGQL", "UnmarshalGQL", "MarshalGQLContext", "UnmarshalGQLContext", "Schema", "Complexity", "Exec",
}

// walk finds what is reached from what.
type walk struct {
	of      *packages.Package
	nodes   map[string][]ast.Node        // what a name stands for
	methods map[string]map[string]string // the methods of a type, by name
	keep    map[string]bool
	calls   map[string]bool // methods called through an interface
	todo    []string
}

// reached names all that a package exports and what that refers to. A method
// stays when it is called, or may be through an interface.
func reached(of *packages.Package) map[string]bool {
	w := &walk{
		of: of, nodes: map[string][]ast.Node{}, methods: map[string]map[string]string{}, keep: map[string]bool{},
		calls: map[string]bool{},
	}
	for _, name := range called {
		w.calls[name] = true
	}
	for _, f := range of.Syntax {
		for _, d := range f.Decls {
			w.declare(d)
		}
	}
	for name := range w.nodes {
		if ast.IsExported(name) && !strings.Contains(name, ".") {
			w.mark(name)
		}
	}
	w.mark("init")
	w.mark("_")
	for {
		for len(w.todo) > 0 {
			name := w.todo[len(w.todo)-1]
			w.todo = w.todo[:len(w.todo)-1]
			for _, n := range w.nodes[name] {
				w.uses(n, of.TypesInfo)
			}
		}
		for name, methods := range w.methods {
			for m, whole := range methods {
				if w.keep[name] && w.calls[m] {
					w.mark(whole)
				}
			}
		}
		if len(w.todo) == 0 {
			return w.keep
		}
	}
}

func (w *walk) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := declared(d)
		w.nodes[name] = append(w.nodes[name], d)
		if d.Recv != nil {
			t := receiver(d)
			if w.methods[t] == nil {
				w.methods[t] = map[string]string{}
			}
			w.methods[t][d.Name.Name] = name
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				w.nodes[s.Name.Name] = append(w.nodes[s.Name.Name], s)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.Name == "_" && d.Tok == token.VAR {
						continue // an assertion
					}
					w.nodes[n.Name] = append(w.nodes[n.Name], d) // the group stays or goes as one
				}
			}
		}
	}
}

func (w *walk) mark(name string) {
	if !w.keep[name] && w.nodes[name] != nil {
		w.keep[name] = true
		w.todo = append(w.todo, name)
	}
}

// uses marks what of the package a piece of code refers to.
func (w *walk) uses(n ast.Node, info *types.Info) {
	ast.Inspect(n, func(n ast.Node) bool {
		if i, ok := n.(*ast.InterfaceType); ok {
			for _, m := range i.Methods.List {
				for _, name := range m.Names {
					w.calls[name.Name] = true
				}
			}
		}
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := info.Uses[id]
		if o == nil || o.Pkg() == nil || o.Pkg().Path() != w.of.PkgPath {
			return true
		}
		if fn, ok := o.(*types.Func); ok {
			fn = fn.Origin()
			if recv := fn.Signature().Recv(); recv != nil {
				t := recv.Type()
				if p, ok := t.(*types.Pointer); ok {
					t = p.Elem()
				}
				if named, ok := t.(*types.Named); ok && !types.IsInterface(t) {
					w.mark(named.Obj().Name() + "." + fn.Name())
					w.mark(named.Obj().Name())
				} else {
					w.calls[fn.Name()] = true
				}
				return true
			}
		}
		if o.Parent() == o.Pkg().Scope() {
			w.mark(o.Name())
		}
		return true
	})
}

// declared is a function's name, with its type's before it when it is a method.
func declared(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return receiver(d) + "." + d.Name.Name
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// kept says whether anything that s declares is.
func kept(s ast.Spec, keep map[string]bool) bool {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return keep[s.Name.Name]
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if keep[n.Name] || n.Name == "_" {
				return true
			}
		}
	}
	return false
}
