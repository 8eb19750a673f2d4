# The two commands of the README: `make study` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
STUDY ?= docstrings
VENV ?= .venv
# Names of studies are data: taken as they are written, and handed on by the environment, so that no shell reads them.
override STUDIES := $(value STUDIES)
export STUDIES
BIN := $(VENV)/bin
FILE = $(if $(filter-out docstrings,$(STUDY)),config/studies/$(STUDY).yaml,config/config.yaml)
CLEAN = reproduced/$(STUDY)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help study reproduce compare test test-all test-cluster format check lock clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

# The environment follows the lock: pip checks every hash, then installs the project itself without any look-up.
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, {v[0]}.{v[1]} found: set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# Apart: the plugin imports pandas at each start of Snakemake.
$(VENV)/.slurm: $(VENV)/.dev requirements-slurm.lock
	$(PIP) install --quiet --require-hashes -r requirements-slurm.lock
	@touch $@

study: $(VENV)/.run ## run a study (STUDY=docstrings) and print its answer
	$(BIN)/curation-scaling check $(FILE)
	$(BIN)/snakemake --cores all --configfile $(FILE)
	@$(BIN)/curation-scaling answer results/$(STUDY)

# The clean folder sees the project and its data by links, but none of its results.
reproduce: $(VENV)/.run ## compute a finished study (STUDY=docstrings) again in a clean folder and compare every artifact
	$(BIN)/curation-scaling check results/$(STUDY)/study.yaml
	rm -rf $(CLEAN) && mkdir -p $(CLEAN)
	ln -s $(addprefix $(CURDIR)/,$(filter-out results logs reproduced,$(wildcard *))) $(CLEAN)
	$(BIN)/snakemake --cores all --configfile results/$(STUDY)/study.yaml --directory $(CLEAN)
	$(BIN)/curation-scaling same results/$(STUDY) $(CLEAN)/results/$(STUDY)

compare: $(VENV)/.run ## run what is not finished of several studies and compare them (STUDIES="docstrings docstrings_unigram")
	@set -ef; for side in $$STUDIES; do study="$${side%%:*}"; \
	  if test -f "results/$$study/answer.txt"; then continue; fi; \
	  if test "$$study" = docstrings; then $(BIN)/snakemake --cores all; \
	  elif test -f "config/studies/$$study.yaml"; then $(BIN)/snakemake --cores all --configfile "config/studies/$$study.yaml"; \
	  else echo "config/studies/$$study.yaml is missing: STUDIES names studies, such as docstrings" >&2; exit 2; fi; done
	@set -ef; $(BIN)/curation-scaling compare -- $$STUDIES

test: $(VENV)/.dev ## format check, lint, types and the tests (under 10 minutes)
	$(MAKE) check
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-all: $(VENV)/.slurm ## the tests and the slow ones
	$(MAKE) check
	$(BIN)/python -m pytest -n auto --dist loadfile -m "slow or not slow"

test-cluster: $(VENV)/.slurm ## the tests on a real Slurm: as root, with CURATION_SLURM_TEST=1 (test-all runs them, too)
	$(BIN)/python -m pytest -rs tests/cluster

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow

format: $(VENV)/.dev ## format the sources
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile workflow

UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## write the lock files anew (needs uv)
	$(UV_COMPILE) pyproject.toml --extra build -o requirements.lock
	$(UV_COMPILE) pyproject.toml --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	$(UV_COMPILE) pyproject.toml --extra build --extra slurm -c requirements.lock -o requirements-slurm.lock

clean: ## remove the environment (results stay)
	rm -rf $(VENV)
