# Halide is the pinned wheel that `make setup` fetches; HALIDE_ROOT=FOLDER takes another.
HALIDE_ROOT ?=
ifeq ($(HALIDE_ROOT),)
unexport HALIDE_ROOT
else
export HALIDE_ROOT
endif
# CMake and Ninja, at the versions that Halide's CMake files need.
export PATH := $(CURDIR)/.deps/venv/bin:$(PATH)

RELEASE := target/release
NNC := $(RELEASE)/nnc
CMAKE_BUILD := target/cmake
EVAL_FLAGS ?= --timeout 60s --memory-limit 4GB

.PHONY: help setup build pipelines eval test lint bench clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Install what is missing: Halide, CMake, libclang (quick when nothing is)
	@tools/setup.sh

build: setup pipelines ## Build the plugin, nnc and the generators of all pipelines
	cargo build --release --package autoschedule_srivastava2020 --package nnc

pipelines: setup
	@cmake -S . -B $(CMAKE_BUILD) -G Ninja -DSrivastava2020_CARGO_TARGET_DIR=$(CURDIR)/target >/dev/null
	cmake --build $(CMAKE_BUILD) --target halide_pipelines.generator

eval: build ## Compare the autoschedulers on all pipelines: a table, target/nnc/eval.{json,html}
	@mkdir -p target/nnc
	$(NNC) eval --json target/nnc/eval.json --html target/nnc/eval.html $(EVAL_FLAGS)

test: build ## Unit tests and end-to-end tests
	cargo test --workspace
	tests/run.sh

lint: setup ## Formatting and clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: setup ## criterion benchmarks
	cargo bench --workspace

clean: ## Remove what was built (keeps .deps)
	rm -rf target
