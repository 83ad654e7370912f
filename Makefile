# Python 3.11+ and make are all this needs. Every target builds what it stands on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
SEED ?= 1
CASES ?= 200
DB ?= both

.PHONY: help models up test test-rq check schemathesis hostile leak-grep bench chaos chaos-all compose-drill workbench-run review-bench lock clean

help:
	@echo "make up | test | test-rq | check | schemathesis | hostile | leak-grep | bench | chaos | compose-drill | workbench-run | review-bench | models | lock"

$(VENV)/.installed: requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

models: $(VENV)/.installed
	$(BIN)/verifier models fetch
	$(BIN)/python -m fixtures fonts

up: models
	$(BIN)/verifier up --data $(DATA)

test: models
	$(BIN)/python -m pytest

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.lock_freshness
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive schemas verifier workers
	$(BIN)/python -m tests.support.secret_scan
	$(BIN)/python -m tests.support.dependency_audit

# The OpenAPI document against a running server, as every role: about four minutes.
schemathesis: $(VENV)/.installed
	$(BIN)/python -m tests.support.schemathesis_run

# Files that others made to break decoders, and bombs, through the upload of a running server: five to ten minutes. The first run
# has pip bring three source distributions.
hostile: models
	$(BIN)/python -m tests.support.hostile_run

# A full demo run, then a search for the demo people in database, files, broker and logs: about four minutes.
leak-grep: models
	$(BIN)/python -m tests.support.leak_grep

# The queue's tests with the lowest and the highest rq and redis-py that pyproject.toml allows: about eight minutes.
test-rq: $(VENV)/.installed
	$(BIN)/python -m tests.support.rq_versions

# Put cases through while everything is killed: see tests/chaos/README.md. DB=sqlite, postgresql or both.
chaos: models
	$(BIN)/python -m tests.chaos --database $(DB) --cases $(CASES) --seed $(SEED)

chaos-all: models
	$(BIN)/python -m tests.chaos --database $(DB) --cases $(CASES) --seed 1 2 3

bench: models
	$(BIN)/python -m bench.ocr

# A reviewer in a real browser clears the demo's flagged cases by keyboard alone, read by the real engine.
workbench-run: models
	$(BIN)/python -m bench.workbench

# The reviewers' desk with 100,000 cases on SQLite and PostgreSQL: about fifteen minutes.
review-bench: $(VENV)/.installed
	$(BIN)/python -m bench.review

compose-drill: models
	$(BIN)/python -m bench.compose_drill

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
