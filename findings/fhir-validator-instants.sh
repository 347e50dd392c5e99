#!/usr/bin/env bash
# One would guess: a FHIR validator refuses a Communication whose `sent` is
# 2027-03-15T09:30, with neither seconds nor a zone, and a `subject` that points
# at no resource of the collection.
# What happens: both are valid, while a code outside its value set is not. What
# has passed it may be refused by the server it is sent to.
# Version: npm fhir 4.12.0 (FHIR.js).
# Source: https://hl7.org/fhir/R4/datatypes.html#dateTime (with hours and
# minutes, a zone shall be given, and seconds shall be).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fhir@4.12.0

cat >check.js <<'JS'
const { Fhir } = require('fhir');
const bundle = (change) => ({
  resourceType: 'Bundle', type: 'collection', entry: [
    { fullUrl: 'https://example.org/Patient/1', resource: { resourceType: 'Patient', id: '1' } },
    { fullUrl: 'https://example.org/Communication/2', resource: {
      resourceType: 'Communication', id: '2', status: 'completed', subject: { reference: 'Patient/1' },
      sent: '2027-03-15T09:30:00Z', ...change,
    } },
  ],
});
for (const [name, change] of [
  ['as it should be', {}],
  ['an instant with neither seconds nor zone', { sent: '2027-03-15T09:30' }],
  ['a reference to nothing in the collection', { subject: { reference: 'Patient/none' } }],
  ['a code that is not in the value set', { status: 'sent' }],
]) console.log(new Fhir().validate(bundle(change)).valid, name);
JS
cat >want <<'TXT'
true as it should be
true an instant with neither seconds nor zone
true a reference to nothing in the collection
false a code that is not in the value set
TXT
node check.js | tee got
diff want got
