# The commands for people. The scripts in scripts/ do the work.

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs openapi client console build synth diff deploy smoke destroy

# The stage of a deployment, dev or prod. CDK_ARGS goes to the CDK, such as "-c senderDomain=example.com".
export STAGE ?= dev

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name does; do printf '  make %-8s %s\n' "$$name" "$$does"; done

run: ## Build and start MMMS on http://127.0.0.1:8000
	@scripts/api

test: ## Run every test, with the services it needs
	@scripts/test

check: ## Check formatting, lints, dependencies, the API description, the clients, the console, the documents and the scripts
	@scripts/check

bench: ## Measure MMMS next to other programs, and write docs/performance.md; ROWS="single worker" measures these only
	@scripts/bench

docs: ## Build the documents as a site with a search into target/docs/site
	@scripts/docs

openapi: ## Write openapi.yaml from the code
	@mkdir -p target
	@scripts/api openapi >target/openapi.yaml
	@mv target/openapi.yaml openapi.yaml

client: ## Write the TypeScript and the Python client from openapi.yaml
	@scripts/client
	@scripts/python-client

console: ## Write the console's pages, which the API embeds, from console/src
	@scripts/console

build: ## Build the programs as Lambda functions into target/lambda
	@scripts/build

synth: ## Print the CloudFormation template of STAGE=dev or prod; needs no AWS account
	@scripts/cdk synth $(CDK_ARGS)

diff: ## Show what a deployment of STAGE would change
	@scripts/cdk diff $(CDK_ARGS)

deploy: ## Deploy STAGE into the AWS account of the environment
	@scripts/cdk deploy $(CDK_ARGS)

smoke: ## Test the deployed STAGE from outside
	@scripts/smoke

destroy: ## Remove STAGE from the account
	@scripts/cdk destroy $(CDK_ARGS)
