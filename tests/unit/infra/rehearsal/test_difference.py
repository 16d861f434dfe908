from __future__ import annotations

import copy
from typing import Any

import pytest

from llmctl.infra.rehearsal.difference import changes, pruned
from llmctl.infra.rehearsal.kubernetes.quantity import same_value
from llmctl.infra.rehearsal.kubernetes.replacements import replacing

INPUTS: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "server", "annotations": {"a.b/c": "1"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "server"}},
        "template": {
            "spec": {
                "hostNetwork": False,
                "containers": [{"image": "one", "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}}}],
            }
        },
    },
}

LIVE: dict[str, Any] = copy.deepcopy(INPUTS)
LIVE["metadata"] |= {"uid": "1", "labels": {"somebody": "else"}}
LIVE["spec"]["strategy"] = {"type": "RollingUpdate"}
del LIVE["spec"]["template"]["spec"]["hostNetwork"]
LIVE["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] = {"cpu": "500m", "memory": "1Gi"}

CONTAINER = ("spec", "template", "spec", "containers", 0)

CASES = [
    ("nothing changed", (), None, {}),
    ("a value", ("spec", "replicas"), 3, {"spec.replicas": "update"}),
    (
        "a quantity",
        (*CONTAINER, "resources", "limits", "cpu"),
        "1",
        {f"{'spec.template.spec.containers[0]'}.resources.limits.cpu": "update"},
    ),
    ("the same quantity in other words", (*CONTAINER, "resources", "limits", "cpu"), "0.50", {}),
    ("the image in a list", (*CONTAINER, "image"), "two", {"spec.template.spec.containers[0].image": "update"}),
    ("a key with dots", ("metadata", "annotations", "a.b/c"), "2", {'metadata.annotations["a.b/c"]': "update"}),
    ("a new field", ("spec", "paused"), True, {"spec.paused": "add"}),
    ("a new field that says no", ("spec", "paused"), False, {"spec.paused": "add"}),
    ("a name", ("metadata", "name"), "other", {"metadata.name": "update, replaces"}),
    (
        "a selector",
        ("spec", "selector", "matchLabels", "app"),
        "x",
        {"spec.selector.matchLabels.app": "update, replaces"},
    ),
    (
        "more of a selector",
        ("spec", "selector", "matchLabels", "b"),
        "x",
        {"spec.selector.matchLabels.b": "add, replaces"},
    ),
    (
        "a value that is only known later",
        ("spec", "replicas"),
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        {"spec.replicas": "update"},
    ),
]


@pytest.mark.parametrize(("path", "value", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_differs_is_named_by_its_path(path: tuple[str | int, ...], value: Any, found: dict[str, str]) -> None:
    news = copy.deepcopy(INPUTS)
    if path:
        _set(news, path, value)
    assert _found(LIVE, INPUTS, news) == found


def test_what_the_program_no_longer_says_is_deleted_and_what_the_cluster_added_is_left_alone() -> None:
    news = copy.deepcopy(INPUTS)
    del news["metadata"]["annotations"]
    assert _found(LIVE, INPUTS, news) == {"metadata.annotations": "delete"}


def test_drift_is_a_change_back_to_what_the_program_says() -> None:
    drifted = copy.deepcopy(LIVE)
    drifted["spec"]["replicas"] = 7
    assert _found(drifted, INPUTS, INPUTS) == {"spec.replicas": "update"}


def test_an_ignored_path_covers_what_is_in_it_and_nothing_beside_it() -> None:
    news = copy.deepcopy(INPUTS)
    news["spec"]["selector"]["matchLabels"]["app"] = "other"
    news["spec"]["replicas"] = 3
    found = changes(LIVE, INPUTS, news, ignored=["spec.selector", "spec.rep"], same=same_value)
    assert [change.text for change in found] == ["spec.replicas"]


def test_the_inputs_of_a_live_object_have_the_shape_of_the_old_ones() -> None:
    now = pruned(LIVE, INPUTS)
    assert "uid" not in now["metadata"]
    assert "strategy" not in now["spec"]
    assert now["spec"]["replicas"] == 2


@pytest.mark.parametrize(
    ("kind", "mutable", "expected"), [("Secret", True, False), ("Secret", False, True), ("ConfigMap", False, True)]
)
def test_whether_data_can_be_changed_in_place_is_a_setting(kind: str, mutable: bool, expected: bool) -> None:
    fields = replacing({"apiVersion": "v1", "kind": kind}, config_map_mutable=mutable, secret_mutable=mutable)
    assert ("data" in fields) is expected


def _found(live: Any, olds: Any, news: Any) -> dict[str, str]:
    fields = replacing(news, config_map_mutable=True, secret_mutable=True)
    found = changes(live, olds, news, replacing=fields, same=same_value)
    return {change.text: change.kind + (", replaces" if change.replaces else "") for change in found}


def _set(value: Any, path: tuple[str | int, ...], wanted: Any) -> None:
    *way, last = path
    for step in way:
        value = value[step]
    value[last] = wanted
