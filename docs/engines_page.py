"""docs/engines.md: the matrix between its two marks, from the engines themselves."""

from __future__ import annotations

from pathlib import Path

from llmctl.serving.engines.matrix import Cell, Row, matrix
from llmctl.serving.engines.registry import ENGINES

PAGE = Path(__file__).with_name("engines.md")
MATRIX = ("<!-- matrix: written by docs/generate.py from the engines themselves -->\n", "<!-- end of the matrix -->\n")


def page() -> str:
    """docs/engines.md, with the part between the two marks written anew."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(MATRIX[0])
    return before + MATRIX[0] + _matrix() + MATRIX[1] + rest.split(MATRIX[1])[1]


def _matrix() -> str:
    rows = matrix()
    kinds = dict.fromkeys(row.kind for row in rows)
    return "\n" + "\n".join(_table(kind, [row for row in rows if row.kind == kind]) for kind in kinds) + "\n"


def _table(kind: str, rows: list[Row]) -> str:
    titles = [f"{engine.title} {engine.release}" for engine in ENGINES.values()]
    lines = [f"| {kind} | {' | '.join(titles)} |", "| --- " * (len(titles) + 1) + "|"]
    lines += [f"| {', '.join(row.names)} | {' | '.join(_cell(row.cells[name]) for name in ENGINES)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    return f"{cell.where}{f': {cell.note}' if cell.note else ''}" or "no"
