"""Which changed inputs mean another resource, per type.

replacements.json was read in the schemas of terraform-provider-aws, on which pulumi-aws is built: `ForceNew` or
`RequiresReplace`. `source` in it says where and when. A change of
`region` always does; what is `taken away` does where it is not there any more.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from llmctl.infra.rehearsal.cloud.plugin import DEFAULTS

ALWAYS = ("region",)


def replacing(type_: str, news: Mapping[str, Any]) -> tuple[str, ...]:
    found = _table()["types"].get(type_, {})
    gone = [field for field in found.get("taken away", ()) if field not in news]
    return (*ALWAYS, *found.get("fields", ()), *gone)


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(files(__package__).joinpath("replacements.json").read_text(encoding="utf-8"))
    return table


def keeps_its_name(name: str | None, olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """A name that the program has given, and that stays: the old resource has to go first."""
    if name is None or name in (news.get(DEFAULTS) or ()):
        return False
    return name in news and olds.get(name) == news[name]
