# Every target sets up what it needs. `make demo` and `make test` are enough on a fresh machine.
SHELL := /bin/bash
VENV := .venv
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: help demo pipeline test test-unit test-full check bench setup lab-down clean reference
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "error: Python 3.11 or newer with venv is needed. Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON)" >&2
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --no-compile --editable '.[lab,dev]'
	@touch $@

setup: $(VENV)/.ready ## Virtual environment with everything in it

demo: setup ## Build what is missing, start the lab, onboard the Ministry of Public Health; NODES=real: two e-Offices run
	@./examples/demo.sh

pipeline: setup ## The CI pipelines of ci/, step by step on this computer: plan, review, apply
	@./ci/local.sh

check: setup ## Style, types, layers, and whether the README is true
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST) tests/docs

test: setup check ## Everything CI runs: checks, unit, contract, integration and end-to-end tests
	@$(BIN)/onboard lab build > /dev/null
	@$(PYTEST) -n 2 --ignore=tests/docs

test-unit: setup ## Only what needs no engine
	@$(PYTEST) tests/unit tests/stacks tests/policies

test-full: test ## What takes longer than CI should
	@$(PYTEST) -m slow
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname)" = Linux ]; then $(PYTEST) -m real; \
	else echo "not run: tests of the real node, which need root on Linux" >&2; fi

reference: setup ## Measure what the manifest's fields do, write docs/reference/manifest.md
	@$(BIN)/python -m tests.effects
	@$(BIN)/python -m tests.kinds_read
	@$(BIN)/python -m onboarding.manifest.reference > docs/reference/manifest.md

bench: setup ## Ratios against a floor or a peer, in one run
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.folder
	@$(BIN)/python -m benchmarks.product
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname)" = Linux ]; then $(BIN)/python -m benchmarks.office; \
	else echo "not run: the benchmark of the real node, which needs root on Linux" >&2; fi

lab-down: setup ## Stop the lab; its data stays
	@$(BIN)/onboard lab down

clean: ## Remove the virtual environment and caches of tools (not the engines, not the labs)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
