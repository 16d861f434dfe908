"""The stack's objects as resources: wave after wave, each below its part, with the patience that its start needs."""

from __future__ import annotations

import itertools

import pytest
from drivers.declared import Declaration, declare
from drivers.stacks import small_model, stack

from llmctl.infra.kubernetes.components import FOUNDATION, PARTS, Patience, Stack
from llmctl.infra.kubernetes.object import cluster_provider
from llmctl.serving.manifests.accounts import KEYS_SECRET
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.stack import waves

SPEC = stack(small_model("one"), small_model("two"))
DEPLOYMENTS = ("deployment-one", "deployment-two", "deployment-gateway")


@pytest.fixture(scope="module")
def declared() -> Declaration:
    def program() -> None:
        provider = cluster_provider("cluster", kubeconfig=None, context="lab", cluster_identifier="one")
        patience = {"one": Patience(create=900, change=1200), "gateway": Patience(create=60, change=90)}
        Stack(provider, patience, SPEC.stack).register(waves(SPEC))

    return declare(program)


def test_every_object_of_the_stack_is_declared_once_and_goes_to_the_stacks_own_cluster(declared: Declaration) -> None:
    made = [f"{m['kind'].lower()}-{m['metadata']['name']}" for wave in waves(SPEC) for m in wave]
    objects = [each for each in declared.resources if each.type.startswith("kubernetes:")]
    # Those of a wave are registered side by side, in any order.
    assert sorted(each.name for each in objects) == sorted(made)
    assert {each.provider for each in objects} == {"cluster"}


def test_a_wave_begins_when_the_one_before_it_is_done_and_ends_before_it_is_taken_away(declared: Declaration) -> None:
    names = [{f"{m['kind'].lower()}-{m['metadata']['name']}" for m in wave} for wave in waves(SPEC)]
    for earlier, later in itertools.pairwise(names):
        assert all(earlier <= declared.named(name).dependencies for name in later)


def test_objects_lie_below_the_part_of_the_stack_that_they_are_of(declared: Declaration) -> None:
    parts = {each.name: each.type for each in declared.resources if not each.custom}
    assert parts == {
        SPEC.stack: FOUNDATION,
        "gateway": PARTS[Component.GATEWAY],
        "one": PARTS[Component.MODEL_SERVER],
        "two": PARTS[Component.MODEL_SERVER],
    }
    assert [declared.named(name).parent for name in DEPLOYMENTS] == ["one", "two", "gateway"]
    assert declared.named(f"namespace-{SPEC.namespace}").parent == SPEC.stack


def test_only_deployments_that_have_patience_get_it(declared: Declaration) -> None:
    timed = {each.name: each.timeouts for each in declared.resources if each.timeouts}
    assert timed == {
        "deployment-one": {"create": "900s", "update": "1200s", "delete": "1200s"},
        "deployment-gateway": {"create": "60s", "update": "90s", "delete": "90s"},
    }


def test_keys_that_were_made_since_the_last_deployment_stay(declared: Declaration) -> None:
    left_alone = {each.name: each.ignore_changes for each in declared.resources if each.ignore_changes}
    assert left_alone == {f"secret-{KEYS_SECRET}": ("data", "stringData")}
