# Each target works on a bare Debian 12 with git, make and python3: what is missing is installed first.
# The virtual environment is made anew when pyproject.toml changes.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: test demo bench schema clean
.DELETE_ON_ERROR:

test: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage run -m pytest --numprocesses auto --dist loadscope
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

demo: .venv/ready-to-run
	$(BIN)/python examples/demo.py

bench: .venv/ready-to-test
	$(BIN)/python -m tests.bench

schema: .venv/ready-to-run
	$(BIN)/python asn1/build.py

clean:
	rm -rf .venv build dist *.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready-to-run: pyproject.toml .ci/bootstrap
	.ci/bootstrap $(PYTHON) run
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/ready-to-test: pyproject.toml .ci/bootstrap
	.ci/bootstrap $(PYTHON) test
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch .venv/ready-to-run $@
