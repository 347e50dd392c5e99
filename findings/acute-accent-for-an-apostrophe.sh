#!/usr/bin/env bash
# One would guess: to take the accents off names before they are compared, by
# NFKD and leaving out the marks, is safe for O´Neill, typed with the acute accent
# key as many do, and gives a name of one word.
# What happens: U+00B4 decomposes into a space and a mark, so the name becomes
# the two words "O Neill"; the apostrophes U+0027, U+2019 and U+02BC stay as they
# are, three spellings of one name. NFD leaves the acute accent alone.
# Versions: Go golang.org/x/text v0.30.0, and Node.js' own normalize.
# Source: https://www.unicode.org/charts/PDF/U0080.pdf (00B4: compatibility
# decomposition 0020 0301), https://unicode.org/reports/tr15/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get golang.org/x/text@v0.30.0 2>/dev/null

cat >main.go <<'GO'
package main

import (
	"fmt"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

func main() {
	marks := runes.Remove(runes.In(unicode.Mn))
	for _, name := range []string{"O\u00b4Neill", "O'Neill", "O\u2019Neill", "O\u02bcNeill", "Sin\u00e9ad"} {
		k, _, err := transform.String(transform.Chain(norm.NFKD, marks), name)
		if err != nil {
			panic(err)
		}
		d, _, err := transform.String(transform.Chain(norm.NFD, marks), name)
		if err != nil {
			panic(err)
		}
		fmt.Printf("go   NFKD %-11q NFD %q\n", k, d)
	}
}
GO
cat >check.js <<'JS'
for (const name of ['O\u00b4Neill', "O'Neill"])
  console.log('node NFKD', JSON.stringify(name.normalize('NFKD').replace(/\p{Mn}/gu, '')));
JS
cat >want <<'TXT'
go   NFKD "O Neill"   NFD "O´Neill"
go   NFKD "O'Neill"   NFD "O'Neill"
go   NFKD "O’Neill"   NFD "O’Neill"
go   NFKD "OʼNeill"   NFD "OʼNeill"
go   NFKD "Sinead"    NFD "Sinead"
node NFKD "O Neill"
node NFKD "O'Neill"
TXT
{ GOFLAGS=-mod=mod go run . && node check.js; } | tee got
diff want got
