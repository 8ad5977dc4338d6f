# Everything that a newcomer types. `make run` and `make test` need Python 3.11+ and make, nothing else.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The newest Python on the path that is new enough; PYTHON=… chooses another.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
STRICT := src/tongchou/kernel src/tongchou/policy src/tongchou/ledger src/tongchou/project \
	$(filter-out src/tongchou/ledger/%,$(wildcard src/tongchou/*/core src/tongchou/*/core.py))

.PHONY: help install run test test-slow check check-style check-types check-layers check-rules check-policies audit format bench lock clean
.DEFAULT_GOAL := help

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

install: $(STAMP) ## virtual environment in .venv with the locked dependencies (once; offline afterwards)

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "错误：需要 Python 3.11 或更高版本，请先安装 / Python 3.11 or newer is needed: install it first" >&2; exit 2; fi
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "错误：无法建立虚拟环境，Debian/Ubuntu 请安装 python3-venv / cannot make a virtual environment: install python3-venv" >&2; exit 2; }
	@echo "安装依赖，首次约需一分钟 / installing dependencies, about a minute the first time …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { \
		echo "错误：依赖安装失败，请检查网络与软件源后重试 make install / could not install: check the network and try again" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: install ## the whole centre with a demo city on http://127.0.0.1:8000 (ARGS="--port 8001" …)
	@$(BIN)/tongchou run $(ARGS)

test: install ## the default test suite
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-slow: install ## the tests that take longer (also part of .ci/run)
	@$(BIN)/python -m pytest -m slow -n auto --dist loadfile $(ARGS)

check: check-style check-types check-layers check-rules check-policies audit ## style, types, layers, house rules, policy packs, dependencies (-k: all of them)

check-style: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

check-types: install
	@$(BIN)/mypy $(STRICT)

check-layers: install
	@$(BIN)/lint-imports --no-logo

check-rules: install
	@$(BIN)/python -m pytest -q tests/house
	@$(BIN)/tongchou errors --check

check-policies: install
	@$(BIN)/tongchou policy check

audit: install ## known vulnerabilities in the locked dependencies; says so if nobody could be asked
	@$(BIN)/tongchou dependencies

format: install ## let the formatter write
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install ## measure, and write docs/performance.md
	@$(BIN)/python benchmarks/run.py $(ARGS)

lock: install ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@{ echo "# Exact versions with hashes of everything that pyproject.toml asks for, dev extra included, for every platform."; \
		echo "# Made by \`make lock\`; do not edit by hand."; \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra dev --python-version 3.11 pyproject.toml; \
	} > requirements.lock.new && mv requirements.lock.new requirements.lock

clean: ## remove caches and the virtual environment; the data in var/ stays
	@rm -rf $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
