# What people and CI do with the code. make help lists it.

GO    ?= go
TOOL  := $(GO) tool -modfile=tools/go.mod
NPM   := test/npm/node_modules
SHELL := /bin/bash

.PHONY: help run check test test-fast test-race test-crash fuzz bench generate fresh lint install build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: ## serve the invented town at http://127.0.0.1:8080
	$(GO) run ./cmd/frontdesk serve --sandbox --credentials credentials.json

build: ## build the program as it is released
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w -X frontdesk/app.Version=$${VERSION:-dev}" -o bin/frontdesk ./cmd/frontdesk

install: ## install what the tests need: PostgreSQL and Chromium by apt, checkers by npm
	test/install.sh

# What takes longest comes first, so that it does not end alone, and more run at
# once than there are processors, since stories mostly wait. On a busy
# machine the stories take longer than the ten minutes go test allows.
test: install fresh lint ## everything CI runs, on both databases
	CI=1 $(GO) run ./test/cluster $(GO) test -timeout 30m -parallel 6 ./test/e2e ./test/browser ./...
	$(MAKE) test-race

test-fast: ## the tests alone, without installing or linting
	$(GO) run ./test/cluster $(GO) test -short ./...

check: ## PKG=./core/booking: format, vet and test that package on SQLite, with nothing installed
	@test -n "$(PKG)" || { echo "usage: make check PKG=./core/booking"; exit 2; }
	@unformatted=$$(gofmt -l $(patsubst %/...,%,$(PKG))); test -z "$$unformatted" || { echo "gofmt -w $$unformatted"; exit 1; }
	$(GO) vet $(PKG)
	env -u TEST_POSTGRES -u CI $(GO) test -short $(PKG)

# Left out are two long comparisons in which nothing happens at once, and the
# inside of SQLite, which is translated C: watched, it takes four times as long.
test-race: ## the rooms where much happens at once, under the race detector
	CI=1 $(GO) run ./test/cluster $(GO) test -timeout 30m -race -gcflags=modernc.org/...=-race=false -short -skip 'AgreeWithAMinuteGrid|RandomDocuments' ./graph ./core/... ./store/... ./worker ./web ./rest

# Each prints CRASH_SEED=...; set it to have the kills at the same moments again.
test-crash: ## kill the program on each database while it books, sends, delivers and is paid; CRASH_SEED repeats one
	CI=1 CRASH_KILLS=50 $(GO) run ./test/cluster -fsync $(GO) test -count=1 -timeout 60m -run 'TestCrash$$' -v ./test/e2e
	CI=1 CRASH_KILLS=20 CRASH_RECIPIENTS=20000 $(GO) run ./test/cluster -fsync $(GO) test -count=1 -parallel 1 -timeout 60m -run 'TestMessagingCrash$$' -v ./test/e2e
	CI=1 CRASH_KILLS=20 CRASH_EVENTS=20000 $(GO) run ./test/cluster -fsync $(GO) test -count=1 -timeout 60m -run 'TestWebhookCrash$$' -v ./test/e2e
	CI=1 CRASH_KILLS=20 $(GO) run ./test/cluster -fsync $(GO) test -count=1 -timeout 60m -run 'TestPaymentCrash$$' -v ./test/e2e

fuzz: ## every fuzz test for half a minute
	test/fuzz.sh 30s

bench: ## measure against the raw databases and write docs/performance.md
	$(GO) run ./test/cluster -fsync $(GO) run ./bench $(or $(BENCH),-write docs/performance.md)

# Every error is answered through the default response, so code for each status
# an operation may refuse with is left out; trim cuts out what nothing calls.
generate: ## write the generated code again
	sed -e '/^webhooks:/,$$d' -e "/^        '[45]..': {[$$]ref: /d" api/openapi.yaml | $(TOOL) ogen --target rest/oas --package oas --clean --config api/ogen.yml /dev/stdin 2>&1 | grep -vE 'not canonical|convenient|using any' || true
	$(TOOL) gqlgen generate --config api/gqlgen.yml
	$(GO) run -C tools ./trim ../rest/oas ../graph/gql
	$(TOOL) templ generate -path web
	$(TOOL) templ generate -path pages

fresh: ## fail when the generated code is not what generate writes
	test/fresh.sh

lint: ## look for mistakes in the code and in the contract
	$(TOOL) golangci-lint run ./...
	$(NPM)/.bin/redocly lint --config api/redocly.yaml api/openapi.yaml
