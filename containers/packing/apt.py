"""apt with package lists of its own, without root: the machine's may be missing, or older than what its mirror has."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from packing import CannotPack


def download(packages: Sequence[str], where: Path) -> None:
    """Fetch the packages into a directory, checked as apt checks them. Raises CannotPack."""
    run(["apt-get", "--quiet=2", *_options(), "download", *packages], where)


def addresses(packages: Sequence[str]) -> str:
    """What apt would fetch, one line each: its address, file name, size and hash. Raises CannotPack."""
    return run(["apt-get", *_options(), "--print-uris", "download", *packages], Path.cwd())


@cache
def _options() -> tuple[str, ...]:
    """The lists are fetched once in a process, and are gone with it."""
    directory = Path(tempfile.mkdtemp(prefix="apt-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    lists, archives = directory / "lists", directory / "cache"
    for partial in (lists / "partial", archives / "archives" / "partial"):
        partial.mkdir(parents=True)
    options = (f"-oDir::State::Lists={lists}", f"-oDir::Cache={archives}", "-oAPT::Sandbox::User=")
    run(["apt-get", "--quiet=2", *options, "update"], directory)
    return options


def run(command: Sequence[str], where: Path) -> str:
    """What it prints. Raises CannotPack with what it says is wrong."""
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotPack(
            f"{command[0]} is not here. Images are packed on Debian 12; elsewhere use server/Containerfile."
        ) from error
    if done.returncode != 0:
        said = " ".join(line for line in done.stderr.splitlines() if line.startswith("E: "))
        raise CannotPack(f"{command[0]} {command[-1]} failed: {said or done.stderr.strip()}")
    return done.stdout
