# `make run` and `make test` need only Python (3.11 or newer), pip and make; they set everything else up.
#
#   make run      set up, then open the window on a sample photo (without a display: command line and a picture of it)
#   make test     set up, then run all tests
#   make setup    set up only
#   make fuzz     set up, then search at random for examples that break a test
#   make soak     set up, then run the long tests: sweeps, kills and plays; before each release
#   make lint     style (ruff) and types (pyright)
#   make screenshots   render the pictures of the README from the real window
#   make translations  bring the texts of the second language up to date
#   make wheel    build the wheel into dist/
#   make clean    remove what was built, and the caches; .venv stays

.DEFAULT_GOAL := help
.PHONY: help run test fuzz soak setup lint wheel clean screenshots translations

VENV_BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)

# The first Python that the dependencies have wheels for; failing that, any that is new enough. `make PYTHON=…` decides.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON ?= $(shell for check in "$(SUITABLE)" "$(NEW_ENOUGH)"; do for python in $(CANDIDATES); do \
	if $$python -c "$$check" >/dev/null 2>&1; then echo $$python; exit; fi; done; done)

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@if [ -z "$(PYTHON)" ]; then \
		echo "setup: Duskroom needs Python 3.11 or newer; install it, or name it with: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	@"$(PYTHON)" scripts/setup.py

run: setup
	@$(VENV_BIN)/python scripts/run.py

test: setup
	@$(VENV_BIN)/python -m pytest -n logical --dist worksteal $(ARGS)

fuzz: setup
	@HYPOTHESIS_PROFILE=fuzz $(VENV_BIN)/python -m pytest -n logical --dist worksteal -m "hypothesis and not soak" $(ARGS)

soak: setup
	@$(VENV_BIN)/python -m pytest -n logical --dist worksteal -m soak $(ARGS)

lint: setup
	$(VENV_BIN)/python -m ruff check .
	PYRIGHT_PYTHON_GLOBAL_NODE=0 $(VENV_BIN)/python -m pyright

screenshots: setup
	@$(VENV_BIN)/python scripts/screenshots.py

translations: setup
	@$(VENV_BIN)/python scripts/translations.py

wheel: setup
	$(VENV_BIN)/python -m pip --disable-pip-version-check wheel . --no-deps --no-build-isolation --wheel-dir dist

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
