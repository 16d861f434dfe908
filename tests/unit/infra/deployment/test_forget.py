"""A state is emptied without its form changing, and what was in it is named as people know it."""

from __future__ import annotations

from typing import Any

from llmctl.infra.deployment.forget import emptied, resources

URN = "urn:pulumi:dev::llmctl::"
STATE: dict[str, Any] = {
    "manifest": {"version": "v3"},
    "secrets_providers": {"type": "passphrase"},
    "resources": [
        {"urn": f"{URN}pulumi:pulumi:Stack::llmctl-dev", "type": "pulumi:pulumi:Stack"},
        {"urn": f"{URN}pulumi:providers:kubernetes::cluster", "type": "pulumi:providers:kubernetes", "custom": True},
        {"urn": f"{URN}llmctl:kubernetes:Gateway::gateway", "type": "llmctl:kubernetes:Gateway"},
        {
            "urn": f"{URN}llmctl:kubernetes:Gateway$kubernetes:core/v1:Secret::secret-gateway-keys",
            "type": "kubernetes:core/v1:Secret",
            "custom": True,
        },
    ],
    "pending_operations": [{"type": "creating"}],
}


def test_only_what_a_provider_made_is_named() -> None:
    assert resources(STATE) == ("secret-gateway-keys",)


def test_nothing_stays_but_what_the_state_is_read_with() -> None:
    assert emptied(STATE) == {
        "manifest": {"version": "v3"},
        "secrets_providers": {"type": "passphrase"},
        "resources": [],
        "pending_operations": [],
    }


def test_a_stack_that_was_never_up_has_nothing() -> None:
    assert resources({}) == ()
    assert emptied({}) == {"resources": [], "pending_operations": []}
