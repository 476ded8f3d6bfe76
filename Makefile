# `make help` lists what there is. uv sets up what is needed, by the versions and hashes in uv.lock,
# and starts at once where all is there; .ci/uv brings it where the machine has none.

.PHONY: help reproduce notebook test test-fast lint test-all test-cuda test-debian-12 test-debian-13 \
	test-debian-sid test-arm64 test-windows test-machines benchmark mutants lock clean

uv = sh .ci/uv
run = $(uv) run --locked$(if $(GPU), --no-group cpu --extra gpu)
dev = $(run) --group dev
# The tests start hundreds of programs, which Python would compile anew where it may write nothing.
test test-fast test-all lint mutants: export UV_COMPILE_BYTECODE = 1

# Elsewhere than the CPU build, which has files of the same names.
ifdef GPU
export UV_PROJECT_ENVIRONMENT = .venv-gpu
$(if $(wildcard .venv-gpu),,$(info MXNet for CUDA and NVIDIA's libraries are 2.4 GB to fetch, into .venv-gpu, once.))
endif

help:
	@echo "make reproduce   download the data, train both versions, write the report into report/"
	@echo "make notebook    open the two notebooks in JupyterLab"
	@echo "make test        lint, then all tests; the first time, this downloads the data"
	@echo "make test-fast   the tests that do not need the whole data set"
	@echo "make lint        check style, formatting and type hints"
	@echo "make test-all    the tests on every Python from 3.9 to 3.15 that is on this machine"
	@echo "make test-cuda   those of MXNet's CUDA build, beside a stand-in for NVIDIA's driver"
	@echo "make test-debian-12  on a bare Debian 12, as root on Debian; make test-debian-13 ,"
	@echo "                 make test-debian-sid and make test-arm64 on those machines"
	@echo "make test-windows  those of them that can, in a Python for Windows under Wine"
	@echo "make test-machines  on all of them; docs/machines.md tells what came out"
	@echo "make benchmark   compare the speed with PyTorch, JAX and others (installs them: 3 GB)"
	@echo "make mutants     plant errors in the centre of the code, and see which the tests catch"
	@echo "make lock        renew the versions in uv.lock and requirements.txt"
	@echo "make clean       remove environments, caches and the report"
	@echo
	@echo "PYTHON=...       the interpreter to use, CPython 3.9 to 3.15"
	@echo "GPU=1            with MXNet for CUDA 11.7 and NVIDIA's libraries for it (2.4 GB), into .venv-gpu"
	@echo "ARGS=...         more arguments for reproduce, benchmark or pytest: make reproduce ARGS=--help"

reproduce:
	@$(run) python -m gluon_softmax reproduce $(ARGS)

notebook:
	@$(run) --group notebook sh .ci/notebook $(ARGS)

test: lint
	@$(dev) python -m pytest --cov $(ARGS)

test-fast:
	@$(dev) python -m pytest -m "not full_data" $(ARGS)

lint:
	@$(dev) ruff check . && $(dev) ruff format --check . && $(dev) mypy

test-all:
	@sh .ci/test-all $(ARGS)

test-debian-12 test-debian-13 test-debian-sid test-arm64:
	@sh .ci/machine $(@:test-%=%)

test-cuda:
	@$(MAKE) --no-print-directory test-fast GPU=1 ARGS="tests/revival/test_cuda.py -m cuda $(ARGS)"

test-windows:
	@sh .ci/windows $(ARGS)

test-machines: test-all test-debian-12 test-debian-13 test-debian-sid test-arm64 test-windows test-cuda

benchmark:
	@$(run) --group benchmark python -m gluon_softmax benchmark $(ARGS)

mutants:
	@$(dev) --group mutants python -m mutmut run $(ARGS)

lock:
	@$(uv) lock --upgrade && $(uv) export -q --locked --no-emit-project --no-hashes --no-annotate --no-header --output-file requirements.txt

clean:
	rm -rf .venv .venv-* .uv .uv-* report mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		.coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
