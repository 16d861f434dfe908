"""Build the Pulumi CLI from its Go module, held to the go.mod and go.sum that llmctl ships.

The way for machines that reach a Go module proxy but no release server. The result has no language hosts
beside it; `language_host.py` is put there.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import Progress, Step, WayClosed

SHIPPED_MODULE = Path(__file__).parent / "go"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
"""Without it the CLI answers no version, and the Automation API refuses a CLI that answers none."""

GO_MINIMUM = (1, 26)
"""What the Pulumi CLI's own go.mod asks for."""

FLAGS = ("-mod=readonly", "-modcacherw", "-trimpath", "-tags=osusergo,grpcnotrace")
"""readonly: nothing but what go.sum lists. modcacherw: so that the module cache can be deleted again."""

LAST_WORDS = 4
"""Lines of Go's stderr that go into the reason: a compiler error is two, a failed download up to four."""

BUILD_STEP = "Building the Pulumi CLI"


def build_cli(
    bin_directory: Path, work: Path, *, module: Path, caches: Path, environ: Mapping[str, str], progress: Progress
) -> None:
    """Build `bin_directory/pulumi`. Takes 4 to 6 minutes on two cores with empty caches.

    `module` holds go.mod and go.sum, `work` is an empty directory for the sources. Go's own caches go into `caches`
    unless the environment names others; they stay after a failure, so that the next try goes on from there.
    Raises WayClosed with the reason.
    """
    go_environ = _environment(environ, caches, work)
    go = _go(go_environ)
    shutil.copytree(module, work / "module")
    packages = _packages(go, work, go_environ, progress)
    _compile(go, bin_directory / "pulumi", work, go_environ, packages, progress)


def _go(environ: Mapping[str, str]) -> str:
    go = shutil.which("go", path=environ.get("PATH", ""))
    if go is None:
        raise WayClosed("go is not on PATH")
    asked = subprocess.run([go, "version"], env=environ, capture_output=True, text=True, check=False)
    found = re.search(r"\bgo(\d+)\.(\d+)", asked.stdout)
    if not found:
        raise WayClosed(f"{go} answers no version")
    if (int(found[1]), int(found[2])) < GO_MINIMUM:
        raise WayClosed(f"{go} is Go {found[1]}.{found[2]}, and Pulumi {PINNED} needs {GO_MINIMUM[0]}.{GO_MINIMUM[1]}")
    return go


def _environment(environ: Mapping[str, str], caches: Path, work: Path) -> dict[str, str]:
    """The user's environment, with Go's caches inside `caches` where the user has not put them elsewhere."""
    kept = {name: value for name, value in environ.items() if name not in {"GOOS", "GOARCH"}}  # for this machine
    places = {"GOPATH": "path", "GOMODCACHE": "mod", "GOCACHE": "build"}
    own = {name: environ.get(name) or str(caches / place) for name, place in places.items()}
    temporary = work / "tmp"
    temporary.mkdir()
    # GOTOOLCHAIN=local: the Go that is here, not one that it would fetch.
    # TEST_TELEMETRY_DIR: else the go command counts its calls in files below the user's configuration directory.
    fixed = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**kept, **own, **fixed, "GOTMPDIR": str(temporary), "TEST_TELEMETRY_DIR": str(temporary)}


def _packages(go: str, work: Path, environ: Mapping[str, str], progress: Progress) -> int:
    """How many packages the CLI is made of. Fetches the modules that are not cached yet."""
    fetched = 0

    def show(line: str) -> None:
        nonlocal fetched
        if line.startswith("go: downloading "):
            fetched += 1
            progress(Step(name="Fetching Go modules", detail=f"{fetched}: {line.removeprefix('go: downloading ')}"))

    listing = work / "packages"
    _run([go, "list", "-deps", *FLAGS, PACKAGE], listing, work, environ, show)
    return len(listing.read_text(encoding="utf-8").splitlines())


def _compile(go: str, binary: Path, work: Path, environ: Mapping[str, str], packages: int, progress: Progress) -> None:
    compiled = 0

    def show(line: str) -> None:
        nonlocal compiled
        if " " in line:  # not a package's name but a word of the compiler
            return
        compiled += 1
        # The last package is followed by the linker, which takes seconds of its own.
        progress(Step(name=BUILD_STEP, detail=line, fraction=min(compiled / packages, 0.99)))

    stamped = f"-ldflags=-s -w -X {VERSION_VARIABLE}=v{PINNED}"
    _run([go, "build", "-v", *FLAGS, stamped, "-o", str(binary), PACKAGE], work / "output", work, environ, show)
    progress(Step(name=BUILD_STEP, detail="linked, checking it", fraction=1.0))


def _run(command: list[str], output: Path, work: Path, environ: Mapping[str, str], show: Callable[[str], None]) -> None:
    """Run Go, its stdout into a file, its stderr line by line to `show`. Raises WayClosed with its last words."""
    last: deque[str] = deque(maxlen=LAST_WORDS)
    with output.open("wb") as stdout, _process(command, work / "module", environ, stdout.fileno()) as process:
        for line in process.stderr or ():
            show(line.strip())
            if _says_something(line):
                last.append(line.strip())
        code = process.wait()
    if code != 0 and any("no space left on device" in line for line in last):
        raise WayClosed("the disk is full (a build needs about 3.5 GB in llmctl's cache directory for its time)")
    if code != 0:
        raise WayClosed(f"`{Path(command[0]).name} {command[1]}` failed: {_without_credentials(' / '.join(last))}")


def _says_something(line: str) -> bool:
    """Whether it is more than progress: a package's name, or a module that is being fetched."""
    return " " in line.strip() and not line.startswith("go: downloading ")


@contextmanager
def _process(
    command: list[str], directory: Path, environ: Mapping[str, str], stdout: int
) -> Iterator[subprocess.Popen[str]]:
    """A Go command in a session of its own, so that stopping it stops its compilers too."""
    process = subprocess.Popen(
        command, cwd=directory, env=environ, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _without_credentials(text: str) -> str:
    """A module proxy's URL may carry a user name and password."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)
