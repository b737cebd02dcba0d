# `make run` and `make test` need Python 3.11 or later with venv and pip, and
# nothing else. They set up .venv first, and again when the lock has changed.

PYTHON ?= python3
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run check test test-long lock

help:
	@echo "make run        decide the example orders, write the story page, record and prove a decision"
	@echo "make test       run the static checks, then the tests"
	@echo "make check      run the static checks alone: ruff, mypy, lint-imports"
	@echo "make test-long  run all tests with many more random cases"
	@echo "make setup      set up .venv and stop there"
	@echo "make lock       write requirements.lock anew from pyproject.toml"

setup: .venv/installed

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Chipwarden needs Python 3.11 or later, and found " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --require-hashes -r requirements.lock
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	.venv/bin/python -m pip install --no-deps --no-build-isolation -e .
	@touch $@

# Exit codes 1 and 3 are answers (adverse, undetermined); 2 is a failure.
run: export CHIPWARDEN_PASSPHRASE = for this example alone
run: setup
	.venv/bin/chipwarden check src/chipwarden/examples/*.toml || test $$? -ne 2
	.venv/bin/chipwarden check src/chipwarden/examples/01-h200-us-to-china.toml || test $$? -ne 2
	@mkdir -p out
	.venv/bin/chipwarden story --output out/story.html
	@rm -rf out/workspace
	.venv/bin/chipwarden init out/workspace
	.venv/bin/chipwarden check src/chipwarden/examples/46-b200-germany-clean.toml --workspace out/workspace
	.venv/bin/chipwarden ledger prove 2 --open disposition --workspace out/workspace -o out/entry-2.proof
	.venv/bin/chipwarden ledger trust --workspace out/workspace -o out/trust.txt
	.venv/bin/python -I docs/verify_proof.py out/entry-2.proof out/trust.txt
	.venv/bin/chipwarden ledger fsck --workspace out/workspace

check: setup
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

# The tests come last, so that pytest's summary is the last line.
test: check
	.venv/bin/python -m pytest -q -n 2

test-long: setup
	CHIPWARDEN_FUZZ_CASES=200000 .venv/bin/python -m pytest -q -n 2 -m "long or not long"

# Versions that are locked already stay, unless UPGRADE=--upgrade is given.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install 'uv>=0.9,<1'
	.venv-lock/bin/uv pip compile pyproject.toml --group dev --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --quiet $(UPGRADE) \
		--custom-compile-command "make lock" --output-file requirements.lock
