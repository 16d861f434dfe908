"""What the objects of a stack are called: DNS labels made from what users write."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

LONGEST = 50
"""Characters, so that what is put before or behind stays below the 63 of a DNS label (RFC 1123)."""

TAKEN = frozenset({"gateway", "weights"})
"""The stack's own Deployments."""


def namespace_of(stack: str) -> str:
    """`aws.Prod_1` -> `llmctl-aws-prod-1`; with a piece of its hash where the name had to be changed."""
    return _label(f"llmctl-{stack}")


def model_names(served: Iterable[str]) -> Mapping[str, str]:
    """Name that clients ask for -> name of its objects: `meta-llama/Llama-3.1-8B` -> `llama-3-1-8b`.

    One that two models would share, or that is taken, gets a piece of the hash of the whole name.
    """
    names = list(served)
    short = {name: _label(name.rpartition("/")[2].lower().replace(".", "-").replace("_", "-")) for name in names}
    seen = list(short.values())
    return {
        name: _hashed(label, name) if label in TAKEN or seen.count(label) > 1 else label
        for name, label in short.items()
    }


def _label(text: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST].strip("-")
    return label if label == text and label else _hashed(label or "model", text)


def _hashed(label: str, text: str) -> str:
    return f"{label[: LONGEST - 7].strip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
