# `make demo` and `make test` each do all set-up themselves. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
MODEL ?=
PAPER ?= examples/noisepair/paper.md

.PHONY: help setup setup-pdf demo test lint bench lock

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup:  ## make .venv from the locked set for this hardware (WHEELHOUSE=DIR: from wheels, no index)
	@$(PYTHON) scripts/setup.py

setup-pdf:  ## make .venv-marker, marker-pdf's own environment (optional)
	@$(PYTHON) scripts/setup.py --marker

demo: setup  ## pull a small model and turn the example paper into a repository
	@$(BIN)/python scripts/demo.py $(if $(MODEL),--model $(MODEL))

test: setup  ## pull the test weights and run all tests
	@$(BIN)/offline-coder models pull smollm2-135m --quiet
	@$(BIN)/python -m pytest -m "not engine" --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m pytest -m engine

lint: setup  ## format, lint, types, import floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/file_map.py --check

bench: setup  ## time checks, reading and constraints, then a run against a naive schedule (PAPER=FILE MODEL=NAME)
	@$(BIN)/offline-coder models pull $(or $(MODEL),qwen2.5-coder-0.5b-int8) --quiet
	@$(BIN)/python scripts/bench_checks.py
	@$(BIN)/python scripts/bench_reading.py
	@$(BIN)/python scripts/constraints.py --compile
	@$(BIN)/python scripts/bench.py $(PAPER) --model $(or $(MODEL),qwen2.5-coder-0.5b-int8)

lock: setup  ## resolve requirements/*.in again
	@$(BIN)/python scripts/lock.py
