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

.PHONY: test
test: system-packages setup-dev ## Every check and test
	@scripts/check lint unit package e2e molecule

.PHONY: lint
lint: setup-dev ## The static checks
	@scripts/check lint

.PHONY: unit
unit: setup-dev ## The unit tests, with the newest and the oldest ansible-core
	@scripts/check unit

.PHONY: package
package: setup-dev ## The built archive: contents, ansible-test sanity, galaxy-importer
	@scripts/check package

.PHONY: molecule
molecule: system-packages setup-dev ## The roles one by one; scenario=NAME for one of them
	@scripts/check $(if $(scenario),molecule:$(scenario),molecule)

.PHONY: e2e
e2e: system-packages setup-dev ## The playbooks, against the sandbox
	@scripts/check e2e

.PHONY: system-packages
system-packages:
	@scripts/system-packages

.PHONY: readmes
readmes: setup-dev ## Make the tables of variables in the roles' READMEs anew
	@scripts/role-readmes

.PHONY: format
format: setup-dev ## Bring the Python files into the form that "make lint" asks for
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format --quiet .
