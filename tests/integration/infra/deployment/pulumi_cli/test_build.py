"""The real `go build` on a module of two files with the real import paths."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import doubles
import pytest
from drivers.screen import Screen

from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.errors import PulumiCliMissing

SMALL = Path(*doubles.__path__) / "pulumi_go_module"

KILLED_AT_THE_FIFTH_PACKAGE = """
import os, signal, sys
from pathlib import Path
from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
packages = []
def show(step):
    if step.name.startswith("Building"):
        packages.append(step)
    if len(packages) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
ensure_pulumi_cli(cache=Path(sys.argv[1]), environ=dict(os.environ), progress=show, module=Path(sys.argv[2]))
"""


@dataclass(frozen=True)
class Machine:
    """One with Go and a home directory of its own, without Pulumi, and whose release server is down."""

    root: Path
    go_cache: Path | None

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def environ(self) -> dict[str, str]:
        go = shutil.which("go") or "/nowhere/go"
        environ = {"PATH": str(Path(go).parent), "HOME": str(self.home), "LLMCTL_PULUMI_RELEASES": "http://127.0.0.1:1"}
        return {**environ, **({"GOCACHE": str(self.go_cache)} if self.go_cache else {})}

    def left_by_llmctl(self) -> list[str]:
        return sorted(str(path.relative_to(self.cache / "pulumi")) for path in self.cache.rglob("pulumi/**/*"))


@dataclass(frozen=True)
class Built:
    machine: Machine
    cli: PulumiCli
    screen: Screen
    left_by_the_kill: list[str]


@pytest.fixture(scope="module", autouse=True)
def _go() -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not on PATH: building is covered by the stand-ins of test_install.py only")


@pytest.fixture(scope="module")
def go_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GOCACHE of the user's: compiling Go's own packages takes seconds, and is done once here."""
    return tmp_path_factory.mktemp("go-cache")


@pytest.fixture
def machine(tmp_path: Path, go_cache: Path) -> Machine:
    return _machine(tmp_path, go_cache)


def _machine(root: Path, go_cache: Path | None) -> Machine:
    machine = Machine(root, go_cache)
    machine.home.mkdir()
    return machine


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, go_cache: Path) -> Built:
    """A build with an empty GOCACHE that was killed in the middle, and the next one after it."""
    machine, screen = _machine(tmp_path_factory.mktemp("built"), go_cache), Screen()
    words = [sys.executable, "-c", KILLED_AT_THE_FIFTH_PACKAGE, str(machine.cache), str(SMALL)]
    killed = subprocess.run(words, env=machine.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = machine.left_by_llmctl()
    cli = ensure_pulumi_cli(cache=machine.cache, environ=machine.environ, progress=screen, module=SMALL)
    return Built(machine, cli, screen, left)


def test_a_cli_is_built_with_its_version(built: Built) -> None:
    assert (built.cli.way, built.cli.version) == ("built", PINNED)
    assert built.cli.why.startswith("It was built from its Go module (no pulumi is on PATH; not downloaded: http")
    answer = subprocess.run([built.cli.path, "version"], capture_output=True, text=True, check=True)
    assert answer.stdout == f"v{PINNED}\n"


def test_a_language_host_is_placed_beside_it_and_nothing_else_stays(built: Built) -> None:
    assert any(name.startswith(".staging-") for name in built.left_by_the_kill), "the first build was in the middle"
    assert built.machine.left_by_llmctl() == [
        ".lock", PINNED, f"{PINNED}/bin", f"{PINNED}/bin/pulumi", f"{PINNED}/bin/pulumi-language-python",
    ]  # fmt: skip


def test_go_writes_nothing_outside_the_cache(built: Built) -> None:
    assert list(built.machine.home.rglob("*")) == []


def test_the_user_sees_how_far_it_is(built: Built) -> None:
    building = [step for step in built.screen.steps if step.name == "Building the Pulumi CLI"]
    assert "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" in {step.detail for step in building}
    fractions = [step.fraction or 0.0 for step in building]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[len(fractions) // 2] < fractions[-1] == 1.0


def test_a_go_cache_of_the_users_is_used_and_kept(built: Built, go_cache: Path) -> None:
    assert built.machine.environ["GOCACHE"] == str(go_cache)
    assert (go_cache / "README").exists()


def test_the_cli_is_for_this_machine_even_where_go_is_told_otherwise(machine: Machine) -> None:
    environ = {**machine.environ, "GOOS": "plan9", "GOARCH": "386"}
    assert ensure_pulumi_cli(cache=machine.cache, environ=environ, progress=Screen(), module=SMALL).way == "built"


def test_an_error_of_the_compiler_is_shown_and_nothing_is_installed(tmp_path: Path, machine: Machine) -> None:
    broken = shutil.copytree(SMALL, tmp_path / "broken")
    (broken / "sdk/v3/go/common/version/version.go").write_text("package version\n\nvar Version int = nothing\n")
    with pytest.raises(PulumiCliMissing, match=r"not built: `go build` failed: .*undefined: nothing"):
        ensure_pulumi_cli(cache=machine.cache, environ=machine.environ, progress=Screen(), module=broken)
    assert [name for name in machine.left_by_llmctl() if not name.startswith("go")] == [".lock"]


def test_a_module_that_go_sum_does_not_list_is_refused_and_gos_caches_are_inside_ours(tmp_path: Path) -> None:
    machine = _machine(tmp_path, go_cache=None)
    unlisted = shutil.copytree(SMALL, tmp_path / "unlisted")
    with (unlisted / "go.mod").open("a") as go_mod:
        go_mod.write("\nrequire example.com/other v1.0.0\n")
    (unlisted / "pkg/v3/cmd/pulumi/other.go").write_text('package main\n\nimport _ "example.com/other"\n')
    with pytest.raises(PulumiCliMissing, match=r"not built: .*missing go\.sum entry"):
        ensure_pulumi_cli(cache=machine.cache, environ=machine.environ, progress=Screen(), module=unlisted)
    assert "go/build" in machine.left_by_llmctl()
    assert list(machine.home.rglob("*")) == []
