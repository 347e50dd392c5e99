#!/usr/bin/env bash
# Runs every fuzz test for a while: test/fuzz.sh 30s
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
	grep -oE '^func Fuzz\w+' "$file" | while read -r _ name; do
		echo "$name in $(dirname "$file")"
		# Making inputs shorter takes a minute each, unless told otherwise: longer than all the rest.
		go test "$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "${1:-30s}" -fuzzminimizetime 1s </dev/null
	done
done
