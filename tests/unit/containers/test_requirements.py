"""The server image has what its programs import, from whatever line, and nothing besides."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packing.recipes import REPOSITORY, REQUIREMENTS

SERVING = REPOSITORY / "serving"
PROGRAMS = ("llmctl.serving.server", "llmctl.serving.weights.relay", "llmctl.serving.weights.fetch")
"""With everything below them. The GPU check beside them runs in the engine's image."""

TAKEN_BY_UVICORN = {"uvloop", "httptools"}
"""Where they are installed."""


def required() -> set[str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def file_of(module: str) -> Path | None:
    place = SERVING.parent.joinpath(*module.split(".")[1:])
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules that are imported anywhere, in functions too, but not for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imported(node)


def third_party() -> set[str]:
    """Top-level names of all that the programs can come to import."""
    waiting = [
        f"llmctl.{path.relative_to(SERVING.parent).with_suffix('').as_posix().replace('/', '.')}"
        for program in PROGRAMS
        for path in SERVING.parent.joinpath(*program.split(".")[1:]).rglob("*.py")
    ]
    seen: set[str] = set()
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if module.startswith("llmctl"):
            file = file_of(module)
            waiting += imported(ast.parse(file.read_text(encoding="utf-8"))) if file else ()
        else:
            found.add(module.partition(".")[0])
    return found - sys.stdlib_module_names


def test_what_the_programs_import_is_required_and_what_is_required_is_imported() -> None:
    distributions = packages_distributions()
    needed = {re.sub(r"[-_.]+", "-", distributions[module][0]).lower() for module in third_party()}
    assert needed | TAKEN_BY_UVICORN == required()


def test_every_requirement_is_pinned_with_hashes() -> None:
    pinned = re.findall(
        r"^([a-z0-9-]+)==\S+.*\\\n +--hash=", (REPOSITORY / "constraints.txt").read_text(), re.MULTILINE
    )
    assert required() <= set(pinned)
