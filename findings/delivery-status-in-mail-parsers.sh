#!/usr/bin/env bash
# One would guess: a parser of e-mail gives the machine-readable part of a
# delivery report (RFC 3464) as a part of its own.
# What happens: mailparser runs it into the text that people read and lists no
# such part, so nothing says where the report begins; postal-mime lists it.
# Versions: npm mailparser 3.14.2, postal-mime 4.0.0.
# Source: RFC 3464, 2 (the second part of a multipart/report is
# message/delivery-status).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 postal-mime@4.0.0

cat >report.eml <<'EML'
From: MAILER-DAEMON@mx.example.org
To: desk@example.org
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

Not delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; pat@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

From: desk@example.org
To: pat@example.org
Subject: Your appointment

See you.

--b--
EML
cat >check.mjs <<'JS'
import fs from 'fs';
import mailparser from 'mailparser';
import PostalMime from 'postal-mime';
const text = fs.readFileSync('report.eml', 'utf8').replaceAll('\n', '\r\n');
const a = await mailparser.simpleParser(text);
console.log('mailparser  parts:', a.attachments.map((x) => x.contentType).join(', '));
console.log('mailparser  "Action: failed" is in the text:', a.text.includes('Action: failed'));
const b = await PostalMime.parse(text);
console.log('postal-mime parts:', b.attachments.map((x) => x.mimeType).join(', '));
console.log('postal-mime "Action: failed" is in the text:', b.text.includes('Action: failed'));
JS
cat >want <<'TXT'
mailparser  parts: message/rfc822
mailparser  "Action: failed" is in the text: true
postal-mime parts: message/delivery-status, message/rfc822
postal-mime "Action: failed" is in the text: false
TXT
node check.mjs | tee got
diff want got
