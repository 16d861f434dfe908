from __future__ import annotations

import pulumi
import pytest
from drivers.declared import declare

from llmctl.infra.aws.after import after


class Thing(pulumi.CustomResource):
    def __init__(self, name: str, uses: pulumi.Input[str] | None = None) -> None:
        super().__init__("test:index:Thing", name, {"uses": uses})


@pytest.mark.parametrize("preview", [True, False])
def test_a_preview_knows_the_value_though_what_it_comes_after_is_not_there_yet(preview: bool) -> None:
    def program() -> pulumi.Output[str]:
        value = after(pulumi.Output.from_input("subnet-1"), Thing("route"))
        Thing("node", value)
        return value

    declared = declare(program, preview=preview)
    assert declared.result == declared.named("node").inputs["uses"] == "subnet-1"
    assert declared.before("node") == {"route"}
