#!/usr/bin/env bash
# One would guess: a library that reads HL7 v2 gives the patient's name as it is
# meant, with & for the escape \T\ and | for \F\.
# What happens: hl7-standard and simple-hl7 give the escapes as they stand in the
# message, which then show in names, and searches do not find them; node-hl7-client
# resolves them.
# Versions: npm hl7-standard 1.0.4, simple-hl7 3.3.0, node-hl7-client 4.0.0.
# Source: HL7 v2.4, chapter 2, 2.9.1 (formatting codes: \F\, \S\, \T\, \R\, \E\).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund hl7-standard@1.0.4 simple-hl7@3.3.0 node-hl7-client@4.0.0

cat >check.js <<'JS'
const text = [
  'MSH|^~\\&|EXAMPLE|A1|DESK|B1|20270315093000||ADT^A28^ADT_A05|1|P|2.4',
  'PID|1||9000000009^^^NHS^NH||Black \\T\\ White^Pat^^^Mx||19900501|F', '',
].join('\r');
const HL7 = require('hl7-standard');
const a = new HL7(text);
a.transform();
console.log('hl7-standard   ', a.get('PID.5.1'));
const simple = require('simple-hl7');
console.log('simple-hl7     ', new simple.Parser().parse(text).getSegment('PID').getComponent(5, 1));
const client = require('node-hl7-client');
console.log('node-hl7-client', new client.Message({ text }).get('PID.5.1').toString());
JS
cat >want <<'TXT'
hl7-standard    Black \T\ White
simple-hl7      Black \T\ White
node-hl7-client Black & White
TXT
timeout 60 node check.js | tee got
diff want got
