"""Layers that were made already, by what they were made of."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from packing.layer import Layer, write_layer

PACKER = Path(__file__).parent


class LayerCache:
    """`directory` holds one gzipped tar and its facts per layer; delete it whenever you like."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def layer(self, name: str, ingredients: Iterable[str], fill: Callable[[Path], None]) -> Layer:
        """The layer of a tree that `fill` makes in an empty directory. `ingredients`: all that its bytes depend on."""
        file = self._directory / f"{name}-{_key(ingredients)}.tar.gz"
        if not file.with_suffix(".json").exists():
            with tempfile.TemporaryDirectory(dir=self._directory, prefix="unfinished-") as work:
                tree, made = Path(work, "tree"), Path(work, "layer.tar.gz")
                tree.mkdir()
                fill(tree)
                write_layer(tree, made)
                made.replace(file)
                made.with_suffix(".json").replace(file.with_suffix(".json"))  # last: its presence says: whole
        return Layer.stored(file)


def _key(ingredients: Iterable[str]) -> str:
    parts = [*ingredients, *(path.read_text(encoding="utf-8") for path in sorted(PACKER.glob("*.py")))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def content_key(files: Iterable[Path], below: Path) -> str:
    """Names and contents of files, as one ingredient."""
    lines = (
        f"{path.relative_to(below)} {hashlib.sha256(path.read_bytes()).hexdigest()} {os.access(path, os.X_OK)}"
        for path in sorted(files)
    )
    return "\n".join(lines)
