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

.PHONY: help setup build halide19 pipelines eval study-programs study test lint bench clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Install what is missing: Halide, CMake, libclang (quick when nothing is)
	@tools/setup.sh

build: setup pipelines ## Build the plugin, nnc, its worker and the generators of all pipelines
	cargo build --release --package autoschedule_srivastava2020 --package srivastava2020_halide --package nnc --package nnc-worker

# Beside the build for the pinned Halide, where the loader finds it. A folder of cargo's own: builds for two Halides in one
# would undo each other.
halide19: build ## Build the plugin for Halide 19 too
	@tools/setup.sh halide19
	HALIDE_ROOT=$(CURDIR)/.deps/halide19/halide cargo build --release --package srivastava2020_halide --target-dir target/halide19
	@cmp -s target/halide19/release/libsrivastava2020_halide.so $(RELEASE)/libsrivastava2020_halide19.so || \
		install target/halide19/release/libsrivastava2020_halide.so $(RELEASE)/libsrivastava2020_halide19.so

pipelines: setup
	@cmake -S . -B $(CMAKE_BUILD) -G Ninja -DSrivastava2020_CARGO_TARGET_DIR=$(CURDIR)/target >/dev/null
	cmake --build $(CMAKE_BUILD) --target halide_pipelines.generator

eval: build ## Compare the autoschedulers on all pipelines: a table, target/nnc/eval.{json,html}
	@mkdir -p target/nnc
	$(NNC) eval --json target/nnc/eval.json --html target/nnc/eval.html $(EVAL_FLAGS)

study-programs: build ## Build the programs of the study: kernels by Eigen, Boost and Halide
	@cmake -S study -B target/cmake-study -G Ninja >/dev/null
	cmake --build target/cmake-study

study: study-programs ## Measure kernels and schedules, train and judge their predictors: target/nnc/study.{json,html}
	@mkdir -p target/nnc
	$(NNC) study --json target/nnc/study.json --html target/nnc/study.html

test: study-programs halide19 ## Unit tests and end-to-end tests
	cargo test --workspace
	tests/run.sh

lint: setup ## Formatting and clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: setup ## criterion benchmarks
	cargo bench --workspace

clean: ## Remove what was built (keeps .deps)
	rm -rf target
