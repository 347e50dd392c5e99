#!/usr/bin/env bash
# One would guess: Twilio's signature of a callback covers each value of a
# parameter that is sent twice, in the order they were sent.
# What happens: Twilio's own library sorts the values and counts equal ones once,
# so a server that joins them as they came refuses genuine callbacks. The port in
# the address may be there or not.
# Version: npm twilio 6.3.1.
# Source: https://www.twilio.com/docs/usage/security#validating-requests
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund twilio@6.3.1

cat >check.js <<'JS'
const { createHmac } = require('crypto');
const twilio = require('twilio');
const token = 'an invented token';
const url = 'https://desk.example.org/callbacks/twilio/1';
const signed = (text) => createHmac('sha1', token).update(text).digest('base64');
for (const [name, text] of [
  ['sorted, equal values once', url + 'MediaUrl' + 'a' + 'MediaUrl' + 'b'],
  ['as they came', url + 'MediaUrl' + 'b' + 'MediaUrl' + 'a' + 'MediaUrl' + 'a'],
]) console.log(twilio.validateRequest(token, signed(text), url, { MediaUrl: ['b', 'a', 'a'] }), name);
const plain = signed(url + 'Body' + 'Hello');
for (const at of [url, url.replace('.org/', '.org:443/')]) console.log(twilio.validateRequest(token, plain, at, { Body: 'Hello' }), at);
JS
cat >want <<'TXT'
true sorted, equal values once
false as they came
true https://desk.example.org/callbacks/twilio/1
true https://desk.example.org:443/callbacks/twilio/1
TXT
node check.js | tee got
diff want got
