#!/usr/bin/env bash
# One would guess: two official libraries of Standard Webhooks take the same
# signing secrets.
# What happens: a secret whose Base64 has lost its padding signs and verifies in
# JavaScript, and is an error in Go. It shows only when the secret is of a
# length that needs padding: 24 and 48 bytes do not, 32 do.
# Versions: npm standardwebhooks 1.1.1, Go
# github.com/standard-webhooks/standard-webhooks/libraries v0.0.1.
# Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
# (a secret is whsec_ and Base64).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund standardwebhooks@1.1.1
cat >go.mod <<'MOD'
module finding

go 1.26
MOD
GOFLAGS=-mod=mod go get github.com/standard-webhooks/standard-webhooks/libraries@v0.0.1 2>/dev/null

secret=whsec_$(head -c 32 /dev/zero | tr '\0' a | base64 -w0)
export SECRETS="$secret ${secret%%=*}"
cat >check.js <<'JS'
const { Webhook } = require('standardwebhooks');
for (const secret of process.env.SECRETS.split(' ')) {
  const padded = secret.endsWith('=') ? 'padded  ' : 'unpadded';
  try {
    console.log('javascript', padded, new Webhook(secret).sign('msg_1', new Date(1800000000000), '{}'));
  } catch (e) {
    console.log('javascript', padded, 'refused');
  }
}
JS
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	for _, secret := range strings.Fields(os.Getenv("SECRETS")) {
		padded := "unpadded"
		if strings.HasSuffix(secret, "=") {
			padded = "padded  "
		}
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			fmt.Println("go        ", padded, "refused")
			continue
		}
		signature, err := w.Sign("msg_1", time.Unix(1800000000, 0), []byte("{}"))
		fmt.Println("go        ", padded, signature)
		if err != nil {
			panic(err)
		}
	}
}
GO
{ node check.js && GOFLAGS=-mod=mod go run .; } | tee got
[ "$(awk '{print $1, $2, ($3 == "refused")}' got)" = "javascript padded 0
javascript unpadded 0
go padded 0
go unpadded 1" ]
[ "$(awk '$3 != "refused" {print $3}' got | sort -u | wc -l)" = 1 ] # the signatures are the same
