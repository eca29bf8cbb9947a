# Two commands are all a newcomer needs: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

MODELS ?= qwen2.5-coder-0.5b

.PHONY: install install-dev run check test test-real models lock clean

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: install
	$(BIN)/tandao serve

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/tandao personas check

test: install-dev
	$(BIN)/python -m pytest -m "not real"

test-real: install-dev
	$(BIN)/python -m pytest -m real

models: install
	$(BIN)/tandao models pull $(MODELS)

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml --extra speech --extra oidc --extra postgres --group build -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml --extra speech --extra oidc --extra postgres --group build --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV)
