# Needs Python 3.11 to 3.14 and nothing else: the first target that wants it makes .venv.
VENV := .venv
EXTRAS := .venv-extras
BIN := $(VENV)/bin

.PHONY: help setup demo test test-extras lint format bench bench-rank neo4j lock wheel clean

help:
	@echo 'make demo         ingest examples/corpus, ask it questions, show evidence and paths'
	@echo 'make test         all tests, on real models and stores'
	@echo 'make test-extras  tests of optional packages (torch: 3 GB to fetch), in .venv-extras'
	@echo 'make lint         style, types and import contracts'
	@echo 'make format       put the code into shape'
	@echo 'make bench        measure quality and speed; GRAPHMEM_BENCH names the data'
	@echo 'make bench-rank   of these, the rankers alone: no data needed'
	@echo 'make neo4j        start a Neo4j of your own, without Docker (make neo4j DO=stop, DO=status)'
	@echo 'make wheel        build dist/*.whl'
	@echo 'make lock         choose dependency versions anew'
	@echo 'make clean        remove what the others made'

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml requirements/dev.txt requirements/install
	@requirements/install $(VENV) requirements/dev.txt
	@touch $@

$(EXTRAS)/.installed: pyproject.toml requirements/extras.txt requirements/install
	@PIP_NO_CACHE_DIR=1 requirements/install $(EXTRAS) requirements/extras.txt
	@touch $@

demo: setup
	$(BIN)/python examples/demo.py

# Much of it waits for servers and processes: a worker per core, each with a Neo4j of its own.
test: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

test-extras: $(EXTRAS)/.installed
	HF_HUB_OFFLINE=1 $(EXTRAS)/bin/pytest -m extras tests/extras tests/contract/test_embedder.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: bench-rank
	$(BIN)/python benchmarks/run.py --untitled --merged --contexts 200,500,1000,2000

# Ten to twenty minutes and 8 GB: a graph of ten million edges among them.
bench-rank: setup
	$(BIN)/graphmem bench rank --sizes 1e4,1e5,1e6,1e7 --questions 21 --rounds 3 --seconds 15 --batch 256 \
		--json benchmarks/results/rank.json --plot benchmarks/results/rank.png

DO := start
neo4j: setup
	@$(BIN)/graphmem neo4j $(DO)

# Versions for every Python and platform at once; index addresses stay out of the files.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --upgrade --quiet \
	--custom-compile-command 'make lock'

# Not by way of setup, which a pyproject.toml that asks for something new would fail.
lock: | $(BIN)/uv
	$(LOCK) --group dev --output-file requirements/dev.txt
	$(LOCK) --group extras --constraint requirements/dev.txt --output-file requirements/extras.txt

$(BIN)/uv:
	@requirements/install $(VENV) requirements/dev.txt

wheel: setup
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf $(VENV) $(EXTRAS) build dist demo-memory .mypy_cache .pytest_cache .ruff_cache \
		.hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
