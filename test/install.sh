#!/usr/bin/env bash
# Installs what the tests need and is not there yet: PostgreSQL, PgBouncer and
# Chromium as Debian packages, and the checkers of test/npm.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || packages+=(postgresql)
command -v pgbouncer >/dev/null || packages+=(pgbouncer)
command -v chromium >/dev/null || packages+=(chromium)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
command -v gcc >/dev/null || packages+=(gcc libc6-dev) # for the race detector
if [ ${#packages[@]} -gt 0 ]; then
	sudo=""
	[ "$(id -u)" = 0 ] || sudo=sudo
	# Debian's package would start a PostgreSQL server; the tests start their own.
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get update -q
	$sudo apt-get install -y -q --no-install-recommends "${packages[@]}"
fi

if ! cmp -s npm/package-lock.json npm/node_modules/.installed; then
	(cd npm && npm ci --no-progress --loglevel=error)
	cp npm/package-lock.json npm/node_modules/.installed
fi
