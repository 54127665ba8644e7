# The two commands that matter: "make demo" and "make test".
.DEFAULT_GOAL := help

.PHONY: help
help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## The virtual environment of the control node
	@scripts/setup control

.PHONY: setup-dev
setup-dev: ## The same with what the checks and tests need
	@scripts/setup control dev

.PHONY: demo
demo: ## The whole chain in the sandbox, no AWS account needed
	@scripts/demo

.PHONY: demo-down
demo-down: ## Stop the sandbox and remove what it left
	@scripts/demo-down
