# Everything here makes its own virtual environment first; only Python 3.11+ and git are needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Two test processes fit a laptop and the two cores that we promise times for.
TESTERS ?= 2

.PHONY: demo test lint fix long bench clean

demo: $(VENV)/demo.stamp
	$(BIN)/derrumbe demo --out demo

test: $(VENV)/dev.stamp lint
	$(BIN)/pytest -n $(TESTERS) --dist loadfile

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

fix: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Finished shots of the real plates and the speed figures; an hour or more.
long: $(VENV)/dev.stamp
	$(BIN)/pytest -m long

bench: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/shot.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11; give another: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/demo.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e '.[dev,demo]'
	@touch $@

clean:
	rm -rf $(VENV) demo
