"""The engines: what each can do, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.serving.engines.matrix import Cell, Row, matrix
from llmctl.serving.engines.registry import ENGINES

SEVERAL = 4
"""Names that a row of the matrix shows before it counts the rest."""


def engines_view() -> View:
    """The capability matrix."""
    rows = matrix()
    data = {
        "engines": {
            str(name): {
                "title": engine.title,
                "release": engine.release,
                "readFor": engine.read_for,
                "notice": engine.notice,
            }
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
        yield (f"  {_names(row)}", *(cell.where or "-" for cell in row.cells.values()))


def _names(row: Row) -> str:
    shown, rest = row.names[:SEVERAL], len(row.names) - SEVERAL
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _capability(cell: Cell) -> str:
    return ".".join(map(str, cell.compute_capability)) if cell.compute_capability else ""


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    yield from (f"{engine.title}: {engine.notice}." for engine in ENGINES.values() if engine.notice)
    for row in rows:
        for name, cell in row.cells.items():
            if cell.note:
                yield f"{_names(row)}, {ENGINES[name].title}: {cell.note}."
    yield "NVIDIA 8.0 is a GPU of compute capability 8.0 or more: llmctl size tells which one fits a model."
