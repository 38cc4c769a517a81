# The two commands are `make up` and `make test`; each builds what it needs.
PYTHON := .venv/bin/python
STAMP := .venv/.stamp
# Python keeps what it compiles, whatever the machine says: compiling anew takes eight of the thirteen
# seconds in which one process of the product starts, and `up` and the tests start dozens.
unexport PYTHONDONTWRITEBYTECODE
# Four test processes, since many tests wait for leases, servers or a browser; whole files each, in
# the order of tests/browser.py. One thread each: eight would fight for two cores.
PYTEST := env OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not scale" --max-worker-restart=0

.PHONY: up test lint fix shots bench help

help:  ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 10

$(STAMP): requirements.lock .python-version .ci/setup
	@.ci/setup

up: $(STAMP)  ## run everything: web, workers, scheduler, broker, demo (ARGS=--no-demo)
	@exec $(PYTHON) manage.py up $(ARGS)

test: $(STAMP)  ## run all tests (ARGS=... for pytest)
	@exec $(PYTEST) $(ARGS)

lint: $(STAMP)  ## style, types, direction of imports, templates, missing migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 -r .venv/bin/djade --target-version 6.1 --check
	$(PYTHON) manage.py makemigrations --check --dry-run

fix: $(STAMP)  ## repair what can be repaired by a tool
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	git ls-files -z 'templates/*.html' | xargs -0 -r .venv/bin/djade --target-version 6.1

shots: $(STAMP)  ## a screenshot of every page of a running `make up`, into var/shots
	@exec $(PYTHON) -m tests.shots $(ARGS)

BENCHMARKS := $(sort $(filter-out __init__,$(basename $(notdir $(wildcard benchmarks/*.py)))))
bench: $(STAMP)  ## one benchmark, e.g. B=serving
	@test -n "$(filter $(B),$(BENCHMARKS))" || { echo "Say which, as in make bench B=serving. There are: $(BENCHMARKS)." >&2; exit 2; }
	@exec $(PYTHON) -m benchmarks.$(B) $(ARGS)
