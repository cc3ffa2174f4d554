# The main entry point. `make help` lists the targets; each target does its own setup.
#
#   TERRAFORM=tofu make demo     select the host: terraform, tofu, or a path
#   make demo KEEP=1             leave the platform running and print how to continue
#   make demo ENGINE=zenml       let a real ZenML server run the workspace (requires Python)

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

version := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)
cargo := cargo
locked := --locked
# Selects binaries instead of packages: cargo unifies the features of dependencies across the selected packages, so
# another selection would rebuild the same crates.
binaries := --bin terraform-provider-zenml --bin zenml-local
target := $(or $(CARGO_TARGET_DIR),target)

# Target of `make install`: the directory that terraform and tofu search by default.
plugins ?= $(HOME)/.terraform.d/plugins
platform = $(shell rustc -vV | sed -n 's/^host: //p' | sed -E 's/^x86_64-/amd64-/; s/^aarch64-/arm64-/; s/^([a-z0-9]+)-.*(linux|darwin|freebsd).*/\2_\1/')

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | while IFS=$$'\t' read -r target text; do printf '  make %-14s %s\n' "$$target" "$$text"; done

.PHONY: demo
demo: toolchain host ## Run the reference journey on a local platform, with the access matrix (KEEP=1 leaves it running)
	@$(cargo) build $(locked) $(binaries) --bin xtask
	@host=$$(scripts/terraform) && TERRAFORM="$$host" $(cargo) run $(locked) --quiet --bin xtask -- demo $(if $(KEEP),--keep) \
	  $(if $(filter zenml,$(ENGINE)),--zenml-python "$$(scripts/zenml-server)/bin/python")

.PHONY: test
test: toolchain host zenml-server chromium ## Run all tests, with the real Terraform and a real ZenML server
	@$(cargo) build $(locked) --workspace
	@host=$$(scripts/terraform) && PATH="$$(dirname "$$host"):$$PATH" TERRAFORM="$$host" $(cargo) test $(locked) --workspace

.PHONY: build
build: toolchain ## Build the release binaries of the provider and the local platform in target/release
	@$(cargo) build $(locked) --release $(binaries)
	@ls -l $(target)/release/terraform-provider-zenml $(target)/release/zenml-local

.PHONY: install
install: build ## Install the release build where terraform and tofu find it (or in plugins=DIRECTORY)
	@for host in registry.terraform.io registry.opentofu.org; do \
	  directory="$(plugins)/$$host/zenml-io/zenml/$(version)/$(platform)"; \
	  mkdir -p "$$directory"; \
	  install -m 0755 $(target)/release/terraform-provider-zenml "$$directory/terraform-provider-zenml_v$(version)"; \
	  echo "Installed $$directory/terraform-provider-zenml_v$(version)"; \
	done

.PHONY: package
package: toolchain ## Package the crates of the framework as a registry would get them, and build each package
	@scripts/package

.PHONY: format
format: toolchain ## Format the Rust code
	@$(cargo) fmt --all

.PHONY: lint
lint: toolchain ## Check formatting, lints, documentation, spelling, unused dependencies and licenses
	@$(cargo) fmt --all --check
	@$(cargo) clippy $(locked) --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(cargo) doc $(locked) --workspace --no-deps --quiet
	@# The dependencies of all systems, including those that a build here does not use.
	@if tools=$$(scripts/tools) && $(cargo) fetch $(locked) --quiet; then \
	  "$$tools/typos" && \
	  "$$tools/cargo-shear" $(locked) --offline --deny-warnings && \
	  "$$tools/cargo-deny" $(locked) --offline --log-level error check licenses bans sources; \
	else \
	  echo "SKIPPED: spelling, unused dependencies and licenses are not checked without these tools." >&2; \
	fi

.PHONY: advisories
advisories: toolchain ## Check dependencies for known vulnerabilities in the RustSec database (requires network access)
	@tools=$$(scripts/tools) && "$$tools/cargo-deny" $(locked) check advisories

.PHONY: docs
docs: toolchain ## Generate the pages in docs/ from the schemas, examples/ and templates/
	@$(cargo) run $(locked) --quiet --bin xtask -- docs

.PHONY: docs-validate
docs-validate: toolchain host ## Check docs/ with the validator of the Terraform registry (requires Go)
	@$(cargo) build $(locked) --bin terraform-provider-zenml
	@scripts/docs-validate $(target)/debug/terraform-provider-zenml

.PHONY: clients
clients: toolchain ## Let programs of others use the provider: the Go acceptance framework, terraform test, a registry (requires Go)
	@$(cargo) build $(locked) $(binaries)
	@scripts/clients $(target)/debug

# The hosts of docs/guides/hosts.md, oldest first.
hosts := terraform-1.0.11 terraform-1.5.7 terraform-1.8.5 terraform-1.11.4 terraform-1.12.2 terraform-1.14.3 terraform-1.15.9 \
  tofu-1.6.3 tofu-1.10.10 tofu-1.12.6

.PHONY: hosts
hosts: toolchain ## Run all features of the provider with each supported host, and write the table of docs/guides/hosts.md (requires Go)
	@built=$$(scripts/hosts $(hosts)) && \
	ZENML_ACC=required ZENML_TERRAFORM_BINARIES=$$(paste -sd : <<<"$$built") ZENML_HOSTS_PAGE=write \
	  $(cargo) test $(locked) --workspace --test it hosts::each_feature -- --nocapture

.PHONY: bench
bench: toolchain host ## Measure startup, memory, requests, plan and apply compared with terraform_data, long lists, an organization, and permission checks
	@$(cargo) build $(locked) --release $(binaries) --bin xtask
	@host=$$(scripts/terraform) && TERRAFORM="$$host" $(cargo) run $(locked) --quiet --release --bin xtask -- bench
	@$(cargo) bench $(locked) --quiet --bench grants

.PHONY: fuzz
fuzz: toolchain ## Send generated requests to the local platform, from its OpenAPI documents (EXAMPLES=200 for more)
	@$(cargo) build $(locked) --bin zenml-local
	@scripts/fuzz $(target)/debug/zenml-local

.PHONY: fuzz-framework
fuzz-framework: ## Send random bytes to the codec and to upgrades, SECONDS for each target (requires nightly Rust and cargo-fuzz)
	@scripts/fuzz-seeds $(target)/fuzz/seeds
	@for fuzzed in codec state identity; do \
	  mkdir -p $(target)/fuzz/$$fuzzed; \
	  cargo +nightly fuzz run --fuzz-dir fuzz $$fuzzed $(target)/fuzz/$$fuzzed $(target)/fuzz/seeds/$$fuzzed -- \
	    -max_total_time=$(or $(SECONDS),600) -rss_limit_mb=2048 -timeout=10; \
	done

.PHONY: toolchain
toolchain:
	@scripts/toolchain

# Downloads a pinned release if neither terraform nor tofu is installed; before the build, so that it fails early.
.PHONY: host
host:
	@scripts/terraform >/dev/null

# Installs the ZenML server for tests, once for all clones, and an earlier version for upgrades. Without it, tests run only
# on the local platform.
.PHONY: zenml-server
zenml-server:
	@{ scripts/zenml-server && scripts/zenml-server 0.97.0; } >/dev/null || { \
	  test "$${ZENML_ACC:-}" != required && \
	  echo "SKIPPED: without the server, tests run only on the local platform." >&2; }

# Installs Chromium for tests if it can, in a system with apt-get. Without it, no test uses the pages in a real browser.
.PHONY: chromium
chromium:
	@scripts/chromium >/dev/null || echo "SKIPPED: without Chromium, no test uses the pages of the local platform in a real browser." >&2
