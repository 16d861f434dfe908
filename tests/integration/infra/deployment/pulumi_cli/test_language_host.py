"""Plain `pulumi` with our language host beside it: the real Pulumi engine runs a Python program."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from llmctl.infra.deployment.pulumi_cli.language_host_script import place_language_host
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli

GREETING = """
import pulumi
config = pulumi.Config()
pulumi.export("greeting", f"{config.require('word')} from {pulumi.get_stack()}")
pulumi.export("token", config.get_secret("token"))
"""


@dataclass(frozen=True)
class Project:
    """A Pulumi project with a file backend; `pulumi` is a bare CLI with our language host in its directory."""

    directory: Path
    pulumi: Path

    def program(self, text: str, *, name: str = "__main__.py") -> None:
        (self.directory / name).write_text(text)

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [self.pulumi, *words, "--non-interactive", "--color", "never"]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "PULUMI_HOME": str(self.directory.parent / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.directory.parent / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


@pytest.fixture(scope="session")
def bare_pulumi(real_pulumi: PulumiCli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As llmctl's build leaves it: the CLI, our language host, nothing else."""
    directory = tmp_path_factory.mktemp("bin")
    shutil.copy2(real_pulumi.path, directory / "pulumi")  # a link would lead the CLI to what is beside its target
    place_language_host(directory)
    return directory / "pulumi"


@pytest.fixture
def project(bare_pulumi: Path, tmp_path: Path) -> Project:
    project = Project(tmp_path / "project", bare_pulumi)
    project.directory.mkdir()
    (tmp_path / "state").mkdir()
    project.program("name: hello\nruntime: python\n", name="Pulumi.yaml")
    project.program(GREETING)
    project.run("stack", "init", "dev")
    project.run("config", "set", "word", "Hello")
    return project


def test_plain_pulumi_previews_updates_and_destroys(project: Project) -> None:
    project.run("config", "set", "--secret", "token", "sesame")
    assert 'greeting: "Hello from dev"' in project.run("preview").stdout
    project.run("up", "--yes")
    outputs = project.run("stack", "output", "--json")
    assert json.loads(outputs.stdout) == {"greeting": "Hello from dev", "token": "[secret]"}
    assert "1 deleted" in project.run("destroy", "--yes").stdout


def test_an_error_of_the_program_fails_and_shows_its_traceback_once(project: Project) -> None:
    project.program("def broken():\n    raise ValueError('no such region')\nbroken()\n")
    failed = project.run("preview", check=False)
    assert failed.returncode != 0
    shown = failed.stdout + failed.stderr
    assert shown.count('__main__.py", line 2, in broken') == 1
    assert shown.count("ValueError: no such region") == 1


def test_a_missing_setting_is_named_as_pulumi_names_it(project: Project) -> None:
    project.run("config", "rm", "word")
    failed = project.run("preview", check=False)
    assert failed.returncode != 0
    assert "Missing required configuration variable 'hello:word'" in failed.stdout + failed.stderr


def test_what_the_program_prints_is_shown(project: Project) -> None:
    project.program("print('three replicas')\n")
    assert "three replicas" in project.run("preview").stdout


def test_a_program_may_import_its_neighbours_but_none_stands_in_for_the_hosts_modules(project: Project) -> None:
    project.program("import pulumi\nfrom network import CIDR\npulumi.export('cidr', CIDR)\n")
    project.program("CIDR = '10.0.0.0/16'\n", name="network.py")
    project.program("raise RuntimeError('grpc was taken from the project')\n", name="grpc.py")
    project.program("raise RuntimeError('queue was taken from the project')\n", name="queue.py")
    assert "10.0.0.0/16" in project.run("preview").stdout


@pytest.mark.parametrize("main", ["program", "program/deploy.py"], ids=["directory", "file"])
def test_main_in_the_project_file_is_followed(project: Project, main: str) -> None:
    project.program(f"name: hello\nruntime: python\nmain: {main}\n", name="Pulumi.yaml")
    (project.directory / "program").mkdir()
    name = "program/deploy.py" if main.endswith(".py") else "program/__main__.py"
    project.program("import pulumi\nfrom neighbour import WORDS\npulumi.export('which', WORDS)\n", name=name)
    project.program("WORDS = 'the other one'\n", name="program/neighbour.py")
    assert "the other one" in project.run("preview").stdout


def test_about_and_install_are_answered(project: Project) -> None:
    about = project.run("about", "--json")
    assert json.loads(about.stdout)["runtime"]["language"] == "python"
    assert "llmctl-toolkit" in {d["name"] for d in json.loads(about.stdout)["dependencies"]}
    assert "llmctl's own Python environment" in project.run("install").stdout


def _until(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_host_ends_with_a_killed_engine_even_while_a_program_runs(project: Project) -> None:
    note = project.directory / "pid"
    project.program(
        f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    engine = subprocess.Popen(
        [project.pulumi, "preview", "--non-interactive"],
        cwd=project.directory, env=project.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until(lambda: note.exists() and note.read_text() != "", seconds=30)
    finally:
        os.kill(engine.pid, signal.SIGKILL)
        engine.wait()
    _until(lambda: _gone(int(note.read_text())), seconds=10)
