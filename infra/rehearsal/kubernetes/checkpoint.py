"""The state of a resource: the live object at the top, and beside it the inputs that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llmctl.infra.rehearsal.kubernetes.inputs import is_secret
from llmctl.infra.rehearsal.kubernetes.secrets import hidden
from llmctl.infra.rehearsal.properties import plain

INPUTS = "__inputs"
API_VERSION = "__initialApiVersion"
MANAGER = "__fieldManager"

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """What an earlier operation left in the state, secrets unwrapped."""

    inputs: Manifest
    live: Manifest
    manager: str

    @classmethod
    def read(cls, outputs: Manifest) -> Checkpoint:
        values = plain(outputs)
        inputs, manager = values.pop(INPUTS, {}), values.pop(MANAGER, "")
        values.pop(API_VERSION, None)
        return cls(inputs, values, manager)


def written(inputs: Manifest, live: Manifest, given: Manifest, manager: str) -> Manifest:
    """given: the inputs as the engine sent them, for where secrets are in them."""
    if is_secret(live) and "stringData" in given:
        given = {**given, "data": given["stringData"]}
    return {
        **hidden(live, given),
        INPUTS: hidden(inputs, given),
        API_VERSION: inputs["apiVersion"],
        MANAGER: manager,
    }
