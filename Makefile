# The index of the project. `make run` and `make test` do all the set-up they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
COMPILED := build/compiled
AS_COMPILED = PYTHONPATH="$(CURDIR)/$(COMPILED)" PYTHONSAFEPATH=1
PACKED := $(shell find noyau router specs issuers hsm_emulator bench config -type f -not -name '*.pyc')

.PHONY: help setup run test test-compiled check style types layers compile lock simulate mutations bench bench-codec bench-check bench-baseline bench-peers bench-report bench-profile chaos power-cut journal-start clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

run: setup  ## the whole platform on this machine, with demo traffic and a live view
	@$(BIN)/noyau up

test: setup  ## the tests, interpreted form
	$(BIN)/pytest

check: style types layers test  ## everything .ci/run checks, in this form

setup: $(READY)  ## the virtual environment .venv, from the lock file

style: setup  ## ruff
	$(BIN)/ruff check .

types: setup  ## mypy, strict
	$(BIN)/mypy

layers: setup  ## who may import whom
	$(BIN)/lint-imports

compile: $(COMPILED)/.built  ## the router's core through mypyc, in build/compiled

test-compiled: compile  ## the same tests on the compiled form
	$(AS_COMPILED) NOYAU_FORM=compiled $(BIN)/pytest

hsm-manual: setup  ## docs/hsm from the tables that the HSM emulator reads with
	$(BIN)/python -m hsm_emulator.manual docs/hsm

QUICK ?=
STUDIES ?=
bench: compile  ## what a transaction costs, beside relay and pyiso8583: QUICK=1 STUDIES="rates memory"
	@$(AS_COMPILED) $(BIN)/noyau bench $(if $(QUICK),--quick) $(if $(SECONDS),--seconds $(SECONDS)) $(STUDIES)

bench-check: compile  ## fails when CPU per transaction grew over 15 % against bench/check/baseline.json
	@$(AS_COMPILED) $(BIN)/python -m bench.check --baseline bench/check/baseline.json

bench-baseline: compile  ## measures that baseline anew, for a change that is meant to cost more
	@$(AS_COMPILED) $(BIN)/python -m bench.check --update --baseline bench/check/baseline.json

PEERS := pyiso8583 py8583 iso8583sim
bench-peers: setup  ## other people's codecs for the bench, in build/peers, apart from ours
	$(PYTHON) -m venv --clear build/peers
	build/peers/bin/python -m pip install --quiet $(PEERS)

bench-report: setup  ## the page of a stored result, made again: RESULT=bench/results/NAME.json
	@$(BIN)/python -m bench.report $(RESULT)

bench-codec: compile  ## the codec alone against pyiso8583, compiled and interpreted: ratios
	@$(BIN)/python -m bench.codec $(if $(SECONDS),--seconds $(SECONDS))

IN_FLIGHT ?= 256
bench-profile: compile  ## where the router's CPU goes, by stage and function, flame.svg: IN_FLIGHT=256
	@$(AS_COMPILED) $(BIN)/python -m bench.profile --in-flight $(IN_FLIGHT) --svg build/flame.svg

SECONDS ?=
bench-hsm: setup  ## what each host command costs the HSM emulator: SECONDS=0.5 COMMANDS="CA CC"
	$(BIN)/python -m bench.costs.hsm $(if $(SECONDS),--seconds $(SECONDS)) $(COMMANDS)

fuzz-hsm: setup  ## random and altered host commands over TCP: SECONDS=1800 SEED=1
	$(BIN)/python -m tests.hsm.fuzz $(or $(SECONDS),1800) $(SEED)

ROUNDS ?= 500
OTHERS := build/others
hsm-against-others: setup  ## HSM emulator's answers against psec and pyemv (installed beside the lock): ROUNDS=500 SEED=1
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target $(OTHERS) psec==1.3.0 pyemv==1.5.0
	PYTHONPATH=$(OTHERS) $(BIN)/python -W ignore -m tests.hsm.against_others $(ROUNDS) $(SEED)

SEEDS ?= 1000
PROCESSES ?= 1
simulate: setup  ## the core on simulated time, network, disk: SEEDS=10000 [FIRST=K] [PROCESSES=2]
	@$(BIN)/python -m tests.simulation.run $(SEEDS) $(FIRST) --processes $(PROCESSES)

mutations: setup  ## bugs planted in the core, and how many seeds of the simulation see each
	@$(BIN)/python -m tests.simulation.mutations

KILLS ?= 100
RATE ?= 2000
WORKERS ?= 1
chaos: compile  ## kill -9 under load, then the books of all sides compared: KILLS=100 RATE=2000 WORKERS=2
	$(AS_COMPILED) $(BIN)/python -m bench.chaos.run --kills $(KILLS) --rate $(RATE) --workers $(WORKERS)

CUTS ?= 20
power-cut: setup  ## the power cut under load, on a file system of its own: CUTS=20 (root)
	@CUTS=$(CUTS) $(BIN)/pytest tests/faults/test_power_cut.py -s

TRANSACTIONS ?= 1000000
journal-start: setup  ## how long a start takes behind TRANSACTIONS=1000000
	@$(BIN)/python -m tests.faults.journal_start $(TRANSACTIONS)

lock:  ## pin the dependencies anew (a developer's; needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean:  ## remove what was built
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

$(LOCKED): requirements.lock
	@command -v $(PYTHON) > /dev/null || { echo "noyau: no $(PYTHON) here. Debian, Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "noyau: Python 3.11 or later is needed, this is $$($(PYTHON) -V)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip; ensurepip.version()' 2> /dev/null || { echo "noyau: $(PYTHON) cannot make virtual environments. Debian, Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml setup.py
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

# The folder was moved, or its Python is gone (an upgrade): made anew.
ifneq ($(shell $(BIN)/python -P -c 'import noyau; print(noyau.__path__[0])' 2> /dev/null),$(CURDIR)/noyau)
.PHONY: $(LOCKED)
endif

$(COMPILED)/.built: $(PACKED) $(READY)
	rm -rf $(COMPILED) build/wheel build/lib* build/bdist*
	@mkdir -p build && touch build/.started
	NOYAU_COMPILE=1 $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir build/wheel .
	$(BIN)/python -m pip install --quiet --no-deps --no-index --target $(COMPILED) build/wheel/*.whl
	@mv build/.started $@
