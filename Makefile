# What there is to do here; `make` alone prints it. Needs Python 3.11+ and make, nothing else.
PYTHON     ?= python3
UV_VERSION := 0.13.9
UV         ?= $(shell uv --version 2>/dev/null | grep -qF ' $(UV_VERSION)' && command -v uv || echo .uv/bin/uv)
BIN        := .venv/bin
READY      := .venv/.ready
EXPORT     := export --frozen --quiet --no-emit-project --no-header

export UV_PYTHON_DOWNLOADS := never
# uv brings certificates of its own; where the system has some, they know a company's proxy as well, as pip does.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS := true
endif
.DEFAULT_GOAL := help
.PHONY: help setup demo test versions lint soak bench docs lock clean

help: ## Print the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 15

setup: $(READY) ## Install everything into .venv, pinned by uv.lock

demo: $(READY) ## Run the whole system here and send it real releases
	$(BIN)/interlock local demo

test: lint ## Check the code, then run the tests
	$(BIN)/pytest -m 'not slow' -n 3 --dist loadfile $(PYTEST_FLAGS)

versions: $(READY) ## Run the tests under every other Python that is at hand
	.ci/versions $(REPORTS)

lint: $(READY) ## Check style, types and the arrows between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck .ci/run .ci/find_python .ci/versions agent/entrypoint.sh tests/contract/samples/*.sh
	$(BIN)/hadolint agent/Dockerfile agent/Dockerfile.tools

soak: $(READY) ## Run thousands of releases here while functions are killed and news get lost; RELEASES=200 LANES=20 is quick
	$(BIN)/python -m tests.soak $(if $(RELEASES),--releases $(RELEASES)) $(if $(LANES),--lanes $(LANES))

bench: $(READY) ## Measure it all and renew docs/performance.md; QUICK=1 takes two minutes and writes to .bench
	$(BIN)/python -m bench $(if $(QUICK),--quick --out .bench)

docs: $(READY) ## Renew the generated pages and tables
	$(BIN)/python -m tests.docs.generate

lock: $(READY) ## Renew uv.lock and the requirements of functions and agent
	$(UV) lock
	$(UV) $(EXPORT) --only-group functions --output-file functions/requirements.txt
	$(UV) $(EXPORT) --only-group agent --output-file agent/requirements.txt

clean: ## Remove what setup and the tools have made; the local stack's state stays
	rm -rf .venv .versions .uv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The list of packages decides; the second time there is nothing to do.
$(READY): uv.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	@echo 'installing into .venv'
	@$(UV) sync --quiet --frozen --all-groups --compile-bytecode --python '$(PYTHON)'
	@touch $@

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -m venv .uv || { rm -rf .uv; \
	  echo '$(PYTHON) cannot make a virtual environment; install its venv module (Debian: apt install python3-venv)' >&2; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
