# Every command of the portal. Python 3.11 or newer, pip and make are all that a machine needs.

PORT ?= 8000
export PORT
export UV_PYTHON_DOWNLOADS := never
PYTHON ?= python3
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := .venv/bin/python
SYNC := VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes --compile-bytecode
CHECKED := accounts models_catalog plans portal usage tests manage.py

.PHONY: demo test check bench chaos prove format browser
.DEFAULT_GOAL := demo

demo: .venv/.demo  ## install, start everything, print the address and the logins; Ctrl-C stops all of it
	@exec $(RUN) -m portal.embedded

test: .venv/.dev browser  ## the tests, against real parts
	$(RUN) -m pytest -n 2 --dist loadgroup

check: .venv/.dev  ## what needs no running part: format, lint, types, floors, templates, migrations, the house
	.venv/bin/ruff format --check $(CHECKED)
	.venv/bin/ruff check $(CHECKED)
	.venv/bin/mypy $(CHECKED)
	.venv/bin/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 -r .venv/bin/djade --target-version 5.2 --check
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) manage.py check_house

bench: .venv/.dev  ## the side-by-side benchmark; prints its tables and writes var/bench.json
	$(RUN) -m tests.bench

chaos: .venv/.dev  ## a storm of calls, kills and crashes, then the audit; SEED, CALLS, KILLS, SCALE of its timers, FOLDER
	$(RUN) -m tests.faults.chaos

prove: .venv/.dev  ## the long proofs: changes of the ledger that its tests notice, an operator asked anything, storms, an audit, journeys in all looks; hours
	$(RUN) -m tests.proofs

format: .venv/.dev  ## put the code into its form
	.venv/bin/ruff format $(CHECKED)
	.venv/bin/ruff check --fix-only $(CHECKED)

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || .ci/install chromium fonts-noto-cjk
	@/sbin/ldconfig -p | grep -q libatomic.so.1 || .ci/install libatomic1

# An environment with the tests' packages has all that the demo needs, so it is kept.
.venv/.demo: requirements.lock | .venv/bin/python
	@if [ -f .venv/.dev ]; then $(MAKE) --no-print-directory .venv/.dev; else $(SYNC) $<; fi
	@touch $@

.venv/.dev: requirements-dev.lock | .venv/bin/python
	@$(SYNC) $<
	@touch $@

.venv/bin/python: | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=…")'
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv

.tools/bin/uv:
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools 'uv>=0.13,<0.14'
