# Every target sets up what it needs by itself; a second run finds it done.
PYTHON ?= python3
VENV := .venv/bin
# The environment of the nodes: ROS 2 and the built workspace.
IN_WORKSPACE := $(VENV)/python -m takeover.workspace --
SET_UP = @command -v "$(PYTHON)" >/dev/null || { echo "takeover: $(PYTHON) is missing; on Debian and Ubuntu:" \
	"sudo apt-get install python3 python3-venv python3-dev" >&2; exit 1; }; PYTHON="$(PYTHON)" "$(PYTHON)" tools/bootstrap.py

LOCK := $(VENV)/uv pip compile -q --system-certs --universal --python-version 3.10 --upgrade --custom-compile-command 'make lock'

.PHONY: help setup learn demo demo-quick test bench lint format lock clean
.DEFAULT_GOAL := help

help: ## show this list
	@echo 'make TARGET [PYTHON=/path/to/python3]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## make .venv with the pinned packages, and build the ROS 2 workspace
	$(SET_UP)

learn: ## the set-up, with torch and TensorBoard for training
	$(SET_UP) --learn

demo: learn ## correct a policy live for ten minutes and watch it get better; report in runs/
	@$(VENV)/takeover demo $(ARGS)

demo-quick: setup ## drive five episodes in simulation and write a report to runs/
	@$(VENV)/takeover drive $(ARGS)

test: ## run every test, those with running nodes included
	$(SET_UP) --learn
	@$(IN_WORKSPACE) python -m pytest -n 2 $(ARGS)

bench: ## measure every published number, each against its target
	$(SET_UP) --learn --bench
	@code=0; for file in $$(grep -l __main__ benchmarks/*.py); do \
		$(IN_WORKSPACE) python -m benchmarks.$$(basename $$file .py) || code=1; done; exit $$code

lint: setup ## check the style, and the repository against its own rules
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(IN_WORKSPACE) python -m pytest -q tests/repo

format: setup ## put imports and layout in order
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

lock: setup ## find the newest versions requirements/*.in allows, and write the lock files
	@$(VENV)/pip install -q uv==0.13.9
	@$(LOCK) --generate-hashes $(addprefix requirements/,run.in ros.in dev.in) -o requirements/lock.txt
	@$(LOCK) --no-annotate requirements/learn.in -c requirements/lock.txt -o requirements/learn-lock.txt
	@$(LOCK) --no-annotate requirements/bench.in requirements/jax.in -c requirements/lock.txt \
		-c requirements/learn-lock.txt -o requirements/bench-lock.txt
	@$(LOCK) --no-annotate requirements/view.in -c requirements/lock.txt \
		-c requirements/learn-lock.txt -o requirements/view-lock.txt

clean: ## remove everything that the other targets make, runs/ excepted
	rm -rf .venv .setup ros2_ws/build ros2_ws/install ros2_ws/log .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +
