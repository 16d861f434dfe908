"""What moving the models of a stack to another engine changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from llmctl.cli.view import Table, View
from llmctl.infra.engine_switch import EngineSwitch
from llmctl.serving.engines.container import ContainerSpec


def switches_view(stack: str, switches: Sequence[EngineSwitch]) -> View:
    """For each model the settings and the container to move it with, what maps, what changes meaning, what is lost."""
    data = {"stack": stack, "models": [_switch_data(switch) for switch in switches]}
    return View(data, [block for switch in switches for block in _switch(switch)])


def _switch_data(switch: EngineSwitch) -> dict[str, Any]:
    found = switch.translation
    return {
        "model": switch.model,
        "where": switch.where.why,
        "settings": switch.settings,
        "from": found.source,
        "to": found.to,
        "blocked": found.blocked,
        "container": _container(found.container) if found.container else None,
        "mapped": [vars(each) for each in found.mapped],
        "changed": [vars(each) for each in found.changed],
        "lost": [vars(each) for each in found.lost],
        "metrics": [vars(each) for each in found.metrics],
    }


def _container(found: ContainerSpec) -> dict[str, Any]:
    env = {name: value if isinstance(value, str) else f"secret {value.secret}" for name, value in found.env.items()}
    return {"image": found.image.reference, "command": list(found.command), "args": list(found.args), "env": env}


def _switch(switch: EngineSwitch) -> Iterator[str | Table]:
    found = switch.translation
    yield f"{switch.model}: from {found.source} to {found.to}, {switch.where.why}"
    if found.blocked:
        yield f"\nIt cannot be moved as it is: {found.blocked}"
    if found.container:
        yield "\nThe new settings"
        yield _yaml(switch)
        yield "The new container"
        yield Table((), list(_container_rows(_container(found.container))))
    parts: Mapping[tuple[str, ...], Sequence[Sequence[str]]] = {
        ("MAPS", "BEFORE", "AFTER"): [(each.setting, each.before, each.after) for each in found.mapped],
        ("CHANGES MEANING", "BEFORE", "AFTER"): [(each.what, each.before, each.after) for each in found.changed],
        ("IS LOST", "WHY", "INSTEAD"): [(each.what, each.why, each.instead or "-") for each in found.lost],
        ("METRIC", "BEFORE", "AFTER", ""): [(m.word, m.before or "-", m.after or "-", m.note) for m in found.metrics],
    }
    for columns, rows in parts.items():
        if rows:
            yield ""
            yield Table(columns, rows)


def _container_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield (
        "  image",
        found["image"] if "@" in found["image"] else f"{found['image']} (no digest yet: llmctl images lock)",
    )
    if found["command"]:
        yield "  command", " ".join(found["command"])
    yield "  args", " ".join(found["args"])
    yield from (("  env", f"{name}={value}") for name, value in found["env"].items())


def _yaml(switch: EngineSwitch) -> str:
    entry = {"llmctl:models": {switch.model: dict(switch.settings)}}
    return "".join(f"  {line}\n" for line in yaml.safe_dump(entry, sort_keys=False).splitlines())
