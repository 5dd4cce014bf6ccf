# Everything is installed into .venv; nothing outside the project's folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
HOTPLUG ?= tests/hotplug
BEGAN := $(shell date +%s)

.PHONY: help demo test check format docs words man deb package image hotplug bench crashtest fuzz search clean
help:                      ## show what can be made
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3 make ...)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Debian keeps venv apart: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)             ## the whole service on a simulated modem: a client asks, two answers come
	$(BIN)/smsd demo

test: $(STAMP)             ## all tests, on as many processors as there are
	$(BIN)/pytest --numprocesses=auto --dist=worksteal

check: $(STAMP)            ## format, lint, strict types, layers, docs compared with code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house

format: $(STAMP)           ## put every file into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)             ## write the tables in the documents anew that are taken from the code
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.house.test_cli_reference

words: $(STAMP)            ## bring the Russian catalogue up to date with the code, and list what has no Russian yet
	$(BIN)/python docs/words.py

man: $(STAMP)              ## write the manual pages into build/man/man1 and, in Russian, build/man/ru/man1 (man -M build/man)
	$(BIN)/python -m smsd.cli.manual build/man/man1
	$(BIN)/python -m smsd.cli.manual build/man/ru/man1 ru

deb:                       ## the Debian package into build/, for Debian 12; needs what debian/control names, and a network
	@dpkg-checkbuilddeps || { echo "apt-get install --no-install-recommends dpkg-dev debhelper python3-venv"; exit 1; }
	rm -rf build/deb && mkdir -p build/deb/smsd
	{ git ls-files -z 2>/dev/null || find . -path ./build -prune -o -path ./$(VENV) -prune -o -type f -print0; } | \
		tar --create --null --files-from=- | tar --extract --directory build/deb/smsd
	$(MAKE) -C build/deb/smsd --file debian/rules wheels
	cd build/deb/smsd && PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg-buildpackage -us -uc -b
	rm -f build/smsd_*.deb && cp build/deb/smsd_*.deb build/

package: $(STAMP) deb      ## try the Debian package on a bare Debian 12 made for it: installed, upgraded, killed, removed (root)
	SMSD_PACKAGE=$$(echo build/smsd_*.deb) $(BIN)/pytest -q -s tests/package

image: $(STAMP)            ## what "make hotplug" boots, into build/cache, unless it is there (root, and a network)
	$(BIN)/python -m tests.hotplug.image

hotplug: $(STAMP)          ## plug modems into virtual machines with the Debian package: answers, pulls, crashes (root)
	$(MAKE) --jobs=2 --output-sync=target deb image
	SMSD_BEGAN=$(BEGAN) SMSD_PACKAGE=$$(echo build/smsd_*.deb) $(BIN)/pytest -q --exitfirst --numprocesses=2 --dist=loadfile $(HOTPLUG)

bench: $(STAMP)            ## measure the figures the documentation quotes
	$(BIN)/python -m benchmarks

crashtest: $(STAMP)        ## kill -9 at random moments and at every write: nothing lost, nothing doubled
	$(BIN)/python -m benchmarks.crash

fuzz: $(STAMP)             ## feed the decoders what a coverage-guided fuzzer invents
	$(BIN)/pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python fuzz/fuzz_wire.py -max_total_time=60

search: $(STAMP)           ## try the properties with new examples; `make test` tries the same ones every time
	SMSD_SEARCH=random $(BIN)/pytest -q -m hypothesis --numprocesses=auto --dist=worksteal

clean:                     ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
