# The front door. `make help` lists what there is; every target does its own set-up.
#
#   TERRAFORM=tofu make demo     choose the host: terraform, tofu, or a path
#   make demo KEEP=1             leave the platform running and print how to go on

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

version := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)
cargo := cargo
locked := --locked
# Chosen as binaries and not as packages: cargo unites the features of dependencies over the packages that it is asked
# for, and another choice would build the same crates again.
binaries := --bin terraform-provider-zenml --bin zenml-local
target := $(or $(CARGO_TARGET_DIR),target)

# Where `make install` puts the provider: the directory that terraform and tofu look into by themselves.
plugins ?= $(HOME)/.terraform.d/plugins
platform = $(shell rustc -vV | sed -n 's/^host: //p' | sed -E 's/^x86_64-/amd64-/; s/^aarch64-/arm64-/; s/^([a-z0-9]+)-.*(linux|darwin|freebsd).*/\2_\1/')

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | while IFS=$$'\t' read -r target text; do printf '  make %-14s %s\n' "$$target" "$$text"; done

.PHONY: demo
demo: toolchain host ## The reference journey on a local platform, with the access matrix (KEEP=1 leaves it running)
	@$(cargo) build $(locked) $(binaries) --bin xtask
	@host=$$(scripts/terraform) && TERRAFORM="$$host" $(cargo) run $(locked) --quiet --bin xtask -- demo $(if $(KEEP),--keep)

.PHONY: test
test: toolchain host zenml-server ## Every test: with the real Terraform and on a real ZenML server
	@$(cargo) build $(locked) --workspace
	@host=$$(scripts/terraform) && PATH="$$(dirname "$$host"):$$PATH" TERRAFORM="$$host" $(cargo) test $(locked) --workspace

.PHONY: build
build: toolchain ## Release binaries: the provider and the local platform, in target/release
	@$(cargo) build $(locked) --release $(binaries)
	@ls -l $(target)/release/terraform-provider-zenml $(target)/release/zenml-local

.PHONY: install
install: build ## Install the release build where terraform and tofu find it (plugins=DIRECTORY chooses)
	@for host in registry.terraform.io registry.opentofu.org; do \
	  directory="$(plugins)/$$host/zenml-io/zenml/$(version)/$(platform)"; \
	  mkdir -p "$$directory"; \
	  install -m 0755 $(target)/release/terraform-provider-zenml "$$directory/terraform-provider-zenml_v$(version)"; \
	  echo "Installed $$directory/terraform-provider-zenml_v$(version)"; \
	done

.PHONY: format
format: toolchain ## Format the Rust code
	@$(cargo) fmt --all

.PHONY: lint
lint: toolchain ## Formatting, lints, documentation, spelling, unused dependencies and licenses
	@$(cargo) fmt --all --check
	@$(cargo) clippy $(locked) --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(cargo) doc $(locked) --workspace --no-deps --quiet
	@# The dependencies of all systems, also those that a build here does not need.
	@if tools=$$(scripts/tools) && $(cargo) fetch $(locked) --quiet; then \
	  "$$tools/typos" && \
	  "$$tools/cargo-shear" $(locked) --offline --deny-warnings && \
	  "$$tools/cargo-deny" $(locked) --offline --log-level error check licenses bans sources; \
	else \
	  echo "SKIPPED: without them, nobody checks spelling, unused dependencies and licenses." >&2; \
	fi

.PHONY: advisories
advisories: toolchain ## Known vulnerabilities of the dependencies, from the RustSec database (needs the network)
	@tools=$$(scripts/tools) && "$$tools/cargo-deny" $(locked) check advisories

.PHONY: docs
docs: toolchain ## Write the pages in docs/ from the schemas, examples/ and templates/
	@$(cargo) run $(locked) --quiet --bin xtask -- docs

.PHONY: docs-validate
docs-validate: toolchain host ## Check docs/ with the validator of the Terraform registry (needs Go)
	@$(cargo) build $(locked) --bin terraform-provider-zenml
	@scripts/docs-validate $(target)/debug/terraform-provider-zenml

.PHONY: bench
bench: toolchain host ## Start-up time, memory, requests, plan and apply against terraform_data, and permission checks
	@$(cargo) build $(locked) --release $(binaries) --bin xtask
	@host=$$(scripts/terraform) && TERRAFORM="$$host" $(cargo) run $(locked) --quiet --release --bin xtask -- bench
	@$(cargo) bench $(locked) --quiet --bench grants

.PHONY: fuzz
fuzz: toolchain ## Requests that nobody wrote down, against the OpenAPI documents of the local platform (EXAMPLES=200 for more)
	@$(cargo) build $(locked) --bin zenml-local
	@scripts/fuzz $(target)/debug/zenml-local

.PHONY: toolchain
toolchain:
	@scripts/toolchain

# Gets a pinned release when there is neither terraform nor tofu; before the build, so that it fails early.
.PHONY: host
host:
	@scripts/terraform >/dev/null

# Installs the ZenML server that tests start, once for all clones. Without it they run on the local platform only.
.PHONY: zenml-server
zenml-server:
	@scripts/zenml-server >/dev/null || { \
	  test "$${ZENML_ACC:-}" != required && \
	  echo "SKIPPED: without the server, tests run on the local platform only." >&2; }
