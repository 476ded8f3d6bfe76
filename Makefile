# `make help` lists the targets. uv installs the versions of uv.lock. tools/uv downloads uv if the machine
# has none.

.PHONY: help setup reproduce notebook test test-all lint test-pythons test-cuda test-debian-12 test-debian-13 \
	test-debian-sid test-arm64 test-windows test-machines benchmark mutants lock clean

uv = sh tools/uv
run = $(uv) run --locked$(if $(GPU), --no-group cpu --extra gpu)
dev = $(run) --group dev
# The tests start hundreds of programs: compile them once.
test test-all test-pythons lint mutants: export UV_COMPILE_BYTECODE = 1

# Separate from the CPU build, which has files of the same names.
ifdef GPU
export UV_PROJECT_ENVIRONMENT = .venv-gpu
$(if $(wildcard .venv-gpu),,$(info Downloading MXNet for CUDA and NVIDIA's libraries into .venv-gpu: 2.4 GB, once.))
endif

help:
	@echo "make setup       install everything into .venv (30 s)"
	@echo "make reproduce   check each number of the tutorial, write a report into report/ (3 min)"
	@echo "make notebook    open the two notebooks in JupyterLab"
	@echo "make test        check the installation: the fast tests, without the data set (5 min)"
	@echo "make test-all    lint, then run all tests (half an hour); downloads the data the first time"
	@echo "make lint        check style, formatting and type hints (20 s)"
	@echo "make benchmark   compare the speed with PyTorch, JAX and others (installs 3 GB)"
	@echo "make mutants     plant 150 errors in the code, print those that no test catches (an hour)"
	@echo "make lock        update the versions in uv.lock and requirements.txt"
	@echo "make clean       remove environments, caches and the report"
	@echo
	@echo "Tests on other platforms (docs/machines.md has the results):"
	@echo "make test-pythons    each Python from 3.9 to 3.15 on this machine"
	@echo "make test-cuda       MXNet's CUDA build with a stand-in for NVIDIA's driver"
	@echo "make test-debian-12  a bare Debian 12; also -13, -sid, and make test-arm64 (root on Debian)"
	@echo "make test-windows    Python for Windows under Wine"
	@echo "make test-machines   all of these"
	@echo
	@echo "PYTHON=python3.12    use this interpreter, CPython 3.9 to 3.15"
	@echo "GPU=1                use MXNet for CUDA 11.7 and NVIDIA's libraries (2.4 GB, into .venv-gpu)"
	@echo "ARGS='--runs 5'      more arguments for reproduce, benchmark, mutants or pytest"

setup:
	@$(uv) sync --locked --inexact$(if $(GPU), --no-group cpu --extra gpu)

reproduce:
	@$(run) python -m gluon_softmax reproduce $(ARGS)

notebook:
	@$(run) --group notebook sh tools/notebook $(ARGS)

test:
	@$(dev) python -m pytest -n auto -m "not full_data and not slow" $(ARGS)

test-all: lint
	@$(dev) python -m pytest -n auto --dist loadfile --cov $(ARGS)

lint:
	@$(dev) ruff check . && $(dev) ruff format --check . && $(dev) mypy

test-pythons:
	@sh tools/machines/test-pythons $(ARGS)

test-debian-12 test-debian-13 test-debian-sid test-arm64:
	@sh tools/machines/machine $(@:test-%=%)

test-cuda:
	@$(MAKE) --no-print-directory test GPU=1 ARGS="tests/compat/test_cuda.py -m cuda $(ARGS)"

test-windows:
	@sh tools/machines/windows $(ARGS)

test-machines: test-pythons test-debian-12 test-debian-13 test-debian-sid test-arm64 test-windows test-cuda

benchmark:
	@$(run) --group benchmark python -m benchmarks $(ARGS)

mutants:
	@$(dev) --group mutants python tools/mutants.py $(ARGS)

lock:
	@$(uv) lock --upgrade && $(uv) export -q --locked --no-emit-project --no-hashes --no-annotate --no-header --output-file requirements.txt

clean:
	rm -rf .venv .venv-* .uv .uv-* report mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		.coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
