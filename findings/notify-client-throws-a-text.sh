#!/usr/bin/env bash
# One would guess: GOV.UK Notify's client throws an Error for a file that is too
# long, so that `catch (e) { log(e.message) }` logs the reason.
# What happens: it throws a string: `e.message` is undefined and `e instanceof
# Error` is false, and the reason is lost.
# Version: npm notifications-node-client 8.4.0.
# Source: https://docs.notifications.service.gov.uk/node.html#send-a-file-by-email
# (a file is at most 2 MB).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund notifications-node-client@8.4.0

cat >check.js <<'JS'
const { NotifyClient } = require('notifications-node-client');
const id = '00000000-0000-4000-8000-000000000000';
const client = new NotifyClient('http://127.0.0.1:9', `key-${id}-${id}`);
try {
  client.prepareUpload(Buffer.alloc(2 * 1024 * 1024 + 1));
  console.log('it was taken');
} catch (e) {
  console.log(typeof e, e instanceof Error, e.message, '|', String(e));
}
JS
echo 'string false undefined | File is larger than 2MB.' >want
node check.js | tee got
diff want got
