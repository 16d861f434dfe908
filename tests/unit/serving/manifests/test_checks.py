"""What a stack is refused for before anything is made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.stacks import small_model, stack, with_tls

from llmctl.serving.errors import ManifestError
from llmctl.serving.manifests.spec import StackSpec
from llmctl.serving.manifests.stack import objects

GOOD = stack(small_model())


def named(*names: str) -> StackSpec:
    return replace(GOOD, models=tuple(small_model(name) for name in names))


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (named(), "The stack dev has no model; name at least one."),
        (named("8b"), r"No Service can be called '8b'; a-z, 0-9 and -, a letter first, at most 57 characters\."),
        (named("x" * 58), "No Service can be called 'x{58}'; .*, at most 57 characters"),
        (named("Llama"), "No Service can be called 'Llama'"),
        (
            named("gateway"),
            r"A model cannot be called gateway: .*Taken: default-deny, gateway, model-server, weights\.",
        ),
        (named("default-deny"), "A model cannot be called default-deny"),
        (named("a", "a-known"), "The models a and a-known clash"),
        (named("a", "a"), "2 models are called a; every one needs a name of its own"),
        (replace(GOOD, stack="org/dev"), "The stack's name 'org/dev' cannot be a label"),
        (replace(with_tls(GOOD), tls_secret=None), "The gateway of dev has TLS and no certificate"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(spec: StackSpec, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        objects(spec)


def test_the_longest_name_that_is_allowed_still_fits_everywhere() -> None:
    made = objects(stack(small_model("x" * 57)))
    assert all(len(one["metadata"]["name"]) <= 63 for one in made)
