# The project's commands. Each sets up what it needs; on Debian as root it installs it, elsewhere it says what is missing.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-fast check fix bench soak lock
MAKEFLAGS += --no-print-directory

GATEWAY := .venv/bin/gateway
PYTEST := .venv/bin/python -m pytest
CONFIG := $(if $(wildcard config/gateway.toml),--config config/gateway.toml)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: ## virtual environment, dependencies, recogniser model; starts nothing
	@scripts/setup.sh runtime model
	@echo "setup: ready: $(GATEWAY)"

demo: ## set up, start, place a real call, print its ticket, what becomes of it and the log-ins (DEMO_EXIT=1 stops after printing)
	@scripts/setup.sh runtime model
	@.venv/bin/python -m scripts.demo

run: ## set up and start the gateway for use, with config/gateway.toml when there is one
	@scripts/setup.sh runtime model
	@exec $(GATEWAY) run $(CONFIG)

test: ## set up and run every test, peers included
	@scripts/setup.sh dev model peers
	@.venv/bin/python scripts/test.py

test-fast: ## the tests that need no peers
	@scripts/setup.sh dev
	@$(PYTEST) -n 2 -m "(unit or contract) and not soak" $(ONLY)

check: ## format, lint, types, imports, flows, configuration, docs, the desk's JavaScript
	@scripts/setup.sh dev javascript
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(GATEWAY) flows lint
	$(GATEWAY) flows test
	$(GATEWAY) check
	.venv/bin/python scripts/check_docs.py
	.venv/bin/python scripts/vendor_js.py --check
	.venv/bin/python scripts/desk_types.py --check
	node_modules/.bin/tsc

fix: ## let ruff format and repair what it can; write docs/record.md, docs/events*.md, docs/case*.md and the desk's types anew
	@scripts/setup.sh dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	.venv/bin/python -m scripts.record_page
	.venv/bin/python -m scripts.events_page
	.venv/bin/python -m scripts.case_page
	.venv/bin/python scripts/desk_types.py

bench: ## measure; writes bench/results/ (long)
	@scripts/setup.sh dev model peers
	@.venv/bin/python -m bench

soak: ## the long forms of load and crash tests (hours)
	@scripts/setup.sh dev model peers
	@$(PYTEST) -m soak

lock: ## resolve pyproject.toml anew into the lock files
	@scripts/setup.sh dev
	@scripts/lock.sh
