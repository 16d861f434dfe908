"""An image archive as a container runtime sees it: configuration, layers, and the files that come of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packing.debian import LIBRARIES
from packing.python import LOADER


class ImageFile:
    def __init__(self, archive: Path) -> None:
        with tarfile.open(archive) as tar:
            files = ((member.name, tar.extractfile(member)) for member in tar)
            self.members = {name: content.read() for name, content in files if content}

    def document(self, name: str) -> Any:
        return json.loads(self.members[name])

    def blob(self, digest: str) -> bytes:
        return self.members[f"blobs/{digest.replace(':', '/')}"]

    @property
    def entry(self) -> dict[str, Any]:
        """What the index says of the one image."""
        [entry] = self.document("index.json")["manifests"]
        return dict(entry)

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads(self.blob(self.entry["digest"])))

    @property
    def config(self) -> dict[str, Any]:
        return dict(json.loads(self.blob(self.manifest["config"]["digest"])))

    @property
    def layers(self) -> list[bytes]:
        """Each a tar, no longer zipped."""
        return [gzip.decompress(self.blob(layer["digest"])) for layer in self.manifest["layers"]]

    def files(self) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        """Every entry of every layer, in their order, and its content."""
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                for member in tar:
                    content = tar.extractfile(member) if member.isfile() else None
                    yield member, content.read() if content else b""

    def unpacked(self, directory: Path) -> Root:
        for layer in self.layers:
            subprocess.run(["tar", "-x", "-C", str(directory)], input=layer, check=True)
        return Root(directory)


class Root:
    """A root file system in a directory; its programs run here, by its own loader and with its own libraries."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._loader = [
            str(directory / LOADER),
            "--library-path",
            ":".join(str(directory / name) for name in LIBRARIES),
        ]

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self._loader, str(self.directory / program), *arguments]

    def python(self, environment: Mapping[str, str], *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Command and environment: what the image sets, with its paths where they are on this machine."""
        moved = {"PYTHONHOME": f"{self.directory}/usr", "PYTHONPATH": f"{self.directory}{environment['PYTHONPATH']}"}
        return self.command("usr/bin/python3.11", *arguments), {**environment, **moved}

    def missing_libraries(self) -> dict[str, str]:
        """File -> library that its loader does not find, for all programs and libraries."""
        return {str(path): lacking for path in self._elf_files() if (lacking := self._lacking(path))}

    def _elf_files(self) -> Iterator[Path]:
        for path in sorted(self.directory.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
                yield path

    def _lacking(self, path: Path) -> str:
        listed = subprocess.run([*self._loader, "--list", str(path)], capture_output=True, text=True, check=False)
        return "; ".join(line.strip() for line in listed.stdout.splitlines() if "not found" in line)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def secrets_of_this_machine() -> list[str]:
    """Values of variables that are named as secrets are."""
    words = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
    return [
        value for name, value in os.environ.items() if any(word in name.upper() for word in words) and len(value) > 7
    ]
