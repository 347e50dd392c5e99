#!/usr/bin/env bash
# One would guess: a field of an input object whose variable was not given is a
# field that was not given, so that an update leaves it alone.
# What happens: gqlparser, which gqlgen reads arguments with, gives the field
# with the value null, as if the caller had asked to empty it; graphql-js leaves
# it out.
# Versions: Go github.com/vektah/gqlparser/v2 v2.5.36, npm graphql 16.11.0.
# Source: GraphQL specification, October 2021, 3.10 (an input object field whose
# variable has no value is not in the coerced map).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund graphql@16.11.0
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get github.com/vektah/gqlparser/v2@v2.5.36 2>/dev/null

cat >schema.graphql <<'TXT'
type Query { a: Int }
input Patient { first: String, email: String }
type Mutation { update(patient: Patient!): Int }
TXT
echo 'mutation($e: String) { update(patient: {first: "Grace", email: $e}) }' >mutation.graphql
cat >check.js <<'JS'
const fs = require('fs');
const { buildSchema, graphqlSync } = require('graphql');
graphqlSync({
  schema: buildSchema(fs.readFileSync('schema.graphql', 'utf8')), source: fs.readFileSync('mutation.graphql', 'utf8'), variableValues: {},
  rootValue: { update: ({ patient }) => console.log('graphql-js', JSON.stringify(patient)) },
});
JS
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

func read(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func main() {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: read("schema.graphql")})
	doc, bad := gqlparser.LoadQuery(schema, read("mutation.graphql"))
	if bad != nil {
		panic(bad)
	}
	variables, err := validator.VariableValues(schema, doc.Operations[0], map[string]any{})
	if err != nil {
		panic(err)
	}
	arguments := doc.Operations[0].SelectionSet[0].(*ast.Field).ArgumentMap(variables)
	text, err := json.Marshal(arguments["patient"])
	fmt.Println("gqlparser ", string(text))
	if err != nil {
		panic(err)
	}
}
GO
cat >want <<'TXT'
graphql-js {"first":"Grace"}
gqlparser  {"email":null,"first":"Grace"}
TXT
{ node check.js && GOFLAGS=-mod=mod go run .; } | tee got
diff want got
