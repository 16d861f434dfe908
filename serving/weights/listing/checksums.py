"""SHA256SUMS: the list that `sha256sum FILES > SHA256SUMS` writes and `sha256sum -c` checks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from llmctl.serving.errors import InvalidWeights

NAME = "SHA256SUMS"
MAKE = f"cd there, run: find . -type f ! -name {NAME} -exec sha256sum {{}} + > {NAME}, and put it beside the files"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](?:\./)?(.+)", re.IGNORECASE)


def parse_checksums(content: bytes, *, where: str) -> Mapping[str, str]:
    """File name -> SHA-256 (64 lower-case hex). Raises InvalidWeights that names the line."""
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        raise InvalidWeights(f"{where}/{NAME} is not UTF-8 text at byte {error.start}; {MAKE}.") from error
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        entry = _LINE.fullmatch(line)
        if entry is None:
            raise InvalidWeights(f"{where}/{NAME}:{number}: no SHA-256, two spaces and a file's name; {MAKE}.")
        found[entry[2]] = entry[1].lower()
    return found


def no_checksums(where: str) -> InvalidWeights:
    return InvalidWeights(f"{where} has no {NAME}, so its files could not be verified; {MAKE}.")
