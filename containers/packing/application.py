"""llmctl's own files in the server image: the room `serving`, and nothing that deploys."""

from __future__ import annotations

import shutil
from pathlib import Path

SUFFIXES = frozenset({".py", ".json", ".typed"})


def sources(repository: Path) -> dict[str, Path]:
    """Path below the directory of Python packages -> file. The rooms are links below src/llmctl."""
    package = repository / "src/llmctl"
    files = [package / "__init__.py", package / "py.typed"]
    files += [path for path in (repository / "serving").rglob("*") if path.suffix in SUFFIXES]
    return {_place(path, repository): path for path in sorted(files)}


def _place(path: Path, repository: Path) -> str:
    inside = path.relative_to(repository)
    return inside.relative_to("src").as_posix() if inside.parts[0] == "src" else f"llmctl/{inside.as_posix()}"


def copy_files(files: dict[str, Path], target: Path) -> None:
    for place, path in files.items():
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / place)
