# Two commands are enough: `make demo` and `make test`. Everything runs from .venv; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean run test test-fast test-long check bench lock

help: ## what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/run.stamp: requirements/run.txt requirements/install.py pyproject.toml
	@$(PYTHON) requirements/install.py run
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@$(PYTHON) requirements/install.py dev
	@touch $@

demo: .venv/run.stamp ## set up and do the whole job on the demo newsroom; writes var/demo/
	@$(BIN)/python demo/run.py

demo-clean: ## empty var/demo/
	@rm -rf var/demo && echo "var/demo is empty"

run: .venv/run.stamp ## the same job once, live
	@$(BIN)/khazri run

test: .venv/dev.stamp ## set up and run all tests (under 5 minutes)
	@$(BIN)/pytest -n 2 --dist worksteal -m "not long" $(PYTEST_ARGS)

test-fast: .venv/dev.stamp ## the tests that take under a second each (under 30 s)
	@$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not long and not quality" $(PYTEST_ARGS)

test-long: .venv/dev.stamp ## crawls of a hostile web, time-outs, floors over a thousand pages (9 minutes); CI runs them too
	@$(BIN)/pytest -n 2 --dist worksteal -m long $(PYTEST_ARGS)

check: .venv/dev.stamp ## format, lint, types, config
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/khazri config check

bench: .venv/dev.stamp ## the benchmarks, ratios in one run; see benchmarks/README.md
	@$(BIN)/python benchmarks/run.py

lock: ## compile requirements/*.txt anew (needs the package index)
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
	  --extra postgres --group install pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
	  --extra postgres --group install --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
