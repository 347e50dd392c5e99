#!/usr/bin/env bash
# Runs every fuzz test for a while: test/fuzz.sh 30s
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
	grep -oE '^func Fuzz\w+' "$file" | while read -r _ name; do
		echo "$name in $(dirname "$file")"
		# Making an input shorter takes a minute unless told otherwise, and some tests have many.
		go test "$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "${1:-30s}" -fuzzminimizetime 10x </dev/null
	done
done
