# Matinee on one machine. `make` lists what can be made; every target works from any folder (make -C).
PYTHON := .venv/bin/python
LISTEN ?= 127.0.0.1
export PYTHONPATH :=

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

run: ## Start everything on this machine; LISTEN=0.0.0.0 opens it to the network
	@sh server/launcher/prepare.sh run
	@exec $(PYTHON) -m server.launcher run --listen "$(LISTEN)"

stop: ## Stop what `make run` started
	@$(PYTHON) -m server.launcher stop

status: ## Say what runs
	@$(PYTHON) -m server.launcher status

demo: ## Bring a film, upload it, and say when its first picture was there; starts Matinee if needed
	@sh server/launcher/prepare.sh run
	@exec $(PYTHON) -m tests.demo

test: ## Check style, types and layers, and run the tests against private servers
	@sh server/launcher/prepare.sh test
	@exec sh tests/check.sh

faults: ## Break a running system in every way there is a test for: kills, full disks, cut power
	@sh server/launcher/prepare.sh test
	@exec sh tests/check.sh tests/faults

bench: ## Measure how soon and how cheaply films are made (docs/benchmarks.md); takes most of an hour
	@sh server/launcher/prepare.sh test
	@for each in first_segment first_frame ladders two_workers; do $(PYTHON) -m tests.benchmarks.$$each || exit; done

lint: ## Check style, types and layers only
	@sh server/launcher/prepare.sh test
	@exec sh tests/lint.sh

lock: ## Choose the newest packages that fit setup.cfg, and lock them by hash
	@exec sh tests/lock.sh

assets: ## Build the browser assets
	@sh server/launcher/prepare.sh assets

clean: ## Delete what was built (.venv, assets, caches); the films and accounts in .matinee stay
	@rm -rf .venv .cache server/web/static server/web/assets/node_modules build *.egg-info

.PHONY: help run stop status demo test faults bench lint lock assets clean
