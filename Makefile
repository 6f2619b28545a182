# Every command a person needs. The work is in scripts/.

.DEFAULT_GOAL := help
.PHONY: help run test check openapi client console build

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name does; do printf '  make %-8s %s\n' "$$name" "$$does"; done

run: ## Build and start MMMS on http://127.0.0.1:8000
	@scripts/api

test: ## Run every test, with the services they need
	@scripts/test

check: ## Check formatting, lints, dependencies, the API description, the client, the console and the scripts
	@scripts/check

openapi: ## Write openapi.yaml from the code
	@mkdir -p target
	@scripts/api openapi >target/openapi.yaml
	@mv target/openapi.yaml openapi.yaml

client: ## Write the TypeScript client from openapi.yaml
	@scripts/client

console: ## Write the console's pages, which the API embeds, from console/src
	@scripts/console

build: ## Build both programs as Lambda functions into target/lambda
	@scripts/build
