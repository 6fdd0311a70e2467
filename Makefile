SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help lab test coverage style stress docs lasagne-tests bench bench-browser lock checkpoint stick clean chromium

VENV := .venv
READY := $(VENV)/.ready
# Programs of the environment come first, also for the terminals and kernels of JupyterLab.
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
UV := uv==0.13.9
PEERS := build/bench-venv
LASAGNE := build/lasagne

# What `make stick` packed: with this folder beside the Makefile no network is asked.
ifneq ($(wildcard wheels),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(CURDIR)/wheels
endif

# JavaScript and CSS, C++, and whatever is written twice, beside Python's own.
SCRIPTS := conus_widgets/widgets benchmarks/browser tests/js
TWICE := jscpd --min-lines 10 --min-tokens 40 --mode weak --ignore-identifiers --format javascript,css \
    --exit-code --no-tips --no-colors conus_widgets/widgets
define STYLE
{ ruff check --quiet .; ruff format --check --quiet .; \
  oxfmt --check $(SCRIPTS) >/dev/null || { echo "Not formatted: run oxfmt $(SCRIPTS)" >&2; exit 1; }; \
  oxlint --quiet $(SCRIPTS) | tail -n 20; \
  clang-format --dry-run --Werror conus_widgets/ops/*.h; \
  lint-imports --no-logo >/dev/null || lint-imports; \
  pylint --disable=all --enable=duplicate-code --min-similarity-lines=10 --ignore-imports=y \
    --score=n conus_widgets/widgets; \
  $(TWICE) >/dev/null || $(TWICE); }
endef

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  make %-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(READY)  ## set up if needed, then open JupyterLab on the first notebook (options: LAB="--no-browser --port 8889")
	@export $(IN_VENV); exec jupyter lab --ServerApp.root_dir="$(CURDIR)" --log-level=WARN \
	    --LabApp.default_url=/lab/tree/notebooks/01-classify.ipynb --LabApp.extension_manager=readonly \
	    $$([ "$$(id -u)" != 0 ] || echo --allow-root) $(LAB)

test: $(READY) chromium  ## every check: style, types, unit tests, notebooks, browser, the built wheel (options: TEST="-n 1")
	@export $(IN_VENV) TIMEFORMAT='  %0R s'; \
	echo "== style and types"; time { mypy & $(STYLE); wait $$!; }; \
	echo "== pytest"; pytest -n auto --maxprocesses 4 --durations=10 $(TEST)

coverage: $(READY)  ## the lines of the package that tests run, without the browser's: half an hour; less than 90 % fails
	@export $(IN_VENV); rm -rf build/coverage; mkdir -p build/coverage; \
	pytest -q -n auto --maxprocesses 4 --ignore=tests/browser --cov --cov-report=term:skip-covered tests

style: $(READY)  ## the quick checks only: formatters, linters, which file may import which, types
	@export $(IN_VENV); $(STYLE); mypy

stress: $(READY) chromium  ## what is long: kills, planted faults, hunts on the pages; Binder's steps, a hub, visitors, limits, no network (options: STRESS="--moments 100")
	@export $(IN_VENV); python tests/stress/kill_evaluation.py $(STRESS); python tests/stress/kill_reviews.py $(STRESS); \
	for part in kill_cluster drawn_collections binder_replay hub limits strangers offline sanitized_kernels; do python tests/stress/$$part.py; done; \
	pytest --long -m hunt tests

docs: $(READY)  ## the documentation's site in build/docs, with a map of every method; a broken link fails
	@export $(IN_VENV); rm -rf build/docs; \
	sphinx-build --quiet --fail-on-warning --keep-going -c docs -d build/doctrees . build/docs; \
	echo "Open $(CURDIR)/build/docs/index.html"

lasagne-tests: $(READY)  ## Lasagne's own tests on this Theano: some minutes (docs/lasagne.md)
	@export $(IN_VENV); rm -rf $(LASAGNE); mkdir -p $(LASAGNE); \
	pip="python -m pip --quiet --no-input --disable-pip-version-check"; \
	$$pip install --no-deps --require-hashes --target $(LASAGNE)/packages -r tests/lasagne_suite/requirements.txt; \
	$$pip download --no-deps --no-binary :all: --no-build-isolation --require-hashes --dest $(LASAGNE) \
	    -r <(sed -n '/^lasagne==/,/[^\]$$/p' requirements.lock); \
	tar -xzf $(LASAGNE)/*.tar.gz -C $(LASAGNE) --strip-components=1; \
	rm $(LASAGNE)/lasagne/conftest.py; : "which speaks to a pytest of 2015, about doctests"; \
	cd $(LASAGNE); PYTHONPATH="$$PWD/packages:$(CURDIR)/tests/lasagne_suite:$(CURDIR)" \
	    python -m pytest -p expected -c /dev/null --rootdir=. -o python_files="test*.py" --timeout=0 -q -W ignore lasagne/tests

bench: $(READY) $(PEERS)/.ready  ## beside ONNX Runtime, OpenVINO, PyTorch, captum: a quarter of an hour (options: BENCH="--quick")
	@export $(IN_VENV); python -m benchmarks $(BENCH); python -m benchmarks.collection $(filter --quick,$(BENCH)); \
	python -m benchmarks.cluster $(filter --quick,$(BENCH)); python -m benchmarks.scale $(filter --quick,$(BENCH)); python -m benchmarks.starts

bench-browser: $(READY) chromium  ## the explorer in JupyterLab and Voila, the inspector in JupyterLab: a quarter of an hour (options: BENCH="--quick")
	@export $(IN_VENV); python -m benchmarks.browser $(BENCH); python -m benchmarks.browser.inspecting $(filter --quick,$(BENCH))

lock:  ## make requirements.lock from pyproject.toml
	@rm -rf build/lock; $(FIND_PYTHON); $$python -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	@build/lock/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --quiet --output-file requirements.lock
	@rm -rf build/lock

checkpoint: $(READY)  ## train the demonstration network again (under an hour on 2 cores)
	@$(IN_VENV) python -m conus_widgets.training.demonstration

stick: $(READY)  ## dist/conus_widgets-stick.zip for a room without a network: the last commit and all packages, 450 MB (docs/workshop.md)
	@rm -rf build/stick; mkdir -p build/stick/conus_widgets dist; \
	git archive HEAD | tar -x -C build/stick/conus_widgets; \
	package=build/stick/conus_widgets/conus_widgets; rm $$package/notebooks; \
	cp -R build/stick/conus_widgets/notebooks $$package/notebooks; \
	echo "Fetching the packages (a minute or two) ..."; \
	$(VENV)/bin/python -m pip download --quiet --no-input --disable-pip-version-check --no-deps --require-hashes \
	    --no-build-isolation --dest build/stick/conus_widgets/wheels -r requirements.lock; \
	$(VENV)/bin/python -c 'import shutil; shutil.make_archive("build/stick/made", "zip", "build/stick", "conus_widgets")'; \
	mv build/stick/made.zip dist/conus_widgets-stick.zip; rm -rf build/stick; \
	ls -lh dist/conus_widgets-stick.zip

clean:  ## remove .venv and caches (a training in build/ stays: it may be an hour old)
	rm -rf $(VENV) $(PEERS) build/bench build/bench-browser build/lock build/stick $(LASAGNE) dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Sets $python to the first Python 3.11, or to nothing.
define FIND_PYTHON
python=""; \
for candidate in $(PYTHON) python3.11 python3 python; do \
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
        python=$$candidate; break; \
    fi; \
done
endef

$(READY): requirements.lock pyproject.toml postBuild
	@$(FIND_PYTHON); what=""; packages=""; \
	missing() { what="$$what$${what:+, }$$1"; packages="$$packages $$2"; }; \
	if [ -z "$$python" ]; then missing "Python 3.11" "python3.11 python3.11-venv python3.11-dev"; else \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module" python3.11-venv; \
	    "$$python" -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("include"), "Python.h").stat()' \
	        2>/dev/null || missing "Python's headers" python3.11-dev; \
	fi; \
	command -v g++ clang++ "$${CXX:-g++}" >/dev/null || missing "a C++ compiler" g++; \
	if [ -n "$$what" ]; then \
	    echo "Missing: $$what. On Debian or Ubuntu: apt install$$packages" >&2; exit 1; \
	fi; \
	free=$$(df -Pk . | awk 'NR == 2 { print int($$4 / 1024) }'); \
	if [ ! -e $(VENV) ] && [ "$$free" -lt 2000 ]; then \
	    echo "Only $$free MB are free here and the set-up needs 2000: make room first." >&2; exit 1; \
	fi; \
	"$$python" -m venv $(VENV)
	@$(IN_VENV) bash postBuild # a stick's file system forgets who may run it
	@$(VENV)/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
	    --no-deps --no-build-isolation --editable . # for those who develop
	@cp conus_widgets/serving/jupyter/*.json $(VENV)/etc/jupyter/jupyter_server_config.d # which that leaves out
	@touch $@

$(PEERS)/.ready: benchmarks/requirements.txt
	@echo "Installing the engines to compare with (a minute or two, 1.5 GB) ..."
	@rm -rf $(PEERS); $(FIND_PYTHON); "$$python" -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r $<
	@touch $@

chromium:
	@if [ ! -x "$${CHROMIUM:-/usr/bin/chromium}" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests ..."; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -qq --yes --no-install-recommends chromium fonts-liberation >/dev/null; } || true; \
	fi; \
	if [ ! -x "$${CHROMIUM:-/usr/bin/chromium}" ]; then \
	    echo "NO CHROMIUM: the browser tests will not run; install it, or set CHROMIUM to its path." >&2; \
	    [ "$${CI:-}" != true ]; \
	fi
