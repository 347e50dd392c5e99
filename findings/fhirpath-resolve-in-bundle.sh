#!/usr/bin/env bash
# One would guess: resolve() of FHIRPath follows a reference to the entry of the
# same Bundle that has its fullUrl, as FHIR says references in a Bundle are
# followed.
# What happens: urn:uuid references lead to nothing without a word, and relative
# ones are an error unless there is a server to ask; with ofType and an id the
# same patient is found in the same Bundle.
# Version: npm fhirpath 5.2.2.
# Source: https://hl7.org/fhir/R4/bundle.html#references
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fhirpath@5.2.2

cat >check.mjs <<'JS'
import { createRequire } from 'module';
const require = createRequire(import.meta.url);
const fhirpath = require('fhirpath');
const r4 = require('fhirpath/fhir-context/r4');
const bundle = (fullUrl, reference) => ({
  resourceType: 'Bundle', type: 'collection', entry: [
    { fullUrl, resource: { resourceType: 'Patient', id: '1', name: [{ family: 'Hart' }] } },
    { fullUrl: 'https://example.org/Communication/2', resource: { resourceType: 'Communication', id: '2', status: 'completed', subject: { reference } } },
  ],
});
const path = 'Bundle.entry.resource.ofType(Communication).subject.resolve().name.family';
for (const [fullUrl, reference] of [
  ['urn:uuid:0fc374a1-a226-4552-9683-55dd510e67c9', 'urn:uuid:0fc374a1-a226-4552-9683-55dd510e67c9'],
  ['https://example.org/Patient/1', 'Patient/1'],
]) {
  const b = bundle(fullUrl, reference);
  let got;
  try {
    got = JSON.stringify(await fhirpath.evaluate(b, path, {}, r4, { async: true }));
  } catch (e) {
    got = 'error';
  }
  const direct = fhirpath.evaluate(b, "Bundle.entry.resource.ofType(Patient).where(id = '1').name.family", {}, r4);
  console.log(reference, '->', got, 'by id:', JSON.stringify(direct));
}
JS
cat >want <<'TXT'
urn:uuid:0fc374a1-a226-4552-9683-55dd510e67c9 -> [] by id: ["Hart"]
Patient/1 -> error by id: ["Hart"]
TXT
node check.mjs | tee got
diff want got
