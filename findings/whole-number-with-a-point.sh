#!/usr/bin/env bash
# One would guess: 30.0, which JSON Schema counts as an integer and every
# validator takes as one, is an integer to the decoder that ogen generates for
# `type: integer`.
# What happens: Ajv says it is valid; jx, which ogen's code reads JSON with, says
# it is not an integer. A server behind a validating proxy refuses what the proxy
# has passed.
# Versions: npm ajv 8.17.1, Go github.com/go-faster/jx v1.2.0.
# Source: https://json-schema.org/draft/2020-12/json-schema-core (4.2.3: 1 and
# 1.0 are the same instance) and json-schema-validation 6.1.1.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ajv@8.17.1
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get github.com/go-faster/jx@v1.2.0 2>/dev/null

cat >check.js <<'JS'
const Ajv = require('ajv');
const valid = new Ajv().compile({ type: 'object', properties: { duration: { type: 'integer' } } });
for (const text of ['30', '30.0', '30.5']) console.log('ajv', text, valid(JSON.parse(`{"duration": ${text}}`)));
JS
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/go-faster/jx"
)

func main() {
	for _, text := range []string{"30", "30.0", "30.5"} {
		_, err := jx.DecodeStr(text).Int()
		fmt.Println("jx ", text, err == nil)
	}
}
GO
cat >want <<'TXT'
ajv 30 true
ajv 30.0 true
ajv 30.5 false
jx  30 true
jx  30.0 false
jx  30.5 false
TXT
{ node check.js && GOFLAGS=-mod=mod go run .; } | tee got
diff want got
