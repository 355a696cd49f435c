# The targets of Cenote; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

export CGO_ENABLED ?= 0

GO_BUILD := go build -trimpath
VENV := .venv
# Race-enabled tests need cgo; the program itself does not.
GO_TEST := CGO_ENABLED=1 go test -race -shuffle=on -timeout 15m

.PHONY: help build build-static run test test-go test-js test-python test-java test-stores bench bench-imports gen lint verify deps

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

build: ## build bin/cenote
	@$(GO_BUILD) -o bin/cenote ./cmd/cenote

build-static: ## build bin/cenote without dynamic linking, for musl and empty images
	@$(GO_BUILD) -tags static -o bin/cenote ./cmd/cenote

run: build ## build and start `cenote dev` on http://127.0.0.1:9229
	@exec bin/cenote dev

test: deps build test-go test-js test-python ## everything that needs only Go, Node, Python and Debian's packages

test-go: deps ## the Go tests, on SQLite and PostgreSQL
	@CENOTE_REQUIRE_POSTGRES=1 CENOTE_REQUIRE_STRACE=1 CENOTE_REQUIRE_TMUX=1 $(GO_TEST) ./...

test-js: deps build ## unmodified JavaScript clients, in Node and in headless Chromium
	@e2e/js/run

test-python: deps build ## boto3 and the AWS CLI
	@e2e/python/run

test-java: build ## the AWS SDK for Java (needs Maven Central)
	@e2e/java/run

test-stores: ## the store suite on a replicated PostgreSQL (installs etcd and Patroni)
	@e2e/stores/run

bench: build ## CPU per request as ratios to one RSA signature, growth, triggers; SCALE=users
	@go run ./bench -users $(or $(SCALE),10000)

bench-imports: build ## user imports beside the store's own batches; ROWS=rows, POSTGRES=URL of a server to use besides SQLite
	@go run ./bench -imports $(or $(ROWS),1000000) $(if $(POSTGRES),-import-postgres '$(POSTGRES)')

gen: ## write the generated code and tables again
	@go run ./api/gen
	@go test . -run TestOperationsTable -update

lint: ## format check, vet, static analysis
	@tools/lint

verify: ## what CI runs: generated code is current, lint, tests
	@go run ./api/gen -check
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

deps: ## install what the tests need and this machine lacks
	@tools/deps
