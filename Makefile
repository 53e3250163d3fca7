# Needs Python 3.10 or newer with venv, and an index that pip can reach.
# Another Python: make run PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip --quiet --disable-pip-version-check install

.DEFAULT_GOAL := help
.PHONY: help run test bench campaign kills check check-xsoar build clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile | expand -t 18

run: .venv/all.stamp ## install the command into .venv and rehearse a removal on the sandbox
	@$(BIN)/ioc-removal demo

# Two a processor: many tests wait for another process, or for a pause that they asked for.
WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
# Tests start hundreds of processes: where Python keeps no bytecode, each would compile all anew.
test: .venv/dev.stamp ## run the tests; ARGS='-k waf' chooses some
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -rs -n $(WORKERS) $(ARGS)

SCHEDULES ?= 20000
SEED ?= 1
OF ?= removals undos
campaign: .venv/dev.stamp ## random schedules of faults against deletions and undos; SCHEDULES=20000 SEED=1 OF=undos
	@set -e; for of in $(OF); do PYTHONPATH=tests $(BIN)/python -m campaign $(SCHEDULES) $(SEED) $$of; done

check-xsoar: .venv/dev.stamp .venv-xsoar/stamp ## XSOAR's own tools on the exported pack
	@PYTHONPATH=tests $(BIN)/python -m xsoar_pack .venv-xsoar

KILLS ?= 200
kills: .venv/dev.stamp ## kill runs at random moments on both stores; KILLS=200 SEED=1
	@PYTHONPATH=tests $(BIN)/python -m kills $(KILLS) $(SEED)

SCALE ?= 1
ONLY ?=
LATENCY ?=
MIX ?=
bench: .venv/dev.stamp ## ratios of time and memory against peers; ONLY='cold bulk' SCALE=0.01, LATENCY=100 (ms), MIX='url=3 idn'
	@$(BIN)/python -m bench --scale $(SCALE) --only $(ONLY) $(if $(LATENCY),--latency $(LATENCY)) $(if $(MIX),--mix $(MIX))

check: .venv/dev.stamp ## ruff format, ruff, mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

build: .venv/dev.stamp ## make the sdist and the wheel in dist/
	@$(BIN)/python -m build --no-isolation

clean: ## delete .venv and all that was built
	rm -rf .venv .venv-xsoar build dist plugin/*.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find plugin tests -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	|| { echo '$(PYTHON) is not Python 3.10 or newer; choose one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo '$(PYTHON) lacks venv; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@echo 'making .venv'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/all.stamp: setup.cfg pyproject.toml | .venv/bin/python
	@echo 'installing ioc-removal[all] into .venv'
	@$(INSTALL) --editable '.[all]'
	@touch $@

.venv/dev.stamp: setup.cfg pyproject.toml | .venv/bin/python
	@echo 'installing ioc-removal[all,dev] into .venv'
	@$(INSTALL) --editable '.[all,dev]'
	@touch $@ .venv/all.stamp

# Tools of 340 MB, which want other versions of what the plugin uses.
.venv-xsoar/stamp: tests/xsoar_pack/requirements.txt | .venv/bin/python
	@echo 'installing demisto-sdk into .venv-xsoar'
	@rm -rf .venv-xsoar
	@$(PYTHON) -m venv .venv-xsoar
	@.venv-xsoar/bin/python -m pip --quiet --disable-pip-version-check install --requirement $<
	@touch $@
