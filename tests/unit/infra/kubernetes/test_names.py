"""Whatever users call a stack or a model, its objects get a name that Kubernetes takes, and no two get the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.infra.kubernetes.names import model_names, namespace_of

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

PLAIN = {"dev": "llmctl-dev", "prod-1": "llmctl-prod-1"}


@pytest.mark.parametrize(("stack", "namespace"), PLAIN.items())
def test_a_name_that_is_a_label_is_kept(stack: str, namespace: str) -> None:
    assert namespace_of(stack) == namespace


@pytest.mark.parametrize("pair", [("Dev", "dev"), ("a.b", "a_b"), ("a-", "a"), ("x" * 60, "x" * 61)])
def test_stacks_that_differ_in_what_a_label_cannot_say_have_different_namespaces(pair: tuple[str, str]) -> None:
    assert namespace_of(pair[0]) != namespace_of(pair[1])


MODELS = {
    "meta-llama/Llama-3.1-8B": r"llama-3-1-8b",
    "gateway": r"gateway-[0-9a-f]{6}",
    "owner/weights": r"weights-[0-9a-f]{6}",
    "日本語": r"model-[0-9a-f]{6}",
    "../models/my model.gguf": r"my-model-gguf-[0-9a-f]{6}",
}


@pytest.mark.parametrize(("served", "pattern"), MODELS.items())
def test_a_model_is_called_by_the_last_part_of_its_name(served: str, pattern: str) -> None:
    assert re.fullmatch(pattern, model_names([served])[served])


def test_models_of_several_owners_are_told_apart() -> None:
    names = model_names(["a/llama", "b/llama", "c/other"])
    assert len(set(names.values())) == 3
    assert names["c/other"] == "other"


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=6))
def test_any_names_become_labels_that_differ(served: list[str]) -> None:
    labels = model_names(served)
    assert all(DNS_LABEL.fullmatch(label) and len(label) <= 57 for label in labels.values())
    assert len(set(labels.values())) == len(served)


@given(st.text(min_size=1, max_size=120))
def test_any_stack_has_a_namespace(stack: str) -> None:
    assert DNS_LABEL.fullmatch(namespace_of(stack))
    assert len(namespace_of(stack)) <= 57
