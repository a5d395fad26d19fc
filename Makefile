# Two commands do everything: `make run` and `make test`. The others are their parts.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
TEST_PROCESSES ?= 2
DEMO_DATA_DIR ?= data/demo
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=  # empty is no: the tests start a hundred programs, which compile nothing twice

.PHONY: lock run demo test check soak golden bench bench-ingest bench-query bench-alerts bench-api setup setup-dev ui chromium postgresql clean
.DEFAULT_GOAL := run

run: setup ui  ## set up what is missing and start the server
	@exec $(BIN)/clickstack serve $(ARGS)

demo: setup ui  ## server and demo shop together; Ctrl-C stops both
	@$(BIN)/clickstack serve --data-dir $(DEMO_DATA_DIR) $(ARGS) & server=$$!; \
	trap 'kill $$server 2>/dev/null; wait $$server' EXIT INT TERM; \
	$(BIN)/clickstack demo

test: check ui chromium postgresql  ## everything: checks, then all tests
	@$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --max-worker-restart 1 $(ARGS)

check: setup-dev  ## format, lint, types; the UI's types, lint and unit tests
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy
	@$(BIN)/python hatch_build.py check

soak: setup-dev  ## the crash tests, hundreds of times
	@$(BIN)/python -m pytest tests/ingest/test_crash.py tests/ingest/test_hardship.py tests/alerts/test_crash.py -k "crash or killed" --cycles 200 $(ARGS)

golden: setup-dev  ## rewrite the golden files; read the difference before you commit it
	@GOLDEN_UPDATE=1 $(BIN)/python -m pytest tests -k golden $(ARGS); git diff --stat -- tests/golden

bench: bench-ingest bench-query bench-alerts bench-api

bench-ingest: setup-dev
	@$(BIN)/python bench/ingest/bench_ingest.py $(ARGS)

bench-query: setup-dev
	@$(BIN)/python bench/query/bench_query.py $(ARGS)

bench-alerts: setup-dev
	@$(BIN)/python bench/alerts/bench_alerts.py $(ARGS)

bench-api: setup-dev
	@$(BIN)/python bench/api/bench_api.py $(ARGS)

setup: .venv/.runtime
setup-dev: .venv/.dev

ui: setup  ## the web UI, rebuilt only when its sources changed
	@$(BIN)/python hatch_build.py

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ClickStack needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv does not work here; on Debian or Ubuntu: apt-get install python3-venv"; rm -rf .venv; exit 1; }
	@$(BIN)/pip install --quiet uv==0.13.9

.venv/.runtime: .venv/bin/uv requirements.lock pyproject.toml hatch_build.py
	@echo "Installing ClickStack into .venv"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "Installing what the tests need"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lock: .venv/bin/uv  ## choose exact versions anew (then read the difference)
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

chromium:  ## the browser tests use an installed Chromium
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Installing Chromium"; apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null; } \
	  || { echo "The browser tests need Chromium: install it, then run make test again"; exit 1; }

postgresql:  ## some tests start a PostgreSQL of their own
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  echo "Installing PostgreSQL"; apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y postgresql >/dev/null; } \
	  || { echo "The tests need the programs of PostgreSQL 15 or newer: install them, then run make test again"; exit 1; }

clean:
	rm -rf .venv ui/node_modules src/clickstack/api/ui .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
