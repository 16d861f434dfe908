from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmctl.serving.server.documentation import document


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_the_document_is_in_the_dialect_that_the_bundled_swagger_ui_draws() -> None:
    assert document()["openapi"] == "3.0.3"
    for node in nodes(document()["components"]["schemas"]):
        assert node.get("type") != "null", "OpenAPI 3.0 says nullable"
        assert not isinstance(node.get("type"), list)
        assert not {"const", "prefixItems", "$defs", "examples"} & node.keys()
        assert isinstance(node.get("exclusiveMinimum", True), bool)


def test_what_may_be_left_out_may_be_null() -> None:
    seed = document()["components"]["schemas"]["ChatRequest"]["properties"]["seed"]
    assert (seed["type"], seed["nullable"]) == ("integer", True)
