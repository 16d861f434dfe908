VENV := .venv
LLMCTL := $(VENV)/bin/llmctl

.PHONY: install
install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	sed -n '/^pip==/,/[^\\]$$/p' constraints.txt > $(VENV)/pip.txt
	$(VENV)/bin/pip install --quiet --require-hashes -r $(VENV)/pip.txt
	$(VENV)/bin/python .ci/requirements.py local weights kubernetes aws dev > $(VENV)/requirements.txt
	$(VENV)/bin/pip install --quiet -c constraints.txt -r $(VENV)/requirements.txt
	$(VENV)/bin/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.PHONY: demo
demo: install
	$(LLMCTL) setup
	$(LLMCTL) up local --yes
	$(LLMCTL) chat local "What is the capital of France?"

.PHONY: test
test: install
	$(LLMCTL) setup
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/pytest
	@echo '==> NOT RUN: tests/cluster, the tests on a real Kubernetes. As root on Debian: make test-cluster' >&2

# Two side by side, each on a cluster of its own: they mostly wait, for streams of two minutes. More clusters of three
# nodes do not fit the 128 inotify instances that a user has. The longest files begin, so that none is waited for at the
# end. What measures throughput is alone.
MEASURED := tests/cluster/test_overload.py tests/cluster/test_prefix_affinity.py
LONG := tests/cluster/test_streams_survive_changes.py tests/cluster/test_gpus.py tests/cluster/test_guard.py
CLUSTER_TESTS := $(LONG) $(filter-out $(LONG) $(MEASURED),$(wildcard tests/cluster/test_*.py)) tests/cluster/rehearsal
ALONE := $(MEASURED)

.PHONY: cluster
cluster: install
	PYTHONPATH=tests:containers $(VENV)/bin/python -m drivers.cluster build
	directory=$$(mktemp -d) && PYTHONPATH=tests:containers $(VENV)/bin/python -m drivers.packed_images $$directory && rm -r $$directory

.PHONY: test-cluster
test-cluster: cluster
	$(LLMCTL) setup
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/pytest $(CLUSTER_TESTS) -n 2 --dist loadfile --no-loadscope-reorder
	$(if $(ALONE),PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/pytest $(ALONE))
