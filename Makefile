# Two commands need nothing but git, make, Python 3.11 or later and Node 20: `make demo` and `make test`.
# What was set up once is remembered by stamp files in .venv/, so the second time takes seconds.

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
COLAB := .venv-colab
OUT := test-output
LOGS := $(OUT)/logs
# Name one with `make PYTHON=/path/to/python ...`; otherwise the first of these that runs and is new enough.
PYTHON ?= python3
PYTHONS := $(PYTHON) $(if $(filter file default,$(origin PYTHON)),python3.13 python3.12 python3.11)
PYTHONS_313 := python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python) $(PYTHON)
PIP := -m pip --disable-pip-version-check --no-input -qq
NPM := npm --prefix widgets --no-audit --no-fund --no-update-notifier --loglevel=error

SOURCES := $(shell find widgets/src widgets/build.mjs widgets/tsconfig.json -type f 2>/dev/null)
FRONTEND := mlmagic/static/index.js
MODULES := widgets/node_modules/.package-lock.json

# Notebooks are compared where they say so, and without the parts that tell time.
NBVAL := --nbval-lax --nbval-current-env --nbval-sanitize-with .ci/nbval.cfg
PYTEST := $(BIN)/python -m pytest -q
# Runs $(2), shows it and keeps it as log $(1); a pipe would hide a failure without pipefail.
stage = @mkdir -p $(LOGS) && rm -f $(LOGS)/$(1).ok && echo "== $(1)" && set -o pipefail \
  && { $(2); } 2>&1 | tee $(LOGS)/$(1).log && touch $(LOGS)/$(1).ok
STAGES := lint frontend-test unit kernel notebooks colab browser

.PHONY: help setup demo test lab bench format clean frontend chromium summary $(STAGES)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## --- set up

setup: $(VENV)/.installed $(FRONTEND) ## the environment .venv and the built front end

$(VENV)/.created:
	@python=$$(.ci/python 'v >= (3, 11)' $(PYTHONS)) || { \
	  echo "mlmagic needs Python 3.11 or later; tried: $(PYTHONS). Name one: make PYTHON=/path/to/python" >&2; exit 1; }; \
	echo "creating $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)
	@touch $@

# torch first and by its exact version: so asked, pip takes the CPU build that lies on the index; a range takes
# gigabytes of CUDA libraries along.
$(VENV)/.torch: $(VENV)/.created
	@echo "installing PyTorch"
	@$(BIN)/python $(PIP) install torch==2.13.0
	@touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	@echo "installing mlmagic and its tools"
	@$(BIN)/python $(PIP) install -e '.[torch,keras,xgboost,lightgbm,catboost,lab,dev]'
	@touch $@

$(MODULES): widgets/package-lock.json
	@command -v npm >/dev/null || { echo "the front end needs Node 20 or later with npm" >&2; exit 1; }
	@echo "installing the front end's tools"
	@$(NPM) ci --silent
	@touch $@

$(FRONTEND): $(MODULES) widgets/package.json $(SOURCES)
	@echo "building the front end"
	@$(NPM) run --silent build
	@touch $@

frontend: $(FRONTEND)

chromium: $(VENV)/.installed ## a Chromium for the browser tests
	@.ci/chromium $(BIN)/python

$(COLAB)/.installed: pyproject.toml .ci/colab.txt
	@python=$$(.ci/python 'v == (3, 13)' $(PYTHONS_313)) && "$$python" -m venv $(COLAB)
	@echo "installing Colab's versions"
	@$(COLAB)/bin/python $(PIP) install -r .ci/colab.txt -e .
	@touch $@

## --- use

demo: setup ## run the quick-start in a real kernel; results in demo-output/
	@$(BIN)/python .ci/demo.py notebooks/quickstart.ipynb demo-output

lab: setup ## JupyterLab on the tutorials
	@$(BIN)/jupyter lab notebooks

## --- test

# The two environments and the front end know nothing of each other, so they are installed side by side.
INSTALLED = setup chromium $(if $(shell .ci/python 'v == (3, 13)' $(PYTHONS_313)),$(COLAB)/.installed)

test: ## everything: lint, unit, contract, kernel, notebooks, Colab's versions, browser
	@$(MAKE) -j3 $(INSTALLED)
	@rm -rf $(LOGS)
	@status=0; $(MAKE) --keep-going -j1 $(STAGES) || status=$$?; $(MAKE) summary; exit $$status

# How each stage ended and its closing line, together at the end where they are seen.
summary:
	@echo "== summary"; for name in $(STAGES); do \
	  if [ -e $(LOGS)/$$name.ok ]; then state=ok; else state=FAILED; fi; \
	  closing=$$(grep -v '^ *$$' $(LOGS)/$$name.log 2>/dev/null | tail -n 1 || true); \
	  printf '%-14s %-7s %s\n' "$$name" "$$state" "$${closing:-did not run}"; done

# Each tool has its say, even when an earlier one found something.
lint: setup ## ruff, mypy, prettier, tsc
	$(call stage,$@,bad=; $(BIN)/ruff check . || bad+=" ruff"; $(BIN)/ruff format --check . || bad+=" format"; \
	  $(BIN)/mypy || bad+=" mypy"; $(NPM) run --silent format:check || bad+=" prettier"; \
	  $(NPM) run --silent check || bad+=" tsc"; echo "lint: $${bad:-all clean}"; [ -z "$$bad" ])

frontend-test: $(FRONTEND) ## the front end's own tests
	$(call stage,$@,$(NPM) test --silent && echo "front end: all passed")

# Two workers; a file stays together, since some of its fixtures are costly. Files go in their order: by the number of
# its tests, which is the default, a file of few long ones comes last and one worker waits for the other.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
# Two processes share the processors, and a thread that spins while it waits for its fellows takes them from the other:
# with OpenBLAS's own timeout the tests of scikit-learn's estimators cost half as much processor time again.
unit colab browser: export OMP_WAIT_POLICY := passive
unit colab browser: export OPENBLAS_THREAD_TIMEOUT := 4

unit: setup ## unit and contract tests
	$(call stage,$@,$(PYTEST) $(TWO) tests --ignore tests/kernel --ignore tests/browser \
	  --ignore tests/benchmarks --ignore tests/colab)

# One at a time: these look at how soon a kernel answers.
kernel: setup ## tests in real kernels
	$(call stage,$@,$(PYTEST) tests/kernel)

notebooks: setup ## the tutorials, by nbval
	$(call stage,$@,$(PYTEST) $(NBVAL) notebooks)

browser: setup chromium ## tests in a real JupyterLab; pictures in test-output/screenshots/
	$(call stage,$@,$(PYTEST) $(TWO) tests/browser)

# Tests of a framework that is not in .ci/colab.txt skip themselves: --partial, in tests/conftest.py.
ON_COLAB := $(COLAB)/bin/python -m pytest -q --partial
COLAB_TESTS := $(addprefix tests/,actions data evaluation config) $(wildcard tests/executors/test_sklearn*.py) \
  $(wildcard tests/executors/test_boosting*.py) $(addprefix tests/executors/,contract test_xgboost.py)
# No Python 3.13, no test of Colab's versions: a person is told, continuous integration fails.
colab: ## the kernel's side at Colab's versions, with scikit-learn and XGBoost, on Python 3.13
	$(call stage,$@,if .ci/python 'v == (3$(comma) 13)' $(PYTHONS_313) >/dev/null; then \
	  $(MAKE) $(COLAB)/.installed && $(ON_COLAB) $(TWO) tests/kernel tests/colab $(COLAB_TESTS); \
	  else echo "Colab's versions were NOT tested: there is no Python 3.13"; [ "$$CI" != true ]; fi)
comma := ,

bench: setup ## ratios and latencies, measured side by side
	@$(PYTEST) -s -p no:cacheprovider tests/benchmarks

## --- tidy

format: setup ## ruff and prettier
	@$(BIN)/ruff check --fix-only -q . ; $(BIN)/ruff format -q . && $(NPM) run --silent format

clean: ## remove what was built, the environments too
	@rm -rf $(VENV) $(COLAB) widgets/node_modules widgets/build widgets/demo/dist mlmagic/static demo-output $(OUT) \
	  build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
