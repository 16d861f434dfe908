"""All settings of a stack, resolved, each with where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.infra.stack_file import Location, StackFile, shown_key


def settings_view(file: StackFile) -> View:
    """Raises SettingsError when the stack file is wrong."""
    resolved = file.settings().resolved().model_dump(mode="json", by_alias=True)
    rows = [(location, value, file.origin(location)) for location, value in _leaves((), resolved)]
    rows += [((name,), "[secret]", file.where((name,))) for name in sorted(file.secrets)]
    data = {shown_key(location): {"value": value, "from": origin} for location, value, origin in rows}
    table = Table(
        ("SETTING", "VALUE", "FROM"), [(shown_key(key), _shown(value), origin) for key, value, origin in rows]
    )
    return View(data, [table])


def _leaves(location: Location, value: Any) -> Iterator[tuple[Location, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*location, key), inner)
    else:
        yield location, value


def _shown(value: Any) -> str:
    if value in (None, {}):
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
