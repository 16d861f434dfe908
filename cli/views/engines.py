"""The engines: what each can do and where; and what moving from one to another changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.serving.engines.container import ContainerSpec
from llmctl.serving.engines.matrix import Cell, Row, matrix
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.engines.translation import Translation

SEVERAL = 4
"""Names that a row of the matrix shows before it counts the rest."""


def engines_view() -> View:
    """The capability matrix."""
    rows = matrix()
    data = {
        "engines": {
            str(name): {"title": engine.title, "release": engine.release, "readFor": engine.read_for}
            for name, engine in ENGINES.items()
        },
        "rows": [_row_data(row) for row in rows],
    }
    columns = ("", *(f"{engine.title} {engine.release}".upper() for engine in ENGINES.values()))
    return View(data, [Table(columns, list(_lines(rows))), "", *_notes(rows)])


def _row_data(row: Row) -> dict[str, Any]:
    cells = {
        str(name): {
            "platforms": [str(platform) for platform in cell.platforms],
            "computeCapability": _capability(cell) or None,
            "note": cell.note or None,
        }
        for name, cell in row.cells.items()
    }
    return {"kind": row.kind, "names": list(row.names), "engines": cells}


def _lines(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """The rows, with a line for each kind above its first."""
    kind = ""
    for row in rows:
        if row.kind != kind:
            kind = row.kind
            yield (f"{kind}:", *("" for _ in row.cells))
        yield (f"  {_names(row)}", *(_cell(cell) for cell in row.cells.values()))


def _names(row: Row) -> str:
    shown, rest = row.names[:SEVERAL], len(row.names) - SEVERAL
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _cell(cell: Cell) -> str:
    capability = _capability(cell)
    words = [
        f"cuda {capability}+" if platform == "cuda" and capability else str(platform) for platform in cell.platforms
    ]
    return ", ".join(words) or "-"


def _capability(cell: Cell) -> str:
    return ".".join(map(str, cell.compute_capability)) if cell.compute_capability else ""


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for name, cell in row.cells.items():
            if cell.note:
                yield f"{_names(row)}, {ENGINES[name].title}: {cell.note}."
    yield "cuda 8.0+ is an NVIDIA GPU of compute capability 8.0 or more: llmctl size tells which one fits a model."


def translations_view(stack: str, found: Sequence[tuple[str, str, Translation]]) -> View:
    """For each model of the stack: its name, the accelerator it was judged on, and what changes."""
    data = {"stack": stack, "models": [{"model": m, "on": on, **_translation_data(t)} for m, on, t in found]}
    return View(data, [block for each in found for block in _translation(*each)])


def _translation_data(found: Translation) -> dict[str, Any]:
    return {
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


def _translation(model: str, on: str, found: Translation) -> Iterator[str | Table]:
    yield f"{model}, {on}: from {found.source} to {found.to}"
    if found.blocked:
        yield f"\nIt cannot be moved as it is: {found.blocked}"
    if found.container:
        yield "\nThe new container"
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
    yield "  image", found["image"]
    if found["command"]:
        yield "  command", " ".join(found["command"])
    yield "  args", " ".join(found["args"])
    yield from (("  env", f"{name}={value}") for name, value in found["env"].items())
