#!/usr/bin/env bash
# One would guess: the npm library for UK postcodes takes the postcodes there are,
# and refuses those of areas there are not.
# What happens: it takes XX1 1XX, an area that does not exist, and refuses GIR 0AA,
# which does, and BFPO addresses of the forces, who are patients too. A no-break
# space between the halves is read, a dash is not.
# Version: npm postcode 5.1.0.
# Source: https://www.gov.uk/bfpo/find-a-bfpo-number, and Office for National
# Statistics, "Postcode products" (GIR 0AA is a postcode of its own).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund postcode@5.1.0

cat >check.mjs <<'JS'
import { isValid } from 'postcode';
for (const text of ['SW1A 1AA', 'SW1A\u00a01AA', 'SW1A-1AA', 'ZZ99 3VZ', 'XX1 1XX', 'GIR 0AA', 'BFPO 57'])
  console.log(String(isValid(text)).padEnd(5), JSON.stringify(text).replace('\u00a0', '\\u00a0'));
JS
cat >want <<'TXT'
true  "SW1A 1AA"
true  "SW1A\u00a01AA"
false "SW1A-1AA"
true  "ZZ99 3VZ"
true  "XX1 1XX"
false "GIR 0AA"
false "BFPO 57"
TXT
node check.mjs | tee got
diff want got
