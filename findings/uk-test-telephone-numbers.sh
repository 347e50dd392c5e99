#!/usr/bin/env bash
# One would guess: the mobile numbers that Ofcom reserves for drama, the only
# ones that are safe in tests, count as mobile numbers; and 07911 123456, which
# examples on the web use, is one of Great Britain.
# What happens: libphonenumber reads the reserved ones and says they are not
# valid and of no type and region, in all three languages; 07911 123456 is one
# of Guernsey. A program that keeps only valid numbers, or only those of GB, refuses
# every number of a test system.
# Versions: npm libphonenumber-js 1.13.16 and google-libphonenumber 3.2.47,
# Go github.com/nyaruka/phonenumbers v1.8.1.
# Source: https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund libphonenumber-js@1.13.16 google-libphonenumber@3.2.47
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get github.com/nyaruka/phonenumbers@v1.8.1 2>/dev/null

cat >check.js <<'JS'
const js = require('libphonenumber-js/max');
const google = require('google-libphonenumber').PhoneNumberUtil.getInstance();
for (const text of ['07700 900123', '07911 123456']) {
  const a = js.parsePhoneNumber(text, 'GB');
  console.log('libphonenumber-js    ', text, a.number, a.isValid(), a.getType() ?? '-');
  const b = google.parse(text, 'GB');
  console.log('google-libphonenumber', text, google.format(b, 0), google.isValidNumber(b), google.getRegionCodeForNumber(b) ?? '-');
}
JS
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	for _, text := range []string{"07700 900123", "07911 123456"} {
		n, err := phonenumbers.Parse(text, "GB")
		region := phonenumbers.GetRegionCodeForNumber(n)
		if region == "" {
			region = "-"
		}
		fmt.Println("phonenumbers         ", text, phonenumbers.Format(n, phonenumbers.E164), phonenumbers.IsValidNumber(n), region, err)
	}
}
GO
cat >want <<'TXT'
libphonenumber-js     07700 900123 +447700900123 false -
google-libphonenumber 07700 900123 +447700900123 false -
libphonenumber-js     07911 123456 +447911123456 true MOBILE
google-libphonenumber 07911 123456 +447911123456 true GG
phonenumbers          07700 900123 +447700900123 false - <nil>
phonenumbers          07911 123456 +447911123456 true GG <nil>
TXT
{ node check.js && GOFLAGS=-mod=mod go run .; } | tee got
diff want got
