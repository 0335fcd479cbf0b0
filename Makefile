# Each target works on a bare Debian 12 or 13 with git, make and python3: what is missing is installed first.
# The virtual environment is made anew when pyproject.toml changes.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: lint check test others soak fuzz demo bench schema api audit release lock clean
.DELETE_ON_ERROR:

# The tests run on Linux, and need it: they fork, and open terminals. For macOS and Windows the types of the
# rest are checked, which finds each use of what such a system does not have. A cache holds one system only.
TYPED := src asn1 examples

lint: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin $(TYPED)
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 $(TYPED)
	$(BIN)/lint-imports

# What is to be run after each change: all but the slow tests (tests/conftest.py lists them).
check: lint
	$(BIN)/pytest --numprocesses auto --dist loadscope -m "not slow"

# What must pass before a change lands. The order of the tests is another one each time; pytest prints the seed.
# tests/others is left out: see `make others`.
test: lint
	$(BIN)/coverage run -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Other people's implementations with ours (tests/others): lpac as Debian packages it, which needs root, and the
# ASN.1 in asn1play. Their installation needs the network. Exit code 75 of a script: it could not be tried.
others: .venv/ready-to-test
	.ci/lpac
	.ci/asn1play

# What takes hours: each sweep whole, such as every point at which a procedure can end; a million inputs for
# each decoder; bare systems.
soak: .venv/ready-to-fuzz
	LPA_SOAK=1 $(BIN)/pytest --numprocesses auto --dist loadscope tests
	$(MAKE) others
	$(MAKE) fuzz RUNS=1000000 SECONDS=7200 JOBS=2
	.ci/bare-root bookworm
	.ci/bare-root trixie

# make fuzz SECONDS=60 TARGET=notification: each decoder, or the one named, against bytes of a fuzzer.
# With RUNS, as many inputs for each; it fails if they take more than SECONDS. JOBS: decoders at once.
SECONDS ?= 60
RUNS ?= 0
JOBS ?= 1
TARGET ?=

fuzz: .venv/ready-to-fuzz
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --runs $(RUNS) --jobs $(JOBS) $(TARGET)

demo: .venv/ready-to-run
	$(BIN)/python examples/demo.py

bench: .venv/ready-to-test
	$(BIN)/python -m tests.bench

# The tables of the codec, and what the simulator reads, from asn1/rsp.asn.
schema: .venv/ready-to-run
	$(BIN)/python asn1/build.py

# docs/api.md, from signatures and docstrings.
api: .venv/ready-to-test
	$(BIN)/python -m tests.support.api_reference

# Known weaknesses in what we use, from a service on the network. The one that is left out: see SECURITY.md.
audit: .venv/ready-to-release
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --ignore-vuln CVE-2024-23342 \
		$(foreach list,build run dev release fuzz others,--requirement requirements/$(list).txt)

# Wheel and source archive, the same bytes for everybody, and what is in them (SBOM).
release: .venv/ready-to-release
	$(BIN)/python .ci/release.py dist
	$(BIN)/python .ci/sbom.py dist

lock: .venv/ready-to-release
	.ci/lock $(CURDIR)/$(BIN)/uv

clean:
	rm -rf .venv .fuzz build dist *.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Exact versions, each file known by its hash. What comes as source is built with what was pinned for that.
INSTALL = PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pip install --quiet --disable-pip-version-check
LOCKED = $(INSTALL) --require-hashes --no-build-isolation --requirement
OURSELVES = $(INSTALL) --no-deps --no-build-isolation --editable .

.venv/ready-to-run: pyproject.toml requirements/build.txt requirements/run.txt .ci/bootstrap
	.ci/bootstrap $(PYTHON) run
	$(PYTHON) -m venv .venv
	$(LOCKED) requirements/build.txt
	$(LOCKED) requirements/run.txt
	$(OURSELVES)
	touch $@

.venv/ready-to-test: pyproject.toml requirements/build.txt requirements/dev.txt .ci/bootstrap
	.ci/bootstrap $(PYTHON) test
	$(PYTHON) -m venv .venv
	$(LOCKED) requirements/build.txt
	$(LOCKED) requirements/dev.txt
	$(OURSELVES)
	touch .venv/ready-to-run $@

.venv/ready-to-release: .venv/ready-to-test requirements/release.txt
	$(LOCKED) requirements/release.txt
	touch $@

.venv/ready-to-fuzz: .venv/ready-to-test requirements/fuzz.txt
	$(LOCKED) requirements/fuzz.txt
	touch $@
