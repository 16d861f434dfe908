"""Put a Pulumi CLI into llmctl's own cache: one way after the other, under a lock, whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from llmctl.infra.deployment.pulumi_cli.build import SHIPPED_MODULE, build_cli
from llmctl.infra.deployment.pulumi_cli.find import installed, own_directory, search
from llmctl.infra.deployment.pulumi_cli.language_host_script import place_language_host, refresh_language_host
from llmctl.infra.deployment.pulumi_cli.release import download_cli
from llmctl.infra.deployment.pulumi_cli.version import PINNED, answered_version
from llmctl.infra.deployment.pulumi_cli.ways import Progress, PulumiCli, Step, Way, WayClosed
from llmctl.infra.errors import PulumiCliMissing

STAGING = ".staging-"

Fill = Callable[[Path, Path], None]
"""Fills a directory of programs (first argument), with a second one for whatever it needs meanwhile."""


def ensure_pulumi_cli(
    *, cache: Path, environ: Mapping[str, str], progress: Progress, module: Path = SHIPPED_MODULE
) -> PulumiCli:
    """Find a Pulumi CLI, else download the official release, else build it. Below `cache` and nowhere else.

    A second caller waits for the first and uses its result. Raises PulumiCliMissing with the reason of each way
    and what to do by hand.
    """
    found = search(cache=cache, environ=environ).cli
    if found is None:
        with _alone(own_directory(cache), progress):
            looked = search(cache=cache, environ=environ)
            found = looked.cli or _install(cache, environ, progress, module, looked.misses)
    refresh_language_host(found.path.parent)
    return found


def _install(
    cache: Path, environ: Mapping[str, str], progress: Progress, module: Path, misses: tuple[str, ...]
) -> PulumiCli:
    ways: dict[Way, Fill] = {
        "downloaded": partial(download_cli, environ=environ, progress=progress),
        "built": partial(build_cli, module=module, caches=_go_caches(cache), environ=environ, progress=progress),
    }
    closed = list(misses)
    for way, fill in ways.items():
        try:
            path = _fill_and_move(cache, environ, way, fill)
        except WayClosed as reason:
            closed.append(f"not {way}: {reason}")
            progress(Step(name="Next way", detail=closed[-1]))
            continue
        shutil.rmtree(_go_caches(cache), ignore_errors=True)  # also what an earlier, interrupted build has left
        return PulumiCli(path=path, version=PINNED, way=way, why=_why(way, closed))
    raise PulumiCliMissing(_by_hand(closed))


def _go_caches(cache: Path) -> Path:
    return own_directory(cache) / "go"


def _fill_and_move(cache: Path, environ: Mapping[str, str], way: Way, fill: Fill) -> Path:
    with _space_explained(), _staging(own_directory(cache)) as staging:
        programs, work = staging / PINNED / "bin", staging / "work"
        programs.mkdir(parents=True)
        work.mkdir()
        fill(programs, work)
        _check(programs / "pulumi", environ, home=work / "home")
        if way == "built":
            place_language_host(programs)
        _move_into_place(programs.parent, own_directory(cache) / PINNED)
    return installed(cache)


def _check(binary: Path, environ: Mapping[str, str], *, home: Path) -> None:
    try:
        version = answered_version(binary, environ, home=home)
    except WayClosed as reason:
        raise WayClosed(f"what came of it {reason}") from reason
    if version != PINNED:
        raise WayClosed(f"what came of it is Pulumi {version}, not {PINNED}")


def _move_into_place(new: Path, final: Path) -> None:
    """One rename; a broken directory of the same name goes into the staging directory and away with it."""
    if final.exists():
        final.replace(new.parent / "replaced")
    new.replace(final)


@contextmanager
def _staging(own: Path) -> Iterator[Path]:
    """A private directory on the same disk, gone afterwards whatever happened."""
    for left_by_a_killed_run in own.glob(f"{STAGING}*"):
        shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=own))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _alone(own: Path, progress: Progress) -> Iterator[None]:
    """Only one process installs at a time. The kernel releases the lock of a killed one."""
    try:
        own.mkdir(parents=True, exist_ok=True)
        lock = FileLock(own / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress(Step(name="Waiting", detail="another llmctl is installing the Pulumi CLI"))
            lock.acquire()
    except OSError as refused:
        raise PulumiCliMissing(f"Cannot keep a Pulumi CLI in {own}: {refused.strerror}. {_OTHERWISE}") from refused
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _space_explained() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # nobody reads the progress any more, which closes no way
        raise
    except OSError as failed:
        if failed.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise WayClosed("the disk is full") from failed
        raise WayClosed(f"{failed.filename or 'a file'}: {failed.strerror or failed}") from failed


_OTHERWISE = (
    f"Install Pulumi {PINNED} or newer yourself (https://www.pulumi.com/docs/install/) so that it is on PATH, "
    "or name its executable in LLMCTL_PULUMI."
)


def _why(way: Way, closed: list[str]) -> str:
    what = "The official release was downloaded" if way == "downloaded" else "It was built from its Go module"
    return f"{what} ({'; '.join(closed)})."


def _by_hand(closed: list[str]) -> str:
    return "\n".join([f"No Pulumi CLI {PINNED}:", *(f"  {reason}" for reason in closed), _OTHERWISE])
