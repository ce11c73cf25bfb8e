# make demo    set up, then send a PET series through the whole gateway on this machine
# make test    set up, then run all tests
# make check   what CI runs: lint, types, import arrows, tests
.PHONY: demo test check lint types arrows lock bench bench-wire set-up picture compose-test k8s-test

BIN := .venv/bin

set-up:
	@scripts/set-up

demo: set-up
	@$(BIN)/petfectior demo

test: set-up
	@$(BIN)/pytest

check: lint types arrows test

lint: set-up
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: set-up
	@$(BIN)/mypy

arrows: set-up
	@$(BIN)/lint-imports

# Pins every dependency, without naming an index.
lock: set-up
	@$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --group dev --universal --generate-hashes \
		--no-emit-index-url --no-annotate --output-file requirements/locked.txt

bench: set-up
	@$(BIN)/python -m tests.bench.overhead

# Instances per second beside dcmtk and, if it is installed, Orthanc.
bench-wire: set-up
	@$(BIN)/python -m tests.bench.wire std
	@$(BIN)/python -m tests.bench.wire large

# The README's pictures, from a running gateway.
picture: set-up
	@$(BIN)/python -m tests.browser.readme_picture

# The Compose stack on a Docker engine of its own; needs root on Debian, installs the rest.
compose-test: set-up
	@scripts/compose-test

# The single-node overlay on a real one-node cluster, with the images of compose-test.
k8s-test: set-up
	@scripts/k8s-test
