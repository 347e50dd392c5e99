package store_test

import (
	"context"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/store/storetest"
)

// statements finds the text of every SQL statement of the store: every constant
// that begins like one.
func statements(t *testing.T) map[string]token.Position {
	t.Helper()
	fset, known, out := token.NewFileSet(), only{}, map[string]token.Position{}
	known["frontdesk/store"] = statementsIn(t, fset, known, ".", out)
	for _, folder := range []string{"listing", "messaging"} { // whose constants others use
		known["frontdesk/store/"+folder] = statementsIn(t, fset, known, folder, map[string]token.Position{})
	}
	folders, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range folders {
		folders[i] = filepath.Dir(name)
	}
	for _, folder := range slices.Compact(folders) {
		if folder != "storetest" {
			statementsIn(t, fset, known, folder, out)
		}
	}
	if len(out) < 60 {
		t.Fatalf("found %d statements, which cannot be all", len(out))
	}
	return out
}

// statementsIn adds the statements of one package, and gives the package.
func statementsIn(
	t *testing.T, fset *token.FileSet, known only, folder string, out map[string]token.Position,
) *types.Package {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	// Of other packages only those are loaded whose constants others use.
	check := types.Config{Error: func(error) {}, Importer: known}
	checked, _ := check.Check("store", fset, files, info) // it misses the other packages
	inside := map[ast.Expr]bool{}                         // expressions that are part of a longer one
	alone := map[string]bool{}                            // constants that are used as they are
	definition := map[ast.Expr]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if info.Types[n].Value != nil {
					inside[n.X], inside[n.Y] = true, true
				}
			case *ast.ValueSpec:
				for i, v := range n.Values {
					definition[v] = n.Names[i].Name
				}
			}
			return true
		})
	}
	for e := range info.Types {
		if name, ok := e.(*ast.Ident); ok && !inside[e] {
			alone[name.Name] = true
		}
	}
	begins := regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)
	for e, v := range info.Types {
		if v.Value == nil || v.Value.Kind() != constant.String || inside[e] {
			continue
		}
		if name, isConstant := definition[e]; isConstant && !alone[name] {
			continue // only ever the beginning of something
		}
		if text := constant.StringVal(v.Value); begins.MatchString(text) {
			out[text] = fset.Position(e.Pos())
		}
	}
	return checked
}

// only are the packages that are loaded, by path; any other is empty.
type only map[string]*types.Package

func (o only) Import(path string) (*types.Package, error) {
	if p := o[path]; p != nil {
		return p, nil
	}
	p := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	p.MarkComplete()
	return p, nil
}

func TestEveryStatementIsUnderstoodByBothDatabases(t *testing.T) {
	all := statements(t)
	storetest.EachAddress(t, func(t *testing.T, address string) {
		storetest.Open(t, address)
		ctx := context.Background()
		var prepare func(text string) error
		if strings.HasPrefix(address, "sqlite:") {
			db := storetest.Raw(t, address)
			prepare = func(text string) error {
				stmt, err := db.PrepareContext(ctx, text)
				if err == nil {
					err = stmt.Close()
				}
				return err
			}
		} else {
			conn, err := pgx.Connect(ctx, address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			prepare = func(text string) error {
				_, err := conn.Prepare(ctx, "", text)
				return err
			}
		}
		for text, at := range all {
			other := postgresOnly
			if !strings.HasPrefix(address, "sqlite:") {
				other = sqliteOnly
			}
			if other.MatchString(text) {
				continue
			}
			if err := prepare(text); err != nil {
				t.Errorf("%s: %v\n%s", at, err, text)
			}
		}
	})
}

// What the two databases are asked of themselves, by the doctor, and what only
// one of them needs.
var (
	postgresOnly = regexp.MustCompile(`current_setting|current_database|pg_(control_system|class|advisory)|SKIP LOCKED`)
	sqliteOnly   = regexp.MustCompile(`sqlite_|json_each`)
)

// overAll are the statements that look beyond one practice group: at the
// program's own tables, or at the list of groups.
var overAll = regexp.MustCompile(`(FROM|INTO|UPDATE) (node|instance|installation|throttle|sign_in|sign_in_attempt|` +
	`goose_db_version|sqlite_stat1|sqlite_schema)\b|SELECT 1$|ORDER BY practice_group_id$|` +
	`current_setting|current_database|pg_control_system|pg_class|pg_advisory|sqlite_version`)

// TestEveryStatementNamesItsPracticeGroup counts the tables a statement touches
// and the times it says which group's rows it means.
func TestEveryStatementNamesItsPracticeGroup(t *testing.T) {
	tables := regexp.MustCompile(`\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)`)
	for text, at := range statements(t) {
		if overAll.MatchString(strings.TrimSpace(text)) {
			continue
		}
		touched := 0
		for _, m := range tables.FindAllStringSubmatch(text, -1) {
			if m[1] != "span" && m[1] != "set" {
				touched++
			}
		}
		named := strings.Count(text, "practice_group_id")
		bound := regexp.MustCompile(`practice_group_id = \$\d`).MatchString(text)
		if strings.HasPrefix(text, "INSERT") {
			bound = strings.Contains(text, "practice_group_id")
		}
		if !bound || named < touched {
			t.Errorf("%s: names its group %d times for %d tables\n%s", at, named, touched, text)
		}
	}
}
