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

$(VENV)/demo.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	touch $@

$(VENV)/dev.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev,demo]'
	touch $@

clean:
	rm -rf $(VENV) demo
