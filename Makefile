# What the project does, in few words. Needed: Rust (see rust-version in Cargo.toml) and Python 3.10 or later.
# Everything for Python is installed into .venv; nothing else on the machine is changed.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SOURCES := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock pyproject.toml
RUST_EXAMPLES := $(filter-out data nile,$(basename $(notdir $(wildcard examples/rust/*.rs))))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.PHONY: help demo build lint test test-rust test-python bench compare profiles docs pictures wheel clean

help:  ## This list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: build  ## The main job on real data: fits by several algorithms, reports and a comparison.
	$(RUN) examples/python/demo.py

build: $(VENV)/built  ## The Python package, optimized and in place, into .venv.

# The linter compiles the Python module, too, and its build asks the interpreter of .venv for its version.
lint: $(VENV)/tools  ## Format and lints.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

test: lint test-rust test-python  ## Everything.

# The arrows between crates, the generated pages and the conformance of every algorithm are among the tests.
test-rust:  ## All crates, the examples of their documentation, and examples/rust.
	@if cargo nextest --version >/dev/null 2>&1; then \
		echo cargo nextest run --workspace; cargo nextest run --workspace; \
	else \
		echo cargo test --workspace --all-targets; cargo test --workspace --lib --bins --tests --examples; \
	fi
	cargo test -p thalweg-view --features png
	cargo test --workspace --doc
	@for name in $(RUST_EXAMPLES); do echo "example $$name"; cargo run -q -p thalweg --example $$name >/dev/null || exit 1; done

test-python: $(VENV)/test  ## The Python package, its types, its pages and examples/python.
	$(RUN) scripts/generate_stubs.py --check
	$(RUN) -m pytest

bench: $(VENV)/bench  ## Speed beside the peers in the same run.
	$(RUN) benches/python_overhead.py
	$(RUN) benches/constraints.py
	$(RUN) benches/multistart.py
	$(RUN) benches/history.py --quick
	$(RUN) benches/log.py
	$(RUN) benches/benchmarks.py
	cargo run --release --manifest-path benches/peers-rust/Cargo.toml
	cargo bench -p thalweg

compare: $(VENV)/bench  ## Our algorithms beside their references: evaluations, optimagic's names, constrained problems, own times.
	cargo run --release -p thalweg-bench --bin compare_more_wild
	$(RUN) benches/names.py --seconds 5
	$(RUN) benches/constrained.py
	$(RUN) benches/own_time.py

# The references are measured where they are installed (`make bench` installs them), which takes up to two hours, since two of them are
# slow; otherwise the recorded counts stand.
REFERENCES := import scipy, nlopt, dfols, fides, pybobyqa, iminuit, optimagic
profiles: build  ## Every algorithm on benchmark sets, beside the reference libraries, into docs/benchmarks.md.
	@if $(RUN) -c '$(REFERENCES)' 2>/dev/null; then \
		$(RUN) scripts/reference/more_wild_reference.py; \
	else echo "not installed: $(REFERENCES); the recorded counts stand"; fi
	cargo run --release -p thalweg-bench --bin profiles -- --date $$(date +%F)

docs: build  ## Generated pages and stubs, and the documentation of the crates.
	cargo run -p thalweg-bench --bin generate_docs
	$(RUN) scripts/generate_stubs.py
	cargo doc --no-deps --workspace

pictures: $(VENV)/built  ## The pictures of the pages, drawn again.
	cargo run -q -p thalweg --example plots -- docs/pictures
	$(RUN) -m pip install -q matplotlib
	@for script in scripts/pictures/*.py; do echo $$script; $(RUN) $$script || exit 1; done

wheel: $(VENV)/tools  ## The wheel for distribution, into dist/.
	$(VENV)/bin/maturin build --out dist

clean:  ## Remove what was built.
	cargo clean
	rm -rf $(VENV) dist python/thalweg/*.so

$(VENV)/tools:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install -q 'maturin>=1.16,<2' 'numpy>=1.24'
	@touch $@

$(VENV)/built: $(VENV)/tools $(SOURCES)
	$(VENV)/bin/maturin develop --profile release
	@touch $@

$(VENV)/test: $(VENV)/built
	$(VENV)/bin/maturin develop --profile release --extras test
	@touch $@

$(VENV)/bench: $(VENV)/built
	$(RUN) -m pip install -q optimagic scipy nlopt DFO-LS Py-BOBYQA fides iminuit
	@touch $@
