"""The files of one cluster, and what its processes have to know before they start."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

NODE_HOME = Path("/run/node")
"""Where a node sees its own directory: a short path, since the sockets below it may have 107 characters."""


@dataclass(frozen=True)
class Settings:
    name: str
    nodes: int
    binaries: str
    """Directory with kube-apiserver and all other programs that were built."""
    packages: str
    """Directory that stands in for /, with the unpacked Debian packages."""


@dataclass(frozen=True)
class Layout:
    directory: Path

    @property
    def settings_file(self) -> Path:
        return self.directory / "settings.json"

    @property
    def slot_file(self) -> Path:
        """Appears as soon as the uplink is there."""
        return self.directory / "slot"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.directory / "kubeconfig"

    @property
    def credentials(self) -> Path:
        return self.directory / "credentials"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def etcd(self) -> Path:
        return self.directory / "etcd"

    def clear(self) -> None:
        """Remove the files of a cluster that has ended, but keep the logs."""
        for path in self.directory.iterdir():
            if path != self.logs:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def node(self, name: str) -> Path:
        return self.directory / "nodes" / name

    def settings(self) -> Settings:
        return Settings(**json.loads(self.settings_file.read_text()))

    def write(self, settings: Settings) -> None:
        self.settings_file.write_text(json.dumps(asdict(settings), indent=1))
