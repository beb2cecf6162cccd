# veil: `make run` starts it, `make test` tests it. Both begin on a bare machine with
# Python 3.11 or newer and make; everything is installed into .venv*, never elsewhere.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first interpreter of $(1) that runs. A pyenv shim may exist and still not run.
works = $(shell for p in $(1); do "$$p" -c 'import sys; \
	sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo "$$p" && break; done)
PYTHON ?= $(call works,python3 python3.13 python3.12 python3.11)
PYTHON3.12 := $(call works,python3.12 $(wildcard $(HOME)/.pyenv/versions/3.12.*/bin/python3.12))
PYTHON3.13 := $(call works,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python3.13))

BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check
RUN_LOCK := deploy/requirements.lock
DEV_LOCK := deploy/requirements-dev.lock
UNIT := -m "not sipp and not redis and not slow" -n 2 -q
# SIPp scenarios spend their time waiting for SIP's timers, not for a core; the longest
# come first, handed out one by one.
SCENARIOS := -m sipp -n 8 --dist load --maxschedchunk 1 -q
# Redis tests hold it to its 300 ms: nothing else runs beside them.
REST := -m "(redis or slow) and not sipp" -n 3 -q

.PHONY: help run demo test check fmt bench lint types unit peers cover lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: .venv/.run  ## start veil with the embedded store and sample numbers (CONFIG=veil.yaml for yours)
	$(BIN)/veil serve $(if $(CONFIG),--config $(CONFIG))

demo: .venv/.run  ## place a call in each mode through one process and print its ladder
	$(BIN)/veil demo

test: peers lint types  ## everything: lint, types, Redis, unit on every Python, SIPp
	$(BIN)/pytest $(REST)
	@$(MAKE) -j2 --output-sync=target scenarios pythons

check: lint types unit  ## the fast part: lint, types, unit tests

fmt: .venv/.dev  ## format, and fix what the linter can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.dev peers  ## whole calls under SIPp, CPU per call, memory per held call
	$(BIN)/python -m tests.bench.bench $(BENCH)

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.dev
	$(BIN)/mypy

unit: .venv/.dev
	$(BIN)/pytest $(UNIT)

cover: .venv/.dev  ## branch coverage of the unit tests
	$(BIN)/coverage run -m pytest -m "not sipp" -q
	$(BIN)/coverage report --show-missing --skip-covered

peers: .venv/.dev  ## install redis-server and SIPp (root on Debian/Ubuntu), or say what is missing
	@$(BIN)/python -m tests.peers

.PHONY: scenarios pythons
scenarios: .venv/.dev
	$(BIN)/pytest $(SCENARIOS)

# Beside the scenarios, which mostly wait.
pythons: unit $(if $(PYTHON3.12),.venv312/.dev) $(if $(PYTHON3.13),.venv313/.dev)
	@for v in 312 313; do \
		if [ -x .venv$$v/bin/pytest ]; then .venv$$v/bin/pytest $(UNIT) || exit 1; \
		else echo "unit tests on Python $$v: skipped, no such interpreter"; fi; done

# pip-compile's work, done by uv: every hash of every platform's file.
lock: .venv/.dev  ## choose the newest versions pyproject.toml allows and pin them
	$(BIN)/python $(PIP) uv
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header -o $(RUN_LOCK)
	$(BIN)/uv pip compile pyproject.toml --group dev --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-annotate --no-header \
		-c $(RUN_LOCK) -o $(DEV_LOCK)

clean:  ## remove what this file made; var/ with its call records stays
	rm -rf .venv .venv312 .venv313 .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): directory, $(2): interpreter. Debian's python3 comes without venv.
define venv
	@[ -n "$(2)" ] || { echo "veil needs Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@[ -x $(1)/bin/pip ] || "$(2)" -m venv --clear $(1) || { \
		echo "$(2) cannot make $(1); on Debian: apt-get install python3-venv" >&2; exit 1; }
endef

.venv/.run: $(RUN_LOCK) pyproject.toml
	$(call venv,.venv,$(PYTHON))
	$(BIN)/python $(PIP) --require-hashes -r $(RUN_LOCK)
	$(BIN)/python $(PIP) --no-deps -e .
	@touch $@

.venv/.dev: $(DEV_LOCK) .venv/.run
	$(BIN)/python $(PIP) --require-hashes -r $(DEV_LOCK)
	@touch $@

.venv312/.dev: $(DEV_LOCK)
	$(call venv,.venv312,$(PYTHON3.12))
	.venv312/bin/python $(PIP) --require-hashes -r $(DEV_LOCK)
	@touch $@

.venv313/.dev: $(DEV_LOCK)
	$(call venv,.venv313,$(PYTHON3.13))
	.venv313/bin/python $(PIP) --require-hashes -r $(DEV_LOCK)
	@touch $@
