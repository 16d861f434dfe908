"""Files on a mounted volume, by the SHA256SUMS beside them. Read in the init container, where the volume is."""

from __future__ import annotations

from pathlib import Path

from llmctl.serving.errors import InvalidWeights
from llmctl.serving.weights.configuration import check_paths
from llmctl.serving.weights.listing.checksums import NAME, no_checksums, parse_checksums
from llmctl.serving.weights.spec import WeightFile


def list_volume(directory: Path) -> tuple[WeightFile, ...]:
    """Every file that the list names, with the size that it has. Raises InvalidWeights."""
    try:
        content = (directory / NAME).read_bytes()
    except FileNotFoundError:
        raise no_checksums(str(directory)) from None
    except OSError as error:
        raise InvalidWeights(f"{directory}/{NAME} cannot be read: {error.strerror}.") from error
    sums = parse_checksums(content, where=str(directory))
    check_paths(str(directory), sums)
    return tuple(_file(directory, name, sha256) for name, sha256 in sums.items())


def _file(directory: Path, name: str, sha256: str) -> WeightFile:
    try:
        return WeightFile(path=name, size=(directory / name).stat().st_size, sha256=sha256)
    except OSError as error:
        raise InvalidWeights(f"{directory}/{NAME} names {name}, which cannot be read ({error.strerror}).") from error
