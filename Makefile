# Everything here makes its own virtual environment first; only Python 3.11+ and git are needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
EXTRAS ?= .venv-extras
# Two test processes fit a laptop and the two cores that we promise times for.
TESTERS ?= 2

.PHONY: demo test test-extras lint fix long bench clean

demo: $(VENV)/demo.stamp
	$(BIN)/derrumbe demo --out demo

test: $(VENV)/dev.stamp lint
	$(BIN)/pytest -n $(TESTERS) --dist loadfile

# Big models with tiny random weights, in an environment of its own, so that the usual one stays without torch (CPU torch, some 2 GB).
TORCH ?= torch>=2.6,<3
test-extras: $(EXTRAS)/extras.stamp
	$(EXTRAS)/bin/pytest -n $(TESTERS) --dist loadfile tests/generate

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

$(EXTRAS)/extras.stamp: pyproject.toml
	@$(PYTHON) -m venv $(EXTRAS)
	@$(EXTRAS)/bin/python -m pip install --quiet --upgrade pip
	@$(EXTRAS)/bin/python -m pip install --quiet '$(TORCH)'
	@$(EXTRAS)/bin/python -m pip install --quiet -e '.[dev,demo,diffusers,comfy]'
	@touch $@

clean:
	rm -rf $(VENV) $(EXTRAS) demo
