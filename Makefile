# Every task of the project; `make` alone lists them. Needs Python 3.11 and pip's usual sources, nothing else.
# Each task has a time budget in seconds (2 cores), enforced with timeout(1) where there is one:
# one and a half times what was measured, or more. `make test` as a whole takes about 1100 (limit: 1500).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BIN := .venv/bin
RUN ?= runs/quickstart

# SIGINT, so that pytest still tears its fixtures down; --foreground, so that Ctrl-C reaches what runs.
TIMEOUT := $(shell command -v timeout || command -v gtimeout)
within = $(if $(TIMEOUT),$(TIMEOUT) --foreground -s INT -k 30 $(1))

# Two tests at a time, each worker taking from the other's share when its own is done.
BESIDE := -n 2 --dist worksteal

TEST_STEPS := setup-dev lint types test-core test-kill docs-test test-vllm

.PHONY: help quickstart test $(TEST_STEPS) setup-vllm docs clean clean-envs

help:  ## list the tasks
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-12s %s\n' "$$name" "$$text"; done

# Budget: 300 to install, 120 to run.
quickstart:  ## install the package into .venv and make a first data set: no key, no GPU, no network
	@$(call within,300) $(PYTHON) scripts/make_env.py core
	@$(call within,120) $(BIN)/instructgen run examples/quickstart.py --out $(RUN)
	@echo "$(RUN)/data.jsonl holds $$(($$(wc -l < $(RUN)/data.jsonl))) examples, one a line; beside it is what was rejected, and why"

test:  ## all checks, in order; stops at the first that fails
	@times=; \
	for step in $(TEST_STEPS); do \
	  start=$$SECONDS; \
	  $(MAKE) $$step || { echo "make test: $$step failed after $$((SECONDS - start)) s (done:$${times:- nothing})"; exit 1; }; \
	  times+=" $$step $$((SECONDS - start))s"; \
	done; \
	if [ -e .venv-vllm/.skipped ]; then times+=" (skipped)"; fi; \
	echo "make test: all passed in $$SECONDS s:$$times"

# Budget: 240 (140 measured; it installs datasets, pyarrow and what they need, too).
setup-dev:  ## the development environment, .venv
	@$(call within,240) $(PYTHON) scripts/make_env.py dev

# Budget: 30.
lint: setup-dev  ## ruff: rules and format
	@$(call within,15) $(BIN)/ruff check --extend-exclude .venv-vllm .
	@$(call within,15) $(BIN)/ruff format --check --extend-exclude .venv-vllm .

# Budget: 90 (35 measured; 10 with a warm cache).
types: setup-dev  ## mypy, strict
	@$(call within,90) $(BIN)/mypy

# Budget: 600 (360 measured).
test-core: setup-dev  ## the tests that need neither a kill nor vLLM
	@$(call within,600) $(BIN)/python -m pytest $(BESIDE) -m "not kill and not vllm" --ignore=tests/test_docs.py

# Budget: 270 (160 measured).
test-kill: setup-dev  ## the tests that SIGKILL real child processes
	@$(call within,270) $(BIN)/python -m pytest $(BESIDE) -m kill

docs: docs-test

# Budget: 120.
docs-test: setup-dev  ## build the documentation strictly; run every block and docstring example in it
	@NO_MKDOCS_2_WARNING=1 $(call within,30) $(BIN)/mkdocs build --strict --quiet
	@$(call within,90) $(BIN)/python -m pytest tests/test_docs.py

# Budget: 240 (130 to 180 measured; 2.5 GB of disk). Fails with 77 where pip cannot find a CPU build of torch.
setup-vllm:
	@$(call within,240) $(PYTHON) scripts/make_env.py vllm

# Budget: 720 with its environment (220 measured, and 130 to 180 to make that).
# INSTRUCTGEN_REQUIRE_VLLM=1 makes a skip a failure.
test-vllm:  ## the tests against a real vLLM on the CPU, in .venv-vllm; skipped where its torch cannot be had
	@rm -f .venv-vllm/.skipped; \
	$(call within,240) $(PYTHON) scripts/make_env.py vllm || { code=$$?; \
	  if [ $$code -ne 77 ] || [ "$${INSTRUCTGEN_REQUIRE_VLLM:-}" = 1 ]; then exit $$code; fi; \
	  touch .venv-vllm/.skipped; exit 0; }; \
	if [ -e .venv-vllm/.skipped ]; then exit 0; fi; \
	$(call within,480) .venv-vllm/bin/python -m pytest -m vllm tests/vllm

clean:  ## remove what the tasks made, but neither data (runs/, .instructgen/) nor environments
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis

clean-envs:  ## remove the environments
	rm -rf .venv .venv-vllm
