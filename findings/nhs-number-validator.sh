#!/usr/bin/env bash
# One would guess: a validator of NHS numbers refuses 1111111111, which is never
# issued, and takes 943 476 5919, as letters and cards print it.
# What happens: it takes ten equal digits, for which Modulus 11 holds, and
# refuses the same number with its spaces.
# Version: npm nhs-number-validator 1.1.2.
# Source: https://www.datadictionary.nhs.uk/attributes/nhs_number.html (the
# check digit), https://service-manual.nhs.uk/design-system/patterns/ask-users-for-their-nhs-number
# (ten digits in groups of 3, 3 and 4).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nhs-number-validator@1.1.2

cat >check.js <<'JS'
const { validate } = require('nhs-number-validator');
for (const number of ['9434765919', '943 476 5919', '1111111111', '0000000000', '9434765918'])
  console.log(number.padEnd(12), validate(number));
JS
cat >want <<'TXT'
9434765919   true
943 476 5919 false
1111111111   true
0000000000   true
9434765918   false
TXT
node check.js | tee got
diff want got
