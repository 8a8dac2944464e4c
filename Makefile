# Every target sets up what it needs: Python 3.11 to 3.14 with venv and pip, and make.
PYTHON ?= python3
# Processes of `make test`: two more than two cores, since tests of servers mostly wait. Each takes 30 s
# of CPU for the tests' imports, a Prefect server and warehouses.
WORKERS ?= 4
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := $(VENV)/peers/.installed
OLD_CLIENT := $(VENV)/old-client/.installed
POLARS := $(VENV)/polars/.installed
NOTEBOOK := $(VENV)/notebook/.installed
# All but `notebook`, whose marimo takes 190 MB: its test has an environment of its own.
EXTRAS := dask s3 mcp dev
# Processes that tests start, some hundreds, would each compile the project again without its bytecode.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
BENCH_PEERS := $(VENV)/bench-peers/.installed $(VENV)/bench-fundus/.installed

.PHONY: environments demo quick test soak check serve bench bench-peers screenshots lock clean

demo: $(STAMP)  ## Make a year of the sample newsroom, ingest it on loopback, show the topics
	$(BIN)/presswatch demo

quick: $(STAMP)  ## Run the tests that neither wait nor load a warehouse: more than half, in a minute
	$(PYTEST) -m "not slow and not browser" --numprocesses auto --maxprocesses 4 --dist worksteal

test: environments  ## Run all tests but those of `make soak`
	$(PYTEST) -m "not soak" --numprocesses $(WORKERS)

soak: $(STAMP)  ## Run simulations of days, and further cases of what `make test` tests by one
	$(PYTEST) -m soak --numprocesses $(WORKERS)

environments: $(STAMP) $(OLD_CLIENT) $(POLARS) $(NOTEBOOK)

check: $(STAMP)  ## Lint, types, import contracts, and whether the lock is complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pip --disable-pip-version-check check

serve: $(STAMP)  ## Prefect server, worker and deployments for one machine
	$(BIN)/presswatch serve

bench: $(STAMP) $(PEERS)  ## Print the figures of tests/bench/README.md, peers beside them (PEERS= for none)
	$(BIN)/python -m tests.bench $(if $(PEERS),--peers $(VENV)/peers/bin/python)

bench-peers: $(STAMP) $(BENCH_PEERS)  ## Presswatch beside fundus, news-please, Scrapy, trafilatura, DuckDB, polars
	$(BIN)/python -m tests.bench.compare --peers $(VENV)/bench-peers/bin/python --fundus $(VENV)/bench-fundus/bin/python

screenshots: $(STAMP)  ## Draw the pictures of README.md again (needs Chromium)
	$(BIN)/python -m tests.support.screenshots

lock: pyproject.toml  ## Pin every dependency again, with hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes $(addprefix --extra ,$(EXTRAS)) \
		--no-header --no-annotate --upgrade -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --upgrade -o tests/bench/peers/extractors.lock tests/bench/peers/extractors.in
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate -o tests/support/old-client.lock tests/support/old-client.in
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate -o tests/support/polars.lock tests/support/polars.in
	uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --upgrade -o tests/support/notebook.lock tests/support/notebook.in
	for peers in peers fundus; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --upgrade -o tests/bench/peers/$$peers.lock tests/bench/peers/$$peers.in || exit 1; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else f"Presswatch needs Python 3.11 to 3.14, $(PYTHON) is {v[0]}.{v[1]}: make PYTHON=python3.13")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # on all cores, where pip takes one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

$(PEERS): tests/bench/peers/extractors.lock $(STAMP)
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/bench/peers/extractors.lock
	touch $(PEERS)

$(OLD_CLIENT): tests/support/old-client.lock
	$(PYTHON) -m venv $(VENV)/old-client
	$(VENV)/old-client/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/support/old-client.lock
	touch $(OLD_CLIENT)

$(POLARS): tests/support/polars.lock
	$(PYTHON) -m venv $(VENV)/polars
	$(VENV)/polars/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/support/polars.lock
	touch $(POLARS)

$(NOTEBOOK): tests/support/notebook.lock
	$(PYTHON) -m venv $(VENV)/notebook
	$(VENV)/notebook/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/support/notebook.lock
	touch $(NOTEBOOK)

$(VENV)/bench-%/.installed: tests/bench/peers/%.lock $(STAMP)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@
