#!/usr/bin/env bash
# Fails when generating the code again changes it.
set -euo pipefail
cd "$(dirname "$0")/.."

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
kept() { { find rest/oas web pages -name '*_gen.go' -o -name '*_templ.go'; find graph/gql -name '*.go'; } | sort; }
kept | tar -cf - -T - | tar -xf - -C "$before"
kept >"$before/list"
make --no-print-directory generate >/dev/null
changed=0
diff <(kept) "$before/list" || changed=1
while read -r file; do
	cmp -s "$file" "$before/$file" || { echo "$file is not what make generate writes"; changed=1; }
done <"$before/list"
exit $changed
