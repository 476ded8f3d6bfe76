# `make help` lists what there is. Everything sets up what it needs by itself: .ci/setup finds an
# interpreter, makes the environment and prints where it is, at once where it is there already.

.PHONY: help reproduce test test-fast lint test-all benchmark lock clean

help:
	@echo "make reproduce   download the data, train both versions, write the report into report/"
	@echo "make test        lint, then all tests; the first time, this downloads the data"
	@echo "make test-fast   the tests that do not need the whole data set"
	@echo "make lint        check style, formatting and type hints"
	@echo "make test-all    the tests on every Python from 3.9 to 3.13 that is on this machine"
	@echo "make benchmark   compare the speed with PyTorch, JAX and others (installs them)"
	@echo "make lock        renew the versions in .ci/locks"
	@echo "make clean       remove environments, caches and the report"
	@echo
	@echo "PYTHON=...       the interpreter to use, CPython 3.9 to 3.13"
	@echo "ARGS=...         more arguments for reproduce, benchmark or pytest: make reproduce ARGS=--help"

reproduce:
	@python=$$(sh .ci/setup run) && "$$python" -m gluon_softmax reproduce $(ARGS)

test: lint
	@python=$$(sh .ci/setup test) && "$$python" -m pytest --cov $(ARGS)

test-fast:
	@python=$$(sh .ci/setup test) && "$$python" -m pytest -m "not full_data" $(ARGS)

lint:
	@python=$$(sh .ci/setup test) && "$$python" -m ruff check . && "$$python" -m ruff format --check . \
		&& "$$python" -m mypy

test-all:
	@sh .ci/test-all $(ARGS)

benchmark:
	@python=$$(sh .ci/setup benchmark) && "$$python" -m gluon_softmax benchmark $(ARGS)

lock:
	@python=$$(sh .ci/setup run) && sh .ci/lock "$$python"

clean:
	rm -rf .venv .venv-* report .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
